// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets one by one: rank, decoding at the end, recoding on the way. */
#include <errno.h>

#include "rlnc_util.h"

#define SYMBOL	123

static struct rlnc_decoder *decoder_make(unsigned int k)
{
	struct rlnc_decoder *dec = malloc(rlnc_decoder_size(k));

	assert_non_null(dec);
	memset(dec, 0xa5, rlnc_decoder_size(k));
	assert_int_equal(rlnc_decoder_init(dec, k), 0);
	return dec;
}

/* Decode the symbols @in, whose vectors the decoder has accepted. */
static void assert_decodes(const struct rlnc_decoder *dec, const uint8_t *const in[],
			   const struct generation *g)
{
	const unsigned int k = g->code->k;
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(k, k);
	uint8_t *area CLEANUP_FREE = malloc(k * g->len);
	uint8_t *out[RLNC_MAX_K];
	unsigned int i;

	memset(area, 0x5a, k * g->len);
	for (i = 0; i < k; i++)
		out[i] = area + i * g->len;
	assert_int_equal(rlnc_decoder_finish(dec, plan), 0);
	rlnc_plan_run(plan, in, out, g->len);
	for (i = 0; i < k; i++)
		assert_memory_equal(out[i], g->data[i], g->len);
}

/* Each of any k packets of a code is innovative, and then they decode. */
static void any_k_packets(void **state)
{
	const uint8_t *in[RLNC_MAX_K];
	struct generation g;
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 60; round++) {
		unsigned int k = 1 + random_below(20), n = k + random_below(20);
		struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(k);
		unsigned int start = random_below(n);

		generation_make(&g, k, n, round & 1, round, SYMBOL);
		for (i = 0; i < k; i++) {
			unsigned int row = (start + i) % n;

			in[i] = g.coded[row];
			assert_int_equal(rlnc_decoder_rank(dec), i);
			assert_int_equal(rlnc_decoder_add(dec, rlnc_code_row(g.code, row)), 1);
		}
		assert_int_equal(rlnc_decoder_rank(dec), k);
		assert_decodes(dec, in, &g);
		generation_free(&g);
	}
}

/* A packet that was seen, or is a multiple of one, adds nothing. */
static void repeated(void **state)
{
	struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(4);
	const uint8_t first[4] = { 7, 0, 200, 9 };
	uint8_t multiple[4];
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		multiple[i] = naive_mul(first[i], 0x53);
	assert_int_equal(rlnc_decoder_add(dec, first), 1);
	assert_int_equal(rlnc_decoder_add(dec, first), 0);
	assert_int_equal(rlnc_decoder_add(dec, multiple), 0);
	assert_int_equal(rlnc_decoder_rank(dec), 1);
}

/* A sum of accepted packets adds nothing. */
static void dependent(void **state)
{
	struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(5);
	uint8_t a[5], b[5], sum[5];
	unsigned int i;

	(void)state;
	random_fill(a, 5);
	random_fill(b, 5);
	for (i = 0; i < 5; i++)
		sum[i] = naive_mul(a[i], 3) ^ naive_mul(b[i], 0x77);
	assert_int_equal(rlnc_decoder_add(dec, a), 1);
	assert_int_equal(rlnc_decoder_add(dec, b), 1);
	assert_int_equal(rlnc_decoder_add(dec, sum), 0);
	assert_int_equal(rlnc_decoder_rank(dec), 2);
}

/* The zero vector adds nothing. */
static void zero_vector(void **state)
{
	struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(3);
	const uint8_t zero[3] = { 0 };

	(void)state;
	assert_int_equal(rlnc_decoder_add(dec, zero), 0);
	assert_int_equal(rlnc_decoder_rank(dec), 0);
}

/* At full rank nothing is innovative any more. */
static void full_rank(void **state)
{
	struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(6);
	uint8_t v[6];
	unsigned int i;

	(void)state;
	while (rlnc_decoder_rank(dec) < 6) {
		random_fill(v, 6);
		rlnc_decoder_add(dec, v);
	}
	for (i = 0; i < 50; i++) {
		random_fill(v, 6);
		assert_int_equal(rlnc_decoder_add(dec, v), 0);
	}
}

