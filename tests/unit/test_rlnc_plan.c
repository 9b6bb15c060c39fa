// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans: encode, decode and repair, and what is refused. */
#include <errno.h>

#include "rlnc_util.h"

#define SYMBOL	1000

/* Coded symbols computed by a plan are those of the definition. */
static void encode(void **state)
{
	const u8 rows[] = { 7, 0, 5, 5, 3 };
	uint8_t area[ARRAY_SIZE(rows)][SYMBOL];
	struct generation g;
	uint8_t *out[ARRAY_SIZE(rows)];
	enum rlnc_mode mode;
	unsigned int i;

	(void)state;
	for (mode = RLNC_SYSTEMATIC; mode <= RLNC_DENSE; mode++) {
		struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(4, ARRAY_SIZE(rows));

		generation_make(&g, 4, 8, mode, 11, SYMBOL);
		for (i = 0; i < ARRAY_SIZE(rows); i++)
			out[i] = area[i];
		assert_int_equal(rlnc_plan_encode(plan, g.code, rows, ARRAY_SIZE(rows)), 0);
		rlnc_plan_run(plan, g.data, out, SYMBOL);
		for (i = 0; i < ARRAY_SIZE(rows); i++)
			assert_memory_equal(out[i], g.coded[rows[i]], SYMBOL);
		generation_free(&g);
	}
}

/* Any mix of data symbols and rows is computed from any k rows. */
static void combine(void **state)
{
	const u8 have[] = { 9, 2, 6, 0, 7 };
	const u16 want[] = { RLNC_DATA(4), 3, RLNC_DATA(0), 9, 8, RLNC_DATA(1), 1 };
	uint8_t area[ARRAY_SIZE(want)][SYMBOL];
	const uint8_t *in[ARRAY_SIZE(have)];
	uint8_t *out[ARRAY_SIZE(want)];
	struct generation g;
	enum rlnc_mode mode;
	unsigned int i;

	(void)state;
	for (mode = RLNC_SYSTEMATIC; mode <= RLNC_DENSE; mode++) {
		struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(5, ARRAY_SIZE(want));

		generation_make(&g, 5, 10, mode, 12, SYMBOL);
		for (i = 0; i < ARRAY_SIZE(have); i++)
			in[i] = g.coded[have[i]];
		for (i = 0; i < ARRAY_SIZE(want); i++)
			out[i] = area[i];
		assert_int_equal(rlnc_plan_combine(plan, g.code, have, want, ARRAY_SIZE(want)), 0);
		rlnc_plan_run(plan, in, out, SYMBOL);
		for (i = 0; i < ARRAY_SIZE(want); i++)
			assert_memory_equal(out[i], want[i] & RLNC_DATA(0) ?
					    g.data[want[i] & 0xff] : g.coded[want[i]], SYMBOL);
		generation_free(&g);
	}
}

/* A symbol that is among the inputs is copied, not computed. */
static void trivial_rows(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(4, 6, RLNC_SYSTEMATIC, 5);
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(4, 4);
	const u16 want[] = { RLNC_DATA(1), 5, 3, RLNC_DATA(0) };
	const u8 have[] = { 1, 5, 3, 4 };

	(void)state;
	assert_int_equal(rlnc_plan_combine(plan, code, have, want, 4), 0);
	assert_int_equal(plan->dots, 1);
}

/* With the last inputs left out, every back end computes what zeros there would give. */
static void first_inputs(void **state)
{
	const u8 rows[] = { 7, 0, 5, 3 };
	uint8_t zeros[SYMBOL] = { 0 }, expect[4][SYMBOL], got[4][SYMBOL];
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(4, 4);
	const uint8_t *some[4], *padded[4];
	uint8_t *out[4], *want[4];
	unsigned int b, i, inputs;
	struct generation g;
	enum rlnc_mode mode;

	(void)state;
	for (i = 0; i < 4; i++) {
		out[i] = got[i];
		want[i] = expect[i];
	}
	for (mode = RLNC_SYSTEMATIC; mode <= RLNC_DENSE; mode++) {
		generation_make(&g, 4, 8, mode, 13, SYMBOL);
		for (b = 0; rlnc_backend_at(b); b++) {
			if (rlnc_init(rlnc_backend_at(b)))
				continue;
			assert_int_equal(rlnc_plan_encode(plan, g.code, rows, 4), 0);
			for (inputs = 0; inputs <= 4; inputs++) {
				for (i = 0; i < 4; i++) {
					some[i] = i < inputs ? g.data[i] : NULL;
					padded[i] = i < inputs ? g.data[i] : zeros;
				}
				memset(got, 0xa5, sizeof(got));
				rlnc_plan_run(plan, padded, want, SYMBOL);
				rlnc_plan_run_first(plan, inputs, some, out, SYMBOL);
				assert_memory_equal(got, expect, sizeof(got));
			}
		}
		generation_free(&g);
	}
	rlnc_init(NULL);
}

