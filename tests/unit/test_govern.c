// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Governance: ballots that are forged, replayed, doubled or of nobody; proposals that are stale,
 * late or make no sense; and steps that are not what their decision makes of them.
 */
#include "govern_util.h"

#include "../../user/skyd/vault_govern.h"
#include "base/cleanup.h"
#include "govern/release.h"
#include "tpm/boot_policy.h"
#include "tpm/pcr_policy.h"

#define QUORUM_OF(text)	"[{'do':'set_quorum','quorum':'" text "'}]"
#define EPOCH(of)	"[{'do':'approve_pcrs','name':'k','bank':'sha256','epoch':" of ",'pcrs':{'11':'" \
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}]"
#define PCRS	"[{'do':'approve_pcrs','name':'kernel-7','bank':'sha256','pcrs':{'11':'" \
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}]"

static struct govern_state s;
static struct govern_proposal p;

static int set_up(void **state)
{
	(void)state;
	begin(&s);
	propose(&p, &s, "[{'do':'remove_member','name':'carol'},"
			"{'do':'set_quorum','quorum':'group g all alice bob\\nquorum g\\n'}]");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	govern_proposal_close(&p);
	govern_state_close(&s);
	return 0;
}

/* With ballots of these.  What was refused has left nothing. */
static int step_of(struct govern_state *next, const struct str *ballots, unsigned int count)
{
	int rc = govern_step(next, &s, &p, ballots, count, NOW + 5, why);

	assert_true(!rc == !!next->root);
	assert_true(!rc == !*why);
	return rc;
}

static int refused(const struct str *ballots, unsigned int count)
{
	struct govern_state next;
	int rc = step_of(&next, ballots, count);

	govern_state_close(&next);
	return rc;
}

static void passes(void **state)
{
	const struct str ballots[] = { ballot(BOB, p.id, true), ballot(ALICE, p.id, true) };
	struct govern_state next, again;

	(void)state;
	assert_int_equal(step_of(&next, ballots, 2), 0);
	assert_int_equal(next.version, 1);
	assert_int_equal(next.members, 3);
	assert_int_equal(next.quorum->witnesses, 2);
	assert_string_equal(govern_done_by(&next), p.id);
	assert_int_equal(govern_step_verify(&s, &next, why), 0);
	/* As somebody reads it who has the bytes alone. */
	assert_int_equal(govern_state_open(&again, (struct str){ next.bytes, next.len }, why), 0);
	assert_string_equal(again.hash, next.hash);
	assert_int_equal(govern_step_verify(&s, &again, why), 0);
	govern_state_close(&again);
	govern_state_close(&next);
}

static void short_of_quorum(void **state)
{
	const struct str ballots[] = {
		ballot(ALICE, p.id, true), ballot(BOB, p.id, false), ballot(CAROL, p.id, false),
	};

	(void)state;
	assert_int_equal(refused(NULL, 0), -EAGAIN);
	assert_int_equal(refused(ballots, 1), -EAGAIN);
	assert_int_equal(refused(ballots, 2), -EAGAIN);
	assert_null(strstr(why, "can become no"));
	assert_int_equal(refused(ballots, 3), -EAGAIN);
	assert_non_null(strstr(why, "can become no"));
}

