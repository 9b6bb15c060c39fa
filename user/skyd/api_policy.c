// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Storage policies.  What the store keeps is the document in its one form, without an id; an
 * edit is a new revision, and buckets keep theirs.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "caches.h"

static int append_policy(struct api_ask *a, const struct store_policy *row, json_t **to)
{
	json_error_t err;
	json_t *p = json_loadb(row->body.data, row->body.len, 0, &err);

	if (!p)
		return api_refuse(a, 500, "policy %llu cannot be read", (unsigned long long)row->id);
	/* Those that are older than this member. */
	if (!json_object_get(p, "cache"))
		json_object_set_new(p, "cache", json_true());
	json_object_set_new(p, "id", json_integer(row->id));
	json_object_set_new(p, "revision", json_integer(row->revision));
	json_object_set_new(p, "created", api_time(row->created));
	json_object_set_new(p, "shared", json_boolean(!row->team));
	if (!to)
		return api_append(a, p);
	*to = p;
	return 0;
}

int api_policy_list(struct api_ask *a)
{
	struct store_policy *page;
	u64 after = 0;
	int rc = 0, n, i;

	a->out = json_array();
	do {
		n = store_policy_list(a->b->store, a->team, after, STORE_LIST_MAX, &a->arena,
				      &page);
		for (i = 0; !rc && i < n; i++)
			rc = append_policy(a, &page[i], NULL);
		after = n > 0 ? page[n - 1].id : 0;
	} while (!rc && n == STORE_LIST_MAX);
	if (rc)
		return rc;
	return n < 0 ? n : 200;
}

static struct store_text rest_of(const struct api_ask *a)
{
	return (struct store_text){ a->rest.at, a->rest.len };
}

int api_policy_get(struct api_ask *a)
{
	struct store_policy row;
	int rc = store_policy_find(a->b->store, a->team, rest_of(a), &a->arena, &row);

	if (!rc)
		rc = append_policy(a, &row, &a->out);
	return rc ? rc : 200;
}

/* This alone is as the newest revision says, for all buckets that have any of them. */
static int take_caching(struct api_ask *a, const struct store_bucket *bucket)
{
	CLEANUP_JSON *newest = NULL;
	struct store_policy row;
	int rc = store_policy_get(a->b->store, a->team, bucket->policy, 0, &a->arena, &row);

	if (!rc)
		rc = append_policy(a, &row, &newest);
	if (!rc)
		json_object_set(a->out, "cache", json_object_get(newest, "cache"));
	return rc;
}

/* As the bucket has it: the revision that was the newest when it was made. */
int api_policy_bucket(struct api_ask *a)
{
	struct store_bucket bucket;
	struct store_policy row;
	int rc = store_bucket_find(a->b->store, a->team, rest_of(a), &a->arena, &bucket);

	/* One that is only shared is somebody else's to be told of. */
	if (!rc && bucket.team != a->team)
		rc = -STORE_NO_SUCH_BUCKET;
	if (!rc)
		rc = store_policy_get(a->b->store, a->team, bucket.policy, bucket.policy_revision,
				      &a->arena, &row);
	if (!rc)
		rc = append_policy(a, &row, &a->out);
	if (!rc)
		rc = take_caching(a, &bucket);
	return rc ? rc : 200;
}

int api_policy_delete(struct api_ask *a)
{
	int rc;

	/* Buckets for which nothing is said have to have one. */
	if (!a->team && str_is(a->rest, PLAN_DEFAULT_POLICY))
		return api_refuse(a, 409, "buckets that ask for none have this policy");
	rc = store_policy_delete(a->b->store, a->team, rest_of(a));
	return rc ? rc : 204;
}

/* --- reading -------------------- */

/* Readers that recurse, and a choice among all locations, are a worker's to do. */
struct reading {
	struct policy *policy;
	struct policy_error err;
	struct str text;
	bool yaml;
	struct intent intent;		/* if ->text is empty */
	struct location *location;
	unsigned int count;
	u64 seed;
};

