// SPDX-License-Identifier: GPL-2.0-or-later
/* Teams and their keys. */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "base/secret.h"
#include "s3/policy.h"

#define ACCESS_DIGITS	20u
#define KEYS_MAX	1000u
#define POLICIES_PAGE	64
#define NAMED		"the policy of bucket %.*s names a team %.*s: take it out of that first"

static int find_team(struct api_ask *a, struct store_text name, u64 *id)
{
	struct store_team *page;
	u64 after = 0;
	int n, i;

	do {
		n = store_team_list(a->b->store, after, STORE_LIST_MAX, &a->arena, &page);
		for (i = 0; i < n; i++)
			if (page[i].name.len == name.len &&
			    !memcmp(page[i].name.data, name.data, name.len)) {
				*id = page[i].id;
				return 0;
			}
		after = n > 0 ? page[n - 1].id : 0;
	} while (n == STORE_LIST_MAX);
	return n < 0 ? n : api_refuse(a, 404, "there is no team %.*s", (int)name.len,
				      (const char *)name.data);
}

int admin_team(struct api_ask *a, bool needed, u64 *team)
{
	struct store_text name = { 0 };
	int rc = api_text(a, "team", needed, &name);

	*team = 0;
	return rc || !name.len ? rc : find_team(a, name, team);
}

static int named_team(struct api_ask *a, u64 *team)
{
	struct store_text name = { 0 };
	int rc = api_text(a, "name", true, &name);

	return rc ? rc : find_team(a, name, team);
}

/* One page of policies, of which one may name a team. */
struct naming {
	struct store_held *page;
	int count;
	struct str team;
	const struct store_held *found;
};

static struct str str_from_text(struct store_text t)
{
	return (struct str){ t.data, t.len };
}

/* On a thread of the pool.  A policy that cannot be read is not obeyed either. */
static int look_for_name(void *arg)
{
	struct naming *n = arg;
	struct s3_policy *policy;
	struct s3_fault fault;
	int i;

	for (i = 0; !n->found && i < n->count; i++) {
		struct store_held *h = &n->page[i];

		if (s3_policy_parse(str_from_text(h->body), str_from_text(h->name), &policy,
				    &fault) == S3_INTERNAL_ERROR)
			return -ENOMEM;
		if (policy && s3_policy_names(policy, n->team))
			n->found = h;
		s3_policy_free(policy);
	}
	return 0;
}

/*
 * Policies know teams by their names.  What one has granted to a team that is gone must not be
 * another's that is given its name.
 */
static int is_unnamed(struct api_ask *a, struct store_text name)
{
	struct naming n = { .team = str_from_text(name) };
	u64 after = 0;
	int rc;

	do {
		STORE_ARENA arena = { 0 };

		n.count = store_document_list(a->b->store, STORE_BUCKET_POLICY, after,
					      POLICIES_PAGE, &arena, &n.page);
		rc = n.count < 0 ? n.count : io_work(a->b->db, look_for_name, &n, a->deadline);
		if (!rc && n.found)
			return api_refuse(a, 409, NAMED, STR_ARG(str_from_text(n.found->name)),
					  STR_ARG(n.team));
		after = n.count > 0 ? n.page[n.count - 1].bucket : 0;
	} while (!rc && n.count == POLICIES_PAGE);
	return rc;
}

int admin_team_create(struct api_ask *a)
{
	struct store_text name = { 0 };
	u64 id;
	int rc = api_text(a, "name", true, &name);

	if (!rc)
		rc = is_unnamed(a, name);
	if (!rc)
		rc = store_team_create(a->b->store, name, &id);
	if (rc)
		return rc;
	a->out = json_pack("{s:I, s:o}", "id", (json_int_t)id, "name", api_string(name));
	return 201;
}

int admin_team_delete(struct api_ask *a)
{
	u64 team;
	int rc = named_team(a, &team);

	if (!rc)
		rc = store_team_delete(a->b->store, team);
	return rc ? rc : 204;
}

int admin_team_list(struct api_ask *a)
{
	struct store_team *page;
	u64 after = 0;
	int n, i, rc = 0;

	a->out = json_array();
	do {
		n = store_team_list(a->b->store, after, STORE_LIST_MAX, &a->arena, &page);
		for (i = 0; !rc && i < n; i++)
			rc = api_append(a, json_pack("{s:I, s:o, s:o}", "id",
						     (json_int_t)page[i].id, "name",
						     api_string(page[i].name), "created",
						     api_time(page[i].created)));
		after = n > 0 ? page[n - 1].id : 0;
	} while (!rc && n == STORE_LIST_MAX);
	if (rc)
		return rc;
	return n < 0 ? n : 200;
}

int admin_team_usage(struct api_ask *a)
{
	struct store_traffic t;
	struct store_usage u;
	u64 team;
	int rc = named_team(a, &team);

	if (!rc)
		rc = store_team_usage(a->b->store, team, &u);
	if (!rc)
		rc = store_team_traffic(a->b->store, team, &t);
	if (rc)
		return rc;
	a->out = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id", (json_int_t)team,
			   "objects", (json_int_t)u.objects, "versions", (json_int_t)u.versions,
			   "bytes", (json_int_t)u.bytes, "upload_bytes", (json_int_t)u.uploads,
			   "requests", (json_int_t)t.requests, "bytes_in", (json_int_t)t.received,
			   "bytes_out", (json_int_t)t.sent);
	return 200;
}

/* --- keys -------------------- */

