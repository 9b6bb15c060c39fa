/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs made from tiles, wherever those are. */
#ifndef SKY_LEDGER_PROVE_H
#define SKY_LEDGER_PROVE_H

#include "tile.h"

/*
 * Where tiles come from.  @read: fill in t->width hashes; 0 or -errno.  What it gives need not be
 * believed: a proof made of it is to be verified against a signed root.
 */
struct tile_source {
	int (*read)(void *ctx, const struct tile *t, struct merkle_hash *to);
	void *ctx;

	/* The one that was read last. */
	struct tile kept;
	struct merkle_hash hash[TILE_WIDTH];
};

/* Return: 0, -EINVAL for sizes and indexes that make no sense, or what @read returned. */
int prove_inclusion(struct tile_source *s, uint64_t index, uint64_t size,
		    struct merkle_proof *proof);
int prove_consistency(struct tile_source *s, uint64_t old_size, uint64_t size,
		      struct merkle_proof *proof);

/* The right edge of the first @size leaves, of a tree that has @tiles of them. */
int prove_edge(struct tile_source *s, uint64_t size, uint64_t tiles, struct merkle_edge *edge);

/* The root of the first @size leaves, of a tree that has @tiles of them. */
int prove_root(struct tile_source *s, uint64_t size, uint64_t tiles, struct merkle_hash *root);

#endif /* SKY_LEDGER_PROVE_H */
