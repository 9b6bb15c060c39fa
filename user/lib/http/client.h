/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's side of HTTP/1.1 connections: calls to servers, over connections that are kept.
 *
 *	struct http_call c = { .origin = origin, .method = STR("GET"), .target = STR("/") };
 *
 *	rc = http_call(&c);
 *	while (!rc && (n = http_call_read(&c, buf, sizeof(buf))) > 0)
 *		...
 *	http_call_end(&c);
 */
#ifndef SKY_HTTP_CLIENT_H
#define SKY_HTTP_CLIENT_H

#include <sys/socket.h>

#include "io/sync.h"
#include "tls/tls.h"
#include "wire.h"

#define HTTP_KEPT_NS	30000000000ll	/* a kept connection that is older is not used again */
#define HTTP_WORD_NS	1000000000ll	/* to wait for the word to go on (RFC 9110, 10.1.1) */

struct http_kept;

/* One server, and the connections to it.  Zeroed, with what stands above the line filled in. */
struct http_origin {
	const char *host;		/* for Host, and that the server has to prove to be */
	unsigned int port;		/* for Host; 0: not named there */
	struct sockaddr_storage address;
	socklen_t address_len;
	struct tls_context *tls;	/* NULL: plain */
	unsigned int most;		/* connections; more calls wait in turn */
	unsigned int most_kept;		/* that wait for calls */
	int64_t patience;		/* ns to connect, then -EHOSTUNREACH; 0: the call's time */
	/*
	 * A way to the same server that costs less, or NULL, without TLS: it gives a stream that is
	 * connected, or -errno, and then @address is dialled.  It does not wait.
	 */
	int (*near)(void *arg);
	void *near_arg;

	/* --- of client.c --- */
	struct io_semaphore room;
	struct http_kept *kept;		/* the one used last is first */
	unsigned int kept_count;
	unsigned int moves;		/* http_origin_move() */
	uint64_t dialled;		/* connections that were made */
	uint64_t repeated;		/* calls that were sent a second time */
	char why[TLS_WHY];		/* the last handshake that failed */
};

void http_origin_init(struct http_origin *o);

/* Close what is kept.  No call may be under way. */
void http_origin_close(struct http_origin *o);

/* It is elsewhere: no call uses a connection that was made before. */
void http_origin_move(struct http_origin *o);

#define HTTP_BY_CHUNKS	UINT64_MAX

/* One call.  Zeroed, with what stands above the line filled in as far as it is wanted. */
struct http_call {
	struct http_origin *origin;
	struct str method;
	struct str target;		/* as it goes on the wire; visible characters only */
	struct str fields;		/* whole lines, without Host and those of framing */
	const struct iovec *body;	/* a body that is there; is sent again if need be */
	unsigned int pieces;		/* of @body */
	bool streamed;			/* the body comes by http_call_write() instead, */
	uint64_t length;		/* of this length, or HTTP_BY_CHUNKS */
	bool expect;			/* send no body before the server wants it */
	bool repeatable;		/* may be repeated, though the method does not say so */
	uint32_t rate;			/* least bytes a second of the answer's body; 0: any */
	int64_t grace;			/* ns that it may stand still */
	int64_t deadline;		/* of the whole call; 0: none */

	/* The answer's, when it is there and until http_call_end(). */
	struct http_head head;

	/* --- of client.c --- */
	struct http_kept *link;		/* the connection; NULL: none */
	bool again;			/* it has been used before */
	bool holds;			/* a place among @origin->most */
	bool answered;			/* @head is there */
	bool unsent;			/* not all of the body has been sent */
	bool spoilt;			/* the connection cannot be used again */
	uint64_t left;			/* of @length */
};

/**
 * http_call - send a call, and receive the head of its answer
 *
 * With @streamed, only the head is sent (and with @expect, the word to go on waited for): then
 * http_call_write() and http_call_answer().  A call is repeated once, on a new connection, when
 * a kept connection turns out to have ended, no byte has come back, its body can be sent again,
 * and the method is idempotent or @repeatable is set (RFC 9110, 9.2.2).  So is one on a new
 * connection of @near, at the address then: nobody may have taken that connection.
 *
 * Return: 0; -EINVAL for a method or target that would be something else on the wire; -EMSGSIZE
 * when the head is too long; -EKEYREJECTED and the like of tls_connect(), with @origin->why;
 * -EBADMSG for an answer that is none; -ECONNRESET, -ECONNREFUSED, -EPIPE, -ETIMEDOUT,
 * -ECANCELED.  After an error, too, http_call_end() is called.
 */
int http_call(struct http_call *c);

/* Return also: 1 when the server has answered and wants no more; -EMSGSIZE over @length. */
int http_call_write(struct http_call *c, const void *data, size_t len);

/* The body is complete: receive the answer's head.  Return: as http_call(). */
int http_call_answer(struct http_call *c);

/* The next bytes of the answer's body.  Return: as http_wire_read(). */
ssize_t http_call_read(struct http_call *c, void *to, size_t len);

/* Keep the connection if all has been read, else close it.  May be done twice. */
void http_call_end(struct http_call *c);

#endif /* SKY_HTTP_CLIENT_H */