/* No bit of a ballot may differ. */
static void forged(void **state)
{
	const struct str right = ballot(ALICE, p.id, true);
	char copy[GOVERN_BALLOT_MAX];
	struct govern_ballot b;
	size_t bit, taken = 0;

	(void)state;
	memcpy(copy, right.at, right.len);
	for (bit = 0; bit < 8 * right.len; bit++) {
		copy[bit / 8] ^= 1 << bit % 8;
		taken += !govern_ballot_open(&b, &s, p.id, (struct str){ copy, right.len }, why);
		copy[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(taken, 0);
	assert_int_equal(govern_ballot_open(&b, &s, p.id, (struct str){ copy, right.len }, why), 0);
	assert_true(b.yes);
}

/* Eve signs, and says that she is Alice. */
static void in_the_name_of(void **state)
{
	struct note_signer as = person[EVE];
	char text[GOVERN_BALLOT_MAX];
	struct out o = OUT(text, sizeof(text));
	struct govern_ballot b;

	(void)state;
	as.verifier = person[ALICE].verifier;
	assert_int_equal(govern_ballot_make(&o, &as, p.id, true), 0);
	assert_int_equal(govern_ballot_open(&b, &s, p.id, out_written(&o), why), -EBADMSG);
	assert_non_null(strstr(why, "not been signed by alice"));
	/* With her own key, under Alice's name. */
	assert_int_equal(note_signer_make(STR("alice"), NOTE_ED25519, person[EVE].seed, &as), 0);
	o.len = 0;
	assert_int_equal(govern_ballot_make(&o, &as, p.id, true), 0);
	assert_int_equal(govern_ballot_open(&b, &s, p.id, out_written(&o), why), -EACCES);
	/* Alice's own signature, with Eve's below it. */
	o.len = 0;
	assert_int_equal(govern_ballot_make(&o, &person[ALICE], p.id, true), 0);
	{
		char line[NOTE_LINE_MAX], title[100];

		snprintf(title, sizeof(title), "skyhold ballot\n%s\nyes\n", p.id);
		assert_int_equal(note_sign(&person[EVE], str_of(title), 0, line), 0);
		out_text(&o, line);
	}
	assert_int_equal(govern_ballot_open(&b, &s, p.id, out_written(&o), why), -EBADMSG);
}

/* Other notes of Alice's key: a checkpoint, and what is nearly a ballot. */
static void other_notes(void **state)
{
	static const char *const texts[] = {
		"alice\n12\nLPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\n",
		"skyhold ballot\n", "skyhold ballot\nyes\n", "skyhold vote\nx\nyes\n", "x\n",
	};
	static const char *const ends[] = { "Yes\n", "yes\nno\n", "yes\t\n", " yes\n", "y\n" };
	char text[GOVERN_BALLOT_MAX], line[NOTE_LINE_MAX], title[160];
	struct govern_ballot b;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(texts) + COUNT(ends); i++) {
		struct out o = OUT(text, sizeof(text));

		if (i < COUNT(texts))
			snprintf(title, sizeof(title), "%s", texts[i]);
		else
			snprintf(title, sizeof(title), "skyhold ballot\n%s\n%s", p.id,
				 ends[i - COUNT(texts)]);
		out_text(&o, title);
		assert_int_equal(note_sign(&person[ALICE], str_of(title), 0, line), 0);
		out_char(&o, '\n');
		out_text(&o, line);
		assert_int_equal(govern_ballot_open(&b, &s, p.id, out_written(&o), why), -EBADMSG);
	}
}

static void replayed(void **state)
{
	struct govern_proposal other;
	struct str ballots[2];

	(void)state;
	propose(&other, &s, PCRS);
	ballots[0] = ballot(ALICE, other.id, true);
	ballots[1] = ballot(BOB, p.id, true);
	assert_int_equal(refused(ballots, 2), -EBADMSG);
	assert_non_null(strstr(why, "another proposal"));
	govern_proposal_close(&other);
}

static void doubled(void **state)
{
	const struct str ballots[] = {
		ballot(ALICE, p.id, true), ballot(ALICE, p.id, true), ballot(BOB, p.id, true),
	};
	const struct str both[] = { ballot(ALICE, p.id, true), ballot(ALICE, p.id, false) };

	(void)state;
	assert_int_equal(refused(ballots, 2), -EEXIST);
	assert_int_equal(refused(ballots, 3), -EEXIST);
	assert_int_equal(refused(both, 2), -EEXIST);
}

static void strangers(void **state)
{
	const struct str eve[] = {
		ballot(ALICE, p.id, true), ballot(BOB, p.id, true), ballot(EVE, p.id, true),
	};
	const struct str dave[] = { ballot(ALICE, p.id, true), ballot(DAVE, p.id, true) };

	(void)state;
	/* Even with a quorum without her: somebody has put it there. */
	assert_int_equal(refused(eve, 3), -EACCES);
	assert_int_equal(refused(dave, 2), -EACCES);
	assert_non_null(strstr(why, "has no vote"));
}

/* Carol is removed, and votes on what comes after; her key comes back under another name. */
static void removed_member(void **state)
{
	const struct str ballots[] = { ballot(BOB, p.id, true), ballot(ALICE, p.id, true) };
	struct govern_state next, after;
	struct govern_proposal more;
	struct str votes[3];

	(void)state;
	assert_int_equal(step_of(&next, ballots, 2), 0);
	propose(&more, &next, PCRS);
	votes[0] = ballot(ALICE, more.id, true);
	votes[1] = ballot(CAROL, more.id, true);
	votes[2] = ballot(BOB, more.id, true);
	assert_int_equal(govern_step(&after, &next, &more, votes, 2, NOW + 9, why), -EACCES);
	assert_int_equal(govern_step(&after, &next, &more, votes, 3, NOW + 9, why), -EACCES);
	govern_proposal_close(&more);
	govern_state_close(&next);
}

/* Two proposals race on one base: the second one is stale, whatever its ballots say. */
static void race(void **state)
{
	const struct str first[] = { ballot(BOB, p.id, true), ballot(ALICE, p.id, true) };
	struct govern_state next, after;
	struct govern_proposal other;
	struct str second[2];

	(void)state;
	propose(&other, &s, PCRS);
	second[0] = ballot(ALICE, other.id, true);
	second[1] = ballot(BOB, other.id, true);
	assert_int_equal(step_of(&next, first, 2), 0);
	assert_int_equal(govern_step(&after, &next, &other, second, 2, NOW + 6, why), -ESTALE);
	assert_null(after.root);
	/* The first one again is stale as well. */
	assert_int_equal(govern_step(&after, &next, &p, first, 2, NOW + 6, why), -ESTALE);
	govern_proposal_close(&other);
	govern_state_close(&next);
}

static void too_late(void **state)
{
	const struct str ballots[] = { ballot(BOB, p.id, true), ballot(ALICE, p.id, true) };
	struct govern_state next;

	(void)state;
	assert_int_equal(govern_step(&next, &s, &p, ballots, 2, NOW + 1001, why), -ETIME);
	assert_int_equal(govern_step(&next, &s, &p, ballots, 2, NOW + 1000, why), 0);
	govern_state_close(&next);
	/* Clocks that go back decide nothing. */
	assert_int_equal(govern_step(&next, &s, &p, ballots, 2, NOW - 1, why), -EINVAL);
}

/* What a proposal cannot do; each is refused before anybody votes. */
static void no_sense(void **state)
{
	static const char *const bad[] = {
		"[]", "[{}]", "[{'do':'win'}]", "[{'do':'set_quorum'}]", "[1]", "{}",
		"[{'do':'remove_member','name':'carol'}]", "[{'do':'remove_member','name':'eve'}]",
		"[{'do':'remove_member','name':'dave','force':true}]",
		"[{'do':'remove_member'}]", "[{'do':'remove_member','name':''}]",
		QUORUM_OF("quorum none\\n"), QUORUM_OF("quorum dave\\n"),
		QUORUM_OF("quorum eve\\n"),
		QUORUM_OF("quorum alice"), QUORUM_OF("quorum alice\\r\\n"),
		"[{'do':'add_member','key':'x','roles':['voter']}]",
		"[{'do':'add_member','key':'x'}]",
		"[{'do':'replace_member','key':'eve+1+x'}]",
		"[{'do':'set_attestation_policy','document':'{}'}]",
		"[{'do':'set_attestation_policy','document':7}]",
		"[{'do':'set_admission_policy','document':'x'}]",
		"[{'do':'set_storage_policy','name':'p','document':'{}'}]",
		"[{'do':'set_storage_policy','name':'p','document':'{\\'name\\':\\'q\\'}'}]",
		"[{'do':'set_storage_policy','document':'{\\'name\\':\\'q\\'}'}]",
		"[{'do':'approve_pcrs','name':'k','bank':'sha1','pcrs':{'1':'00'}}]",
		"[{'do':'approve_pcrs','name':'k','bank':'sha256','pcrs':{}}]",
		"[{'do':'approve_pcrs','name':'k','bank':'sha256','pcrs':{'1':'00'}}]",
		"[{'do':'approve_pcrs','name':'k','bank':'sha256','pcrs':{'24':'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}]",
		"[{'do':'approve_pcrs','name':'k','bank':'sha256','pcrs':{'07':'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}]",
		"[{'do':'approve_pcrs','name':'k','bank':'sha256','pcrs':{'7':'0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef'}}]",
		EPOCH("0"), EPOCH("-1"), EPOCH("'1'"), EPOCH("1.5"), EPOCH("null"),
		EPOCH("9007199254740992"),
		"[{'do':'revoke_pcrs','name':'k'}]",
		"[{'do':'recover','group':'0123'}]", "[{'do':'recover','group':'0123456789abcdef'}]",
		"[{'do':'recover','group':'0123456789abcdeg','reason':'x'}]",
	};
	struct govern_proposal other;
	unsigned int i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		rc = try_propose(&other, &s, bad[i]);
		if (rc != -EINVAL || !*why)
			fail_msg("%s: %d %s", bad[i], rc, why);
		govern_proposal_close(&other);
	}
}

