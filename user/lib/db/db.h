/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transactional database with one writer and many readers.
 *
 * What this room promises, and what its callers rely on:
 *
 * Writing.  All changes are made by one writer thread.  A caller hands in a
 * transaction function; those that wait together run inside one transaction of
 * the engine, each between a savepoint and its release (*group commit*): one
 * that fails is rolled back alone, the rest is committed with one fsync, and
 * then each caller gets its own result.  A result >= 0 is told only when the
 * change is durable.  Transaction functions run one after the other, in the
 * order in which they were submitted: what one reads cannot change under it.
 *
 * Reading.  A read function runs on a connection that no other thread uses
 * meanwhile, inside one snapshot: it sees every transaction whose result had
 * been told before it began, and nothing later.  Readers do not block the writer
 * nor the writer readers.  A snapshot should be short, since the log cannot be
 * reset under it.
 *
 * Waiting.  The room knows neither fibers nor the caller's threads: a job names
 * a callback that the writer thread calls once.  It must not block.
 *
 * Forking.  A child may not use, nor close, what its parent has opened.
 *
 * Locks.  db->lock (queue of jobs, idle readers) is a leaf: nothing is called
 * while it is held.  Between processes the engine's own locks hold: two may
 * open one file; they wait for each other up to busy_ms.
 *
 * Errors are negative errno: -EEXIST (a unique key is taken), -ENOSPC, -EROFS,
 * -EUCLEAN (damaged), -EBUSY (another process would not let go), -EIO, -ENOMEM,
 * -E2BIG, -EINVAL (another constraint).  The text of the last one of a
 * connection, db_error(), begins with the purpose of the statement.
 *
 * The interface is what a second engine has to implement: values are 64-bit
 * integers, byte strings and null, compared bytewise; parameters are ?1, ?2, ...;
 * statements stay with what SQLite 3.40 and PostgreSQL share (ON CONFLICT,
 * RETURNING); the text of migrations is the engine's own.
 */
#ifndef SKY_DB_DB_H
#define SKY_DB_DB_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "base/cleanup.h"

struct db;
struct db_conn;
struct db_rows;

/* --- statements ---------------------------------------------------------- */

/*
 * A statement, static const beside the code that uses it: its address is its
 * identity.  Each connection prepares it once, at first use.
 */
struct db_sql {
	const char *purpose;	/* "list the objects of a bucket"; begins error texts */
	const char *text;
};

struct db_value {
	enum { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_BYTES } type;
	s64 num;
	const void *data;
	size_t len;
};

#define DB_NULL		{ .type = DB_TYPE_NULL }
#define DB_INT(v)	{ .type = DB_TYPE_INT, .num = (s64)(v) }
#define DB_BYTES(p, n)	{ .type = DB_TYPE_BYTES, .data = (p), .len = (n) }

/* The values of ?1, ?2, ... of a statement, in this order. */
struct db_args {
	const struct db_value *value;
	unsigned int count;
};

#define DB_ARGS(...)	((struct db_args){ (const struct db_value[]){ __VA_ARGS__ }, \
	sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value) })
#define DB_NO_ARGS	((struct db_args){ NULL, 0 })

struct db_bytes {
	const u8 *data;		/* NULL where the value is null */
	size_t len;
};

/*
 * Run a statement that returns no rows.
 * Return: rows inserted, changed or deleted, or -errno.
 */
int db_run(struct db_conn *c, const struct db_sql *sql, struct db_args args);

/*
 * Begin a statement that returns rows.  Never NULL: an error is told by the
 * first db_next().  Byte strings among @args are not copied and must stay until
 * db_end().  A statement cannot be begun again before its db_end(): -EBUSY.
 */
struct db_rows *db_query(struct db_conn *c, const struct db_sql *sql, struct db_args args);
/* Return: 1 and a row, 0 at the end, or -errno. */
int db_next(struct db_rows *rows);
void db_end(struct db_rows **rows);

#define DB_ROWS		CLEANUP(db_end) struct db_rows *

/*
 * Columns of the present row, from 0.  Bytes stay valid until the next db_next()
 * or db_end().  A null is 0 and no bytes.
 */
