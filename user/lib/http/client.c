// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "io/file.h"
#include "io/group.h"
#include "io/net.h"

#define REQUEST_MAX	(HTTP_HEAD_MAX + HTTP_BODY_ROOM)
#define PIECES		16u		/* buffers of one send, the head included */
#define WATCHED		(32u << 10)	/* bytes that are sent only while nobody answers */
#define INTERIM_MAX	16u		/* answers before the answer */

/* A connection, with a call or without. */
struct http_kept {
	struct http_kept *next;
	struct io_stream socket;
	struct io_stream *stream;
	struct http_wire wire;
	int64_t since;			/* when it was put away */
	unsigned int moves;		/* of its origin, when it was made */
	bool near;			/* not by the address */
	char buf[REQUEST_MAX];		/* heads, in both directions; untouched pages are none */
};

void http_origin_init(struct http_origin *o)
{
	io_semaphore_init(&o->room, o->most);
}

static void hang_up(struct http_kept *k)
{
	io_stream_close(k->stream);
	free(k);
}

void http_origin_close(struct http_origin *o)
{
	struct http_kept *k;

	while ((k = o->kept)) {
		o->kept = k->next;
		hang_up(k);
	}
	o->kept_count = 0;
}

void http_origin_move(struct http_origin *o)
{
	o->moves++;
}

/* --- connections ----------------------------------------------------------------------------- */

/*
 * Whatever has come on a connection without a call, an end above all, means that it is not to
 * be used: bytes would be taken for an answer to what is asked next.
 */
static bool is_quiet(const struct http_kept *k)
{
	char c;

	return recv(k->stream->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EWOULDBLOCK);
}

static struct http_kept *take_kept(struct http_origin *o)
{
	struct http_kept *k;

	while ((k = o->kept)) {
		o->kept = k->next;
		o->kept_count--;
		if (k->moves == o->moves && io_now() - k->since < HTTP_KEPT_NS && is_quiet(k))
			return k;
		hang_up(k);
	}
	return NULL;
}

static struct http_kept *make_kept(const struct http_origin *o)
{
	struct http_kept *k = malloc(sizeof(*k));

	if (k)
		k->moves = o->moves;
	return k;
}

static struct http_kept *dial_near(struct http_origin *o)
{
	int fd = o->near && !o->tls ? o->near(o->near_arg) : -1;
	struct http_kept *k = fd < 0 ? NULL : make_kept(o);

	if (k) {
		io_stream_socket(&k->socket, fd);
		k->stream = &k->socket;
		k->near = true;
		o->dialled++;
	} else if (fd >= 0) {
		io_close(fd);
	}
	return k;
}

static int dial(struct http_origin *o, int64_t deadline, struct http_kept **made)
{
	int64_t until = o->patience ? http_earlier(deadline, io_now() + o->patience) : deadline;
	struct http_kept *k = make_kept(o);
	int fd, rc = 0;

	if (!k)
		return -ENOMEM;
	k->near = false;
	fd = io_dial((struct sockaddr *)&o->address, o->address_len, until);
	/* This address has had its time, the call has not. */
	if (fd == -ETIMEDOUT && until != deadline)
		fd = -EHOSTUNREACH;
	if (fd < 0) {
		free(k);
		return fd;
	}
	io_stream_socket(&k->socket, fd);
	k->stream = &k->socket;
	if (o->tls)
		rc = tls_connect(o->tls, &k->socket, o->host, deadline, &k->stream, o->why);
	if (rc) {
		io_stream_close(&k->socket);
		free(k);
		return rc;
	}
	o->dialled++;
	*made = k;
	return 0;
}

/* What may be tried; each of them less than the one before. */
enum ways { WAYS_ALL, WAYS_NEW, WAYS_ADDRESS };

static int connect_call(struct http_call *c, enum ways ways)
{
	struct http_kept *near;
	int rc = 0;

	if (!c->holds)
		rc = io_acquire(&c->origin->room, 1, c->deadline);
	if (rc)
		return rc;
	c->holds = true;
	c->link = ways == WAYS_ALL ? take_kept(c->origin) : NULL;
	/* What is kept from a moment without @near is not what to go on with. */
	near = ways == WAYS_ADDRESS || (c->link && c->link->near) ? NULL : dial_near(c->origin);
	if (near && c->link)
		hang_up(c->link);
	c->again = c->link && !near;
	if (near)
		c->link = near;
	if (!c->link)
		rc = dial(c->origin, c->deadline, &c->link);
	if (rc)
		return rc;
	c->spoilt = false;
	c->answered = false;
	c->link->wire = (struct http_wire){
		.stream = c->link->stream, .buf = c->link->buf, .size = sizeof(c->link->buf),
		.rate = c->rate, .grace = c->grace, .deadline = c->deadline,
	};
	return 0;
}

