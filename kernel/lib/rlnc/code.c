// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Coefficient matrices that are random and of which any k rows are linearly
 * independent (maximum distance separable, MDS).
 *
 * Systematic: the identity over the block r_p * c_j / (x_p + y_j) with distinct
 * random x_p and y_j and non-zero random r_p and c_j.  Every square submatrix
 * of a Cauchy matrix is invertible and stays so when rows and columns are
 * scaled, which is what makes the whole MDS (MacWilliams and Sloane, The Theory
 * of Error-Correcting Codes, chapter 11, theorem 8; Bloemer et al., An
 * XOR-Based Erasure-Resilient Coding Scheme, 1995).
 *
 * Dense: the same times a random invertible k x k matrix, which changes the
 * basis of the data and hence no rank.  Mixed: the same, with a seed of its own
 * for that matrix, so that codes with one systematic code in common have each
 * other matrices, and one way to compute fragments from fragments.
 *
 * Random bytes are SHA-256 of the seed, a label, k, the mode and a counter.
 * They are used in an order in which everything that concerns all rows comes
 * first and row by row the rest, so that a row does not depend on how many
 * follow.
 */
#include <asm/byteorder.h>
#include <crypto/sha2.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "gf256.h"
#include "matrix.h"
#include "rlnc.h"

/* In the place of the mode: a matrix for rlnc_code_mix(). */
#define STREAM_MIX	2

/* What is hashed for each 32 random bytes. */
struct code_block {
	u8 seed[RLNC_SEED_SIZE];
	u8 label[8];
	u8 k;
	u8 mode;
	__le16 counter;
};

static_assert(sizeof(struct code_block) == 44);

struct code_stream {
	struct code_block block;
	u8 bytes[SHA256_DIGEST_SIZE];
	unsigned int used;
	u16 counter;
};

static void stream_init(struct code_stream *s, unsigned int k, u8 mode, const u8 *seed)
{
	static const u8 label[8] = { 'r', 'l', 'n', 'c', ' ', 'v', '1', 0 };

	memcpy(s->block.seed, seed, RLNC_SEED_SIZE);
	memcpy(s->block.label, label, sizeof(label));
	s->block.k = k;
	s->block.mode = mode;
	s->counter = 0;
	s->used = sizeof(s->bytes);
}

static u8 stream_byte(struct code_stream *s)
{
	if (s->used == sizeof(s->bytes)) {
		s->block.counter = cpu_to_le16(s->counter++);
		sha256((const u8 *)&s->block, sizeof(s->block), s->bytes);
		s->used = 0;
	}
	return s->bytes[s->used++];
}

/* Uniform in [0, @limit), 1 <= @limit <= 256: bytes beyond a multiple are skipped. */
static unsigned int stream_below(struct code_stream *s, unsigned int limit)
{
	unsigned int end = 256 / limit * limit, v;

	do {
		v = stream_byte(s);
	} while (v >= end);
	return v % limit;
}

static u8 stream_nonzero(struct code_stream *s)
{
	return 1 + stream_below(s, 255);
}

/* Draws without replacement from the 256 field elements (Fisher and Yates). */
struct code_urn {
	u8 element[256];
	unsigned int drawn;
};

static void urn_init(struct code_urn *urn)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		urn->element[i] = i;
	urn->drawn = 0;
}

static u8 urn_draw(struct code_urn *urn, struct code_stream *s)
{
	unsigned int i = urn->drawn++;
	unsigned int pick = i + stream_below(s, 256 - i);

	swap(urn->element[i], urn->element[pick]);
	return urn->element[i];
}

static void identity(u8 *a, unsigned int k)
{
	unsigned int i;

	memset(a, 0, k * k);
	for (i = 0; i < k; i++)
		a[i * k + i] = 1;
}

