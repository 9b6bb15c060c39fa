/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a power failure leaves of a trace: of each disk everything that a flush or
 * FUA made durable before the cut, and of the other writes whatever chance likes.
 */
#ifndef CRASH_CUT_H
#define CRASH_CUT_H

#include "disk.h"
#include "record.h"

enum cut_kind {
	CUT_NOTHING,			/* nothing that was not flushed is there */
	CUT_ALL,			/* all that was received is there */
	CUT_RANDOM,			/* a subset, some of them torn; each disk its own way */
};

/* A cut that moves on through a trace. */
struct cut {
	struct disks *disks;
	const struct trace *trace;
	uint8_t **durable;		/* images */
	uint32_t at;			/* events that have happened */
	uint32_t *pending[DISKS_MAX];	/* writes that are not durable, in order */
	uint32_t pendings[DISKS_MAX];
	uint64_t random;
	bool no_flush;			/* the disks lie: a flush does nothing */
	struct record_mark mark[256];	/* of the workload's threads */
};

void cut_start(struct cut *cut, struct disks *disks, const struct trace *trace, uint8_t **durable);
void cut_end(struct cut *cut);
void cut_move(struct cut *cut, uint32_t to);
void cut_apply(struct cut *cut, enum cut_kind kind, uint64_t seed);
uint64_t cut_draw(uint64_t *state);

#endif /* CRASH_CUT_H */
