// SPDX-License-Identifier: GPL-2.0-or-later
/* Who writes records: it goes on after whatever has happened, and the ledger knows of it all. */
#include "meter_util.h"

#include "meter/keeper_private.h"

static int fresh(void **state)
{
	(void)state;
	fresh_base();
	return 0;
}

static struct lines lines_at(const struct host *h, const char *name)
{
	struct lines l;
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", h->dir, name);
	lines_of(&l, path);
	return l;
}

#define DAY	"2026-11-22.jsonl"

static void sound_so_far(const struct host *h, unsigned int records, uint64_t used)
{
	struct lines l = lines_at(h, DAY);
	struct findings f = judge(&l, h);
	unsigned int i, found = 0;

	is_sound(f);
	for (i = 0; i < l.count; i++)
		found += meter_kind_of(l.at[i]) == METER_RECORD;
	assert_int_equal(found, records);
	assert_int_equal(f.used, used);
	lines_free(&l);
}

/* --- instances ----------------------------------------------------------------------------- */

static void instances(void **state)
{
	struct host h;
	struct meter_keeper *k;
	struct meter_counter c = { STR("guest_cpu_us"), 50 };
	struct meter_sample s = {
		.source = STR("hedge"), .tenant = STR("red"), .unit = STR("a#1"), .since = NOON,
		.now = NOON + 5, .counters = 1, .counter = &c,
	};

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	assert_int_equal(meter_keeper_add(k, &s), 0);
	/* Nothing has happened: nothing is said. */
	s.now++;
	assert_int_equal(meter_keeper_add(k, &s), 0);
	assert_int_equal(meter_keeper_next(k), 1);
	/* It ends, with and without having used more; once. */
	s.ended = true;
	c.value = 60;
	assert_int_equal(meter_keeper_add(k, &s), 0);
	assert_int_equal(meter_keeper_add(k, &s), 0);
	assert_int_equal(meter_keeper_next(k), 2);
	assert_int_equal(meter_keeper_living(k), 0);
	commit(k, NOON);
	/* It is still shown, and after that another one of its name runs. */
	assert_int_equal(meter_keeper_add(k, &s), 0);
	commit(k, NOON);
	assert_int_equal(meter_keeper_next(k), 2);
	s.ended = false;
	c.value = 7;
	s.since = NOON + 9;
	s.now = s.since;
	assert_int_equal(meter_keeper_add(k, &s), 0);
	commit(k, NOON);
	sound_so_far(&h, 3, 67);
	/* It has one tenant for life: nobody is billed for all of it once more. */
	s.tenant = STR("blue");
	assert_int_equal(meter_keeper_add(k, &s), 0);
	assert_int_equal(meter_keeper_next(k), 3);
	c.value = 14;
	assert_int_equal(meter_keeper_add(k, &s), 0);
	assert_true(str_is(k->life[k->lives - 1].r.tenant, "red"));
	/* What goes is forgotten; it would begin anew. */
	commit(k, NOON);
	commit(k, NOON);
	assert_int_equal(meter_keeper_living(k), 0);
	sound_so_far(&h, 4, 74);
	meter_keeper_close(k);
	host_free(&h);
}

/* Counters that are handed in as differences; too much for one instance makes another. */
static void differences(void **state)
{
	struct host h;
	struct meter_keeper *k;
	struct meter_counter c = { STR("guest_cpu_us"), 1ull << 51 };
	struct meter_sample s = {
		.source = STR("skyd"), .tenant = STR("red"), .unit = STR("red"), .since = NOON,
		.now = NOON + 5, .added = true, .counters = 1, .counter = &c,
	};
	unsigned int i;

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	for (i = 0; i < 5; i++) {
		s.now++;
		assert_int_equal(meter_keeper_add(k, &s), 0);
		commit(k, NOON);
	}
	sound_so_far(&h, 5, 5ull << 51);
	c.value = 0;
	assert_int_equal(meter_keeper_add(k, &s), 0);
	assert_int_equal(meter_keeper_next(k), 5);
	/* The most that a collector hands in at once, several times. */
	c.value = 1ull << 52;
	for (i = 0; i < 3; i++)
		assert_int_equal(meter_keeper_add(k, &s), 0);
	commit(k, NOON);
	sound_so_far(&h, 8, (5ull << 51) + (3ull << 52));
	meter_keeper_close(k);
	host_free(&h);
}

