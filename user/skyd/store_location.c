// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalogue of locations, and what was measured of them. */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define LOCATIONS_MAX	65535
#define SAMPLES_KEPT	(30ull * 24 * 3600 * 1000000)
#define COLUMNS \
	"id, kind, state, team, created, name, provider, url, country, city, jurisdiction," \
	" region, cluster, description, latitude, longitude, gdpr, storage, ingress, egress," \
	" credentials, point, capacity, used"
#define SEEN	"team IN (0, ?1)"

static const struct db_sql sql_create = {
	"create a location",
	"INSERT INTO location (kind, state, team, created, name, provider, url, country, city,"
	" jurisdiction, region, cluster, description, latitude, longitude, gdpr, storage,"
	" ingress, egress, credentials, point, capacity, used) VALUES (?3, ?4, ?1, ?2, ?5, ?6, ?7,"
	" ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)"
	" RETURNING id",
};

static const struct db_sql sql_update = {
	"change a location",
	"UPDATE location SET state = ?4, name = ?5, provider = ?6, url = ?7, country = ?8,"
	" city = ?9, jurisdiction = ?10, region = ?11, cluster = ?12, description = ?13,"
	" latitude = ?14, longitude = ?15, gdpr = ?16, storage = ?17, ingress = ?18,"
	" egress = ?19, credentials = ?20, point = ?21, capacity = ?22, used = ?23"
	" WHERE id = ?2 AND team = ?1 AND kind = ?3",
};

static const struct db_sql sql_get = {
	"read a location", "SELECT " COLUMNS " FROM location WHERE " SEEN " AND id = ?2",
};

static const struct db_sql sql_list = {
	"list locations",
	"SELECT " COLUMNS " FROM location WHERE " SEEN " AND id > ?2 ORDER BY id LIMIT ?3",
};

static const struct db_sql sql_there = {
	"look up a location", "SELECT id FROM location WHERE id = ?1",
};

static const struct db_sql sql_sample = {
	"note a round-trip time",
	"INSERT INTO sample VALUES (?1, ?2, ?3, ?4) ON CONFLICT (location, kind, at)"
	" DO UPDATE SET us = ?4",
};

static const struct db_sql sql_forget = {
	"forget old round-trip times",
	"DELETE FROM sample WHERE location = ?1 AND kind = ?2 AND at < ?3",
};

static const struct db_sql sql_samples = {
	"read round-trip times",
	"SELECT at, us FROM sample WHERE location = ?1 AND kind = ?2 AND at >= ?3"
	" ORDER BY at LIMIT ?4",
};

static const struct db_sql sql_down = {
	"begin an outage",
	"INSERT INTO outage SELECT ?1, ?2, 0 WHERE NOT EXISTS"
	" (SELECT 1 FROM outage WHERE location = ?1 AND until = 0)",
};

static const struct db_sql sql_up = {
	"end an outage", "UPDATE outage SET until = ?2 WHERE location = ?1 AND until = 0",
};

static const struct db_sql sql_outages = {
	"list outages",
	"SELECT since, until FROM outage WHERE location = ?1 ORDER BY since DESC LIMIT ?2",
};

struct location_call {
	u64 team, id, now, since;
	int kind;
	bool down;
	unsigned int max;
	struct store_arena *arena;
	struct store_location *out;
	const struct store_location *in;
	const struct store_sample *sample;
	struct store_sample *samples;
	struct store_outage *outages;
};

/* --- the catalogue ------------------------------------------------------- */

