// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies of tlog-policy: what they take and refuse, whom they count, against a naive count of
 * all sets of witnesses.
 */
#include <errno.h>
#include <stdio.h>

#include "text_util.h"

#include "ledger/tlog_policy.h"

#define WITNESSES	6u

static char vkey[WITNESSES + 1][NOTE_KEY_TEXT_MAX];

static int make_keys(void **state)
{
	struct note_signer s;
	unsigned int i;

	(void)state;
	for (i = 0; i <= WITNESSES; i++) {
		uint8_t seed[ED25519_SEED_BYTES] = { 1 + i };
		char name[16];

		snprintf(name, sizeof(name), "w%u", i);
		if (note_signer_make(str_of(name), i == WITNESSES ? NOTE_ED25519 : NOTE_COSIGNATURE,
				     seed, &s))
			return -1;
		note_verifier_print(&s.verifier, vkey[i]);
	}
	return 0;
}

/* Witnesses A to F, and then @rest. */
static const char *with(const char *rest)
{
	static char text[4096];
	unsigned int i;
	int n = 0;

	for (i = 0; i < WITNESSES; i++)
		n += snprintf(text + n, sizeof(text) - n, "witness %c %s\n", 'A' + i, vkey[i]);
	snprintf(text + n, sizeof(text) - n, "%s", rest);
	return text;
}

static int parse(const char *text, struct tlog_policy *p)
{
	char why[TLOG_WHY] = "";
	int rc;

	memset(p, 0, sizeof(*p));
	rc = tlog_policy_parse(p, str_of(text), why);
	assert_true(!rc == !*why);
	return rc;
}

static void takes(void **state)
{
	struct tlog_policy p;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "# all of it\n\n \tlog\t%s  https://log.example/\t\nquorum none\n",
		 vkey[WITNESSES]);
	assert_int_equal(parse(text, &p), 0);
	assert_int_equal(p.logs, 1);
	assert_str(p.log[0].url, "https://log.example/");
	assert_true(p.none && tlog_policy_met(&p, 0));
	snprintf(text, sizeof(text), "witness X %s https://x.example\nquorum X\n", vkey[0]);
	assert_int_equal(parse(text, &p), 0);
	assert_str(p.witness[0].url, "https://x.example");
	assert_false(tlog_policy_met(&p, 0));
	assert_true(tlog_policy_met(&p, 1));
	assert_false(tlog_policy_met(&p, 2));
	/* Names are bytes: a K and a Kelvin sign are two. */
	snprintf(text, sizeof(text), "witness K %s\nwitness \xe2\x84\xaa %s\ngroup g all K \xe2\x84\xaa\nquorum g\n",
		 vkey[0], vkey[1]);
	assert_int_equal(parse(text, &p), 0);
	assert_false(tlog_policy_met(&p, 1));
	assert_true(tlog_policy_met(&p, 3));
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"", "quorum A", "quorum X\n", "quorum\n", "quorum A B\n", "quorum A\nquorum A\n",
		"quorum none\nquorum A\n", "group g any A\n", "group g any X\nquorum g\n",
		"group g any g\nquorum g\n", "quorum g\ngroup g any A\n", "group g\nquorum g\n",
		"group g any\nquorum g\n", "group g 0 A\nquorum g\n", "group g 2 A\nquorum g\n",
		"group g 01 A\nquorum g\n", "group g -1 A\nquorum g\n", "group g +1 A\nquorum g\n",
		"group g 1x A\nquorum g\n", "group g 18446744073709551617 A\nquorum g\n",
		"group g any A A\nquorum g\n", "group g any none\nquorum g\n",
		"group none any A\nquorum none\n", "group A any B\nquorum A\n",
		"group g any A\ngroup h any A\nquorum g\n",
		"group g any A\ngroup h any g\ngroup i any g\nquorum i\n",
		"group g any A\ngroup g any B\nquorum g\n", "quorum A\rB\n", "quorum A\x7f\n",
		"quorum A\x01\n", "quorums A\n", "witness G\nquorum G\n",
		"witness none x\nquorum A\n", "log x\nquorum A\n", "quorum A # not a comment\n",
	};
	struct tlog_policy p;
	char text[1024];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (parse(with(bad[i]), &p) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	/* A key twice, under another name; of another kind; a log's for a witness's. */
	snprintf(text, sizeof(text), "witness G %s\nquorum G\n", vkey[0]);
	assert_int_equal(parse(with(text), &p), -EINVAL);
	snprintf(text, sizeof(text), "witness G %s\nquorum G\n", vkey[WITNESSES]);
	assert_int_equal(parse(with(text), &p), -EINVAL);
	snprintf(text, sizeof(text), "log %s\nquorum A\n", vkey[0]);
	assert_int_equal(parse(with(text), &p), -EINVAL);
	snprintf(text, sizeof(text), "log %s\nlog %s\nquorum A\n", vkey[WITNESSES],
		 vkey[WITNESSES]);
	assert_int_equal(parse(with(text), &p), -EINVAL);
}