static int read_it(void *arg)
{
	struct reading *r = arg;

	if (!r->text.len)
		return policy_from_intent(r->policy, &r->intent, r->location, r->count, r->seed,
					  &r->err);
	return r->yaml ? policy_parse_yaml(r->policy, r->text.at, r->text.len, &r->err) :
			 policy_parse_json(r->policy, r->text.at, r->text.len, &r->err);
}

static int work(struct api_ask *a, struct reading *r)
{
	int rc = io_work(a->b->db, read_it, r, a->deadline);

	if (rc == -EINVAL || rc == -ENOSPC)
		return api_refuse(a, rc == -EINVAL ? 400 : 409, "%s", r->err.text);
	return rc;
}

static int read_intent(struct api_ask *a, struct intent *intent)
{
	static const char *const names[] = {
		"jurisdiction", "gdpr", "max_price", "max_latency_ms", "availability", "losses",
		NULL
	};
	struct api_ask sub = { .in = json_object_get(a->in, "intent") };
	struct store_text where = { 0 };
	u64 losses = 0;
	int rc;

	if (!json_is_object(sub.in))
		return api_refuse(a, 400, "intent is not an object");
	rc = api_only(&sub, names);
	if (!rc)
		rc = api_text(&sub, "jurisdiction", false, &where);
	if (!rc)
		rc = api_bool(&sub, "gdpr", &intent->gdpr);
	if (!rc)
		rc = api_real(&sub, "max_price", 0, 1e6, &intent->max_price);
	if (!rc)
		rc = api_real(&sub, "max_latency_ms", 0, 1e6, &intent->max_latency_ms);
	if (!rc)
		rc = api_real(&sub, "availability", 0, 0.9999999999, &intent->availability);
	if (!rc)
		rc = api_number(&sub, "losses", SKY_MAX_N - 1, &losses);
	intent->jurisdiction = where.len ? where.data : NULL;
	intent->losses = losses;
	return rc ? api_refuse(a, rc, "intent: %.300s", sub.why) : 0;
}

/* What somebody wants who does not want to choose: chosen once, and then a policy like others. */
static int from_intent(struct api_ask *a, struct policy *p)
{
	static const char *const names[] = { "name", "description", "intent", "team", NULL };
	struct store_text name = { 0 }, description = { 0 };
	struct catalogue *c = catalogue_get(a->b);
	struct reading r = { .policy = p, .count = c->count, .seed = plan_now() };
	int rc = api_only(a, names);

	if (!rc)
		rc = api_text(a, "name", true, &name);
	if (!rc)
		rc = api_text(a, "description", false, &description);
	if (!rc)
		rc = read_intent(a, &r.intent);
	if (!rc && (name.len > POLICY_MAX_NAME || description.len > POLICY_MAX_DESCRIPTION))
		rc = api_refuse(a, 400, "name or description is too long");
	/* States change meanwhile; texts do not. */
	r.location = rc ? NULL : calloc(c->count + 1, sizeof(*r.location));
	if (r.location) {
		catalogue_states(c);
		memcpy(r.location, c->location, c->count * sizeof(*r.location));
		rc = work(a, &r);
	} else if (!rc) {
		rc = -ENOMEM;
	}
	free(r.location);
	catalogue_put(c);
	if (rc)
		return rc;
	memcpy(p->name, name.data, name.len);
	memcpy(p->description, description.data ? description.data : "", description.len);
	return 0;
}

static int read_policy(struct api_ask *a, struct policy *p)
{
	struct reading r = { .policy = p, .text = a->body, .yaml = a->yaml };

	if (a->in && json_object_get(a->in, "intent"))
		return from_intent(a, p);
	return work(a, &r);
}

/* --- writing -------------------- */

static int check_list(struct api_ask *a, const struct policy_places *list, bool edge,
		      const char *field, const struct catalogue *c)
{
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		const struct plan_place *p = catalogue_find(c, list->id[i]);

		if (!p || (p->row.team && p->row.team != a->team) ||
		    p->row.kind != (edge ? STORE_EDGE : STORE_CLOUD))
			return api_refuse(a, 400, "%s: there is no such location: %u", field,
					  list->id[i]);
	}
	return 0;
}