void http_call_end(struct http_call *c)
{
	struct http_origin *o = c->origin;
	struct http_kept *k = c->link;
	bool keep = k && c->answered && !c->spoilt && !c->unsent && c->head.keep_alive &&
		    k->wire.over && !k->wire.error && k->wire.at == k->wire.end &&
		    k->wire.kind != HTTP_BODY_CLOSE && k->moves == o->moves &&
		    o->kept_count < o->most_kept;

	c->link = NULL;
	if (keep) {
		k->since = io_now();
		k->next = o->kept;
		o->kept = k;
		o->kept_count++;
	} else if (k) {
		hang_up(k);
	}
	if (c->holds)
		io_release(&o->room, 1);
	c->holds = false;
}

/* --- sending ---------------------------------------------------------------------------------- */

static uint64_t body_length(const struct http_call *c)
{
	uint64_t len = 0;
	unsigned int i;

	if (c->streamed)
		return c->length;
	for (i = 0; i < c->pieces; i++)
		len += c->body[i].iov_len;
	return len;
}

/* A space or an end of line in it would begin something else. */
static bool is_target(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] <= ' ' || s.at[i] == 0x7f)
			return false;
	return s.len;
}

static int write_head(struct http_call *c, struct out *o)
{
	uint64_t len = body_length(c);

	if (!http_is_token(c->method) || !is_target(c->target))
		return -EINVAL;
	out_str(o, c->method);
	out_char(o, ' ');
	out_str(o, c->target);
	out_str(o, STR(" HTTP/1.1\r\nHost: "));
	out_text(o, c->origin->host);
	if (c->origin->port) {
		out_char(o, ':');
		out_number(o, c->origin->port);
	}
	out_str(o, STR("\r\n"));
	out_str(o, c->fields);
	if (len == HTTP_BY_CHUNKS) {
		out_str(o, STR("Transfer-Encoding: chunked\r\n"));
	} else if (len || c->pieces || c->streamed || str_is(c->method, "PUT") ||
		   str_is(c->method, "POST")) {
		out_str(o, STR("Content-Length: "));
		out_number(o, len);
		out_str(o, STR("\r\n"));
	}
	if (c->expect && len)
		out_str(o, STR("Expect: 100-continue\r\n"));
	out_str(o, STR("\r\n"));
	c->left = len;
	c->unsent = len;
	return o->err;
}

/* A send, while its parent waits for an answer that would make it pointless. */
struct sending {
	struct http_call *call;
	struct iovec *iov;
	unsigned int count;
	int rc;				/* 1: not done */
};

static int sender(void *arg)
{
	struct sending *s = arg;

	s->rc = io_stream_sendv(s->call->link->stream, s->iov, s->count, false, s->call->deadline);
	return 0;
}

static int watcher(void *arg)
{
	struct http_call *c = arg;

	return io_stream_wait_readable(c->link->stream, c->deadline);
}

/* Return: 0; 1 when something has come back first; -errno. */
static int send_watched(struct http_call *c, struct iovec *iov, unsigned int count)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct sending s = { c, iov, count, 1 };
	int rc = io_spawn(&group, sender, &s, NULL);

	if (!rc)
		rc = io_spawn(&group, watcher, c, NULL);
	if (!rc)
		rc = io_group_wait(&group, 1, c->deadline);
	io_group_end(&group);
	if (rc)
		c->spoilt = true;
	if (rc || s.rc == -ECANCELED)
		return rc ? rc : 1;
	return s.rc;
}

static int send_body(struct http_call *c, struct iovec *iov, unsigned int count)
{
	size_t len = 0;
	unsigned int i;
	int rc;

	for (i = 0; i < count; i++)
		len += iov[i].iov_len;
	if (len >= WATCHED)
		rc = send_watched(c, iov, count);
	else
		rc = io_stream_sendv(c->link->stream, iov, count, false, c->deadline);
	if (rc)
		c->spoilt = true;
	return rc;
}

/* The body that is there; with @head in front of it, or NULL.  Return: as send_watched(). */
static int send_buffers(struct http_call *c, const struct out *head)
{
	struct iovec iov[PIECES];
	unsigned int i, n = 0;
	int rc = 0;

	if (head)
		iov[n++] = (struct iovec){ head->at, head->len };
	for (i = 0; i < c->pieces && !rc; i++) {
		if (n == PIECES) {
			rc = send_body(c, iov, n);
			n = 0;
		}
		iov[n++] = c->body[i];
	}
	if (!rc)
		rc = send_body(c, iov, n);
	if (!rc)
		c->unsent = false;
	return rc;
}

