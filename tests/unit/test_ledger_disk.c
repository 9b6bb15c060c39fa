// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger on a disk that stops anywhere: what was acknowledged is there, nothing was signed
 * twice for one size, and what was restored, removed, damaged or forked is found and named.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_disk_util.h"

/* --- power that fails ------------------------------------------------------------------ */

/*
 * All steps of a run are recorded.  For each of them a disk is made on which everything before it
 * that was made durable is there, and of the rest all, nothing, or some.
 */
struct step {
	enum disk_step what;
	char path[160], to[160];
	uint8_t *data;
	size_t len;
	uint64_t offset;
	unsigned int receipts;	/* entries that were acknowledged before it */
};

#define STEPS	4096u

static struct step steps[STEPS];
static unsigned int step_count, acknowledged;

static int record(enum disk_step what, const char *path, const void *data, size_t len,
		  uint64_t offset)
{
	struct step *s = &steps[step_count++];

	assert_true(step_count < STEPS);
	*s = (struct step){ .what = what, .len = len, .offset = offset, .receipts = acknowledged };
	snprintf(s->path, sizeof(s->path), "%s", path + strlen(base));
	if (what == DISK_RENAME)
		snprintf(s->to, sizeof(s->to), "%s", (const char *)data + strlen(base));
	if (what == DISK_WRITE) {
		s->data = malloc(len);
		memcpy(s->data, data, len);
	}
	return 0;
}

/* What a disk has: names of files and folders, and what the files hold. */
struct node {
	char path[160];
	bool folder, there;	/* durable, or not known to be gone */
	uint8_t *data;
	size_t len;
};

static struct node disk[STEPS];
static unsigned int nodes;

static struct node *node_of(const char *path, bool make)
{
	unsigned int i;

	for (i = 0; i < nodes; i++)
		if (!strcmp(disk[i].path, path))
			return &disk[i];
	assert_true(make && nodes < STEPS);
	disk[nodes] = (struct node){ 0 };
	snprintf(disk[nodes].path, sizeof(disk[nodes].path), "%s", path);
	return &disk[nodes++];
}

static void set_data(struct node *n, const uint8_t *data, size_t len, uint64_t offset)
{
	if (n->len < offset + len) {
		n->data = realloc(n->data, offset + len);
		memset(n->data + n->len, 0, offset + len - n->len);
		n->len = offset + len;
	}
	memcpy(n->data + offset, data, len);
}

static bool in_folder(const char *path, const char *folder)
{
	const char *slash = strrchr(path, '/');

	return strlen(folder) == (size_t)(slash - path) && !memcmp(path, folder, slash - path);
}

/* Was step @i made durable by one before @end? */
static bool durable(unsigned int i, unsigned int end)
{
	const struct step *s = &steps[i];

	for (; i < end; i++) {
		if ((s->what == DISK_WRITE || s->what == DISK_CREATE) &&
		    steps[i].what == DISK_SYNC && !strcmp(steps[i].path, s->path) &&
		    s->what == DISK_WRITE)
			return true;
		if (s->what != DISK_WRITE && steps[i].what == DISK_SYNC_DIR &&
		    in_folder(s->path, steps[i].path))
			return true;
	}
	return false;
}

static void apply(const struct step *s, size_t len)
{
	struct node *n, *to;

	switch (s->what) {
	case DISK_MKDIR:
	case DISK_CREATE:
		n = node_of(s->path, true);
		n->there = true;
		n->folder = s->what == DISK_MKDIR;
		n->len = 0;
		break;
	case DISK_WRITE:
		set_data(node_of(s->path, true), s->data, len, s->offset);
		break;
	case DISK_RENAME:
		n = node_of(s->path, true);
		to = node_of(s->to, true);
		to->there = n->there;
		to->len = 0;
		set_data(to, n->data, n->len, 0);
		n->there = false;
		break;
	case DISK_UNLINK:
	case DISK_RMDIR:
		node_of(s->path, true)->there = false;
		break;
	case DISK_SYNC:
	case DISK_SYNC_DIR:
		break;
	}
}

