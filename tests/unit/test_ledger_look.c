// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ledger that somebody has changed: every file cut, gone, or with a bit flipped, another
 * history, an older one, an entry in another's place.  Each is found, and has its name.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger_disk_util.h"

#define ENTRIES	600u

static struct inspect in;

static int read_now(struct inspect_note *now)
{
	inspect_init(&in, &key.verifier, inspect_folder_fetch, ledger_dir);
	return inspect_checkpoint(&in, now);
}

static int whole(const struct checkpoint *before)
{
	struct inspect_note now;
	int rc = read_now(&now);

	if (!rc)
		rc = inspect_whole(&in, &now.c, before, NULL);
	free(now.bytes);
	return rc;
}

static void make_ledger(unsigned int entries)
{
	struct ledger *l;

	fresh_base();
	l = opened(0);
	append(l, entries);
	ledger_close(l);
}

/* Files that a ledger of ENTRIES has, and no others. */
static const char *const files[] = {
	"checkpoint", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88",
	"tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
};

static void put(const char *name, const char *bytes, size_t len)
{
	FILE *f = fopen(below(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void damaged_files(void **state)
{
	size_t len, at, steps;
	unsigned int i;
	char *bytes;
	int rc;

	(void)state;
	make_ledger(ENTRIES);
	assert_int_equal(whole(NULL), 0);
	for (i = 0; i < COUNT(files); i++) {
		assert_int_equal(disk_read(below(files[i]), TILE_BUNDLE_MAX, &bytes, &len), 0);
		steps = i && len > 300 ? len / 23 : 1;
		for (at = 0; at < len; at += steps) {
			put(files[i], bytes, at);
			rc = whole(NULL);
			if (rc <= FINDING_REWIND || rc >= FINDINGS || !*in.why)
				fail_msg("%s of %zu bytes: %d %s", files[i], at, rc, in.why);
			bytes[at] ^= 1 << at % 8;
			put(files[i], bytes, len);
			rc = whole(NULL);
			if (rc <= FINDING_REWIND || rc >= FINDINGS || !*in.why)
				fail_msg("%s, byte %zu: %d %s", files[i], at, rc, in.why);
			bytes[at] ^= 1 << at % 8;
		}
		unlink(below(files[i]));
		assert_int_equal(whole(NULL), i ? FINDING_GAP : -ENOENT);
		put(files[i], bytes, len);
		free(bytes);
	}
	assert_int_equal(whole(NULL), 0);
}

static void another_entry(void **state)
{
	struct merkle_hash h[2];
	char *bytes, *other;
	size_t len, other_len;

	(void)state;
	make_ledger(2);
	/* Entry 0 in the place of entry 1, with its hash: what it says of itself gives it away. */
	assert_int_equal(disk_read(below("tile/entries/000.p/2"), 100000, &bytes, &len), 0);
	other_len = ((uint8_t)bytes[0] << 8 | (uint8_t)bytes[1]) + 2;
	other = malloc(2 * other_len);
	memcpy(other, bytes, other_len);
	memcpy(other + other_len, bytes, other_len);
	put("tile/entries/000.p/2", other, 2 * other_len);
	merkle_leaf(bytes + 2, other_len - 2, &h[0]);
	h[1] = h[0];
	put("tile/0/000.p/2", (char *)h, sizeof(h));
	assert_int_equal(whole(NULL), FINDING_GAP);
	assert_non_null(strstr(in.why, "entry 1"));
	free(bytes);
	free(other);
}

static void histories(void **state)
{
	struct inspect_note one, two, other, first;
	struct ledger *l;

	(void)state;
	make_ledger(300);
	assert_int_equal(read_now(&one), 0);
	l = opened(300);
	append(l, 5);
	ledger_close(l);
	assert_int_equal(read_now(&two), 0);
	assert_int_equal(whole(&one.c), 0);
	assert_int_equal(inspect_consistent(&in, &one.c, &two.c), 0);
	/* Smaller than it was. */
	assert_int_equal(inspect_consistent(&in, &two.c, &one.c), FINDING_REWIND);
	assert_int_equal(inspect_whole(&in, &one.c, &two.c, NULL), FINDING_REWIND);
	/* Another one of the same key: of one size, and a larger one. */
	make_ledger(300);
	assert_int_equal(read_now(&other), 0);
	assert_int_equal(inspect_consistent(&in, &one.c, &other.c), FINDING_FORK);
	assert_non_null(strstr(in.why, "different roots"));
	assert_int_equal(whole(&one.c), FINDING_FORK);
	l = opened(300);
	append(l, 9);
	ledger_close(l);
	assert_int_equal(read_now(&first), 0);
	assert_int_equal(inspect_consistent(&in, &one.c, &first.c), FINDING_FORK);
	assert_int_equal(inspect_consistent(&in, &two.c, &first.c), FINDING_FORK);
	assert_int_equal(whole(&two.c), FINDING_FORK);
	assert_int_equal(inspect_new(&in, &two.c, &first.c, NULL), FINDING_FORK);
	free(one.bytes);
	free(two.bytes);
	free(other.bytes);
	free(first.bytes);
}

static int count_entry(void *ctx, uint64_t index, struct str bytes)
{
	struct ledger_entry e;
	uint64_t *next = ctx;

	assert_int_equal(entry_parse(bytes, &e), 0);
	assert_int_equal(e.seq, index);
	assert_int_equal(index, (*next)++);
	return 0;
}

/* What is new is shown once, in order, and only when all of it is as it was signed. */
static void new_entries(void **state)
{
	const struct inspect_visitor v = { .entry = count_entry, .ctx = &(uint64_t){ 0 } };
	struct inspect_note before, now;
	uint64_t *next = v.ctx;
	struct ledger *l;
	char *bytes, name[64];
	unsigned int i;
	size_t len;

	(void)state;
	make_ledger(1);
	*next = 1;
	assert_int_equal(read_now(&before), 0);
	for (i = 1; i < 700; i += i) {
		l = opened(0);
		append(l, i);
		ledger_close(l);
		assert_int_equal(read_now(&now), 0);
		assert_int_equal(inspect_new(&in, &before.c, &now.c, &v), 0);
		assert_int_equal(*next, now.c.size);
		free(before.bytes);
		before = now;
	}
	l = opened(0);
	append(l, 2);
	ledger_close(l);
	assert_int_equal(read_now(&now), 0);
	snprintf(name, sizeof(name), "tile/entries/%03u.p/%u", (unsigned int)now.c.size / 256,
		 (unsigned int)now.c.size % 256);
	assert_int_equal(disk_read(below(name), 1000000, &bytes, &len), 0);
	bytes[len - 10] ^= 1;
	/* A digit of a time: still an entry, and not the one. */
	put(name, bytes, len);
	assert_int_equal(inspect_new(&in, &before.c, &now.c, &v), FINDING_DAMAGE);
	assert_int_equal(*next, before.c.size);
	free(bytes);
	free(before.bytes);
	free(now.bytes);
}

static void receipts(void **state)
{
	static const uint64_t some[] = { 0, 255, 256, 511, 599 };
	static char buf[RECEIPT_MAX], entry[4096];
	struct inspect_note now;
	struct checkpoint c;
	struct receipt r;
	unsigned int i;
	struct out o;
	int n;

	(void)state;
	make_ledger(ENTRIES);
	assert_int_equal(read_now(&now), 0);
	for (i = 0; i < COUNT(some); i++) {
		o = OUT(buf, sizeof(buf));
		assert_int_equal(inspect_receipt(&in, &now, some[i], &o), 0);
		assert_int_equal(receipt_parse(out_written(&o), &r), 0);
		assert_int_equal(r.index, some[i]);
		n = base64_decode(r.extra, entry, sizeof(entry));
		assert_true(n > 0);
		assert_int_equal(receipt_verify(&r, (struct str){ entry, n }, &key.verifier, &c),
				 0);
		entry[n / 2] ^= 1;
		assert_int_equal(receipt_verify(&r, (struct str){ entry, n }, &key.verifier, &c),
				 -ERANGE);
	}
	assert_int_equal(inspect_receipt(&in, &now, ENTRIES, &o), -ERANGE);
	free(now.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(another_entry),
		cmocka_unit_test(histories),
		cmocka_unit_test(new_entries),
		cmocka_unit_test(receipts),
	};

	return cmocka_run_group_tests_name("ledger_look", tests, make_base, remove_base);
}