/* All of it is done or none: the second action makes no sense in what the first one leaves. */
static void all_or_none(void **state)
{
	struct govern_proposal other;
	char hash[GOVERN_ID];

	(void)state;
	memcpy(hash, s.hash, sizeof(hash));
	assert_int_equal(try_propose(&other, &s, "[{'do':'remove_member','name':'dave'},"
						 "{'do':'remove_member','name':'dave'}]"), -EINVAL);
	govern_proposal_close(&other);
	assert_int_equal(s.members, 4);
	assert_string_equal(hash, s.hash);
}

static struct govern_state *decide(const char *actions, unsigned int who)
{
	static struct govern_state next;
	struct govern_proposal one;
	struct str votes[2];

	propose_key(&one, &s, actions, who);
	votes[0] = ballot(CAROL, one.id, true);
	votes[1] = ballot(ALICE, one.id, true);
	if (govern_step(&next, &s, &one, votes, 2, NOW + 7, why))
		fail_msg("%s", why);
	govern_proposal_close(&one);
	return &next;
}

static void actions(void **state)
{
	struct govern_state *n;

	(void)state;
	n = decide("[{'do':'add_member','key':'%s','roles':['voter']},{'do':'set_quorum','quorum':"
		   "'group g 3 alice bob carol eve\\nquorum g\\n'}]", EVE);
	assert_int_equal(n->members, 5);
	assert_int_equal(n->quorum->witnesses, 4);
	govern_state_close(n);
	n = decide("[{'do':'set_storage_policy','name':'gold','document':'{\\\"name\\\":\\\"gold\\\"}'}]",
		   0);
	assert_string_equal(json_string_value(json_object_get(govern_storage(n), "gold")),
			    "{\"name\":\"gold\"}");
	assert_true(!govern_document(n, GOVERN_ADMISSION).len);
	govern_state_close(n);
	n = decide("[{'do':'set_admission_policy','document':'{\\\"noMatch\\\":\\\"deny\\\",\\\"policies\\\":[]}'}]",
		   0);
	assert_str(govern_document(n, GOVERN_ADMISSION), "{\"noMatch\":\"deny\",\"policies\":[]}");
	govern_state_close(n);
	n = decide(PCRS, 0);
	assert_int_equal(json_array_size(govern_pcrs(n)), 1);
	govern_state_close(n);
	n = decide("[{'do':'recover','group':'0123456789abcdef','reason':'the box is gone'}]", 0);
	assert_true(govern_may_recover(n, "0123456789abcdef", NOW + 1000));
	assert_false(govern_may_recover(n, "0123456789abcdef", NOW + 1001));
	assert_false(govern_may_recover(n, "0123456789abcdee", NOW));
	assert_false(govern_may_recover(&s, "0123456789abcdef", NOW));
	govern_state_close(n);
}

