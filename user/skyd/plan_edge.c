// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Edges of this machine make themselves known: whoever the parent has connected to the backend
 * is a location.  Edges of other machines are the administrator's to add.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "log.h"
#include "plan_private.h"

static struct store_text text(struct rpc_bytes b)
{
	return (struct store_text){ b.data, b.len };
}

static bool same(struct store_text a, struct store_text b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

static void identity_of(const struct edge_hello *hello, u8 identity[PLAN_IDENTITY_BYTES])
{
	memcpy(identity, hello->id, GRANT_EDGE_BYTES);
	memcpy(identity + GRANT_EDGE_BYTES, hello->point, P256_POINT_BYTES);
}

static const struct plan_place *find_edge(const struct catalogue *c, const u8 *id)
{
	unsigned int i;

	for (i = 0; i < c->count; i++)
		if (c->place[i].row.public_point.len == PLAN_IDENTITY_BYTES &&
		    !memcmp(c->place[i].row.public_point.data, id, GRANT_EDGE_BYTES))
			return &c->place[i];
	return NULL;
}

/* The name is taken by an edge whose folder is gone: this is another one. */
static int create_other(struct backend *b, struct store_location *row, const u8 *id)
{
	char name[EDGE_TEXT_MAX + 16], digits[9];

	hex_encode(id, 4, digits);
	snprintf(name, sizeof(name), "%.*s-%s", (int)row->name.len, (const char *)row->name.data,
		 digits);
	row->name = (struct store_text){ name, strlen(name) };
	log_line(LEVEL_WARNING, "edge %s is new, although there was one of its name; what the old one had is to be repaired",
		 name);
	return store_location_create(b->store, row);
}

static int create(struct backend *b, const struct edge_hello *hello)
{
	u8 identity[PLAN_IDENTITY_BYTES];
	struct store_location row = {
		.kind = STORE_EDGE, .name = text(hello->name), .url = text(hello->url),
		.region = STORE_TEXT(EDGE_REGION), .public_point = { identity, sizeof(identity) },
		.capacity = hello->disk_total, .used = hello->disk_total - hello->disk_free,
	};
	int rc;

	identity_of(hello, identity);
	rc = store_location_create(b->store, &row);
	return rc == -EEXIST ? create_other(b, &row, hello->id) : rc;
}

/* Is what the store has of its disk more than a hundredth off? */
static bool drifted(const struct store_location *row, const struct edge_hello *hello)
{
	s64 used = hello->disk_total - hello->disk_free;

	return row->capacity != hello->disk_total ||
	       (u64)llabs(used - (s64)row->used) > hello->disk_total / 100;
}

static int update(struct backend *b, const struct plan_place *p, const struct edge_hello *hello,
		  bool *changed)
{
	u8 identity[PLAN_IDENTITY_BYTES];
	struct store_location row = p->row;

	identity_of(hello, identity);
	*changed = !same(row.url, text(hello->url)) ||
		   memcmp(identity, row.public_point.data, sizeof(identity)) != 0;
	if (!*changed && !drifted(&row, hello))
		return 0;
	row.url = text(hello->url);
	row.public_point = (struct store_text){ identity, sizeof(identity) };
	row.capacity = hello->disk_total;
	row.used = hello->disk_total - hello->disk_free;
	return store_location_update(b->store, row.team, &row);
}

static int learn(struct backend *b, const struct catalogue *c, const struct edge_hello *hello)
{
	const struct plan_place *p = find_edge(c, hello->id);
	bool changed = true;
	int rc;

	if (!p) {
		rc = create(b, hello);
		return rc ? rc : 1;
	}
	rc = update(b, p, hello, &changed);
	p->live->free_bytes = hello->disk_free;
	/* That it is well is for requests to say, over the way that gateways take. */
	if (hello->failed || !hello->signer)
		plan_note(b, p->row.id, -EIO);
	return rc ? rc : changed;
}

int plan_learn_edge(struct backend *b, const struct edge_hello *hello)
{
	struct str host, path, url = { hello->url.data, hello->url.len };
	struct catalogue *c;
	int rc;

	if (!plan_split_url(url, &host, &path) || path.len || !hello->name.len ||
	    hello->name.len > 200 || hello->disk_free > hello->disk_total)
		return -EBADMSG;
	c = catalogue_get(b);
	rc = learn(b, c, hello);
	catalogue_put(c);
	return rc > 0 ? plan_reload(b) : rc;
}
