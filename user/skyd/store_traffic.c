// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests and bytes of teams, as gateways count them.  A batch and its number are one
 * transaction: a batch that is told twice, as its answer was lost, is counted once.
 */
#include "meta.h"
#include "store_private.h"

#define TELLER_KEPT	(30ull * 86400000000ull)	/* us since it has told something */

static const struct db_sql sql_create = {
	"begin to count traffic", "INSERT INTO traffic VALUES (?1, 0, 0, 0)",
};

static const struct db_sql sql_drop = {
	"end counting traffic", "DELETE FROM traffic WHERE team = ?1",
};

static const struct db_sql sql_add = {
	"count traffic",
	"UPDATE traffic SET requests = requests + ?2, received = received + ?3, sent = sent + ?4"
	" WHERE team = ?1",
};

static const struct db_sql sql_team = {
	"tell a team's traffic", "SELECT requests, received, sent FROM traffic WHERE team = ?1",
};

static const struct db_sql sql_last = {
	"read a gateway's last batch", "SELECT number FROM teller WHERE gateway = ?1",
};

static const struct db_sql sql_note = {
	"note a gateway's batch",
	"INSERT INTO teller VALUES (?1, ?2, ?3) ON CONFLICT (gateway)"
	" DO UPDATE SET number = ?2, told = ?3",
};

static const struct db_sql sql_forget = {
	"forget gateways of long ago", "DELETE FROM teller WHERE told < ?1",
};

int store_traffic_create(struct db_conn *c, u64 team)
{
	int changed = db_run(c, &sql_create, DB_ARGS(DB_INT(team)));

	return changed < 0 ? changed : 0;
}

int store_traffic_drop(struct db_conn *c, u64 team)
{
	int changed = db_run(c, &sql_drop, DB_ARGS(DB_INT(team)));

	return changed < 0 ? changed : 0;
}

struct traffic_call {
	const struct meta_traffic *batch;
	u64 team, now;
	struct store_traffic *to;
};

/* Return: its number; 0: it has told nothing; below 0: an error. */
static s64 last_of(struct db_conn *c, const struct meta_traffic *batch)
{
	DB_ROWS rows = db_query(c, &sql_last, DB_ARGS(DB_BYTES(batch->gateway,
							       sizeof(batch->gateway))));
	int more = db_next(rows);

	return more <= 0 ? more : (s64)db_int(rows, 0);
}

static int add_tx(struct db_conn *c, void *arg)
{
	struct traffic_call *call = arg;
	const struct meta_traffic *batch = call->batch;
	s64 last = last_of(c, batch);
	int changed = 0;
	u32 i;

	if (last < 0 || (u64)last >= batch->number)
		return last < 0 ? last : 0;
	/* A team that has gone meanwhile has no row: nothing of it is kept. */
	for (i = 0; i < batch->teams && changed >= 0; i++)
		changed = db_run(c, &sql_add, DB_ARGS(DB_INT(batch->used[i].team),
						      DB_INT(batch->used[i].requests),
						      DB_INT(batch->used[i].received),
						      DB_INT(batch->used[i].sent)));
	if (changed >= 0 && !last && call->now > TELLER_KEPT)
		changed = db_run(c, &sql_forget, DB_ARGS(DB_INT(call->now - TELLER_KEPT)));
	if (changed >= 0)
		changed = db_run(c, &sql_note, DB_ARGS(DB_BYTES(batch->gateway,
								sizeof(batch->gateway)),
						       DB_INT(batch->number), DB_INT(call->now)));
	return changed < 0 ? changed : 0;
}

int store_traffic_add(struct store *s, const struct meta_traffic *batch)
{
	struct traffic_call call = { .batch = batch, .now = store_now(s) };

	return store_write(s, add_tx, &call);
}

static int team_tx(struct db_conn *c, void *arg)
{
	struct traffic_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_team, DB_ARGS(DB_INT(call->team)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_TEAM;
	call->to->requests = db_int(rows, 0);
	call->to->received = db_int(rows, 1);
	call->to->sent = db_int(rows, 2);
	return 0;
}

int store_team_traffic(struct store *s, u64 team, struct store_traffic *to)
{
	return store_read(s, team_tx, &(struct traffic_call){ .team = team, .to = to });
}
