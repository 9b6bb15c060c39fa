// SPDX-License-Identifier: GPL-2.0-or-later
#include "file.h"
#include "internal.h"
#include "net.h"
#include "stream.h"

static ssize_t socket_recv(struct io_stream *s, void *buf, size_t len, int64_t deadline)
{
	return io_recv(s->fd, buf, len, 0, deadline);
}

static int socket_sendv(struct io_stream *s, struct iovec *iov, unsigned int count, bool more,
			int64_t deadline)
{
	return io_sendv(s->fd, iov, count, more ? MSG_MORE : 0, deadline);
}

static int socket_wait_readable(struct io_stream *s, int64_t deadline)
{
	return io_wait_readable(s->fd, deadline);
}

static int socket_shutdown(struct io_stream *s, int64_t deadline)
{
	(void)deadline;
	return io_shutdown(s->fd, SHUT_WR);
}

static void socket_close(struct io_stream *s)
{
	io_close(s->fd);
	s->fd = -1;
}

void io_stream_socket(struct io_stream *s, int fd)
{
	static const struct io_stream_ops ops = {
		.recv = socket_recv,
		.sendv = socket_sendv,
		.wait_readable = socket_wait_readable,
		.shutdown = socket_shutdown,
		.close = socket_close,
	};

	s->ops = &ops;
	s->fd = fd;
}
