/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Governance on a disk:
 *
 *	state.json			the state
 *	state.next			one that has been decided, and is on its way there
 *	history/000000.json		the states before
 *	proposals/ID/proposal.json
 *	proposals/ID/KEYID.ballot	one for each member
 *	proposals/ID/proposer		the ballot of whom it is, if a member has signed it
 *	attestation.json		policies of the state, for those who read files;
 *	admission.json			made anew whenever they differ from it
 *	lock				held while anything is changed
 *
 * A proposal is applied in this order, each step durable before the next: the state as it is into
 * history; what it becomes as state.next; the ledger's entry; the name state.json.  Once
 * state.next is whole it will be the state: whoever comes next completes what was begun, after it
 * has been shown again that the proposal had passed.  One that is cut off never was.
 */
#ifndef SKY_GOVERN_FOLDER_H
#define SKY_GOVERN_FOLDER_H

#include "govern.h"
#include "ledger/entry.h"

#define GOVERN_PATH		4096u
#define GOVERN_PROPOSALS	256u	/* that are kept at once, by all */
#define GOVERN_PROPOSER		"proposer"

struct govern_folder {
	const char *path;
	/*
	 * Tell the audit ledger; durable when it returns 0.  NULL: there is none.  What it is told
	 * may have been told before when a crash came between.
	 */
	int (*tell)(void *ctx, const struct ledger_event *e);
	void *ctx;
	const char *actor;		/* of what is told */
};

/* All return 0 or an error of govern.h, or -errno of the disk, with @why. */

/* Make a folder with its first state.  -EEXIST: there is one. */
int govern_folder_init(const struct govern_folder *f, const struct govern_state *s,
		       char why[GOVERN_WHY]);

/* The state as it is; nothing is changed. */
int govern_folder_read(const struct govern_folder *f, struct govern_state *s,
		       char why[GOVERN_WHY]);

/* The same, after what was begun has been completed, and policies have been written. */
int govern_folder_load(const struct govern_folder *f, struct govern_state *s,
		       char why[GOVERN_WHY]);

/*
 * Keep a proposal for the state as it is.  @ballot: of the member whose proposal it is, who votes
 * with it; none: nobody's.  -EEXIST: it is there already; -ENOSPC: the proposer has too many.
 */
int govern_folder_propose(const struct govern_folder *f, const struct govern_proposal *p,
			  struct str ballot, uint64_t now, char why[GOVERN_WHY]);

/* Keep a ballot.  -ENOENT: there is no such proposal; -EEXIST: the member has voted. */
int govern_folder_vote(const struct govern_folder *f, const char *id, struct str ballot,
		       uint64_t now, char why[GOVERN_WHY]);

/* Apply a proposal.  @next receives the state afterwards; govern_state_close() it. */
int govern_folder_apply(const struct govern_folder *f, const char *id, uint64_t now,
			struct govern_state *next, char why[GOVERN_WHY]);

/* Where a proposal stands. */
struct govern_standing {
	struct govern_proposal p;
	struct govern_count count;
	const char *is;			/* "open", "passed", "rejected", "stale", "expired" */
};

/* Called with each proposal.  Return: 0, or what the call returns. */
typedef int govern_visit(void *ctx, const struct govern_standing *standing);

/* @id: one alone; NULL: all of them. */
int govern_folder_look(const struct govern_folder *f, const struct govern_state *s,
		       const char *id, uint64_t now, govern_visit *visit, void *ctx,
		       char why[GOVERN_WHY]);

/*
 * folder_room.c, under the lock: may there be another proposal of a member of the state, or of
 * nobody (as many as it has)?  What is over may be taken away.  Return: 0, -ENOSPC, -errno.
 */
int govern_folder_room(const struct govern_folder *f, const struct govern_state *s,
		       unsigned int by, uint64_t now, char why[GOVERN_WHY]);

/* Called with each state from the first one on.  Return: as govern_visit. */
typedef int govern_seen(void *ctx, const struct govern_state *s);

/* Do all steps again, from the first state to the one that is.  @seen may be NULL. */
int govern_folder_verify(const struct govern_folder *f, govern_seen *seen, void *ctx,
			 char why[GOVERN_WHY]);

#endif /* SKY_GOVERN_FOLDER_H */
