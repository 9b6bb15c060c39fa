// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan_private.h"

#define DAY_US		86400000000ull
#define SAMPLES		400u		/* the newest of a day; four kinds, one each ten minutes */
#define OUTAGES		1000u
#define WINDOW_US	(30 * DAY_US)	/* of what is said of availability */
#define DOUBT_US	(DAY_US / 1000)	/* that each is taken to have failed besides */
#define MEGABYTE	1e6

static const struct rpc_field credentials_fields[] = {
	RPC_BYTES(struct plan_credentials, access_key, PLAN_ACCESS_KEY_MAX),
	RPC_BYTES(struct plan_credentials, secret, VAULT_WRAPPED_MAX),
	RPC_BYTES(struct plan_credentials, ca, PLAN_CA_MAX),
};

const struct rpc_schema plan_credentials_schema =
	RPC_SCHEMA("credentials", struct plan_credentials, credentials_fields);

static bool url_char(char c, bool in_path)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr(in_path ? "-._~/%" : "-.:[]", c);
}

bool plan_split_url(struct str url, struct str *host, struct str *path)
{
	size_t at, i;

	if (str_starts(url, STR("https://")))
		*host = str_skip(url, 8);
	else if (str_starts(url, STR("http://")))
		*host = str_skip(url, 7);
	else
		return false;
	*path = STR_NONE;
	if (str_find(*host, '/', &at)) {
		*path = str_skip(*host, at);
		host->len = at;
	}
	for (i = 0; i < host->len; i++)
		if (!url_char(host->at[i], false))
			return false;
	for (i = 0; i < path->len; i++)
		if (!path->at[i] || !url_char(path->at[i], true))
			return false;
	while (path->len && path->at[path->len - 1] == '/')
		path->len--;
	return host->len && host->len <= EDGE_TEXT_MAX && path->len <= 1024;
}

static struct str text(struct store_text t)
{
	return (struct str){ t.data, t.len };
}

/* A C string in the arena, for placement. */
static const char *keep(struct store_arena *a, struct store_text t, const char *otherwise)
{
	char *s;

	if (!t.len)
		return otherwise;
	s = store_alloc(a, t.len + 1);
	if (s)
		memcpy(s, t.data, t.len);
	return s;
}

static int by_us(const void *a, const void *b)
{
	const struct store_sample *x = a, *y = b;

	return (x->us > y->us) - (x->us < y->us);
}

/* Of the last day; 0: there is none. */
static int median(struct backend *b, u16 id, enum store_sample_kind kind, u32 *us)
{
	STORE_ARENA a = { 0 };
	struct store_sample *samples;
	int n = store_location_samples(b->store, id, kind, plan_now() - DAY_US, SAMPLES, &a,
				       &samples);

	*us = 0;
	if (n <= 0)
		return n;
	qsort(samples, n, sizeof(*samples), by_us);
	*us = samples[n / 2].us;
	return 0;
}

static int availability(struct backend *b, const struct store_location *row, double *share)
{
	STORE_ARENA a = { 0 };
	struct store_outage *outages;
	u64 now = plan_now(), since = now - WINDOW_US, down = DOUBT_US;
	int n = store_location_outages(b->store, row->id, OUTAGES, &a, &outages), i;

	if (n < 0)
		return n;
	since = row->created > since ? row->created : since;
	since = since < now ? since : now;
	for (i = 0; i < n; i++) {
		u64 begin = outages[i].begin > since ? outages[i].begin : since;
		u64 end = outages[i].end ? outages[i].end : now;

		down += end > begin ? end - begin : 0;
	}
	*share = fmax(0, 1 - (double)down / (now - since + DAY_US));
	return 0;
}

/* Our own edges are paid for; of a cloud, nothing is what nobody has said yet. */
static double price(const struct store_location *row, u64 millionths)
{
	return millionths || row->kind == STORE_EDGE ? millionths / 1e6 : -1;
}

static int measured(struct backend *b, struct plan_place *p, struct location *l)
{
	u32 megabyte_us = 0;
	int rc;

	l->latency_ms = -1;
	l->throughput = -1;
	l->availability = -1;
	if (!p->host.len)
		return 0;
	rc = median(b, p->row.id, STORE_DOWN_1B, &p->latency_us);
	if (!rc)
		rc = median(b, p->row.id, STORE_DOWN_1MB, &megabyte_us);
	if (!rc)
		rc = availability(b, &p->row, &l->availability);
	if (p->latency_us)
		l->latency_ms = p->latency_us / 1000.0;
	if (megabyte_us)
		l->throughput = MEGABYTE / megabyte_us;
	return rc;
}

static struct plan_live *live_of(struct backend_plan *p, u16 id)
{
	struct plan_live *live = p->live[id];

	if (live)
		return live;
	live = calloc(1, sizeof(*live));
	if (!live)
		return NULL;
	live->id = id;
	live->free_bytes = -1;
	io_semaphore_init(&live->asking, 1);
	p->live[id] = live;
	return live;
}

static int read_credentials(struct plan_place *p)
{
	struct plan_credentials c;

	if (!p->row.credentials.len)
		return 0;
	if (rpc_decode(&plan_credentials_schema, p->row.credentials.data, p->row.credentials.len,
		       &c, NULL, 0))
		return -EBADMSG;
	p->access_key = c.access_key;
	p->secret = c.secret;
	p->ca = c.ca;
	return 0;
}

