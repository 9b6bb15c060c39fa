/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an edge tells the backend of itself, over link.h.
 *
 * The parent makes a stream from the backend to each edge of this machine; the backend has
 * them in struct role_run, ->edges.  An edge that runs alone on another machine is known by
 * what its administrator was told: skyd --role edge logs the same at its start.
 */
#ifndef SKYD_EDGE_LINK_H
#define SKYD_EDGE_LINK_H

#include "link.h"
#include "s3/grant.h"

/* URLs to our edges are signed in the name of this key, for this region. */
#define EDGE_ACCESS_KEY		"SKYHOLDBACKEND000000"
#define EDGE_REGION		"local"

#define EDGE_TEXT_MAX		320u	/* bytes of host, URL and name */

enum edge_number {
	EDGE_HELLO = 0x301,	/* backend, parent: nothing -> struct edge_hello */
};

/* Who an edge is, and what it holds.  Texts lie in the answer. */
struct edge_hello {
	u8 id[GRANT_EDGE_BYTES];	/* random, for the life of its folder */
	u8 point[P256_POINT_BYTES];	/* its own public key: grants are made for it */
	struct rpc_bytes host;		/* as in Host: what URLs are signed for */
	struct rpc_bytes url;		/* http://HOST or https://HOST; names follow after "/" */
	struct rpc_bytes name;		/* of its section */
	u64 fragments;
	u64 bytes;			/* of fragments */
	u64 disk_total;			/* bytes of the file system, and what it has free */
	u64 disk_free;
	u64 damaged;			/* times that damage was found since the start */
	bool failed;			/* its disk has, or its folder is not open yet */
	bool signer;			/* it knows whose URLs to serve; if not, it serves none */
};

extern const struct rpc_schema edge_hello_schema;

/**
 * edge_hello - ask an edge who it is
 * @link:	to it
 * @hello:	receives it
 * @answer:	LINK_ANSWER_NONE; what @hello points to lies in it, and it is to be freed after
 *		any return
 *
 * Return: as link_do().
 */
int edge_hello(struct link *link, struct edge_hello *hello, struct link_answer *answer,
	       int64_t deadline);

#endif /* SKYD_EDGE_LINK_H */
