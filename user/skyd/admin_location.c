// SPDX-License-Identifier: GPL-2.0-or-later
/* Locations: entered, changed, and let go of. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/hex.h"
#include "moves.h"

/* What may be said of a location; "secret_key" goes to the vault and nowhere else. */
static const char *const names[] = {
	"name", "kind", "team", "provider", "url", "country", "city", "jurisdiction", "region",
	"cluster", "description", "latitude", "longitude", "gdpr", "storage_price",
	"ingress_price", "egress_price", "access_key", "secret_key", "ca", "identity", "capacity",
	"new_name", NULL
};

int admin_find_location(struct api_ask *a, u64 team, struct store_location *row)
{
	struct store_text name = { 0 };
	struct store_location *page;
	u16 after = 0;
	int rc = api_text(a, "name", true, &name), n, i;

	if (rc)
		return rc;
	do {
		n = store_location_list(a->b->store, team, after, STORE_LIST_MAX, &a->arena,
					&page);
		for (i = 0; i < n; i++)
			if (page[i].team == team && page[i].name.len == name.len &&
			    !memcmp(page[i].name.data, name.data, name.len)) {
				*row = page[i];
				return 0;
			}
		after = n > 0 ? page[n - 1].id : 0;
	} while (n == STORE_LIST_MAX);
	return n < 0 ? n : api_refuse(a, 404, "there is no location %.*s", (int)name.len,
				      (const char *)name.data);
}

static int read_texts(struct api_ask *a, struct store_location *l)
{
	const struct {
		const char *name;
		struct store_text *to;
	} texts[] = {
		{ "provider", &l->provider }, { "url", &l->url }, { "country", &l->country },
		{ "city", &l->city }, { "jurisdiction", &l->jurisdiction },
		{ "region", &l->region }, { "cluster", &l->cluster },
		{ "description", &l->description }, { "new_name", &l->name },
	};
	struct str host, path;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(texts) / sizeof(texts[0]); i++)
		rc = api_text(a, texts[i].name, false, texts[i].to);
	if (!rc && l->url.len &&
	    !plan_split_url((struct str){ l->url.data, l->url.len }, &host, &path))
		rc = api_refuse(a, 400, "url is not http:// or https://, a host, and perhaps a port and a path");
	return rc;
}

static int read_price(struct api_ask *a, const char *name, u64 *to)
{
	double value = *to / 1e6;
	int rc = api_real(a, name, 0, 1e6, &value);

	*to = llround(value * 1e6);
	return rc;
}

static int read_numbers(struct api_ask *a, struct store_location *l)
{
	double latitude = l->latitude_e6 / 1e6, longitude = l->longitude_e6 / 1e6;
	int rc = api_real(a, "latitude", -90, 90, &latitude);

	if (!rc)
		rc = api_real(a, "longitude", -180, 180, &longitude);
	if (!rc)
		rc = api_bool(a, "gdpr", &l->gdpr);
	if (!rc)
		rc = read_price(a, "storage_price", &l->storage_price);
	if (!rc)
		rc = read_price(a, "ingress_price", &l->ingress_price);
	if (!rc)
		rc = read_price(a, "egress_price", &l->egress_price);
	if (!rc)
		rc = api_number(a, "capacity", INT64_MAX, &l->capacity);
	l->latitude_e6 = lround(latitude * 1e6);
	l->longitude_e6 = lround(longitude * 1e6);
	return rc;
}

/* What `skyd --role edge` logs at its start: its id and its public point, in hexadecimal. */
static int read_identity(struct api_ask *a, struct store_location *l)
{
	struct store_text text = { 0 };
	char digits[2 * PLAN_IDENTITY_BYTES + 1];
	u8 *to;
	int rc = api_text(a, "identity", false, &text);

	if (rc || !text.len)
		return rc;
	to = store_alloc(&a->arena, PLAN_IDENTITY_BYTES);
	if (!to)
		return -ENOMEM;
	if (l->kind != STORE_EDGE ||
	    !str_copy((struct str){ text.data, text.len }, digits, sizeof(digits)) ||
	    hex_decode(digits, to, PLAN_IDENTITY_BYTES))
		return api_refuse(a, 400, "identity is not the %u digits that an edge logs at its start",
				  2 * PLAN_IDENTITY_BYTES);
	l->public_point = (struct store_text){ to, PLAN_IDENTITY_BYTES };
	return 0;
}