/* ?2 is when it was created, or which one is changed. */
static struct db_args values(const struct store_location *l, u64 second, struct db_value v[23])
{
	const struct db_value all[23] = {
		DB_INT(l->team), DB_INT(second), DB_INT(l->kind), DB_INT(l->state),
		STORE_ARG(l->name), STORE_ARG(l->provider), STORE_ARG(l->url),
		STORE_ARG(l->country), STORE_ARG(l->city), STORE_ARG(l->jurisdiction),
		STORE_ARG(l->region), STORE_ARG(l->cluster), STORE_ARG(l->description),
		DB_INT(l->latitude_e6), DB_INT(l->longitude_e6), DB_INT(l->gdpr),
		DB_INT(l->storage_price), DB_INT(l->ingress_price), DB_INT(l->egress_price),
		STORE_ARG(l->credentials), STORE_ARG(l->public_point), DB_INT(l->capacity),
		DB_INT(l->used),
	};

	memcpy(v, all, sizeof(all));
	return (struct db_args){ v, 23 };
}

static bool valid(const struct store_location *l)
{
	const struct store_text *text[] = {
		&l->provider, &l->url, &l->country, &l->city, &l->jurisdiction, &l->region,
		&l->cluster, &l->description, &l->credentials, &l->public_point,
	};
	unsigned int i;

	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (text[i]->len > STORE_BLOB_MAX)
			return false;
	return l->name.len && l->name.len <= 255 && l->kind <= STORE_EDGE &&
	       l->state <= STORE_DISABLED && l->latitude_e6 >= -90000000 &&
	       l->latitude_e6 <= 90000000 && l->longitude_e6 >= -180000000 &&
	       l->longitude_e6 <= 180000000;
}

static int create_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	struct db_value v[23];
	u64 id;
	int err = store_number(c, &sql_create, values(call->out, call->now, v), EIO, &id);

	if (!err && id > LOCATIONS_MAX)
		err = -STORE_INVALID;
	if (!err)
		call->out->id = id;
	return err;
}

int store_location_create(struct store *s, struct store_location *location)
{
	struct location_call call = { .out = location, .now = store_now(s) };

	location->created = call.now;
	return valid(location) ? store_write(s, create_tx, &call) : -STORE_INVALID;
}

static int update_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	struct db_value v[23];

	return store_change(c, &sql_update, values(call->in, call->in->id, v),
			    STORE_NO_SUCH_LOCATION);
}

int store_location_update(struct store *s, u64 team, const struct store_location *location)
{
	struct store_location own = *location;

	own.team = team;
	return valid(location) ? store_write(s, update_tx, &(struct location_call){ .in = &own })
			       : -STORE_INVALID;
}

static int fill(struct db_rows *rows, struct store_arena *a, struct store_location *l)
{
	struct store_text *text[] = {
		&l->name, &l->provider, &l->url, &l->country, &l->city, &l->jurisdiction,
		&l->region, &l->cluster, &l->description,
	};
	unsigned int i;
	int err = 0;

	*l = (struct store_location){
		.id = db_int(rows, 0), .kind = db_int(rows, 1), .state = db_int(rows, 2),
		.team = db_int(rows, 3), .created = db_int(rows, 4),
		.latitude_e6 = db_int(rows, 14), .longitude_e6 = db_int(rows, 15),
		.gdpr = db_int(rows, 16), .storage_price = db_int(rows, 17),
		.ingress_price = db_int(rows, 18), .egress_price = db_int(rows, 19),
		.credentials = store_column(a, rows, 20, &err),
		.public_point = store_column(a, rows, 21, &err),
		.capacity = db_int(rows, 22), .used = db_int(rows, 23),
	};
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		*text[i] = store_column(a, rows, 5 + i, &err);
	return err;
}

static int get_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_get, DB_ARGS(DB_INT(call->team), DB_INT(call->id)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_LOCATION;
	return fill(rows, call->arena, call->out);
}

int store_location_get(struct store *s, u64 team, u16 id, struct store_arena *a,
		       struct store_location *location)
{
	return store_read(s, get_tx, &(struct location_call){ .team = team, .id = id, .arena = a,
							      .out = location });
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list, DB_ARGS(DB_INT(call->team), DB_INT(call->id),
						      DB_INT(call->max)));
	int count = 0, more, err = 0;

	while (!err && (more = db_next(rows)) > 0)
		err = fill(rows, call->arena, &call->out[count++]);
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_location_list(struct store *s, u64 team, u16 after, unsigned int max,
			struct store_arena *a, struct store_location **locations)
{
	struct location_call call = {
		.team = team, .id = after, .max = store_page_max(max), .arena = a,
	};

