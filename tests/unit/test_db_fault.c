// SPDX-License-Identifier: GPL-2.0-or-later
/* The database when things go wrong: kill -9, full disk, damage, two processes. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>

#include "base/file.h"
#include "db_util.h"

#define KILLS	200
#define WRITERS	8

/* --- kill -9 ------------------------------------------------------------- */

/* What each thread of the child was told, where the parent can read it. */
struct ledger {
	volatile s64 told[WRITERS];
};

struct crash {
	const struct place *place;
	struct ledger *ledger;
};

struct crash_thread {
	struct db *db;
	struct ledger *ledger;
	int number;
};

struct step {
	int thread;
	s64 value;
};

/* Two rows that must agree, and a third that counts both. */
static int step_tx(struct db_conn *c, void *arg)
{
	struct step *s = arg;
	char a[16], b[16];
	int err;

	snprintf(a, sizeof(a), "a%d", s->thread);
	snprintf(b, sizeof(b), "b%d", s->thread);
	err = put_tx(c, &(struct pair){ .key = a, .value = s->value });
	if (err >= 0)
		err = put_tx(c, &(struct pair){ .key = b, .value = -s->value });
	/* Every seventh takes its own work back. */
	if (err >= 0 && s->value % 7 == 6)
		return -ECANCELED;
	return err;
}

static void *step_thread(void *arg)
{
	struct crash_thread *t = arg;
	struct step s = { .thread = t->number, .value = t->ledger->told[t->number] };

	for (;;) {
		int err;

		s.value++;
		err = db_write(t->db, step_tx, &s);
		if (err == -ECANCELED)
			continue;
		if (err < 0)
			_exit(3);
		t->ledger->told[t->number] = s.value;
	}
	return NULL;
}

static int crash_child(void *arg)
{
	struct crash *crash = arg;
	struct crash_thread t[WRITERS];
	pthread_t thread;
	struct db *db;
	int i;

	if (db_open(&crash->place->config, &db))
		return 2;
	for (i = 0; i < WRITERS; i++) {
		t[i] = (struct crash_thread){ db, crash->ledger, i };
		if (pthread_create(&thread, NULL, step_thread, &t[i]))
			return 4;
	}
	for (;;)
		pause();
}

static void crash_once(struct crash *crash)
{
	struct ledger before = *crash->ledger;
	pid_t pid = fork();
	int status, i;

	assert_true(pid >= 0);
	if (!pid)
		_exit(crash_child(crash));
	for (i = 0; i < 2000 && !memcmp(&before, crash->ledger, sizeof(before)); i++)
		usleep(100);
	usleep(rand() % 12000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Everything that was told is there, nothing is half there. */
static void crash_check(struct crash *crash, struct db *db)
{
	char key[16];
	int i;

	assert_int_equal(db_check(db), 0);
	for (i = 0; i < WRITERS; i++) {
		s64 told = crash->ledger->told[i], a, b;

		snprintf(key, sizeof(key), "a%d", i);
		a = get(db, key);
		snprintf(key, sizeof(key), "b%d", i);
		b = get(db, key);
		if (!told && a == -ENOENT && b == -ENOENT)
			continue;
		assert_int_equal(a, -b);
		assert_true(a >= told && a % 7 != 6);
		/* At most one step was on its way (and one before it taken back). */
		assert_true(a <= told + 2);
		crash->ledger->told[i] = a;
	}
}

static void killed(void **state)
{
	struct place *p = *state;
	struct crash crash = { .place = p };
	int i;

	db_close(p->db);
	p->db = NULL;
	crash.ledger = mmap(NULL, sizeof(*crash.ledger), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(crash.ledger != MAP_FAILED);
	srand(1);
	for (i = 0; i < KILLS; i++) {
		crash_once(&crash);
		assert_int_equal(db_open(&p->config, &p->db), 0);
		crash_check(&crash, p->db);
		db_close(p->db);
		p->db = NULL;
	}
	print_message("# %d kills, %lld steps by the first thread\n", KILLS,
		      (long long)crash.ledger->told[0]);
	munmap(crash.ledger, sizeof(*crash.ledger));
}

/* --- a file system of our own -------------------------------------------- */

#define NOT_PERMITTED	77

/* In a child: a small tmpfs over the folder, which no one else sees. */
static int mount_small(const char *dir, const char *options)
{
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)))
		return NOT_PERMITTED;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, options))
		return NOT_PERMITTED;
	return 0;
}