static int wrap(struct api_ask *a, const struct store_location *l, struct plan_credentials *c,
		struct store_text secret, struct link_answer *answer)
{
	const struct vault_ask ask = {
		.kind = VAULT_CREDENTIAL, .owner = l->team, .number = l->id,
		.name = c->access_key, .blob = { secret.data, secret.len },
	};
	struct vault_give give;
	const struct link_call call = {
		VAULT_WRAP, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	int rc = link_do(a->b->vault, &call, answer,
			 a->deadline ? a->deadline : io_after_ms(10000));

	if (rc)
		return rc;
	c->secret = give.blob;
	return 0;
}

struct given {
	struct store_text access, secret, ca;
};

/*
 * Access key and secret belong together: one of them alone is refused, and so is a cloud that would
 * be used without any.  Before anything is stored: what is wrong has to leave no name taken.
 */
static int read_given(struct api_ask *a, const struct store_location *l, struct given *g)
{
	int rc = api_text(a, "access_key", false, &g->access);

	if (!rc)
		rc = api_text(a, "secret_key", false, &g->secret);
	if (!rc)
		rc = api_text(a, "ca", false, &g->ca);
	if (rc)
		return rc;
	/* A cloud needs them. */
	if (!g->access.len && (g->secret.len || (l->kind == STORE_CLOUD && l->url.len &&
						 !l->credentials.len)))
		return api_missing(a, "access_key");
	if (g->access.len && !g->secret.len)
		return api_missing(a, "secret_key");
	if (g->access.len > PLAN_ACCESS_KEY_MAX || g->secret.len > VAULT_SECRET_MAX ||
	    g->ca.len > PLAN_CA_MAX)
		return api_refuse(a, 400, "access_key, secret_key or ca is too long");
	return 0;
}

static int take_given(struct api_ask *a, struct store_location *l, const struct given *g)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct plan_credentials c = { 0 };
	u8 *packed;
	int rc = 0, len;

	if (!g->access.len && !g->ca.len)
		return 0;
	if (l->credentials.len && rpc_decode(&plan_credentials_schema, l->credentials.data,
					     l->credentials.len, &c, NULL, 0))
		c = (struct plan_credentials){ 0 };
	if (g->ca.len)
		c.ca = (struct rpc_bytes){ g->ca.data, g->ca.len };
	if (g->access.len) {
		c.access_key = (struct rpc_bytes){ g->access.data, g->access.len };
		rc = wrap(a, l, &c, g->secret, &answer);
	}
	packed = rc ? NULL : store_alloc(&a->arena, PLAN_CREDENTIALS_MAX);
	if (!packed)
		return rc ? rc : -ENOMEM;
	len = rpc_encode(&plan_credentials_schema, &c, packed, PLAN_CREDENTIALS_MAX);
	if (len < 0)
		return len;
	l->credentials = (struct store_text){ packed, len };
	return 0;
}

static int read_kind(struct api_ask *a, struct store_location *l)
{
	struct store_text kind = { 0 };
	int rc = api_text(a, "kind", true, &kind);

	if (rc)
		return rc;
	if (kind.len == 4 && !memcmp(kind.data, "edge", 4))
		l->kind = STORE_EDGE;
	else if (kind.len != 5 || memcmp(kind.data, "cloud", 5))
		return api_refuse(a, 400, "kind is not cloud or edge");
	return 0;
}

/* It was stored: told to placement, and told to who asked. */
static int tell(struct api_ask *a, struct store_location *l, int status)
{
	int rc = plan_reload(a->b);

	if (rc)
		return rc;
	/* It may be one that others can go to. */
	moves_changed(a->b);
	a->out = api_location(a, l);
	return a->out ? status : -ENOMEM;
}

static int finish(struct api_ask *a, struct store_location *l, int status)
{
	int rc = store_location_update(a->b->store, l->team, l);

	return rc ? rc : tell(a, l, status);
}

