// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Before the freeze: whoever is not in one TPM with its endorsement key gets no volume frozen; and
 * a move is taken back, killed at every call and resumed, until it is too late, which is said.
 */
#include "move_util.h"

#include "move/move_private.h"

/* A takes it back; its word is in @cancellation. */
static int cancel_at_a(void)
{
	return step(a, CANCEL, NULL, NULL, &cancellation);
}

static int cancel_at_b(const struct paper *word)
{
	return step(b, CANCEL, NULL, word, NULL);
}

/* --- the keys of an offer ------------------------------------------------------------------ */

static void write_answer(struct host *h, const struct move_answer *made)
{
	uint8_t bytes[256], whole[4096];
	struct tpm_writer body = TPM_WRITER(bytes, sizeof(bytes));
	struct tpm_writer w = TPM_WRITER(whole, sizeof(whole));

	move_answer_write(&body, made);
	assert_int_equal(move_sign(&h->move, MOVE_ANSWER,
				   (struct move_bytes){ bytes, body.len }, NULL, &w), 0);
	paper_free(&answer);
	answer = (struct paper){ malloc(w.len), w.len };
	memcpy(answer.at, whole, w.len);
}

/* C has B's certificate and public key, which are no secrets, and a key of its own to sign with. */
static void two_tpms(void **state)
{
	struct fake_key own = c->ek;
	struct move_message msg;
	struct move_answer made;
	struct move_challenge asks;

	(void)state;
	memcpy(c->ek.area, b->ek.area, b->ek.len);
	c->ek.len = b->ek.len;
	assert_int_equal(step(c, OFFER, a, NULL, &offer), 0);
	assert_int_equal(step(a, CHALLENGE, NULL, &offer, &challenge), 0);
	refused(step(c, ANSWER, NULL, &challenge, NULL), -EXDEV, c, "another one");
	/* Nor does the TPM of that endorsement key help, as the other key is not in it. */
	b->disk = c->disk;
	b->counter = c->counter;
	refused(step(b, ANSWER, NULL, &challenge, NULL), -EXDEV, b, "another one");
	/* It has all but the secret. */
	assert_int_equal(move_message_read(bytes_of_paper(&challenge), &msg), 0);
	assert_int_equal(move_challenge_read(msg.body, &asks), 0);
	made = (struct move_answer){ .proof = { 1 } };
	memcpy(made.id, asks.id, sizeof(made.id));
	memcpy(made.volume, asks.volume, sizeof(made.volume));
	move_body_digest(MOVE_CHALLENGE, msg.body, made.challenge);
	write_answer(c, &made);
	refused(step(a, FREEZE, NULL, &offer, NULL), -EKEYREJECTED, a, "not in the TPM");
	memset(made.proof, 0, sizeof(made.proof));
	write_answer(c, &made);
	refused(step(a, FREEZE, NULL, &offer, NULL), -EKEYREJECTED, a, "not in the TPM");
	/* Nothing has happened to the volume. */
	assert_true(a->open);
	assert_true(usable(a));
	assert_int_equal(a->counter, 0);
	assert_int_equal(move_may_use(&a->move), 0);
	c->ek = own;
}

/* An answer is to one challenge: not to one of before, nor of another host's. */
static void other_answers(void **state)
{
	struct paper first = { NULL, 0 }, to_c = { NULL, 0 };

	(void)state;
	asked(a, b);
	first = answer;
	answer = (struct paper){ NULL, 0 };
	assert_int_equal(cancel_at_a(), 0);
	assert_int_equal(cancel_at_b(&cancellation), 0);
	must(OFFER, a, b);
	must(CHALLENGE, a, b);
	must(ANSWER, a, b);
	paper_free(&answer);
	answer = first;
	refused(do_step(FREEZE, a, b), -EXDEV, a, "another challenge");
	must(ANSWER, a, b);
	/* C was not asked. */
	assert_int_equal(step(c, OFFER, a, NULL, &to_c), 0);
	refused(step(a, CHALLENGE, NULL, &to_c, NULL), -EEXIST, a, "cancel that first");
	refused(step(a, FREEZE, NULL, &to_c, NULL), -EKEYREJECTED, a, "another host has signed");
	refused(step(c, ANSWER, NULL, &challenge, NULL), -EXDEV, c, "another offer");
	must(FREEZE, a, b);
	refused(step(a, CHALLENGE, NULL, &to_c, NULL), -EPROTO, a, "not here");
	paper_free(&to_c);
}

