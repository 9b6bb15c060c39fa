// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each member has been asked, and how long it took to answer.
 *
 * Two views of the same durations.  The whole one counts since the volume was
 * constructed.  The recent one is made of two windows that are filled in turn, so
 * that it always has the last LATENCY_WINDOW answers and at most twice as many;
 * from it the p95 is computed now and then, and looked up at no cost.
 *
 * Everything may be called from interrupt context.  Nothing is locked: when a
 * window is cleared, answers counted at the same moment on other processors may
 * be lost to the recent view, which is an estimate anyhow.
 */
#include <linux/ktime.h>
#include "dm-rlnc.h"

#define LATENCY_WINDOW	256	/* answers */
#define LATENCY_EVERY	32	/* answers from one computation to the next */

static u64 in_windows(const struct rlnc_latency *latency, u32 bucket)
{
	return (u64)atomic_read(&latency->recent[0][bucket]) +
	       atomic_read(&latency->recent[1][bucket]);
}

/*
 * Answers come from the depth of any stack, and have no room there for a copy of the
 * windows.  What is counted meanwhile moves the rank by as much; and if a window is cleared
 * meanwhile, so that the rank is not reached, the slowest answer that is left stands for it.
 */
static u64 recent(const struct rlnc_latency *latency, u32 percent)
{
	u64 total = 0, seen = 0, rank, n;
	u32 i, last = 0;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += in_windows(latency, i);
	if (!total)
		return 0;
	rank = histogram_rank(total, percent);
	for (i = 0; i < HISTOGRAM_BUCKETS && seen < rank; i++) {
		n = in_windows(latency, i);
		seen += n;
		if (n)
			last = i;
	}
	return histogram_end(last);
}

/**
 * rlnc_latency_record - count an answer
 * @latency:	of a member and direction
 * @ns:		how long it took
 */
void rlnc_latency_record(struct rlnc_latency *latency, u64 ns)
{
	u32 bucket = histogram_bucket(ns), i;
	u32 taken = atomic_inc_return(&latency->taken);
	atomic_t *window = latency->recent[taken / LATENCY_WINDOW % 2];

	if (taken % LATENCY_WINDOW == 0)
		for (i = 0; i < HISTOGRAM_BUCKETS; i++)
			atomic_set(&window[i], 0);
	atomic_inc(&window[bucket]);
	atomic64_inc(&latency->count[bucket]);
	if (taken % LATENCY_EVERY == 0)
		WRITE_ONCE(latency->recent_p95, recent(latency, 95));
}

/**
 * rlnc_latency_recent - a percentile of the last few hundred answers
 * @latency:	of a member and direction
 * @percent:	1 to 100; 95 costs least
 *
 * Return: nanoseconds, rounded up by a quarter at most; 0 as long as it has not
 * answered often enough (LATENCY_EVERY times) to tell.
 */
u64 rlnc_latency_recent(const struct rlnc_latency *latency, u32 percent)
{
	u64 p95 = READ_ONCE(latency->recent_p95);

	return !p95 || percent == 95 ? p95 : recent(latency, percent);
}

/**
 * rlnc_latency_overall - a percentile of all answers
 * @latency:	of a member and direction
 * @percent:	1 to 100
 *
 * Return: nanoseconds, rounded up by a quarter at most; 0 when there are none.
 */
u64 rlnc_latency_overall(const struct rlnc_latency *latency, u32 percent)
{
	u64 count[HISTOGRAM_BUCKETS];
	u32 i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		count[i] = atomic64_read(&latency->count[i]);
	return histogram_percentile(count, percent);
}

/**
 * rlnc_member_account - a request to a member has ended
 * @m:		the member
 * @op:		whether it was a write; a flush is one of no bytes
 * @bytes:	how many it moved
 * @start:	ktime_get_ns() when it was submitted
 * @status:	how it ended; the time that an error took says nothing of the rest
 */
void rlnc_member_account(struct rlnc_member *m, enum req_op op, u32 bytes, u64 start,
			 blk_status_t status)
{
	struct rlnc_member_stat *stat = &m->stat[op_is_write(op) ? RLNC_STAT_WRITE :
								  RLNC_STAT_READ];

	atomic64_inc(&stat->ios);
	if (!status) {
		atomic64_add(bytes, &stat->bytes);
		rlnc_latency_record(&stat->latency, ktime_get_ns() - start);
		return;
	}
	atomic64_inc(&stat->errors);
	if (status == BLK_STS_TIMEOUT)
		atomic64_inc(&m->timeouts);
}