static const char *const scopes[] = {
	[STORE_SCOPE_NONE] = "none", [STORE_SCOPE_READ] = "read", [STORE_SCOPE_FULL] = "full",
};

static int read_scope(struct api_ask *a, bool needed, enum store_scope *scope)
{
	struct store_text text = { 0 };
	unsigned int i;
	int rc = api_text(a, "scope", needed, &text);

	if (rc || !text.len)
		return rc;
	for (i = 0; i < 3; i++)
		if (strlen(scopes[i]) == text.len && !memcmp(scopes[i], text.data, text.len)) {
			*scope = i;
			return 0;
		}
	return api_refuse(a, 400, "scope is not none, read or full");
}

/* As AWS has them: upper case and digits 2 to 7, so that nobody has to tell O from 0. */
static int draw_access(char to[ACCESS_DIGITS + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	u8 random[ACCESS_DIGITS];
	unsigned int i;

	if (random_bytes(random, sizeof(random)))
		return -EIO;
	memcpy(to, "SKY", 3);
	for (i = 3; i < ACCESS_DIGITS; i++)
		to[i] = digits[random[i] & 31];
	to[ACCESS_DIGITS] = 0;
	return 0;
}

/* The secret is in the answer, and nowhere else in the clear. */
static int make_key(struct api_ask *a, struct store_key *key)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = {
		.kind = VAULT_API_SECRET, .owner = key->team,
		.name = { key->access.data, key->access.len },
	};
	struct vault_give give;
	const struct link_call call = {
		VAULT_MAKE_SECRET, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	int rc = link_do(a->b->vault, &call, &answer,
			 a->deadline ? a->deadline : io_after_ms(10000));

	if (rc)
		return rc;
	key->secret = (struct store_text){ give.blob.data, give.blob.len };
	rc = store_key_create(a->b->store, key);
	if (rc)
		return rc;
	a->out = json_pack("{s:o, s:s%}", "access_key", api_string(key->access), "secret_key",
			   give.secret.data, (size_t)give.secret.len);
	return a->out ? 201 : -ENOMEM;
}

int admin_key_create(struct api_ask *a)
{
	struct store_key key = { .enabled = true, .scope = STORE_SCOPE_FULL };
	char access[ACCESS_DIGITS + 1];
	u64 seconds = 0;
	int rc = admin_team(a, true, &key.team);

	if (!rc)
		rc = read_scope(a, false, &key.scope);
	if (!rc)
		rc = api_text(a, "comment", false, &key.comment);
	if (!rc)
		rc = api_number(a, "expires_in", 100ull * 366 * 86400, &seconds);
	if (!rc)
		rc = draw_access(access);
	if (rc)
		return rc;
	key.access = (struct store_text){ access, ACCESS_DIGITS };
	key.expires = seconds ? plan_now() + seconds * 1000000 : 0;
	return make_key(a, &key);
}

/* Whose a key is, whether or not it may be used. */
static int find_key(struct api_ask *a, struct store_text *access, u64 *team)
{
	int rc = admin_team(a, true, team);

	return rc ? rc : api_text(a, "access_key", true, access);
}

int admin_key_delete(struct api_ask *a)
{
	struct store_text access = { 0 };
	u64 team;
	int rc = find_key(a, &access, &team);

	if (!rc)
		rc = store_key_delete(a->b->store, team, access);
	return rc ? rc : 204;
}

static int enable(struct api_ask *a, bool enabled)
{
	struct store_text access = { 0 };
	u64 team;
	int rc = find_key(a, &access, &team);

	if (!rc)
		rc = store_key_enable(a->b->store, team, access, enabled);
	return rc ? rc : 204;
}

int admin_key_enable(struct api_ask *a)
{
	return enable(a, true);
}

int admin_key_disable(struct api_ask *a)
{
	return enable(a, false);
}

int admin_key_list(struct api_ask *a)
{
	struct store_text after = { 0 };
	struct store_key *page;
	u64 team;
	int rc = admin_team(a, true, &team), n = 0, i;

	if (!rc)
		rc = api_text(a, "after", false, &after);
	if (!rc)
		n = store_key_list(a->b->store, team, after, KEYS_MAX, &a->arena, &page);
	a->out = json_array();
	for (i = 0; !rc && i < n; i++)
		rc = api_append(a, json_pack("{s:o, s:b, s:s, s:o, s:o, s:o}", "access_key",
					     api_string(page[i].access), "enabled",
					     page[i].enabled, "scope", scopes[page[i].scope],
					     "created", api_time(page[i].created), "expires",
					     api_time(page[i].expires), "comment",
					     api_string(page[i].comment)));
	if (rc)
		return rc;
	return n < 0 ? n : 200;
}

int admin_key_scope(struct api_ask *a)
{
	struct store_text access = { 0 }, name = { 0 };
	struct store_bucket bucket;
	enum store_scope scope = STORE_SCOPE_NONE;
	u64 team;
	int rc = find_key(a, &access, &team);

	if (!rc)
		rc = api_text(a, "bucket", true, &name);
	if (!rc)
		rc = read_scope(a, true, &scope);
	if (!rc)
		rc = store_bucket_find(a->b->store, team, name, &a->arena, &bucket);
	if (!rc && bucket.team != team)
		rc = -STORE_NO_SUCH_BUCKET;
	if (!rc)
		rc = store_key_set_scope(a->b->store, team, access, bucket.id, scope);
	return rc ? rc : 204;
}
