// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When a lifecycle expires an object, for x-amz-expiration ("How S3 Lifecycle calculates how
 * long an object has been current", S3 User Guide): so many days after it was made, rounded up
 * to midnight UTC; of several rules the earliest counts.
 */
#include <errno.h>
#include <string.h>

#include "backend_private.h"
#include "http/date.h"
#include "http/uri.h"
#include "s3/tags.h"

#define DAY_US	86400000000ull
#define RULES_MAX	S3_LIFECYCLE_MAX

struct expiry_rule {
	struct str id, prefix;
	unsigned int tags;
	struct {
		struct str key, value;
	} tag[S3_LIFECYCLE_TAGS];
	bool has_larger, has_smaller;
	u64 larger, smaller;
	u32 days;
	s64 date_ms;
};

struct compile {
	struct store_arena *arena;
	struct expiry_rule *rule;
	unsigned int count, room;
	bool failed;
};

static struct str copy(struct compile *c, struct str s)
{
	char *to = store_alloc(c->arena, s.len + 1);

	if (!to) {
		c->failed = true;
		return STR_NONE;
	}
	if (s.len)
		memcpy(to, s.at, s.len);
	return (struct str){ to, s.len };
}

static struct expiry_rule *next_rule(struct compile *c)
{
	unsigned int room = c->room ? 2 * c->room : 4;
	struct expiry_rule *more;

	if (c->count == c->room) {
		more = store_alloc(c->arena, room * sizeof(*more));
		if (!more) {
			c->failed = true;
			return NULL;
		}
		if (c->count)
			memcpy(more, c->rule, c->count * sizeof(*more));
		c->rule = more;
		c->room = room;
	}
	return &c->rule[c->count];
}

static enum s3_code take_rule(void *arg, const struct s3_lifecycle_rule *r)
{
	struct compile *c = arg;
	struct expiry_rule *to;
	unsigned int i;

	if (!r->enabled || (!r->days && !r->date))
		return S3_OK;
	to = next_rule(c);
	if (!to)
		return S3_INTERNAL_ERROR;
	*to = (struct expiry_rule){
		.id = copy(c, r->id), .prefix = copy(c, r->prefix), .tags = r->tags,
		.has_larger = r->has_larger, .has_smaller = r->has_smaller,
		.larger = r->larger, .smaller = r->smaller, .days = r->days, .date_ms = r->date,
	};
	for (i = 0; i < r->tags; i++) {
		to->tag[i].key = copy(c, r->tag[i].key);
		to->tag[i].value = copy(c, r->tag[i].value);
	}
	c->count++;
	return c->failed ? S3_INTERNAL_ERROR : S3_OK;
}

int expiry_compile(struct str document, struct store_arena *a, struct expiry_rule **rule)
{
	struct compile c = { .arena = a };
	struct s3_fault fault;
	enum s3_code code = s3_read_lifecycle(document, take_rule, &c, &fault);

	*rule = c.rule;
	if (c.failed)
		return -ENOMEM;
	return code ? -EUCLEAN : (int)c.count;
}

static bool has_tag(const struct s3_tags *tags, struct str key, struct str value)
{
	unsigned int i;

	for (i = 0; i < tags->count; i++)
		if (str_equal(tags->tag[i].key, key) && str_equal(tags->tag[i].value, value))
			return true;
	return false;
}

static bool rule_matches(const struct expiry_rule *r, struct store_text name,
			 const struct s3_tags *tags, u64 size)
{
	unsigned int i;

	if (!str_starts(str_of_text(name), r->prefix) || (r->has_larger && size <= r->larger) ||
	    (r->has_smaller && size >= r->smaller))
		return false;
	for (i = 0; i < r->tags; i++)
		if (!tags || !has_tag(tags, r->tag[i].key, r->tag[i].value))
			return false;
	return true;
}

/* Microseconds since 1970. */
static u64 rule_time(const struct expiry_rule *r, u64 modified)
{
	u64 at = modified + r->days * DAY_US;

	if (r->date_ms)
		return (u64)r->date_ms * 1000;
	return (at + DAY_US - 1) / DAY_US * DAY_US;
}

static struct rpc_bytes write_expiry(const struct expiry_rule *r, u64 at, struct store_arena *a)
{
	size_t size = 64 + 3 * r->id.len;
	struct out o = OUT(store_alloc(a, size), size);

	if (!o.at)
		return (struct rpc_bytes){ 0 };
	out_text(&o, "expiry-date=\"");
	http_date_write(&o, at / 1000000);
	out_text(&o, "\", rule-id=\"");
	uri_encode(&o, r->id, 0);
	out_char(&o, '"');
	return o.err ? (struct rpc_bytes){ 0 } : (struct rpc_bytes){ o.at, (u32)o.len };
}

struct rpc_bytes expiry_of(const struct cached_bucket *bucket, struct store_text name,
			   struct store_text tags, u64 size, u64 modified, struct store_arena *a)
{
	const struct expiry_rule *first = NULL;
	struct s3_tags *parsed = NULL;
	struct s3_fault fault;
	unsigned int i;
	u64 at = 0;

	if (!bucket->rules)
		return (struct rpc_bytes){ 0 };
	if (tags.len) {
		parsed = store_alloc(a, sizeof(*parsed));
		if (parsed && s3_tags_from_header(parsed, str_of_text(tags), &fault))
			parsed = NULL;
	}
	for (i = 0; i < bucket->rules; i++) {
		const struct expiry_rule *r = &bucket->rule[i];

		if (!rule_matches(r, name, parsed, size) || (first && rule_time(r, modified) >= at))
			continue;
		first = r;
		at = rule_time(r, modified);
	}
	return first ? write_expiry(first, at, a) : (struct rpc_bytes){ 0 };
}
