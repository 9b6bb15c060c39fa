// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "prove.h"

/* What is being made: from tiles of a tree of @size leaves. */
struct prover {
	struct tile_source *source;
	uint64_t size;
	struct merkle_proof *proof;
};

static int fetch(struct tile_source *s, const struct tile *t)
{
	int rc;

	if (s->kept.width == t->width && s->kept.level == t->level && s->kept.index == t->index)
		return 0;
	s->kept.width = 0;
	rc = s->read(s->ctx, t, s->hash);
	if (!rc)
		s->kept = *t;
	return rc;
}

/* The hash of the complete subtree of 2^@height leaves that is number @index of its kind. */
static int subtree(struct prover *p, unsigned int height, uint64_t index, struct merkle_hash *to)
{
	struct merkle_hash part[TILE_WIDTH];
	unsigned int in = height % TILE_LOG, count = 1u << in, first, i;
	struct tile t = { .level = height / TILE_LOG, .index = index >> (TILE_LOG - in) };
	int rc;

	first = (index << in) % TILE_WIDTH;
	t.width = tile_width(p->size, t.level, t.index);
	if (first + count > t.width)
		return -EINVAL;
	rc = fetch(p->source, &t);
	if (rc)
		return rc;
	for (i = 0; i < count; i++)
		part[i] = p->source->hash[first + i];
	for (; count > 1; count /= 2)
		for (i = 0; i < count / 2; i++)
			merkle_node(&part[2 * i], &part[2 * i + 1], &part[i]);
	*to = part[0];
	return 0;
}

/* The largest power of two below n, which is above 1; its logarithm. */
static unsigned int split(uint64_t n)
{
	return 63 - __builtin_clzll(n - 1);
}

/* MTH(D[begin:end]), where begin is a multiple of the power of two that is not below the length. */
static int range(struct prover *p, uint64_t begin, uint64_t end, struct merkle_hash *to)
{
	struct merkle_hash part[MERKLE_HEIGHT];
	unsigned int n = 0;
	int rc = 0;

	while (!rc && begin < end) {
		unsigned int height = 63 - __builtin_clzll(end - begin);

		rc = subtree(p, height, begin >> height, &part[n++]);
		begin += 1ull << height;
	}
	if (rc)
		return rc;
	if (!n) {
		merkle_empty(to);
		return 0;
	}
	*to = part[--n];
	while (n)
		merkle_node(&part[--n], to, to);
	return 0;
}

static int add(struct prover *p, uint64_t begin, uint64_t end)
{
	return range(p, begin, end, &p->proof->hash[p->proof->count++]);
}

/* RFC 6962 writes the hashes that are met first last. */
static void reverse(struct merkle_proof *proof)
{
	unsigned int i = 0, j = proof->count;

	while (i + 1 < j) {
		struct merkle_hash h = proof->hash[i];

		proof->hash[i++] = proof->hash[--j];
		proof->hash[j] = h;
	}
}

/* PATH(m, D[n]) of RFC 6962, 2.1.1. */
int prove_inclusion(struct tile_source *s, uint64_t index, uint64_t size,
		    struct merkle_proof *proof)
{
	struct prover p = { s, size, proof };
	uint64_t begin = 0, end = size;
	int rc = 0;

	proof->count = 0;
	if (index >= size || size > MERKLE_SIZE_MAX)
		return -EINVAL;
	while (!rc && end - begin > 1) {
		uint64_t middle = begin + (1ull << split(end - begin));

		if (index < middle) {
			rc = add(&p, middle, end);
			end = middle;
		} else {
			rc = add(&p, begin, middle);
			begin = middle;
		}
	}
	reverse(proof);
	return rc;
}

/* PROOF(m, D[n]) of RFC 6962, 2.1.2. */
int prove_consistency(struct tile_source *s, uint64_t old_size, uint64_t size,
		      struct merkle_proof *proof)
{
	struct prover p = { s, size, proof };
	uint64_t begin = 0, end = size;
	bool complete = true;		/* SUBPROOF's b: the subtree is the old tree itself */
	int rc = 0;

	proof->count = 0;
	if (old_size > size || size > MERKLE_SIZE_MAX)
		return -EINVAL;
	if (!old_size || old_size == size)
		return 0;
	while (!rc && old_size != end) {
		uint64_t middle = begin + (1ull << split(end - begin));

		if (old_size <= middle) {
			rc = add(&p, middle, end);
			end = middle;
		} else {
			rc = add(&p, begin, middle);
			begin = middle;
			complete = false;
		}
	}
	if (!rc && !complete)
		rc = add(&p, begin, end);
	reverse(proof);
	return rc;
}

int prove_edge(struct tile_source *s, uint64_t size, uint64_t tiles, struct merkle_edge *edge)
{
	struct prover p = { s, tiles, NULL };
	int rc = 0;

	*edge = (struct merkle_edge){ 0 };
	if (size > tiles || tiles > MERKLE_SIZE_MAX)
		return -EINVAL;
	while (!rc && edge->size < size) {
		unsigned int height = 63 - __builtin_clzll(size - edge->size);

		rc = subtree(&p, height, edge->size >> height, &edge->hash[edge->count++]);
		edge->size += 1ull << height;
	}
	return rc;
}

int prove_root(struct tile_source *s, uint64_t size, uint64_t tiles, struct merkle_hash *root)
{
	struct merkle_edge edge;
	int rc = prove_edge(s, size, tiles, &edge);

	if (!rc)
		merkle_edge_root(&edge, root);
	return rc;
}
