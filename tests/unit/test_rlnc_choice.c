// SPDX-License-Identifier: GPL-2.0-or-later
/* Which back end is chosen, by what a clock of ours says of their trials. */
#include <linux/timex.h>

#include "rlnc_util.h"

static unsigned long long fake_cycles(void);

#define get_cycles fake_cycles
#include "rlnc/backend.c"

#define FASTEST_TRIAL	3	/* of each back end; the others take longer */

static const unsigned long long *costs;
static unsigned int clock_calls;
static unsigned long long clock_now;

/* Asked before and after each trial; TRIALS_MIN of them take long enough. */
static unsigned long long fake_cycles(void)
{
	const unsigned int trials = clock_calls / 2;

	if (clock_calls++ % 2 && costs)
		clock_now += costs[trials / TRIALS_MIN] +
			     (trials % TRIALS_MIN != FASTEST_TRIAL ? TRIALS_CYCLES : 0);
	return clock_now;
}

static const char *choice(const unsigned long long *trials_take)
{
	costs = trials_take;
	clock_calls = 0;
	assert_int_equal(rlnc_init(NULL), 0);
	return rlnc_backend_name();
}

/* Name of number @i among those that this machine has. */
static const char *valid_at(unsigned int i)
{
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(backends); b++)
		if (backends[b]->valid() && !i--)
			return backends[b]->name;
	return NULL;
}

static int needs_three(void **state)
{
	(void)state;
	return valid_at(2) ? 0 : -1;
}

/* What is as fast as others, or slower by less than a third, stays first. */
static void order_counts(void **state)
{
	(void)state;
	assert_string_equal(choice((const unsigned long long[]){ 100, 100, 100, 100, 100, 100 }),
			    valid_at(0));
	assert_string_equal(choice((const unsigned long long[]){ 100, 76, 76, 76, 76, 76 }),
			    valid_at(0));
}

/* One that is faster by more is chosen, wherever it is in the list. */
static void faster_is_chosen(void **state)
{
	(void)state;
	assert_string_equal(choice((const unsigned long long[]){ 100, 74, 100, 100, 100, 100 }),
			    valid_at(1));
	assert_string_equal(choice((const unsigned long long[]){ 100, 74, 50, 50, 50, 50 }),
			    valid_at(2));
	assert_string_equal(choice((const unsigned long long[]){ 100, 74, 60, 60, 60, 60 }),
			    valid_at(1));
}

/* Each is tried as often as it should be, and only those that run here. */
static void all_are_tried(void **state)
{
	unsigned int valid = 0;

	(void)state;
	while (valid_at(valid))
		valid++;
	choice((const unsigned long long[]){ 100, 100, 100, 100, 100, 100 });
	assert_int_equal(clock_calls, 2 * TRIALS_MIN * valid);
}

/* A clock that stands still ends all trials in time, and decides nothing. */
static void no_clock(void **state)
{
	unsigned int valid = 0;

	(void)state;
	while (valid_at(valid))
		valid++;
	assert_string_equal(choice(NULL), valid_at(0));
	assert_int_equal(clock_calls, 2 * TRIALS_MAX * valid);
}

/* Where vector registers may not be used, nothing is tried. */
static void without_simd(void **state)
{
	(void)state;
	shim_may_use_simd = false;
	assert_string_equal(choice(NULL), valid_at(0));
	assert_int_equal(clock_calls, 0);
	shim_may_use_simd = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_counts),
		cmocka_unit_test(faster_is_chosen),
		cmocka_unit_test(all_are_tried),
		cmocka_unit_test(no_clock),
		cmocka_unit_test(without_simd),
	};

	return cmocka_run_group_tests(tests, needs_three, NULL);
}
