// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ballot is a signed note.  Its first line says what it is, so that a key which signs other
 * notes, too, has not voted by one of those:
 *
 *	skyhold ballot
 *	ID OF THE PROPOSAL
 *	yes
 *
 *	U+2014 NAME SIGNATURE
 */
#include <errno.h>

#include "govern_private.h"

#define TITLE	"skyhold ballot\n"

int govern_ballot_make(struct out *o, const struct note_signer *member, const char *id, bool yes)
{
	const size_t begin = o->len;
	char line[NOTE_LINE_MAX];
	int rc;

	out_text(o, TITLE);
	out_text(o, id);
	out_text(o, yes ? "\nyes\n" : "\nno\n");
	rc = o->err ? o->err : note_sign(member, str_skip(out_written(o), begin), 0, line);
	if (rc)
		return rc;
	out_char(o, '\n');
	out_text(o, line);
	return o->err;
}

/* What it says, before it is known who says so. */
static int read_text(struct str text, const char *id, bool *yes, char why[GOVERN_WHY])
{
	struct str line;

	if (!str_starts(text, STR(TITLE)))
		return govern_refuse(why, -EBADMSG, "is no ballot");
	text = str_skip(text, strlen(TITLE));
	str_cut(&text, '\n', &line);
	if (!str_is(line, id))
		return govern_refuse(why, -EBADMSG, "the ballot is about another proposal, %.64s",
				     line.len == GOVERN_ID - 1 ? line.at : "");
	*yes = str_is(text, "yes\n");
	return *yes || str_is(text, "no\n") ? 0 :
	       govern_refuse(why, -EBADMSG, "the ballot says neither yes nor no");
}

/* Of the member himself, and of nobody besides. */
static int find_voter(const struct govern_state *s, const struct note *n, unsigned int *member,
		      char why[GOVERN_WHY])
{
	struct str rest = n->signatures;
	struct note_signature one;
	unsigned int i;

	if (n->count != 1 || !note_next(&rest, &one))
		return govern_refuse(why, -EBADMSG, "a ballot has one signature");
	for (i = 0; i < s->members; i++)
		if (str_is(one.name, s->member[i].key.name) && one.id == s->member[i].key.id)
			break;
	if (i == s->members)
		return govern_refuse(why, -EACCES, "the ballot's key %.*s+%08x is no member's",
				     (int)(one.name.len < 64 ? one.name.len : 64), one.name.at,
				     one.id);
	if (note_verify(n, &s->member[i].key, NULL))
		return govern_refuse(why, -EBADMSG, "the ballot has not been signed by %s",
				     s->member[i].key.name);
	*member = i;
	return s->member[i].voter ? 0 :
	       govern_refuse(why, -EACCES, "%s is a member, and has no vote",
			     s->member[i].key.name);
}

int govern_ballot_open(struct govern_ballot *b, const struct govern_state *s, const char *id,
		       struct str bytes, char why[GOVERN_WHY])
{
	struct note n;
	int rc;

	if (bytes.len > GOVERN_BALLOT_MAX || note_parse(bytes, &n))
		return govern_refuse(why, -EBADMSG, "the ballot is no signed note");
	rc = read_text(n.text, id, &b->yes, why);
	return rc ? rc : find_voter(s, &n, &b->member, why);
}

int govern_count(struct govern_count *c, const struct govern_state *s, const char *id,
		 const struct str *ballots, unsigned int count,
		 struct str which[GOVERN_MEMBERS], char why[GOVERN_WHY])
{
	uint64_t yes = 0, no = 0;
	struct govern_ballot b;
	unsigned int i, voter;
	int rc;

	memset(which, 0, GOVERN_MEMBERS * sizeof(*which));
	for (i = 0; i < count; i++) {
		rc = govern_ballot_open(&b, s, id, ballots[i], why);
		if (rc)
			return rc;
		if (which[b.member].len)
			return govern_refuse(why, -EEXIST, "%s has voted twice",
					     s->member[b.member].key.name);
		which[b.member] = ballots[i];
		for (voter = 0; s->quorum->witness[voter].name.at != s->member[b.member].key.name; )
			voter++;
		*(b.yes ? &yes : &no) |= 1ull << voter;
	}
	*c = (struct govern_count){
		.yes = __builtin_popcountll(yes), .no = __builtin_popcountll(no),
		.voters = s->quorum->witnesses, .passed = tlog_policy_met(s->quorum, yes),
		.rejected = !tlog_policy_met(s->quorum, ~no),
	};
	return 0;
}
