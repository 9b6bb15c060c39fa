/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload whose every sector tells who wrote it.  Operation I of a thread is a
 * function of the seed, so that what may be found after a crash follows from two
 * numbers a thread: how far it has begun, and how far it was told to be durable.
 */
#ifndef CRASH_RECORD_H
#define CRASH_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define RECORD_BYTES	4096u
#define RECORD_RUN_MAX	16u		/* sectors of one operation */

struct record_plan {
	uint32_t seed;
	uint32_t threads;
	uint32_t places;		/* sectors of each thread, one after the other */
	bool streams;			/* sector after sector, and seldom flushed */
};

struct record_op {
	uint32_t place;			/* first sector, counted from the thread's first */
	uint32_t count;
	bool zero;			/* write zeroes */
	bool sync;			/* a flush follows */
	bool dsync;			/* and the write itself has FUA */
};

/* How far a thread is. */
struct record_mark {
	uint32_t issued;		/* operations begun */
	uint32_t acked;			/* operations known to be durable */
};

struct record_op record_op(const struct record_plan *plan, uint32_t thread, uint32_t number);
void record_fill(const struct record_plan *plan, uint32_t thread, uint32_t number,
		 uint32_t place, uint8_t *sector);
uint32_t record_check(const struct record_plan *plan, uint32_t thread,
		      const struct record_mark *mark, const uint8_t *area);

#endif /* CRASH_RECORD_H */
