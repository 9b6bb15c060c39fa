// SPDX-License-Identifier: GPL-2.0-or-later
/* Agreement with ISA-L, which uses the same field, on the same matrices. */
#include "rlnc_util.h"

#include <isa-l/erasure_code.h>

/* ISA-L computes the same coded symbols from the same rows. */
static void same_symbols(void **state)
{
	struct generation g;
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 100; round++) {
		unsigned int k = 1 + random_below(20), n = k + random_below(20);
		size_t len = 64 + random_below(500);
		struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(k, n);
		uint8_t *tables CLEANUP_FREE = malloc(32 * k * n);
		uint8_t *area CLEANUP_FREE = malloc(2 * n * len);
		uint8_t *ours[RLNC_MAX_N], *theirs[RLNC_MAX_N];
		u8 rows[RLNC_MAX_N];

		generation_make(&g, k, n, round & 1, round, len);
		for (i = 0; i < n; i++) {
			rows[i] = i;
			ours[i] = area + i * len;
			theirs[i] = area + (n + i) * len;
		}
		ec_init_tables(k, n, g.code->rows, tables);
		ec_encode_data(len, k, n, tables, (u8 **)g.data, theirs);
		assert_int_equal(rlnc_plan_encode(plan, g.code, rows, n), 0);
		rlnc_plan_run(plan, g.data, ours, len);
		assert_memory_equal(area, area + n * len, n * len);
		generation_free(&g);
	}
}

/* ISA-L's inverse of the rows at hand decodes what we encode. */
static void decodes_ours(void **state)
{
	struct generation g;
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 100; round++) {
		unsigned int k = 1 + random_below(16), n = 2 * k;
		size_t len = 64 + random_below(200);
		uint8_t inverse[16 * 16], tables[32 * 16 * 16];
		uint8_t *area CLEANUP_FREE = malloc(k * len);
		uint8_t *out[16], *in[16];

		generation_make(&g, k, n, round & 1, round, len);
		for (i = 0; i < k; i++) {
			in[i] = (u8 *)g.coded[k + i];
			out[i] = area + i * len;
		}
		assert_int_equal(gf_invert_matrix((u8 *)rlnc_code_row(g.code, k), inverse, k), 0);
		ec_init_tables(k, k, inverse, tables);
		ec_encode_data(len, k, k, tables, in, out);
		assert_memory_equal(area, g.memory, k * len);
		generation_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_symbols),
		cmocka_unit_test(decodes_ours),
	};

	rlnc_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