static int remove_all_tx(struct db_conn *c, void *arg __maybe_unused)
{
	static const struct db_sql sql = { "remove all", "DELETE FROM pair WHERE key > 'k1000'" };

	return db_run(c, &sql, DB_NO_ARGS);
}

/* A child leaves with a status: a failed assertion of cmocka would jump into the parent's. */
static void require(bool condition, int line)
{
	if (condition)
		return;
	fprintf(stderr, "# %s:%d does not hold\n", __FILE__, line);
	_exit(1);
}

#define REQUIRE(condition) require(condition, __LINE__)

static int full_disk_child(void *arg)
{
	struct place *p = arg;
	char key[600];
	int i, err = 0, good;

	err = mount_small(p->dir, "size=2m");
	if (err)
		return err;
	REQUIRE(!db_open(&p->config, &p->db));
	for (i = 0; i < 100000 && !err; i++) {
		snprintf(key, sizeof(key), "k%d%0500d", 1000 + i, 0);
		err = put(p->db, key, i);
	}
	REQUIRE(err == -ENOSPC);
	good = i - 1;
	REQUIRE(good > 100);
	/* Reading goes on, everything told is there, and the next error is the same. */
	REQUIRE(db_read(p->db, count_tx, NULL) == good);
	REQUIRE(put(p->db, key, 1) == -ENOSPC);
	REQUIRE(!db_check(p->db));
	db_close(p->db);
	REQUIRE(!db_open(&p->config, &p->db));
	REQUIRE(db_read(p->db, count_tx, NULL) == good);
	/* With more room it goes on where it stopped. */
	REQUIRE(!mount("tmpfs", p->dir, "tmpfs", MS_REMOUNT, "size=16m"));
	REQUIRE(!put(p->db, key, 1));
	REQUIRE(db_write(p->db, remove_all_tx, NULL) > 0);
	REQUIRE(!db_check(p->db));
	db_close(p->db);
	return 0;
}

static void full_disk(void **state)
{
	struct place *p = *state;
	int status;

	db_close(p->db);
	p->db = NULL;
	status = in_child(full_disk_child, p);
	if (status == NOT_PERMITTED)
		skip();
	assert_int_equal(status, 0);
}

static int read_only_child(void *arg)
{
	struct place *p = arg;
	int err = mount_small(p->dir, "size=8m");

	if (err)
		return err;
	REQUIRE(!db_open(&p->config, &p->db));
	REQUIRE(!put(p->db, "a", 1));
	db_close(p->db);
	REQUIRE(!mount("tmpfs", p->dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8m"));
	REQUIRE(db_open(&p->config, &p->db) == -EROFS);
	return 0;
}

static void read_only(void **state)
{
	struct place *p = *state;
	int status;

	db_close(p->db);
	p->db = NULL;
	status = in_child(read_only_child, p);
	if (status == NOT_PERMITTED)
		skip();
	assert_int_equal(status, 0);
}

/* --- damage -------------------------------------------------------------- */

static void fill(struct db *db)
{
	char key[100];
	int i;

	for (i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "key%d%050d", i, 0);
		assert_int_equal(put(db, key, i), 0);
	}
}

static void spoil(const char *path, off_t at, size_t len)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY);
	u8 junk[8192];

	memset(junk, 0x5a, sizeof(junk));
	assert_true(fd >= 0);
	assert_int_equal(pwrite_all(fd, junk, len, at), 0);
}

