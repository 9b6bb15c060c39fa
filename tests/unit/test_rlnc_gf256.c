// SPDX-License-Identifier: GPL-2.0-or-later
/* Field arithmetic, element by element and over regions. */
#include "rlnc_util.h"
#include "rlnc/gf256.h"

/* The product of every pair is that of polynomials modulo 0x11d. */
static void every_product(void **state)
{
	unsigned int a, b;

	(void)state;
	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++)
			assert_int_equal(gf_mul(a, b), naive_mul(a, b));
}

/* Every element but zero times its inverse is one. */
static void every_inverse(void **state)
{
	unsigned int a;

	(void)state;
	for (a = 1; a < 256; a++)
		assert_int_equal(naive_mul(a, gf_inv(a)), 1);
}

/* A region times any constant, at any length and alignment, touches no more. */
static void mul_region(void **state)
{
	uint8_t src[96], dst[96], expect[96];
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 2000; round++) {
		unsigned int from = random_below(16), to = random_below(16);
		unsigned int len = random_below(70);
		uint8_t c = random_u32();

		random_fill(src, sizeof(src));
		random_fill(dst, sizeof(dst));
		memcpy(expect, dst, sizeof(dst));
		for (i = 0; i < len; i++)
			expect[to + i] = naive_mul(c, src[from + i]);
		gf_mul_region(dst + to, src + from, c, len);
		assert_memory_equal(dst, expect, sizeof(dst));
	}
}

/* A region may be multiplied in place. */
static void mul_region_in_place(void **state)
{
	uint8_t region[61], expect[61];
	unsigned int i;

	(void)state;
	random_fill(region, sizeof(region));
	for (i = 0; i < sizeof(region); i++)
		expect[i] = naive_mul(0x8e, region[i]);
	gf_mul_region(region, region, 0x8e, sizeof(region));
	assert_memory_equal(region, expect, sizeof(region));
}

/* Adding a multiple of a region keeps what was there. */
static void madd_region(void **state)
{
	uint8_t src[96], dst[96], expect[96];
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 2000; round++) {
		unsigned int from = random_below(16), to = random_below(16);
		unsigned int len = random_below(70);
		uint8_t c = random_u32();

		random_fill(src, sizeof(src));
		random_fill(dst, sizeof(dst));
		memcpy(expect, dst, sizeof(dst));
		for (i = 0; i < len; i++)
			expect[to + i] ^= naive_mul(c, src[from + i]);
		gf_madd_region(dst + to, src + from, c, len);
		assert_memory_equal(dst, expect, sizeof(dst));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_product),
		cmocka_unit_test(every_inverse),
		cmocka_unit_test(mul_region),
		cmocka_unit_test(mul_region_in_place),
		cmocka_unit_test(madd_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
