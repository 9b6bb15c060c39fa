// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Storage policies: a name, a number, and revisions that never change.  A bucket
 * notes the revision it was created with.
 */
#include <errno.h>

#include "store_private.h"

#define COLUMNS	"p.id, p.team, r.revision, p.name, r.created, r.body"
#define FROM	" FROM policy p, policy_revision r WHERE r.policy = p.id AND p.team IN (0, ?1)"

static const struct db_sql sql_taken = {
	"look for a policy's name",
	/* A name of everybody's hides no team's and is hidden by none. */
	"SELECT 1 FROM policy WHERE name = ?1 AND (team IN (0, ?2) OR ?2 = 0) LIMIT 1",
};

static const struct db_sql sql_create = {
	"create a policy",
	"INSERT INTO policy (team, name, revision) VALUES (?1, ?2, 1) RETURNING id",
};

static const struct db_sql sql_revise = {
	"count a policy's revisions",
	"UPDATE policy SET revision = revision + 1 WHERE id = ?1 AND team = ?2 RETURNING revision",
};

static const struct db_sql sql_body = {
	"write a revision of a policy", "INSERT INTO policy_revision VALUES (?1, ?2, ?3, ?4)",
};

static const struct db_sql sql_own = {
	"look up a policy of a team", "SELECT id FROM policy WHERE name = ?1 AND team = ?2",
};

static const struct db_sql sql_used = {
	"look for buckets with a policy", "SELECT EXISTS (SELECT 1 FROM bucket WHERE policy = ?1)",
};

static const struct db_sql sql_drop_revisions = {
	"delete a policy's revisions", "DELETE FROM policy_revision WHERE policy = ?1",
};

static const struct db_sql sql_drop = { "delete a policy", "DELETE FROM policy WHERE id = ?1" };

static const struct db_sql sql_find = {
	"find a policy", "SELECT " COLUMNS FROM " AND p.name = ?2 AND r.revision = p.revision",
};

static const struct db_sql sql_get = {
	"read a policy",
	"SELECT " COLUMNS FROM " AND p.id = ?2"
	" AND r.revision = CASE ?3 WHEN 0 THEN p.revision ELSE ?3 END",
};

static const struct db_sql sql_list = {
	"list policies",
	"SELECT " COLUMNS FROM " AND p.id > ?2 AND r.revision = p.revision ORDER BY p.id LIMIT ?3",
};

static const struct db_sql sql_changed = {
	"look when policies were changed", "SELECT coalesce(max(created), 0) FROM policy_revision",
};

struct policy_call {
	u64 team, id, revision, now;
	struct store_text name, body;
	unsigned int max;
	struct store_arena *arena;
	struct store_policy *out;
};

/* --- change -------------------------------------------------------------- */

static int write_body(struct db_conn *c, const struct policy_call *call)
{
	return store_change(c, &sql_body, DB_ARGS(DB_INT(call->id), DB_INT(call->revision),
						  DB_INT(call->now), STORE_ARG(call->body)), EIO);
}

static int create_tx(struct db_conn *c, void *arg)
{
	struct policy_call *call = arg;
	u64 there;
	int err = store_number(c, &sql_taken, DB_ARGS(STORE_ARG(call->name), DB_INT(call->team)),
			       ENOENT, &there);

	if (err != -ENOENT)
		return err ? err : -STORE_POLICY_EXISTS;
	err = store_number(c, &sql_create, DB_ARGS(DB_INT(call->team), STORE_ARG(call->name)),
			   EIO, &call->id);
	call->revision = 1;
	return err ? err : write_body(c, call);
}

int store_policy_create(struct store *s, u64 team, struct store_text name,
			struct store_text body, u64 *id)
{
	struct policy_call call = { .team = team, .name = name, .body = body, .now = store_now(s) };
	int err;

