// SPDX-License-Identifier: GPL-2.0-or-later
/* The store itself: opening, waiting, numbers. */
#include <errno.h>
#include <time.h>

#include "base/secret.h"
#include "store_private.h"

#define APPLICATION	0x536b7944	/* "SkyD" */
#define GRACE_US	(3600ull * 1000000)

static const struct db_sql sql_next = {
	"take the next number", "UPDATE counter SET value = value + 1 WHERE id = 1 RETURNING value",
};

void store_db_config(const struct store_config *config, struct db_config *db)
{
	*db = (struct db_config){
		.path = config->path, .application = APPLICATION,
		.migrations = store_migrations, .migration_count = store_migration_count,
		.cache_kib = config->cache_kib, .tell = config->tell, .ctx = config->tell_ctx,
	};
}

int store_open(const struct store_config *config, struct store **to)
{
	CLEANUP_FREE struct store *s = calloc(1, sizeof(*s));
	struct db_config db;
	int err;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->config.path = NULL;
	store_db_config(config, &db);
	err = db_open(&db, &s->db);
	if (!err)
		*to = TAKE_PTR(s);
	return err;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	db_close(s->db);
	free(s);
}

struct db *store_db(struct store *s)
{
	return s->db;
}

int store_write(struct store *s, db_tx_fn *fn, void *arg)
{
	if (s->config.write)
		return s->config.write(s->config.run_ctx, s->db, fn, arg);
	return db_write(s->db, fn, arg);
}

int store_read(struct store *s, db_tx_fn *fn, void *arg)
{
	if (s->config.read)
		return s->config.read(s->config.run_ctx, s->db, fn, arg);
	return db_read(s->db, fn, arg);
}

u64 store_now(const struct store *s)
{
	struct timespec now;

	if (s->config.now)
		return s->config.now();
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

u64 store_due(const struct store *s)
{
	return store_now(s) + (s->config.grace_us ? s->config.grace_us : GRACE_US);
}

/* 63 bits, since the database has no unsigned numbers. */
int store_random(u64 *value)
{
	int err = random_bytes(value, sizeof(*value));

	*value >>= 1;
	return err;
}

int store_next_id(struct db_conn *c, u64 *id)
{
	return store_number(c, &sql_next, DB_NO_ARGS, EIO, id);
}

unsigned int store_page_max(unsigned int max)
{
	return max > STORE_LIST_MAX ? STORE_LIST_MAX : max;
}

int store_number(struct db_conn *c, const struct db_sql *sql, struct db_args args, int missing,
		 u64 *number)
{
	DB_ROWS rows = db_query(c, sql, args);
	int more = db_next(rows);

	if (more < 0)
		return more;
	if (!more)
		return -missing;
	*number = (u64)db_int(rows, 0);
	return 0;
}

int store_change(struct db_conn *c, const struct db_sql *sql, struct db_args args, int missing)
{
	int changed = db_run(c, sql, args);

	if (changed < 0)
		return changed;
	return changed ? 0 : -missing;
}