/* Its number is known only when it is there, and its secret is wrapped for that number. */
int admin_location_add(struct api_ask *a)
{
	struct store_location l = { .state = STORE_DISABLED };
	struct given given = { 0 };
	int rc = api_only(a, names);

	if (!rc)
		rc = admin_team(a, false, &l.team);
	if (!rc)
		rc = read_kind(a, &l);
	if (!rc)
		rc = read_texts(a, &l);
	if (!rc)
		rc = api_text(a, "name", true, &l.name);
	if (!rc && !l.url.len)
		rc = api_missing(a, "url");
	if (!rc)
		rc = read_numbers(a, &l);
	if (!rc)
		rc = read_identity(a, &l);
	if (!rc)
		rc = read_given(a, &l, &given);
	if (!rc)
		rc = store_location_create(a->b->store, &l);
	if (!rc)
		rc = take_given(a, &l, &given);
	if (rc)
		return rc;
	l.state = STORE_ACTIVE;
	return finish(a, &l, 201);
}

/* As it is in the store, but for what is said. */
static int find_changed(struct api_ask *a, u64 team, struct store_location *l)
{
	int rc = admin_find_location(a, team, l);

	if (!rc)
		rc = read_texts(a, l);
	if (!rc)
		rc = read_numbers(a, l);
	if (!rc)
		rc = read_identity(a, l);
	return rc;
}

/* What is said changes; what is not stays.  A location that has a URL is in use again. */
int admin_location_update(struct api_ask *a)
{
	struct given given = { 0 };
	struct store_location l;
	struct store_text credentials;
	u64 team;
	int rc = api_only(a, names);

	if (!rc)
		rc = admin_team(a, false, &team);
	if (!rc)
		rc = find_changed(a, team, &l);
	if (!rc)
		rc = read_given(a, &l, &given);
	if (!rc)
		rc = take_given(a, &l, &given);
	/* Somebody may have changed it while the vault was asked. */
	credentials = l.credentials;
	if (!rc && given.access.len)
		rc = find_changed(a, team, &l);
	if (rc)
		return rc;
	if (given.access.len)
		l.credentials = credentials;
	l.state = l.url.len ? STORE_ACTIVE : STORE_DISABLED;
	/* What is refused leaves a repair as it is. */
	rc = store_location_update(a->b->store, team, &l);
	if (!rc && l.state == STORE_ACTIVE)
		rc = admin_repair_end(a, l.id);
	return rc ? rc : tell(a, &l, 200);
}

/* Its number stays taken: records name it. */
int admin_location_remove(struct api_ask *a)
{
	struct store_location l;
	u64 team;
	int rc = admin_team(a, false, &team);

	if (!rc)
		rc = admin_find_location(a, team, &l);
	if (rc)
		return rc;
	l.state = STORE_DISABLED;
	l.credentials = (struct store_text){ 0 };
	return finish(a, &l, 200);
}

/* What it is, why it is down, and how far it is left. */
static int list_one(struct api_ask *a, const struct store_location *row)
{
	json_t *one = api_location(a, row), *repair = one ? admin_repair(a, row->id) : NULL;

	if (one)
		json_object_set_new(one, "error", json_string(plan_why_down(a->b, row->id)));
	if (repair)
		json_object_set_new(one, "repair", repair);
	return api_append(a, one);
}

int admin_location_list(struct api_ask *a)
{
	struct store_location *page;
	bool all = false;
	u16 after = 0;
	u64 team;
	int rc = admin_team(a, false, &team), n = 0, i;

	if (!rc)
		rc = api_bool(a, "all", &all);
	if (rc)
		return rc;
	a->out = json_array();
	do {
		n = store_location_list(a->b->store, team, after, STORE_LIST_MAX, &a->arena,
					&page);
		for (i = 0; !rc && i < n; i++)
			if (all || page[i].state != STORE_DISABLED)
				rc = list_one(a, &page[i]);
		after = n > 0 ? page[n - 1].id : 0;
	} while (!rc && n == STORE_LIST_MAX);
	if (rc)
		return rc;
	return n < 0 ? n : 200;
}
