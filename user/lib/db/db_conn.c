// SPDX-License-Identifier: GPL-2.0-or-later
/* One connection to SQLite: how it is opened, and its errors in our words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "db_private.h"

#define BUSY_MS		5000
#define CACHE_KIB	8192
#define LOG_PAGES	2000

static const struct {
	int code, err;
} errors[] = {
	{ SQLITE_CONSTRAINT_UNIQUE,	EEXIST },
	{ SQLITE_CONSTRAINT_PRIMARYKEY,	EEXIST },
	{ SQLITE_CONSTRAINT_ROWID,	EEXIST },
	{ SQLITE_CONSTRAINT,		EINVAL },
	{ SQLITE_BUSY,			EBUSY },
	{ SQLITE_LOCKED,		EBUSY },
	{ SQLITE_FULL,			ENOSPC },
	{ SQLITE_READONLY,		EROFS },
	{ SQLITE_CORRUPT,		EUCLEAN },
	{ SQLITE_NOTADB,		EUCLEAN },
	{ SQLITE_NOMEM,			ENOMEM },
	{ SQLITE_TOOBIG,		E2BIG },
	{ SQLITE_INTERRUPT,		EINTR },
	{ SQLITE_PERM,			EACCES },
	{ SQLITE_AUTH,			EACCES },
	{ SQLITE_RANGE,			EINVAL },
	{ SQLITE_ERROR,			EINVAL },
	{ SQLITE_MISUSE,		EINVAL },
};

static int to_errno(sqlite3 *handle, int code)
{
	int system = handle ? sqlite3_system_errno(handle) : 0;
	unsigned int i;

	if ((code & 0xff) == SQLITE_CANTOPEN)
		return system ? -system : -ENOENT;
	/* A write that failed for want of space may be told as an I/O error. */
	if ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT))
		return -ENOSPC;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == code)
			return -errors[i].err;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == (code & 0xff))
			return -errors[i].err;
	return -EIO;
}

void db_tell(const struct db_config *config, const char *fmt, ...)
{
	char text[2 * DB_ERROR_MAX];
	va_list ap;

	if (!config->tell)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	config->tell(config->ctx, text);
}

int db_conn_fail(struct db_conn *c, const char *purpose, int code)
{
	int err = to_errno(c->handle, code);

	snprintf(c->error, sizeof(c->error), "%s: %s (SQLite %d)", purpose,
		 c->handle ? sqlite3_errmsg(c->handle) : sqlite3_errstr(code), code);
	/* A key that is taken is an answer, not a fault. */
	if (err != -EEXIST)
		db_tell(c->config, "%s: %s", c->config->path, c->error);
	return err;
}

const char *db_error(const struct db_conn *c)
{
	return c->error;
}

bool db_conn_in_tx(const struct db_conn *c)
{
	return !sqlite3_get_autocommit(c->handle);
}

int db_conn_exec(struct db_conn *c, const char *purpose, const char *text)
{
	int code = sqlite3_exec(c->handle, text, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : db_conn_fail(c, purpose, code);
}

int db_conn_number(struct db_conn *c, const char *purpose, const char *text, s64 *number)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(c->handle, text, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*number = sqlite3_column_int64(stmt, 0);
	else
		db_conn_fail(c, purpose, code);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? 0 : to_errno(c->handle, code);
}

/* Of every connection; page_size matters only before the first page. */
static const char *const pragmas[] = {
	"page_size = 4096",
	"synchronous = FULL",
	"secure_delete = FAST",
	"cell_size_check = ON",
	"temp_store = MEMORY",
	"journal_size_limit = 67108864",
};

static int pragma(struct db_conn *c, const char *text)
{
	char statement[80];

	snprintf(statement, sizeof(statement), "PRAGMA %s", text);
	return db_conn_exec(c, "set up the connection", statement);
}

static int settings(struct db_conn *c, enum db_mode mode)
{
	const struct db_config *config = c->config;
	char text[64];
	unsigned int i;
	int err = 0;

	sqlite3_busy_timeout(c->handle, config->busy_ms ? (int)config->busy_ms : BUSY_MS);
	sqlite3_db_config(c->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(c->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	for (i = 0; !err && i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		err = pragma(c, pragmas[i]);
	snprintf(text, sizeof(text), "cache_size = -%u",
		 config->cache_kib ? config->cache_kib : CACHE_KIB);
	if (!err)
		err = pragma(c, text);
	snprintf(text, sizeof(text), "wal_autocheckpoint = %u",
		 config->log_pages ? config->log_pages : LOG_PAGES);
	if (!err)
		err = pragma(c, text);
	if (!err && mode == DB_MODE_WRITER)
		err = pragma(c, "journal_mode = WAL");
	if (!err && mode == DB_MODE_READER)
		err = pragma(c, "query_only = ON");
	return err;
}

int db_conn_open(const struct db_config *config, const char *path, enum db_mode mode,
		 struct db_conn **to)
{
	bool create = mode == DB_MODE_WRITER || mode == DB_MODE_COPY;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
	DB_CONN c = calloc(1, sizeof(*c));
	int err, code;

	if (!c)
		return -ENOMEM;
	c->config = config;
	c->slots = 64;
	c->slot = calloc(c->slots, sizeof(struct db_rows *));
	if (!c->slot)
		return -ENOMEM;
	code = sqlite3_open_v2(path, &c->handle, flags, NULL);
	if (code != SQLITE_OK)
		return db_conn_fail(c, "open the database", code);
	sqlite3_extended_result_codes(c->handle, 1);
	/* SQLite opens what it may not write as if to read only. */
	if (mode != DB_MODE_PLAIN && sqlite3_db_readonly(c->handle, "main") == 1)
		return db_conn_fail(c, "open the database for writing", SQLITE_READONLY);
	err = settings(c, mode);
	if (err)
		return err;
	*to = TAKE_PTR(c);
	return 0;
}

void db_conn_close(struct db_conn *c)
{
	unsigned int i;

	if (!c)
		return;
	for (i = 0; c->slot && i < c->slots; i++) {
		if (c->slot[i])
			sqlite3_finalize(c->slot[i]->stmt);
		free(c->slot[i]);
	}
	free(c->slot);
	sqlite3_close(c->handle);
	free(c);
}

void db_cleanup_conn(struct db_conn **c)
{
	db_conn_close(*c);
}