/*
 * A random invertible matrix as a product that cannot be singular: a unit lower
 * triangular matrix, an upper triangular one with a non-zero diagonal, and a
 * permutation of the columns.  One triangle is kept in each half of @a and
 * multiplied out in place, from the last row up and from the diagonal leftwards,
 * so that an element is read before a product lands on it.
 */
static void random_invertible(u8 *a, unsigned int k, struct code_stream *s)
{
	unsigned int i, j, r, pick;

	for (i = 0; i < k; i++)
		for (j = 0; j < k; j++)
			a[i * k + j] = i == j ? stream_nonzero(s) : stream_byte(s);

	for (i = k; i-- > 0; )
		for (j = i; j-- > 0; ) {
			u8 lower = a[i * k + j];

			a[i * k + j] = 0;
			if (lower)
				gf_madd_region(a + i * k + j, a + j * k + j, lower, k - j);
		}

	for (j = 0; j + 1 < k; j++) {
		pick = j + stream_below(s, k - j);
		for (r = 0; r < k && pick != j; r++)
			swap(a[r * k + j], a[r * k + pick]);
	}
}

size_t rlnc_code_size(unsigned int k, unsigned int n)
{
	if (k < 1 || k > RLNC_MAX_K || n < k || n > RLNC_MAX_N)
		return 0;
	return sizeof(struct rlnc_code) + n * k;
}

int rlnc_code_init(struct rlnc_code *code, unsigned int k, unsigned int n,
		   enum rlnc_mode mode, const u8 seed[RLNC_SEED_SIZE])
{
	u8 y[RLNC_MAX_K], scale[RLNC_MAX_K], row[RLNC_MAX_K];
	struct code_stream stream;
	struct code_urn urn;
	unsigned int i, j;

	if (!rlnc_code_size(k, n))
		return -EINVAL;
	if (mode != RLNC_SYSTEMATIC && mode != RLNC_DENSE)
		return -EINVAL;

	stream_init(&stream, k, mode, seed);
	urn_init(&urn);
	code->k = k;
	code->n = n;
	code->mode = mode;

	for (j = 0; j < k; j++) {
		y[j] = urn_draw(&urn, &stream);
		scale[j] = stream_nonzero(&stream);
	}
	if (mode == RLNC_DENSE)
		random_invertible(code->rows, k, &stream);
	else
		identity(code->rows, k);

	for (i = k; i < n; i++) {
		u8 *out = code->rows + i * k;
		u8 x = urn_draw(&urn, &stream);
		u8 factor = stream_nonzero(&stream);

		for (j = 0; j < k; j++)
			row[j] = gf_mul(gf_mul(factor, scale[j]), gf_inv(x ^ y[j]));
		if (mode == RLNC_DENSE)
			rlnc_matrix_row_mul(out, row, code->rows, k, k);
		else
			memcpy(out, row, k);
	}

	memzero_explicit(&stream, sizeof(stream));
	memzero_explicit(&urn, sizeof(urn));
	memzero_explicit(y, sizeof(y));
	memzero_explicit(scale, sizeof(scale));
	memzero_explicit(row, sizeof(row));
	return 0;
}

int rlnc_code_mix(struct rlnc_code *mixed, unsigned int n, const struct rlnc_code *code,
		  const u8 seed[RLNC_SEED_SIZE])
{
	const unsigned int k = code->k;
	struct code_stream stream;
	unsigned int i;

	if (code->mode != RLNC_SYSTEMATIC || n < k || n > code->n)
		return -EINVAL;
	mixed->k = k;
	mixed->n = n;
	mixed->mode = RLNC_DENSE;
	stream_init(&stream, k, STREAM_MIX, seed);
	random_invertible(mixed->rows, k, &stream);
	memzero_explicit(&stream, sizeof(stream));
	for (i = k; i < n; i++)
		rlnc_matrix_row_mul(mixed->rows + i * k, rlnc_code_row(code, i), mixed->rows,
				    k, k);
	return 0;
}