/* Damage is found and told, wherever it is; it is never an answer, never a crash. */
static void damaged(void **state)
{
	static const struct {
		off_t at;
		size_t len;
		bool opens;
	} kinds[] = {
		{ 0, 16, false }, { 100, 8, false }, { 8192, 8192, true },
		{ 3 * 8192, 100, true }, { 5 * 8192 + 4000, 2000, true },
	};
	struct place *p = *state;
	char *good;
	size_t len;
	unsigned int i;

	fill(p->db);
	db_close(p->db);
	p->db = NULL;
	assert_int_equal(file_read(p->path, 1 << 24, &good, &len), 0);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		spoil(p->path, kinds[i].at, kinds[i].len);
		if (kinds[i].opens) {
			assert_int_equal(db_open(&p->config, &p->db), 0);
			assert_int_equal(db_check(p->db), -EUCLEAN);
			assert_int_equal(db_backup(p->db, "/tmp/sky-db-no-backup", NULL, NULL), -EUCLEAN);
			assert_int_not_equal(access("/tmp/sky-db-no-backup", F_OK), 0);
			db_close(p->db);
		} else {
			assert_int_equal(db_open(&p->config, &p->db), -EUCLEAN);
		}
		p->db = NULL;
		assert_int_equal(file_write_atomic(p->path, good, len, 0600), 0);
	}
	free(good);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(db_check(p->db), 0);
}

static int count_damaged_tx(struct db_conn *c, void *arg)
{
	int err = count_tx(c, arg);

	assert_int_equal(err, -EUCLEAN);
	assert_non_null(strstr(db_error(c), "count pairs"));
	return err;
}

/* A writer that meets damage fails its job and serves the next. */
static void damage_met(void **state)
{
	struct place *p = *state;

	fill(p->db);
	db_close(p->db);
	spoil(p->path, 4 * 8192, 64);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(db_read(p->db, count_damaged_tx, NULL), -EUCLEAN);
	assert_int_equal(db_write(p->db, count_damaged_tx, NULL), -EUCLEAN);
	assert_int_equal(put(p->db, "zzz", 1), 0);
}

/* --- two processes ------------------------------------------------------- */

static int other_process(void *arg)
{
	struct place *p = arg;
	struct db *db;
	int i, err = db_open(&p->config, &db);

	for (i = 0; !err && i < 300; i++) {
		struct pair n = { .key = "theirs" };

		err = put(db, "theirs", i);
		if (!err)
			err = db_read(db, get_tx, &n);
		if (!err && n.value != i)
			err = -EUCLEAN;
	}
	db_close(db);
	return err ? 1 : 0;
}