/* After a reset another VM may have the name of one, and have used more already. */
static void same_name_next_boot(void **state)
{
	struct meter_keeper *k;
	struct host h;

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	use(k, "red", "a#1", 10, NOON + MINUTE);
	commit(k, NOON + MINUTE);
	meter_keeper_close(k);
	h.resets++;
	k = host_open(&h);
	use(k, "blue", "a#1", 30, NOON + 2 * MINUTE);
	commit(k, NOON + 2 * MINUTE);
	use(k, "blue", "a#1", 31, NOON + 3 * MINUTE);
	commit(k, NOON + 3 * MINUTE);
	meter_keeper_close(k);
	sound_so_far(&h, 3, 41);
	host_free(&h);
}

static void clocks_and_days(void **state)
{
	struct host h;
	struct meter_keeper *k;
	struct lines l[2], both;

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	use(k, "red", "a#1", 1, NOON + 10);
	commit(k, NOON + 10);
	/* Set back. */
	use(k, "red", "a#1", 2, NOON + 5);
	commit(k, NOON + 5);
	use(k, "red", "a#1", 3, NOON + 1440 * MINUTE);
	commit(k, NOON + 1440 * MINUTE);
	/* And back to yesterday: files are in the order of the chain. */
	use(k, "red", "a#1", 4, NOON);
	commit(k, NOON);
	meter_keeper_close(k);
	l[0] = lines_at(&h, DAY);
	l[1] = lines_at(&h, "2026-11-23.jsonl");
	assert_int_equal(l[0].count, 3);
	assert_int_equal(l[1].count, 3);
	both = l[0];
	memcpy(both.at + 3, l[1].at, 3 * sizeof(*both.at));
	both.count = 6;
	is_sound(judge(&both, &h));
	lines_free(&l[0]);
	lines_free(&l[1]);
	host_free(&h);
}

/* --- what may happen to it ----------------------------------------------------------------- */

static void one_at_a_time(void **state)
{
	struct meter_keeper *k, *second;
	char why[METER_WHY];
	struct host h;

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	assert_int_equal(host_try(&h, &second, why), -EBUSY);
	assert_non_null(strstr(why, "another one writes this chain"));
	meter_keeper_close(k);
	h.broken = true;
	assert_int_equal(host_try(&h, &k, why), -EIO);
	assert_non_null(strstr(why, "the TPM does not quote"));
	host_free(&h);
}

/* The key lives as long as the boot does, and nobody else's is taken. */
static void keys(void **state)
{
	struct host h;
	struct meter_keeper *k;
	char *first, *again, path[160];
	size_t len;

	(void)state;
	host_make(&h, "h");
	meter_keeper_close(host_open(&h));
	assert_int_equal(file_read(h.key_file, 1 << 16, &first, &len), 0);
	meter_keeper_close(host_open(&h));
	assert_int_equal(file_read(h.key_file, 1 << 16, &again, &len), 0);
	assert_string_equal(first, again);
	free(again);
	/* The file survives a reset, because somebody has put it on a disk. */
	h.resets++;
	meter_keeper_close(host_open(&h));
	assert_int_equal(file_read(h.key_file, 1 << 16, &again, &len), 0);
	assert_string_not_equal(first, again);
	free(first);
	/* Others can read it. */
	assert_int_equal(chmod(h.key_file, 0640), 0);
	k = host_open(&h);
	assert_int_equal(meter_keeper_boot(k), 2);
	meter_keeper_close(k);
	assert_int_equal(file_read(h.key_file, 1 << 16, &first, &len), 0);
	assert_string_not_equal(first, again);
	free(first);
	free(again);
	/* Damaged. */
	snprintf(path, sizeof(path), "%s", h.key_file);
	assert_int_equal(file_write_atomic(path, "ff", 2, 0600), 0);
	meter_keeper_close(host_open(&h));
	host_free(&h);
}

