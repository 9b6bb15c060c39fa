// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies of tlog-policy: what is taken lies in the text, names are unique, nobody counts twice,
 * and more witnesses are never fewer.  Answers of witnesses: nobody's signature is found.
 */
#include "../../user/lib/ledger/tlog_policy.h"
#include "../../user/lib/ledger/witness_ask.h"
#include "fuzz_util.h"

static void inside(struct str all, struct str s)
{
	require(!s.len || (s.at >= all.at && s.at + s.len <= all.at + all.len));
}

static void look(const struct tlog_policy *p, struct str text)
{
	uint64_t witnesses = 0, groups = 0;
	unsigned int i, j;

	for (i = 0; i < p->logs; i++)
		inside(text, p->log[i].url);
	for (i = 0; i < p->witnesses; i++) {
		inside(text, p->witness[i].name);
		inside(text, p->witness[i].url);
		for (j = 0; j < i; j++)
			require(!str_equal(p->witness[i].name, p->witness[j].name));
	}
	for (i = 0; i < p->groups; i++) {
		const struct tlog_group *g = &p->group[i];

		require(!(g->witnesses & witnesses) && !(g->groups & groups));
		require(!(g->groups >> i) && g->threshold);
		require(g->threshold <= (unsigned int)__builtin_popcountll(g->witnesses) +
						__builtin_popcountll(g->groups));
		witnesses |= g->witnesses;
		groups |= g->groups;
	}
	require(tlog_policy_met(p, ~0ull));
	require(p->none || !tlog_policy_met(p, 0));
	for (witnesses = 0, i = 0; i < p->witnesses; i++) {
		bool before = tlog_policy_met(p, witnesses);

		witnesses |= 1ull << i;
		require(tlog_policy_met(p, witnesses) || !before);
	}
}

static void answers(struct str text)
{
	static const struct note_verifier nobody = { "nobody.example", 1, NOTE_COSIGNATURE, { 9 } };
	static const unsigned int status[] = { 200, 403, 404, 409, 422, 500 };
	const struct checkpoint said = { STR("log"), 7, { { 1 } }, STR_NONE };
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	unsigned int i;
	uint64_t old;

	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		old = 5;
		require(witness_answered(&nobody, &said, STR("log\n7\nx\n"), &old, status[i], text,
					 line, why) != WITNESS_SAID_YES);
		require(old <= 7);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tlog_policy p;
	struct str text = own_copy(data, size);
	char why[TLOG_WHY];

	memset(&p, 0, sizeof(p));
	if (!tlog_policy_parse(&p, text, why))
		look(&p, text);
	answers(text);
	free((char *)text.at);
	return 0;
}
