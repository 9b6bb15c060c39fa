// SPDX-License-Identifier: GPL-2.0-or-later
/* Every back end that this machine runs, and the choice among them. */
#include <errno.h>

#include <asm/simd.h>

#include "rlnc_backend_cases.h"

/* Run a case with every back end that is valid here. */
static void with_all(void (*run)(void))
{
	unsigned int i;

	for (i = 0; rlnc_backend_at(i); i++)
		if (!rlnc_init(rlnc_backend_at(i)))
			run();
	rlnc_init(NULL);
}

/* All back ends compute what naive arithmetic does, at any shape and alignment. */
static void random_shapes(void **state)
{
	(void)state;
	with_all(case_random_shapes);
}

/* Symbols that take several sections are computed to the last byte. */
static void long_symbols(void **state)
{
	(void)state;
	with_all(case_long_symbols);
}

/* No length around a vector's width is special. */
static void every_length(void **state)
{
	(void)state;
	with_all(case_every_length);
}

/* 255 inputs and 383 outputs work. */
static void largest(void **state)
{
	(void)state;
	with_all(case_largest);
}

/* No back end reads or writes a byte outside of the symbols. */
static void guard_pages(void **state)
{
	(void)state;
	with_all(case_guard_pages);
}

/* A plan made for vectors gives the same where they may not be used. */
static void without_simd(void **state)
{
	(void)state;
	shim_may_use_simd = false;
	with_all(case_random_shapes);
	shim_may_use_simd = true;
}

/* A plan keeps the back end that it was made for. */
static void plan_outlives_choice(void **state)
{
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(2, 1);
	uint8_t a[300], b[300], c[300], expect[300];
	const uint8_t coeffs[2] = { 0x35, 0xc1 };
	const uint8_t *in[2] = { a, b };
	uint8_t *out[1] = { c };

	(void)state;
	random_fill(a, sizeof(a));
	random_fill(b, sizeof(b));
	naive_dot(expect, coeffs, in, 2, sizeof(expect));
	assert_int_equal(rlnc_init(NULL), 0);
	assert_int_equal(rlnc_plan_coeffs(plan, coeffs, 2, 1), 0);
	assert_int_equal(rlnc_init("scalar"), 0);
	rlnc_plan_run(plan, in, out, sizeof(c));
	assert_memory_equal(c, expect, sizeof(c));
	rlnc_init(NULL);
}

/* A back end can be asked for by name, and the answer is the truth. */
static void by_name(void **state)
{
	(void)state;
	assert_int_equal(rlnc_init("scalar"), 0);
	assert_string_equal(rlnc_backend_name(), "scalar");
	rlnc_init(NULL);
}

/* A name that does not exist is refused and changes nothing. */
static void unknown_name(void **state)
{
	const char *before;

	(void)state;
	rlnc_init(NULL);
	before = rlnc_backend_name();
	assert_int_equal(rlnc_init("abacus"), -ENOENT);
	assert_int_equal(rlnc_init(""), -ENOENT);
	assert_string_equal(rlnc_backend_name(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_shapes),
		cmocka_unit_test(long_symbols),
		cmocka_unit_test(every_length),
		cmocka_unit_test(largest),
		cmocka_unit_test(guard_pages),
		cmocka_unit_test(without_simd),
		cmocka_unit_test(plan_outlives_choice),
		cmocka_unit_test(by_name),
		cmocka_unit_test(unknown_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
