/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An edge as S3 over HTTP: PUT, GET, HEAD and DELETE of fragments and a list of them, by
 * pre-signed URLs that work once (edge_auth.h); and, without a signature, /health and, if it
 * is wanted, /metrics and /minio/v2/metrics/cluster.
 *
 * Each request: its signature is checked; its nonce is taken; while the nonce is made durable
 * the work is begun; nothing is answered before both are done.  A DELETE waits for the nonce
 * before it begins.  Memory for a request is EDGE_HTTP_BUFFER and what a small fragment has.
 *
 *	PUT	200; 200 also when the very same fragment is there; 412 when another one is
 *	GET	200, 206, 416
 *	DELETE	204, whether or not there was such a fragment
 *
 * and of each: 403 for a URL that is not let in, 404, 409 while somebody else stores or deletes
 * the name, 500 for damaged data, 503 when the disk has failed or nobody is known whose URLs to
 * serve, 507 when the disk is full.
 */
#ifndef SKYD_EDGE_HTTP_H
#define SKYD_EDGE_HTTP_H

#include "edge_auth.h"
#include "edge_metrics.h"
#include "http/server.h"

#define EDGE_HTTP_BUFFER	(2 * 65536u)	/* bytes of a fragment in memory at a time */

/* Zeroed, with what stands above the line filled in; belongs to one loop. */
struct edge_http {
	struct edge_store *store;
	struct edge_spent *spent;
	struct edge_auth *auth;		/* NULL: it is not known whose URLs to serve */
	struct str host;		/* as in Host; a label of metrics */
	bool metrics;			/* tell them to everybody that can connect */

	/* --- of edge_http.c --- */
	struct http_server server;	/* for http_serve() and listen.h; ->limits may be set */
	struct edge_counters counters;
	uint64_t salt, number;		/* ids of requests are made of them */
};

void edge_http_init(struct edge_http *e);

#endif /* SKYD_EDGE_HTTP_H */
