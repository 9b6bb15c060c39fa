/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request of an edge.  For edge_http*.c. */
#ifndef SKYD_EDGE_HTTP_PRIVATE_H
#define SKYD_EDGE_HTTP_PRIVATE_H

#include "edge_http.h"
#include "io/group.h"

#define EDGE_ID_LEN	16u
#define EDGE_TAG_LEN	(2 * SHA256_BYTES)

struct edge_call {
	struct edge_http *edge;
	struct http_request *rq;
	enum edge_request kind;
	struct uri uri;
	struct edge_ticket ticket;
	int64_t now;			/* seconds since 1970, when it came */
	char id[EDGE_ID_LEN];
	uint64_t received, sent;	/* bytes of bodies */
	struct s3_fault fault;
	const uint64_t *size;		/* of the fragment, where a range misses it */
	struct io_group group;		/* of the fiber that sees to that */
	bool spent;			/* there is such a fiber */
	int settled;			/* how it ended; 1: not yet */
};

/* edge_http.c */

/* Wait until the URL cannot be used again: before anything is answered.  0 or -errno. */
int edge_settle(struct edge_call *c);

/* Begin a reply, with the id of the request. */
struct out *edge_reply(struct edge_call *c, unsigned int status);

/* Refuse, after the same.  0 or -errno of sending. */
int edge_refuse(struct edge_call *c, enum s3_code code);

/* The same for an error of the store, or of the body. */
int edge_refuse_errno(struct edge_call *c, int error);

/* ETag and checksum of a fragment. */
void edge_write_tag(struct out *o, const uint8_t sha256[SHA256_BYTES], bool checksum);

/* One request each, which has been let in.  0 or -errno, as http_handler. */
int edge_http_put(struct edge_call *c);
int edge_http_get(struct edge_call *c);		/* and HEAD */
int edge_http_delete(struct edge_call *c);
int edge_http_list(struct edge_call *c);

#endif /* SKYD_EDGE_HTTP_PRIVATE_H */
