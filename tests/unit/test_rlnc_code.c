// SPDX-License-Identifier: GPL-2.0-or-later
/* Coefficient matrices: any k rows decode, and rows do not depend on n. */
#include <errno.h>

#include <crypto/sha2.h>

#include "rlnc_util.h"
#include "rlnc_golden.h"

#define SYMBOL	37

static void choose_every(const struct generation *g, uint8_t *have, unsigned int chosen,
			 unsigned int from)
{
	const unsigned int k = g->code->k, n = g->code->n;
	unsigned int i;

	if (chosen == k) {
		assert_true(generation_decodes(g, have));
		return;
	}
	for (i = from; i + (k - chosen) <= n; i++) {
		have[chosen] = i;
		choose_every(g, have, chosen + 1, i + 1);
	}
}

static void every_subset(enum rlnc_mode mode)
{
	uint8_t have[RLNC_MAX_K];
	struct generation g;
	unsigned int k, n;

	for (n = 1; n <= 10; n++)
		for (k = 1; k <= n; k++) {
			generation_make(&g, k, n, mode, n << 8 | k, SYMBOL);
			choose_every(&g, have, 0, 0);
			generation_free(&g);
		}
}

/* Systematic: for all n up to 10, every k of n coded symbols decode. */
static void every_subset_systematic(void **state)
{
	(void)state;
	every_subset(RLNC_SYSTEMATIC);
}

/* Dense: for all n up to 10, every k of n coded symbols decode. */
static void every_subset_dense(void **state)
{
	(void)state;
	every_subset(RLNC_DENSE);
}

static void some_subsets(enum rlnc_mode mode)
{
	static const struct { u8 k, n; } shapes[] = {
		{ 1, 255 }, { 2, 255 }, { 12, 16 }, { 16, 20 }, { 20, 60 }, { 32, 40 },
		{ 64, 128 }, { 100, 101 }, { 128, 128 }, { 128, 255 },
	};
	uint8_t have[RLNC_MAX_K];
	struct generation g;
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		generation_make(&g, shapes[i].k, shapes[i].n, mode, i, SYMBOL);
		for (round = 0; round < (shapes[i].k < 64 ? 40 : 4); round++) {
			random_rows(have, shapes[i].k, shapes[i].n);
			assert_true(generation_decodes(&g, have));
		}
		generation_free(&g);
	}
}

/* Systematic: sampled k of n coded symbols decode up to n = 255, in any order. */
static void some_subsets_systematic(void **state)
{
	(void)state;
	some_subsets(RLNC_SYSTEMATIC);
}

/* Dense: sampled k of n coded symbols decode up to n = 255, in any order. */
static void some_subsets_dense(void **state)
{
	(void)state;
	some_subsets(RLNC_DENSE);
}

/* Many seeds: the construction holds for all, not for lucky ones. */
static void many_seeds(void **state)
{
	uint8_t have[RLNC_MAX_K];
	struct generation g;
	unsigned int seed, k, n;

	(void)state;
	for (seed = 0; seed < 500; seed++) {
		k = 1 + random_below(12);
		n = k + random_below(6);
		generation_make(&g, k, n, seed & 1 ? RLNC_DENSE : RLNC_SYSTEMATIC,
				1000 + seed, 5);
		random_rows(have, k, n);
		assert_true(generation_decodes(&g, have));
		generation_free(&g);
	}
}

/* The first k rows of a systematic code are the identity. */
static void identity_first(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(9, 14, RLNC_SYSTEMATIC, 1);
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 9; i++)
		for (j = 0; j < 9; j++)
			assert_int_equal(rlnc_code_row(code, i)[j], i == j);
}

/* No row of a dense code shows a data symbol as it is. */
static void dense_hides_data(void **state)
{
	unsigned int seed, i, j, used;

	(void)state;
	for (seed = 0; seed < 50; seed++) {
		struct rlnc_code *code CLEANUP_FREE = code_make(8, 12, RLNC_DENSE, seed);

		for (i = 0; i < 12; i++) {
			for (j = 0, used = 0; j < 8; j++)
				used += rlnc_code_row(code, i)[j] != 0;
			assert_true(used > 1);
		}
	}
}

/* A row is the same whatever n it was made with. */
static void rows_without_n(void **state)
{
	static const uint8_t ks[] = { 1, 4, 17, 128 };
	enum rlnc_mode mode;
	unsigned int i, n;

	(void)state;
	for (mode = RLNC_SYSTEMATIC; mode <= RLNC_DENSE; mode++)
		for (i = 0; i < ARRAY_SIZE(ks); i++) {
			struct rlnc_code *all CLEANUP_FREE = code_make(ks[i], 255, mode, 7);

			for (n = ks[i]; n < 255; n += 31) {
				struct rlnc_code *few CLEANUP_FREE =
					code_make(ks[i], n, mode, 7);

				assert_memory_equal(few->rows, all->rows, n * ks[i]);
			}
		}
}

