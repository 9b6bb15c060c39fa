/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members with keys, and the first state of them: two of three; dave only looks on. */
#ifndef TESTS_GOVERN_UTIL_H
#define TESTS_GOVERN_UTIL_H

#include <errno.h>
#include <stdio.h>

#include "text_util.h"

#include "govern/govern.h"

#define NOW	1800000000u
#define QUORUM	"group two 2 alice bob carol\nquorum two\n"

enum { ALICE, BOB, CAROL, DAVE, EVE, PEOPLE };

static struct note_signer person[PEOPLE];
static char vkey[PEOPLE][NOTE_KEY_TEXT_MAX];
static char why[GOVERN_WHY];

static inline int make_people(void **state)
{
	static const char *const names[PEOPLE] = { "alice", "bob", "carol", "dave", "eve" };
	unsigned int i;

	(void)state;
	for (i = 0; i < PEOPLE; i++) {
		const uint8_t seed[ED25519_SEED_BYTES] = { 9, i };

		if (note_signer_make(str_of(names[i]), NOTE_ED25519, seed, &person[i]))
			return -1;
		note_verifier_print(&person[i].verifier, vkey[i]);
	}
	return 0;
}

static inline json_t *first_members(void)
{
	return json_pack("[{s:s, s:[s]}, {s:s, s:[s,s]}, {s:s, s:[s]}, {s:s, s:[s]}]",
			 "key", vkey[ALICE], "roles", "voter",
			 "key", vkey[BOB], "roles", "voter", "custodian",
			 "key", vkey[CAROL], "roles", "voter",
			 "key", vkey[DAVE], "roles", "custodian");
}

static inline void begin(struct govern_state *s)
{
	json_t *members = first_members();

	if (govern_state_begin(s, members, QUORUM, NOW, why))
		fail_msg("%s", why);
	json_decref(members);
}

/* A ballot of one's own, in static memory. */
static inline struct str ballot(unsigned int who, const char *id, bool yes)
{
	static char text[16][GOVERN_BALLOT_MAX];
	static unsigned int next;
	struct out o = OUT(text[next++ % 16], GOVERN_BALLOT_MAX);

	assert_int_equal(govern_ballot_make(&o, &person[who], id, yes), 0);
	return out_written(&o);
}

/* @actions: JSON, in which each ' stands for a ". */
static inline int try_propose(struct govern_proposal *p, const struct govern_state *s,
			      const char *actions)
{
	char text[2048];
	json_t *list;
	char *c;
	int rc;

	snprintf(text, sizeof(text), "%s", actions);
	for (c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	list = json_loads(text, 0, NULL);
	if (!list)
		fail_msg("%s", text);
	rc = govern_proposal_make(p, s, list, NOW + 1000, why);
	json_decref(list);
	return rc;
}

static inline void propose(struct govern_proposal *p, const struct govern_state *s,
			   const char *actions)
{
	if (try_propose(p, s, actions))
		fail_msg("%s", why);
}

/* With a key in the place of %s. */
static inline void propose_key(struct govern_proposal *p, const struct govern_state *s,
			       const char *actions, unsigned int who)
{
	char text[2048];

	snprintf(text, sizeof(text), actions, vkey[who]);
	propose(p, s, text);
}

#endif /* TESTS_GOVERN_UTIL_H */
