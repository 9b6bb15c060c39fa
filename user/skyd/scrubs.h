/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scrubs: what a location has is compared with what names its fragments.
 *
 *	care_scrub.c		listing, comparing, deleting
 *	care_scrub_read.c	what is named: is it there, and is it what was written?
 *	admin_scrub.c		what the administrator says, and is told
 */
#ifndef SKYD_SCRUBS_H
#define SKYD_SCRUBS_H

#include "moves.h"
#include "store_scrub.h"

#define SCRUB_NAME_MAX	1088u		/* of anything that may lie at a location */
#define SCRUB_WHY	200u

/* A fragment that is there. */
struct scrub_name {
	u8 generation[STORE_GENERATION_BYTES];
	u8 row;
	bool named;
	u64 len;
};

struct plan_place;
struct scrub_step;

/* Freed by the fiber of care_scrub.c only. */
struct scrub_job {
	struct scrub_job *next;
	struct store_scrub row;
	bool gone;			/* called off */
	size_t last_len;		/* the listing is there: fragments or not */
	char last[SCRUB_NAME_MAX];
	bool ended;			/* nothing is listed behind it */
	bool seen;			/* a step has ended that is not in the store yet */
	int64_t rest;			/* not before */
	u64 made;			/* of repairs->row.moved: counted already */
	struct move_job *repairs;	/* NULL: nothing has had to be made anew */
	struct scrub_step *step;	/* deletes what it has found without a name; or NULL */
	char why[SCRUB_WHY];		/* it waits, or was refused */
};

struct scrubs {
	struct scrub_job *job;
	struct io_event wake;
	bool stale;			/* the jobs have to be read from the store */
	u64 loads;			/* how often that was done */
	int64_t alive;			/* when the store has to be told next */
};

/* Names of one step, by generation and row. */
struct scrub_step {
	struct backend *b;
	struct scrub_job *job;
	struct scrub_name *name;
	unsigned int count;
	struct store_scrub_counts counts;	/* of this step */
	bool *here;			/* by number: that location is this one */
};

/* --- care_scrub.c --- */
int scrubs_open(struct backend *b);
void scrubs_close(struct backend *b);
int care_scrub_fiber(void *arg);
/* One step of it, for tests.  Return: how long it may rest, in ms; or an error. */
int64_t scrubs_step(struct backend *b);
int scrubs_load(struct backend *b);
void scrubs_changed(struct backend *b);
struct scrub_job *scrubs_find(struct backend *b, u16 location);
struct scrub_name *scrub_find_name(struct scrub_step *s,
				   const u8 generation[STORE_GENERATION_BYTES], u8 row);
/*
 * Is this fragment among those out of which a step deletes?  To be asked when a name for it is in
 * the store: the step has seen that name, or is seen here.
 */
bool scrub_dooms(struct backend *b, u16 location, const u8 generation[STORE_GENERATION_BYTES],
		 u8 row);
/* One too many is the safe side: neither the scheme counts, nor how the host is written. */
bool scrub_same_place(const struct plan_place *a, const struct plan_place *b);

/* --- care_scrub_read.c --- */
/*
 * Look at all that is named of what the step has listed, or should have.  Return: 0; -EAGAIN: the
 * location does not answer; an error.
 */
int scrub_look(struct scrub_step *s, const char *from, const char *to);

#endif /* SKYD_SCRUBS_H */
