// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes of dense generations: keyed, always decodable, with one code's relations. */
#include <errno.h>

#include "rlnc_util.h"
#include "rlnc_golden.h"

#include "crypto/kdf.h"
#include "rlnc/matrix.h"

#define LEN	48

static struct rlnc_code *mixed_make(const struct rlnc_code *code, unsigned int n,
				    const uint8_t *key, uint64_t slot, uint64_t birth)
{
	struct rlnc_code *mixed = malloc(rlnc_code_size(code->k, n));
	uint8_t seed[RLNC_SEED_SIZE];

	assert_non_null(mixed);
	rlnc_generation_seed(key, slot, birth, seed);
	assert_int_equal(rlnc_code_mix(mixed, n, code, seed), 0);
	assert_int_equal(mixed->k, code->k);
	assert_int_equal(mixed->n, n);
	assert_int_equal(mixed->mode, RLNC_DENSE);
	return mixed;
}

/* The seed is an HMAC: by another implementation. */
static void seed_is_hmac(void **state)
{
	uint8_t key[RLNC_SEED_KEY_SIZE], message[16], seed[RLNC_SEED_SIZE], expect[SHA256_BYTES];
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 20; round++) {
		uint64_t slot = round ? (uint64_t)random_u32() << 20 | random_u32() : 0;
		uint64_t birth = round ? (uint64_t)random_u32() << 32 | random_u32() : ~0ull;

		random_fill(key, sizeof(key));
		for (i = 0; i < 8; i++) {
			message[i] = slot >> 8 * i;
			message[8 + i] = birth >> 8 * i;
		}
		rlnc_generation_seed(key, slot, birth, seed);
		assert_false(hmac_sha256(key, sizeof(key), message, sizeof(message), expect));
		assert_memory_equal(seed, expect, sizeof(seed));
	}
}

/* Another key, slot or birth: other coefficients, in every row. */
static void keyed(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(4, 6, RLNC_SYSTEMATIC, 1);
	uint8_t key[RLNC_SEED_KEY_SIZE] = { 1 }, other[RLNC_SEED_KEY_SIZE] = { 2 };
	struct rlnc_code *mixed[5];
	unsigned int i, j, row;

	(void)state;
	mixed[0] = mixed_make(code, 6, key, 7, 9);
	mixed[1] = mixed_make(code, 6, other, 7, 9);
	mixed[2] = mixed_make(code, 6, key, 8, 9);
	mixed[3] = mixed_make(code, 6, key, 7, 10);
	mixed[4] = mixed_make(code, 6, key, 9, 7);
	for (i = 0; i < 5; i++)
		for (j = 0; j < i; j++)
			for (row = 0; row < 6; row++)
				assert_memory_not_equal(rlnc_code_row(mixed[i], row),
							rlnc_code_row(mixed[j], row), 4);
	for (i = 0; i < 5; i++)
		free(mixed[i]);
}

/* Many draws, not lucky ones: any k rows of each are invertible. */
static void always_invertible(void **state)
{
	static const struct { u8 k, n; u16 rounds; } shapes[] = {
		{ 1, 3, 300 }, { 2, 3, 1000 }, { 4, 6, 5000 }, { 10, 16, 1000 },
		{ 16, 20, 300 }, { 64, 70, 8 }, { 128, 255, 3 },
	};
	uint8_t key[RLNC_SEED_KEY_SIZE] = { 3 };
	unsigned int i, round, r;
	uint8_t have[RLNC_MAX_K];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const unsigned int k = shapes[i].k, n = shapes[i].n;
		struct rlnc_code *code CLEANUP_FREE = code_make(k, n, RLNC_SYSTEMATIC, i);
		uint8_t *matrix CLEANUP_FREE = malloc(k * k);

		for (round = 0; round < shapes[i].rounds; round++) {
			struct rlnc_code *mixed CLEANUP_FREE = mixed_make(code, n, key, round, i);

			memcpy(matrix, mixed->rows, k * k);
			assert_int_equal(rlnc_matrix_invert(matrix, k), 0);
			random_rows(have, k, n);
			for (r = 0; r < k; r++)
				memcpy(matrix + r * k, rlnc_code_row(mixed, have[r]), k);
			assert_int_equal(rlnc_matrix_invert(matrix, k), 0);
		}
	}
}

/* Fragments of a generation, naively. */
struct fragments {
	uint8_t data[16][LEN];
	uint8_t coded[20][LEN];
};

static void encode(struct fragments *f, const struct rlnc_code *mixed)
{
	const uint8_t *in[16];
	unsigned int i;

	random_fill(f->data, sizeof(f->data));
	for (i = 0; i < mixed->k; i++)
		in[i] = f->data[i];
	for (i = 0; i < mixed->n; i++)
		naive_dot(f->coded[i], rlnc_code_row(mixed, i), in, mixed->k, LEN);
}

