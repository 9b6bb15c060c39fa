// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asking witnesses: a log and a witness that speak with each other as both sides of the library
 * have it, witnesses that lie, and logs that fork or go back.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger_util.h"

#include "ledger/witness_ask.h"

static struct note_signer log_key, witness_key;
static struct note_verifier logs[1];
static struct witness_state kept;
static int keep_rc;

static int known(void *ctx, const struct note_verifier *log, struct witness_state *s)
{
	(void)ctx;
	(void)log;
	*s = kept;
	return 0;
}

static int keep(void *ctx, const struct note_verifier *log, const struct witness_state *s)
{
	(void)ctx;
	(void)log;
	if (!keep_rc)
		kept = *s;
	return keep_rc;
}

static struct witness witness = { .known = known, .keep = keep, .log = logs, .logs = 1 };

static int make_keys(void **state)
{
	static const uint8_t a[ED25519_SEED_BYTES] = { 1 }, b[ED25519_SEED_BYTES] = { 2 };

	if (note_signer_make(STR("log.example"), NOTE_ED25519, a, &log_key) ||
	    note_signer_make(STR("w.example"), NOTE_COSIGNATURE, b, &witness_key))
		return -1;
	logs[0] = log_key.verifier;
	witness.signer = witness_key;
	return make_leaves(state);
}

static int fresh(void **state)
{
	(void)state;
	memset(&kept, 0, sizeof(kept));
	keep_rc = 0;
	return 0;
}

/* A checkpoint of the first @size leaves, signed; flipped: of another root. */
static struct str checkpoint_of(uint64_t size, bool flipped, struct checkpoint *c,
				struct str *text)
{
	static char note[CHECKPOINT_MAX];
	struct out o = OUT(note, sizeof(note));
	char line[NOTE_LINE_MAX];

	*c = (struct checkpoint){ .origin = STR("log.example"), .size = size,
				  .root = naive(0, size) };
	c->root.byte[0] ^= flipped;
	checkpoint_print(&o, c);
	*text = out_written(&o);
	assert_int_equal(note_sign(&log_key, *text, 0, line), 0);
	out_char(&o, '\n');
	out_text(&o, line);
	assert_int_equal(o.err, 0);
	return out_written(&o);
}

/* One question and its answer. */
static enum witness_said ask(uint64_t *old, uint64_t size, bool flipped, char line[NOTE_LINE_MAX],
			     char why[WITNESS_WHY])
{
	static char request[WITNESS_REQUEST_MAX];
	struct out o = OUT(request, sizeof(request));
	char body[WITNESS_BODY_MAX];
	enum witness_answer status;
	struct checkpoint c;
	struct str text, note = checkpoint_of(size, flipped, &c, &text);

	assert_int_equal(witness_request(&o, *old, source(), size, note), 0);
	status = witness_add_checkpoint(&witness, out_written(&o), 1700000000, body);
	return witness_answered(&witness_key.verifier, &c, text, old, status, str_of(body), line,
				why);
}

static void grows(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 3, 255, 256, 257, 1000, 1000, 66000 };
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	uint64_t old = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		assert_int_equal(ask(&old, sizes[i], false, line, why), WITNESS_SAID_YES);
		assert_true(str_starts(str_of(line), STR("\xe2\x80\x94 w.example ")));
		assert_int_equal(kept.size, sizes[i]);
		old = sizes[i];
	}
}

/* A log that does not know what the witness has is told, and asks once more. */
static void other_old_size(void **state)
{
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	uint64_t old = 0;

	(void)state;
	assert_int_equal(ask(&old, 300, false, line, why), WITNESS_SAID_YES);
	assert_int_equal(ask(&old, 400, false, line, why), WITNESS_SAID_OLD);
	assert_int_equal(old, 300);
	assert_int_equal(ask(&old, 400, false, line, why), WITNESS_SAID_YES);
}