static void copy_of(const char *path, char **data, size_t *len)
{
	*data = NULL;
	*len = 0;
	file_read(path, 1 << 20, data, len);
}

static void put_back(const char *path, const char *data, size_t len)
{
	if (data)
		assert_int_equal(file_write_atomic(path, data, len, 0640), 0);
	else
		remove(path);
}

static size_t newlines(const char *at, size_t len)
{
	size_t n = 0;

	while (len--)
		n += *at++ == '\n';
	return n;
}

/*
 * Killed after any number of bytes of a commit, with the state of before or after: the chain is
 * sound, and nothing that was used is missing or counted twice.
 */
static void killed_at_every_byte(void **state)
{
	char file[160], path[160], why[METER_WHY], *before, *was, *is, *after;
	size_t before_len, was_len, is_len, after_len, cut, whole;
	struct meter_keeper *k;
	struct host h;
	int lost;

	(void)state;
	host_make(&h, "h");
	snprintf(file, sizeof(file), "%s/" DAY, h.dir);
	snprintf(path, sizeof(path), "%s/state", h.dir);
	k = host_open(&h);
	use(k, "red", "a#1", 10, NOON + MINUTE);
	commit(k, NOON + MINUTE);
	copy_of(path, &was, &was_len);
	copy_of(file, &before, &before_len);
	use(k, "red", "a#1", 20, NOON + 2 * MINUTE);
	use(k, "red", "b#2", 5, NOON + 2 * MINUTE);
	commit(k, NOON + 2 * MINUTE);
	copy_of(path, &after, &after_len);
	copy_of(file, &is, &is_len);
	meter_keeper_close(k);
	for (lost = 0; lost < 2; lost++)
		for (cut = before_len; cut <= is_len; cut += cut + 3 < is_len ? 3 : 1) {
			put_back(file, is, cut);
			/* No state at all: it is made of the records. */
			put_back(path, lost ? NULL : was, was_len);
			k = host_open(&h);
			use(k, "red", "a#1", 30, NOON + 3 * MINUTE);
			use(k, "red", "b#2", 6, NOON + 3 * MINUTE);
			commit(k, NOON + 3 * MINUTE);
			meter_keeper_close(k);
			whole = newlines(is + before_len, cut - before_len);
			sound_so_far(&h, 3 + whole, 36);
		}
	put_back(file, is, is_len);
	put_back(path, after, after_len);
	meter_keeper_close(host_open(&h));
	/* Shorter than state knows. */
	put_back(file, is, is_len - 1);
	assert_int_equal(host_try(&h, &k, why), -EBADMSG);
	assert_non_null(strstr(why, "shorter than it was"));
	free(was);
	free(is);
	free(before);
	free(after);
	host_free(&h);
}

static void damaged(void **state)
{
	struct meter_keeper *k;
	char path[160], why[METER_WHY];
	struct host h;

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	use(k, "red", "a#1", 10, NOON);
	commit(k, NOON);
	meter_keeper_close(k);
	snprintf(path, sizeof(path), "%s/state", h.dir);
	put_back(path, "meter 1 nonsense\n", 17);
	assert_int_equal(host_try(&h, &k, why), -EBADMSG);
	assert_non_null(strstr(why, "take it away"));
	remove(path);
	snprintf(path, sizeof(path), "%s/" DAY, h.dir);
	put_back(path, "{\"record\":{}}\n", 14);
	assert_int_equal(host_try(&h, &k, why), -EBADMSG);
	assert_non_null(strstr(why, "does not go on from record 0"));
	host_free(&h);
}

