/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an entry of the ledger says.  Its bytes are canonical JSON (RFC 8785): members in the
 * order of their names, no spaces, one way to write each text.
 *
 *	{"action":"bucket.create","actor":"key:3f...","epoch":7,"object":"bucket:photos",
 *	 "policy":"","result":"ok","seq":12,"time":"2026-11-21T22:37:20.000123Z"}
 *
 * Persons are named by salted hashes: whoever has the salt can tell whether an entry is about
 * somebody, and when the salt is destroyed nobody can any more.
 */
#ifndef SKY_LEDGER_ENTRY_H
#define SKY_LEDGER_ENTRY_H

#include "base/out.h"
#include "crypto/hmac.h"

#define ENTRY_TEXT_MAX		1200u		/* bytes of each of the texts below */
#define ENTRY_REST		256u		/* bytes of all but the texts, at most */
#define ENTRY_MAX		(5 * 6 * ENTRY_TEXT_MAX + ENTRY_REST)
#define ENTRY_NUMBER_MAX	((1ull << 53) - 1)	/* of numbers, as RFC 8785 has them */
#define ENTRY_TIME		28u		/* bytes of a time, with its NUL */
#define ENTRY_PSEUDONYM		64u		/* bytes of one, with its NUL */

/* What is to be told. */
struct ledger_event {
	struct str actor;	/* who: "administrator", "key:DIGITS" */
	struct str action;	/* what: "NOUN.VERB" */
	struct str object;	/* of what: "NOUN:NAME" */
	struct str result;	/* "ok", or what went wrong */
	struct str policy;	/* SHA-256 of the policy that it was done under, or nothing */
};

struct ledger_entry {
	struct ledger_event event;
	uint64_t seq;		/* its number in the ledger, from 0 */
	uint64_t epoch;		/* of the counter when its batch was written */
	struct str time;	/* ENTRY_TIME - 1 bytes */
};

/* @us: microseconds since 1970; receives "2026-11-21T22:37:20.000123Z". */
void entry_time(uint64_t us, char text[ENTRY_TIME]);

/*
 * Write an entry.  What is not UTF-8 becomes "?".  Sets o->err to -EMSGSIZE for a text that is
 * too long, or a number.
 */
void entry_print(struct out *o, const struct ledger_entry *e);

/*
 * As many characters of a text as entry_print() takes, and writes with at most @max bytes: control
 * characters become up to six of them.
 */
struct str entry_head(struct str s, size_t max);

/**
 * entry_parse - read an entry
 * @bytes:	from a stranger
 * @to:		receives it; its texts lie in @bytes, and are still in JSON's notation
 *
 * Return: 0, or -EBADMSG for what entry_print() does not write.
 */
int entry_parse(struct str bytes, struct ledger_entry *to);

/* KIND ":" and 32 digits of a salted hash of kind and name.  @kind: at most 30 bytes. */
void entry_pseudonym(const struct hmac_key *salt, const char *kind, struct str name,
		     char text[ENTRY_PSEUDONYM]);

#endif /* SKY_LEDGER_ENTRY_H */