/* A symbol of row n, made later, decodes together with the old ones. */
static void extended(void **state)
{
	struct generation old, more;
	uint8_t have[5] = { 6, 1, 7, 3, 8 };
	enum rlnc_mode mode;

	(void)state;
	for (mode = RLNC_SYSTEMATIC; mode <= RLNC_DENSE; mode++) {
		generation_make(&old, 5, 8, mode, 3, SYMBOL);
		generation_make(&more, 5, 9, mode, 3, SYMBOL);
		/* The same data, but only row 8 is coded anew. */
		naive_dot((uint8_t *)more.coded[8], rlnc_code_row(more.code, 8), old.data, 5,
			  SYMBOL);
		memcpy(more.memory, old.memory, (5 + 8) * SYMBOL);
		assert_true(generation_decodes(&more, have));
		generation_free(&old);
		generation_free(&more);
	}
}

/* Another seed, k or mode is another matrix. */
static void seeds_differ(void **state)
{
	struct rlnc_code *a CLEANUP_FREE = code_make(6, 10, RLNC_DENSE, 1);
	struct rlnc_code *b CLEANUP_FREE = code_make(6, 10, RLNC_DENSE, 2);
	struct rlnc_code *c CLEANUP_FREE = code_make(6, 10, RLNC_SYSTEMATIC, 1);
	struct rlnc_code *d CLEANUP_FREE = code_make(6, 10, RLNC_SYSTEMATIC, 2);

	(void)state;
	assert_memory_not_equal(a->rows, b->rows, 60);
	assert_memory_not_equal(rlnc_code_row(a, 6), rlnc_code_row(c, 6), 24);
	assert_memory_not_equal(rlnc_code_row(c, 6), rlnc_code_row(d, 6), 24);
}

/* Sizes and modes out of range are refused. */
static void invalid(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = malloc(rlnc_code_size(128, 255));
	const uint8_t seed[RLNC_SEED_SIZE] = { 0 };

	(void)state;
	assert_int_equal(rlnc_code_size(0, 1), 0);
	assert_int_equal(rlnc_code_size(129, 200), 0);
	assert_int_equal(rlnc_code_size(4, 3), 0);
	assert_int_equal(rlnc_code_size(4, 256), 0);
	assert_int_equal(rlnc_code_init(code, 0, 1, RLNC_DENSE, seed), -EINVAL);
	assert_int_equal(rlnc_code_init(code, 129, 200, RLNC_DENSE, seed), -EINVAL);
	assert_int_equal(rlnc_code_init(code, 4, 3, RLNC_DENSE, seed), -EINVAL);
	assert_int_equal(rlnc_code_init(code, 4, 256, RLNC_DENSE, seed), -EINVAL);
	assert_int_equal(rlnc_code_init(code, 4, 6, 2, seed), -EINVAL);
}

/* The expansion is the documented one: rows made by another implementation. */
static void golden(void **state)
{
	uint8_t seed[RLNC_SEED_SIZE];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(seed); i++)
		seed[i] = i;
	for (i = 0; i < ARRAY_SIZE(golden_codes); i++) {
		const unsigned int k = golden_codes[i].k, n = golden_codes[i].n;
		struct rlnc_code *code CLEANUP_FREE = malloc(rlnc_code_size(k, n));

		assert_int_equal(rlnc_code_init(code, k, n, golden_codes[i].mode, seed), 0);
		assert_memory_equal(code->rows, golden_codes[i].rows, n * k);
	}
	for (i = 0; i < ARRAY_SIZE(golden_digests); i++) {
		const unsigned int k = golden_digests[i].k, n = golden_digests[i].n;
		struct rlnc_code *code CLEANUP_FREE = malloc(rlnc_code_size(k, n));
		uint8_t digest[SHA256_DIGEST_SIZE];

		assert_int_equal(rlnc_code_init(code, k, n, golden_digests[i].mode, seed), 0);
		sha256(code->rows, n * k, digest);
		assert_memory_equal(digest, golden_digests[i].digest, sizeof(digest));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subset_systematic),
		cmocka_unit_test(every_subset_dense),
		cmocka_unit_test(some_subsets_systematic),
		cmocka_unit_test(some_subsets_dense),
		cmocka_unit_test(many_seeds),
		cmocka_unit_test(identity_first),
		cmocka_unit_test(dense_hides_data),
		cmocka_unit_test(rows_without_n),
		cmocka_unit_test(extended),
		cmocka_unit_test(seeds_differ),
		cmocka_unit_test(invalid),
		cmocka_unit_test(golden),
	};

	rlnc_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