/* A challenge of somebody who is not the host that was meant is not answered. */
static void other_challenges(void **state)
{
	struct paper of_c = { NULL, 0 };

	(void)state;
	must(OFFER, a, b);
	assert_int_equal(step(b, OFFER, a, NULL, &offer), 0);
	/* C asks with an offer that is for C. */
	begin(NULL);
	assert_int_equal(step(b, OFFER, c, NULL, &offer), 0);
	assert_int_equal(step(c, CHALLENGE, NULL, &offer, &of_c), 0);
	assert_int_equal(cancel_at_b(NULL), 0);
	must(OFFER, a, b);
	refused(step(b, ANSWER, NULL, &of_c, NULL), -EKEYREJECTED, b, "another host than was meant");
	assert_int_equal(state_of(b), MOVE_OFFERED);
	paper_free(&of_c);
}

/* A journal of before there were challenges, of a host whose volume was frozen then. */
static void old_journal(void **state)
{
	struct tpm_writer w;
	size_t tail = 2 + 2 + sizeof(struct move_asked);

	(void)state;
	asked(a, b);
	must(FREEZE, a, b);
	a->disk.journal_len -= tail + SHA256_BYTES;
	w = TPM_WRITER(a->disk.journal, sizeof(a->disk.journal));
	w.len = a->disk.journal_len;
	tpm_write_bytes(&w, a->disk.journal, 0);
	move_digest("skyhold move journal 1", (struct move_bytes){ a->disk.journal, w.len },
		    a->disk.journal + w.len);
	a->disk.journal_len += SHA256_BYTES;
	assert_int_equal(state_of(a), MOVE_FROZEN);
	must(PACKAGE, a, b);
	must(ACCEPT, a, b);
	must(DESTROY, a, b);
}

/* --- taken back ---------------------------------------------------------------------------- */

/* As if nothing had been, at both. */
static void all_is_as_it_was(void)
{
	assert_true(usable(a));
	assert_int_equal(move_may_use(&a->move), 0);
	assert_int_equal(a->disk.epoch, FIRST_EPOCH);
	assert_false(usable(b));
	assert_int_equal(b->counter, 0);
	assert_int_equal(move_may_use(&b->move), 0);
}

static void nobody_asked(void **state)
{
	(void)state;
	refused(cancel_at_a(), -EPROTO, a, "nothing to cancel");
	must(OFFER, a, b);
	assert_int_equal(move_may_use(&b->move), -EPERM);
	assert_int_equal(cancel_at_b(NULL), 0);
	all_is_as_it_was();
	assert_int_equal(cancel_at_b(NULL), 0);
	/* The old offer is good for nothing: nobody answers. */
	must(CHALLENGE, a, b);
	refused(do_step(ANSWER, a, b), -EPROTO, b, "no challenge is waited for");
	assert_int_equal(cancel_at_a(), 0);
	all(a, b);
	assert_int_equal(b->counter, 202);
}