/* The example of the specification: two of A, B, C and one of D, E, F. */
static void counts(void **state)
{
	struct tlog_policy p;
	uint64_t set;

	(void)state;
	assert_int_equal(parse(with("group X 2 A B C\ngroup Y any D E F\ngroup Z all X Y\nquorum Z\n"),
			       &p), 0);
	for (set = 0; set < 1u << WITNESSES; set++) {
		unsigned int x = (set & 1) + (set >> 1 & 1) + (set >> 2 & 1);

		assert_int_equal(tlog_policy_met(&p, set), x >= 2 && set >> 3);
	}
	/* A plain number. */
	assert_int_equal(parse(with("group X 4 A B C D E F\nquorum X\n"), &p), 0);
	for (set = 0; set < 1u << WITNESSES; set++)
		assert_int_equal(tlog_policy_met(&p, set), __builtin_popcountll(set) >= 4);
}

/* As many as the specification wants, and as many as there are places. */
static void limits(void **state)
{
	static char text[TLOG_POLICY_MAX + 64];
	struct tlog_policy p = { 0 };
	char why[TLOG_WHY];
	unsigned int i;
	int n = 0;

	(void)state;
	n += snprintf(text + n, sizeof(text) - n, "%s", with("group g0 any A\n"));
	for (i = 1; i < TLOG_GROUPS; i++)
		n += snprintf(text + n, sizeof(text) - n, "group g%u all g%u\n", i, i - 1);
	snprintf(text + n, sizeof(text) - n, "quorum g%u\n", i - 1);
	assert_int_equal(parse(text, &p), 0);
	assert_true(tlog_policy_met(&p, 1));
	assert_false(tlog_policy_met(&p, 2));
	snprintf(text + n, sizeof(text) - n, "group h any B\nquorum h\n");
	assert_int_equal(parse(text, &p), -EINVAL);
	memset(text, '\n', sizeof(text));
	memcpy(text, "quorum none\n", 12);
	memset(&p, 0, sizeof(p));
	assert_int_equal(tlog_policy_parse(&p, (struct str){ text, TLOG_POLICY_MAX }, why), 0);
	memset(&p, 0, sizeof(p));
	assert_int_equal(tlog_policy_parse(&p, (struct str){ text, TLOG_POLICY_MAX + 1 }, why),
			 -EINVAL);
}

/* What is cut off anywhere is refused, but where a line ends and a quorum has been named. */
static void cut_off(void **state)
{
	const char *text = with("group g 4 A B C D E F\nquorum g\n");
	struct tlog_policy p;
	char part[4096], why[TLOG_WHY];
	size_t len;

	(void)state;
	for (len = 0; len < strlen(text); len++) {
		memcpy(part, text, len);
		memset(&p, 0, sizeof(p));
		assert_int_equal(tlog_policy_parse(&p, (struct str){ part, len }, why), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes), cmocka_unit_test(refuses), cmocka_unit_test(counts),
		cmocka_unit_test(limits), cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests_name("tlog_policy", tests, make_keys, NULL);
}
