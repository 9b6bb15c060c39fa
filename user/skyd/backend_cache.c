// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and buckets as questions need them.  An entry is what the store had when it was read; a
 * change by this process forgets it, one by another is seen after FRESH_MS.  What was read
 * while something changed is used once and not kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend_private.h"
#include "log.h"

#define FRESH_MS	1000
#define BUCKETS		1024u		/* of the hash, a power of two */
#define CHARGE_MAX	(64u << 20)
#define CHARGE_MIN	20480u		/* a chunk of an arena, and the entry */
#define SCOPES_PAGE	256u

struct backend_cache {
	struct cache_entry *table[BUCKETS];
	struct cache_entry *newest, *oldest;
	size_t charge;
	u64 changes;		/* rises with each change: reads that began before are stale */
};

int cache_open(struct backend *b)
{
	b->cache = calloc(1, sizeof(*b->cache));
	return b->cache ? 0 : -ENOMEM;
}

/* FNV-1a; names are chosen by strangers, but a chain is never longer than the cache is large. */
static struct cache_entry **slot_of(struct backend_cache *c, enum cache_kind kind, struct str name)
{
	u32 hash = 2166136261u ^ kind;
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = (hash ^ (u8)name.at[i]) * 16777619u;
	return &c->table[(hash ^ hash >> 16) & (BUCKETS - 1)];
}

/* Not inlined: gcc 12 would take each entry for the larger of both kinds, and warn. */
static noinline void free_entry(struct cache_entry *e)
{
	if (e->kind == CACHE_BUCKET)
		s3_policy_free(((struct cached_bucket *)e)->policy);
	store_arena_free(&e->arena);
	free(e);
}

static void unlist(struct backend_cache *c, struct cache_entry *e)
{
	struct cache_entry **at = slot_of(c, e->kind, str_of_text(e->name));

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
	c->charge -= e->charge;
	e->listed = false;
	if (!e->users)
		free_entry(e);
}

static void list(struct backend_cache *c, struct cache_entry *e)
{
	struct cache_entry **at = slot_of(c, e->kind, str_of_text(e->name));

	e->chain = *at;
	*at = e;
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
	e->listed = true;
	c->charge += e->charge;
	while (c->charge > CHARGE_MAX && c->oldest != e)
		unlist(c, c->oldest);
}

static struct cache_entry *find(struct backend_cache *c, enum cache_kind kind, struct str name)
{
	struct cache_entry *e = *slot_of(c, kind, name);

	while (e && (e->kind != kind || !str_equal(str_of_text(e->name), name)))
		e = e->chain;
	return e;
}

/* One that is fresh, for one more user. */
static struct cache_entry *get(struct backend_cache *c, enum cache_kind kind, struct str name)
{
	struct cache_entry *e = find(c, kind, name);

	if (!e)
		return NULL;
	if (io_now() >= e->until) {
		unlist(c, e);
		return NULL;
	}
	e->users++;
	return e;
}

void cache_put(struct backend *b, struct cache_entry *e)
{
	(void)b;
	if (e && !--e->users && !e->listed)
		free_entry(e);
}

/* It has one user, who has just read it. */
static void keep(struct backend_cache *c, struct cache_entry *e, u64 changes)
{
	struct cache_entry *old = find(c, e->kind, str_of_text(e->name));

	e->until = io_after_ms(FRESH_MS);
	if (changes != c->changes)
		return;
	if (old)
		unlist(c, old);
	list(c, e);
}

void cache_forget_bucket(struct backend *b, struct str name)
{
	struct cache_entry *e = find(b->cache, CACHE_BUCKET, name);

	b->cache->changes++;
	if (e)
		unlist(b->cache, e);
}

void backend_forget(struct backend *b)
{
	b->cache->changes++;
	while (b->cache->oldest)
		unlist(b->cache, b->cache->oldest);
}

void cache_close(struct backend *b)
{
	if (!b->cache)
		return;
	backend_forget(b);
	free(b->cache);
	b->cache = NULL;
}

static int copy_name(struct cache_entry *e, enum cache_kind kind, struct str name)
{
	void *to = store_alloc(&e->arena, name.len);

	e->kind = kind;
	e->users = 1;
	if (!to)
		return -ENOMEM;
	e->name = (struct store_text){ memcpy(to, name.at, name.len), name.len };
	return 0;
}