/* Decoding before full rank is refused. */
static void too_early(void **state)
{
	struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(2);
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(2, 2);
	const uint8_t v[2] = { 1, 1 }, w[2] = { 1, 2 };

	(void)state;
	assert_int_equal(rlnc_decoder_finish(dec, plan), -EAGAIN);
	rlnc_decoder_add(dec, v);
	assert_int_equal(rlnc_decoder_finish(dec, plan), -EAGAIN);
	rlnc_decoder_add(dec, w);
	assert_int_equal(rlnc_decoder_finish(dec, plan), 0);
}

/* Packets recoded twice on the way, never decoded there, give back the data. */
static void recoded(void **state)
{
	enum { K = 7, N = 9, RELAY = 8, HOPS = 2 };
	struct rlnc_decoder *dec CLEANUP_FREE = decoder_make(K);
	uint8_t coeffs[HOPS + 1][N][K], symbols[HOPS + 1][N][SYMBOL], mix[RELAY * N];
	const uint8_t *in[N];
	uint8_t *out[N];
	struct generation g;
	unsigned int hop, i, from = N;

	(void)state;
	generation_make(&g, K, N, RLNC_DENSE, 77, SYMBOL);
	for (i = 0; i < N; i++) {
		memcpy(coeffs[0][i], rlnc_code_row(g.code, i), K);
		memcpy(symbols[0][i], g.coded[i], SYMBOL);
	}
	for (hop = 0; hop < HOPS; hop++, from = RELAY) {
		struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(from, RELAY);

		random_fill(mix, sizeof(mix));
		for (i = 0; i < from; i++)
			in[i] = symbols[hop][i];
		for (i = 0; i < RELAY; i++)
			out[i] = symbols[hop + 1][i];
		assert_int_equal(rlnc_recode(plan, coeffs[hop + 1][0], coeffs[hop][0], K, from,
					     mix, RELAY), 0);
		rlnc_plan_run(plan, in, out, SYMBOL);
	}
	for (i = 0; i < RELAY; i++) {
		in[rlnc_decoder_rank(dec)] = symbols[HOPS][i];
		rlnc_decoder_add(dec, coeffs[HOPS][i]);
	}
	assert_int_equal(rlnc_decoder_rank(dec), K);
	assert_decodes(dec, in, &g);
	generation_free(&g);
}

/* Sizes out of range are refused. */
static void invalid(void **state)
{
	struct rlnc_decoder *dec CLEANUP_FREE = malloc(rlnc_decoder_size(1));
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(1, 1);
	uint8_t c[1] = { 1 }, out[1];

	(void)state;
	assert_int_equal(rlnc_decoder_size(0), 0);
	assert_int_equal(rlnc_decoder_size(129), 0);
	assert_int_equal(rlnc_decoder_init(dec, 0), -EINVAL);
	assert_int_equal(rlnc_decoder_init(dec, 129), -EINVAL);
	assert_int_equal(rlnc_recode(plan, out, c, 0, 1, c, 1), -EINVAL);
	assert_int_equal(rlnc_recode(plan, out, c, 129, 1, c, 1), -EINVAL);
	assert_int_equal(rlnc_recode(plan, out, c, 1, 0, c, 1), -EINVAL);
	assert_int_equal(rlnc_recode(plan, out, c, 1, 256, c, 1), -EINVAL);
	assert_int_equal(rlnc_recode(plan, out, c, 1, 1, c, 0), -EINVAL);
	assert_int_equal(rlnc_recode(plan, out, c, 1, 1, c, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_k_packets),
		cmocka_unit_test(repeated),
		cmocka_unit_test(dependent),
		cmocka_unit_test(zero_vector),
		cmocka_unit_test(full_rank),
		cmocka_unit_test(too_early),
		cmocka_unit_test(recoded),
		cmocka_unit_test(invalid),
	};

	rlnc_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
