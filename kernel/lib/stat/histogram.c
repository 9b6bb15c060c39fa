// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which bucket a duration belongs to, and what the buckets say together. */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/math64.h>

#include "histogram.h"

#define SUB	4u	/* two to the HISTOGRAM_SUB_BITS */

/**
 * histogram_bucket - where a duration is counted
 * @ns:		the duration
 *
 * Return: 0 to HISTOGRAM_BUCKETS - 1.
 */
u32 histogram_bucket(u64 ns)
{
	u32 bit;

	if (ns < 1ull << HISTOGRAM_FIRST_BIT)
		return 0;
	if (ns >= 1ull << HISTOGRAM_LAST_BIT)
		return HISTOGRAM_BUCKETS - 1;
	bit = fls64(ns) - 1;
	return 1 + ((bit - HISTOGRAM_FIRST_BIT) << HISTOGRAM_SUB_BITS) +
	       (u32)((ns >> (bit - HISTOGRAM_SUB_BITS)) & (SUB - 1));
}

/**
 * histogram_end - the first duration above a bucket
 * @bucket:	below HISTOGRAM_BUCKETS
 *
 * Return: nanoseconds; of the last bucket, which has no end, where it begins.
 */
u64 histogram_end(u32 bucket)
{
	u32 octave = bucket >> HISTOGRAM_SUB_BITS;

	if (bucket >= HISTOGRAM_BUCKETS - 1)
		return 1ull << HISTOGRAM_LAST_BIT;
	return (u64)(SUB + (bucket & (SUB - 1))) <<
	       (HISTOGRAM_FIRST_BIT - HISTOGRAM_SUB_BITS + octave);
}

/**
 * histogram_rank - which duration, counted from the shortest, is at a percentile
 * @total:	how many there are
 * @percent:	1 to 100
 *
 * Return: 1 to @total.
 */
u64 histogram_rank(u64 total, u32 percent)
{
	return div_u64(total * percent + 99, 100);
}

/**
 * histogram_percentile - a duration that so many percent did not exceed
 * @count:	of each bucket
 * @percent:	1 to 100
 *
 * Return: the end of the bucket that the percentile lies in: above it, but by no
 * more than a quarter, or a microsecond; 0 when nothing was counted.  What lies in
 * the last bucket is not known better than where that begins.
 */
u64 histogram_percentile(const u64 count[HISTOGRAM_BUCKETS], u32 percent)
{
	u64 total = 0, rank, seen = 0;
	u32 i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += count[i];
	if (!total)
		return 0;
	rank = histogram_rank(total, percent);
	for (i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += count[i];
		if (seen >= rank)
			break;
	}
	return histogram_end(i);
}