/* --- the ledger ---------------------------------------------------------------------------- */

struct leaves {
	struct meter_chain *c;
	uint64_t count, skip;
};

static int on_entry(void *ctx, uint64_t index, struct str bytes)
{
	struct leaves *l = ctx;
	struct ledger_entry e;

	assert_int_equal(entry_parse(bytes, &e), 0);
	if (!str_is(e.event.action, METER_LEAF_ACTION))
		return 0;
	l->count++;
	return index == l->skip ? 0 : meter_chain_leaf(l->c, e.event.object, e.event.result);
}

static struct findings judge_logged(const struct lines *l, const struct host *h, uint64_t skip,
				    uint64_t *leaves)
{
	struct findings f;
	struct leaves to = { chain_of(&f, h), 0, skip };
	const struct inspect_visitor v = { .entry = on_entry, .ctx = &to };
	struct inspect_note now;
	struct inspect in;
	unsigned int i;

	for (i = 0; i < l->count; i++)
		assert_int_equal(meter_chain_line(to.c, l->at[i], "lines", i + 1), 0);
	meter_chain_end(to.c);
	inspect_init(&in, &key.verifier, inspect_folder_fetch, ledger_dir);
	assert_int_equal(inspect_checkpoint(&in, &now), 0);
	assert_int_equal(inspect_whole(&in, &now.c, NULL, &v), 0);
	free(now.bytes);
	meter_chain_leaves_end(to.c);
	meter_chain_free(to.c);
	if (leaves)
		*leaves = to.count;
	return f;
}

static void logged(void **state)
{
	struct lines l, mine;
	struct meter_keeper *k;
	struct host h;
	uint64_t leaves;
	unsigned int i;

	(void)state;
	host_make(&h, "h");
	h.ledger = opened(0);
	append(h.ledger, 3);
	k = host_open(&h);
	for (i = 1; i <= 4; i++) {
		use(k, "red", "a#1", i, NOON + i);
		commit(k, NOON + i);
	}
	meter_keeper_close(k);
	l = lines_at(&h, DAY);
	is_sound(judge_logged(&l, &h, UINT64_MAX, &leaves));
	assert_int_equal(leaves, 4);
	/* A leaf that is not there; records that are not there, at the end above all. */
	is_only(judge_logged(&l, &h, 4, NULL), METER_UNLOGGED);
	mine = l;
	mine.count--;
	is_sound(judge(&mine, &h));
	is_only(judge_logged(&mine, &h, UINT64_MAX, NULL), METER_DROPPED);
	mine.count--;
	is_only(judge_logged(&mine, &h, UINT64_MAX, NULL), METER_DROPPED);
	lines_free(&l);
	ledger_close(h.ledger);
	host_free(&h);
}

/* The folder is put back to an older state, and goes on from there: the ledger has both. */
static void restored(void **state)
{
	struct meter_keeper *k;
	struct host h;
	struct lines l;
	char path[160];
	unsigned int i;

	(void)state;
	host_make(&h, "h");
	h.ledger = opened(0);
	for (i = 1; i <= 2; i++) {
		k = host_open(&h);
		use(k, "red", "a#1", i, NOON + i);
		commit(k, NOON + i);
		meter_keeper_close(k);
	}
	/* As it was after the first. */
	l = lines_at(&h, DAY);
	snprintf(path, sizeof(path), "%s/state", h.dir);
	remove(path);
	snprintf(path, sizeof(path), "%s/" DAY, h.dir);
	put_back(path, l.text, l.at[1].at + l.at[1].len + 1 - l.text);
	lines_free(&l);
	k = host_open(&h);
	use(k, "red", "a#1", 1, NOON + 3);
	use(k, "red", "a#1", 3, NOON + 3);
	commit(k, NOON + 3);
	meter_keeper_close(k);
	l = lines_at(&h, DAY);
	is_sound(judge(&l, &h));
	is_only(judge_logged(&l, &h, UINT64_MAX, NULL), METER_FORKED);
	lines_free(&l);
	ledger_close(h.ledger);
	host_free(&h);
}

