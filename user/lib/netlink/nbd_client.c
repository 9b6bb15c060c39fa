// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "nbd_client.h"
#include "nbd_handshake.h"

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* Wait for @events until @deadline: 0, -ETIMEDOUT, or -errno. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - now_ms();
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

static int send_all(int fd, const uint8_t *buf, size_t len, int64_t deadline)
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
		rc = wait_for(fd, POLLOUT, deadline);
		if (rc)
			return rc;
	}
	return 0;
}

static int receive_all(int fd, uint8_t *buf, size_t len, int64_t deadline)
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
		rc = wait_for(fd, POLLIN, deadline);
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
		rc = wait_for(fd, POLLOUT, deadline);
		if (rc)
			return rc;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
			return -errno;
		if (err)
			return -err;
	}
	return TAKE_FD(fd);
}

static int connect_any(const struct nbd_url *url, int64_t deadline)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list, *ai;
	int rc;

	rc = getaddrinfo(url->host, url->port, &hints, &list);
	if (rc)
		return fail(EHOSTUNREACH, "%s: %s", url->host,
			    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	rc = -EHOSTUNREACH;
	for (ai = list; ai && rc < 0; ai = ai->ai_next)
		rc = connect_one(ai, deadline);
	freeaddrinfo(list);
	if (rc < 0)
		return fail(-rc, "NBD server %s port %s: %s", url->host, url->port, strerror(-rc));
	return rc;
}

static int negotiate(int fd, const struct nbd_url *url, struct nbd_handshake *hs,
		     int64_t deadline)
{
	uint8_t in[NBD_HS_IN_MAX];
	int rc = 0;

	nbd_handshake_start(hs, url->export_name);
	while (hs->state != NBD_HS_DONE && hs->state != NBD_HS_FAILED) {
		rc = send_all(fd, hs->out, hs->out_len, deadline);
		if (!rc)
			rc = receive_all(fd, in, hs->need, deadline);
		if (rc)
			break;
		nbd_handshake_step(hs, in);
	}
	/* After NBD_OPT_EXPORT_NAME a refusal is a closed connection. */
	if (rc == -ECONNRESET && hs->state == NBD_HS_EXPORT)
		return fail(ENOENT, "NBD server %s port %s has no export \"%s\"", url->host,
			    url->port, url->export_name);
	if (rc)
		return fail(-rc, "NBD server %s port %s: %s while negotiating", url->host,
			    url->port, strerror(-rc));
	if (hs->state == NBD_HS_FAILED)
		return fail(EPROTO, "NBD server %s port %s, export \"%s\": %s%s%s", url->host,
			    url->port, url->export_name, hs->why,
			    *hs->server_says ? ": " : "", hs->server_says);
	return 0;
}

static void tune(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

/**
 * nbd_client_connect - connect to a server and negotiate an export
 * @url:	which
 * @timeout_s:	seconds for all of it
 * @session:	filled in; the caller closes its descriptor
 *
 * Return: 0, or -errno after the server and the reason have been reported.
 */
int nbd_client_connect(const struct nbd_url *url, unsigned int timeout_s,
		       struct nbd_session *session)
{
	int64_t deadline = now_ms() + timeout_s * 1000ll;
	CLEANUP_FREE struct nbd_handshake *hs = malloc(sizeof(*hs));
	CLEANUP_CLOSE int fd = -1;
	int rc;

	if (!hs)
		return fail(ENOMEM, "out of memory");
	fd = connect_any(url, deadline);
	if (fd < 0)
		return fd;
	tune(fd);
	rc = negotiate(fd, url, hs, deadline);
	if (rc)
		return rc;
	session->size = hs->size;
	session->flags = hs->flags;
	session->min_block = hs->min_block;
	session->fd = TAKE_FD(fd);
	return 0;
}
