/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store: locations that are compared with what names their fragments.  As store.h has it. */
#ifndef SKYD_STORE_SCRUB_H
#define SKYD_STORE_SCRUB_H

#include "store_move.h"

#define STORE_SCRUB_AFTER_MAX	64u

enum store_scrub_state { STORE_SCRUB_RUNS, STORE_SCRUB_PAUSED, STORE_SCRUB_DONE,
			 STORE_SCRUB_REFUSED };

struct store_scrub_counts {
	u64 listed;			/* fragments that are there */
	u64 read;			/* bytes of those that were read */
	u64 unnamed;			/* of the listed: nothing names them */
	u64 young;			/* of those: they may be on their way still */
	u64 foreign;			/* of those: of a time when this store was not there */
	u64 deleted;
	u64 missing;			/* named, and not there */
	u64 wrong;			/* named, and not what was written */
	u64 made;			/* of both: made anew */
};

#define STORE_SCRUB_COUNTS	(sizeof(struct store_scrub_counts) / sizeof(u64))

struct store_scrub {
	u16 location;
	enum store_scrub_state state;
	bool reads;			/* all that is there is read, too */
	bool accept;			/* what is foreign is deleted, too */
	unsigned int pass;		/* 1 looks and has made anew, 2 deletes */
	u64 began, ended;
	struct store_scrub_counts counts;
	size_t after_len;		/* names up to this one have been seen by this pass */
	char after[STORE_SCRUB_AFTER_MAX];
};

/* Begin one, or begin it anew. */
int store_scrub_begin(struct store *s, const struct store_scrub *scrub);
/* How far it is: -STORE_NO_SUCH_LOCATION when it has been called off, or is another one. */
int store_scrub_save(struct store *s, const struct store_scrub *scrub);
int store_scrub_drop(struct store *s, u16 location);
int store_scrub_list(struct store *s, struct store_arena *a, struct store_scrub **scrubs);

/*
 * All that names fragments, as it was at one moment: @records is a page of which the generations of
 * @mask count.  Called on a thread of the store; nothing else may be asked meanwhile.
 */
struct store_namer {
	void (*records)(void *arg, struct store_text records, u64 mask);
	void (*one)(void *arg, const u8 generation[STORE_GENERATION_BYTES], u8 row, u16 location);
	void *arg;
};

int store_names(struct store *s, const struct store_namer *namer);

/*
 * Times of which the store knows nothing: it was not there, or what happened then is not in it,
 * since it has been restored from an older copy.  Microseconds since 1970.
 */
struct store_gap {
	u64 since, until;
};

/* It is there: what was before, since the last call or store_reserve(), is a gap after a @start. */
int store_alive(struct store *s, bool start);
/* Return: how many. */
int store_gaps(struct store *s, struct store_arena *a, struct store_gap **gaps);

#endif /* SKYD_STORE_SCRUB_H */