	if (!name.len || name.len > 255 || body.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	err = store_write(s, create_tx, &call);
	*id = call.id;
	return err;
}

static int edit_tx(struct db_conn *c, void *arg)
{
	struct policy_call *call = arg;
	int err = store_number(c, &sql_revise, DB_ARGS(DB_INT(call->id), DB_INT(call->team)),
			       STORE_NO_SUCH_POLICY, &call->revision);

	return err ? err : write_body(c, call);
}

int store_policy_edit(struct store *s, u64 team, u64 id, struct store_text body, u64 *revision)
{
	struct policy_call call = { .team = team, .id = id, .body = body, .now = store_now(s) };
	int err;

	if (body.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	err = store_write(s, edit_tx, &call);
	*revision = call.revision;
	return err;
}

static int delete_tx(struct db_conn *c, void *arg)
{
	struct policy_call *call = arg;
	u64 used;
	int err = store_number(c, &sql_own, DB_ARGS(STORE_ARG(call->name), DB_INT(call->team)),
			       STORE_NO_SUCH_POLICY, &call->id);

	if (!err)
		err = store_number(c, &sql_used, DB_ARGS(DB_INT(call->id)), EIO, &used);
	if (!err && used)
		err = -STORE_POLICY_IN_USE;
	if (!err)
		err = store_change(c, &sql_drop_revisions, DB_ARGS(DB_INT(call->id)), EUCLEAN);
	return err ? err : store_change(c, &sql_drop, DB_ARGS(DB_INT(call->id)), EUCLEAN);
}

int store_policy_delete(struct store *s, u64 team, struct store_text name)
{
	return store_write(s, delete_tx, &(struct policy_call){ .team = team, .name = name });
}

/* --- read ---------------------------------------------------------------- */

static int fill(struct db_rows *rows, struct store_arena *a, struct store_policy *p)
{
	int err = 0;

	p->id = db_int(rows, 0);
	p->team = db_int(rows, 1);
	p->revision = db_int(rows, 2);
	p->name = store_column(a, rows, 3, &err);
	p->created = db_int(rows, 4);
	p->body = store_column(a, rows, 5, &err);
	return err;
}

static int one(struct db_rows *rows, struct policy_call *call)
{
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_POLICY;
	return fill(rows, call->arena, call->out);
}

static int find_tx(struct db_conn *c, void *arg)
{
	struct policy_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_find, DB_ARGS(DB_INT(call->team), STORE_ARG(call->name)));

	return one(rows, call);
}

int store_policy_find(struct store *s, u64 team, struct store_text name, struct store_arena *a,
		      struct store_policy *policy)
{
	return store_read(s, find_tx, &(struct policy_call){ .team = team, .name = name,
							     .arena = a, .out = policy });
}

static int get_tx(struct db_conn *c, void *arg)
{
	struct policy_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_get, DB_ARGS(DB_INT(call->team), DB_INT(call->id),
						     DB_INT(call->revision)));

	return one(rows, call);
}

int store_policy_get(struct store *s, u64 team, u64 id, u64 revision, struct store_arena *a,
		     struct store_policy *policy)
{
	return store_read(s, get_tx, &(struct policy_call){ .team = team, .id = id, .arena = a,
							    .revision = revision, .out = policy });
}

static int changed_tx(struct db_conn *c, void *arg)
{
	return store_number(c, &sql_changed, DB_NO_ARGS, EIO, arg);
}

int store_policy_changed(struct store *s, u64 *when)
{
	return store_read(s, changed_tx, when);
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct policy_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list, DB_ARGS(DB_INT(call->team), DB_INT(call->id),
						      DB_INT(call->max)));
	int count = 0, more, err = 0;

	while (!err && (more = db_next(rows)) > 0)
		err = fill(rows, call->arena, &call->out[count++]);
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_policy_list(struct store *s, u64 team, u64 after, unsigned int max,
		      struct store_arena *a, struct store_policy **policies)
{
	struct policy_call call = {
		.team = team, .id = after, .max = store_page_max(max), .arena = a,
	};

	call.out = store_alloc(a, call.max * sizeof(*call.out));
	if (!call.out)
		return -ENOMEM;
	*policies = call.out;
	return store_read(s, list_tx, &call);
}