/* --- what is released ------------------------------------------------------------------ */

/* As many actions as there may be, over all PCRs: all of it fits into what the vault answers. */
static json_t *all_pcrs(void)
{
	json_t *list = json_array(), *one, *pcrs;
	char text[16], digits[65];
	unsigned int i, pcr;

	for (i = 0; i < GOVERN_ACTIONS; i++) {
		pcrs = json_object();
		for (pcr = 0; pcr < 24; pcr++) {
			snprintf(text, sizeof(text), "%u", pcr);
			snprintf(digits, sizeof(digits), "%064x", i);
			json_object_set_new(pcrs, text, json_string(digits));
		}
		snprintf(text, sizeof(text), "k%u", i);
		one = json_pack("{s:s, s:s, s:s, s:I, s:o}", "do", "approve_pcrs", "name", text,
				"bank", "sha256", "epoch", (json_int_t)(1ll << 53) - 1 - i, "pcrs",
				pcrs);
		json_array_append_new(list, one);
	}
	return list;
}

static void releases_all(void **state)
{
	CLEANUP_FREE char *pem = pcr_policy_make_key(), *text = NULL;
	json_t *list = all_pcrs(), *released;
	struct boot_policies read = { .count = 0 };
	struct govern_proposal one;
	struct govern_state next;
	struct str votes[2];
	const char *wrong;

	(void)state;
	assert_int_equal(govern_proposal_make(&one, &s, list, NOW + 1000, why), 0);
	json_decref(list);
	votes[0] = ballot(CAROL, one.id, true);
	votes[1] = ballot(ALICE, one.id, true);
	assert_int_equal(govern_step(&next, &s, &one, votes, 2, NOW + 7, why), 0);
	assert_int_equal(govern_release(&next, str_of(pem), &released), 0);
	text = json_dumps(released, JSON_COMPACT | JSON_SORT_KEYS);
	print_message("# %zu bytes\n", strlen(text));
	assert_in_range(strlen(text), 1, VAULT_RELEASE_MAX);
	assert_int_equal(boot_policies_read(text, strlen(text), &read, &wrong), 0);
	assert_int_equal(read.count, GOVERN_ACTIONS);
	assert_int_equal(read.at[3].epoch, (1ll << 53) - 4);
	/* No key of RSA, or none, signs nothing. */
	assert_int_equal(govern_release(&next, STR("no key"), &list), -EINVAL);
	assert_null(list);
	boot_policies_free(&read);
	json_decref(released);
	govern_state_close(&next);
	govern_proposal_close(&one);
}

