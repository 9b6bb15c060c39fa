// SPDX-License-Identifier: GPL-2.0-or-later
/* The database: statements, migrations, group commit, snapshots. */
#include "db_util.h"

static const struct db_sql sql_wrong = { "do what no table has", "SELECT nothing FROM nowhere" };
static const struct db_sql sql_echo = { "echo", "SELECT ?1, ?2, ?3, ?4" };
static const struct db_sql sql_all = { "list pairs", "SELECT key FROM pair ORDER BY key" };

/* --- statements ---------------------------------------------------------- */

static int echo_tx(struct db_conn *c, void *arg __maybe_unused)
{
	static const char raw[] = "a\0b";
	DB_ROWS rows = db_query(c, &sql_echo, DB_ARGS(DB_INT(-7), DB_BYTES(raw, 3), DB_NULL,
						      DB_BYTES(NULL, 0)));

	assert_int_equal(db_next(rows), 1);
	assert_int_equal(db_int(rows, 0), -7);
	assert_int_equal(db_bytes(rows, 1).len, 3);
	assert_memory_equal(db_bytes(rows, 1).data, raw, 3);
	assert_true(db_is_null(rows, 2));
	assert_null(db_bytes(rows, 2).data);
	assert_false(db_is_null(rows, 3));
	assert_non_null(db_bytes(rows, 3).data);
	assert_int_equal(db_bytes(rows, 3).len, 0);
	assert_int_equal(db_next(rows), 0);
	return 0;
}

static void values(void **state)
{
	assert_int_equal(db_read(((struct place *)*state)->db, echo_tx, NULL), 0);
}

static int wrong_tx(struct db_conn *c, void *arg __maybe_unused)
{
	DB_ROWS rows = db_query(c, &sql_wrong, DB_NO_ARGS);
	DB_ROWS once = NULL;
	DB_ROWS twice = NULL;
	DB_ROWS few = NULL;
	int err = db_next(rows);

	assert_true(err < 0);
	assert_int_equal(db_next(rows), err);
	assert_memory_equal(db_error(c), sql_wrong.purpose, strlen(sql_wrong.purpose));
	once = db_query(c, &sql_all, DB_NO_ARGS);
	twice = db_query(c, &sql_all, DB_NO_ARGS);
	assert_int_equal(db_next(twice), -EBUSY);
	assert_int_equal(db_next(once), 0);
	few = db_query(c, &sql_get, DB_NO_ARGS);
	assert_int_equal(db_next(few), -EINVAL);
	assert_int_equal(db_run(c, &sql_count, DB_NO_ARGS), -EINVAL);
	return err;
}

/* A wrong statement says so, and spoils nothing. */
static void wrong_statement(void **state)
{
	struct place *p = *state;

	assert_true(db_read(p->db, wrong_tx, NULL) < 0);
	assert_true(db_write(p->db, wrong_tx, NULL) < 0);
	assert_non_null(strstr(p->told, sql_get.purpose));
	assert_int_equal(put(p->db, "a", 1), 0);
	assert_int_equal(get(p->db, "a"), 1);
}

/* A reader's connection changes nothing. */
static void reader_cannot_write(void **state)
{
	struct place *p = *state;

	assert_int_equal(db_read(p->db, put_tx, &(struct pair){ .key = "a" }), -EROFS);
	assert_int_equal(get(p->db, "a"), -ENOENT);
}

static int many_statements_tx(struct db_conn *c, void *arg)
{
	struct db_sql *sql = arg;
	unsigned int i;

	for (i = 0; i < 400; i++) {
		DB_ROWS rows = db_query(c, &sql[i % 200], DB_NO_ARGS);

		assert_int_equal(db_next(rows), 1);
		assert_int_equal(db_int(rows, 0), i % 200);
	}
	return 0;
}

/* More statements than the first table has places for. */
static void many_statements(void **state)
{
	static struct db_sql sql[200];
	static char text[200][24];
	unsigned int i;

	for (i = 0; i < 200; i++) {
		snprintf(text[i], sizeof(text[i]), "SELECT %u", i);
		sql[i] = (struct db_sql){ "one of many", text[i] };
	}
	assert_int_equal(db_read(((struct place *)*state)->db, many_statements_tx, sql), 0);
}

