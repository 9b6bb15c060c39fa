// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "record.h"

#define MAGIC		"rlncREC\n"
#define ANY_ZEROES	12u		/* one operation of so many writes zeroes */
#define STREAM		16u		/* operations, in order */
#define SHOWN		4u		/* wrong sectors that are described */

struct header {
	char magic[8];
	uint32_t seed;
	uint32_t thread;
	uint32_t number;
	uint32_t place;
};

/* splitmix64, after Steele, Lea and Flood, OOPSLA 2014. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t start_of(const struct record_plan *plan, uint32_t thread, uint32_t number)
{
	return mix(mix((uint64_t)plan->seed << 32 | thread) ^ number);
}

/* One sector behind the one before, as far as the stream goes. */
static struct record_op stream_op(const struct record_plan *plan, uint32_t thread,
				  uint32_t number)
{
	uint64_t r = start_of(plan, thread, number);
	uint64_t stream = start_of(plan, thread, ~(number / STREAM));
	struct record_op op = {
		.place = (stream >> 8 & 0xffffff) % (plan->places - STREAM + 1) + number % STREAM,
		.count = 1,
		.sync = (r >> 40) % STREAM == 0,
	};

	op.dsync = op.sync && r >> 44 & 1;
	return op;
}

/**
 * record_op - what an operation does
 * @plan:	workload
 * @thread:	one of its threads
 * @number:	operation, from 1
 */
struct record_op record_op(const struct record_plan *plan, uint32_t thread, uint32_t number)
{
	static const uint8_t counts[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 4, 8, 8, 16 };
	uint64_t r = start_of(plan, thread, number);
	struct record_op op;

	if (plan->streams)
		return stream_op(plan, thread, number);
	op.count = counts[r & 15];
	op.place = (r >> 8 & 0xffffff) % (plan->places - op.count + 1);
	op.zero = (r >> 32 & 0xff) % ANY_ZEROES == 0;
	op.sync = (r >> 40 & 3) == 0;
	op.dsync = op.sync && !op.zero && r >> 42 & 1;
	return op;
}

/* The contents of a sector that an operation has written. */
void record_fill(const struct record_plan *plan, uint32_t thread, uint32_t number,
		 uint32_t place, uint8_t *sector)
{
	struct header header = {
		.seed = plan->seed, .thread = thread, .number = number, .place = place,
	};
	uint64_t x = mix(start_of(plan, thread, number) ^ place);
	uint64_t *word = (uint64_t *)sector;
	uint32_t i;

	memcpy(header.magic, MAGIC, sizeof(header.magic));
	for (i = 0; i < RECORD_BYTES / sizeof(*word); i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		word[i] = x;
	}
	memcpy(sector, &header, sizeof(header));
}

static bool all_zero(const uint8_t *sector)
{
	return !sector[0] && !memcmp(sector, sector + 1, RECORD_BYTES - 1);
}

static bool covers(const struct record_op *op, uint32_t place)
{
	return place >= op->place && place < op->place + op->count;
}

/* What may be found at a place. */
struct allowed {
	uint32_t oldest;		/* operation; 0: none, the place is unwritten */
	bool zero;
};

static struct allowed *allowed_now(const struct record_plan *plan, uint32_t thread,
				   const struct record_mark *mark)
{
	struct allowed *allowed = calloc(plan->places, sizeof(*allowed));
	struct record_op op;
	uint32_t i, p;

	if (!allowed)
		die(1, "out of memory");
	for (p = 0; p < plan->places; p++)
		allowed[p].zero = true;
	for (i = 1; i <= mark->issued; i++) {
		op = record_op(plan, thread, i);
		for (p = op.place; p < op.place + op.count; p++) {
			if (i <= mark->acked) {
				allowed[p].oldest = i;
				allowed[p].zero = op.zero;
			} else if (op.zero) {
				allowed[p].zero = true;
			}
		}
	}
	return allowed;
}

/* NULL, or what is wrong with a sector that is not all zero. */
static const char *judge(const struct record_plan *plan, uint32_t thread, uint32_t place,
			 const struct record_mark *mark, const struct allowed *allowed,
			 const uint8_t *sector, struct header *found)
{
	uint8_t want[RECORD_BYTES];
	struct record_op op;

	memcpy(found, sector, sizeof(*found));
	if (memcmp(found->magic, MAGIC, sizeof(found->magic)))
		return "no record";
	if (found->seed != plan->seed || found->thread != thread || found->place != place)
		return "a record of another place";
	op = record_op(plan, thread, found->number);
	if (found->number > mark->issued || op.zero || !covers(&op, place))
		return "a record that was never written here";
	record_fill(plan, thread, found->number, place, want);
	if (memcmp(want, sector, RECORD_BYTES))
		return "a damaged record";
	return found->number < allowed->oldest ? "an older record" : NULL;
}

/**
 * record_check - is what was acknowledged there, and nothing that cannot be
 * @plan:	workload
 * @thread:	one of its threads
 * @mark:	how far it was
 * @area:	its places, as they are read now
 *
 * Each sector must hold what the last acknowledged operation there has left, or
 * what one begun since then leaves.
 *
 * Return: number of sectors that do not; some are described.
 */
uint32_t record_check(const struct record_plan *plan, uint32_t thread,
		      const struct record_mark *mark, const uint8_t *area)
{
	struct allowed *allowed = allowed_now(plan, thread, mark);
	uint32_t place, wrong = 0;

	for (place = 0; place < plan->places; place++) {
		const uint8_t *sector = area + (size_t)place * RECORD_BYTES;
		struct header found = { .number = 0 };
		const char *why;

		if (all_zero(sector))
			why = allowed[place].zero ? NULL : "zeros";
		else
			why = judge(plan, thread, place, mark, &allowed[place], sector, &found);
		if (!why)
			continue;
		if (wrong++ < SHOWN)
			printf("thread %u place %u: %s (%u) instead of %u or newer; acknowledged %u, begun %u\n",
			       thread, place, why, found.number, allowed[place].oldest,
			       mark->acked, mark->issued);
	}
	free(allowed);
	return wrong;
}
