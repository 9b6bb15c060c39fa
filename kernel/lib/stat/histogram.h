/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Log-linear histograms of durations, as HdrHistogram has them: each power of
 * two is divided evenly into four, so that a bucket's bounds differ by a quarter
 * of its lower one at most.
 */
#ifndef STAT_HISTOGRAM_H
#define STAT_HISTOGRAM_H

#include <linux/types.h>

#define HISTOGRAM_FIRST_BIT	10	/* the first bucket ends at 2^10 ns */
#define HISTOGRAM_LAST_BIT	36	/* the last one begins at 2^36 ns: 69 s */
#define HISTOGRAM_SUB_BITS	2
#define HISTOGRAM_BUCKETS	\
	(2 + ((HISTOGRAM_LAST_BIT - HISTOGRAM_FIRST_BIT) << HISTOGRAM_SUB_BITS))

u32 histogram_bucket(u64 ns);
u64 histogram_end(u32 bucket);
u64 histogram_rank(u64 total, u32 percent);
u64 histogram_percentile(const u64 count[HISTOGRAM_BUCKETS], u32 percent);

#endif /* STAT_HISTOGRAM_H */
