/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies of C2SP tlog-policy: which logs there are, which witnesses, and how many of these make
 * a quorum.
 *
 *	log LOG+ID+KEY https://log.example/
 *	witness A W1+ID+KEY https://w1.example/
 *	witness B W2+ID+KEY
 *	witness C W3+ID+KEY
 *	group two 2 A B C
 *	quorum two
 *
 * Parsing takes no memory; what it hands out lies in the text.
 */
#ifndef SKY_LEDGER_TLOG_POLICY_H
#define SKY_LEDGER_TLOG_POLICY_H

#include "note.h"

#define TLOG_POLICY_MAX	65536u	/* bytes of a text */
#define TLOG_LOGS	32u
#define TLOG_WITNESSES	64u	/* a bit each in a set of them */
#define TLOG_GROUPS	64u
#define TLOG_WHY	160u

struct tlog_log {
	struct note_verifier key;
	struct str url;			/* or nothing */
};

struct tlog_witness {
	struct str name;		/* in this text; the key has one of its own */
	struct note_verifier key;
	struct str url;			/* or nothing */
};

struct tlog_group {
	struct str name;
	unsigned int threshold;		/* members that it takes */
	uint64_t witnesses, groups;	/* members; groups are earlier ones */
};

struct tlog_policy {
	unsigned int logs, witnesses, groups;
	struct tlog_log log[TLOG_LOGS];
	struct tlog_witness witness[TLOG_WITNESSES];
	struct tlog_group group[TLOG_GROUPS];
	bool none;			/* the quorum is met without anybody */
	struct tlog_group quorum;	/* of one member, without a name */
};

/**
 * tlog_policy_parse - read a policy
 * @p:		receives it; witnesses that are in it already have been defined before the first
 *		line, all else is zero
 * @text:	from a stranger; has to live as long
 * @why:	receives the line and what is wrong with it
 *
 * Return: 0, or -EINVAL.
 */
int tlog_policy_parse(struct tlog_policy *p, struct str text, char why[TLOG_WHY]);

/* Is this set of witnesses, a bit each, a quorum? */
bool tlog_policy_met(const struct tlog_policy *p, uint64_t witnesses);

/**
 * tlog_policy_cosigners - whose cosignatures a checkpoint has
 * @n:		the checkpoint's note
 * @set:	receives a bit for each witness whose signature is right
 *
 * Return: 0; -EBADMSG when one is wrong: the whole note is to be refused.
 */
int tlog_policy_cosigners(const struct tlog_policy *p, const struct note *n, uint64_t *set);

#endif /* SKY_LEDGER_TLOG_POLICY_H */