enum mood { ALL, NOTHING, SOME, TORN, MOODS };

/* The steps before @end, as a disk may have them after power has failed in @mood. */
static void make_disk(unsigned int end, enum mood mood)
{
	unsigned int i, k = end * 7 + mood;
	char path[256];

	for (i = 0; i < nodes; i++)
		free(disk[i].data);
	nodes = 0;
	for (i = 0; i < end; i++) {
		size_t len = steps[i].len;

		k = k * 1103515245 + 12345;
		if (mood != ALL && !durable(i, end)) {
			/* A file that is opened anew loses its bytes at any time. */
			if (mood == NOTHING || (mood == SOME && k >> 16 & 1))
				continue;
			if (mood == TORN && steps[i].what == DISK_WRITE)
				len = (k >> 16) % (len + 1);
		}
		apply(&steps[i], len);
	}
	fresh_base();
	/* Folders come before what is in them. */
	for (i = 0; i < nodes; i++) {
		FILE *f;

		if (!disk[i].there)
			continue;
		snprintf(path, sizeof(path), "%s%s", base, disk[i].path);
		if (disk[i].folder) {
			mkdir(path, 0755);
			continue;
		}
		f = fopen(path, "w");
		/* Its folder has gone with the power: so has it. */
		if (!f)
			continue;
		if (disk[i].len)
			fwrite(disk[i].data, disk[i].len, 1, f);
		fclose(f);
	}
}

/*
 * Open what is left, see that what was acknowledged is there and all of it is sound, that it goes
 * on from each checkpoint that anybody may have seen, and that it can be written to.
 */
static void check_disk(unsigned int receipts, struct inspect_note *seen, unsigned int count)
{
	struct ledger *l = opened(0);
	struct inspect_note now;
	unsigned int i;

	assert_true(ledger_size(l) >= receipts);
	append(l, 2);
	ledger_close(l);
	assert_int_equal(look(&now), 0);
	for (i = 0; i < count; i++) {
		struct inspect in;

		inspect_init(&in, &key.verifier, inspect_folder_fetch, ledger_dir);
		if (seen[i].c.size <= receipts && inspect_consistent(&in, &seen[i].c, &now.c))
			fail_msg("%u entries seen: %s", (unsigned int)seen[i].c.size, in.why);
	}
	free(now.bytes);
}

/* Batches that fill bundles, and that do not. */
static const unsigned int batches[] = { 1, 2, 252, 1, 3, 300 };

static void power_fails(void **state)
{
	struct inspect_note seen[COUNT(batches)];
	struct ledger *l;
	unsigned int i, mood, cuts = 0;

	(void)state;
	fresh_base();
	step_count = 0;
	acknowledged = 0;
	disk_hook = record;
	l = opened(0);
	for (i = 0; i < COUNT(batches); i++) {
		append(l, batches[i]);
		acknowledged += batches[i];
		disk_hook = NULL;
		assert_int_equal(look(&seen[i]), 0);
		disk_hook = record;
	}
	ledger_close(l);
	disk_hook = NULL;
	for (i = 0; i <= step_count; i++)
		for (mood = 0; mood < MOODS; mood++, cuts++) {
			make_disk(i, mood);
			check_disk(i < step_count ? steps[i].receipts : acknowledged, seen,
				   COUNT(batches));
		}
	print_message("%u steps, %u disks\n", step_count, cuts);
	assert_true(step_count > 60);
	for (i = 0; i < step_count; i++)
		free(steps[i].data);
	for (i = 0; i < nodes; i++)
		free(disk[i].data);
	nodes = 0;
	for (i = 0; i < COUNT(seen); i++)
		free(seen[i].bytes);
}

/* --- errors of the disk, and ends of the process --------------------------------------- */

static unsigned int stop_at, stop_now;
static int stop_rc;

