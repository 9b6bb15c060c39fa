/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merkle trees of RFC 6962, section 2.1 (RFC 9162 has the same): the hash of a leaf is
 * SHA-256(0x00 || entry), that of a node SHA-256(0x01 || left || right), and the left side of a
 * tree of n leaves is the largest power of two below n.
 *
 * Everything here is arithmetic on bytes: no memory is taken and nothing is read or written.
 */
#ifndef SKY_LEDGER_MERKLE_H
#define SKY_LEDGER_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERKLE_BYTES	32
#define MERKLE_HEIGHT	63	/* sizes of trees are below 2^63 */
#define MERKLE_SIZE_MAX	((1ull << MERKLE_HEIGHT) - 1)

/* The longest proof of either kind: one hash a level, and for consistency the first one. */
#define MERKLE_PROOF_MAX	(MERKLE_HEIGHT + 1)

struct merkle_hash {
	uint8_t byte[MERKLE_BYTES];
};

/* Hashes from the leaf's sibling (of consistency: as RFC 6962 has them) up to the root's child. */
struct merkle_proof {
	unsigned int count;
	struct merkle_hash hash[MERKLE_PROOF_MAX];
};

void merkle_leaf(const void *entry, size_t len, struct merkle_hash *to);
/* @to may be one of the others. */
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
		 struct merkle_hash *to);
/* The root of no leaves: SHA-256 of nothing. */
void merkle_empty(struct merkle_hash *to);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/*
 * A tree that grows on the right, of which only the roots of its complete subtrees are kept: one
 * for each bit of the size, the smallest last.  All zeros: no leaves.
 */
struct merkle_edge {
	uint64_t size;
	unsigned int count;
	struct merkle_hash hash[MERKLE_HEIGHT];
};

/* Return: 0, or -EOVERFLOW at MERKLE_SIZE_MAX leaves. */
int merkle_edge_add(struct merkle_edge *e, const struct merkle_hash *leaf);
void merkle_edge_root(const struct merkle_edge *e, struct merkle_hash *root);

/**
 * merkle_verify_inclusion - is a leaf in a tree?
 * @leaf:	its hash
 * @index:	its number, from 0
 * @size:	of the tree
 * @proof:	from a stranger
 * @root:	of the tree
 *
 * RFC 9162, 2.1.3.2.
 *
 * Return: whether the proof shows it.
 */
bool merkle_verify_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
			     const struct merkle_proof *proof, const struct merkle_hash *root);

/**
 * merkle_verify_consistency - is a tree the beginning of another?
 * @old_size:	leaves of the first; with 0 and with @size the proof is empty
 * @old:	its root
 * @size:	leaves of the second
 * @root:	its root
 * @proof:	from a stranger
 *
 * RFC 9162, 2.1.4.2.
 *
 * Return: whether the proof shows it.
 */
bool merkle_verify_consistency(uint64_t old_size, const struct merkle_hash *old, uint64_t size,
			       const struct merkle_hash *root, const struct merkle_proof *proof);

#endif /* SKY_LEDGER_MERKLE_H */