/* Edges that say nothing of it are all of one provider: ourselves. */
static int fill_location(struct store_arena *a, const struct plan_place *p, struct location *l)
{
	const struct store_location *row = &p->row;

	l->id = row->id;
	l->edge = row->kind == STORE_EDGE;
	l->place = (struct place){
		.provider = keep(a, row->provider, ""), .name = keep(a, row->name, ""),
		.city = keep(a, row->city, ""), .country = keep(a, row->country, ""),
		.jurisdiction = keep(a, row->jurisdiction, ""), .gdpr = row->gdpr,
		.latitude = row->latitude_e6 / 1e6, .longitude = row->longitude_e6 / 1e6,
	};
	l->storage_price = price(row, row->storage_price);
	l->ingress_price = price(row, row->ingress_price);
	l->egress_price = price(row, row->egress_price);
	l->free_bytes = row->capacity ? (s64)(row->capacity - row->used) : -1;
	return l->place.provider && l->place.name && l->place.city && l->place.country &&
	       l->place.jurisdiction ? 0 : -ENOMEM;
}

static int fill_place(struct backend *b, struct catalogue *c, unsigned int i,
		      const struct store_location *row)
{
	struct plan_place *p = &c->place[i];
	int rc;

	p->row = *row;
	p->live = row->id && row->id < SKY_NO_LOCATION ? live_of(b->plan, row->id) : NULL;
	if (!p->live)
		return -ENOMEM;
	if (!plan_split_url(text(row->url), &p->host, &p->path) || read_credentials(p))
		p->host = STR_NONE;
	rc = fill_location(&c->arena, p, &c->location[i]);
	return rc ? rc : measured(b, p, &c->location[i]);
}

/* Every row, page by page; *@rows is one array of them all. */
static int read_rows(struct backend *b, struct catalogue *c, struct store_location **rows,
		     unsigned int *count)
{
	struct store_location *page, *all;
	int n;

	*rows = NULL;
	*count = 0;
	do {
		u16 after = *count ? (*rows)[*count - 1].id : 0;

		n = store_location_list(b->store, 0, after, STORE_LIST_MAX, &c->arena, &page);
		if (n <= 0)
			break;
		all = reallocarray(*rows, *count + n, sizeof(*all));
		if (!all)
			return -ENOMEM;
		memcpy(all + *count, page, n * sizeof(*all));
		*rows = all;
		*count += n;
	} while (n == STORE_LIST_MAX);
	return n < 0 ? n : 0;
}

/* Latency counts in powers of two: who has it from there asks again when it has changed much. */
static void digest(struct catalogue *c)
{
	struct sha256_state s;
	unsigned int i;

	sha256_begin(&s);
	for (i = 0; i < c->count; i++) {
		const struct plan_place *p = &c->place[i];
		u32 magnitude = p->latency_us ? 32 - __builtin_clz(p->latency_us) : 0;

		if (!p->host.len || p->row.state == STORE_DISABLED)
			continue;
		sha256_add(&s, &p->row.id, sizeof(p->row.id));
		sha256_add(&s, &p->row.kind, sizeof(p->row.kind));
		sha256_add(&s, p->row.url.data, p->row.url.len);
		sha256_add(&s, &p->ca.len, sizeof(p->ca.len));
		sha256_add(&s, p->ca.data, p->ca.len);
		sha256_add(&s, &magnitude, sizeof(magnitude));
	}
	sha256_end(&s, c->digest);
}

void catalogue_states(struct catalogue *c)
{
	unsigned int i;

	for (i = 0; i < c->count; i++) {
		const struct plan_place *p = &c->place[i];
		struct location *l = &c->location[i];

		if (p->row.state == STORE_DISABLED || !p->host.len || p->live->down)
			l->state = LOCATION_DOWN;
		else
			l->state = p->row.state == STORE_DRAINING ? LOCATION_DRAINING : LOCATION_UP;
		if (p->live->free_bytes >= 0)
			l->free_bytes = p->live->free_bytes;
	}
}

int catalogue_load(struct backend *b, struct catalogue **to)
{
	struct catalogue *c = calloc(1, sizeof(*c));
	CLEANUP_FREE struct store_location *rows = NULL;
	unsigned int count, i;
	int rc;

	if (!c)
		return -ENOMEM;
	c->users = 1;
	rc = read_rows(b, c, &rows, &count);
	if (!rc && count) {
		c->place = calloc(count, sizeof(*c->place));
		c->location = calloc(count, sizeof(*c->location));
		rc = c->place && c->location ? 0 : -ENOMEM;
	}
	for (i = 0; !rc && i < count; i++, c->count++)
		rc = fill_place(b, c, i, &rows[i]);
	if (rc) {
		catalogue_put(c);
		return rc;
	}
	catalogue_states(c);
	digest(c);
	*to = c;
	return 0;
}

struct catalogue *catalogue_get(struct backend *b)
{
	b->plan->catalogue->users++;
	return b->plan->catalogue;
}

void catalogue_put(struct catalogue *c)
{
	if (!c || --c->users)
		return;
	store_arena_free(&c->arena);
	free(c->place);
	free(c->location);
	free(c);
}

static int by_id(const void *key, const void *member)
{
	const struct plan_place *p = member;

	return (int)*(const u16 *)key - p->row.id;
}

const struct plan_place *catalogue_find(const struct catalogue *c, u16 id)
{
	return c->count ? bsearch(&id, c->place, c->count, sizeof(*c->place), by_id) : NULL;
}
