// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "report.h"
#include "tcp.h"

/**
 * clock_ms - milliseconds of a clock that is never set; deadlines are of it
 */
int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/**
 * tcp_wait - wait for POLLIN or POLLOUT
 *
 * Return: 0, -ETIMEDOUT at @deadline, or -errno.
 */
int tcp_wait(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - clock_ms();
		int rc;

		if (left <= 0)
			return -ETIMEDOUT;
		rc = poll(&p, 1, (int)left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return -errno;
	}
}

/**
 * tcp_send - send all of it
 *
 * Return: 0, -ETIMEDOUT at @deadline, or -errno.
 */
int tcp_send(int fd, const uint8_t *buf, size_t len, int64_t deadline)
{
	while (len) {
		ssize_t put = send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int rc;

		if (put >= 0) {
			buf += put;
			len -= put;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = tcp_wait(fd, POLLOUT, deadline);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * tcp_receive - receive exactly @len bytes
 *
 * Return: 0, -ETIMEDOUT at @deadline, -ECONNRESET at the end, or -errno.
 */
int tcp_receive(int fd, uint8_t *buf, size_t len, int64_t deadline)
{
	while (len) {
		ssize_t got = recv(fd, buf, len, MSG_DONTWAIT);
		int rc;

		if (got > 0) {
			buf += got;
			len -= got;
			continue;
		}
		if (!got)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = tcp_wait(fd, POLLIN, deadline);
		if (rc)
			return rc;
	}
	return 0;
}

static int connect_one(const struct addrinfo *ai, int64_t deadline)
{
	CLEANUP_CLOSE int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
				      ai->ai_protocol);
	int rc, err = 0;
	socklen_t len = sizeof(err);

	if (fd < 0)
		return -errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		if (errno != EINPROGRESS)
			return -errno;
		rc = tcp_wait(fd, POLLOUT, deadline);
		if (rc)
			return rc;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
			return -errno;
		if (err)
			return -err;
	}
	return TAKE_FD(fd);
}

static void tune(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

/**
 * tcp_connect - connect to the first address of a host that answers
 * @what:	"NBD server", for messages
 * @to:		whom
 * @deadline:	for all of them together
 *
 * Return: a non-blocking descriptor, or -errno, reported.
 */
int tcp_connect(const char *what, const struct authority *to, int64_t deadline)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list, *ai;
	int rc;

	rc = getaddrinfo(to->host, to->port, &hints, &list);
	if (rc)
		return fail(EHOSTUNREACH, "%s %s: %s", what, to->host,
			    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	rc = -EHOSTUNREACH;
	for (ai = list; ai && rc < 0; ai = ai->ai_next)
		rc = connect_one(ai, deadline);
	freeaddrinfo(list);
	if (rc < 0)
		return fail(-rc, "%s %s port %s: %s", what, to->host, to->port, strerror(-rc));
	tune(rc);
	return rc;
}

/**
 * tcp_peer - the numeric address at the other end
 *
 * Return: 0 or -errno.
 */
int tcp_peer(int fd, char address[TCP_ADDRESS_MAX])
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getpeername(fd, (struct sockaddr *)&sa, &len))
		return -errno;
	return getnameinfo((struct sockaddr *)&sa, len, address, TCP_ADDRESS_MAX, NULL, 0,
			   NI_NUMERICHOST) ? -EINVAL : 0;
}