/* Killed between the records and their leaves: the next start makes those. */
static void leaves_are_made_up_for(void **state)
{
	struct meter_keeper *k;
	struct host h;
	struct lines l;
	char path[160];

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	use(k, "red", "a#1", 1, NOON + 1);
	commit(k, NOON + 1);
	meter_keeper_close(k);
	/* Written without a ledger, and its state was not. */
	snprintf(path, sizeof(path), "%s/state", h.dir);
	remove(path);
	h.ledger = opened(0);
	append(h.ledger, 1);
	k = host_open(&h);
	commit(k, NOON + 2);
	meter_keeper_close(k);
	l = lines_at(&h, DAY);
	is_sound(judge_logged(&l, &h, UINT64_MAX, NULL));
	lines_free(&l);
	ledger_close(h.ledger);
	host_free(&h);
}

/* --- segments ------------------------------------------------------------------------------ */

#define SEGMENTS	8u

/* Lines of segments from the first on, without those whose bit is set in @without. */
static struct findings judge_segments(const struct host *h, unsigned int without)
{
	struct findings f;
	struct meter_chain *c = chain_of(&f, h);
	char name[SEGMENTS][32] = { DAY };
	unsigned int s, i;

	for (s = 0; s < SEGMENTS; s++) {
		struct lines l;

		if (s)
			snprintf(name[s], sizeof(name[s]), "2026-11-22.p%04u.jsonl", s);
		l = lines_at(h, name[s]);
		/* Each can be read by itself. */
		assert_int_equal(meter_kind_of(l.at[0]), METER_CERTIFICATE);
		for (i = 0; i < l.count && !(without & 1u << s); i++)
			assert_int_equal(meter_chain_line(c, l.at[i], name[s], i + 1), 0);
		lines_free(&l);
	}
	assert_int_equal(meter_chain_end(c), 0);
	meter_chain_free(c);
	return f;
}

/* A file that is full is followed by another one, over stops, and one chain is in all. */
static void segments(void **state)
{
	struct meter_keeper *k;
	unsigned int i, s;
	struct stat st;
	char path[160];
	struct host h;

	(void)state;
	host_make(&h, "h");
	h.segment = 6000;
	k = host_open(&h);
	for (i = 0; strcmp(k->name, "2026-11-22.p0008.jsonl"); i++) {
		assert_true(i < 200);
		use(k, "red", "a#1", 10 * (i + 1), NOON + i + 1);
		commit(k, NOON + i + 1);
		if (i % 5 == 3) {
			meter_keeper_close(k);
			snprintf(path, sizeof(path), "%s/state", h.dir);
			if (i % 10 == 3)
				assert_int_equal(remove(path), 0);
			k = host_open(&h);
		}
	}
	for (s = 0; s < SEGMENTS; s++) {
		snprintf(path, sizeof(path), s ? "%s/2026-11-22.p%04u.jsonl" : "%s/" DAY, h.dir, s);
		assert_int_equal(stat(path, &st), 0);
		assert_in_range(st.st_size, 4000, h.segment);
	}
	is_sound(judge_segments(&h, 0));
	assert_int_equal(judge_segments(&h, 0).used, 10ull * (i - 1));
	for (s = 0; s + 1 < SEGMENTS; s++)
		is_only(judge_segments(&h, 1u << s), METER_DROPPED);
	/* The next day begins anew; the day before has its own still. */
	use(k, "red", "a#1", 10000, NOON + 1440 * MINUTE);
	commit(k, NOON + 1440 * MINUTE);
	assert_string_equal(k->name, "2026-11-23.jsonl");
	/* And a clock that was set back does not fill an old one. */
	use(k, "red", "a#1", 10001, NOON);
	commit(k, NOON);
	assert_string_equal(k->name, "2026-11-23.jsonl");
	meter_keeper_close(k);
	/* Without one in the middle, and without state, it does not go on. */
	snprintf(path, sizeof(path), "%s/state", h.dir);
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof(path), "%s/2026-11-22.p0003.jsonl", h.dir);
	assert_int_equal(remove(path), 0);
	{
		char why[METER_WHY];

		assert_int_equal(host_try(&h, &k, why), -EBADMSG);
		assert_non_null(strstr(why, "p0004.jsonl: what follows byte"));
	}
	host_free(&h);
}