static int settings_tx(struct db_conn *c, void *arg __maybe_unused)
{
	static const struct db_sql sql_sync = { "read a setting", "PRAGMA synchronous" };
	static const struct db_sql sql_log = { "read another setting", "PRAGMA journal_mode" };
	DB_ROWS sync = db_query(c, &sql_sync, DB_NO_ARGS);
	DB_ROWS log = db_query(c, &sql_log, DB_NO_ARGS);

	assert_int_equal(db_next(sync), 1);
	assert_int_equal(db_int(sync, 0), 2);
	assert_int_equal(db_next(log), 1);
	assert_int_equal(db_bytes(log, 0).len, 3);
	assert_memory_equal(db_bytes(log, 0).data, "wal", 3);
	return 0;
}

/* A commit is fsynced: kill -9 cannot show what a power failure would. */
static void settings(void **state)
{
	struct place *p = *state;

	assert_int_equal(db_write(p->db, settings_tx, NULL), 0);
	assert_int_equal(db_read(p->db, settings_tx, NULL), 0);
}

/* --- schema -------------------------------------------------------------- */

static const struct db_migration three_steps[] = {
	{ "pairs", "CREATE TABLE pair (key BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;" },
	{ "a second table", "CREATE TABLE two (a INTEGER); INSERT INTO two SELECT count(*) FROM pair;" },
	{ "one that cannot", "CREATE TABLE three (a INTEGER); INSERT INTO nowhere VALUES (1);" },
};

static void migrations(void **state)
{
	struct place *p = *state;
	unsigned int found, now;

	db_versions(p->db, &found, &now);
	assert_int_equal(found, 0);
	assert_int_equal(now, 1);
	assert_int_equal(put(p->db, "kept", 5), 0);
	db_close(p->db);

	p->config.migrations = three_steps;
	p->config.migration_count = 2;
	assert_int_equal(db_open(&p->config, &p->db), 0);
	assert_non_null(strstr(p->told, "schema version 2: a second table"));
	db_versions(p->db, &found, &now);
	assert_int_equal(found, 1);
	assert_int_equal(now, 2);
	assert_int_equal(get(p->db, "kept"), 5);
	db_close(p->db);

	/* A step that fails leaves the version before it, and is tried again. */
	p->config.migration_count = 3;
	p->db = NULL;
	assert_true(db_open(&p->config, &p->db) < 0);
	assert_true(db_open(&p->config, &p->db) < 0);
	p->config.migration_count = 1;
	assert_int_equal(db_open(&p->config, &p->db), -EPROTO);
	assert_non_null(strstr(p->told, "version 2"));
	p->config.migration_count = 2;
	assert_int_equal(db_open(&p->config, &p->db), 0);
}

static void foreign_file(void **state)
{
	struct place *p = *state;
	struct db *db;

	p->config.application++;
	assert_int_equal(db_open(&p->config, &db), -EMEDIUMTYPE);
	p->config.application--;
	p->config.path = "/no/such/folder/meta.db";
	assert_int_equal(db_open(&p->config, &db), -ENOENT);
}

/* --- group commit -------------------------------------------------------- */

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool open;
	unsigned int left;	/* jobs that have not been told */
};

/* Holds the writer, so that what follows is one batch. */
static int gate_tx(struct db_conn *c __maybe_unused, void *arg)
{
	struct gate *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->open)
		pthread_cond_wait(&g->cond, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return 0;
}

struct gated {
	struct db_job job;
	struct gate *gate;
	struct pair pair;
};

static void told(struct db_job *job)
{
	struct gate *g = ((struct gated *)job)->gate;

	pthread_mutex_lock(&g->lock);
	g->left--;
	pthread_cond_broadcast(&g->cond);
	pthread_mutex_unlock(&g->lock);
}

