// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/kernel.h>

#include "base/cleanup.h"
#include "server.h"

#define SECOND		1000000000ll
#define MOMENT		50000000ll	/* ns that buffers stay between requests */
#define FIRST		SECOND		/* for a first request to arrive at a server that stops */
#define FAREWELL	(2 * SECOND)	/* for a peer to take the last reply */
#define FAREWELL_BYTES	(1u << 20)

/* One connection. */
struct connection {
	struct http_server *server;
	struct io_stream *stream;
	struct http_request *rq;	/* with its buffer behind it; NULL while idle */
	bool *idle;
	unsigned int served;
	bool unread;			/* the peer may be sending what nobody will read */
};

static void refuse_in_words(struct http_request *rq, unsigned int status, const char *why,
			    void *arg)
{
	struct str words = str_of(why);

	(void)arg;
	http_write_field(http_reply(rq, status), STR("Content-Type"), STR("text/plain"));
	http_reply_whole(rq, words.at, words.len);
}

/* Answer for the handler; the connection ends. */
static void refuse(struct connection *c, unsigned int status, const char *why)
{
	struct http_request *rq = c->rq;

	rq->close = true;
	(c->server->refuse ? c->server->refuse : refuse_in_words)(rq, status, why, c->server->arg);
	if (rq->state != HTTP_REPLY_DONE && !rq->sent)
		refuse_in_words(rq, status, why, NULL);
}

/* --- between requests ------------------------------------------------------------------------- */

static int make_room(struct connection *c)
{
	size_t bytes = c->server->limits.head_bytes + HTTP_BODY_ROOM;

	if (c->rq)
		return 0;
	c->rq = malloc(sizeof(*c->rq) + bytes);
	if (!c->rq)
		return -ENOMEM;
	c->rq->stream = c->stream;
	c->rq->server = c->server;
	c->rq->wire = (struct http_wire){
		.stream = c->stream, .buf = (char *)(c->rq + 1), .size = bytes,
		.rate = c->server->limits.rate, .grace = c->server->limits.grace,
	};
	return 0;
}

void http_server_stop(struct http_server *server, int64_t quiet)
{
	server->stopping = true;
	server->stopped = io_now();
	server->quiet = quiet;
}

/*
 * Until when a request is waited for, since @began.  Whoever has just been let in is about to
 * ask, and cannot know that the server stops; who has been answered may be asking, too.
 */
static int64_t time_to_ask(const struct connection *c, int64_t began)
{
	const struct http_server *s = c->server;
	int64_t until = began + (c->served ? s->limits.idle : s->limits.head);

	if (!s->stopping)
		return until;
	if (c->served)
		return min(until, s->stopped + s->quiet);
	return min(until, max(began, s->stopped) + max(s->quiet, (int64_t)FIRST));
}

