// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notes, checkpoints, receipts, witnesses and entries of the ledger: known vectors, and every bit
 * of what is to be believed flipped.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger_util.h"

#include "ledger/entry.h"
#include "ledger/witness.h"

/* --- notes: keys and texts of golang.org/x/mod/sumdb/note ------------------------------ */

#define PETER	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH	"EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define PETERS	"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define TEXT	"If you think cryptography is the answer to your problem,\n" \
		"then you don't know what your problem is.\n"
#define PETER_SIG "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_SIG "\xe2\x80\x94 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

static void note_keys(void **state)
{
	struct note_verifier v;
	struct note_signer s;
	char text[NOTE_KEY_TEXT_MAX], copy[sizeof(PETERS)];
	size_t i, j;

	(void)state;
	assert_int_equal(note_verifier_parse(STR(PETER), &v), 0);
	note_verifier_print(&v, text);
	assert_string_equal(text, PETER);
	assert_int_equal(note_signer_parse(STR(PETERS), &s), 0);
	note_signer_print(&s, text);
	assert_string_equal(text, PETERS);
	note_verifier_print(&s.verifier, text);
	assert_string_equal(text, PETER);
	/* All parts of them, and each byte one more. */
	for (i = 0; i <= sizeof(PETER) - 1; i++)
		for (j = i; j <= sizeof(PETER) - 1; j++)
			assert_int_equal(note_verifier_parse((struct str){ &PETER[i], j - i }, &v),
					 i || j != sizeof(PETER) - 1 ? -EINVAL : 0);
	for (i = 0; i < sizeof(PETER) - 1; i++) {
		memcpy(copy, PETER, sizeof(PETER));
		copy[i]++;
		assert_int_equal(note_verifier_parse(str_of(copy), &v), -EINVAL);
	}
	for (i = 0; i < sizeof(PETERS) - 1; i++) {
		memcpy(copy, PETERS, sizeof(PETERS));
		copy[i]++;
		assert_int_equal(note_signer_parse(str_of(copy), &s), -EINVAL);
	}
	assert_int_equal(note_verifier_parse(STR("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="), &v), -EINVAL);
	assert_int_equal(note_verifier_parse(STR("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &v), -EINVAL);
	note_signer_wipe(&s);
}

static int verify_with(const char *key, const char *bytes, size_t len)
{
	struct note_verifier v;
	struct note n;

	assert_int_equal(note_verifier_parse(str_of(key), &v), 0);
	if (note_parse((struct str){ bytes, len }, &n))
		return -EPROTO;
	return note_verify(&n, &v, NULL);
}

static void notes(void **state)
{
	static const char note[] = TEXT "\n" PETER_SIG ENOCH_SIG;
	static const char *const bad[] = {
		TEXT, TEXT "\n", TEXT "\n\xe2\x80\x94 PeterNeumann x08go/Z=",
		"\x01" TEXT "\n" PETER_SIG,
		"\xff" TEXT "\n" PETER_SIG, TEXT "\n" PETER_SIG "Unexpected line.\n",
		TEXT "\n\xe2\x80\x94 Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
		TEXT "\n- PeterNeumann x08go/ZJkuA=\n", TEXT "\r\n\r\n" PETER_SIG, PETER_SIG,
		"\n\n", "\n",
	};
	char line[NOTE_LINE_MAX], many[sizeof(TEXT) + 102 * sizeof(PETER_SIG)];
	struct note_signer s;
	struct note n;
	struct out o;
	size_t i;

	(void)state;
	assert_int_equal(verify_with(PETER, note, sizeof(note) - 1), 0);
	assert_int_equal(verify_with(ENOCH, note, sizeof(note) - 1), 0);
	assert_int_equal(verify_with(ENOCH, TEXT "\n" PETER_SIG, strlen(TEXT "\n" PETER_SIG)),
			 -ENOENT);
	assert_int_equal(note_parse(STR(TEXT "\n" PETER_SIG), &n), 0);
	assert_str(n.text, TEXT);
	assert_int_equal(note_signer_parse(STR(PETERS), &s), 0);
	assert_int_equal(note_sign(&s, STR(TEXT), 0, line), 0);
	assert_string_equal(line, PETER_SIG);
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(note_parse(str_of(bad[i]), &n), -EBADMSG);
	/* A hundred signatures are taken, one more is not. */
	o = OUT(many, sizeof(many));
	out_text(&o, TEXT "\n");
	for (i = 0; i < 100; i++)
		out_text(&o, PETER_SIG);
	assert_int_equal(note_parse(out_written(&o), &n), 0);
	assert_int_equal(n.count, 100);
	out_text(&o, PETER_SIG);
	assert_int_equal(note_parse(out_written(&o), &n), -EBADMSG);
	note_signer_wipe(&s);
}

/* Of the text and of the signature no bit may differ. */
static void flipped_note(void **state)
{
	static const char note[] = TEXT "\n" PETER_SIG;
	char copy[sizeof(note)];
	size_t bit;

	(void)state;
	for (bit = 0; bit < 8 * (sizeof(note) - 1); bit++) {
		memcpy(copy, note, sizeof(note));
		copy[bit / 8] ^= 1 << bit % 8;
		assert_int_not_equal(verify_with(PETER, copy, sizeof(note) - 1), 0);
	}
	for (bit = 0; bit < sizeof(note) - 1; bit++)
		assert_int_not_equal(verify_with(PETER, note, bit), 0);
}

/* The example of C2SP signed-note is of a name that is not ASCII before its slash. */
static void note_names(void **state)
{
	(void)state;
	assert_true(note_name_ok(STR("quasimodo.example/salvatore")));
	assert_true(note_name_ok(STR("gr\xc3\xbc\xc3\x9f")));
	assert_false(note_name_ok(STR("")));
	assert_false(note_name_ok(STR("a b")));
	assert_false(note_name_ok(STR("a+b")));
	assert_false(note_name_ok(STR("a\xe2\x80\x83" "b")));
	assert_false(note_name_ok(STR("a\nb")));
	assert_false(note_name_ok(STR("a\xff")));
}

/* --- checkpoints, cosignatures, receipts ----------------------------------------------- */

static const uint8_t log_seed[ED25519_SEED_BYTES] = { 1 };
static const uint8_t witness_seed[ED25519_SEED_BYTES] = { 2 };

#define ORIGIN	"log.example/one"

static struct note_signer signer(const char *name, enum note_key_type type, const uint8_t *seed)
{
	struct note_signer s;

	assert_int_equal(note_signer_make(str_of(name), type, seed, &s), 0);
	return s;
}

/* A checkpoint of the first @size leaves. */
static struct str checkpoint(uint64_t size, char buf[CHECKPOINT_MAX])
{
	const struct note_signer s = signer(ORIGIN, NOTE_ED25519, log_seed);
	const struct checkpoint c = { STR(ORIGIN), size, naive(0, size), STR_NONE };
	struct out o = OUT(buf, CHECKPOINT_MAX);
	char line[NOTE_LINE_MAX];

	checkpoint_print(&o, &c);
	assert_int_equal(note_sign(&s, out_written(&o), 0, line), 0);
	out_char(&o, '\n');
	out_text(&o, line);
	return out_written(&o);
}

static void checkpoints(void **state)
{
	static const char root[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
	static const char *const bad[] = {
		"", "a\n", "a\n1\n", "a\n1\n%s", "\n1\n%s\n", "a\n01\n%s\n", "a\n-1\n%s\n", "a\n\n%s\n",
		"a\n9223372036854775808\n%s\n", "a\n1\nAAAA\n", "a\n1\n%s\n\n", "a\n1\n%s\nx\n\ny\n",
		"a\n1x\n%s\n", "a\n1\n %s\n",
	};
	struct checkpoint c;
	char text[256];
	unsigned int i;

	(void)state;
	snprintf(text, sizeof(text), "example.com/behind-the-sofa\n20852163\n%s\n", root);
	assert_int_equal(checkpoint_parse(str_of(text), &c), 0);
	assert_str(c.origin, "example.com/behind-the-sofa");
	assert_int_equal(c.size, 20852163);
	assert_int_equal(c.root.byte[0], 0x0a);
	assert_int_equal(c.root.byte[31], 0x62);
	snprintf(text, sizeof(text), "a\n0\n%s\nmore\nof it\n", root);
	assert_int_equal(checkpoint_parse(str_of(text), &c), 0);
	assert_str(c.extension, "more\nof it\n");
	for (i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof(text), bad[i], root);
		assert_int_equal(checkpoint_parse(str_of(text), &c), -EBADMSG);
	}
}

static void opened_checkpoints(void **state)
{
	const struct note_signer log = signer(ORIGIN, NOTE_ED25519, log_seed);
	const struct note_signer other = signer(ORIGIN, NOTE_ED25519, witness_seed);
	const struct note_signer named = signer("log.example/two", NOTE_ED25519, log_seed);
	struct checkpoint c, d;
	char buf[CHECKPOINT_MAX];
	struct str bytes = checkpoint(5, buf);
	struct note n;

	(void)state;
	assert_int_equal(checkpoint_open(bytes, &log.verifier, &n, &c), 0);
	assert_int_equal(checkpoint_open(bytes, &other.verifier, &n, &d), -ENOENT);
	assert_int_equal(checkpoint_open(bytes, &named.verifier, &n, &d), -ENOENT);
	d = c;
	assert_int_equal(checkpoint_compare(&c, &d), CHECKPOINT_SAME);
	d.root.byte[31] ^= 1;
	assert_int_equal(checkpoint_compare(&c, &d), CHECKPOINT_FORK);
	d.size = 4;
	assert_int_equal(checkpoint_compare(&c, &d), CHECKPOINT_REWIND);
	d.size = 6;
	assert_int_equal(checkpoint_compare(&c, &d), CHECKPOINT_GROWN);
	buf[sizeof(ORIGIN)] = '6';
	assert_int_equal(checkpoint_open(bytes, &log.verifier, &n, &c), -EACCES);
}

static void cosignatures(void **state)
{
	const struct note_signer w = signer("witness.example", NOTE_COSIGNATURE, witness_seed);
	const struct note_signer plain = signer("witness.example", NOTE_ED25519, witness_seed);
	static char text[NOTE_COSIGNED_MAX + 2];
	struct note_verifier v;
	char buf[CHECKPOINT_MAX], key[NOTE_KEY_TEXT_MAX], line[NOTE_LINE_MAX];
	struct str bytes = checkpoint(5, buf);
	struct out o = { .at = buf, .len = bytes.len, .size = sizeof(buf) };
	struct note n;
	uint64_t time = 0;
	size_t bit;

	(void)state;
	/* The type is part of the id. */
	assert_int_not_equal(w.verifier.id, plain.verifier.id);
	note_verifier_print(&w.verifier, key);
	assert_int_equal(note_verifier_parse(str_of(key), &v), 0);
	assert_int_equal(v.type, NOTE_COSIGNATURE);
	assert_int_equal(note_parse(bytes, &n), 0);
	assert_int_equal(note_sign(&w, n.text, 1679315147, line), 0);
	out_text(&o, line);
	assert_int_equal(note_parse(out_written(&o), &n), 0);
	assert_int_equal(n.count, 2);
	assert_int_equal(note_verify(&n, &v, &time), 0);
	assert_int_equal(time, 1679315147);
	assert_int_equal(note_verify(&n, &plain.verifier, NULL), -ENOENT);
	/* Time and signature, all bits; base64 of what follows the name. */
	for (bit = 0; bit < 8 * strlen(line); bit++) {
		char *at = buf + bytes.len + bit / 8;

		*at ^= 1 << bit % 8;
		if (!note_parse(out_written(&o), &n))
			assert_int_not_equal(note_verify(&n, &v, NULL), 0);
		*at ^= 1 << bit % 8;
	}
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(note_sign(&w, (struct str){ text, NOTE_COSIGNED_MAX + 1 }, 1, line), -EIO);
}

static size_t receipt(uint64_t index, uint64_t size, char *buf, size_t room)
{
	char note[CHECKPOINT_MAX];
	struct str bytes = checkpoint(size, note);
	struct merkle_proof p;
	struct out o = OUT(buf, room);

	assert_int_equal(prove_inclusion(source(), index, size, &p), 0);
	receipt_print(&o, (struct str){ (char *)&index, sizeof(index) }, index, &p, bytes);
	assert_int_equal(o.err, 0);
	return o.len;
}

static int check_receipt(const char *bytes, size_t len, uint64_t index)
{
	const struct note_signer log = signer(ORIGIN, NOTE_ED25519, log_seed);
	struct checkpoint c;
	struct receipt r;

	if (receipt_parse((struct str){ bytes, len }, &r))
		return -EPROTO;
	return receipt_verify(&r, (struct str){ (char *)&index, sizeof(index) }, &log.verifier, &c);
}

static void receipts(void **state)
{
	char buf[4096], copy[4096];
	size_t len, i, extra;
	uint64_t index, size;

	(void)state;
	for (size = 1; size < 20; size++)
		for (index = 0; index < size; index++) {
			len = receipt(index, size, buf, sizeof(buf));
			assert_int_equal(check_receipt(buf, len, index), 0);
			assert_int_not_equal(check_receipt(buf, len, index + 1), 0);
		}
	/* Each bit but those of "extra", which is not protected and not believed; each length. */
	len = receipt(5, 11, buf, sizeof(buf));
	extra = strstr(buf, "\nindex") - buf;
	for (i = 0; i < 8 * len; i++) {
		if (i / 8 > strlen("c2sp.org/tlog-proof@v1\nextra") && i / 8 < extra)
			continue;
		memcpy(copy, buf, len);
		copy[i / 8] ^= 1 << i % 8;
		assert_int_not_equal(check_receipt(copy, len, 5), 0);
	}
	for (i = 0; i < len; i++)
		assert_int_not_equal(check_receipt(buf, i, 5), 0);
	/* Without it as well. */
	memmove(buf + 23, buf + extra + 1, len - extra - 1);
	assert_int_equal(check_receipt(buf, 23 + len - extra - 1, 5), 0);
}

/* --- a witness ------------------------------------------------------------------------- */

struct memory {
	struct witness_state state;
	int rc;
	unsigned int kept;
};

static int remember(void *ctx, const struct note_verifier *log, struct witness_state *s)
{
	(void)log;
	*s = ((struct memory *)ctx)->state;
	return 0;
}

static int keep(void *ctx, const struct note_verifier *log, const struct witness_state *s)
{
	struct memory *m = ctx;

	(void)log;
	m->kept++;
	if (!m->rc)
		m->state = *s;
	return m->rc;
}

/* A request from @old to @size; the proof is for @from. */
static int ask(struct witness *w, uint64_t old, uint64_t from, uint64_t size, char *body)
{
	char buf[8192], note[CHECKPOINT_MAX];
	struct str bytes = checkpoint(size, note);
	struct out o = OUT(buf, sizeof(buf));
	struct merkle_proof p = { 0 };

	if (from <= size)
		assert_int_equal(prove_consistency(source(), from, size, &p), 0);
	out_text(&o, "old ");
	out_number(&o, old);
	out_char(&o, '\n');
	proof_lines_print(&o, &p);
	out_str(&o, bytes);
	assert_int_equal(o.err, 0);
	return witness_add_checkpoint(w, out_written(&o), 1700000000, body);
}

static void witnessing(void **state)
{
	const struct note_signer log = signer(ORIGIN, NOTE_ED25519, log_seed);
	const struct note_signer strange = signer("other.example", NOTE_ED25519, log_seed);
	const struct note_signer wrong = signer(ORIGIN, NOTE_ED25519, witness_seed);
	struct memory m = { 0 };
	struct witness w = {
		.signer = signer("witness.example", NOTE_COSIGNATURE, witness_seed),
		.log = &log.verifier, .logs = 1, .known = remember, .keep = keep, .ctx = &m,
	};
	char body[WITNESS_BODY_MAX], note[CHECKPOINT_MAX + WITNESS_BODY_MAX];
	struct merkle_hash other;
	struct str bytes;
	struct note n;

	(void)state;
	assert_int_equal(ask(&w, 0, 0, 5, body), WITNESS_SIGNED);
	bytes = checkpoint(5, note);
	strcpy(note + bytes.len, body);
	assert_int_equal(note_parse(str_of((note[bytes.len + strlen(body)] = 0, note)), &n), 0);
	assert_int_equal(note_verify(&n, &w.signer.verifier, NULL), 0);
	assert_int_equal(m.state.size, 5);
	/* Again, the same. */
	assert_int_equal(ask(&w, 5, 5, 5, body), WITNESS_SIGNED);
	/* Not what it knows; it says what that is. */
	assert_int_equal(ask(&w, 0, 0, 9, body), WITNESS_CONFLICT);
	assert_string_equal(body, "5\n");
	assert_int_equal(ask(&w, 5, 4, 9, body), WITNESS_INCONSISTENT);
	assert_int_equal(ask(&w, 9, 9, 5, body), WITNESS_MALFORMED);
	assert_int_equal(m.state.size, 5);
	assert_int_equal(ask(&w, 5, 5, 9, body), WITNESS_SIGNED);
	/* Another history of the same size, and a continuation of it. */
	other = leaf[2];
	leaf[2] = leaf[3];
	m.kept = 0;
	assert_int_equal(ask(&w, 9, 9, 9, body), WITNESS_CONFLICT);
	assert_int_equal(ask(&w, 9, 9, 20, body), WITNESS_INCONSISTENT);
	assert_int_equal(m.kept, 0);
	leaf[2] = other;
	/* What cannot be kept is not signed. */
	m.rc = -EIO;
	assert_int_equal(ask(&w, 9, 9, 20, body), WITNESS_FAILED);
	assert_string_equal(body, "");
	m.rc = 0;
	w.log = &strange.verifier;
	assert_int_equal(ask(&w, 9, 9, 20, body), WITNESS_UNKNOWN);
	w.log = &wrong.verifier;
	assert_int_equal(ask(&w, 9, 9, 20, body), WITNESS_FORBIDDEN);
	assert_int_equal(witness_add_checkpoint(&w, STR("old 0\n\nx"), 1, body), WITNESS_MALFORMED);
	assert_int_equal(witness_add_checkpoint(&w, STR(""), 1, body), WITNESS_MALFORMED);
}

static void witness_files(void **state)
{
	const struct note_signer log = signer(ORIGIN, NOTE_ED25519, log_seed);
	char dir[] = "/tmp/ledger-XXXXXX", path[256];
	struct witness_folder f = { dir };
	struct witness_state s, t = { 7, leaf[0] };
	char *found;
	FILE *p;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(witness_folder_known(&f, &log.verifier, &s), 0);
	assert_int_equal(s.size, 0);
	assert_int_equal(witness_folder_keep(&f, &log.verifier, &t), 0);
	assert_int_equal(witness_folder_known(&f, &log.verifier, &s), 0);
	assert_memory_equal(&s, &t, sizeof(s));
	/* A file that is damaged is not "nothing is known". */
	snprintf(path, sizeof(path), "ls %s", dir);
	p = popen(path, "r");
	assert_non_null(fgets(path, 100, p));
	pclose(p);
	path[strcspn(path, "\n")] = 0;
	assert_true(asprintf(&found, "%s/%s", dir, path) > 0);
	assert_int_equal(truncate(found, 20), 0);
	assert_int_equal(witness_folder_known(&f, &log.verifier, &s), -EBADMSG);
	unlink(found);
	rmdir(dir);
	free(found);
}

/* --- entries --------------------------------------------------------------------------- */

#define ENTRY	"{\"action\":\"bucket.create\",\"actor\":\"team:1\",\"epoch\":7,\"object\":\"bucket:a\\\"\\\\\\n\\u0001\xc3\xa4/\"," \
		"\"policy\":\"\",\"result\":\"ok\",\"seq\":12,\"time\":\"2026-11-21T22:37:20.000123Z\"}"

static void entries(void **state)
{
	static const char *const bad[] = {
		"", "{}", " " ENTRY, ENTRY " ", "{\"actor\":\"\"}",
	};
	const struct ledger_entry e = {
		.event = { STR("team:1"), STR("bucket.create"), STR("bucket:a\"\\\n\1\xc3\xa4/"),
			   STR("ok"), STR_NONE },
		.seq = 12, .epoch = 7, .time = STR("2026-11-21T22:37:20.000123Z"),
	};
	static char long_text[ENTRY_TEXT_MAX + 1];
	struct ledger_entry got, large = e;
	static char buf[ENTRY_MAX];
	char copy[sizeof(ENTRY)], time[ENTRY_TIME];
	struct out o = OUT(buf, sizeof(buf));
	size_t i;

	(void)state;
	entry_print(&o, &e);
	assert_out(&o, ENTRY);
	assert_int_equal(entry_parse(STR(ENTRY), &got), 0);
	assert_str(got.event.object, "bucket:a\\\"\\\\\\n\\u0001\xc3\xa4/");
	assert_int_equal(got.seq, 12);
	assert_int_equal(got.epoch, 7);
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(entry_parse(str_of(bad[i]), &got), -EBADMSG);
	for (i = 0; i < sizeof(ENTRY) - 1; i++)
		assert_int_equal(entry_parse((struct str){ ENTRY, i }, &got), -EBADMSG);
	/* Other ways to write the same: none is taken. */
	memcpy(copy, ENTRY, sizeof(ENTRY));
	*strstr(copy, "\\n") = '\t';
	assert_int_equal(entry_parse(str_of(copy), &got), -EBADMSG);
	memcpy(copy, ENTRY, sizeof(ENTRY));
	memcpy(strstr(copy, "\\u0001"), "\\u000a", 6);
	assert_int_equal(entry_parse(str_of(copy), &got), -EBADMSG);
	memcpy(strstr(copy, "\\u000a"), "\\u0041", 6);
	assert_int_equal(entry_parse(str_of(copy), &got), -EBADMSG);
	memcpy(copy, ENTRY, sizeof(ENTRY));
	*strstr(copy, "12,") = '0';
	assert_int_equal(entry_parse(str_of(copy), &got), -EBADMSG);
	entry_time(1795300640000123ull, time);
	assert_string_equal(time, "2026-11-21T22:37:20.000123Z");
	entry_time(~0ull, time);
	assert_int_equal(strlen(time), ENTRY_TIME - 1);
	/* The longest fits, and one byte more does not. */
	memset(long_text, 1, sizeof(long_text));
	large.event = (struct ledger_event){
		{ long_text, ENTRY_TEXT_MAX }, { long_text, ENTRY_TEXT_MAX },
		{ long_text, ENTRY_TEXT_MAX }, { long_text, ENTRY_TEXT_MAX },
		{ long_text, ENTRY_TEXT_MAX },
	};
	o = OUT(buf, sizeof(buf));
	entry_print(&o, &large);
	assert_int_equal(o.err, 0);
	assert_int_equal(entry_parse(out_written(&o), &got), 0);
	large.event.actor.len++;
	o = OUT(buf, sizeof(buf));
	entry_print(&o, &large);
	assert_int_equal(o.err, -EMSGSIZE);
	/* As much of it as is asked for when it is printed, and of whole characters. */
	assert_int_equal(entry_head((struct str){ long_text, 300 }, 61).len, 10);
	assert_int_equal(entry_head((struct str){ long_text, ENTRY_TEXT_MAX + 1 }, ENTRY_MAX).len,
			 ENTRY_TEXT_MAX);
	assert_str(entry_head(STR("a\n\"\x01z"), 11), "a\n\"\x01");
	assert_str(entry_head(STR("a\n\"\x01z"), 10), "a\n\"");
	assert_str(entry_head(STR("a\xff" "\xc3\xa4"), 4), "a\xff" "\xc3\xa4");
	assert_str(entry_head(STR("a\xff" "\xc3\xa4"), 3), "a\xff");
	assert_int_equal(entry_head(STR_NONE, 3).len, 0);
	/* What is not UTF-8 can be seen not to be. */
	large = e;
	large.event.object = STR("a\xff" "b\xc3");
	o = OUT(buf, sizeof(buf));
	entry_print(&o, &large);
	assert_int_equal(entry_parse(out_written(&o), &got), 0);
	assert_str(got.event.object, "a?b?");
}

static void pseudonyms(void **state)
{
	char one[ENTRY_PSEUDONYM], two[ENTRY_PSEUDONYM];
	struct hmac_key salt, other;

	(void)state;
	hmac_key_set(&salt, "salt", 4);
	hmac_key_set(&other, "salz", 4);
	entry_pseudonym(&salt, "key", STR("AKIA"), one);
	entry_pseudonym(&salt, "key", STR("AKIA"), two);
	assert_string_equal(one, two);
	assert_int_equal(strlen(one), 4 + 32);
	assert_null(strstr(one, "AKIA"));
	entry_pseudonym(&salt, "key", STR("AKIB"), two);
	assert_string_not_equal(one, two);
	entry_pseudonym(&other, "key", STR("AKIA"), two);
	assert_string_not_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(note_keys),
		cmocka_unit_test(notes),
		cmocka_unit_test(flipped_note),
		cmocka_unit_test(note_names),
		cmocka_unit_test(checkpoints),
		cmocka_unit_test(opened_checkpoints),
		cmocka_unit_test(cosignatures),
		cmocka_unit_test(receipts),
		cmocka_unit_test(witnessing),
		cmocka_unit_test(witness_files),
		cmocka_unit_test(entries),
		cmocka_unit_test(pseudonyms),
	};

	return cmocka_run_group_tests_name("ledger_note", tests, make_leaves, free_leaves);
}
