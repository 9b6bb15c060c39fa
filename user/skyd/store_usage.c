// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Usage of buckets and teams.  Each transaction that changes what is counted adds
 * its difference to both rows: the numbers are exact at every commit.
 */
#include <errno.h>
#include <string.h>

#include "store_private.h"

static const struct db_sql sql_create = {
	"begin to count usage", "INSERT INTO usage VALUES (?1, ?2, 0, 0, 0, 0)",
};

static const struct db_sql sql_drop = {
	"end counting usage", "DELETE FROM usage WHERE team = ?1 AND id = ?2",
};

static const struct db_sql sql_add = {
	"count usage",
	"UPDATE usage SET objects = objects + ?3, versions = versions + ?4, bytes = bytes + ?5,"
	" uploads = uploads + ?6 WHERE team = ?1 AND id = ?2",
};

static const struct db_sql sql_team = {
	"tell a team's usage",
	"SELECT objects, versions, bytes, uploads FROM usage WHERE team = 1 AND id = ?1",
};

static const struct db_sql sql_bucket = {
	"tell a bucket's usage",
	"SELECT objects, versions, bytes, uploads FROM usage WHERE team = 0 AND id = ?1",
};

/* Rows that are not what counting again gives. */
static const struct db_sql sql_check = {
	"check usage",
	"SELECT count(*) FROM usage u WHERE (objects, versions, bytes, uploads) IS DISTINCT FROM"
	" (SELECT coalesce(sum(o), 0), coalesce(sum(v), 0), coalesce(sum(b), 0),"
	" coalesce(sum(p), 0) FROM bucket k,"
	" (SELECT bucket, count(*) AS o, count(*) AS v, sum(size) AS b, 0 AS p FROM object"
	" GROUP BY bucket UNION ALL"
	" SELECT bucket, 0, count(*), sum(size), 0 FROM version GROUP BY bucket UNION ALL"
	" SELECT bucket, 0, 0, 0, sum(size) FROM upload, part WHERE upload = upload.id"
	" GROUP BY bucket) x WHERE x.bucket = k.id AND"
	" ((u.team = 0 AND k.id = u.id) OR (u.team = 1 AND k.team = u.id)))",
};

int store_usage_create(struct db_conn *c, bool team, u64 id)
{
	int changed = db_run(c, &sql_create, DB_ARGS(DB_INT(team), DB_INT(id)));

	return changed < 0 ? changed : 0;
}

int store_usage_drop(struct db_conn *c, bool team, u64 id)
{
	int changed = db_run(c, &sql_drop, DB_ARGS(DB_INT(team), DB_INT(id)));

	return changed < 0 ? changed : 0;
}

static int add(struct db_conn *c, bool team, u64 id, const struct store_delta *d)
{
	return store_change(c, &sql_add, DB_ARGS(DB_INT(team), DB_INT(id), DB_INT(d->objects),
						 DB_INT(d->versions), DB_INT(d->bytes),
						 DB_INT(d->uploads)), EUCLEAN);
}

int store_usage_add(struct db_conn *c, u64 team, u64 bucket, const struct store_delta *delta)
{
	static const struct store_delta none;
	int err;

	if (!memcmp(delta, &none, sizeof(none)))
		return 0;
	err = add(c, false, bucket, delta);
	return err ? err : add(c, true, team, delta);
}

struct usage_call {
	u64 team, bucket;
	struct store_usage *usage;
};

static int read_usage(struct db_conn *c, const struct db_sql *sql, u64 id, int missing,
		      struct store_usage *usage)
{
	DB_ROWS rows = db_query(c, sql, DB_ARGS(DB_INT(id)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -missing;
	usage->objects = db_int(rows, 0);
	usage->versions = db_int(rows, 1);
	usage->bytes = db_int(rows, 2);
	usage->uploads = db_int(rows, 3);
	return 0;
}

static int team_tx(struct db_conn *c, void *arg)
{
	struct usage_call *call = arg;

	return read_usage(c, &sql_team, call->team, STORE_NO_SUCH_TEAM, call->usage);
}

static int bucket_tx(struct db_conn *c, void *arg)
{
	struct usage_call *call = arg;
	struct store_bucket_row row;
	int err = store_bucket_see(c, call->team, call->bucket, &row);

	if (!err && row.owner != call->team)
		err = -STORE_NO_SUCH_BUCKET;
	return err ? err : read_usage(c, &sql_bucket, call->bucket, STORE_NO_SUCH_BUCKET,
				      call->usage);
}

int store_team_usage(struct store *s, u64 team, struct store_usage *usage)
{
	return store_read(s, team_tx, &(struct usage_call){ .team = team, .usage = usage });
}

int store_bucket_usage(struct store *s, u64 team, u64 bucket, struct store_usage *usage)
{
	return store_read(s, bucket_tx, &(struct usage_call){ team, bucket, usage });
}

static int check_tx(struct db_conn *c, void *arg)
{
	u64 *wrong = arg;

	return store_number(c, &sql_check, DB_NO_ARGS, EIO, wrong);
}

int store_usage_check(struct store *s)
{
	u64 wrong;
	int err = store_read(s, check_tx, &wrong);

	if (err)
		return err;
	return wrong ? -EUCLEAN : 0;
}
