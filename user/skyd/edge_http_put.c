// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments that come and go. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "edge_http_private.h"

static int stored(struct edge_call *c)
{
	int rc = edge_settle(c);

	if (rc)
		return edge_refuse(c, S3_SERVICE_UNAVAILABLE);
	edge_write_tag(edge_reply(c, 200), c->ticket.sha256, true);
	return http_reply_whole(c->rq, NULL, 0);
}

/* The body of a fragment that is there already.  It is not compared: its digest was signed. */
static int read_away(struct edge_call *c, char *buf, size_t size)
{
	ssize_t n;

	while ((n = http_request_read(c->rq, buf, size)) > 0)
		c->received += n;
	return n;
}

/*
 * There is such a name.  Who has lost the answer to a PUT may say it again, by another URL;
 * so what is there already is as good as stored now.
 */
static int exists(struct edge_call *c, char *buf, size_t size)
{
	struct edge_info info;
	struct edge_get *get;
	int rc = edge_get_begin(c->edge->store, &get, c->ticket.name, &info, 0);

	if (!rc)
		edge_get_end(get);
	if (rc)
		return edge_refuse_errno(c, rc == -ENOENT || rc == -EBADMSG ? -EBUSY : rc);
	if (info.len != c->ticket.len ||
	    memcmp(info.sha256, c->ticket.sha256, sizeof(info.sha256)))
		return edge_refuse_errno(c, -EEXIST);
	rc = read_away(c, buf, size);
	return rc ? edge_settle(c) ?: rc : stored(c);
}

/* Return: 0; 1 with the error of the body, which the server answers, in *@error; -errno. */
static int receive(struct edge_call *c, struct edge_put *put, char *buf, size_t size, int *error)
{
	ssize_t n;
	int rc = 0;

	while (!rc && (n = http_request_read(c->rq, buf, size)) > 0) {
		c->received += n;
		rc = edge_put_write(put, buf, n, 0);
	}
	if (rc)
		return rc;
	*error = n;
	return n < 0;
}

/* What is found to be damaged makes way: nobody can read it, and it is being written anew. */
static int begin(struct edge_call *c, struct edge_put **put)
{
	struct edge_store *s = c->edge->store;
	struct edge_info info;
	struct edge_get *get;
	int rc = edge_put_begin(s, put, c->ticket.name, c->ticket.len, c->ticket.sha256, 0);

	if (rc != -EEXIST)
		return rc;
	rc = edge_get_begin(s, &get, c->ticket.name, &info, 0);
	if (!rc)
		edge_get_end(get);
	if (rc != -EBADMSG)
		return -EEXIST;
	rc = edge_store_delete(s, c->ticket.name);
	if (rc && rc != -ENOENT)
		return rc;
	return edge_put_begin(s, put, c->ticket.name, c->ticket.len, c->ticket.sha256, 0);
}

int edge_http_put(struct edge_call *c)
{
	size_t size = c->ticket.len < EDGE_HTTP_BUFFER ? c->ticket.len + 1 : EDGE_HTTP_BUFFER;
	CLEANUP_FREE char *buf = malloc(size);
	struct edge_put *put;
	int rc, error = 0;

	if (!buf)
		return edge_refuse_errno(c, -ENOMEM);
	rc = begin(c, &put);
	if (rc == -EEXIST)
		return exists(c, buf, size);
	if (rc)
		return edge_refuse_errno(c, rc);
	rc = receive(c, put, buf, size, &error);
	if (rc)
		edge_put_abort(put);
	else
		rc = edge_put_commit(put);
	if (rc > 0)
		return edge_settle(c) ?: error;
	return rc ? edge_refuse_errno(c, rc) : stored(c);
}

/* The nonce first: a DELETE that could be said again after a crash may meet another fragment. */
int edge_http_delete(struct edge_call *c)
{
	int rc = edge_settle(c);

	if (rc)
		return edge_refuse(c, S3_SERVICE_UNAVAILABLE);
	rc = edge_store_delete(c->edge->store, c->ticket.name);
	if (rc && rc != -ENOENT)
		return edge_refuse_errno(c, rc);
	edge_reply(c, 204);
	return http_reply_whole(c->rq, NULL, 0);
}
