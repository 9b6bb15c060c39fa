/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a server and a client share of a connection: its input, which is heads, and bodies
 * that are pulled.  What is not asked for stays with the peer: that is the back-pressure.
 * For server.c and client.c.
 */
#ifndef SKY_HTTP_WIRE_H
#define SKY_HTTP_WIRE_H

#include "chunked.h"
#include "head.h"
#include "io/loop.h"
#include "io/stream.h"

#define HTTP_BODY_ROOM	4096u	/* bytes of the buffer beyond the longest head */

/* Called for each trailer; an error, which is negative, is that of the body. */
typedef int http_trailer_fn(void *arg, struct str name, struct str value);

struct http_wire {
	struct io_stream *stream;
	char *buf;
	size_t size;
	size_t floor;			/* bytes of the head, which stay while it is looked at */
	size_t at, end;			/* what has been received and not used */
	enum http_body kind;
	bool over;			/* the body has been received whole */
	int error;			/* of the body; 0: none */
	uint64_t left;			/* HTTP_BODY_LENGTH: bytes to come */
	uint64_t got;			/* bytes of body that have been read */
	struct chunk_scan scan;
	http_trailer_fn *trailer;
	void *trailer_arg;

	/*
	 * Least rate: who sends nothing spends credit, who sends earns some, but never more
	 * than @grace.  Only time in which we wait for the peer counts.
	 */
	uint32_t rate;			/* bytes a second; 0: none */
	int64_t grace, credit;		/* ns */
	int64_t deadline;		/* of everything; 0: none */
};

/* The earlier of two deadlines, of which 0 is none. */
static inline int64_t http_earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* Receive more behind what is there, up to @limit bytes in all: bytes, 0 at the end, -errno. */
ssize_t http_wire_fill(struct http_wire *w, size_t limit, int64_t deadline);

/* Put what has not been used in front; the head of before goes. */
void http_wire_restart(struct http_wire *w);

/**
 * http_wire_head - receive a head
 * @w:		restarted
 * @limit:	most bytes of it; at most HTTP_HEAD_MAX, and HTTP_BODY_ROOM less than the buffer
 *
 * Return: 0; -EBADMSG with @head->error; -ENODATA at an end before the first byte; -ECONNRESET
 * at an end within; or what receiving returned.
 */
int http_wire_head(struct http_wire *w, struct http_head *head, bool response, size_t limit,
		   int64_t deadline);

/* After a head: what follows it.  @w->rate, @grace and @deadline are set before. */
void http_wire_body(struct http_wire *w, enum http_body kind, uint64_t length);

/**
 * http_wire_read - the next bytes of a body
 *
 * Return: bytes; 0 when it is complete; -EBADMSG when it is not framed as it should be;
 * -ECONNRESET when it ends too early; -ETIMEDOUT when it is too slow; other -errno.
 */
ssize_t http_wire_read(struct http_wire *w, void *to, size_t len);

#endif /* SKY_HTTP_WIRE_H */
