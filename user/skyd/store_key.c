// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * API keys.  The secret is wrapped by the vault; here it is bytes.  A key has a
 * scope for every bucket of its team, and may have another for single ones.
 */
#include <errno.h>

#include "store_private.h"

#define ACCESS_MAX	128
#define COLUMNS		"access, team, secret, comment, created, expires, enabled, scope"

static const struct db_sql sql_create = {
	"create a key",
	"INSERT INTO key (" COLUMNS ") SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8 FROM team"
	" WHERE id = ?2",
};

static const struct db_sql sql_find = {
	"find a key",
	"SELECT " COLUMNS " FROM key WHERE access = ?1 AND enabled = 1"
	" AND (expires = 0 OR expires > ?2)",
};

static const struct db_sql sql_enable = {
	"enable a key", "UPDATE key SET enabled = ?3 WHERE access = ?1 AND team = ?2",
};

static const struct db_sql sql_drop = {
	"delete a key", "DELETE FROM key WHERE access = ?1 AND team = ?2",
};

static const struct db_sql sql_drop_scopes = {
	"delete a key's scopes", "DELETE FROM key_scope WHERE access = ?1",
};

static const struct db_sql sql_list = {
	"list keys",
	"SELECT " COLUMNS " FROM key WHERE team = ?1 AND access > ?2 ORDER BY access LIMIT ?3",
};

static const struct db_sql sql_own = {
	"look up a key of a team", "SELECT 1 FROM key WHERE access = ?1 AND team = ?2",
};

static const struct db_sql sql_set_scope = {
	"set a key's scope",
	"INSERT INTO key_scope VALUES (?1, ?2, ?3) ON CONFLICT (access, bucket)"
	" DO UPDATE SET scope = ?3",
};

static const struct db_sql sql_scopes = {
	"list a key's scopes",
	"SELECT bucket, scope FROM key_scope WHERE access = ?1 AND bucket > ?2 ORDER BY bucket"
	" LIMIT ?3",
};

/* A bucket that the team does not own has the scope of none. */
static const struct db_sql sql_scope = {
	"look up a key's scope",
	"SELECT coalesce((SELECT s.scope FROM key_scope s WHERE s.access = k.access"
	" AND s.bucket = b.id), k.scope) FROM key k, bucket b WHERE k.access = ?1"
	" AND b.id = ?2 AND b.team = k.team AND k.enabled = 1"
	" AND (k.expires = 0 OR k.expires > ?3)",
};

struct key_call {
	struct store_text access;
	u64 team, bucket, now;
	int value;
	unsigned int max;
	struct store_arena *arena;
	const struct store_key *key;
	struct store_key *out;
	struct store_key_scope *scopes;
};

static int create_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	const struct store_key *k = call->key;

	return store_change(c, &sql_create,
			    DB_ARGS(STORE_ARG(k->access), DB_INT(k->team), STORE_ARG(k->secret),
				    STORE_ARG(k->comment), DB_INT(call->now), DB_INT(k->expires),
				    DB_INT(k->enabled), DB_INT(k->scope)), STORE_NO_SUCH_TEAM);
}

int store_key_create(struct store *s, const struct store_key *key)
{
	if (!key->access.len || key->access.len > ACCESS_MAX || !key->secret.len ||
	    key->secret.len > STORE_BLOB_MAX || key->comment.len > STORE_BLOB_MAX ||
	    key->scope > STORE_SCOPE_FULL)
		return -STORE_INVALID;
	return store_write(s, create_tx, &(struct key_call){ .key = key, .now = store_now(s) });
}

static int fill(struct db_rows *rows, struct store_arena *a, struct store_key *k)
{
	int err = 0;

	*k = (struct store_key){
		.access = store_column(a, rows, 0, &err), .team = db_int(rows, 1),
		.secret = store_column(a, rows, 2, &err),
		.comment = store_column(a, rows, 3, &err), .created = db_int(rows, 4),
		.expires = db_int(rows, 5), .enabled = db_int(rows, 6), .scope = db_int(rows, 7),
	};
	return err;
}

static int find_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_find, DB_ARGS(STORE_ARG(call->access), DB_INT(call->now)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_ACCESS_KEY;
	return fill(rows, call->arena, call->out);
}