/* A key is replaced; the old one has no vote any more. */
static void replaced(void **state)
{
	struct note_signer fresh;
	struct govern_state *n;
	struct govern_ballot b;
	char text[NOTE_KEY_TEXT_MAX];

	(void)state;
	assert_int_equal(note_signer_make(STR("bob"), NOTE_ED25519, person[EVE].seed, &fresh), 0);
	memcpy(text, vkey[EVE], sizeof(text));
	note_verifier_print(&fresh.verifier, vkey[EVE]);
	n = decide("[{'do':'replace_member','key':'%s'}]", EVE);
	memcpy(vkey[EVE], text, sizeof(text));
	assert_int_equal(n->members, 4);
	assert_true(n->member[1].custodian);
	assert_int_equal(govern_ballot_open(&b, n, p.id, ballot(BOB, p.id, true), why), -EACCES);
	govern_state_close(n);
}

/* --- documents of strangers ------------------------------------------------------------ */

/*
 * Each byte of a state that was decided: it is no state, or not what its decision makes.  When it
 * was applied nobody has signed: any time up to the proposal's last would do.
 */
static void flipped_state(void **state)
{
	const struct str ballots[] = { ballot(BOB, p.id, true), ballot(ALICE, p.id, true) };
	struct govern_state next, other;
	size_t i, taken = 0;
	char *copy;

	(void)state;
	assert_int_equal(step_of(&next, ballots, 2), 0);
	copy = malloc(next.len);
	memcpy(copy, next.bytes, next.len);
	for (i = 0; i < next.len; i++) {
		copy[i] ^= 1 << i % 7;
		if (!govern_state_open(&other, (struct str){ copy, next.len }, why))
			taken += !govern_step_verify(&s, &other, why) && other.time == next.time;
		govern_state_close(&other);
		copy[i] ^= 1 << i % 7;
		assert_int_equal(govern_state_open(&other, (struct str){ copy, i }, why), -EBADMSG);
		govern_state_close(&other);
	}
	assert_int_equal(taken, 0);
	free(copy);
	govern_state_close(&next);
}

