// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lifecycles (S3 User Guide, "Managing the lifecycle of objects"): what a bucket's rules name is
 * deleted from the midnight on, UTC, that follows the day on which it has become old enough.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "care.h"
#include "log.h"
#include "plan_private.h"
#include "s3/body.h"
#include "s3/tags.h"

#define DAY_US	86400000000ull
#define ROWS	256u

/* Rules of one document, copied: a reader's texts last as long as its call. */
struct rules {
	struct str document;
	struct s3_lifecycle_rule *rule;
	unsigned int count;
	struct store_arena arena;
	enum s3_code code;
};

/* One rule in one bucket. */
struct pass {
	struct backend *b;
	const struct store_bucket *bucket;
	const struct s3_lifecycle_rule *rule;
	struct s3_tags *tags;
	u64 now, midnight;
	unsigned int done;
};

/* --- reading, by a worker: the reader's stack is its own matter -------------------- */

static struct str keep(struct store_arena *a, struct str s, bool *bad)
{
	char *to = store_alloc(a, s.len + 1);

	*bad |= !to;
	if (to && s.len)
		memcpy(to, s.at, s.len);
	return (struct str){ to, to ? s.len : 0 };
}

static enum s3_code keep_rule(void *arg, const struct s3_lifecycle_rule *rule)
{
	struct rules *r = arg;
	struct s3_lifecycle_rule *to;
	bool bad = false;
	unsigned int i;

	to = reallocarray(r->rule, r->count + 1, sizeof(*to));
	if (!to)
		return S3_INTERNAL_ERROR;
	r->rule = to;
	to += r->count++;
	*to = *rule;
	to->id = STR_NONE;
	to->prefix = keep(&r->arena, rule->prefix, &bad);
	for (i = 0; i < rule->tags; i++) {
		to->tag[i].key = keep(&r->arena, rule->tag[i].key, &bad);
		to->tag[i].value = keep(&r->arena, rule->tag[i].value, &bad);
	}
	return bad ? S3_INTERNAL_ERROR : S3_OK;
}

static int read_rules(void *arg)
{
	struct rules *r = arg;
	struct s3_fault fault = { 0 };

	r->code = s3_read_lifecycle(r->document, keep_rule, r, &fault);
	return 0;
}

/* --- judging -------------------- */

static struct str text(struct store_text t)
{
	return (struct str){ t.data, t.len };
}

static bool has_tag(const struct s3_tags *t, struct str key, struct str value)
{
	unsigned int i;

	for (i = 0; i < t->count; i++)
		if (str_equal(t->tag[i].key, key) && str_equal(t->tag[i].value, value))
			return true;
	return false;
}

static bool tags_fit(const struct pass *p, const struct store_entry *e)
{
	struct s3_fault fault = { 0 };
	unsigned int i;

	if (!p->rule->tags)
		return true;
	memset(p->tags, 0, offsetof(struct s3_tags, text));
	if (s3_tags_from_header(p->tags, text(e->tags), &fault))
		return false;
	for (i = 0; i < p->rule->tags; i++)
		if (!has_tag(p->tags, p->rule->tag[i].key, p->rule->tag[i].value))
			return false;
	return true;
}

static bool fits(const struct pass *p, const struct store_entry *e)
{
	const struct s3_lifecycle_rule *r = p->rule;

	return (!r->has_larger || e->size > r->larger) &&
	       (!r->has_smaller || e->size < r->smaller) && tags_fit(p, e);
}

/* Are there @kept versions between this one and the latest? */
static int has_newer(struct pass *p, const struct store_entry *e, u32 kept, bool *yes)
{
	STORE_ARENA a = { 0 };
	struct store_listing found;
	struct store_list list = {
		.team = p->bucket->team, .bucket = p->bucket->id, .prefix = e->name,
		.max = STORE_LIST_MAX,
	};
	u32 newer = 0;
	unsigned int i;
	int rc;

	/* All versions of a name come first among those that begin with it, the latest first. */
	rc = store_list_versions(p->b->store, &list, &a, &found);
	for (i = 0; !rc && i < found.count; i++) {
		const struct store_entry *v = &found.entry[i];

		if (v->name.len != e->name.len || v->order <= e->order)
			break;
		newer += !v->latest;
	}
	*yes = !rc && newer >= kept;
	return rc;
}

/* --- doing -------------------- */

/* What has changed since it was looked at is somebody's, and stays. */
static int let_go(struct pass *p, enum store_expiry kind, const struct store_entry *e)
{
	const struct store_condition condition = { .order = e->order };
	const struct store_version latest = { .kind = STORE_LATEST };
	struct store_result result;
	int rc;

	if (kind == STORE_EXPIRE_UPLOAD)
		rc = store_upload_abort(p->b->store, p->bucket->team, p->bucket->id, e->name,
					e->version.id);
	else
		rc = store_object_delete(p->b->store, p->bucket->team, p->bucket->id, e->name,
					 kind == STORE_EXPIRE_CURRENT ? &latest : &e->version,
					 kind == STORE_EXPIRE_CURRENT ? &condition : NULL, &result);
	if (rc == -STORE_PRECONDITION || rc == -STORE_NO_SUCH_KEY || rc == -STORE_NO_SUCH_UPLOAD ||
	    rc == -STORE_NO_SUCH_VERSION)
		return 0;
	if (rc)
		return rc;
	p->done++;
	p->b->care->counts.expired++;
	return 0;
}

