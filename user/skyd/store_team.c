// SPDX-License-Identifier: GPL-2.0-or-later
/* Teams. */
#include <errno.h>

#include "store_private.h"

static const struct db_sql sql_create = {
	"create a team", "INSERT INTO team (name, created) VALUES (?1, ?2) RETURNING id",
};

static const struct db_sql sql_has_buckets = {
	"look for buckets of a team", "SELECT EXISTS (SELECT 1 FROM bucket WHERE team = ?1)",
};

static const struct db_sql sql_drop_scopes = {
	"delete the scopes of a team's keys",
	"DELETE FROM key_scope WHERE access IN (SELECT access FROM key WHERE team = ?1)",
};

static const struct db_sql sql_drop_keys = {
	"delete a team's keys", "DELETE FROM key WHERE team = ?1",
};

static const struct db_sql sql_drop_revisions = {
	"delete the revisions of a team's policies",
	"DELETE FROM policy_revision WHERE policy IN (SELECT id FROM policy WHERE team = ?1)",
};

static const struct db_sql sql_drop_policies = {
	"delete a team's policies", "DELETE FROM policy WHERE team = ?1",
};

static const struct db_sql sql_drop_sessions = {
	"delete a team's sessions", "DELETE FROM session WHERE team = ?1",
};

static const struct db_sql sql_drop = { "delete a team", "DELETE FROM team WHERE id = ?1" };

static const struct db_sql sql_list = {
	"list teams", "SELECT id, name, created FROM team WHERE id > ?1 ORDER BY id LIMIT ?2",
};

struct team_call {
	u64 id, now;
	struct store_text name;
	unsigned int max;
	struct store_arena *arena;
	struct store_team *teams;
};

static int create_tx(struct db_conn *c, void *arg)
{
	struct team_call *call = arg;
	int err = store_number(c, &sql_create, DB_ARGS(STORE_ARG(call->name), DB_INT(call->now)),
			       EIO, &call->id);

	if (err == -EEXIST)
		return -STORE_TEAM_EXISTS;
	if (!err)
		err = store_usage_create(c, true, call->id);
	return err ? err : store_traffic_create(c, call->id);
}

int store_team_create(struct store *s, struct store_text name, u64 *id)
{
	struct team_call call = { .name = name, .now = store_now(s) };
	int err;

	if (!name.len || name.len > 255)
		return -STORE_INVALID;
	err = store_write(s, create_tx, &call);
	*id = call.id;
	return err;
}

static int delete_tx(struct db_conn *c, void *arg)
{
	static const struct db_sql *const belongings[] = {
		&sql_drop_scopes, &sql_drop_keys, &sql_drop_revisions, &sql_drop_policies,
		&sql_drop_sessions,
	};
	struct team_call *call = arg;
	unsigned int i;
	u64 buckets;
	int err = store_number(c, &sql_has_buckets, DB_ARGS(DB_INT(call->id)), EIO, &buckets);

	if (!err && buckets)
		err = -STORE_TEAM_NOT_EMPTY;
	for (i = 0; err >= 0 && i < sizeof(belongings) / sizeof(belongings[0]); i++)
		err = db_run(c, belongings[i], DB_ARGS(DB_INT(call->id)));
	if (err >= 0)
		err = store_usage_drop(c, true, call->id);
	if (!err)
		err = store_traffic_drop(c, call->id);
	if (!err)
		err = store_change(c, &sql_drop, DB_ARGS(DB_INT(call->id)), STORE_NO_SUCH_TEAM);
	return err;
}

int store_team_delete(struct store *s, u64 team)
{
	/* 0 is everybody: what belongs to it is no team's to take away. */
	if (!team)
		return -STORE_NO_SUCH_TEAM;
	return store_write(s, delete_tx, &(struct team_call){ .id = team });
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct team_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list, DB_ARGS(DB_INT(call->id), DB_INT(call->max)));
	int count = 0, more, err = 0;

	while (!err && (more = db_next(rows)) > 0) {
		struct store_team *t = &call->teams[count++];

		t->id = db_int(rows, 0);
		t->name = store_column(call->arena, rows, 1, &err);
		t->created = db_int(rows, 2);
	}
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_team_list(struct store *s, u64 after, unsigned int max, struct store_arena *a,
		    struct store_team **teams)
{
	struct team_call call = { .id = after, .max = store_page_max(max), .arena = a };

	call.teams = store_alloc(a, call.max * sizeof(*call.teams));
	if (!call.teams)
		return -ENOMEM;
	*teams = call.teams;
	return store_read(s, list_tx, &call);
}