/* Its time is over.  What has come in the meantime is answered all the same. */
static int last_look(struct connection *c)
{
	char byte;

	if (recv(c->stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
		return -ETIMEDOUT;
	return io_stream_wait_readable(c->stream, io_now() + MOMENT);
}

/*
 * Wait for the first byte of a request.  Who has just had a reply mostly has another request
 * soon: for a moment the buffers stay, which saves a system call.
 */
static int await(struct connection *c)
{
	int64_t began = io_now();
	ssize_t n;
	int rc;

	if (c->rq) {
		http_wire_restart(&c->rq->wire);
		if (c->rq->wire.end)
			return 0;
		n = http_wire_fill(&c->rq->wire, c->server->limits.head_bytes,
				   http_earlier(time_to_ask(c, began), began + MOMENT));
		if (n != -ETIMEDOUT)
			return n > 0 ? 0 : n ? n : -ENODATA;
		free(TAKE_PTR(c->rq));
	}
	/* Who is hurried looks at the clock, and perhaps waits on. */
	do {
		rc = io_stream_wait_readable(c->stream, time_to_ask(c, began));
	} while (rc == -ETIMEDOUT && io_now() < time_to_ask(c, began));
	if (rc == -ETIMEDOUT)
		rc = last_look(c);
	return rc ? rc : make_room(c);
}

static int next_request(struct connection *c)
{
	const struct http_limits *limits = &c->server->limits;
	struct http_request *rq;
	int rc;

	if (c->idle)
		*c->idle = true;
	rc = await(c);
	if (c->idle)
		*c->idle = false;
	if (rc)
		return rc;
	rq = c->rq;
	rq->state = HTTP_REPLY_NONE;
	rq->error = 0;
	rq->sent = false;
	rq->known = false;
	rq->chunked = false;
	rq->left = 0;
	rq->wire.trailer = NULL;
	rq->go_on = false;
	rq->close = limits->requests && c->served + 1 >= limits->requests;
	http_wire_body(&rq->wire, HTTP_BODY_NONE, 0);
	rc = http_wire_head(&rq->wire, &rq->head, false, limits->head_bytes,
			    io_now() + limits->head);
	if (rc == -EBADMSG) {
		c->unread = true;
		refuse(c, http_error_status(rq->head.error), http_error_text(rq->head.error));
	} else if (rc == -ETIMEDOUT) {
		c->unread = true;
		refuse(c, 408, "the head of the request came too slowly");
	}
	return rc;
}

/* --- a request -------------------------------------------------------------------------------- */

ssize_t http_request_read(struct http_request *rq, void *to, size_t len)
{
	if (rq->go_on && !rq->sent && !rq->wire.over) {
		rq->go_on = false;
		/* Who sends already has not waited for it (RFC 9110, 10.1.1). */
		if (rq->wire.at == rq->wire.end)
			rq->wire.error = io_stream_send(rq->stream, HTTP_GO_ON,
							sizeof(HTTP_GO_ON) - 1, false,
							io_now() + rq->server->limits.grace);
	}
	return http_wire_read(&rq->wire, to, len);
}

void http_request_trailers(struct http_request *rq, http_trailer_fn *fn, void *arg)
{
	rq->wire.trailer = fn;
	rq->wire.trailer_arg = arg;
}

/* What the handler did not say itself. */
static void answer_for(struct connection *c, int rc)
{
	int error = c->rq->wire.error;

	if (error == -EBADMSG)
		refuse(c, 400, "the body is not framed as its head says");
	else if (error == -ETIMEDOUT)
		refuse(c, 408, "the body of the request came too slowly");
	else if (error)
		c->rq->close = true;
	else
		refuse(c, 500, rc ? "the request could not be served" : "nobody has answered");
}

/* A peer must not take half a reply for a whole one. */
static void reset(struct connection *c)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(c->stream->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* Read what the handler has left, so that the next request is found.  0 or -errno. */
static int drain(struct http_request *rq)
{
	uint64_t stop = rq->wire.got + rq->server->limits.drain;
	ssize_t n;

	while (!rq->wire.over) {
		/* The reply is done: its head's room is free. */
		n = http_wire_read(&rq->wire, rq->head_room, sizeof(rq->head_room));
		if (n < 0)
			return n;
		if (rq->wire.got > stop)
			return -EMSGSIZE;
	}
	return rq->wire.error;
}

/* Return: 0 when the connection goes on. */
static int serve_request(struct connection *c)
{
	struct http_request *rq = c->rq;
	int rc;

	http_wire_body(&rq->wire, http_body(&rq->head, false), rq->head.content_length);
	rq->go_on = rq->head.expect_continue;
	rc = c->server->handler(rq, c->server->arg);
	c->served++;
	if (!rq->sent && rq->state != HTTP_REPLY_DONE)
		answer_for(c, rc);
	if (rq->state != HTTP_REPLY_DONE) {
		reset(c);
		return -ECONNRESET;
	}
	if (!rq->close && drain(rq))
		rq->close = true;
	c->unread = !rq->wire.over || rq->wire.at < rq->wire.end;
	return rq->close ? -ENODATA : 0;
}

/*
 * A socket that is closed with bytes unread resets the connection, which may take the last
 * reply from the peer before it has read it (RFC 9112, 9.6).
 */
static void say_goodbye(struct connection *c)
{
	int64_t until = io_now() + FAREWELL;
	size_t total = 0;
	ssize_t n;

	if (io_stream_shutdown(c->stream, until) || !c->unread || !c->rq)
		return;
	do {
		n = io_stream_recv(c->stream, c->rq->head_room, sizeof(c->rq->head_room), until);
		total += n > 0 ? n : 0;
	} while (n > 0 && total < FAREWELL_BYTES);
}

int http_serve(struct http_server *server, struct io_stream *stream, bool *idle)
{
	struct connection c = { .server = server, .stream = stream, .idle = idle };
	int rc = make_room(&c);

	while (!rc) {
		rc = next_request(&c);
		if (!rc)
			rc = serve_request(&c);
	}
	if (rc == -ENODATA || rc == -EBADMSG || rc == -ETIMEDOUT)
		say_goodbye(&c);
	free(c.rq);
	return rc == -ECANCELED || rc == -ENOMEM ? rc : (int)c.served;
}