static void after_the_answer(void **state)
{
	struct paper old = { NULL, 0 };

	(void)state;
	asked(a, b);
	refused(cancel_at_b(NULL), -EPROTO, b, "may have frozen it");
	assert_int_equal(cancel_at_a(), 0);
	assert_true(cancellation.len > 0);
	refused(do_step(FREEZE, a, b), -EPROTO, a, "not been asked");
	/* They think again; and then A's first word is about the first answer. */
	old = cancellation;
	cancellation = (struct paper){ NULL, 0 };
	must(CHALLENGE, a, b);
	refused(do_step(ANSWER, a, b), -EEXIST, b, "cancel that first");
	assert_int_equal(cancel_at_b(&old), 0);
	assert_int_equal(cancel_at_a(), 0);
	must(OFFER, a, b);
	must(CHALLENGE, a, b);
	must(ANSWER, a, b);
	refused(cancel_at_b(&old), -EXDEV, b, "another offer");
	refused(cancel_at_b(&answer), -EPROTO, b, "a cancellation is wanted");
	assert_int_equal(cancel_at_a(), 0);
	assert_int_equal(cancel_at_a(), 0);
	assert_int_equal(cancel_at_b(&cancellation), 0);
	all_is_as_it_was();
	assert_int_equal(cancel_at_b(&cancellation), 0);
	all(a, c);
	paper_free(&old);
}

/* Of one offer two challenges: who has answered one answers no other, in whatever order. */
static void old_challenge(void **state)
{
	struct paper first = { NULL, 0 }, word = { NULL, 0 };
	int again;

	(void)state;
	for (again = 0; again < 2; again++) {
		begin(NULL);
		must(OFFER, a, b);
		must(CHALLENGE, a, b);
		first = challenge;
		challenge = (struct paper){ NULL, 0 };
		if (again)
			assert_int_equal(step(b, ANSWER, NULL, &first, &answer), 0);
		assert_int_equal(cancel_at_a(), 0);
		word = cancellation;
		cancellation = (struct paper){ NULL, 0 };
		must(CHALLENGE, a, b);
		if (again) {
			refused(do_step(ANSWER, a, b), -EEXIST, b, "cancel that first");
			refused(do_step(FREEZE, a, b), -EXDEV, a, "another challenge");
			paper_free(&word);
			assert_int_equal(step(a, CANCEL, NULL, &answer, &word), 0);
			assert_int_equal(cancel_at_b(&word), 0);
			assert_true(usable(a));
		} else {
			must(ANSWER, a, b);
			must(FREEZE, a, b);
			refused(step(b, ANSWER, NULL, &first, NULL), -EEXIST, b,
				"cancel that first");
			refused(cancel_at_b(&word), -EXDEV, b, "another answer");
			must(PACKAGE, a, b);
			must(ACCEPT, a, b);
			assert_true(usable(b));
		}
		paper_free(&first);
		paper_free(&word);
		forget();
	}
}

/* B's answer came too late: A has moved the volume to C, and says that it was not frozen for B. */
static void left_behind(void **state)
{
	struct paper of_b = { NULL, 0 };

	(void)state;
	asked(a, b);
	of_b = answer;
	answer = (struct paper){ NULL, 0 };
	assert_int_equal(cancel_at_a(), 0);
	forget();
	all(a, c);
	assert_int_equal(step(a, CANCEL, NULL, &of_b, &cancellation), 0);
	assert_int_equal(cancel_at_b(&cancellation), 0);
	forget();
	all(c, b);
	paper_free(&of_b);
}

static void whose_word(void **state)
{
	struct paper of_c = { NULL, 0 };
	size_t i;

	(void)state;
	asked(a, b);
	/* C says it, who does not have the volume; and A, altered anywhere. */
	assert_int_equal(step(c, CANCEL, NULL, &answer, &of_c), 0);
	refused(cancel_at_b(&of_c), -EKEYREJECTED, b, "another host than was meant");
	assert_int_equal(cancel_at_a(), 0);
	for (i = 0; i < 8 * cancellation.len; i += 7) {
		cancellation.at[i / 8] ^= 1 << i % 8;
		assert_int_not_equal(cancel_at_b(&cancellation), 0);
		cancellation.at[i / 8] ^= 1 << i % 8;
		assert_int_equal(state_of(b), MOVE_ANSWERED);
	}
	assert_int_equal(cancel_at_b(&cancellation), 0);
	paper_free(&of_c);
}

