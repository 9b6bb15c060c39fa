/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server's side of HTTP/1.1 connections (RFC 9112): one fiber for each, and straight-line
 * handlers on it.
 *
 *	static int hello(struct http_request *rq, void *arg)
 *	{
 *		struct out *o = http_reply(rq, 200);
 *
 *		http_write_field(o, STR("Content-Type"), STR("text/plain"));
 *		return http_reply_whole(rq, "hello\n", 6);
 *	}
 */
#ifndef SKY_HTTP_SERVER_H
#define SKY_HTTP_SERVER_H

#include "date.h"
#include "wire.h"

#define HTTP_REPLY_MAX	8192u	/* bytes of a reply's head */
#define HTTP_GO_ON	"HTTP/1.1 100 Continue\r\n\r\n"

struct http_limits {
	uint32_t head_bytes;	/* most of a head; 256 to HTTP_HEAD_MAX */
	uint32_t requests;	/* most on one connection; 0: any number */
	uint32_t rate;		/* least bytes a second of bodies, in both directions; 0: any */
	uint32_t drain;		/* most bytes of a body to read that the handler did not want */
	int64_t head;		/* ns from the first byte of a head to its last */
	int64_t idle;		/* ns between requests */
	int64_t grace;		/* ns that a body may stand still before its rate is looked at */
};

#define HTTP_LIMITS_USUAL ((struct http_limits){		\
	.head_bytes = 16384, .requests = 0, .rate = 1024,	\
	.drain = 256 << 10, .head = 10000000000ll,		\
	.idle = 60000000000ll, .grace = 20000000000ll })

struct http_request;
struct http_server;

/*
 * Answers a request.  A negative errno, or no reply, is answered for it if nothing has been
 * sent yet; when a reply has begun and is not complete, the connection is reset.
 */
typedef int http_handler(struct http_request *rq, void *arg);

/* Answers what never reaches a handler, with http_reply() and its kind: @why in words. */
typedef void http_refuse(struct http_request *rq, unsigned int status, const char *why, void *arg);

/* What many connections of one loop share. */
struct http_server {
	struct http_limits limits;
	http_handler *handler;
	http_refuse *refuse;		/* NULL: a line of text */
	void *arg;			/* of both */
	bool stopping;			/* each connection ends with its next answer */
	int64_t stopped;		/* when that began, on io_now()'s clock */
	int64_t quiet;			/* ns from then on that it may take to ask */
	int64_t second;			/* of which @date is; @second 0 at first */
	char date[HTTP_DATE_LEN];
};

enum http_reply_state {
	HTTP_REPLY_NONE,
	HTTP_REPLY_HEAD,		/* http_reply() was called */
	HTTP_REPLY_BODY,		/* http_reply_open() was called */
	HTTP_REPLY_DONE,
};

struct http_request {
	struct http_head head;		/* not complete in http_refuse() */
	struct io_stream *stream;
	struct http_server *server;

	/* --- of server.c and reply.c --- */
	struct http_wire wire;
	struct out out;			/* the reply's head */
	char head_room[HTTP_REPLY_MAX];
	enum http_reply_state state;
	unsigned int status;
	int error;			/* of sending */
	bool go_on;			/* 100 (Continue) is expected, and has not been sent */
	bool sent;			/* some of the reply */
	bool close;			/* the connection ends with this reply */
	bool bodyless;			/* HEAD, 204, 304: what is written is not sent */
	bool known;			/* the length of the reply's body */
	bool chunked;
	uint64_t left;			/* bytes of that length to come */
};

/**
 * http_serve - serve one connection until it ends
 * @stream:	of the connection; still the caller's, who closes it
 * @idle:	NULL, or set while no request is under way: io_hurry() then has it look whether
 *		the server stops
 *
 * While it waits for a request it has no buffers.
 *
 * Return: requests that were served, or -errno: -ENOMEM, -ECANCELED.
 */
int http_serve(struct http_server *server, struct io_stream *stream, bool *idle);

/**
 * http_server_stop - let each connection end with its next answer, which says so
 * @quiet:	ns that a connection which has been answered may take to ask once more; one that
 *		has not been heard yet has a second at least
 *
 * Nothing that has arrived stays without an answer.  May be called again, with another @quiet;
 * those that wait notice when they are hurried.
 */
void http_server_stop(struct http_server *server, int64_t quiet);

/* The request's method; "" in http_refuse() if it was not understood. */
static inline struct str http_method(const struct http_request *rq)
{
	return http_str(&rq->head, rq->head.method);
}

/**
 * http_request_read - the next bytes of the request's body
 *
 * A client that has asked for the word to go on is told so by the first call.  Waits as long as
 * the limits allow, so it takes no deadline.
 *
 * Return: as http_wire_read().
 */
ssize_t http_request_read(struct http_request *rq, void *to, size_t len);

/* Have the trailers of the body told, before http_request_read() returns 0. */
void http_request_trailers(struct http_request *rq, http_trailer_fn *fn, void *arg);

/* --- replies; all calls that send return 0 or -errno, and wait as the limits allow ------------ */

/**
 * http_reply - begin a reply, or begin it anew as long as nothing has been sent
 * @status:	200 to 599
 *
 * Return: where to write fields, other than those of framing, Date and Connection.
 */
struct out *http_reply(struct http_request *rq, unsigned int status);

/* All of the body at once. */
int http_reply_whole(struct http_request *rq, const void *body, size_t len);

#define HTTP_UNKNOWN	UINT64_MAX

/* A body in pieces, of @len bytes or HTTP_UNKNOWN; the head goes with the first piece. */
int http_reply_open(struct http_request *rq, uint64_t len);

/* Return also: -EMSGSIZE when it is more than was announced. */
int http_reply_write(struct http_request *rq, const void *data, size_t len);

/* Return also: -EMSGSIZE when there was less than announced. */
int http_reply_close(struct http_request *rq);

#endif /* SKY_HTTP_SERVER_H */
