/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every back end must do; for the back ends of this machine and for those
 * whose instruction is emulated.  All take the back end that is in use.
 */
#ifndef TESTS_RLNC_BACKEND_CASES_H
#define TESTS_RLNC_BACKEND_CASES_H

#include "rlnc_util.h"

#define CASE_MAX_K	20
#define CASE_MAX_M	20
#define CASE_JUNK	0x5a

/*
 * Some random combination at random alignments, in memory whose other bytes
 * must stay.  One row in eight is zero or a unit vector, one coefficient in
 * eight is zero.
 */
static inline void case_random(unsigned int k, unsigned int m, size_t len)
{
	const size_t stride = len + 128;
	uint8_t *coeffs CLEANUP_FREE = malloc(m * k);
	uint8_t *area CLEANUP_FREE = malloc((k + m) * stride);
	uint8_t *expect CLEANUP_FREE = malloc(stride);
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(k, m);
	const uint8_t *in[RLNC_MAX_IN];
	uint8_t *out[RLNC_MAX_OUT];
	unsigned int i, j;

	for (i = 0; i < m; i++) {
		for (j = 0; j < k; j++)
			coeffs[i * k + j] = random_below(8) ? random_u32() : 0;
		if (!random_below(8)) {
			memset(coeffs + i * k, 0, k);
			coeffs[i * k + random_below(k)] = random_below(2);
		}
	}
	random_fill(area, k * stride);
	memset(area + k * stride, CASE_JUNK, m * stride);
	for (i = 0; i < k; i++)
		in[i] = area + i * stride + random_below(128);
	for (i = 0; i < m; i++)
		out[i] = area + (k + i) * stride + random_below(128);

	assert_int_equal(rlnc_plan_coeffs(plan, coeffs, k, m), 0);
	rlnc_plan_run(plan, in, out, len);
	for (i = 0; i < m; i++) {
		size_t before = out[i] - (area + (k + i) * stride);

		memset(expect, CASE_JUNK, stride);
		naive_dot(expect + before, coeffs + i * k, in, k, len);
		assert_memory_equal(area + (k + i) * stride, expect, stride);
	}
}

static inline void case_random_shapes(void)
{
	unsigned int round;

	for (round = 0; round < 300; round++)
		case_random(1 + random_below(CASE_MAX_K), 1 + random_below(CASE_MAX_M),
			    random_below(700));
}

/* Symbols of more than one section, with every kind of remainder. */
static inline void case_long_symbols(void)
{
	unsigned int round;

	for (round = 0; round < 12; round++)
		case_random(1 + random_below(12), 1 + random_below(10),
			    8192 + random_below(12000));
}

/* Every length around the width of all vectors. */
static inline void case_every_length(void)
{
	size_t len;

	for (len = 0; len <= 300; len++)
		case_random(3, 5, len);
}

/* The largest plan there is. */
static inline void case_largest(void)
{
	case_random(RLNC_MAX_IN, RLNC_MAX_OUT, 130);
}

/* Every symbol touches a guard page with its last byte, or with its first. */
static inline void case_guard_pages(void)
{
	static const size_t lens[] = { 1, 15, 31, 64, 127, 128, 129, 255, 1000, 4096, 5000 };
	uint8_t coeffs[5 * 4];
	struct guarded g[9];
	uint8_t *out[5];
	const uint8_t *in[4];
	unsigned int i, l, at_end;
	uint8_t expect[5000];

	random_fill(coeffs, sizeof(coeffs));
	for (l = 0; l < sizeof(lens) / sizeof(lens[0]); l++)
		for (at_end = 0; at_end < 2; at_end++) {
			struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(4, 5);

			for (i = 0; i < 9; i++)
				guarded_alloc(&g[i], lens[l], at_end);
			for (i = 0; i < 4; i++) {
				random_fill(g[i].data, lens[l]);
				in[i] = g[i].data;
			}
			for (i = 0; i < 5; i++)
				out[i] = g[4 + i].data;
			assert_int_equal(rlnc_plan_coeffs(plan, coeffs, 4, 5), 0);
			rlnc_plan_run(plan, in, out, lens[l]);
			for (i = 0; i < 5; i++) {
				naive_dot(expect, coeffs + i * 4, in, 4, lens[l]);
				assert_memory_equal(out[i], expect, lens[l]);
			}
			for (i = 0; i < 9; i++)
				guarded_free(&g[i]);
		}
}

#endif