static void too_late(void **state)
{
	int at = 0;

	(void)state;
	asked(a, b);
	/* From its first journal on. */
	do {
		fuse = ++at;
		fuse_after = true;
		assert_int_not_equal(do_step(FREEZE, a, b), 0);
		fuse = -1;
	} while (state_of(a) == MOVE_ASKED);
	refused(cancel_at_a(), -EPROTO, a, "too late: the volume was frozen");
	refused(step(a, CANCEL, NULL, &answer, NULL), -EPROTO, a, "too late");
	must(FREEZE, a, b);
	refused(cancel_at_a(), -EPROTO, a, "too late: the volume was frozen");
	refused(step(a, CANCEL, NULL, &answer, NULL), -EPROTO, a, "too late");
	must(PACKAGE, a, b);
	refused(cancel_at_b(NULL), -EPROTO, b, "may have frozen it");
	must(ACCEPT, a, b);
	refused(cancel_at_b(NULL), -EPROTO, b, "too late: the volume has come");
	must(DESTROY, a, b);
	refused(cancel_at_a(), -EPROTO, a, "too late: the volume has gone");
	refused(step(a, CANCEL, NULL, &answer, NULL), -EPROTO, a, "too late");
	assert_true(usable(b));
}

/* Whoever has had the volume once is not as if it never had. */
static void comes_back_not(void **state)
{
	(void)state;
	all(a, b);
	forget();
	must(OFFER, b, a);
	assert_int_equal(step(a, CANCEL, NULL, NULL, NULL), 0);
	assert_int_equal(state_of(a), MOVE_WITHDRAWN);
	refused(move_may_use(&a->move), -EPERM, a, "withdrawn");
	assert_int_equal(a->counter, 100);
	assert_int_equal(step(a, CANCEL, NULL, NULL, NULL), 0);
	all(b, a);
	assert_true(usable(a));
	/* Nor whoever has lost its journal. */
	c->counter = 300;
	refused(step(c, CANCEL, NULL, NULL, NULL), -ESTALE, c, "no journal");
	must(OFFER, a, c);
	assert_int_equal(step(c, CANCEL, NULL, NULL, NULL), 0);
	refused(move_may_use(&c->move), -EPERM, c, "withdrawn");
	assert_int_equal(c->counter, 300);
}

/* The host that has come by it can take back what it was asked, and tell its acceptance still. */
static void accepted_before(void **state)
{
	struct paper first = { NULL, 0 };

	(void)state;
	all(a, b);
	first = package;
	package = (struct paper){ NULL, 0 };
	asked(b, c);
	assert_int_equal(step(b, ACCEPT, NULL, &first, &acceptance), 0);
	assert_int_equal(move_may_use(&b->move), 0);
	assert_int_equal(step(b, CANCEL, NULL, NULL, &cancellation), 0);
	assert_int_equal(step(b, ACCEPT, NULL, &first, &acceptance), 0);
	must(DESTROY, a, b);
	refused(step(b, OFFER, a, NULL, NULL), -EPROTO, b, "here, or comes");
	assert_int_equal(step(c, CANCEL, NULL, &cancellation, NULL), 0);
	assert_true(usable(b));
	all(b, c);
	paper_free(&first);
}

/* A journal of an offer that was taken back is of another time than the next one's counter. */
static void offer_put_back(void **state)
{
	struct disk offered, withdrawing;
	int at = 0;

	(void)state;
	must(OFFER, a, b);
	offered = b->disk;
	do {
		fuse = ++at;
		fuse_after = true;
		assert_int_not_equal(cancel_at_b(NULL), 0);
		fuse = -1;
	} while (state_of(b) != MOVE_WITHDRAWING);
	withdrawing = b->disk;
	assert_int_equal(cancel_at_b(NULL), 0);
	b->disk = offered;
	refused(move_may_use(&b->move), -ESTALE, b, "put back");
	/* It comes after all, and goes on. */
	memset(&b->disk, 0, sizeof(b->disk));
	forget();
	all(a, b);
	b->disk = withdrawing;
	refused(cancel_at_b(NULL), -ESTALE, b, "put back");
	b->disk = offered;
	refused(cancel_at_b(NULL), -ESTALE, b, "put back");
	assert_int_not_equal(move_may_use(&b->move), 0);
}

