/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store: all that names fragments, and fragments that leave a location.  As store.h has it. */
#ifndef SKYD_STORE_MOVE_H
#define SKYD_STORE_MOVE_H

#include "store.h"

/* --- store_walk.c: all records that name fragments ------------------------ */

enum store_home_kind { STORE_IN_OBJECT, STORE_IN_PART, STORE_IN_PAGE };

/* Where records lie, and what holds for them. */
struct store_home {
	enum store_home_kind kind;
	u64 bucket, seq;		/* of an object, or another version of that name */
	struct store_text name;
	u64 ref, at;			/* upload and number of a part; piece and start of a page */
	u64 team, policy, revision;
	struct store_text records;
	bool again;			/* a walk has probably seen it already */
};

/* What is walked through: versions that are the latest are seen twice, around the others. */
enum store_walk_stage { STORE_WALK_UPLOADS, STORE_WALK_OBJECTS, STORE_WALK_VERSIONS,
			STORE_WALK_AGAIN, STORE_WALK_END };

/* { 0 } stands at the beginning. */
struct store_walk {
	enum store_walk_stage stage;
	u64 bucket, seq, number;
	s64 start;
	size_t name_len;
	u8 name[STORE_NAME_MAX];
};

/*
 * The next homes, at most @max, those of unfinished uploads too; none that is in a page of a
 * piece which nothing names yet.  What is there all the while is seen, wherever it goes to.
 * Return: how many; 0 at the end, and never before.
 */
int store_walk(struct store *s, struct store_walk *walk, unsigned int max,
	       struct store_arena *a, struct store_home **homes);
/* The records as they are now: -STORE_NO_SUCH_KEY. */
int store_home_read(struct store *s, const struct store_home *home, struct store_arena *a,
		    struct store_text *records);
/*
 * Reservations that are older than store_repair.mark, and pieces that may have claimed one of them:
 * what becomes of them is not seen by a walk.  A piece may be opened long after what it claims was
 * reserved, so *@pieces, the number of the last one that may, is 0 as long as such reservations
 * are left, and all pieces count; the caller keeps it from call to call.
 * Return: 1 and when the last of them ends at the latest, or 0.
 */
int store_unfinished(struct store *s, u64 mark, u64 *pieces, u64 *until);

/* --- store_move.c: fragments that leave a location ------------------------ */

enum store_repair_state { STORE_REPAIR_RUNS, STORE_REPAIR_PAUSED, STORE_REPAIR_DONE };

/* One location that all fragments leave. */
struct store_repair {
	u16 location;
	enum store_repair_state state;
	bool reads;			/* it may be read still */
	u64 began, ended;
	u64 mark;			/* numbers of reservations of before */
	u64 total;			/* fragments, as counted; 0: not yet */
	u64 moved, bytes;
	struct store_text targets;	/* the caller's */
};

/* Begin, or begin again: location, reads and targets are the caller's. */
int store_repair_begin(struct store *s, const struct store_repair *repair);
/* -STORE_NO_SUCH_LOCATION: there is none for it. */
int store_repair_set(struct store *s, u16 location, enum store_repair_state state);
int store_repair_total(struct store *s, u16 location, u64 total);
int store_repair_drop(struct store *s, u16 location);
/* By location.  Return: how many. */
int store_repair_list(struct store *s, struct store_arena *a, struct store_repair **repairs);

#define STORE_GENERATION_BYTES	16

/* A fragment that no record names. */
struct store_move {
	u8 generation[STORE_GENERATION_BYTES];
	u8 row;
	u16 location;
	bool open;			/* it is being made */
	u64 due;			/* from then on it may be deleted */
};

/*
 * Before anything is sent: the fragment may be there from now on.  Again: it has until @due.
 * -EEXIST: one of that name is to be deleted there, and may not be put there before that.
 */
int store_move_open(struct store *s, const struct store_move *move);
/* All places of one fragment that no record names.  Return: how many. */
int store_move_places(struct store *s, const u8 generation[STORE_GENERATION_BYTES], u8 row,
		      struct store_arena *a, struct store_move **moves);
/* It is not needed: delete it from move->due on.  What is not open stays as it is. */
int store_move_fail(struct store *s, const struct store_move *move);

struct store_move_commit {
	const struct store_move *move;		/* open: from now on named by the records */
	const struct store_home *home;		/* its records are those that have been read */
	struct store_text records;		/* that take their place */
	u16 from;				/* where it was; deleted when readers are done */
	bool forget;				/* or was it: nobody asks that location any more */
	u64 bytes;
};

/*
 * -STORE_EXPIRED: the move is not open any more; -STORE_PRECONDITION: the records have changed,
 * or are not there.  Nothing has happened then.
 */
int store_move_commit(struct store *s, const struct store_move_commit *commit);
/*
 * What is to be deleted now, the longest due first; what is open and has taken too long is so
 * no more.  Return: how many.
 */
int store_move_due(struct store *s, unsigned int max, struct store_arena *a,
		   struct store_move **moves);
/* It is deleted, or is to be tried again later (@due above 0). */
int store_move_done(struct store *s, const struct store_move *move, u64 due);

#endif /* SKYD_STORE_MOVE_H */
