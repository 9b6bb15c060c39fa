// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The catalogue as it is told: what a location is, what it costs, how long it takes and when it
 * was not there.  A list has the median of each day; one location, asked for by its number, has
 * every time that was taken.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"

#define DAY_US		86400000000ull
#define DAYS		30u
#define OUTAGES		1000u

static const struct {
	enum store_sample_kind kind;
	const char *name;
} kinds[] = {
	{ STORE_UP_1B, "up_1b" }, { STORE_UP_1MB, "up_1mb" },
	{ STORE_DOWN_1B, "down_1b" }, { STORE_DOWN_1MB, "down_1mb" },
};

static const char *const states[] = {
	[STORE_ACTIVE] = "active", [STORE_DRAINING] = "draining", [STORE_DISABLED] = "disabled",
};

static json_t *one_time(u64 at, u32 us)
{
	return json_pack("{s:o, s:f}", "time", api_time(at), "ms", us / 1000.0);
}

static int by_us(const void *a, const void *b)
{
	const struct store_sample *x = a, *y = b;

	return (x->us > y->us) - (x->us < y->us);
}

/* Samples are in the order of time; those of one day are sorted in place. */
static json_t *medians(struct store_sample *s, unsigned int count)
{
	json_t *list = json_array();
	unsigned int i, n;

	for (i = 0; i < count; i += n) {
		const u64 day = s[i].at / DAY_US;

		for (n = 1; i + n < count && s[i + n].at / DAY_US == day; n++)
			;
		qsort(s + i, n, sizeof(*s), by_us);
		json_array_append_new(list, one_time(day * DAY_US + DAY_US / 2, s[i + n / 2].us));
	}
	return list;
}

static json_t *all_times(const struct store_sample *s, unsigned int count)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		json_array_append_new(list, one_time(s[i].at, s[i].us));
	return list;
}

/* In pages, since a month may have more than one. */
static int read_samples(struct api_ask *a, u16 id, enum store_sample_kind kind,
			struct store_sample **all, unsigned int *count)
{
	u64 since = plan_now() - DAYS * DAY_US;
	struct store_sample *page, *more;
	int n;

	do {
		STORE_ARENA arena = { 0 };

		n = store_location_samples(a->b->store, id, kind, since, STORE_LIST_MAX, &arena,
					   &page);
		if (n <= 0)
			break;
		more = reallocarray(*all, *count + n, sizeof(*more));
		if (!more)
			return -ENOMEM;
		memcpy(more + *count, page, n * sizeof(*more));
		*all = more;
		*count += n;
		since = page[n - 1].at + 1;
	} while (n == STORE_LIST_MAX);
	return n < 0 ? n : 0;
}

static int add_times(struct api_ask *a, u16 id, bool all, json_t *to)
{
	json_t *times = json_object();
	unsigned int i, count;
	int rc = 0;

	json_object_set_new(to, "round_trip_times", times);
	for (i = 0; !rc && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		CLEANUP_FREE struct store_sample *samples = NULL;

		count = 0;
		rc = read_samples(a, id, kinds[i].kind, &samples, &count);
		if (!rc)
			json_object_set_new(times, kinds[i].name, all ? all_times(samples, count) :
							  medians(samples, count));
	}
	return rc;
}

static int add_outages(struct api_ask *a, u16 id, json_t *to)
{
	STORE_ARENA arena = { 0 };
	struct store_outage *outages;
	json_t *list = json_array();
	int n = store_location_outages(a->b->store, id, OUTAGES, &arena, &outages), i;

	json_object_set_new(to, "outages", list);
	for (i = n - 1; i >= 0; i--)
		json_array_append_new(list, json_pack("{s:o, s:o}",
						      "begin", api_time(outages[i].begin),
						      "end", api_time(outages[i].end)));
	return n < 0 ? n : 0;
}

static json_t *price(const struct store_location *row, u64 millionths)
{
	return millionths || row->kind == STORE_EDGE ? json_real(millionths / 1e6) : json_null();
}