/* From k fragments: the data with the secret code, any fragment with the public one. */
static void combine(const struct fragments *f, const struct rlnc_code *mixed,
		    const struct rlnc_code *code, const uint8_t *have)
{
	const unsigned int k = code->k, n = code->n;
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(k, n);
	uint8_t area[20][LEN], *out[20];
	const uint8_t *in[16];
	unsigned int i;
	u16 want[20];

	for (i = 0; i < k; i++) {
		in[i] = f->coded[have[i]];
		want[i] = RLNC_DATA(i);
	}
	for (i = 0; i < n; i++)
		out[i] = area[i];
	assert_int_equal(rlnc_plan_combine(plan, mixed, have, want, k), 0);
	rlnc_plan_run(plan, in, out, LEN);
	for (i = 0; i < k; i++)
		assert_memory_equal(area[i], f->data[i], LEN);
	for (i = 0; i < n; i++)
		want[i] = i;
	assert_int_equal(rlnc_plan_combine(plan, code, have, want, n), 0);
	rlnc_plan_run(plan, in, out, LEN);
	for (i = 0; i < n; i++)
		assert_memory_equal(area[i], f->coded[i], LEN);
}

static void choose_every(const struct fragments *f, const struct rlnc_code *mixed,
			 const struct rlnc_code *code, uint8_t *have, unsigned int chosen,
			 unsigned int from)
{
	unsigned int i;

	if (chosen == code->k) {
		combine(f, mixed, code, have);
		return;
	}
	for (i = from; i + (code->k - chosen) <= code->n; i++) {
		have[chosen] = i;
		choose_every(f, mixed, code, have, chosen + 1, i + 1);
	}
}

/* Every k of n, all n up to 8: data decode, and fragments recode without the seed. */
static void every_subset(void **state)
{
	uint8_t key[RLNC_SEED_KEY_SIZE] = { 4 }, have[RLNC_MAX_K];
	struct fragments f;
	unsigned int k, n;

	(void)state;
	for (n = 1; n <= 8; n++)
		for (k = 1; k <= n; k++) {
			struct rlnc_code *code CLEANUP_FREE = code_make(k, n, RLNC_SYSTEMATIC, n);
			struct rlnc_code *mixed CLEANUP_FREE = mixed_make(code, n, key, k, n);

			encode(&f, mixed);
			choose_every(&f, mixed, code, have, 0, 0);
		}
}

/* Without the seed nothing is decoded: the systematic code gives other data. */
static void seed_needed(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(4, 6, RLNC_SYSTEMATIC, 5);
	uint8_t key[RLNC_SEED_KEY_SIZE] = { 5 };
	unsigned int slot, i, row;

	(void)state;
	for (slot = 0; slot < 200; slot++) {
		struct rlnc_code *mixed CLEANUP_FREE = mixed_make(code, 6, key, slot, 1);
		struct fragments f;

		encode(&f, mixed);
		for (i = 0; i < 4; i++)
			for (row = 0; row < 6; row++)
				assert_memory_not_equal(f.coded[row], f.data[i], LEN);
	}
}

/* A member more: the rows that there are stay as they are. */
static void rows_without_n(void **state)
{
	uint8_t key[RLNC_SEED_KEY_SIZE] = { 6 };
	struct rlnc_code *few CLEANUP_FREE = code_make(4, 6, RLNC_SYSTEMATIC, 6);
	struct rlnc_code *more CLEANUP_FREE = code_make(4, 7, RLNC_SYSTEMATIC, 6);
	struct rlnc_code *a CLEANUP_FREE = mixed_make(few, 6, key, 1, 1);
	struct rlnc_code *b CLEANUP_FREE = mixed_make(more, 7, key, 1, 1);
	struct rlnc_code *c CLEANUP_FREE = mixed_make(more, 6, key, 1, 1);

	(void)state;
	assert_memory_equal(a->rows, b->rows, 24);
	assert_memory_equal(a->rows, c->rows, 24);
}

static void invalid(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(4, 6, RLNC_SYSTEMATIC, 7);
	struct rlnc_code *dense CLEANUP_FREE = code_make(4, 6, RLNC_DENSE, 7);
	struct rlnc_code *mixed CLEANUP_FREE = malloc(rlnc_code_size(4, 8));
	uint8_t seed[RLNC_SEED_SIZE] = { 0 };

	(void)state;
	assert_int_equal(rlnc_code_mix(mixed, 3, code, seed), -EINVAL);
	assert_int_equal(rlnc_code_mix(mixed, 7, code, seed), -EINVAL);
	assert_int_equal(rlnc_code_mix(mixed, 6, dense, seed), -EINVAL);
}

/* The format is the documented one: rows made by another implementation. */
static void golden(void **state)
{
	uint8_t base[RLNC_SEED_SIZE], key[RLNC_SEED_KEY_SIZE];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(key); i++) {
		base[i] = i;
		key[i] = 32 + i;
	}
	for (i = 0; i < ARRAY_SIZE(golden_mixed); i++) {
		const unsigned int k = golden_mixed[i].k, n = golden_mixed[i].n;
		struct rlnc_code *code CLEANUP_FREE = malloc(rlnc_code_size(k, n));
		struct rlnc_code *mixed CLEANUP_FREE = NULL;

		assert_int_equal(rlnc_code_init(code, k, n, RLNC_SYSTEMATIC, base), 0);
		mixed = mixed_make(code, n, key, golden_mixed[i].slot, golden_mixed[i].birth);
		assert_memory_equal(mixed->rows, golden_mixed[i].rows, n * k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seed_is_hmac),
		cmocka_unit_test(keyed),
		cmocka_unit_test(always_invertible),
		cmocka_unit_test(every_subset),
		cmocka_unit_test(seed_needed),
		cmocka_unit_test(rows_without_n),
		cmocka_unit_test(invalid),
		cmocka_unit_test(golden),
	};

	rlnc_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