/* The largest repair works in the memory that the size function names. */
static void largest_combine(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(128, 255, RLNC_DENSE, 5);
	struct rlnc_plan *one CLEANUP_FREE = plan_alloc(128, 1);
	struct rlnc_plan *all CLEANUP_FREE = plan_alloc(128, RLNC_MAX_OUT);
	u16 want[RLNC_MAX_OUT];
	u8 have[128];
	unsigned int i;

	(void)state;
	for (i = 0; i < 128; i++)
		have[i] = 254 - i;
	for (i = 0; i < RLNC_MAX_OUT; i++)
		want[i] = i < 128 ? RLNC_DATA(i) : i - 128;
	assert_int_equal(rlnc_plan_combine(one, code, have, want, 1), 0);
	assert_int_equal(rlnc_plan_combine(all, code, have, want, RLNC_MAX_OUT), 0);
}

/* Shapes out of range have no size and are refused. */
static void invalid_shapes(void **state)
{
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(2, 2);
	const u8 coeffs[4] = { 1, 2, 3, 4 };

	(void)state;
	assert_int_equal(rlnc_plan_size(0, 1), 0);
	assert_int_equal(rlnc_plan_size(1, 0), 0);
	assert_int_equal(rlnc_plan_size(RLNC_MAX_IN + 1, 1), 0);
	assert_int_equal(rlnc_plan_size(1, RLNC_MAX_OUT + 1), 0);
	assert_int_equal(rlnc_plan_coeffs(plan, coeffs, 0, 1), -EINVAL);
	assert_int_equal(rlnc_plan_coeffs(plan, coeffs, 1, 0), -EINVAL);
	assert_int_equal(rlnc_plan_coeffs(plan, coeffs, 256, 1), -EINVAL);
	assert_int_equal(rlnc_plan_invert(plan, coeffs, 0), -EINVAL);
	assert_int_equal(rlnc_plan_invert(plan, coeffs, 129), -EINVAL);
}

/* A matrix without an inverse is refused. */
static void singular(void **state)
{
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(3, 3);
	const u8 rows[9] = { 1, 2, 3, 4, 5, 6, 5, 7, 5 };

	(void)state;
	assert_int_equal(rlnc_plan_invert(plan, rows, 3), -EINVAL);
}

/* Rows that the code does not have cannot be encoded. */
static void invalid_encode(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(4, 6, RLNC_SYSTEMATIC, 5);
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(4, 2);
	const u8 beyond[] = { 5, 6 };

	(void)state;
	assert_int_equal(rlnc_plan_encode(plan, code, beyond, 1), 0);
	assert_int_equal(rlnc_plan_encode(plan, code, beyond, 2), -EINVAL);
	assert_int_equal(rlnc_plan_encode(plan, code, beyond, 0), -EINVAL);
}

/* Repeated or unknown rows at hand, and unknown wishes, are refused. */
static void invalid_combine(void **state)
{
	struct rlnc_code *code CLEANUP_FREE = code_make(4, 6, RLNC_DENSE, 5);
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(4, 1);
	const u8 good[] = { 0, 1, 4, 5 }, twice[] = { 0, 1, 4, 1 }, beyond[] = { 0, 1, 4, 6 };
	const u16 row = 2, no_row = 6, data = RLNC_DATA(3), no_data = RLNC_DATA(4);
	const u16 no_such = 0x200;

	(void)state;
	assert_int_equal(rlnc_plan_combine(plan, code, good, &row, 1), 0);
	assert_int_equal(rlnc_plan_combine(plan, code, good, &data, 1), 0);
	assert_int_equal(rlnc_plan_combine(plan, code, twice, &row, 1), -EINVAL);
	assert_int_equal(rlnc_plan_combine(plan, code, beyond, &row, 1), -EINVAL);
	assert_int_equal(rlnc_plan_combine(plan, code, good, &no_row, 1), -EINVAL);
	assert_int_equal(rlnc_plan_combine(plan, code, good, &no_data, 1), -EINVAL);
	assert_int_equal(rlnc_plan_combine(plan, code, good, &no_such, 1), -EINVAL);
	assert_int_equal(rlnc_plan_combine(plan, code, good, &row, 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode),
		cmocka_unit_test(combine),
		cmocka_unit_test(trivial_rows),
		cmocka_unit_test(first_inputs),
		cmocka_unit_test(largest_combine),
		cmocka_unit_test(invalid_shapes),
		cmocka_unit_test(singular),
		cmocka_unit_test(invalid_encode),
		cmocka_unit_test(invalid_combine),
	};

	rlnc_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
