// SPDX-License-Identifier: GPL-2.0-or-later
/* The self-test of the library passes, and notices every kind of wrong result. */
#include <errno.h>

#include "rlnc_util.h"

/* What goes wrong in run number @fail_at, counted from 1; 0 for nothing. */
static unsigned int runs, fail_at;
static enum { WRONG_BIT, WRONG_END, WRITES_BEYOND } fault;

static void faulty_run(const struct rlnc_plan *plan, const u8 *const in[], u8 *const out[],
		       size_t len)
{
	rlnc_plan_run(plan, in, out, len);
	if (++runs != fail_at || !len)
		return;
	if (fault == WRONG_BIT)
		out[0][len / 2] ^= 0x10;
	else if (fault == WRONG_END)
		out[plan->m - 1][len - 1] ^= 1;
	else
		out[plan->m - 1][len] = 0;
}

/* What it says of each of them is not what is tested. */
#undef pr_fmt
#undef pr_err
#define pr_err(fmt, ...) ((void)0)
#define rlnc_plan_run faulty_run
#include "rlnc/selftest.c"

static int selftest_with(unsigned int at, int what)
{
	runs = 0;
	fail_at = at;
	fault = what;
	return rlnc_selftest();
}

/* All back ends of this machine pass. */
static void passes(void **state)
{
	(void)state;
	assert_int_equal(selftest_with(0, 0), 0);
}

/* The back end in use is the same afterwards, after success and failure. */
static void keeps_backend(void **state)
{
	(void)state;
	rlnc_init("scalar");
	assert_int_equal(selftest_with(0, 0), 0);
	assert_string_equal(rlnc_backend_name(), "scalar");
	assert_int_equal(selftest_with(9, WRONG_BIT), -EIO);
	assert_string_equal(rlnc_backend_name(), "scalar");
	rlnc_init(NULL);
}

/* One wrong bit in any run of any back end is an error. */
static void wrong_bit(void **state)
{
	unsigned int i, backends;

	(void)state;
	assert_int_equal(selftest_with(0, 0), 0);
	backends = runs / ARRAY_SIZE(shapes);
	assert_true(backends >= 2);
	/* The last shape is of no bytes. */
	for (i = 1; i <= (ARRAY_SIZE(shapes) - 1) * backends; i++)
		assert_int_equal(selftest_with(i, WRONG_BIT), -EIO);
}

/* A wrong last byte of the last output is an error. */
static void wrong_end(void **state)
{
	(void)state;
	assert_int_equal(selftest_with(12, WRONG_END), -EIO);
}

/* A byte written beyond the output is an error. */
static void writes_beyond(void **state)
{
	(void)state;
	assert_int_equal(selftest_with(13, WRITES_BEYOND), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes),
		cmocka_unit_test(keeps_backend),
		cmocka_unit_test(wrong_bit),
		cmocka_unit_test(wrong_end),
		cmocka_unit_test(writes_beyond),
	};

	rlnc_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
