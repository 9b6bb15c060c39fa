// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "store_private.h"
#include "store_session.h"

#define NAME_MAX_BYTES	63

static const struct db_sql sql_version = {
	"read a session's version", "SELECT version FROM session WHERE team = ?1 AND name = ?2",
};

static const struct db_sql sql_put = {
	"keep a session",
	"INSERT INTO session (team, name, version, changed, document, secrets)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (team, name) DO UPDATE SET version = ?3,"
	" changed = ?4, document = ?5, secrets = ?6",
};

static const struct db_sql sql_get = {
	"read a session",
	"SELECT name, version, changed, document, secrets FROM session WHERE team = ?1"
	" AND name = ?2",
};

static const struct db_sql sql_delete = {
	"delete a session", "DELETE FROM session WHERE team = ?1 AND name = ?2",
};

static const struct db_sql sql_list = {
	"list sessions",
	"SELECT name, version, changed, document FROM session WHERE team = ?1 AND name > ?2"
	" ORDER BY name LIMIT ?3",
};

struct session_call {
	u64 team, now;
	struct store_text name;
	unsigned int max;
	const struct store_session *row;
	struct store_arena *arena;
	struct store_session *out;
};

static int put_tx(struct db_conn *c, void *arg)
{
	struct session_call *call = arg;
	const struct store_session *r = call->row;
	u64 version;
	int err = store_number(c, &sql_version, DB_ARGS(DB_INT(call->team), STORE_ARG(r->name)),
			       ENOENT, &version);

	if (!err && version > r->version)
		return -EEXIST;
	if (err && err != -ENOENT)
		return err;
	return store_change(c, &sql_put,
			    DB_ARGS(DB_INT(call->team), STORE_ARG(r->name), DB_INT(r->version),
				    DB_INT(call->now), STORE_ARG(r->document),
				    STORE_ARG(r->secrets)), EIO);
}

int store_session_put(struct store *s, u64 team, const struct store_session *row)
{
	if (!row->name.len || row->name.len > NAME_MAX_BYTES ||
	    row->document.len > STORE_BLOB_MAX || row->secrets.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, put_tx, &(struct session_call){
		.team = team, .now = store_now(s), .row = row,
	});
}

static int fill(struct db_rows *rows, struct store_arena *a, struct store_session *r, bool whole)
{
	int err = 0;

	*r = (struct store_session){
		.name = store_column(a, rows, 0, &err), .version = db_int(rows, 1),
		.changed = db_int(rows, 2), .document = store_column(a, rows, 3, &err),
	};
	if (whole)
		r->secrets = store_column(a, rows, 4, &err);
	return err;
}

static int get_tx(struct db_conn *c, void *arg)
{
	struct session_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_get, DB_ARGS(DB_INT(call->team), STORE_ARG(call->name)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -ENOENT;
	return fill(rows, call->arena, call->out, true);
}

int store_session_get(struct store *s, u64 team, struct store_text name, struct store_arena *a,
		      struct store_session *row)
{
	return store_read(s, get_tx, &(struct session_call){
		.team = team, .name = name, .arena = a, .out = row,
	});
}

static int delete_tx(struct db_conn *c, void *arg)
{
	struct session_call *call = arg;

	return store_change(c, &sql_delete, DB_ARGS(DB_INT(call->team), STORE_ARG(call->name)),
			    ENOENT);
}

int store_session_delete(struct store *s, u64 team, struct store_text name)
{
	return store_write(s, delete_tx, &(struct session_call){ .team = team, .name = name });
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct session_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list, DB_ARGS(DB_INT(call->team), STORE_ARG(call->name),
						      DB_INT(call->max)));
	int count = 0, more = 0, err = 0;

	while (!err && (more = db_next(rows)) > 0)
		err = fill(rows, call->arena, &call->out[count++], false);
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_session_list(struct store *s, u64 team, struct store_text after, unsigned int max,
		       struct store_arena *a, struct store_session **rows)
{
	struct session_call call = {
		.team = team, .name = after, .max = store_page_max(max), .arena = a,
	};

	call.out = store_alloc(a, call.max * sizeof(*call.out));
	if (!call.out)
		return -ENOMEM;
	*rows = call.out;
	return store_read(s, list_tx, &call);
}