s64 db_int(struct db_rows *rows, int column);
struct db_bytes db_bytes(struct db_rows *rows, int column);
bool db_is_null(struct db_rows *rows, int column);

const char *db_error(const struct db_conn *c);

/* --- a database ---------------------------------------------------------- */

/*
 * One step of the schema.  Versions rise by one from 1; a step is never changed
 * once released.  Each runs in a transaction of its own together with the
 * number that says it was done.
 */
struct db_migration {
	const char *purpose;
	const char *sql;	/* statements, ended by semicolons */
};

struct db_config {
	const char *path;
	u32 application;		/* marks the file as ours; others are refused */
	const struct db_migration *migrations;
	unsigned int migration_count;	/* the newest version this program knows */
	unsigned int busy_ms;		/* wait for other processes; 0: 5000 */
	unsigned int queue_max;		/* jobs that may wait; 0: 4096 */
	unsigned int batch_max;		/* jobs in one commit; 0: 256 */
	unsigned int cache_kib;		/* page cache of each connection; 0: 8192 */
	unsigned int log_pages;		/* the log is folded in at this length; 0: 2000 */
	/* What was done and what went wrong, a line each; may be NULL.  Any thread. */
	void (*tell)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Open or create a database, and bring its schema up to date.
 * Return: 0; -EMEDIUMTYPE another program's file, -EPROTO a schema newer than
 * migration_count, -EUCLEAN damaged, -EROFS cannot be written, or another -errno.
 */
int db_open(const struct db_config *config, struct db **db);
/* Runs what was submitted to its end.  No reader may be left.  NULL is allowed. */
void db_close(struct db *db);
/* Schema version found by db_open() (0: new) and the one it has now. */
void db_versions(const struct db *db, unsigned int *found, unsigned int *now);

/* Return: < 0 rolls this transaction back; >= 0 keeps it and is the result. */
typedef int db_tx_fn(struct db_conn *c, void *arg);

struct db_job {
	db_tx_fn *fn;
	void *arg;
	/* Called once by the writer thread; the job is the caller's again. */
	void (*done)(struct db_job *job);
	int result;
	struct db_job *next;		/* the queue's */
};

/*
 * Hand in a transaction.  Return: 0, then done() is called; or without that
 * -EAGAIN (queue_max jobs wait) or -ESHUTDOWN.
 */
int db_submit(struct db *db, struct db_job *job);
/*
 * The same for a plain thread, which waits for a place and for the result.
 * Return: the result of @fn, or -errno of the commit; -EDEADLK from inside a
 * transaction function.
 */
int db_write(struct db *db, db_tx_fn *fn, void *arg);
/*
 * Run @fn on a reader's connection within one snapshot; its result, or -errno.  From
 * inside a transaction function it would not see what that one has done.
 */
int db_read(struct db *db, db_tx_fn *fn, void *arg);

struct db_counts {
	u64 jobs;		/* transactions that were run */
	u64 commits;		/* transactions of the engine: one fsync each */
	u64 failed;		/* jobs that were rolled back */
};

void db_counts(struct db *db, struct db_counts *counts);

/* --- care ---------------------------------------------------------------- */

/* Read everything.  Return: 0, or -EUCLEAN after telling each finding. */
int db_check(struct db *db);

typedef void db_progress_fn(void *ctx, u64 pages_done, u64 pages_total);

/*
 * Copy the state of one moment to @path, one file, while writers go on.  It
 * appears under its name when it is whole, checked and durable, replacing what
 * was there.  @progress may be NULL.
 */
int db_backup(struct db *db, const char *path, db_progress_fn *progress, void *ctx);

/*
 * Make @from, a backup, the database of @config, which nobody may have open
 * (-EBUSY).  Nothing is touched before a copy beside it has passed the check of
 * db_open() and db_check().  A crash leaves the old database or the new one: once
 * the copy has its name (PATH-restore), db_open() finishes the exchange.
 */
int db_restore(const struct db_config *config, const char *from, db_progress_fn *progress,
	       void *ctx);

#endif /* SKY_DB_DB_H */
