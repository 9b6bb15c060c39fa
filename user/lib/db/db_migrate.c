// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schema's version (user_version) and the steps from one to the next.  The
 * application's number is set by the first step.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db_private.h"

static int number(struct db_conn *c, const char *text, s64 *value)
{
	return db_conn_number(c, "read the header", text, value);
}

static int refuse(struct db_conn *c, int err, const char *why)
{
	snprintf(c->error, sizeof(c->error), "%s", why);
	db_tell(c->config, "%s: %s", c->config->path, why);
	return err;
}

/* Is it a file of ours, or an empty one, and what is its version? */
static int version(struct db_conn *c, s64 *found)
{
	s64 application, tables;
	char why[DB_ERROR_MAX];
	int err;

	err = number(c, "PRAGMA user_version", found);
	if (!err)
		err = number(c, "PRAGMA application_id", &application);
	if (!err)
		err = number(c, "SELECT count(*) FROM sqlite_schema", &tables);
	if (err)
		return err;
	if (!application && !tables && !*found)
		return 0;
	if ((u32)application != c->config->application || !*found)
		return refuse(c, -EMEDIUMTYPE, "is another program's database");
	if (*found < 0 || *found > c->config->migration_count) {
		snprintf(why, sizeof(why),
			 "has schema version %lld; this program knows up to %u: use a newer one",
			 (long long)*found, c->config->migration_count);
		return refuse(c, -EPROTO, why);
	}
	return 0;
}

/* Within the transaction that looked: another process may have been first. */
static int step(struct db_conn *c, s64 *found)
{
	const struct db_migration *m;
	char set[128];
	int err = version(c, found);

	if (err || *found == c->config->migration_count)
		return err;
	m = &c->config->migrations[*found];
	err = db_conn_exec(c, m->purpose, m->sql);
	if (err)
		return err;
	snprintf(set, sizeof(set), "PRAGMA application_id = %d; PRAGMA user_version = %u",
		 (int)c->config->application, (unsigned int)*found + 1);
	return db_conn_exec(c, "note the schema's version", set);
}

static int step_alone(struct db_conn *c, s64 *found)
{
	int err = db_conn_exec(c, "begin to migrate", "BEGIN IMMEDIATE");

	if (err)
		return err;
	err = step(c, found);
	if (!err)
		err = db_conn_exec(c, "end the migration", "COMMIT");
	if (err && db_conn_in_tx(c))
		db_conn_exec(c, "take the migration back", "ROLLBACK");
	return err;
}

int db_migrate(struct db_conn *c, unsigned int *first, unsigned int *now)
{
	s64 found;
	int err = version(c, &found);

	if (err)
		return err;
	*first = (unsigned int)found;
	while (found < c->config->migration_count) {
		s64 was = found;

		err = step_alone(c, &found);
		if (err)
			return err;
		if (found == was) {
			db_tell(c->config, "%s: schema version %lld: %s", c->config->path,
				(long long)was + 1, c->config->migrations[was].purpose);
			found++;
		}
	}
	*now = (unsigned int)found;
	return 0;
}

int db_schema_check(struct db_conn *c)
{
	s64 found;
	int err = version(c, &found);

	if (!err && !found)
		return refuse(c, -EMEDIUMTYPE, "is empty");
	return err;
}