static void two_processes(void **state)
{
	struct place *p = *state;
	pid_t pid;
	int status, i;

	db_close(p->db);
	p->db = NULL;
	pid = fork();
	if (!pid)
		_exit(other_process(p));
	assert_int_equal(db_open(&p->config, &p->db), 0);
	for (i = 0; i < 300; i++) {
		assert_int_equal(put(p->db, "ours", i), 0);
		assert_int_equal(get(p->db, "ours"), i);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(get(p->db, "theirs"), 299);
	assert_int_equal(db_check(p->db), 0);
}

static int hold_tx(struct db_conn *c, void *arg)
{
	int *pipes = arg, err = put_tx(c, &(struct pair){ .key = "held" });
	char byte = 1;

	if (write(pipes[1], &byte, 1) != 1)
		return -EIO;
	usleep(700 * 1000);
	return err;
}

struct holder {
	struct place *place;
	int pipes[2];
};

static int holder(void *arg)
{
	struct holder *h = arg;
	struct db *db;
	int err = db_open(&h->place->config, &db);

	if (!err)
		err = db_write(db, hold_tx, h->pipes);
	db_close(db);
	return err ? 1 : 0;
}

/* One that does not let go is an error after busy_ms, not a hang. */
static void other_holds(void **state)
{
	struct place *p = *state;
	struct holder h = { .place = p };
	int status;
	pid_t pid;
	char byte;

	db_close(p->db);
	p->db = NULL;
	assert_int_equal(pipe(h.pipes), 0);
	pid = fork();
	if (!pid)
		_exit(holder(&h));
	assert_int_equal(read(h.pipes[0], &byte, 1), 1);
	p->config.busy_ms = 50;
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(put(p->db, "ours", 1), -EBUSY);
	assert_int_equal(get(p->db, "held"), -ENOENT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(put(p->db, "ours", 1), 0);
	assert_int_equal(get(p->db, "held"), 0);
	close(h.pipes[0]);
	close(h.pipes[1]);
}

/* --- backup and restore -------------------------------------------------- */

struct shown {
	struct db *db;
	u64 last, total;
	unsigned int calls;
};

static void show(void *ctx, u64 done, u64 total)
{
	struct shown *s = ctx;

	assert_true(done >= s->last && done <= total);
	s->last = done;
	s->total = total;
	/* Writers go on; what they write is not in the copy. */
	if (s->db && !s->calls++)
		assert_int_equal(put(s->db, "later", 1), 0);
}

static void backup_and_restore(void **state)
{
	struct place *p = *state;
	struct shown s = { .db = p->db };
	char copy[100], part[100];

	snprintf(copy, sizeof(copy), "%s/copy", p->dir);
	snprintf(part, sizeof(part), "%s/meta.db-restore", p->dir);
	fill(p->db);
	assert_int_equal(db_backup(p->db, copy, show, &s), 0);
	assert_true(s.calls >= 1 && s.last == s.total && s.total > 10);
	assert_int_equal(get(p->db, "later"), 1);
	assert_int_equal(db_restore(&p->config, copy, NULL, NULL), -EBUSY);
	db_close(p->db);
	p->db = NULL;

	/* Over a damaged database with a log that is not its own any more. */
	spoil(p->path, 0, 8192);
	assert_int_equal(db_open(&p->config, &p->db), -EUCLEAN);
	assert_int_equal(db_restore(&p->config, copy, NULL, NULL), 0);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(db_read(p->db, count_tx, NULL), 2000);
	assert_int_equal(get(p->db, "later"), -ENOENT);
	assert_int_equal(put(p->db, "after", 1), 0);
	db_close(p->db);
	p->db = NULL;

	/* A backup that is not good, or not ours, replaces nothing. */
	spoil(copy, 4 * 8192, 4000);
	assert_int_equal(db_restore(&p->config, copy, NULL, NULL), -EUCLEAN);
	assert_int_equal(truncate(copy, 0), 0);
	assert_int_equal(db_restore(&p->config, copy, NULL, NULL), -EMEDIUMTYPE);
	assert_int_equal(unlink(copy), 0);
	assert_int_equal(db_restore(&p->config, copy, NULL, NULL), -ENOENT);
	assert_int_not_equal(access(part, F_OK), 0);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(get(p->db, "after"), 1);
}

static int leave_log(void *arg)
{
	struct place *p = arg;
	struct db *db;

	if (db_open(&p->config, &db))
		return 1;
	fill(db);
	return put(db, "old", 1);
}

/* The log of a database that was killed is no part of the one that takes its place. */
static void restore_over_log(void **state)
{
	struct place *p = *state;
	char copy[100], log[100];

	snprintf(copy, sizeof(copy), "%s/copy", p->dir);
	snprintf(log, sizeof(log), "%s-wal", p->path);
	assert_int_equal(put(p->db, "new", 1), 0);
	assert_int_equal(db_backup(p->db, copy, NULL, NULL), 0);
	db_close(p->db);
	p->db = NULL;
	assert_int_equal(in_child(leave_log, p), 0);
	assert_int_equal(access(log, F_OK), 0);
	assert_int_equal(db_restore(&p->config, copy, NULL, NULL), 0);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(get(p->db, "new"), 1);
	assert_int_equal(get(p->db, "old"), -ENOENT);
	assert_int_equal(db_check(p->db), 0);
}

/* A crash between the copy's name and its place is finished by the next start. */
static void restore_interrupted(void **state)
{
	struct place *p = *state;
	char restore[100], log[100];

	snprintf(restore, sizeof(restore), "%s-restore", p->path);
	snprintf(log, sizeof(log), "%s-wal", p->path);
	assert_int_equal(put(p->db, "new", 1), 0);
	assert_int_equal(db_backup(p->db, restore, NULL, NULL), 0);
	assert_int_equal(put(p->db, "old", 1), 0);
	assert_int_equal(access(log, F_OK), 0);
	/* In use by us: another process may not exchange it under us. */
	assert_int_equal(db_open(&p->config, &(struct db *){ NULL }), -EBUSY);
	db_close(p->db);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_int_equal(get(p->db, "new"), 1);
	assert_int_equal(get(p->db, "old"), -ENOENT);
	assert_int_not_equal(access(restore, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(killed, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(full_disk, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(read_only, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(damaged, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(damage_met, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(two_processes, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(other_holds, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(backup_and_restore, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(restore_over_log, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(restore_interrupted, place_setup, place_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