/* A day's file of before there were segments, of more than could be read then: it goes on. */
static void large(void **state)
{
	uint64_t size = 5ull << 30;
	struct meter_keeper *k;
	char path[160], text[4096], *at, *end;
	struct host h;
	FILE *f;

	(void)state;
	host_make(&h, "h");
	k = host_open(&h);
	use(k, "red", "a#1", 10, NOON + 1);
	commit(k, NOON + 1);
	meter_keeper_close(k);
	/* A hole takes the place of records that state knows of. */
	snprintf(path, sizeof(path), "%s/" DAY, h.dir);
	assert_int_equal(truncate(path, size), 0);
	snprintf(path, sizeof(path), "%s/state", h.dir);
	f = fopen(path, "r+");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	at = strstr(text, DAY) + strlen(DAY) + 1;
	end = strchr(at, ' ');
	rewind(f);
	fprintf(f, "%.*s%llu%s", (int)(at - text), text, (unsigned long long)size, end);
	fclose(f);
	k = host_open(&h);
	assert_int_equal(k->size, size);
	use(k, "red", "a#1", 20, NOON + 2);
	commit(k, NOON + 2);
	assert_string_equal(k->name, "2026-11-22.p0001.jsonl");
	meter_keeper_close(k);
	k = host_open(&h);
	assert_int_equal(meter_keeper_next(k), 2);
	meter_keeper_close(k);
	snprintf(path, sizeof(path), "%s/" DAY, h.dir);
	remove(path);
	host_free(&h);
}

/* What is no name of a segment is left alone, and names have one order. */
static void names(void **state)
{
	static const char *const good[] = {
		"2026-11-22.jsonl", "2026-11-22.p0001.jsonl", "2026-11-22.p9999.jsonl",
		"2026-11-23.jsonl",
	};
	static const char *const bad[] = {
		"", "x", "2026-11-22", "2026-11-22.json", "2026-11-22.p001.jsonl",
		"2026-11-22.p00010.jsonl", "2026-11-2x.jsonl", "2026-11-22.jsonl.gz", "state",
		"2026-11-22.pabcd.jsonl", "2026-11-22.q0001.jsonl",
	};
	struct meter_keeper k = { .name = "2026-11-22.p9999.jsonl" };
	char name[KEEPER_NAME + 1];
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_true(keeper_is_segment(good[i]));
		assert_true(!i || strcmp(good[i - 1], good[i]) < 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(keeper_is_segment(bad[i]));
	assert_int_equal(keeper_segment(&k, "2026-11-22", true, name), -EFBIG);
	assert_int_equal(keeper_segment(&k, "2026-11-23", true, name), 0);
	assert_string_equal(name, "2026-11-23.jsonl");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(instances, fresh),
		cmocka_unit_test_setup(differences, fresh),
		cmocka_unit_test_setup(same_name_next_boot, fresh),
		cmocka_unit_test_setup(clocks_and_days, fresh),
		cmocka_unit_test_setup(one_at_a_time, fresh),
		cmocka_unit_test_setup(keys, fresh),
		cmocka_unit_test_setup(killed_at_every_byte, fresh),
		cmocka_unit_test_setup(damaged, fresh),
		cmocka_unit_test_setup(logged, fresh),
		cmocka_unit_test_setup(restored, fresh),
		cmocka_unit_test_setup(leaves_are_made_up_for, fresh),
		cmocka_unit_test_setup(segments, fresh),
		cmocka_unit_test_setup(large, fresh),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}