/* What both kinds have. */
json_t *api_location(struct api_ask *a, const struct store_location *row)
{
	const char *state = plan_is_down(a->b, row->id) && row->state != STORE_DISABLED ?
				    "down" : states[row->state];

	return json_pack("{s:i, s:o, s:o, s:o, s:f, s:f, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:s}",
			 "id", row->id, "name", api_string(row->name),
			 "provider", api_string(row->provider), "url", api_string(row->url),
			 "latitude", row->latitude_e6 / 1e6, "longitude", row->longitude_e6 / 1e6,
			 "country", api_string(row->country), "city", api_string(row->city),
			 "jurisdiction", api_string(row->jurisdiction), "gdpr", row->gdpr,
			 "region", api_string(row->region),
			 "storage_price", price(row, row->storage_price),
			 "ingress_price", price(row, row->ingress_price),
			 "egress_price", price(row, row->egress_price), "state", state);
}

static int team_name(struct api_ask *a, u64 team, struct store_text *name)
{
	struct store_team *row;
	int n;

	*name = (struct store_text){ 0 };
	if (!team)
		return 0;
	n = store_team_list(a->b->store, team - 1, 1, &a->arena, &row);
	if (n > 0 && row->id == team)
		*name = row->name;
	return n < 0 ? n : 0;
}

static int add_edge(struct api_ask *a, const struct store_location *row, json_t *to)
{
	struct store_text team;
	json_t *urls = json_array();
	int rc = team_name(a, row->team, &team);

	if (row->url.len)
		json_array_append_new(urls, api_string(row->url));
	json_object_set_new(to, "description", api_string(row->description));
	json_object_set_new(to, "cluster", api_string(row->cluster));
	json_object_set_new(to, "storage_urls", urls);
	json_object_set_new(to, "team", team.len ? api_string(team) : json_null());
	json_object_set_new(to, "capacity", json_integer(row->capacity));
	json_object_set_new(to, "used", json_integer(row->used));
	return rc;
}

static int tell(struct api_ask *a, const struct store_location *row, json_t **to)
{
	json_t *l = api_location(a, row);
	int rc = l ? 0 : -ENOMEM;

	if (!rc && row->kind == STORE_EDGE)
		rc = add_edge(a, row, l);
	if (!rc)
		rc = add_times(a, row->id, to, l);
	if (!rc)
		rc = add_outages(a, row->id, l);
	if (rc) {
		json_decref(l);
		return rc;
	}
	if (!to)
		return api_append(a, l);
	*to = l;
	return 0;
}

static int tell_one(struct api_ask *a, enum store_location_kind kind)
{
	struct store_location row;
	uint64_t id;
	int rc;

	if (!str_number(a->rest, SKY_NO_LOCATION - 1, &id))
		return -STORE_NO_SUCH_LOCATION;
	rc = store_location_get(a->b->store, a->team, id, &a->arena, &row);
	if (!rc && row.kind != kind)
		rc = -STORE_NO_SUCH_LOCATION;
	if (!rc)
		rc = tell(a, &row, &a->out);
	return rc ? rc : 200;
}

static int tell_all(struct api_ask *a, enum store_location_kind kind)
{
	struct store_location *page;
	u16 after = 0;
	int rc = 0, n, i;

	a->out = json_array();
	do {
		n = store_location_list(a->b->store, a->team, after, STORE_LIST_MAX, &a->arena,
					&page);
		for (i = 0; !rc && i < n; i++)
			if (page[i].kind == kind)
				rc = tell(a, &page[i], NULL);
		after = n > 0 ? page[n - 1].id : 0;
	} while (!rc && n == STORE_LIST_MAX);
	if (rc)
		return rc;
	return n < 0 ? n : 200;
}

int api_clouds(struct api_ask *a)
{
	return a->rest.len > 1 || (a->rest.len && a->rest.at[0] != '/') ?
		       tell_one(a, STORE_CLOUD) : tell_all(a, STORE_CLOUD);
}

int api_edges(struct api_ask *a)
{
	return a->rest.len > 1 || (a->rest.len && a->rest.at[0] != '/') ?
		       tell_one(a, STORE_EDGE) : tell_all(a, STORE_EDGE);
}