int http_call_write(struct http_call *c, const void *data, size_t len)
{
	char line[20];
	struct out size = OUT(line, sizeof(line));
	struct iovec iov[3] = { { line, 0 }, { (void *)data, len }, { "\r\n", 2 } };

	if (c->answered || !len)
		return c->answered;
	if (c->spoilt || !c->link)
		return -EPIPE;
	if (c->length != HTTP_BY_CHUNKS) {
		if (len > c->left)
			return -EMSGSIZE;
		c->left -= len;
		c->unsent = c->left;
		return send_body(c, &iov[1], 1);
	}
	chunk_write_size(&size, len);
	iov[0].iov_len = size.len;
	return send_body(c, iov, 3);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* Receive heads up to that of the answer, or up to the word to go on: 1. */
static int receive_head(struct http_call *c, bool word)
{
	struct http_wire *w = &c->link->wire;
	unsigned int i;
	int rc;

	for (i = 0; i < INTERIM_MAX; i++) {
		http_wire_restart(w);
		rc = http_wire_head(w, &c->head, true, HTTP_HEAD_MAX, c->deadline);
		if (rc)
			return rc;
		if (c->head.status >= 200) {
			c->answered = true;
			http_wire_body(w, http_body(&c->head, str_is(c->method, "HEAD")),
				       c->head.content_length);
			return 0;
		}
		/* Nobody has asked for another protocol. */
		if (c->head.status == 101)
			return -EBADMSG;
		if (word && c->head.status == 100)
			return 1;
	}
	return -EBADMSG;
}

/* Return: 1 when the body is wanted, 0 when there is an answer instead, -errno. */
static int await_word(struct http_call *c)
{
	int64_t until = http_earlier(c->deadline, io_now() + HTTP_WORD_NS);
	int rc = io_stream_wait_readable(c->link->stream, until);

	if (rc == -ETIMEDOUT && until != c->deadline)
		return 1;
	return rc ? rc : receive_head(c, true);
}

/* When sending has failed, the server may have said why before it hung up. */
static int receive_after(struct http_call *c, int sent)
{
	int rc;

	if (c->answered)
		return 0;
	if (sent == -ETIMEDOUT || sent == -ECANCELED)
		return sent;
	rc = receive_head(c, false);
	if (rc == -ENODATA)
		rc = -ECONNRESET;
	return rc && sent < 0 ? sent : rc;
}

/* On the connection that there is.  Return: 0 or -errno. */
static int exchange(struct http_call *c)
{
	struct out head = OUT(c->link->buf, sizeof(c->link->buf));
	int rc = write_head(c, &head);
	bool word = c->expect && c->unsent;

	if (rc)
		return rc == -ENOSPC ? -EMSGSIZE : rc;
	if (!c->streamed && !word)
		return receive_after(c, send_buffers(c, &head));
	rc = io_stream_send(c->link->stream, head.at, head.len, false, c->deadline);
	if (!rc && word)
		rc = await_word(c);
	else if (!rc)
		rc = 1;
	if (rc <= 0)
		return rc < 0 ? receive_after(c, rc) : 0;
	return c->streamed ? 0 : receive_after(c, send_buffers(c, NULL));
}

/* Has nothing come back, and may it be said again? */
static bool may_repeat(const struct http_call *c, int rc)
{
	static const char *const idempotent[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS" };
	bool safe = c->repeatable;
	unsigned int i;

	for (i = 0; i < sizeof(idempotent) / sizeof(idempotent[0]); i++)
		safe |= str_is(c->method, idempotent[i]);
	return safe && (c->again || c->link->near) && !c->answered && !c->link->wire.end &&
	       (rc == -ECONNRESET || rc == -EPIPE || rc == -ENODATA);
}

int http_call(struct http_call *c)
{
	int rc = connect_call(c, WAYS_ALL);
	bool again;

	if (rc)
		return rc;
	rc = exchange(c);
	/* Twice at most: after one that was kept there may be one that nobody takes. */
	while (rc && may_repeat(c, rc)) {
		again = c->again;
		hang_up(c->link);
		c->link = NULL;
		c->origin->repeated++;
		rc = connect_call(c, again ? WAYS_NEW : WAYS_ADDRESS);
		if (rc)
			return rc;
		rc = exchange(c);
	}
	return rc;
}

int http_call_answer(struct http_call *c)
{
	int rc = 0;

	if (c->answered)
		return 0;
	if (!c->link)
		return -EPIPE;
	if (!c->spoilt && c->length == HTTP_BY_CHUNKS) {
		rc = io_stream_send(c->link->stream, "0\r\n\r\n", 5, false, c->deadline);
		c->unsent = rc;
	} else if (!c->spoilt && c->left) {
		return -EMSGSIZE;
	}
	return receive_after(c, rc);
}

ssize_t http_call_read(struct http_call *c, void *to, size_t len)
{
	return c->link && c->answered ? http_wire_read(&c->link->wire, to, len) : -EPIPE;
}