	call.out = store_alloc(a, call.max * sizeof(*call.out));
	if (!call.out)
		return -ENOMEM;
	*locations = call.out;
	return store_read(s, list_tx, &call);
}

/* --- samples ------------------------------------------------------------- */

static int there(struct db_conn *c, u64 id)
{
	u64 found;

	return store_number(c, &sql_there, DB_ARGS(DB_INT(id)), STORE_NO_SUCH_LOCATION, &found);
}

static int sample_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	unsigned int i;
	int err = there(c, call->id);

	for (i = 0; err >= 0 && i < call->max; i++) {
		const struct store_sample *s = &call->sample[i];

		err = db_run(c, &sql_sample, DB_ARGS(DB_INT(call->id), DB_INT(s->kind),
						     DB_INT(s->at), DB_INT(s->us)));
		if (err >= 0 && s->at > SAMPLES_KEPT)
			err = db_run(c, &sql_forget, DB_ARGS(DB_INT(call->id), DB_INT(s->kind),
							     DB_INT(s->at - SAMPLES_KEPT)));
	}
	return err < 0 ? err : 0;
}

int store_location_sample(struct store *s, u16 id, const struct store_sample *sample,
			  unsigned int count)
{
	return store_write(s, sample_tx, &(struct location_call){ .id = id, .sample = sample,
								  .max = count });
}

static int samples_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_samples, DB_ARGS(DB_INT(call->id), DB_INT(call->kind),
							 DB_INT(call->since), DB_INT(call->max)));
	int count = 0, more;

	while ((more = db_next(rows)) > 0)
		call->samples[count++] = (struct store_sample){
			.at = db_int(rows, 0), .kind = call->kind, .us = db_int(rows, 1),
		};
	return more < 0 ? more : count;
}

int store_location_samples(struct store *s, u16 id, enum store_sample_kind kind, u64 since,
			   unsigned int max, struct store_arena *a,
			   struct store_sample **samples)
{
	struct location_call call = {
		.id = id, .kind = kind, .since = since, .max = store_page_max(max),
	};

	call.samples = store_alloc(a, call.max * sizeof(*call.samples));
	if (!call.samples)
		return -ENOMEM;
	*samples = call.samples;
	return store_read(s, samples_tx, &call);
}

/* --- outages ------------------------------------------------------------- */

static int outage_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	int err = there(c, call->id);

	if (!err)
		err = db_run(c, call->down ? &sql_down : &sql_up,
			     DB_ARGS(DB_INT(call->id), DB_INT(call->since)));
	return err < 0 ? err : 0;
}

int store_location_outage(struct store *s, u16 id, bool down, u64 at)
{
	return store_write(s, outage_tx,
			   &(struct location_call){ .id = id, .down = down, .since = at });
}

static int outages_tx(struct db_conn *c, void *arg)
{
	struct location_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_outages, DB_ARGS(DB_INT(call->id), DB_INT(call->max)));
	int count = 0, more;

	while ((more = db_next(rows)) > 0)
		call->outages[count++] = (struct store_outage){ db_int(rows, 0), db_int(rows, 1) };
	return more < 0 ? more : count;
}

int store_location_outages(struct store *s, u16 id, unsigned int max, struct store_arena *a,
			   struct store_outage **outages)
{
	struct location_call call = { .id = id, .max = store_page_max(max) };

	call.outages = store_alloc(a, call.max * sizeof(*call.outages));
	if (!call.outages)
		return -ENOMEM;
	*outages = call.outages;
	return store_read(s, outages_tx, &call);
}