static int stop(enum disk_step what, const char *path, const void *data, size_t len,
		uint64_t offset)
{
	(void)what;
	(void)path;
	(void)data;
	(void)len;
	(void)offset;
	return stop_now++ >= stop_at ? stop_rc : 0;
}

/*
 * Each step of a batch fails, and all after it, as if the process had ended there.  What it
 * signed, if it was whole, is what the next start has: no other root for that size.
 */
static void stops_anywhere(void **state)
{
	struct inspect_note before, now;
	struct inspect in;
	struct ledger *l;
	char *next, *named;
	size_t next_len, len;
	bool signed_now;
	int rc;

	(void)state;
	for (stop_at = 0;; stop_at++) {
		fresh_base();
		l = opened(0);
		append(l, 254);
		assert_int_equal(look(&before), 0);
		stop_now = 0;
		stop_rc = -EIO;
		disk_hook = stop;
		rc = try_append(l, 4);
		disk_hook = NULL;
		/* After an error nothing more is written. */
		if (rc)
			assert_int_equal(try_append(l, 1), -EROFS);
		ledger_close(l);
		next_len = 0;
		next = NULL;
		disk_read(below(LEDGER_NEXT), CHECKPOINT_MAX, &next, &next_len);
		named = NULL;
		len = 0;
		disk_read(below(LEDGER_CHECKPOINT), CHECKPOINT_MAX, &named, &len);
		assert_true(len > 0);
		/* Either name may have it. */
		signed_now = next_len || len != before.len || memcmp(named, before.bytes, len);
		assert_true(!rc <= signed_now);
		l = opened(0);
		assert_int_equal(ledger_size(l), signed_now ? 258 : 254);
		append(l, 3);
		ledger_close(l);
		assert_int_equal(look(&now), 0);
		inspect_init(&in, &key.verifier, inspect_folder_fetch, ledger_dir);
		assert_int_equal(inspect_consistent(&in, &before.c, &now.c), 0);
		free(before.bytes);
		free(now.bytes);
		free(next);
		free(named);
		if (!rc && stop_now <= stop_at)
			break;
	}
	print_message("%u steps\n", stop_at);
	assert_true(stop_at > 20);
}

/* What takes bytes; what makes them durable goes on. */
static int stop_taking(enum disk_step what, const char *path, const void *data, size_t len,
		       uint64_t offset)
{
	return what == DISK_SYNC || what == DISK_SYNC_DIR ? 0 :
	       stop(what, path, data, len, offset);
}

/* A disk that is full for a while. */
static void no_room(void **state)
{
	struct inspect_note now;
	struct ledger *l;

	(void)state;
	fresh_base();
	l = opened(0);
	append(l, 10);
	stop_rc = -ENOSPC;
	for (stop_at = 0; stop_at < 6; stop_at++) {
		stop_now = 0;
		disk_hook = stop_taking;
		assert_int_equal(try_append(l, 1), -ENOSPC);
		disk_hook = NULL;
	}
	append(l, 1);
	assert_int_equal(ledger_size(l), 11);
	ledger_close(l);
	assert_int_equal(look(&now), 0);
	free(now.bytes);
}

static enum disk_step full_step;

static int full(enum disk_step what, const char *path, const void *data, size_t len,
		uint64_t offset)
{
	(void)path;
	(void)data;
	(void)len;
	(void)offset;
	return what == full_step ? stop_rc : 0;
}

/* One that takes bytes and has no room for them when they are to become durable has lost them. */
static void no_room_late(void **state)
{
	static const enum disk_step syncs[] = { DISK_SYNC, DISK_SYNC_DIR };
	static const int errors[] = { -ENOSPC, -EDQUOT };
	unsigned int i, count;
	struct ledger *l;

	(void)state;
	for (i = 0; i < 4; i++)
		/* Few files, each by itself, and many. */
		for (count = 1; count <= 1025; count += 1024) {
			fresh_base();
			l = opened(0);
			append(l, 10);
			full_step = syncs[i / 2];
			stop_rc = errors[i % 2];
			disk_hook = full;
			assert_int_equal(try_append(l, count), -EIO);
			disk_hook = NULL;
			assert_int_equal(try_append(l, 1), -EROFS);
			ledger_close(l);
			l = opened(0);
			append(l, 1);
			ledger_close(l);
		}
}

