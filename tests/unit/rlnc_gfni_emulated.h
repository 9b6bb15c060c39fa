/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GFNI back ends with their one instruction in software, for machines
 * without it.  Everything else is the code that runs where it exists; `make
 * check-gfni` runs the instruction itself.  A test names the back end in
 * GFNI_BACKEND, includes this file, then the back end's source: what that
 * defines takes the place of the library's.
 */
#ifndef TESTS_RLNC_GFNI_EMULATED_H
#define TESTS_RLNC_GFNI_EMULATED_H

#include <asm/cpufeature.h>

#include "rlnc_backend_cases.h"

/*
 * Intel SDM volume 2, GF2P8AFFINEQB: bit i of a byte of the result is the parity
 * of byte 7 - i of the matrix and the byte of the source.
 */
static void software_affine(uint8_t *x, const uint8_t *matrix, size_t len)
{
	size_t b;
	int i;

	for (b = 0; b < len; b++) {
		uint8_t y = 0;

		for (i = 0; i < 8; i++)
			y |= __builtin_parity(matrix[b / 8 * 8 + 7 - i] & x[b]) << i;
		x[b] = y;
	}
}

#define RLNC_AFFINE(x, matrix) ({						\
	dot_vec x_ = (x), matrix_ = (matrix);					\
	software_affine((uint8_t *)&x_, (const uint8_t *)&matrix_, sizeof(x_));	\
	x_; })

/* The instruction needs nothing, its registers need what they need. */
#define X86_FEATURE_GFNI	X86_FEATURE_AVX2

static void select_or_skip(void)
{
	if (rlnc_init(GFNI_BACKEND))
		skip();
	assert_string_equal(rlnc_backend_name(), GFNI_BACKEND);
}

/* The bit matrices multiply as naive arithmetic does, at any shape. */
static void random_shapes(void **state)
{
	(void)state;
	select_or_skip();
	case_random_shapes();
}

/* Symbols that take several sections are computed to the last byte. */
static void long_symbols(void **state)
{
	(void)state;
	select_or_skip();
	case_long_symbols();
}

/* No length around a vector's width is special. */
static void every_length(void **state)
{
	(void)state;
	select_or_skip();
	case_every_length();
}

/* No byte outside of the symbols is read or written. */
static void guard_pages(void **state)
{
	(void)state;
	select_or_skip();
	case_guard_pages();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_shapes),
		cmocka_unit_test(long_symbols),
		cmocka_unit_test(every_length),
		cmocka_unit_test(guard_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
