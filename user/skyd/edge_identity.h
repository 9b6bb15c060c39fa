/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who an edge is, and whom it serves: two small files in its folder. */
#ifndef SKYD_EDGE_IDENTITY_H
#define SKYD_EDGE_IDENTITY_H

#include <stdbool.h>

#include "s3/grant.h"
#include "sky_edge.h"

/* To be wiped. */
struct edge_identity {
	uint8_t id[GRANT_EDGE_BYTES];
	uint8_t scalar[P256_SCALAR_BYTES];
	uint8_t point[P256_POINT_BYTES];
	uint64_t salt;			/* of edge_spent.h's sums */
};

/* Bytes of a file to what they say; the point is made of the scalar.  False: they are none. */
bool edge_identity_parse(const struct sky_edge_key *file, struct edge_identity *who);

/**
 * edge_identity_load - read who the edge of a folder is, or decide it
 * @folder:	its own; there need not be anything in it
 *
 * Return: 0; -EPERM: others than its owner may read the key; -EBADMSG: the file is damaged;
 * -ENOKEY: there are fragments but no key; -errno.
 */
int edge_identity_load(const char *folder, struct edge_identity *who);

/* The point of whom it serves.  Return: 0; -ENOENT: never heard; -EBADMSG; -errno. */
int edge_backend_load(const char *folder, uint8_t point[P256_POINT_BYTES]);
int edge_backend_save(const char *folder, const uint8_t point[P256_POINT_BYTES]);

/* A point in hexadecimal, as in the configuration.  False: it is none, or not on the curve. */
bool edge_point_parse(struct str hex, uint8_t point[P256_POINT_BYTES]);

#endif /* SKYD_EDGE_IDENTITY_H */