/* --- what was put back ----------------------------------------------------------------- */

/* What is in one folder goes to another, which is not there. */
static void copy_tree(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp -a %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static void older_state(void **state)
{
	char why[LEDGER_WHY], older[100], newer[100];
	struct ledger *l;

	(void)state;
	fresh_base();
	snprintf(older, sizeof(older), "%s.old", ledger_dir);
	snprintf(newer, sizeof(newer), "%s.new", ledger_dir);
	l = opened(0);
	append(l, 3);
	copy_tree(ledger_dir, older);
	append(l, 1);
	ledger_close(l);
	/* The older one alone. */
	assert_int_equal(rename(ledger_dir, newer), 0);
	assert_int_equal(rename(older, ledger_dir), 0);
	assert_int_equal(try_open(&l, why), -ESTALE);
	assert_non_null(strstr(why, "epoch 1"));
	assert_non_null(strstr(why, "counter is at 2"));
	/* None at all. */
	remove_tree(ledger_dir);
	assert_int_equal(try_open(&l, why), -ESTALE);
	/* The right one, and no counter: it was put back as well, or lost. */
	remove_tree(ledger_dir);
	assert_int_equal(rename(newer, ledger_dir), 0);
	assert_int_equal(rename(counter_path, older), 0);
	assert_int_equal(try_open(&l, why), -ESTALE);
	assert_int_equal(rename(older, counter_path), 0);
	ledger_close(opened(4));
	/* Of another key. */
	key.verifier.public[0] ^= 1;
	assert_int_equal(try_open(&l, why), -EBADMSG);
	key.verifier.public[0] ^= 1;
}

/* Two processes, as while a configuration is read again. */
static void two_writers(void **state)
{
	struct inspect_note now;
	struct ledger *a, *b;
	unsigned int i;

	(void)state;
	fresh_base();
	a = opened(0);
	b = opened(0);
	for (i = 0; i < 300; i++)
		append(i % 3 ? a : b, 1 + i % 2);
	ledger_close(a);
	ledger_close(b);
	assert_int_equal(look(&now), 0);
	assert_int_equal(now.c.size, 450);
	free(now.bytes);
}

/* Places of the counter that a crash or somebody has changed: never a higher value. */
static void counters(void **state)
{
	struct counter_file f = { counter_path };
	uint64_t value, i;
	char *bytes;
	size_t len, bit;
	int fd, rc;

	(void)state;
	fresh_base();
	assert_int_equal(counter_file_read(&f, &value), 0);
	assert_int_equal(value, 0);
	for (i = 1; i < 6; i++) {
		assert_int_equal(counter_file_advance(&f, i), 0);
		assert_int_equal(counter_file_read(&f, &value), 0);
		assert_int_equal(value, i);
	}
	assert_int_equal(file_read(counter_path, 4096, &bytes, &len), 0);
	for (bit = 0; bit < 8 * len; bit += bit / 8 % 512 < 32 ? 1 : 8) {
		bytes[bit / 8] ^= 1 << bit % 8;
		fd = open(counter_path, O_WRONLY);
		assert_int_equal(pwrite(fd, bytes, len, 0), len);
		close(fd);
		bytes[bit / 8] ^= 1 << bit % 8;
		rc = counter_file_read(&f, &value);
		assert_true(rc == 0 && value <= 5);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_fails),
		cmocka_unit_test(stops_anywhere),
		cmocka_unit_test(no_room), cmocka_unit_test(no_room_late),
		cmocka_unit_test(older_state),
		cmocka_unit_test(two_writers),
		cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests_name("ledger_disk", tests, make_base, remove_base);
}