static void other_forms(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[]", "null", "{\"format\":\"skyhold-governance-1\"}",
	};
	struct govern_state other;
	struct govern_proposal q;
	char text[8192], deep[64];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_int_equal(govern_state_open(&other, str_of(bad[i]), why), -EBADMSG);
		govern_state_close(&other);
		assert_int_equal(govern_proposal_open(&q, str_of(bad[i]), why), -EBADMSG);
		govern_proposal_close(&q);
	}
	/* A blank, a newline at the end. */
	snprintf(text, sizeof(text), "%s\n", s.bytes);
	assert_int_equal(govern_state_open(&other, str_of(text), why), -EBADMSG);
	snprintf(text, sizeof(text), " %s", p.bytes);
	assert_int_equal(govern_proposal_open(&q, str_of(text), why), -EBADMSG);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(govern_proposal_open(&q, (struct str){ deep, sizeof(deep) }, why),
			 -EBADMSG);
	/* An id that is not the hash. */
	snprintf(text, sizeof(text), "%s", p.bytes);
	memcpy(strstr(text, p.id), s.hash, GOVERN_ID - 1);
	assert_int_equal(govern_proposal_open(&q, str_of(text), why), -EBADMSG);
	assert_non_null(strstr(why, "not its hash"));
	govern_proposal_close(&q);
}

static void first_states(void **state)
{
	static const char *const quorums[] = {
		"", "quorum none\n", "quorum eve\n", "quorum dave\n", "quorum alice\r\n",
		"witness x y\nquorum alice\n",
	};
	json_t *members = first_members();
	struct govern_state other;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(quorums); i++) {
		assert_int_equal(govern_state_begin(&other, members, quorums[i], NOW, why),
				 -EINVAL);
		govern_state_close(&other);
	}
	json_array_append(members, json_array_get(members, 0));
	assert_int_equal(govern_state_begin(&other, members, QUORUM, NOW, why), -EINVAL);
	assert_non_null(strstr(why, "already"));
	govern_state_close(&other);
	json_decref(members);
}

/* A key's id is four bytes, and the file of a ballot is named for it. */
static void same_key_ids(void **state)
{
	static const char *const keys[] = {
		"m56962+c7c58206+AdAGnp6rSwGS0LJkeU0hb1WCiouTGPit7+oPTcvhzsqo",
		"m169802+c7c58206+Aac0SWLzqfLYlv/fT2zkFyq7EGW/LDfXGlIc+0JL3QVJ",
	};
	json_t *members = json_pack("[{s:s, s:[s]}, {s:s, s:[s]}]", "key", keys[0], "roles",
				    "voter", "key", keys[1], "roles", "voter");
	struct govern_state other;

	(void)state;
	assert_int_equal(govern_state_begin(&other, members, "quorum m56962\n", NOW, why), -EINVAL);
	assert_string_equal(why, "member m169802: has the key id of m56962");
	govern_state_close(&other);
	json_array_remove(members, 1);
	assert_int_equal(govern_state_begin(&other, members, "quorum m56962\n", NOW, why), 0);
	govern_state_close(&other);
	json_decref(members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes), cmocka_unit_test(short_of_quorum),
		cmocka_unit_test(forged), cmocka_unit_test(in_the_name_of),
		cmocka_unit_test(other_notes), cmocka_unit_test(replayed),
		cmocka_unit_test(doubled), cmocka_unit_test(strangers),
		cmocka_unit_test(removed_member), cmocka_unit_test(race),
		cmocka_unit_test(too_late), cmocka_unit_test(no_sense),
		cmocka_unit_test(all_or_none), cmocka_unit_test(actions),
		cmocka_unit_test(releases_all),
		cmocka_unit_test(replaced), cmocka_unit_test(flipped_state),
		cmocka_unit_test(other_forms), cmocka_unit_test(first_states),
		cmocka_unit_test(same_key_ids),
	};

	if (make_people(NULL))
		return 1;
	return cmocka_run_group_tests_name("govern", tests, set_up, tear_down);
}
