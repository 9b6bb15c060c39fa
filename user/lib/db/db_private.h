/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share.  db_conn.c and db_rows.c are the engine;
 * db.c and db_writer.c would serve another engine as they are.
 */
#ifndef SKY_DB_PRIVATE_H
#define SKY_DB_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/report.h"
#include "db.h"

#define DB_ERROR_MAX	256
#define DB_PATH_MAX	4096

/* --- db_conn.c: one connection ------------------------------------------- */

/* A prepared statement of one connection. */
struct db_rows {
	struct db_conn *conn;
	const struct db_sql *sql;
	sqlite3_stmt *stmt;
	int err;		/* told by the next db_next() */
	bool active;		/* between db_query() and db_end() */
};

struct db_conn {
	const struct db_config *config;
	sqlite3 *handle;
	struct db_rows **slot;	/* open hash by the address of the db_sql */
	unsigned int slots, used;
	unsigned int active;	/* statements that have begun and not ended */
	struct db_rows failed;	/* what db_query() returns without a statement */
	struct db_conn *next;	/* idle readers */
	char error[DB_ERROR_MAX];
};

enum db_mode {
	DB_MODE_WRITER,		/* creates the file */
	DB_MODE_READER,		/* refuses to change it */
	DB_MODE_PLAIN,		/* a file as it is: no log, nothing created */
	DB_MODE_COPY,		/* the target of a copy: created, no log */
};

int db_conn_open(const struct db_config *config, const char *path, enum db_mode mode,
		 struct db_conn **c);
void db_conn_close(struct db_conn *c);
/* Note the engine's error under a purpose, tell it, and return it as -errno. */
int db_conn_fail(struct db_conn *c, const char *purpose, int code);
/* Statements of our own without rows or values, several in one text. */
int db_conn_exec(struct db_conn *c, const char *purpose, const char *text);
/* A statement whose one row has one number. */
int db_conn_number(struct db_conn *c, const char *purpose, const char *text, s64 *number);
bool db_conn_in_tx(const struct db_conn *c);

/* Free what cleanup attributes hold. */
void db_cleanup_conn(struct db_conn **c);
#define DB_CONN	CLEANUP(db_cleanup_conn) struct db_conn *

__attribute__((__format__(__printf__, 2, 3)))
void db_tell(const struct db_config *config, const char *fmt, ...);

/* --- db_rows.c ----------------------------------------------------------- */
struct db_rows *db_prepared(struct db_conn *c, const struct db_sql *sql);

/* --- db_migrate.c -------------------------------------------------------- */
int db_migrate(struct db_conn *c, unsigned int *found, unsigned int *now);
/* Is this a database of ours that this program can read? */
int db_schema_check(struct db_conn *c);

/* --- db_care.c, db_copy.c ------------------------------------------------ */
int db_conn_check(struct db_conn *c);
int db_finish_restore(const struct db_config *config);

/* --- db_writer.c: group commit ------------------------------------------- */

struct db_writer {
	pthread_t thread;
	struct db_conn *conn;	/* the writer thread's alone */
	pthread_mutex_t *lock;	/* protects the rest */
	pthread_cond_t work;	/* a job has come, or stop */
	pthread_cond_t room;	/* the queue has become shorter */
	struct db_job *head, **tail;
	unsigned int queued;
	bool stop;
	struct db_counts counts;
};

int db_writer_start(struct db_writer *w, struct db_conn *conn, pthread_mutex_t *lock);
void db_writer_stop(struct db_writer *w);

struct db {
	struct db_config config;
	char path[DB_PATH_MAX];
	int lock_fd;		/* a shared lock on PATH-lock: no restore meanwhile */
	unsigned int found, now;
	pthread_mutex_t lock;
	struct db_conn *idle;	/* readers that wait for a thread; under lock */
	struct db_writer writer;
};

/* --- db.c ---------------------------------------------------------------- */
/* PATH-lock, locked shared or alone; the descriptor or -errno. */
int db_lock_file(const char *path, bool alone);
int db_reader_get(struct db *db, struct db_conn **c);
void db_reader_put(struct db *db, struct db_conn *c);

#endif /* SKY_DB_PRIVATE_H */