static int judge(struct pass *p, enum store_expiry kind, const struct store_entry *e)
{
	bool go = true;
	int rc = 0;

	if (kind == STORE_EXPIRE_CURRENT || kind == STORE_EXPIRE_NONCURRENT)
		go = e->marker ? !p->rule->tags : fits(p, e);
	if (go && kind == STORE_EXPIRE_NONCURRENT && p->rule->noncurrent_kept)
		rc = has_newer(p, e, p->rule->noncurrent_kept, &go);
	if (!rc && go)
		rc = let_go(p, kind, e);
	return rc;
}

/* All of a kind that are older than @before. */
static int go_through(struct pass *p, enum store_expiry kind, u64 before)
{
	struct store_expire ask = {
		.bucket = p->bucket->id, .kind = kind, .before = before, .max = ROWS,
		.prefix = { p->rule->prefix.at, p->rule->prefix.len },
	};
	char name[STORE_NAME_MAX];
	struct store_listing found;
	unsigned int i;
	int rc;

	do {
		STORE_ARENA a = { 0 };

		rc = store_expired(p->b->store, &ask, &a, &found);
		for (i = 0; !rc && i < found.count; i++)
			rc = judge(p, kind, &found.entry[i]);
		if (rc || !found.truncated)
			break;
		memcpy(name, found.next.data, found.next.len);
		ask.after = (struct store_text){ name, found.next.len };
		ask.after_version = found.next_version;
	} while (!io_cancelled());
	return rc;
}

/* Made before that, it is old enough at the last midnight. */
static u64 before_days(const struct pass *p, u32 days)
{
	u64 age = days * DAY_US;

	return p->midnight > age ? p->midnight - age + 1 : 0;
}

static int apply(struct pass *p)
{
	const struct s3_lifecycle_rule *r = p->rule;
	int rc = 0;

	if (r->days)
		rc = go_through(p, STORE_EXPIRE_CURRENT, before_days(p, r->days));
	else if (r->date && (u64)r->date * 1000 <= p->now)
		rc = go_through(p, STORE_EXPIRE_CURRENT, p->now);
	if (!rc && r->noncurrent_days)
		rc = go_through(p, STORE_EXPIRE_NONCURRENT, before_days(p, r->noncurrent_days));
	/* After the versions: the last of them may just have left a marker alone. */
	if (!rc && r->expire_delete_marker)
		rc = go_through(p, STORE_EXPIRE_MARKER, p->now);
	if (!rc && r->abort_days)
		rc = go_through(p, STORE_EXPIRE_UPLOAD, before_days(p, r->abort_days));
	return rc;
}

/* --- buckets -------------------- */

static int expire_bucket(struct backend *b, const struct store_bucket *bucket)
{
	STORE_ARENA a = { 0 };
	struct pass p = { .b = b, .bucket = bucket, .now = b->care->now() };
	struct rules r = { 0 };
	struct store_text body;
	unsigned int i;
	int rc = store_bucket_document(b->store, bucket->team, bucket->id, STORE_LIFECYCLE, &a,
				       &body);

	if (rc)
		return rc == -STORE_NO_SUCH_LIFECYCLE || rc == -STORE_NO_SUCH_BUCKET ? 0 : rc;
	p.midnight = p.now - p.now % DAY_US;
	r.document = text(body);
	p.tags = malloc(sizeof(*p.tags));
	rc = p.tags ? io_work(b->db, read_rules, &r, 0) : -ENOMEM;
	if (!rc && r.code)
		log_line(LEVEL_ERROR, "the lifecycle of bucket %.*s cannot be read",
			 (int)bucket->name.len, (const char *)bucket->name.data);
	for (i = 0; !rc && !r.code && i < r.count; i++) {
		p.rule = &r.rule[i];
		if (p.rule->enabled)
			rc = apply(&p);
	}
	free(p.tags);
	free(r.rule);
	store_arena_free(&r.arena);
	return rc ? rc : (int)p.done;
}

static int expire_team(struct backend *b, u64 team)
{
	char name[STORE_NAME_MAX];
	struct store_text after = { 0 };
	struct store_bucket *page;
	int n, i, rc = 0, done = 0;

	do {
		STORE_ARENA a = { 0 };

		n = store_bucket_list(b->store, team, STORE_TEXT(""), after, 64, &a, &page);
		for (i = 0; rc != -ECANCELED && i < n; i++) {
			rc = expire_bucket(b, &page[i]);
			done += rc > 0 ? rc : 0;
			if (rc < 0 && rc != -ECANCELED)
				log_line(LEVEL_WARNING, "the lifecycle of bucket %.*s is left for later: %s",
					 (int)page[i].name.len, (const char *)page[i].name.data,
					 store_s3_error(rc)->code);
		}
		if (n > 0) {
			after = page[n - 1].name;
			memcpy(name, after.data, after.len);
			after.data = name;
		}
	} while (rc != -ECANCELED && n == 64);
	if (rc == -ECANCELED)
		return rc;
	return n < 0 ? n : done;
}

int care_expire(struct backend *b)
{
	struct store_team *page;
	u64 after = 0;
	int n, i, rc = 0, done = 0;

	do {
		STORE_ARENA a = { 0 };

		n = store_team_list(b->store, after, 64, &a, &page);
		for (i = 0; rc >= 0 && i < n; i++) {
			rc = expire_team(b, page[i].id);
			done += rc > 0 ? rc : 0;
		}
		after = n > 0 ? page[n - 1].id : 0;
	} while (rc >= 0 && n == 64);
	if (rc < 0)
		return rc;
	return n < 0 ? n : done;
}
