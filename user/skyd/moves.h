/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments that leave a location: one that is lost, or that is to be taken away.
 *
 *	care_move.c		which they are: walks through all records, again and again
 *	backend_move.c		gateways make them anew: META_MOVE, META_MOVE_SIGN, META_MOVE_END
 *	admin_repair.c		what the administrator says, and is told
 *
 * A job is a location, and lasts in the store.  Its tasks do not: whatever a backend or a gateway
 * was about when it died is found again by the next walk, and what may have been sent is in the
 * store's table of moves.
 *
 * Scrubs (scrubs.h) have jobs of their own here, which no walk fills: their tasks are of fragments
 * that stay where they are, and are there by META_REPAIR's rules.
 */
#ifndef SKYD_MOVES_H
#define SKYD_MOVES_H

#include "pipe/manifest.h"
#include "plan_private.h"
#include "store_move.h"

#define MOVE_WHYS	8u
#define MOVE_WHY_LEN	200u

/* One fragment.  Who waits meanwhile looks for it again by its id. */
struct move_task {
	struct move_task *next;
	u64 id;
	int64_t until;			/* a gateway has it; 0: nobody */
	u16 target;			/* 0: not yet */
	bool shared;			/* somebody else may still be sending it there */
	bool wrong;			/* of a scrub: what is there is to be deleted first */
	u8 generation[STORE_GENERATION_BYTES];
	u8 row;
	struct store_home home;		/* without records */
	u8 name[];			/* what home.name points to */
};

/* Why some of them stay where they are. */
struct move_why {
	u64 generations;
	char text[MOVE_WHY_LEN];
};

struct move_whys {
	unsigned int count;
	u64 generations;		/* of all */
	struct move_why why[MOVE_WHYS];
};

enum move_phase { MOVE_COUNTS, MOVE_MOVES, MOVE_STUCK, MOVE_WAITS };

/* Freed by the fiber of care_move.c only. */
struct move_job {
	struct move_job *next;
	struct store_repair row;	/* without targets */
	u16 *only;
	unsigned int onlys;
	bool gone;			/* called off */
	bool stays;			/* a scrub's */
	enum move_phase phase;
	struct store_walk walk;
	int64_t walk_began;
	u64 counted;
	unsigned int pause;		/* ms after a walk that failed */
	u64 moved_before;		/* at the end of the last walk */
	bool walked;			/* to the end; tasks may be left */
	bool found, failed;		/* in this walk: something to move; it did not work */
	bool again;			/* records have come that name it */
	bool last;			/* if this walk finds nothing, it is done */
	u64 pieces;			/* as store_unfinished() has it */
	u64 until;			/* waits: what was begun before ends by then */
	int64_t rest;			/* not before */
	struct move_task *task;
	unsigned int tasks;
	struct move_whys why, before;	/* of this walk, and of the last */
	int64_t since;			/* window of the figures below */
	u64 window_bytes, window_moved;
	double byte_rate, rate;		/* a second */
};

struct moves {
	struct move_job *job;
	struct io_event wake;
	bool stale;			/* the jobs have to be read from the store */
	u64 loads;			/* how often that was done */
	u64 next_id;
	double room;			/* bytes that may be given out now */
	int64_t filled;
};

/* --- care_move.c --- */
int moves_open(struct backend *b);
void moves_close(struct backend *b);
int care_move_fiber(void *arg);
/* One step of it, for tests.  Return: how long it may rest, in ms; or an error. */
int64_t moves_step(struct backend *b);
/* Read the jobs of the store. */
int moves_load(struct backend *b);
/* Jobs have been begun, or changed, in the store. */
void moves_changed(struct backend *b);
/* Records, or a piece, have been committed: may they name what is being left? */
void moves_look(struct backend *b, struct rpc_bytes records, u64 piece);
struct move_job *moves_find(struct backend *b, u16 location);
void move_why(struct move_job *job, const char *text);
/* NULL: there is none (any more). */
struct move_task *move_task_find(struct backend *b, u64 id, struct move_job **job);
/* One more, if there is none of that fragment.  Return: 0 or -ENOMEM. */
int move_task_add(struct backend *b, struct move_job *job, const struct store_home *home,
		  const struct record *r, u8 row, bool wrong);
void move_task_drop(struct move_job *job, struct move_task *task);
/* It has been moved. */
void move_done(struct backend *b, struct move_job *job, u64 bytes);
/*
 * The record of a generation among @records, and the page it is in.  Return: false: it is not
 * there, or its row is not at @from any more.
 */
bool move_find_record(struct store_text records, const u8 generation[STORE_GENERATION_BYTES],
		      u8 row, u16 from, struct record *r);

#endif /* SKYD_MOVES_H */
