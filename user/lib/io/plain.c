// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

/* The kernel takes no more than this in one call, and some of its counts are ints. */
#define LEN_MAX		(1u << 30)

static int result_of(ssize_t rc)
{
	return rc < 0 ? -errno : (int)rc;
}

/* The same for what would have waited. */
static int ready_of(ssize_t rc)
{
	if (rc < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return IO_NOT_READY;
	return result_of(rc);
}

static size_t some(size_t len)
{
	return min_t(size_t, len, LEN_MAX);
}

/* There is no flag for one call of accept(2) and connect(2), so the descriptor gets it. */
static int set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK)))
		return -errno;
	return 0;
}

static bool ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}

static int call_accept(struct io_op *op)
{
	int rc = set_nonblock(op->fd);

	return rc ? rc : ready_of(accept4(op->fd, op->buf, op->buf2, SOCK_CLOEXEC));
}

static int call_connect(struct io_op *op)
{
	int rc, err = 0;
	socklen_t len = sizeof(err);

	if (op->polling) {
		if (!ready(op->fd, POLLOUT))
			return IO_NOT_READY;
		rc = getsockopt(op->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		return rc ? -errno : -err;
	}
	rc = set_nonblock(op->fd);
	if (!rc)
		rc = result_of(connect(op->fd, op->buf, op->len));
	return rc == -EINPROGRESS ? IO_NOT_READY : rc;
}

static int call_recv(struct io_op *op)
{
	/* MSG_WAITALL means nothing to a call that does not wait; net.c asks for the rest. */
	return ready_of(recv(op->fd, op->buf, some(op->len), op->flags | MSG_DONTWAIT));
}

static int call_send(struct io_op *op)
{
	return ready_of(send(op->fd, op->buf, some(op->len), op->flags | MSG_DONTWAIT));
}

static int call_recvmsg(struct io_op *op)
{
	return ready_of(recvmsg(op->fd, op->buf, op->flags | MSG_DONTWAIT));
}

static int call_sendmsg(struct io_op *op)
{
	return ready_of(sendmsg(op->fd, op->buf, op->flags | MSG_DONTWAIT));
}

static int call_poll(struct io_op *op)
{
	return ready(op->fd, POLLIN | POLLRDHUP) ? 0 : IO_NOT_READY;
}

static int call_openat(struct io_op *op)
{
	return result_of(openat(op->fd, op->buf, op->flags, op->mode));
}

static int call_pread(struct io_op *op)
{
	return result_of(pread(op->fd, op->buf, some(op->len), op->offset));
}

static int call_pwrite(struct io_op *op)
{
	const struct iovec iov = { op->buf, some(op->len) };

	if (op->flags)
		return result_of(pwritev2(op->fd, &iov, 1, op->offset, op->flags));
	return result_of(pwrite(op->fd, op->buf, some(op->len), op->offset));
}

static int call_fsync(struct io_op *op)
{
	return result_of(op->flags ? fdatasync(op->fd) : fsync(op->fd));
}

static int call_fallocate(struct io_op *op)
{
	return result_of(fallocate(op->fd, op->mode, op->offset, op->len));
}

static int call_renameat(struct io_op *op)
{
	return result_of(renameat2(op->fd, op->buf, op->fd2, op->buf2, op->flags));
}

static int call_unlinkat(struct io_op *op)
{
	return result_of(unlinkat(op->fd, op->buf, op->flags));
}

static int call_linkat(struct io_op *op)
{
	return result_of(linkat(op->fd, op->buf, op->fd2, op->buf2, op->flags));
}

static int call_mkdirat(struct io_op *op)
{
	return result_of(mkdirat(op->fd, op->buf, op->mode));
}

static int call_statx(struct io_op *op)
{
	return result_of(statx(op->fd, op->buf, op->flags, op->mode, op->buf2));
}

static int call_close(struct io_op *op)
{
	return result_of(close(op->fd));
}

static const struct {
	int (*fn)(struct io_op *op);
	uint32_t events;
} calls[IO_CODES] = {
	[IO_ACCEPT] = { call_accept, EPOLLIN },
	[IO_CONNECT] = { call_connect, EPOLLOUT },
	[IO_RECV] = { call_recv, EPOLLIN },
	[IO_SEND] = { call_send, EPOLLOUT },
	[IO_RECVMSG] = { call_recvmsg, EPOLLIN },
	[IO_SENDMSG] = { call_sendmsg, EPOLLOUT },
	[IO_POLL] = { call_poll, EPOLLIN | EPOLLRDHUP },
	[IO_OPENAT] = { call_openat, 0 },
	[IO_PREAD] = { call_pread, 0 },
	[IO_PWRITE] = { call_pwrite, 0 },
	[IO_FSYNC] = { call_fsync, 0 },
	[IO_FALLOCATE] = { call_fallocate, 0 },
	[IO_RENAMEAT] = { call_renameat, 0 },
	[IO_UNLINKAT] = { call_unlinkat, 0 },
	[IO_LINKAT] = { call_linkat, 0 },
	[IO_MKDIRAT] = { call_mkdirat, 0 },
	[IO_STATX] = { call_statx, 0 },
	[IO_CLOSE] = { call_close, 0 },
};

int io_plain_call(struct io_op *op)
{
	return calls[op->code].fn(op);
}

uint32_t io_plain_events(const struct io_op *op)
{
	return calls[op->code].events;
}

bool io_op_dontwait(const struct io_op *op)
{
	return op->code >= IO_RECV && op->code <= IO_SENDMSG && op->flags & MSG_DONTWAIT;
}
