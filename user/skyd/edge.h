/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of an edge's process.  In its folder it has
 *
 *	key		who it is, made at the first start
 *	backend		whose URLs it serves, if the vault has told it
 *	fragments/	edge_store.h
 *	spent/		edge_spent.h
 *
 * A new process takes over from an old one when that has let go of the folder: until then
 * connections wait in the kernel's queue.
 */
#ifndef SKYD_EDGE_H
#define SKYD_EDGE_H

#include "edge_http.h"
#include "edge_identity.h"
#include "edge_link.h"
#include "http/listen.h"
#include "role_run.h"

struct edge {
	struct role_run *run;
	const struct config *config;
	const struct config_edge *section;
	struct edge_identity who;
	struct ecdsa_key *signer;	/* NULL: not known yet */
	uint8_t signer_point[P256_POINT_BYTES];
	char host[EDGE_TEXT_MAX];	/* as in Host */
	char url[EDGE_TEXT_MAX];
	struct tls_context *tls;
	struct io_pool *pool;		/* hashes large pieces */
	struct edge_http http;
	struct http_listen listen;
	struct io_event wake;		/* there is a socket, or it stops */
	struct io_event open;		/* connections are served */
	struct io_group near;		/* fibers that take those that gateways hand over */
	int fd;				/* listens; -1: not handed yet */
	bool stopping;
	bool over;			/* nobody is served any more */
};

/**
 * edge_prepare - read who it is; before its loop is there
 * @run:	->name is "edge NAME"; ->edge is set
 *
 * Return: 0, or -errno when starting again would not help; that has been logged.
 */
int edge_prepare(struct role_run *run);

/* On the loop.  It runs in @run->group; at its end it calls role_ended().  0 or -ENOMEM. */
int edge_start(struct edge *edge);
void edge_listen(struct edge *edge, int fd);
void edge_near(struct edge *edge, int fd);	/* CONTROL_NEAR, of a gateway */
void edge_stop(struct edge *edge);

/* After the loop; NULL does nothing. */
void edge_free(struct edge *edge);

/* What it answers to the backend: @ctx is the edge. */
extern const struct link_operation edge_operations[];
extern const unsigned int edge_operation_count;

/**
 * edge_address - where others reach an edge
 * @host:	EDGE_TEXT_MAX bytes: receives what is in Host
 * @url:	EDGE_TEXT_MAX bytes
 *
 * Return: 0; -EINVAL: @section's url is none; -EDESTADDRREQ: it has to say one, for it listens
 * everywhere or on no network.
 */
int edge_address(const struct config_edge *section, char *host, char *url);

/* Does it listen where only this machine is? */
bool edge_is_local(const struct config_edge *section);

/* --- edge_care.c: fibers that never end; what they do is logged when it goes wrong -------- */

int edge_compact_care(void *arg);
int edge_scrub_care(void *arg);

#endif /* SKYD_EDGE_H */
