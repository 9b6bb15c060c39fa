// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the conditions of a bucket's policy may ask about.  A team's account is its name: its
 * keys are arn:aws:iam::TEAM:user/ACCESS-KEY, and their CanonicalUser the team's canonical id.
 */
#include <errno.h>
#include <stdio.h>

#include "authz_context.h"
#include "base/hex.h"
#include "http/date.h"
#include "s3/tags.h"

#define CONTEXTS_MAX	96u	/* 20 of the request, 16 of the gateway, 50 or less of tags */
#define TEXT_MAX	512u

struct context {
	struct s3_policy_request request;
	struct s3_policy_context item[CONTEXTS_MAX];
	unsigned int count;
	bool full;			/* one did not fit: nothing can be said then */
	char now[24], date[ISO_DATE_LEN + 1], max[12], version[2 * STORE_VERSION_BYTES + 1];
	char arn[TEXT_MAX];
};

static void add(struct context *x, struct str key, struct str value)
{
	if (x->count < CONTEXTS_MAX)
		x->item[x->count++] = (struct s3_policy_context){ key, value };
	else
		x->full = true;
}

static void add_bytes(struct context *x, const char *key, struct rpc_bytes value)
{
	if (value.len)
		add(x, str_of(key), str_of_bytes(value));
}

/* @prefix: "s3:ExistingObjectTag/"; @keys: "s3:RequestObjectTagKeys", or NULL. */
static int add_tags(struct call *c, struct context *x, const char *prefix, const char *keys,
		    struct rpc_bytes header)
{
	struct s3_tags *tags;
	struct s3_fault fault;
	unsigned int i;

