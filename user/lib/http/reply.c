// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <time.h>

#include "server.h"

#define SECOND	1000000000ll

static void write_date(struct http_server *s, struct out *o)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != s->second) {
		struct out date = OUT(s->date, sizeof(s->date));

		http_date_write(&date, now.tv_sec);
		s->second = now.tv_sec;
	}
	out_str(o, STR("Date: "));
	out_bytes(o, s->date, sizeof(s->date));
	out_str(o, STR("\r\n"));
}

struct out *http_reply(struct http_request *rq, unsigned int status)
{
	struct out *o = &rq->out;

	if (rq->sent) {
		o->err = -EALREADY;
		return o;
	}
	*o = OUT(rq->head_room, sizeof(rq->head_room));
	rq->state = HTTP_REPLY_HEAD;
	rq->status = status;
	rq->bodyless = str_equal(http_method(rq), STR("HEAD")) || status == 204 || status == 304;
	http_write_status(o, status);
	write_date(rq->server, o);
	return o;
}

/*
 * May the connection go on?  Not when more of the request's body would have to be read first
 * than is worth it, or a client waits for the word before it sends a body, and may send it or not.
 */
static void judge_connection(struct http_request *rq)
{
	const struct http_wire *w = &rq->wire;

	if (!rq->head.keep_alive || rq->server->stopping || (rq->go_on && !w->over) || w->error ||
	    (w->kind == HTTP_BODY_LENGTH && w->left > rq->server->limits.drain))
		rq->close = true;
	/* Only the end of the connection can tell HTTP/1.0 where this ends. */
	if (!rq->known && !rq->chunked && !rq->bodyless)
		rq->close = true;
}

static int end_head(struct http_request *rq)
{
	struct out *o = &rq->out;

	judge_connection(rq);
	if (rq->chunked) {
		out_str(o, STR("Transfer-Encoding: chunked\r\n"));
	} else if (rq->known && rq->status != 204 && rq->status != 304) {
		out_str(o, STR("Content-Length: "));
		out_number(o, rq->left);
		out_str(o, STR("\r\n"));
	}
	if (rq->close)
		out_str(o, STR("Connection: close\r\n"));
	else if (!rq->head.minor)
		out_str(o, STR("Connection: keep-alive\r\n"));
	out_str(o, STR("\r\n"));
	return o->err;
}

/*
 * When the body that is waited with is empty, the word to go on comes with the answer: botocore
 * reads the next answer on the connection wrongly where it did not come.
 */
static unsigned int put_head(struct http_request *rq, struct iovec *iov)
{
	unsigned int n = 0;

	if (rq->go_on && rq->wire.over)
		iov[n++] = (struct iovec){ (char *)HTTP_GO_ON, sizeof(HTTP_GO_ON) - 1 };
	rq->go_on = false;
	iov[n++] = (struct iovec){ rq->out.at, rq->out.len };
	return n;
}

/* Send the head if it has not gone yet, and up to three pieces. */
static int send_pieces(struct http_request *rq, const struct iovec *piece, unsigned int count)
{
	const struct http_limits *limits = &rq->server->limits;
	unsigned int i, n = 0;
	struct iovec iov[5];
	int64_t deadline = 0;
	size_t len = 0;

	if (rq->error)
		return rq->error;
	if (!rq->sent)
		n = put_head(rq, iov);
	for (i = 0; i < count; i++)
		if (piece[i].iov_len)
			iov[n++] = piece[i];
	for (i = 0; i < n; i++)
		len += iov[i].iov_len;
	if (!len)
		return 0;
	if (limits->rate)
		deadline = io_now() + limits->grace + len * SECOND / limits->rate;
	rq->sent = true;
	rq->error = io_stream_sendv(rq->stream, iov, n, false, deadline);
	return rq->error;
}

int http_reply_open(struct http_request *rq, uint64_t len)
{
	int rc;

	if (rq->state != HTTP_REPLY_HEAD)
		return -EINVAL;
	rq->known = len != HTTP_UNKNOWN;
	rq->chunked = !rq->known && rq->head.minor && rq->status != 204 && rq->status != 304;
	rq->left = rq->known ? len : 0;
	rc = end_head(rq);
	if (!rc)
		rq->state = HTTP_REPLY_BODY;
	return rc;
}

int http_reply_write(struct http_request *rq, const void *data, size_t len)
{
	char line[20];
	struct out size = OUT(line, sizeof(line));
	struct iovec piece[3] = { { line, 0 }, { (void *)data, len }, { "\r\n", 2 } };

	if (rq->state != HTTP_REPLY_BODY)
		return rq->error ? rq->error : -EINVAL;
	if (rq->known && len > rq->left)
		return -EMSGSIZE;
	rq->left -= rq->known ? len : 0;
	if (rq->bodyless || !len)
		return 0;
	if (!rq->chunked)
		return send_pieces(rq, &piece[1], 1);
	chunk_write_size(&size, len);
	piece[0].iov_len = size.len;
	return send_pieces(rq, piece, 3);
}

int http_reply_close(struct http_request *rq)
{
	struct iovec last = { "0\r\n\r\n", rq->chunked && !rq->bodyless ? 5 : 0 };
	int rc;

	if (rq->state != HTTP_REPLY_BODY)
		return rq->error ? rq->error : -EINVAL;
	if (rq->left && !rq->bodyless)
		return -EMSGSIZE;
	rc = send_pieces(rq, &last, 1);
	if (!rc)
		rq->state = HTTP_REPLY_DONE;
	return rc;
}

int http_reply_whole(struct http_request *rq, const void *body, size_t len)
{
	struct iovec piece = { (void *)body, len };
	int rc = http_reply_open(rq, len);

	if (!rc)
		rc = send_pieces(rq, &piece, rq->bodyless ? 0 : 1);
	if (!rc)
		rq->state = HTTP_REPLY_DONE;
	return rc;
}
