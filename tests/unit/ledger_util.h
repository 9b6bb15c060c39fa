/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log in memory for tests of proofs: leaves, and a naive second implementation of the tree. */
#ifndef TESTS_LEDGER_UTIL_H
#define TESTS_LEDGER_UTIL_H

#include <stdlib.h>

#include "text_util.h"

#include "ledger/prove.h"

/* A tree in memory: leaves, and tiles made of them one by one. */
#define LEAVES	70000u

static struct merkle_hash *leaf;

/* MTH(D[n]) as RFC 6962, 2.1 has it. */
static inline struct merkle_hash naive(uint64_t begin, uint64_t end)
{
	struct merkle_hash left, right, h;
	uint64_t k = 1;

	if (begin == end) {
		merkle_empty(&h);
		return h;
	}
	if (end - begin == 1)
		return leaf[begin];
	while (k * 2 < end - begin)
		k *= 2;
	left = naive(begin, begin + k);
	right = naive(begin + k, end);
	merkle_node(&left, &right, &h);
	return h;
}

/* Tiles of which nothing is remembered; each hash is made of the leaves. */
static inline int read_naive(void *ctx, const struct tile *t, struct merkle_hash *to)
{
	const uint64_t each = 1ull << TILE_LOG * t->level;
	unsigned int i;

	(void)ctx;
	for (i = 0; i < t->width; i++) {
		uint64_t begin = (t->index * TILE_WIDTH + i) * each;

		assert_true(begin + each <= LEAVES);
		to[i] = naive(begin, begin + each);
	}
	return 0;
}

static inline struct tile_source *source(void)
{
	static struct tile_source s;

	s = (struct tile_source){ .read = read_naive };
	return &s;
}

static inline int make_leaves(void **state)
{
	uint64_t i;

	(void)state;
	leaf = calloc(LEAVES, sizeof(*leaf));
	for (i = 0; i < LEAVES; i++)
		merkle_leaf(&i, sizeof(i), &leaf[i]);
	return 0;
}

static inline int free_leaves(void **state)
{
	(void)state;
	free(leaf);
	return 0;
}

#endif /* TESTS_LEDGER_UTIL_H */