static void forks(void **state)
{
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	uint64_t old = 0;

	(void)state;
	assert_int_equal(ask(&old, 300, false, line, why), WITNESS_SAID_YES);
	old = 300;
	assert_int_equal(ask(&old, 300, true, line, why), WITNESS_SAID_FORK);
	assert_non_null(strstr(why, "another root"));
	assert_int_equal(ask(&old, 400, true, line, why), WITNESS_SAID_FORK);
	assert_non_null(strstr(why, "not the first"));
	assert_int_equal(kept.size, 300);
}

static void goes_back(void **state)
{
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	uint64_t old = 0;

	(void)state;
	assert_int_equal(ask(&old, 300, false, line, why), WITNESS_SAID_YES);
	assert_int_equal(ask(&old, 200, false, line, why), WITNESS_SAID_REWIND);
	assert_non_null(strstr(why, "300 entries, and there are 200"));
	assert_int_equal(kept.size, 300);
}

/* What cannot be kept is not signed. */
static void full_disk(void **state)
{
	char line[NOTE_LINE_MAX] = "", why[WITNESS_WHY];
	uint64_t old = 0;

	(void)state;
	keep_rc = -ENOSPC;
	assert_int_equal(ask(&old, 300, false, line, why), WITNESS_SAID_NO);
	assert_string_equal(line, "");
}

/* A witness that lies: signatures of others, of other texts, and numbers without end. */
static void liars(void **state)
{
	char line[NOTE_LINE_MAX], why[WITNESS_WHY], good[NOTE_LINE_MAX], other[NOTE_LINE_MAX];
	char body[4 * NOTE_LINE_MAX];
	struct checkpoint c;
	struct str text;
	uint64_t old;
	unsigned int i, bit, taken = 0;
	const char *const bad[] = {
		"", "\n", "yes\n", "\xe2\x80\x94 w.example AAAA\n", "18446744073709551616\n",
		"-1\n", "7", " 7\n", "007x\n",
	};

	(void)state;
	checkpoint_of(300, false, &c, &text);
	for (i = 0; i < COUNT(bad); i++) {
		old = 7;
		assert_int_equal(witness_answered(&witness_key.verifier, &c, text, &old, 200,
						  str_of(bad[i]), line, why), WITNESS_SAID_NO);
		assert_int_equal(witness_answered(&witness_key.verifier, &c, text, &old, 409,
						  str_of(bad[i]), line, why), WITNESS_SAID_NO);
		assert_int_equal(old, 7);
	}
	assert_int_equal(note_sign(&witness_key, STR("log.example\n300\nother\n"), 9, other), 0);
	assert_int_equal(witness_answered(&witness_key.verifier, &c, text, &old, 200,
					  str_of(other), line, why), WITNESS_SAID_NO);
	assert_int_equal(note_sign(&log_key, text, 0, other), 0);
	assert_int_equal(witness_answered(&witness_key.verifier, &c, text, &old, 200,
					  str_of(other), line, why), WITNESS_SAID_NO);
	assert_int_equal(note_sign(&witness_key, text, 9, good), 0);
	for (bit = 0; bit < 8 * strlen(good); bit++) {
		memcpy(other, good, sizeof(other));
		other[bit / 8] ^= 1 << bit % 8;
		taken += witness_answered(&witness_key.verifier, &c, text, &old, 200,
					  str_of(other), line, why) == WITNESS_SAID_YES;
	}
	assert_int_equal(taken, 0);
	/* The right one among others is found. */
	assert_int_equal(note_sign(&log_key, text, 0, other), 0);
	snprintf(body, sizeof(body), "%sx\n%s", other, good);
	assert_int_equal(witness_answered(&witness_key.verifier, &c, text, &old, 200,
					  str_of(body), line, why), WITNESS_SAID_YES);
	assert_string_equal(line, good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(grows, fresh), cmocka_unit_test_setup(other_old_size, fresh),
		cmocka_unit_test_setup(forks, fresh), cmocka_unit_test_setup(goes_back, fresh),
		cmocka_unit_test_setup(full_disk, fresh), cmocka_unit_test_setup(liars, fresh),
	};

	return cmocka_run_group_tests_name("witness_ask", tests, make_keys, free_leaves);
}
