// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "crypto/hmac.h"
#include "merkle.h"

void merkle_leaf(const void *entry, size_t len, struct merkle_hash *to)
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, "\x00", 1);
	sha256_add(&s, entry, len);
	sha256_end(&s, to->byte);
}

void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
		 struct merkle_hash *to)
{
	uint8_t both[1 + 2 * MERKLE_BYTES];

	both[0] = 1;
	memcpy(both + 1, left->byte, MERKLE_BYTES);
	memcpy(both + 1 + MERKLE_BYTES, right->byte, MERKLE_BYTES);
	sha256_of(both, sizeof(both), to->byte);
}

void merkle_empty(struct merkle_hash *to)
{
	sha256_of("", 0, to->byte);
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return !memcmp(a->byte, b->byte, MERKLE_BYTES);
}

int merkle_edge_add(struct merkle_edge *e, const struct merkle_hash *leaf)
{
	struct merkle_hash h = *leaf;
	uint64_t bits;

	if (e->size >= MERKLE_SIZE_MAX)
		return -EOVERFLOW;
	/* Each bit that the carry runs through is a subtree that becomes part of a larger one. */
	for (bits = e->size++; bits & 1; bits >>= 1)
		merkle_node(&e->hash[--e->count], &h, &h);
	e->hash[e->count++] = h;
	return 0;
}

void merkle_edge_root(const struct merkle_edge *e, struct merkle_hash *root)
{
	unsigned int i = e->count;

	if (!i) {
		merkle_empty(root);
		return;
	}
	*root = e->hash[--i];
	while (i)
		merkle_node(&e->hash[--i], root, root);
}

bool merkle_verify_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
			     const struct merkle_proof *proof, const struct merkle_hash *root)
{
	struct merkle_hash r = *leaf;
	uint64_t at = index, last = size - 1;
	unsigned int i;

	if (index >= size || size > MERKLE_SIZE_MAX || proof->count > MERKLE_PROOF_MAX)
		return false;
	for (i = 0; i < proof->count; i++) {
		if (!last)
			return false;
		if (at & 1 || at == last) {
			merkle_node(&proof->hash[i], &r, &r);
			while (!(at & 1) && at) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			merkle_node(&r, &proof->hash[i], &r);
		}
		at >>= 1;
		last >>= 1;
	}
	return !last && merkle_equal(&r, root);
}

/* The steps of RFC 9162, 2.1.4.2, from 4 on; @i: the next hash. */
static bool climb(uint64_t at, uint64_t last, struct merkle_hash *was, struct merkle_hash *is,
		  const struct merkle_proof *proof, unsigned int i)
{
	for (; i < proof->count; i++) {
		const struct merkle_hash *h = &proof->hash[i];

		if (!last)
			return false;
		if (at & 1 || at == last) {
			merkle_node(h, was, was);
			merkle_node(h, is, is);
			while (!(at & 1) && at) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			merkle_node(is, h, is);
		}
		at >>= 1;
		last >>= 1;
	}
	return !last;
}

bool merkle_verify_consistency(uint64_t old_size, const struct merkle_hash *old, uint64_t size,
			       const struct merkle_hash *root, const struct merkle_proof *proof)
{
	struct merkle_hash was, is;
	uint64_t at = old_size - 1, last = size - 1;
	unsigned int i = 0;

	if (old_size > size || size > MERKLE_SIZE_MAX || proof->count > MERKLE_PROOF_MAX)
		return false;
	if (!old_size) {
		merkle_empty(&was);
		return !proof->count && merkle_equal(old, &was) &&
		       (size || merkle_equal(root, &was));
	}
	if (old_size == size)
		return !proof->count && merkle_equal(old, root);
	/* A tree that is complete is a node of the larger one: its root is not repeated. */
	if (old_size & (old_size - 1)) {
		if (!proof->count)
			return false;
		was = proof->hash[i++];
	} else {
		was = *old;
	}
	is = was;
	while (at & 1) {
		at >>= 1;
		last >>= 1;
	}
	return climb(at, last, &was, &is, proof, i) && merkle_equal(&was, old) &&
	       merkle_equal(&is, root);
}