static int check_places(struct api_ask *a, const struct policy *p)
{
	unsigned int count = p->backends.count + p->edge_devices.count;
	struct catalogue *c = catalogue_get(a->b);
	int rc = check_list(a, &p->backends, false, "backends", c);

	if (!rc)
		rc = check_list(a, &p->edge_devices, true, "edge_devices", c);
	if (!rc && count && count < policy_n(p))
		rc = api_refuse(a, 400, "%u locations are named, but %u fragments need one each",
				count, policy_n(p));
	catalogue_put(c);
	return rc;
}

/* Before @revision; unless that is sure, it had. */
static bool had_cache(struct api_ask *a, u64 id, u64 revision)
{
	const struct policy *before;

	return plan_policy(a->b, a->team, id, revision - 1, &a->arena, &before) || before->cache;
}

/*
 * Buckets that have it keep their revision, but for the member "cache", which says nothing of what
 * is stored: gateways throw out what they have of them.
 */
static int edit_it(struct api_ask *a, const struct policy *p, u64 id, struct store_text text,
		   u64 *revision)
{
	const struct meta_cache_order out = { .kind = META_CACHE_POLICY, .policy = id };
	int rc;

	caches_hold(a->b);
	rc = store_policy_edit(a->b->store, a->team, id, text, revision);
	/* Who hears of it may ask at once. */
	if (a->b->cache)
		backend_forget(a->b);
	if (!rc && !p->cache && had_cache(a, id, *revision))
		caches_order(a->b, &out);
	caches_release(a->b);
	return rc;
}

static int store_it(struct api_ask *a, struct policy *p, bool edit)
{
	CLEANUP_FREE char *body = NULL;
	struct store_text text, name = { p->name, strlen(p->name) };
	struct store_policy row;
	u64 id = p->id, revision = 0;
	int rc;

	p->id = 0;
	body = policy_print_json(p);
	if (!body)
		return -ENOMEM;
	text = (struct store_text){ body, strlen(body) };
	sha256_of(body, text.len, a->digest);
	a->digested = true;
	if (!edit)
		rc = store_policy_create(a->b->store, a->team, name, text, &id);
	else
		rc = edit_it(a, p, id, text, &revision);
	if (!rc)
		rc = store_policy_get(a->b->store, a->team, id, revision, &a->arena, &row);
	if (!rc)
		rc = append_policy(a, &row, &a->out);
	return rc;
}

int api_policy_create(struct api_ask *a)
{
	CLEANUP_FREE struct policy *p = calloc(1, sizeof(*p));
	int rc = p ? read_policy(a, p) : -ENOMEM;

	if (!rc && p->id)
		rc = api_refuse(a, 400, "id: is given, not asked for; an edit is a PUT");
	/* What follows it in the path is looked for first. */
	if (!rc && !strcmp(p->name, "bucket"))
		rc = api_refuse(a, 400, "name: no policy can have this one");
	if (!rc)
		rc = check_places(a, p);
	if (!rc)
		rc = store_it(a, p, false);
	return rc ? rc : 201;
}

int api_policy_edit(struct api_ask *a)
{
	CLEANUP_FREE struct policy *p = calloc(1, sizeof(*p));
	struct store_policy row;
	int rc = p ? read_policy(a, p) : -ENOMEM;

	if (!rc && !p->id)
		rc = api_refuse(a, 400, "id: is missing");
	if (!rc)
		rc = store_policy_get(a->b->store, a->team, p->id, 0, &a->arena, &row);
	if (!rc && row.team != a->team)
		rc = api_refuse(a, 403, "the policy is everybody's, and the administrator's to change");
	if (!rc && (row.name.len != strlen(p->name) ||
		    memcmp(row.name.data, p->name, row.name.len)))
		rc = api_refuse(a, 409, "name: policy %lld has another one, and keeps it",
				(long long)p->id);
	if (!rc)
		rc = check_places(a, p);
	if (!rc)
		rc = store_it(a, p, true);
	return rc ? rc : 200;
}