	if (!header.len)
		return 0;
	tags = store_alloc(&c->arena, sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	/* The gateway has checked them: a policy is not asked about half of a list. */
	if (s3_tags_from_header(tags, str_of_bytes(header), &fault))
		return meta_status(S3_INVALID_TAG);
	for (i = 0; i < tags->count; i++) {
		size_t size = strlen(prefix) + tags->tag[i].key.len;
		char *name = store_alloc(&c->arena, size);

		if (!name)
			return -ENOMEM;
		memcpy(name, prefix, strlen(prefix));
		memcpy(name + strlen(prefix), tags->tag[i].key.at, tags->tag[i].key.len);
		add(x, (struct str){ name, size }, tags->tag[i].value);
		if (keys)
			add(x, str_of(keys), tags->tag[i].key);
	}
	return 0;
}

static void add_caller(struct call *c, struct context *x)
{
	const struct meta_caller *who = c->caller;
	struct str access = str_of_bytes(who->access_key);
	struct out date = OUT(x->date, sizeof(x->date) - 1);
	u64 now = backend_now();
	u32 i;

	add_bytes(x, "aws:SourceIp", who->address);
	add_bytes(x, "aws:UserAgent", who->agent);
	add_bytes(x, "aws:Referer", who->referer);
	add(x, STR("aws:SecureTransport"), who->secure ? STR("true") : STR("false"));
	snprintf(x->now, sizeof(x->now), "%llu", (unsigned long long)now / 1000000);
	iso_date_write(&date, now / 1000);
	add(x, STR("aws:CurrentTime"), out_written(&date));
	add(x, STR("aws:EpochTime"), str_of(x->now));
	add(x, STR("aws:PrincipalType"), c->key ? STR("User") : STR("Anonymous"));
	for (i = 0; i < who->contexts; i++)
		add(x, str_of_bytes(who->context[i].key), str_of_bytes(who->context[i].value));
	if (!c->key)
		return;
	snprintf(x->arn, sizeof(x->arn), "arn:aws:iam::%.*s:user/%.*s",
		 (int)c->key->team_name.len, (const char *)c->key->team_name.data,
		 STR_ARG(access));
	add(x, STR("aws:userid"), str_of(c->key->owner));
	add(x, STR("aws:username"), access);
	add(x, STR("aws:PrincipalArn"), str_of(x->arn));
	add(x, STR("aws:PrincipalAccount"), str_of_text(c->key->team_name));
	x->request.user_id = str_of(c->key->owner);
	x->request.user_arn = str_of(x->arn);
	x->request.account = str_of_text(c->key->team_name);
}

static void add_version(const struct store_version *version, struct context *x)
{
	if (version->kind == STORE_NULL)
		add(x, STR("s3:VersionId"), STR("null"));
	if (version->kind != STORE_BY_ID)
		return;
	hex_encode(version->id, STORE_VERSION_BYTES, x->version);
	add(x, STR("s3:VersionId"), str_of(x->version));
}

static void add_list(const struct meta_list *list, struct context *x)
{
	/* An empty prefix is one, as it is for "s3:prefix": "". */
	add(x, STR("s3:prefix"), list->prefix.len ? str_of_bytes(list->prefix) : STR(""));
	if (list->delimiter.len)
		add(x, STR("s3:delimiter"), str_of_bytes(list->delimiter));
	snprintf(x->max, sizeof(x->max), "%u", list->max);
	add(x, STR("s3:max-keys"), str_of(x->max));
}

/*
 * The tags of the object as it is, for operations that have not looked at it.  Several of one
 * call may be here at once: what a thread of the pool writes to is not the call's.
 */
static int add_existing(struct call *c, struct context *x, const struct authz_ask *ask)
{
	struct store_arena arena = { 0 };
	struct rpc_bytes tags = { 0 };
	struct store_object o;
	char *copy;
	int rc;

	if (!s3_policy_asks_tags(c->bucket->policy))
		return 0;
	if (ask->object)
		return add_tags(c, x, "s3:ExistingObjectTag/", NULL, bytes_of(ask->object->tags));
	if (!ask->name.len)
		return 0;
	rc = store_object_get(c->b->store, call_team(c), c->bucket->row.id, text_of(ask->name),
			      ask->version, &arena, &o);
	if (!rc && o.tags.len) {
		copy = store_alloc(&c->arena, o.tags.len);
		if (copy)
			tags = (struct rpc_bytes){ memcpy(copy, o.tags.data, o.tags.len),
						   o.tags.len };
		else
			rc = -ENOMEM;
	}
	store_arena_free(&arena);
	if (ask->judged && !rc)
		ask->judged->order = o.order;
	else if (ask->judged && rc == -STORE_NO_SUCH_KEY)
		ask->judged->if_none_match = STORE_TEXT("*");
	/* What is not there has none; a marker neither. */
	if (rc == -STORE_NO_SUCH_KEY || rc == -STORE_NO_SUCH_VERSION ||
	    rc == -STORE_METHOD_NOT_ALLOWED)
		return 0;
	return rc ? backend_status(rc) :
	       add_tags(c, x, "s3:ExistingObjectTag/", NULL, tags);
}

int authz_policy(struct call *c, const struct authz_ask *ask, enum s3_decision *decision)
{
	const struct authz_rule *rule = &authz_rules[ask->op];
	bool version = ask->version && ask->version->kind != STORE_LATEST;
	struct context *x = store_alloc(&c->arena, sizeof(*x));
	int rc;

	if (!x)
		return -ENOMEM;
	x->request.action = str_of(version && rule->version_action ? rule->version_action
								   : rule->action);
	x->request.bucket = str_of_text(c->bucket->row.name);
	if (ask->name.len)
		x->request.key = str_of_bytes(ask->name);
	add_caller(c, x);
	if (version)
		add_version(ask->version, x);
	if (ask->list)
		add_list(ask->list, x);
	add_bytes(x, "s3:x-amz-acl", ask->canned_acl);
	add_bytes(x, "s3:if-match", ask->if_match);
	add_bytes(x, "s3:if-none-match", ask->if_none_match);
	rc = add_tags(c, x, "s3:RequestObjectTag/", "s3:RequestObjectTagKeys", ask->tags);
	if (!rc)
		rc = add_existing(c, x, ask);
	if (!rc && x->full)
		rc = meta_status(S3_INTERNAL_ERROR);
	x->request.context = x->item;
	x->request.contexts = x->count;
	if (!rc)
		*decision = s3_policy_evaluate(c->bucket->policy, &x->request);
	return rc;
}