/* --- killed -------------------------------------------------------------------------------- */

enum { OFFERS, ASKS, ANSWERS, A_CANCELS, B_CANCELS, ACTS };

static int act(unsigned int what)
{
	switch (what) {
	case OFFERS:
		return do_step(OFFER, a, b);
	case ASKS:
		return do_step(CHALLENGE, a, b);
	case ANSWERS:
		return do_step(ANSWER, a, b);
	case A_CANCELS:
		return cancel_at_a();
	default:
		return cancel_at_b(cancellation.at ? &cancellation : NULL);
	}
}

/*
 * All of it, with the power lost at the @first call and at the @second after that, in the order of
 * @acts.  Return: how many calls there were.
 */
static unsigned int taken_back(const unsigned int *acts, unsigned int n, int first, int second,
			       bool after)
{
	unsigned int i, kills = 0;
	int rc;

	begin(NULL);
	fuse = first;
	fuse_after = after;
	for (i = 0; i < n;) {
		rc = act(acts[i]);
		if (!rc) {
			i++;
			continue;
		}
		if (fuse)
			fail_msg("act %u after %u kills: %d: %s%s", acts[i], kills, rc,
				 a->move.why, b->move.why);
		kills++;
		/* The power is lost, and A opens it again: it may all the time. */
		fuse = -1;
		assert_true(usable(a));
		assert_int_equal(move_may_use(&a->move), 0);
		fuse = kills == 1 ? second : -1;
	}
	fuse = -1;
	assert_true(usable(a));
	assert_false(usable(b));
	assert_int_equal(move_may_use(&a->move), 0);
	/* Killed between its counter and its journal, B does not know that it was the first. */
	if (state_of(b) == MOVE_KEPT)
		all_is_as_it_was();
	else
		assert_int_equal(state_of(b), MOVE_WITHDRAWN);
	n = calls;
	forget();
	all(a, b);
	return n;
}

static void killed(void **state)
{
	static const unsigned int ways[][ACTS] = {
		{ OFFERS, B_CANCELS }, { OFFERS, ASKS, A_CANCELS, B_CANCELS },
		{ OFFERS, ASKS, ANSWERS, A_CANCELS, B_CANCELS },
	};
	static const unsigned int length[] = { 2, 4, 5 };
	unsigned int w, total, i, j;

	(void)state;
	for (w = 0; w < 3; w++) {
		total = taken_back(ways[w], length[w], -1, -1, false);
		assert_true(total > 8);
		for (i = 1; i <= total; i++) {
			taken_back(ways[w], length[w], i, -1, i & 1);
			for (j = i % 3; j <= 12; j += 3)
				taken_back(ways[w], length[w], i, j ? (int)j : -1, ~i & 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_tpms, begin),
		cmocka_unit_test_setup(other_answers, begin),
		cmocka_unit_test_setup(other_challenges, begin),
		cmocka_unit_test_setup(old_journal, begin),
		cmocka_unit_test_setup(nobody_asked, begin),
		cmocka_unit_test_setup(after_the_answer, begin),
		cmocka_unit_test_setup(old_challenge, begin),
		cmocka_unit_test_setup(left_behind, begin),
		cmocka_unit_test_setup(whose_word, begin),
		cmocka_unit_test_setup(too_late, begin),
		cmocka_unit_test_setup(comes_back_not, begin),
		cmocka_unit_test_setup(accepted_before, begin),
		cmocka_unit_test_setup(offer_put_back, begin),
		cmocka_unit_test_setup(killed, begin),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
