// SPDX-License-Identifier: GPL-2.0-or-later
/* Buckets of durations, and percentiles beside those of the sorted durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stat/histogram.h"

#define LAST	(HISTOGRAM_BUCKETS - 1)

static void edges(void **state)
{
	u32 i;

	(void)state;
	assert_int_equal(histogram_bucket(0), 0);
	assert_int_equal(histogram_bucket(UINT64_MAX), LAST);
	assert_int_equal(histogram_bucket(1ull << 36), LAST);
	assert_int_equal(histogram_bucket((1ull << 36) - 1), LAST - 1);
	assert_int_equal(histogram_end(0), 1024);
	for (i = 0; i < LAST; i++) {
		assert_int_equal(histogram_bucket(histogram_end(i) - 1), i);
		assert_int_equal(histogram_bucket(histogram_end(i)), i + 1);
	}
}

/* No bucket but the first is wider than a quarter of where it begins. */
static void width(void **state)
{
	u32 i;

	(void)state;
	for (i = 1; i < LAST; i++)
		assert_in_range(histogram_end(i) - histogram_end(i - 1), 1,
				histogram_end(i - 1) / 4);
}

static void empty(void **state)
{
	u64 count[HISTOGRAM_BUCKETS] = { 0 };

	(void)state;
	assert_int_equal(histogram_percentile(count, 1), 0);
	assert_int_equal(histogram_percentile(count, 100), 0);
}

static void beyond(void **state)
{
	u64 count[HISTOGRAM_BUCKETS] = { [LAST] = 1 };

	(void)state;
	assert_int_equal(histogram_percentile(count, 50), 1ull << 36);
}

static int by_size(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The definition: the smallest duration that so many percent do not exceed. */
static u64 naive(const u64 *sorted, u32 n, u32 percent)
{
	u32 i;

	for (i = 0; (u64)(i + 1) * 100 < (u64)n * percent; i++)
		;
	return sorted[i];
}

static void against_sorted(void **state)
{
	u64 ns[1000], count[HISTOGRAM_BUCKETS], exact, got;
	u32 round, n, i, percent;

	(void)state;
	srandom(1);
	for (round = 0; round < 200; round++) {
		n = 1 + random() % 1000;
		memset(count, 0, sizeof(count));
		for (i = 0; i < n; i++) {
			ns[i] = ((u64)random() << 5 | random() % 32) >> random() % 36;
			count[histogram_bucket(ns[i])]++;
		}
		qsort(ns, n, sizeof(ns[0]), by_size);
		for (percent = 1; percent <= 100; percent++) {
			exact = naive(ns, n, percent);
			got = histogram_percentile(count, percent);
			assert_true(got > exact);
			assert_true(got <= exact + exact / 4 + 1 || got == 1024);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges),
		cmocka_unit_test(width),
		cmocka_unit_test(empty),
		cmocka_unit_test(beyond),
		cmocka_unit_test(against_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
