/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A byte stream in both directions, for fibers: a socket, or what others lay above one (TLS).
 * What loop.h says of all calls holds for these.
 *
 * An implementation has struct io_stream as its first member.
 */
#ifndef SKY_IO_STREAM_H
#define SKY_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct io_stream;

struct io_stream_ops {
	/* Receive what there is, up to @len bytes, at least 1; 0 at the end. */
	ssize_t (*recv)(struct io_stream *s, void *buf, size_t len, int64_t deadline);

	/*
	 * Send all; @iov is used up.  @more: something follows at once, so that a small rest
	 * may wait for it.  0 or -errno; after an error the stream can only be closed.
	 */
	int (*sendv)(struct io_stream *s, struct iovec *iov, unsigned int count, bool more,
		     int64_t deadline);

	/* Until recv would return something; a layer's own buffers count.  0 or -errno. */
	int (*wait_readable)(struct io_stream *s, int64_t deadline);

	/* The peer shall see an end that was meant; receiving goes on.  0 or -errno. */
	int (*shutdown)(struct io_stream *s, int64_t deadline);

	/* Let go of everything, the stream's own memory included where it has some. */
	void (*close)(struct io_stream *s);
};

struct io_stream {
	const struct io_stream_ops *ops;
	int fd;			/* owned */
};

/**
 * io_stream_socket - a stream that is the socket itself
 * @s:		receives it; the caller's memory
 * @fd:		connected; belongs to the stream from here on
 */
void io_stream_socket(struct io_stream *s, int fd);

static inline ssize_t io_stream_recv(struct io_stream *s, void *buf, size_t len, int64_t deadline)
{
	return s->ops->recv(s, buf, len, deadline);
}

static inline int io_stream_sendv(struct io_stream *s, struct iovec *iov, unsigned int count,
				  bool more, int64_t deadline)
{
	return s->ops->sendv(s, iov, count, more, deadline);
}

static inline int io_stream_send(struct io_stream *s, const void *buf, size_t len, bool more,
				 int64_t deadline)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };

	return s->ops->sendv(s, &iov, 1, more, deadline);
}

static inline int io_stream_wait_readable(struct io_stream *s, int64_t deadline)
{
	return s->ops->wait_readable(s, deadline);
}

static inline int io_stream_shutdown(struct io_stream *s, int64_t deadline)
{
	return s->ops->shutdown(s, deadline);
}

static inline void io_stream_close(struct io_stream *s)
{
	s->ops->close(s);
}

#endif /* SKY_IO_STREAM_H */