/* --- keys ------------------------------------------------------------------------- */

static int read_scopes(struct backend *b, struct cached_key *k)
{
	struct store_key_scope *page, *all = NULL;
	u64 after = 0;
	int n, rc = 0;

	do {
		n = store_key_scopes(b->store, k->row.access, after, SCOPES_PAGE,
				     &k->entry.arena, &page);
		if (n <= 0)
			break;
		all = store_alloc(&k->entry.arena, (k->scopes + n) * sizeof(*all));
		if (!all)
			return -ENOMEM;
		if (k->scopes)
			memcpy(all, k->scope, k->scopes * sizeof(*all));
		memcpy(all + k->scopes, page, n * sizeof(*all));
		k->scope = all;
		k->scopes += n;
		after = page[n - 1].bucket;
	} while (n == SCOPES_PAGE);
	if (n < 0)
		rc = n;
	return rc;
}

static int read_key(struct backend *b, struct cached_key *k)
{
	struct store_team team;
	int rc = store_key_find(b->store, k->entry.name, &k->entry.arena, &k->row);

	if (!rc)
		rc = owner_team(b, k->row.team, &k->entry.arena, &team);
	if (rc)
		return rc;
	k->team_name = team.name;
	owner_write(team.id, team.created, k->owner);
	k->entry.charge = CHARGE_MIN + sizeof(*k);
	rc = read_scopes(b, k);
	k->entry.charge += 2 * k->scopes * sizeof(*k->scope);
	return rc;
}

int cache_key(struct backend *b, struct str access, struct cached_key **key)
{
	struct cached_key *k = (struct cached_key *)get(b->cache, CACHE_KEY, access);
	u64 changes = b->cache->changes;
	int rc;

	if (k && k->row.expires && k->row.expires <= backend_now()) {
		unlist(b->cache, &k->entry);
		cache_put(b, &k->entry);
		return meta_status(S3_INVALID_ACCESS_KEY_ID);
	}
	*key = k;
	if (k)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	rc = copy_name(&k->entry, CACHE_KEY, access);
	if (!rc)
		rc = read_key(b, k);
	if (rc) {
		free_entry(&k->entry);
		return backend_status(rc);
	}
	keep(b->cache, &k->entry, changes);
	*key = k;
	return 0;
}

enum store_scope key_scope(const struct cached_key *key, const struct cached_bucket *bucket)
{
	unsigned int low = 0, high = key->scopes;

	if (!bucket || bucket->row.team != key->row.team)
		return key->row.scope;
	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (key->scope[mid].bucket == bucket->row.id)
			return key->scope[mid].scope;
		if (key->scope[mid].bucket < bucket->row.id)
			low = mid + 1;
		else
			high = mid;
	}
	return key->row.scope;
}

/* --- buckets ---------------------------------------------------------------------- */

static int read_document(struct backend *b, struct cached_bucket *k, enum store_document kind,
			 struct store_text *to)
{
	int rc = store_bucket_document(b->store, k->row.team, k->row.id, kind, &k->entry.arena,
				       to);

	if (rc == -STORE_NO_SUCH_ACL || rc == -STORE_NO_SUCH_BUCKET_POLICY ||
	    rc == -STORE_NO_SUCH_LIFECYCLE || rc == -STORE_NO_SUCH_OWNERSHIP ||
	    rc == -STORE_NO_SUCH_PUBLIC_ACCESS)
		rc = 0;
	k->entry.charge += 8 * to->len;
	return rc;
}

struct compile {
	struct cached_bucket *bucket;
	struct store_text policy, lifecycle;
};

