// SPDX-License-Identifier: GPL-2.0-or-later
/* A database: opening and closing, and its readers. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "db_private.h"

static const struct db_sql sql_snapshot = { "begin to read", "BEGIN" };
static const struct db_sql sql_let_go = { "end reading", "COMMIT" };

/*
 * The lock has a file of its own: closing any descriptor of the database's file
 * would let go of the locks that SQLite holds on it in this process.
 */
int db_lock_file(const char *path, bool alone)
{
	char name[DB_PATH_MAX + 8];
	CLEANUP_CLOSE int fd = -1;

	snprintf(name, sizeof(name), "%s-lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return TAKE_FD(fd);
}

static int finish_restore_alone(const struct db_config *config)
{
	CLEANUP_CLOSE int fd = -1;
	char copy[DB_PATH_MAX + 16];

	snprintf(copy, sizeof(copy), "%s-restore", config->path);
	if (access(copy, F_OK))
		return 0;
	fd = db_lock_file(config->path, true);
	return fd < 0 ? fd : db_finish_restore(config);
}

static void cleanup_db(struct db **p)
{
	struct db *db = *p;

	if (!db)
		return;
	db_conn_close(db->writer.conn);
	cleanup_close(&db->lock_fd);
	pthread_mutex_destroy(&db->lock);
	free(db);
}

int db_open(const struct db_config *config, struct db **to)
{
	CLEANUP(cleanup_db) struct db *db = NULL;
	int err;

	if (!config->path || strlen(config->path) >= DB_PATH_MAX)
		return -ENAMETOOLONG;
	db = calloc(1, sizeof(*db));
	if (!db)
		return -ENOMEM;
	db->config = *config;
	strcpy(db->path, config->path);
	db->config.path = db->path;
	pthread_mutex_init(&db->lock, NULL);
	db->lock_fd = -1;
	err = finish_restore_alone(&db->config);
	if (err)
		return err;
	db->lock_fd = db_lock_file(db->path, false);
	if (db->lock_fd < 0)
		return db->lock_fd;
	err = db_conn_open(&db->config, db->path, DB_MODE_WRITER, &db->writer.conn);
	if (!err)
		err = db_migrate(db->writer.conn, &db->found, &db->now);
	if (!err)
		err = db_writer_start(&db->writer, db->writer.conn, &db->lock);
	if (err)
		return err;
	*to = TAKE_PTR(db);
	return 0;
}

void db_close(struct db *db)
{
	struct db_conn *c;

	if (!db)
		return;
	db_writer_stop(&db->writer);
	while ((c = db->idle)) {
		db->idle = c->next;
		db_conn_close(c);
	}
	cleanup_db(&db);
}

void db_versions(const struct db *db, unsigned int *found, unsigned int *now)
{
	*found = db->found;
	*now = db->now;
}

int db_reader_get(struct db *db, struct db_conn **c)
{
	pthread_mutex_lock(&db->lock);
	*c = db->idle;
	if (*c)
		db->idle = (*c)->next;
	pthread_mutex_unlock(&db->lock);
	return *c ? 0 : db_conn_open(&db->config, db->path, DB_MODE_READER, c);
}

/* Last in, first out: its pages are the warmest. */
void db_reader_put(struct db *db, struct db_conn *c)
{
	pthread_mutex_lock(&db->lock);
	c->next = db->idle;
	db->idle = c;
	pthread_mutex_unlock(&db->lock);
}

int db_read(struct db *db, db_tx_fn *fn, void *arg)
{
	struct db_conn *c;
	int err = db_reader_get(db, &c), end;

	if (err)
		return err;
	err = db_run(c, &sql_snapshot, DB_NO_ARGS);
	if (err >= 0) {
		err = fn(c, arg);
		assert(!c->active);
		end = db_run(c, &sql_let_go, DB_NO_ARGS);
		if (err >= 0 && end < 0)
			err = end;
	}
	/* A connection that cannot end its snapshot would hold the log for ever. */
	if (db_conn_in_tx(c))
		db_conn_close(c);
	else
		db_reader_put(db, c);
	return err;
}
