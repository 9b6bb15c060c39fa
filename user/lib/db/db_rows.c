// SPDX-License-Identifier: GPL-2.0-or-later
/* Statements: prepared once a connection, bound, stepped, read. */
#include <errno.h>
#include <stdio.h>

#include "db_private.h"

static unsigned int place(const struct db_sql *sql, unsigned int slots)
{
	return (unsigned int)(((uintptr_t)sql >> 4) * 0x9e3779b97f4a7c15ull >> 32) & (slots - 1);
}

/* Linear probing; at most half of the slots are used, so that it ends. */
static struct db_rows **find(struct db_rows **slot, unsigned int slots, const struct db_sql *sql)
{
	unsigned int at = place(sql, slots);

	while (slot[at] && slot[at]->sql != sql)
		at = (at + 1) & (slots - 1);
	return &slot[at];
}

static int grow(struct db_conn *c)
{
	unsigned int slots = 2 * c->slots, i;
	struct db_rows **slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (i = 0; i < c->slots; i++)
		if (c->slot[i])
			*find(slot, slots, c->slot[i]->sql) = c->slot[i];
	free(c->slot);
	c->slot = slot;
	c->slots = slots;
	return 0;
}

static struct db_rows *refuse(struct db_conn *c, int err)
{
	c->failed = (struct db_rows){ .conn = c, .err = err };
	return &c->failed;
}

struct db_rows *db_prepared(struct db_conn *c, const struct db_sql *sql)
{
	struct db_rows **at = find(c->slot, c->slots, sql), *rows;
	int code;

	if (*at)
		return *at;
	if (2 * (c->used + 1) > c->slots) {
		if (grow(c))
			return refuse(c, -ENOMEM);
		at = find(c->slot, c->slots, sql);
	}
	rows = calloc(1, sizeof(*rows));
	if (!rows)
		return refuse(c, -ENOMEM);
	rows->conn = c;
	rows->sql = sql;
	code = sqlite3_prepare_v3(c->handle, sql->text, -1, SQLITE_PREPARE_PERSISTENT,
				  &rows->stmt, NULL);
	if (code != SQLITE_OK) {
		free(rows);
		return refuse(c, db_conn_fail(c, sql->purpose, code));
	}
	*at = rows;
	c->used++;
	return rows;
}

static int bind(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
	switch (v->type) {
	case DB_TYPE_INT:
		return sqlite3_bind_int64(stmt, at, v->num);
	case DB_TYPE_BYTES:
		/* An empty string is not null, whatever its address. */
		return sqlite3_bind_blob64(stmt, at, v->data ? v->data : "", v->len,
					   SQLITE_STATIC);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

static void begin(struct db_rows *rows, struct db_args args)
{
	unsigned int i;
	int code = SQLITE_OK;

	rows->active = true;
	rows->conn->active++;
	rows->err = 0;
	if (args.count != sqlite3_bind_parameter_count(rows->stmt))
		code = SQLITE_RANGE;
	for (i = 0; code == SQLITE_OK && i < args.count; i++)
		code = bind(rows->stmt, i + 1, &args.value[i]);
	if (code != SQLITE_OK)
		rows->err = db_conn_fail(rows->conn, rows->sql->purpose, code);
}

struct db_rows *db_query(struct db_conn *c, const struct db_sql *sql, struct db_args args)
{
	struct db_rows *rows = db_prepared(c, sql);

	if (!rows->stmt)
		return rows;
	if (rows->active) {
		snprintf(c->error, sizeof(c->error), "%s: begun twice", sql->purpose);
		return refuse(c, -EBUSY);
	}
	begin(rows, args);
	return rows;
}

int db_next(struct db_rows *rows)
{
	int code;

	if (rows->err)
		return rows->err;
	code = sqlite3_step(rows->stmt);
	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	rows->err = db_conn_fail(rows->conn, rows->sql->purpose, code);
	return rows->err;
}

void db_end(struct db_rows **p)
{
	struct db_rows *rows = *p;

	if (!rows || !rows->active)
		return;
	/* Resetting tells the last error again: it has been told. */
	sqlite3_reset(rows->stmt);
	sqlite3_clear_bindings(rows->stmt);
	rows->active = false;
	rows->conn->active--;
}

int db_run(struct db_conn *c, const struct db_sql *sql, struct db_args args)
{
	DB_ROWS rows = db_query(c, sql, args);
	int more = db_next(rows);

	if (more < 0)
		return more;
	if (more > 0) {
		snprintf(c->error, sizeof(c->error), "%s: returns rows", sql->purpose);
		return -EINVAL;
	}
	return sqlite3_changes(c->handle);
}

s64 db_int(struct db_rows *rows, int column)
{
	return sqlite3_column_int64(rows->stmt, column);
}

struct db_bytes db_bytes(struct db_rows *rows, int column)
{
	struct db_bytes b;

	if (sqlite3_column_type(rows->stmt, column) == SQLITE_NULL)
		return (struct db_bytes){ NULL, 0 };
	b.data = sqlite3_column_blob(rows->stmt, column);
	b.len = sqlite3_column_bytes(rows->stmt, column);
	if (!b.data)
		b.data = (const u8 *)"";
	return b;
}

bool db_is_null(struct db_rows *rows, int column)
{
	return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL;
}