int store_key_find(struct store *s, struct store_text access, struct store_arena *a,
		   struct store_key *key)
{
	return store_read(s, find_tx, &(struct key_call){ .access = access, .arena = a,
							  .out = key, .now = store_now(s) });
}

static int enable_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;

	return store_change(c, &sql_enable, DB_ARGS(STORE_ARG(call->access), DB_INT(call->team),
						    DB_INT(call->value)),
			    STORE_NO_SUCH_ACCESS_KEY);
}

int store_key_enable(struct store *s, u64 team, struct store_text access, bool enabled)
{
	return store_write(s, enable_tx, &(struct key_call){ .access = access, .team = team,
							     .value = enabled });
}

static int delete_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	int err = store_change(c, &sql_drop, DB_ARGS(STORE_ARG(call->access), DB_INT(call->team)),
			       STORE_NO_SUCH_ACCESS_KEY);

	if (!err)
		err = db_run(c, &sql_drop_scopes, DB_ARGS(STORE_ARG(call->access)));
	return err < 0 ? err : 0;
}

int store_key_delete(struct store *s, u64 team, struct store_text access)
{
	return store_write(s, delete_tx, &(struct key_call){ .access = access, .team = team });
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list, DB_ARGS(DB_INT(call->team), STORE_ARG(call->access),
						      DB_INT(call->max)));
	int count = 0, more, err = 0;

	while (!err && (more = db_next(rows)) > 0)
		err = fill(rows, call->arena, &call->out[count++]);
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_key_list(struct store *s, u64 team, struct store_text after, unsigned int max,
		   struct store_arena *a, struct store_key **keys)
{
	struct key_call call = {
		.team = team, .access = after, .max = store_page_max(max), .arena = a,
	};

	call.out = store_alloc(a, call.max * sizeof(*call.out));
	if (!call.out)
		return -ENOMEM;
	*keys = call.out;
	return store_read(s, list_tx, &call);
}

static int set_scope_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	struct store_bucket_row row;
	u64 there;
	int err = store_bucket_see(c, call->team, call->bucket, &row);

	if (!err && row.owner != call->team)
		err = -STORE_NO_SUCH_BUCKET;
	if (!err)
		err = store_number(c, &sql_own, DB_ARGS(STORE_ARG(call->access),
							DB_INT(call->team)),
				   STORE_NO_SUCH_ACCESS_KEY, &there);
	if (err)
		return err;
	return store_change(c, &sql_set_scope, DB_ARGS(STORE_ARG(call->access),
						       DB_INT(call->bucket),
						       DB_INT(call->value)), EIO);
}

int store_key_set_scope(struct store *s, u64 team, struct store_text access, u64 bucket,
			enum store_scope scope)
{
	if (scope > STORE_SCOPE_FULL)
		return -STORE_INVALID;
	return store_write(s, set_scope_tx, &(struct key_call){ .access = access, .team = team,
								.bucket = bucket, .value = scope });
}

static int scope_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	u64 scope;
	int err = store_number(c, &sql_scope, DB_ARGS(STORE_ARG(call->access),
						      DB_INT(call->bucket), DB_INT(call->now)),
			       ENOENT, &scope);

	if (err == -ENOENT)
		return STORE_SCOPE_NONE;
	return err ? err : (int)scope;
}

int store_key_scope(struct store *s, struct store_text access, u64 bucket)
{
	return store_read(s, scope_tx, &(struct key_call){ .access = access, .bucket = bucket,
							   .now = store_now(s) });
}

static int scopes_tx(struct db_conn *c, void *arg)
{
	struct key_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_scopes, DB_ARGS(STORE_ARG(call->access),
							DB_INT(call->bucket), DB_INT(call->max)));
	int count = 0, more;

	while ((more = db_next(rows)) > 0)
		call->scopes[count++] = (struct store_key_scope){
			.bucket = db_int(rows, 0), .scope = db_int(rows, 1),
		};
	return more < 0 ? more : count;
}

int store_key_scopes(struct store *s, struct store_text access, u64 after, unsigned int max,
		     struct store_arena *a, struct store_key_scope **scopes)
{
	struct key_call call = { .access = access, .bucket = after, .max = store_page_max(max) };

	call.scopes = store_alloc(a, call.max * sizeof(*call.scopes));
	if (!call.scopes)
		return -ENOMEM;
	*scopes = call.scopes;
	return store_read(s, scopes_tx, &call);
}
