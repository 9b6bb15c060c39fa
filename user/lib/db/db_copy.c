// SPDX-License-Identifier: GPL-2.0-or-later
/* The care of a whole database: check, backup, restore. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include <linux/compiler.h>

#include "db_private.h"

#define PAGES_A_STEP	256

int db_conn_check(struct db_conn *c)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(c->handle, "PRAGMA integrity_check(20)", -1, &stmt, NULL);
	int err = 0;

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		const char *text;

		code = sqlite3_step(stmt);
		if (code != SQLITE_ROW)
			break;
		text = (const char *)sqlite3_column_text(stmt, 0);
		if (text && !strcmp(text, "ok"))
			continue;
		snprintf(c->error, sizeof(c->error), "check: %s", text ? text : "?");
		db_tell(c->config, "%s: %s", c->config->path, c->error);
		err = -EUCLEAN;
	}
	if (code != SQLITE_DONE)
		err = db_conn_fail(c, "check", code);
	sqlite3_finalize(stmt);
	return err;
}

static int check(struct db_conn *c, void *arg __maybe_unused)
{
	return db_conn_check(c);
}

int db_check(struct db *db)
{
	return db_read(db, check, NULL);
}

/* --- copies -------------------------------------------------------------- */

static int sync_path(const char *path, int flags)
{
	CLEANUP_CLOSE int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 || fsync(fd) ? -errno : 0;
}

static int sync_folder(const char *path)
{
	char copy[DB_PATH_MAX + 16];

	snprintf(copy, sizeof(copy), "%s", path);
	return sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
}

static int rename_durably(const char *from, const char *to)
{
	if (rename(from, to))
		return -errno;
	return sync_folder(to);
}

static int copy_pages(struct db_conn *from, struct db_conn *to, db_progress_fn *progress,
		      void *ctx)
{
	sqlite3_backup *copy = sqlite3_backup_init(to->handle, "main", from->handle, "main");
	int code;

	if (!copy)
		return db_conn_fail(to, "copy", sqlite3_errcode(to->handle));
	do {
		u64 left, total;

		code = sqlite3_backup_step(copy, PAGES_A_STEP);
		left = sqlite3_backup_remaining(copy);
		total = sqlite3_backup_pagecount(copy);
		if (progress && (code == SQLITE_OK || code == SQLITE_DONE))
			progress(ctx, total - left, total);
	} while (code == SQLITE_OK);
	sqlite3_backup_finish(copy);
	return code == SQLITE_DONE ? 0 : db_conn_fail(to, "copy", code);
}

/*
 * @from, which has a snapshot open, to a file that is checked and durable.  The
 * copy leaves WAL mode, so that it is one file.
 */
static int copy_to(struct db_conn *from, const char *path, db_progress_fn *progress, void *ctx)
{
	DB_CONN to = NULL;
	int err;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	err = db_conn_open(from->config, path, DB_MODE_COPY, &to);
	if (!err)
		err = copy_pages(from, to, progress, ctx);
	if (!err)
		err = db_conn_exec(to, "make the copy one file", "PRAGMA journal_mode = DELETE");
	if (!err)
		err = db_schema_check(to);
	if (!err)
		err = db_conn_check(to);
	return err ? err : sync_path(path, O_RDONLY);
}

/* One statement holds the snapshot: pages written meanwhile do not restart the copy. */
static int copy_snapshot(struct db_conn *from, const char *path, db_progress_fn *progress,
			 void *ctx)
{
	s64 tables;
	int err = db_conn_exec(from, "begin to copy", "BEGIN");

	if (err)
		return err;
	err = db_conn_number(from, "begin to copy", "SELECT count(*) FROM sqlite_schema", &tables);
	if (!err)
		err = copy_to(from, path, progress, ctx);
	db_conn_exec(from, "end the copy", "COMMIT");
	return err;
}

int db_backup(struct db *db, const char *path, db_progress_fn *progress, void *ctx)
{
	char part[DB_PATH_MAX + 16];
	struct db_conn *from;
	int err;

	if (strlen(path) >= DB_PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(part, sizeof(part), "%s-part", path);
	err = db_reader_get(db, &from);
	if (err)
		return err;
	err = copy_snapshot(from, part, progress, ctx);
	db_reader_put(db, from);
	if (!err)
		err = rename_durably(part, path);
	if (err)
		unlink(part);
	else
		db_tell(&db->config, "%s: backed up to %s", db->path, path);
	return err;
}

/* Under the lock of one.  The log of the old database must go before its file. */
int db_finish_restore(const struct db_config *config)
{
	static const char *const rest[] = { "-wal", "-shm", "-journal" };
	char copy[DB_PATH_MAX + 16], name[DB_PATH_MAX + 16];
	unsigned int i;
	int err;

	snprintf(copy, sizeof(copy), "%s-restore", config->path);
	for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", config->path, rest[i]);
		if (unlink(name) && errno != ENOENT)
			return -errno;
	}
	err = rename_durably(copy, config->path);
	if (!err)
		db_tell(config, "%s: restored", config->path);
	return err;
}

int db_restore(const struct db_config *config, const char *from, db_progress_fn *progress,
	       void *ctx)
{
	char part[DB_PATH_MAX + 16], copy[DB_PATH_MAX + 16];
	CLEANUP_CLOSE int lock = -1;
	DB_CONN c = NULL;
	int err;

	if (strlen(config->path) >= DB_PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(part, sizeof(part), "%s-part", config->path);
	snprintf(copy, sizeof(copy), "%s-restore", config->path);
	lock = db_lock_file(config->path, true);
	if (lock < 0)
		return lock;
	err = db_conn_open(config, from, DB_MODE_PLAIN, &c);
	if (!err)
		err = db_schema_check(c);
	if (!err)
		err = copy_snapshot(c, part, progress, ctx);
	if (!err)
		err = rename_durably(part, copy);
	if (err) {
		unlink(part);
		return err;
	}
	return db_finish_restore(config);
}
