/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of databases share: a folder that goes away, a small schema. */
#ifndef TEST_DB_UTIL_H
#define TEST_DB_UTIL_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <linux/compiler.h>

#include "db/db.h"

struct place {
	char dir[64];
	char path[80];
	char told[1024];	/* the last lines that the database told */
	struct db_config config;
	struct db *db;
};

static const struct db_migration pair_steps[] = {
	{ "pairs", "CREATE TABLE pair (key BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;" },
};

static const struct db_sql sql_put = {
	"put a pair", "INSERT INTO pair VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
};

static const struct db_sql sql_insert = { "insert a pair", "INSERT INTO pair VALUES (?1, ?2)" };
static const struct db_sql sql_get = { "get a pair", "SELECT value FROM pair WHERE key = ?1" };
static const struct db_sql sql_count = { "count pairs", "SELECT count(*), sum(value) FROM pair" };

static inline void place_tell(void *ctx, const char *text)
{
	struct place *p = ctx;

	snprintf(p->told, sizeof(p->told), "%s", text);
}

static inline void place_init(struct place *p)
{
	memset(p, 0, sizeof(*p));
	/* In memory where there is such a place: kill -9 needs no disk to lose nothing. */
	snprintf(p->dir, sizeof(p->dir), "%s/sky-db-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/meta.db", p->dir);
	p->config = (struct db_config){
		.path = p->path, .application = 0x534b5954, .migrations = pair_steps,
		.migration_count = 1, .tell = place_tell, .ctx = p,
	};
}

static inline void remove_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline int place_setup(void **state)
{
	struct place *p = malloc(sizeof(*p));

	place_init(p);
	assert_int_equal(db_open(&p->config, &p->db), 0);
	*state = p;
	return 0;
}

static inline int place_teardown(void **state)
{
	struct place *p = *state;

	db_close(p->db);
	remove_folder(p->dir);
	free(p);
	return 0;
}

/* --- transactions -------------------------------------------------------- */

struct pair {
	const char *key;
	s64 value;
	int then;	/* what the function returns after its work */
};

static inline int put_tx(struct db_conn *c, void *arg)
{
	struct pair *p = arg;
	int err = db_run(c, &sql_put, DB_ARGS(DB_BYTES(p->key, strlen(p->key)), DB_INT(p->value)));

	return err < 0 ? err : p->then;
}

static inline int insert_tx(struct db_conn *c, void *arg)
{
	struct pair *p = arg;

	return db_run(c, &sql_insert, DB_ARGS(DB_BYTES(p->key, strlen(p->key)), DB_INT(p->value)));
}

static inline int get_tx(struct db_conn *c, void *arg)
{
	struct pair *p = arg;
	DB_ROWS rows = db_query(c, &sql_get, DB_ARGS(DB_BYTES(p->key, strlen(p->key))));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -ENOENT;
	p->value = db_int(rows, 0);
	return 0;
}

static inline int count_tx(struct db_conn *c, void *arg)
{
	s64 *sum = arg;
	DB_ROWS rows = db_query(c, &sql_count, DB_NO_ARGS);
	int more = db_next(rows);

	if (more < 0)
		return more;
	if (sum)
		*sum = db_int(rows, 1);
	return (int)db_int(rows, 0);
}

static inline int put(struct db *db, const char *key, s64 value)
{
	return db_write(db, put_tx, &(struct pair){ .key = key, .value = value });
}

/* The value, or -errno. */
static inline s64 get(struct db *db, const char *key)
{
	struct pair p = { .key = key };
	int err = db_read(db, get_tx, &p);

	return err ? err : p.value;
}

/* Run @fn in a child that has none of this process's connections. */
static inline int in_child(int (*fn)(void *), void *arg)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif /* TEST_DB_UTIL_H */
