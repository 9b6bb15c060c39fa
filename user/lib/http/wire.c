// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "wire.h"

#define SECOND	1000000000ll
#define DIRECT	4096u		/* pieces of chunks from this size are received where they go */

ssize_t http_wire_fill(struct http_wire *w, size_t limit, int64_t deadline)
{
	ssize_t n = io_stream_recv(w->stream, w->buf + w->end, limit - w->end, deadline);

	if (n > 0)
		w->end += n;
	return n;
}

void http_wire_restart(struct http_wire *w)
{
	w->end -= w->at;
	if (w->end && w->at)
		memmove(w->buf, w->buf + w->at, w->end);
	w->at = 0;
	w->floor = 0;
}

int http_wire_head(struct http_wire *w, struct http_head *head, bool response, size_t limit,
		   int64_t deadline)
{
	ssize_t n;

	http_head_init(head, response);
	for (;;) {
		switch (http_head_parse(head, w->buf, w->end)) {
		case HTTP_DONE:
			w->floor = head->at;
			w->at = head->at;
			return 0;
		case HTTP_BAD:
			return -EBADMSG;
		case HTTP_MORE:
			break;
		}
		if (w->end >= limit) {
			head->error = HTTP_ERR_LONG_HEAD;
			return -EBADMSG;
		}
		n = http_wire_fill(w, limit, deadline);
		if (!n)
			return w->end ? -ECONNRESET : -ENODATA;
		if (n < 0)
			return n;
	}
}

void http_wire_body(struct http_wire *w, enum http_body kind, uint64_t length)
{
	w->kind = kind;
	w->over = kind == HTTP_BODY_NONE;
	w->error = 0;
	w->left = kind == HTTP_BODY_LENGTH ? length : 0;
	w->got = 0;
	w->credit = w->grace;
	if (kind == HTTP_BODY_CHUNKED)
		chunk_scan_init(&w->scan, false);
}

/* Receive a part of the body, as fast as the peer has to be.  -ENODATA at an end that is meant. */
static ssize_t receive(struct http_wire *w, void *to, size_t len)
{
	int64_t start = io_now(), until = w->rate ? start + w->credit : 0;
	ssize_t n = io_stream_recv(w->stream, to, len, http_earlier(until, w->deadline));

	if (n > 0 && w->rate) {
		w->credit += n * SECOND / w->rate - (io_now() - start);
		if (w->credit > w->grace)
			w->credit = w->grace;
	}
	return n ? n : -ENODATA;
}

static ssize_t read_plain(struct http_wire *w, void *to, size_t len)
{
	size_t there = w->end - w->at;
	ssize_t n;

	if (w->kind == HTTP_BODY_LENGTH && len > w->left)
		len = w->left;
	if (there) {
		n = there < len ? there : len;
		memcpy(to, w->buf + w->at, n);
		w->at += n;
	} else {
		n = receive(w, to, len);
		if (n == -ENODATA && w->kind == HTTP_BODY_CLOSE)
			n = 0;
	}
	if (n > 0)
		w->left -= w->kind == HTTP_BODY_LENGTH ? n : 0;
	w->over = n == 0 || (w->kind == HTTP_BODY_LENGTH && !w->left);
	return n;
}

/* One step in a body of chunks: bytes of data, 0 when there may be more, -errno. */
static ssize_t step(struct http_wire *w, char *to, size_t len)
{
	struct chunk_scan *c = &w->scan;
	struct str in = { w->buf + w->at, w->end - w->at };
	size_t limit = c->left && c->left < len ? c->left : len;
	enum chunk_event event;

	/* While there is data left of a chunk, what comes next is data. */
	if (c->left)
		in = str_head(in, limit);
	event = chunk_scan_next(c, &in);
	w->at = in.at ? in.at - w->buf : w->at;
	switch (event) {
	case CHUNK_DATA:
		memcpy(to, c->data.at, c->data.len);
		return c->data.len;
	case CHUNK_TRAILER:
		return w->trailer ? w->trailer(w->trailer_arg, c->name, c->value) : 0;
	case CHUNK_DONE:
		w->over = true;
		return 0;
	case CHUNK_BAD:
		return -EBADMSG;
	default:
		return 0;
	}
}

/* Data that goes where it is wanted without a stop in the buffer. */
static ssize_t receive_data(struct http_wire *w, char *to, size_t len)
{
	struct str in;
	ssize_t n = receive(w, to, len < w->scan.left ? len : w->scan.left);

	if (n <= 0)
		return n;
	in = (struct str){ to, n };
	chunk_scan_next(&w->scan, &in);
	return n;
}

static ssize_t read_chunked(struct http_wire *w, char *to, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (!w->over && done < len) {
		if (w->at == w->end) {
			if (done)
				break;
			if (w->scan.left >= DIRECT && len >= DIRECT)
				return receive_data(w, to, len);
			w->at = w->floor;
			w->end = w->floor;
			n = receive(w, w->buf + w->end, w->size - w->end);
			if (n < 0)
				return n;
			w->end += n;
		}
		n = step(w, to + done, len - done);
		if (n < 0 && done) {
			w->error = n;	/* told by the next call */
			break;
		}
		if (n < 0)
			return n;
		done += n;
	}
	return done;
}

ssize_t http_wire_read(struct http_wire *w, void *to, size_t len)
{
	ssize_t n;

	if (w->error || w->over || !len)
		return w->error;
	n = w->kind == HTTP_BODY_CHUNKED ? read_chunked(w, to, len) : read_plain(w, to, len);
	if (n == -ENODATA)
		n = -ECONNRESET;
	if (n < 0)
		w->error = n;
	else
		w->got += n;
	return n;
}
