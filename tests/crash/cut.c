// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "cut.h"

#define TEAR_512	512u
#define TEAR_4K		4096u

/* xorshift64*, after Vigna, "An experimental exploration of Marsaglia's xorshift". */
uint64_t cut_draw(uint64_t *state)
{
	uint64_t x = *state ? *state : 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1du >> 16;
}

/**
 * cut_start - a cut before the first event
 * @cut:	filled in
 * @disks:	whose images will be made
 * @trace:	off
 * @durable:	images at that time; changed as the cut moves on
 */
void cut_start(struct cut *cut, struct disks *disks, const struct trace *trace, uint8_t **durable)
{
	unsigned int i;

	memset(cut, 0, sizeof(*cut));
	cut->disks = disks;
	cut->trace = trace;
	cut->durable = durable;
	for (i = 0; i < disks->n; i++) {
		cut->pending[i] = calloc(trace->count + 1, sizeof(*cut->pending[i]));
		if (!cut->pending[i])
			die(1, "out of memory for cuts");
	}
	disks_all_dirty(disks);
}

void cut_end(struct cut *cut)
{
	unsigned int i;

	for (i = 0; i < cut->disks->n; i++)
		free(cut->pending[i]);
}

/* --- what is durable ----------------------------------------------------------------- */

static void make_durable(struct cut *cut, unsigned int i, const struct trace_event *write)
{
	struct disk *disk = &cut->disks->disk[i];
	uint64_t b;

	memcpy(cut->durable[i] + write->offset, write->data, write->len);
	for (b = write->offset / DISK_BLOCK; b * DISK_BLOCK < write->offset + write->len; b++)
		disk->dirty[b] = true;
}

static bool overlap(const struct trace_event *a, const struct trace_event *b)
{
	return a->offset < b->offset + b->len && b->offset < a->offset + a->len;
}

/*
 * A flush settles what was received before it; a write with FUA itself, and what
 * it went over.
 */
static void settle(struct cut *cut, unsigned int i, uint32_t done)
{
	const struct trace_event *event = &cut->trace->event[done], *write;
	uint32_t j, kept = 0, number;

	for (j = 0; j < cut->pendings[i]; j++) {
		number = cut->pending[i][j];
		write = &cut->trace->event[number];
		if (number <= done && (event->kind == TRACE_FLUSH || overlap(event, write)))
			make_durable(cut, i, write);
		else
			cut->pending[i][kept++] = number;
	}
	cut->pendings[i] = kept;
}

/**
 * cut_move - let events happen
 * @cut:	cut
 * @to:	number of events that have happened then; not fewer than now
 */
void cut_move(struct cut *cut, uint32_t to)
{
	const struct trace_event *event;

	for (; cut->at < to; cut->at++) {
		event = &cut->trace->event[cut->at];
		switch (event->kind) {
		case TRACE_WRITE:
			cut->pending[event->who][cut->pendings[event->who]++] = cut->at;
			break;
		case TRACE_DONE:
			if (cut->trace->event[event->number].kind == TRACE_FLUSH ? !cut->no_flush :
			    cut->trace->event[event->number].fua)
				settle(cut, event->who, event->number);
			break;
		case TRACE_ISSUE:
			cut->mark[event->who].issued = event->number;
			break;
		case TRACE_ACK:
			cut->mark[event->who].acked = event->number;
			break;
		case TRACE_FLUSH:
			break;
		}
	}
}

/* --- what else may be there -------------------------------------------------------------- */

/* How a disk treats its unflushed writes. */
struct habit {
	uint32_t keep;			/* chance in 256 that a write is there */
	uint32_t tear;			/* chance in 256 that it is torn */
	uint32_t grain;			/* bytes, where it is */
	bool prefix;			/* nothing after the first that is missing */
};

static struct habit draw_habit(uint64_t *random)
{
	static const uint16_t keep[8] = { 0, 256, 26, 128, 230, 128, 192, 64 };
	uint64_t r = cut_draw(random);

	return (struct habit){
		.keep = keep[r & 7],
		.tear = r >> 3 & 1 ? r >> 8 & 0xff : 0,
		.grain = r >> 4 & 1 ? TEAR_512 : TEAR_4K,
		.prefix = (r >> 5 & 7) == 0,
	};
}

static void put_torn(struct cut *cut, unsigned int i, const struct trace_event *write,
		     uint32_t grain)
{
	uint32_t at, part;

	for (at = 0; at < write->len; at += part) {
		part = write->len - at < grain ? write->len - at : grain;
		if (cut_draw(&cut->random) & 1)
			disk_put(&cut->disks->disk[i], write->offset + at, write->data + at, part);
	}
}

static void apply_pending(struct cut *cut, unsigned int i, struct habit habit)
{
	const struct trace_event *write;
	uint32_t j;

	for (j = 0; j < cut->pendings[i]; j++) {
		write = &cut->trace->event[cut->pending[i][j]];
		if ((cut_draw(&cut->random) & 0xff) >= habit.keep) {
			if (habit.prefix)
				return;
			continue;
		}
		if ((cut_draw(&cut->random) & 0xff) < habit.tear)
			put_torn(cut, i, write, habit.grain);
		else
			disk_put(&cut->disks->disk[i], write->offset, write->data, write->len);
	}
}

/**
 * cut_apply - make the disks what the power failure leaves
 * @cut:	cut; the volume is down
 * @kind:	what becomes of writes that are not durable
 * @seed:	for CUT_RANDOM
 */
void cut_apply(struct cut *cut, enum cut_kind kind, uint64_t seed)
{
	struct habit all = { .keep = 256 }, common;
	unsigned int i;

	disks_restore(cut->disks, cut->durable);
	if (kind == CUT_NOTHING)
		return;
	cut->random = seed;
	common = draw_habit(&cut->random);
	for (i = 0; i < cut->disks->n; i++) {
		if (kind == CUT_ALL)
			apply_pending(cut, i, all);
		else if (seed & 1)
			apply_pending(cut, i, common);
		else
			apply_pending(cut, i, draw_habit(&cut->random));
	}
}
