// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "file.h"
#include "internal.h"
#include "net.h"

#define RETRY_NS	1000000		/* of a listener on AF_UNIX whose backlog is full */

int io_accept(int fd, struct sockaddr *address, socklen_t *len, int64_t deadline)
{
	struct io_op op = { .code = IO_ACCEPT, .fd = fd, .buf = address, .buf2 = len };

	return io_call(&op, deadline);
}

static int connect_once(int fd, const struct sockaddr *address, socklen_t len, int64_t deadline)
{
	struct io_op op = { .code = IO_CONNECT, .fd = fd, .buf = (void *)address, .len = len };

	return io_call(&op, deadline);
}

/* Nothing tells when there is room in the backlog of a listener on AF_UNIX. */
int io_connect(int fd, const struct sockaddr *address, socklen_t len, int64_t deadline)
{
	int rc, paused;

	for (;;) {
		rc = connect_once(fd, address, len, deadline);
		if (rc != -EAGAIN || address->sa_family != AF_UNIX)
			return rc;
		paused = io_sleep_until(io_now() + RETRY_NS);
		if (paused)
			return paused;
	}
}

int io_dial(const struct sockaddr *address, socklen_t len, int64_t deadline)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc, one = 1;

	if (fd < 0)
		return -errno;
	rc = io_connect(fd, address, len, deadline);
	if (rc) {
		io_close(fd);
		return rc;
	}
	if (address->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

ssize_t io_recv(int fd, void *buf, size_t len, int flags, int64_t deadline)
{
	struct io_op op = { .code = IO_RECV, .fd = fd, .flags = flags };
	size_t done = 0;
	int rc;

	do {
		op.buf = (char *)buf + done;
		op.len = len - done;
		rc = io_call(&op, deadline);
		if (rc <= 0)
			return done ? (ssize_t)done : rc;
		done += rc;
	} while (flags & MSG_WAITALL && done < len);
	return done;
}

/* With MSG_WAITALL, io_uring sends on by itself when only a part has fitted. */
#define SEND_FLAGS	(MSG_NOSIGNAL | MSG_WAITALL)

int io_send(int fd, const void *buf, size_t len, int flags, int64_t deadline)
{
	struct io_op op = { .code = IO_SEND, .fd = fd, .flags = flags | SEND_FLAGS };
	size_t done = 0;
	int rc;

	while (done < len) {
		op.buf = (char *)buf + done;
		op.len = len - done;
		rc = io_call(&op, deadline);
		if (rc < 0)
			return rc;
		done += rc;
	}
	return 0;
}

/* Step over what has been sent; *iov and *count are of what has not. */
static void advance(struct iovec **iov, unsigned int *count, size_t done)
{
	while (*count && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		++*iov;
		--*count;
	}
	if (*count) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

int io_sendv(int fd, struct iovec *iov, unsigned int count, int flags, int64_t deadline)
{
	struct msghdr msg = { 0 };
	ssize_t rc;

	advance(&iov, &count, 0);
	while (count) {
		msg.msg_iov = iov;
		msg.msg_iovlen = min_t(unsigned int, count, IOV_MAX);
		rc = io_sendmsg(fd, &msg, flags | MSG_WAITALL, deadline);
		if (rc < 0)
			return rc;
		advance(&iov, &count, rc);
	}
	return 0;
}

ssize_t io_sendmsg(int fd, const struct msghdr *msg, int flags, int64_t deadline)
{
	struct io_op op = {
		.code = IO_SENDMSG, .fd = fd, .flags = flags | MSG_NOSIGNAL, .buf = (void *)msg,
	};

	return io_call(&op, deadline);
}

ssize_t io_recvmsg(int fd, struct msghdr *msg, int flags, int64_t deadline)
{
	struct io_op op = {
		.code = IO_RECVMSG, .fd = fd, .flags = flags | MSG_CMSG_CLOEXEC, .buf = msg,
	};

	return io_call(&op, deadline);
}

int io_wait_readable(int fd, int64_t deadline)
{
	struct io_op op = { .code = IO_POLL, .fd = fd };

	return io_call(&op, deadline);
}

/* It never waits. */
int io_shutdown(int fd, int how)
{
	return shutdown(fd, how) ? -errno : 0;
}
