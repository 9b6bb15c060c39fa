/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Governance: who may change what is believed and allowed, and how many of them it takes.
 *
 * The state is one document: members, quorum, policies, approved PCRs.  A proposal names the
 * state that it is made for (its hash) and what is to be done; a ballot is a signed note over the
 * proposal's id.  A state that came of a proposal has the proposal and its ballots in it, so that
 * anybody who has the state before can do the step again and has to get the same bytes: nothing
 * that is kept or sent need be believed.
 *
 *	state.c		the document
 *	action.c	what proposals can do to it
 *	proposal.c	proposals
 *	ballot.c	ballots, and what they come to
 *	step.c		from one state to the next
 *	folder.c	all of them on a disk
 *	recovery.c	shares of the recovery key
 *
 * Documents are canonical JSON (RFC 8785): members in the order of their names, no spaces, whole
 * numbers; texts have no control characters but tab and newline.  Another form is refused, so that
 * a document has one hash.
 *
 * All that is read may come from strangers.  What is refused has a text @why, and an error:
 *
 *	-EBADMSG	is no such document, or its hash or signature is wrong
 *	-ESTALE		is made for another state than this one
 *	-ETIME		its time is over
 *	-EACCES		the ballot is of nobody who may vote
 *	-EEXIST		somebody's second ballot
 *	-EAGAIN		short of the quorum
 *	-EINVAL		cannot be done: the action makes no sense in this state
 *	-ENOMEM
 */
#ifndef SKY_GOVERN_GOVERN_H
#define SKY_GOVERN_GOVERN_H

#include <jansson.h>

#include "base/out.h"
#include "ledger/tlog_policy.h"

#define GOVERN_MEMBERS		TLOG_WITNESSES
#define GOVERN_NAME_MAX		64u		/* bytes of names of members, policies, PCRs */
#define GOVERN_DOCUMENT_MAX	65536u		/* bytes of a policy */
#define GOVERN_STATE_MAX	(1000u << 10)	/* bytes of a state */
#define GOVERN_PROPOSAL_MAX	(256u << 10)	/* bytes of a proposal */
#define GOVERN_ACTIONS		32u		/* of a proposal */
#define GOVERN_ENTRIES		64u		/* storage policies; sets of PCRs */
#define GOVERN_BALLOT_MAX	1024u		/* bytes of a ballot */
#define GOVERN_ID		65u		/* a hash in hexadecimal digits, with its NUL */
#define GOVERN_WHY		256u

struct govern_member {
	struct note_verifier key;	/* the member has its name */
	bool voter;
	bool custodian;			/* is given a share of the recovery key */
};

struct govern_state {
	json_t *root;
	char *bytes;			/* canonical */
	size_t len;
	char hash[GOVERN_ID];		/* SHA-256 of these: what proposals have as their base */
	uint64_t version;		/* 0: nothing has been decided yet */
	uint64_t time;			/* of the decision or beginning, in seconds since 1970 */
	struct govern_member *member;	/* GOVERN_MEMBERS places */
	unsigned int members;
	struct tlog_policy *quorum;	/* its witnesses are the voters */
};

/* --- state.c --------------------------------------------------------------------------- */

/**
 * govern_state_open - read a state
 * @s:		receives it; govern_state_close() it, also after an error
 *
 * Return: 0 or an error.  Whether it is the right one is another question.
 */
int govern_state_open(struct govern_state *s, struct str bytes, char why[GOVERN_WHY]);
void govern_state_close(struct govern_state *s);

/**
 * govern_state_begin - the first state
 * @members:	[{"key": VERIFIER KEY, "roles": ["voter", "custodian"]}, ...]
 * @quorum:	lines "group" and "quorum" of tlog-policy, over the names of voters' keys
 * @time:	seconds since 1970
 *
 * Return: 0 or an error.
 */
int govern_state_begin(struct govern_state *s, const json_t *members, const char *quorum,
		       uint64_t time, char why[GOVERN_WHY]);

enum govern_document { GOVERN_ATTESTATION, GOVERN_ADMISSION, GOVERN_DOCUMENTS };

/* A policy as it was proposed; nothing: there is none. */
struct str govern_document(const struct govern_state *s, enum govern_document which);
/* All storage policies: texts by their names. */
const json_t *govern_storage(const struct govern_state *s);
/* All approved PCRs: [{"name": TEXT, "bank": "sha256", "pcrs": {"4": DIGITS, ...}}, ...] */
const json_t *govern_pcrs(const struct govern_state *s);
/* The actions that led to this state; NULL for the first one. */
const json_t *govern_done(const struct govern_state *s);
/* The id of the proposal that did; "" for the first one. */
const char *govern_done_by(const struct govern_state *s);
/* May the recovery key of this group be put together now? */
bool govern_may_recover(const struct govern_state *s, const char *group, uint64_t now);

/* --- proposal.c ------------------------------------------------------------------------ */

struct govern_proposal {
	json_t *root;
	char *bytes;			/* canonical */
	size_t len;
	char id[GOVERN_ID];		/* SHA-256 of it without its id */
	const char *base;		/* hash of the state that it is made for */
	uint64_t not_after;		/* the last second since 1970 that it can be applied in */
	const json_t *actions;
};

int govern_proposal_open(struct govern_proposal *p, struct str bytes, char why[GOVERN_WHY]);
void govern_proposal_close(struct govern_proposal *p);

/**
 * govern_proposal_make - a proposal that could be applied to a state
 * @actions:	[{"do": NAME, ...}, ...], of action.c
 *
 * Return: 0 or an error.
 */
int govern_proposal_make(struct govern_proposal *p, const struct govern_state *s,
			 const json_t *actions, uint64_t not_after, char why[GOVERN_WHY]);

/* --- ballot.c -------------------------------------------------------------------------- */

struct govern_ballot {
	unsigned int member;		/* of the state */
	bool yes;
};

/* Write a ballot.  Return: 0, -EIO, or -EMSGSIZE. */
int govern_ballot_make(struct out *o, const struct note_signer *member, const char *id, bool yes);

/* Whose it is, and what it says.  Return: 0 or an error. */
int govern_ballot_open(struct govern_ballot *b, const struct govern_state *s, const char *id,
		       struct str bytes, char why[GOVERN_WHY]);

/* What ballots come to. */
struct govern_count {
	unsigned int yes, no, voters;
	bool passed;
	bool rejected;			/* it cannot pass any more */
};

/* @which: GOVERN_MEMBERS texts; none: the member has not voted.  Return: 0 or an error. */
int govern_count(struct govern_count *c, const struct govern_state *s, const char *id,
		 const struct str *ballots, unsigned int count,
		 struct str which[GOVERN_MEMBERS], char why[GOVERN_WHY]);

/* --- step.c ---------------------------------------------------------------------------- */

/**
 * govern_step - what a state becomes by a proposal that has passed
 * @next:	receives it; govern_state_close() it, also after an error
 * @s:		as it is
 * @ballots:	@count of them
 * @now:	seconds since 1970
 *
 * All actions are done, or none.  Return: 0 or an error.
 */
int govern_step(struct govern_state *next, const struct govern_state *s,
		const struct govern_proposal *p, const struct str *ballots, unsigned int count,
		uint64_t now, char why[GOVERN_WHY]);

/* Did @next come of @s by a proposal that had passed?  Return: 0 or an error. */
int govern_step_verify(const struct govern_state *s, const struct govern_state *next,
		       char why[GOVERN_WHY]);

#endif /* SKY_GOVERN_GOVERN_H */