/* On a thread of the pool: readers of JSON and XML are not for a fiber's stack. */
static int compile(void *arg)
{
	struct compile *c = arg;
	struct cached_bucket *k = c->bucket;
	struct s3_fault fault = { 0 };
	enum s3_code code = S3_OK;
	int n = 0;

	if (c->policy.len)
		code = s3_policy_parse(str_of_text(c->policy), str_of_text(k->row.name),
				       &k->policy, &fault);
	if (code == S3_INTERNAL_ERROR)
		return -ENOMEM;
	if (code) {
		/* Nobody but its owner, who may put another one. */
		log_line(LEVEL_ERROR,
			 "bucket %.*s: its policy is not obeyed, all is denied: %s; put it anew",
			 (int)k->row.name.len, (const char *)k->row.name.data, fault.message);
		k->unreadable = true;
	}
	k->policy_public = k->policy && s3_policy_is_public(k->policy);
	if (c->lifecycle.len)
		n = expiry_compile(str_of_text(c->lifecycle), &k->entry.arena, &k->rule);
	k->rules = n > 0 ? n : 0;
	return n < 0 ? n : 0;
}

/* What cannot be read by this version, and is not the bucket's own, is no reason to fail. */
static int read_caching(struct backend *b, struct cached_bucket *k, u64 newest)
{
	const struct policy *policy;
	int rc = plan_policy(b, k->row.team, k->row.policy, newest, &k->entry.arena, &policy);

	k->uncached = rc || !policy->cache;
	return rc == -EUCLEAN ? 0 : rc;
}

/* Of what cannot be read, nobody knows what it was to keep away: all is. */
static int read_limits(struct backend *b, struct cached_bucket *k)
{
	struct store_text ownership = { 0 }, blocked = { 0 };
	int rc = read_document(b, k, STORE_OWNERSHIP, &ownership);

	if (!rc)
		rc = read_document(b, k, STORE_PUBLIC_ACCESS, &blocked);
	if (rc)
		return rc;
	if (ownership.len)
		k->ownership = s3_ownership_find(str_of_text(ownership));
	if (k->ownership == S3_OWNERSHIPS) {
		log_line(LEVEL_ERROR,
			 "bucket %.*s: its ownership controls cannot be read, no ACL counts; put them anew",
			 (int)k->row.name.len, (const char *)k->row.name.data);
		k->ownership = S3_BUCKET_OWNER_ENFORCED;
	}
	if (blocked.len && !s3_public_access_parse(str_of_text(blocked), &k->blocked)) {
		log_line(LEVEL_ERROR,
			 "bucket %.*s: its public access block cannot be read, all is blocked; put it anew",
			 (int)k->row.name.len, (const char *)k->row.name.data);
		k->blocked = S3_PUBLIC_ACCESS_ALL;
	}
	return 0;
}

static int read_bucket(struct backend *b, struct cached_bucket *k)
{
	struct store_text acl = { 0 };
	struct compile c = { .bucket = k };
	struct store_policy policy;
	struct store_team team;
	int rc = store_bucket_look(b->store, k->entry.name, &k->entry.arena, &k->row);

	k->entry.charge = CHARGE_MIN + sizeof(*k);
	if (!rc)
		rc = owner_team(b, k->row.team, &k->entry.arena, &team);
	if (!rc)
		rc = store_policy_get(b->store, k->row.team, k->row.policy, 0, &k->entry.arena,
				      &policy);
	if (!rc)
		rc = read_caching(b, k, policy.revision);
	if (!rc)
		rc = read_document(b, k, STORE_ACL, &acl);
	if (!rc)
		rc = read_document(b, k, STORE_BUCKET_POLICY, &c.policy);
	if (!rc)
		rc = read_document(b, k, STORE_LIFECYCLE, &c.lifecycle);
	if (!rc)
		rc = read_limits(b, k);
	if (rc)
		return rc;
	k->owner_name = team.name;
	owner_write(team.id, team.created, k->owner);
	k->policy_name = policy.name;
	grants_read(acl, &k->entry.arena, &k->acl);
	return c.policy.len || c.lifecycle.len ? io_work(b->db, compile, &c, 0) : 0;
}

int cache_bucket(struct backend *b, struct str name, struct cached_bucket **bucket)
{
	struct cached_bucket *k = (struct cached_bucket *)get(b->cache, CACHE_BUCKET, name);
	u64 changes = b->cache->changes;
	int rc;

	*bucket = k;
	if (k)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	rc = copy_name(&k->entry, CACHE_BUCKET, name);
	if (!rc)
		rc = read_bucket(b, k);
	if (rc) {
		free_entry(&k->entry);
		return backend_status(rc);
	}
	keep(b->cache, &k->entry, changes);
	*bucket = k;
	return 0;
}
