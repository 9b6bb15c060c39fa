/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/bench/dm/measure.sh leaves: for each round N, N.json (fio's), N.stat
 * (snapshots around each job) and N.aead (AES-GCM alone).
 */
#ifndef SKYBENCH_DM_RAW_H
#define SKYBENCH_DM_RAW_H

#include <stdbool.h>
#include <stddef.h>

#define DM_STACKS	5
#define DM_MAX_ROWS	64
#define DM_MAX_ROUNDS	32
#define DM_NAME_MAX	32
#define DM_MAX_AEAD	256

/* Columns of the table. */
enum dm_metric {
	DM_RATE,			/* MB/s */
	DM_IOPS,
	DM_CPU,				/* nanoseconds of processor time for a byte */
	DM_MEMBER_BYTES,		/* read or written on members, for a byte */
	DM_MEMBER_OPS,			/* the same in operations */
	DM_METRICS,
};

/* One row for one stack: the rounds' figures, then their median. */
struct dm_cell {
	unsigned int rounds;
	double samples[DM_METRICS][DM_MAX_ROUNDS];
	double median[DM_METRICS];
};

struct dm_row {
	char name[DM_NAME_MAX];		/* randwrite-4k-q16, lost-... */
	struct dm_cell cell[DM_STACKS];
};

/* AES-GCM alone: every figure, then their median. */
struct dm_aead {
	size_t count;
	double samples[DM_MAX_AEAD];	/* ns/B */
	double median;
};

struct dm_raw {
	unsigned int rounds;
	size_t rows;
	struct dm_row row[DM_MAX_ROWS];
	struct dm_aead encrypt, decrypt;
};

/* Names of the stacks in jobs, dm-rlnc first. */
extern const char *const dm_stack_names[DM_STACKS];

/**
 * dm_raw_load() - Read all rounds and compute the medians.
 * @raw: filled in
 * @dir: folder with the rounds
 *
 * Return: 0, or -1 after a message when anything is missing or fio had an error.
 */
int dm_raw_load(struct dm_raw *raw, const char *dir);

/* Return: the row of that name, or NULL. */
const struct dm_row *dm_raw_row(const struct dm_raw *raw, const char *name);

#endif