static void submit(struct db *db, struct gate *g, struct gated *job, db_tx_fn *fn)
{
	job->gate = g;
	job->job = (struct db_job){ .fn = fn, .arg = &job->pair, .done = told };
	if (fn == gate_tx)
		job->job.arg = g;
	pthread_mutex_lock(&g->lock);
	g->left++;
	pthread_mutex_unlock(&g->lock);
	assert_int_equal(db_submit(db, &job->job), 0);
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->cond);
	while (g->left)
		pthread_cond_wait(&g->cond, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

#define GATE	{ .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER }

/* Those that fail are undone alone; the others share one commit. */
static void group_commit(void **state)
{
	struct place *p = *state;
	struct gate g = GATE;
	struct gated first = { 0 }, job[64] = { 0 };
	struct db_counts before, after;
	char key[64][16];
	unsigned int i;

	db_counts(p->db, &before);
	submit(p->db, &g, &first, gate_tx);
	for (i = 0; i < 64; i++) {
		snprintf(key[i], sizeof(key[i]), "k%u", i / 2);
		job[i].pair = (struct pair){ .key = key[i], .value = i };
		job[i].pair.then = i % 5 ? 100 + i : -ECANCELED;
		submit(p->db, &g, &job[i], i % 3 ? put_tx : insert_tx);
	}
	gate_open(&g);
	db_counts(p->db, &after);
	/* The one that held the writer, alone or with some; then the rest together. */
	assert_true(after.commits - before.commits <= 2);
	assert_int_equal(after.jobs - before.jobs, 65);
	for (i = 0; i < 64; i++) {
		bool second = i % 2 && job[i - 1].job.result >= 0;
		bool last = i % 2 || job[i + 1].job.result < 0;

		if (i % 3)
			assert_int_equal(job[i].job.result, job[i].pair.then);
		else
			assert_int_equal(job[i].job.result, second ? -EEXIST : 1);
		if (job[i].job.result >= 0 && last)
			assert_int_equal(get(p->db, key[i]), i);
		else if (job[i].job.result < 0 && !second && last)
			assert_int_equal(get(p->db, key[i]), -ENOENT);
	}
}

/* The queue is bounded; a plain thread waits for its place. */
static void full_queue(void **state)
{
	struct place *p = *state;
	struct gate g = GATE;
	struct gated first = { 0 }, job[8] = { 0 };
	unsigned int i;
	int err = 0;

	db_close(p->db);
	p->config.queue_max = 4;
	assert_int_equal(db_open(&p->config, &p->db), 0);
	submit(p->db, &g, &first, gate_tx);
	for (i = 0; i < 8 && !err; i++) {
		job[i] = (struct gated){ .gate = &g, .pair = { .key = "x" } };
		job[i].job = (struct db_job){ .fn = put_tx, .arg = &job[i].pair, .done = told };
		pthread_mutex_lock(&g.lock);
		g.left++;
		pthread_mutex_unlock(&g.lock);
		err = db_submit(p->db, &job[i].job);
	}
	/* The last one was refused: it is not told. */
	pthread_mutex_lock(&g.lock);
	g.left--;
	pthread_mutex_unlock(&g.lock);
	assert_int_equal(err, -EAGAIN);
	assert_true(i >= 4);
	gate_open(&g);
	assert_int_equal(put(p->db, "y", 1), 0);
}

struct nested {
	struct db *db;
	int err;
};

static int nested_tx(struct db_conn *c __maybe_unused, void *arg)
{
	struct nested *n = arg;

	n->err = put(n->db, "inner", 1);
	return 0;
}

/* A transaction that waits for another one would wait for ever. */
static void write_within_write(void **state)
{
	struct nested n = { .db = ((struct place *)*state)->db };

	assert_int_equal(db_write(n.db, nested_tx, &n), 0);
	assert_int_equal(n.err, -EDEADLK);
	assert_int_equal(get(n.db, "inner"), -ENOENT);
}

/* What was handed in before the end is done before the end. */
static void close_drains(void **state)
{
	struct place *p = *state;
	struct gate g = GATE;
	struct gated first = { 0 }, job[32] = { 0 };
	char key[32][16];
	unsigned int i;

	submit(p->db, &g, &first, gate_tx);
	for (i = 0; i < 32; i++) {
		snprintf(key[i], sizeof(key[i]), "k%u", i);
		job[i].pair = (struct pair){ .key = key[i], .value = i };
		submit(p->db, &g, &job[i], put_tx);
	}
	pthread_mutex_lock(&g.lock);
	g.open = true;
	pthread_cond_broadcast(&g.cond);
	pthread_mutex_unlock(&g.lock);
	db_close(p->db);
	assert_int_equal(g.left, 0);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	for (i = 0; i < 32; i++)
		assert_int_equal(get(p->db, key[i]), i);
}

/* --- readers ------------------------------------------------------------- */

struct snapshot {
	struct db *db;
	s64 during;
};

static int snapshot_tx(struct db_conn *c, void *arg)
{
	struct snapshot *s = arg;
	struct pair p = { .key = "n" };

	assert_int_equal(get_tx(c, &p), 0);
	assert_int_equal(put(s->db, "n", p.value + 1), 0);
	/* Another reader sees it at once; this snapshot never does. */
	assert_int_equal(get(s->db, "n"), p.value + 1);
	s->during = p.value;
	assert_int_equal(get_tx(c, &p), 0);
	assert_int_equal(p.value, s->during);
	return 0;
}

static void snapshots(void **state)
{
	struct snapshot s = { .db = ((struct place *)*state)->db };
	int i;

	assert_int_equal(put(s.db, "n", 0), 0);
	for (i = 0; i < 50; i++) {
		assert_int_equal(db_read(s.db, snapshot_tx, &s), 0);
		assert_int_equal(s.during, i);
	}
}

struct counter {
	struct db *db;
	char key[16];
	int failed;
};

static int add_tx(struct db_conn *c, void *arg)
{
	struct pair p = { .key = "all" };
	int err = get_tx(c, &p);

	(void)arg;
	if (err && err != -ENOENT)
		return err;
	p.value++;
	return put_tx(c, &p);
}

static void *add_many(void *arg)
{
	struct counter *n = arg;
	int i;

	for (i = 0; i < 200; i++) {
		n->failed |= put(n->db, n->key, i);
		n->failed |= get(n->db, n->key) != i;
		n->failed |= db_write(n->db, add_tx, NULL);
	}
	return NULL;
}

/* Each thread reads what it wrote; no increment of a shared number is lost. */
static void many_threads(void **state)
{
	struct place *p = *state;
	struct counter n[16];
	pthread_t thread[16];
	int i;

	for (i = 0; i < 16; i++) {
		n[i] = (struct counter){ .db = p->db };
		snprintf(n[i].key, sizeof(n[i].key), "t%d", i);
		assert_int_equal(pthread_create(&thread[i], NULL, add_many, &n[i]), 0);
	}
	for (i = 0; i < 16; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(n[i].failed, 0);
	}
	assert_int_equal(get(p->db, "all"), 16 * 200);
}

/* The same where all but two of them wait for a place in the queue. */
static void little_room(void **state)
{
	struct place *p = *state;

	db_close(p->db);
	p->config.queue_max = 1;
	p->config.batch_max = 1;
	assert_int_equal(db_open(&p->config, &p->db), 0);
	many_threads(state);
}

struct long_reader {
	struct db *db;
	off_t log;
};

static int long_reader_tx(struct db_conn *c, void *arg)
{
	struct long_reader *r = arg;
	int before = count_tx(c, NULL), i;
	char key[16];

	for (i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "long%d", i);
		assert_int_equal(put(r->db, key, i), 0);
	}
	assert_int_equal(count_tx(c, NULL), before);
	return 0;
}

/* A long snapshot stops neither the writer nor other readers; the log shrinks after it. */
static void long_reader(void **state)
{
	struct place *p = *state;
	struct long_reader r = { .db = p->db };
	char log[100];
	struct stat grown, after;
	int i;

	snprintf(log, sizeof(log), "%s-wal", p->path);
	assert_int_equal(db_read(p->db, long_reader_tx, &r), 0);
	assert_int_equal(db_read(p->db, count_tx, NULL), 3000);
	assert_int_equal(stat(log, &grown), 0);
	for (i = 0; i < 3000; i++)
		assert_int_equal(put(p->db, "again", i), 0);
	assert_int_equal(stat(log, &after), 0);
	assert_true(after.st_size <= grown.st_size + (2000 + 100) * 8300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(wrong_statement, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(reader_cannot_write, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(many_statements, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(migrations, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(foreign_file, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(group_commit, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(full_queue, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(write_within_write, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(close_drains, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(snapshots, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(many_threads, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(little_room, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(settings, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(long_reader, place_setup, place_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
