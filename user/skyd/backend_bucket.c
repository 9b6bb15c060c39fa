// SPDX-License-Identifier: GPL-2.0-or-later
/* Buckets and their documents. */
#include <errno.h>
#include <string.h>

#include <linux/kernel.h>

#include "backend_private.h"
#include "s3/sig.h"

/* The default policy has no name to clients, as us-east-1 has none. */
static struct rpc_bytes name_of_policy(struct store_text name)
{
	if (str_is(str_of_text(name), PLAN_DEFAULT_POLICY))
		return (struct rpc_bytes){ 0 };
	return bytes_of(name);
}

static void write_bucket(const struct store_bucket *row, const char *owner,
			 struct store_text owner_name, struct store_text policy,
			 struct meta_bucket *to)
{
	*to = (struct meta_bucket){
		.id = row->id, .name = bytes_of(row->name), .created = row->created,
		.owner = { owner, OWNER_LEN }, .owner_name = bytes_of(owner_name),
		.policy_name = name_of_policy(policy), .versioning = row->versioning,
	};
}

/* --- list ------------------------------------------------------------------------- */

/* Policies that have been looked up for this answer. */
struct known {
	struct known *next;
	u64 id;
	struct store_text name;
};

static int policy_name(struct call *c, struct known **first, const struct store_bucket *row,
		       struct store_text *name)
{
	struct store_policy policy;
	struct known *k = *first;
	int rc;

	while (k && k->id != row->policy)
		k = k->next;
	if (!k) {
		rc = store_policy_get(c->b->store, row->team, row->policy, row->policy_revision,
				      &c->arena, &policy);
		if (rc)
			return rc;
		k = store_alloc(&c->arena, sizeof(*k));
		if (!k)
			return -ENOMEM;
		*k = (struct known){ *first, row->policy, policy.name };
		*first = k;
	}
	*name = k->name;
	return 0;
}

/* Those that the key may use; *@last is the last one that was looked at. */
static int write_buckets(struct call *c, const struct store_bucket *row, int count, u32 max,
			 struct meta_buckets *give, int *last)
{
	struct known *known = NULL;
	struct store_text name;
	int rc = 0, i;

	for (i = 0; !rc && i < count && give->count < max; i++) {
		const struct cached_bucket probe = { .row = row[i] };

		*last = i;
		if (key_scope(c->key, &probe) == STORE_SCOPE_NONE)
			continue;
		rc = policy_name(c, &known, &row[i], &name);
		write_bucket(&row[i], c->key->owner, c->key->team_name, name,
			     (struct meta_bucket *)&give->bucket[give->count++]);
	}
	return rc;
}

static int answer_buckets(struct link_request *r, const void *question, void *answer)
{
	const struct meta_list *ask = question;
	u32 max = ask->max < META_LIST_MAX ? ask->max : META_LIST_MAX;
	struct store_text after = text_of(ask->after);
	struct meta_buckets *give = answer;
	struct store_bucket *row;
	struct call *c;
	int n, last = -1, rc = call_begin(r, &ask->caller, &c);

	if (rc)
		return rc;
	if (!c->key)
		return meta_status(S3_ACCESS_DENIED);
	give->owner = (struct rpc_bytes){ c->key->owner, OWNER_LEN };
	give->owner_name = bytes_of(c->key->team_name);
	give->bucket = store_alloc(&c->arena, (max + 1) * sizeof(*give->bucket));
	if (!give->bucket)
		return -ENOMEM;
	do {
		n = store_bucket_list(c->b->store, c->key->row.team, text_of(ask->prefix), after,
				      STORE_LIST_MAX, &c->arena, &row);
		if (n < 0)
			return backend_status(n);
		rc = write_buckets(c, row, n, max, give, &last);
		if (rc)
			return backend_status(rc);
		if (last >= 0 && n)
			after = row[last].name;
	} while (n == (int)STORE_LIST_MAX && give->count < max);
	give->truncated = give->count == max && max && last + 1 < n;
	return 0;
}

/* --- create, delete --------------------------------------------------------------- */

/*
 * LocationConstraint.  Tools send the region that they were told when they are not asked for
 * anything else: that is the default policy, too.
 */
static int find_policy(struct call *c, struct rpc_bytes name, u64 *id)
{
	static const char *const usual[] = { "", PLAN_DEFAULT_POLICY, "local", "us-east-1" };
	struct store_policy policy;
	unsigned int i;
	int rc = -STORE_NO_SUCH_POLICY;

	if (name.len)
		rc = store_policy_find(c->b->store, c->key->row.team, text_of(name), &c->arena,
				       &policy);
	for (i = 0; rc == -STORE_NO_SUCH_POLICY && i < ARRAY_SIZE(usual); i++)
		if (str_is(str_of_bytes(name), usual[i]))
			rc = store_policy_find(c->b->store, c->key->row.team,
					       STORE_TEXT(PLAN_DEFAULT_POLICY), &c->arena,
					       &policy);
	if (!rc)
		*id = policy.id;
	return rc == -STORE_NO_SUCH_POLICY ? meta_status(S3_INVALID_LOCATION_CONSTRAINT)
					   : backend_status(rc);
}

/* Its key is made now, or by whoever first writes to it. */
static int make_bucket(struct call *c, const struct meta_bucket_make *ask,
		       struct store_text acl, bool others)
{
	const struct store_text document[STORE_DOCUMENTS] = {
		[STORE_ACL] = acl, [STORE_OWNERSHIP] = text_of(ask->ownership),
		[STORE_TAGS] = text_of(ask->tags),
	};
	struct store_bucket row = {
		.team = c->key->row.team, .name = text_of(ask->name), .shared = others,
		.document = document,
	};
	struct meta_policy policy;
	int rc = find_policy(c, ask->policy, &row.policy);

	if (rc)
		return rc;
	rc = store_bucket_create(c->b->store, &row);
	cache_forget_bucket(c->b, str_of_bytes(ask->name));
	if (rc)
		return backend_status(rc);
	rc = call_bucket(c, ask->name);
	if (!rc && backend_policy(c, &policy) == -ECANCELED)
		rc = -ECANCELED;
	return rc;
}

/* May a new bucket be so, when its ACL names @others? */
static int owned_so(struct str ownership, bool others)
{
	enum s3_ownership o = s3_ownership_find(ownership);

	if (o == S3_OWNERSHIPS)
		return -EINVAL;
	return o == S3_BUCKET_OWNER_ENFORCED && others ?
	       meta_status(S3_INVALID_BUCKET_ACL_WITH_OWNERSHIP) : 0;
}

static int answer_create(struct link_request *r, const void *question, void *answer)
{
	const struct meta_bucket_make *ask = question;
	const struct authz_acl given = { ask->grant, ask->grants, ask->canned_acl, true };
	struct store_text acl;
	struct call *c;
	bool others;
	int rc = call_begin(r, &ask->caller, &c);

	if (rc)
		return rc;
	if (!c->key || c->key->row.scope < STORE_SCOPE_FULL ||
	    (ask->caller.owner.len && !str_is(str_of_bytes(ask->caller.owner), c->key->owner)))
		return meta_status(S3_ACCESS_DENIED);
	rc = grants_check(c, &given, c->key->owner, &acl, &others);
	if (!rc && ask->ownership.len)
		rc = owned_so(str_of_bytes(ask->ownership), others);
	if (!rc)
		rc = make_bucket(c, ask, acl, others);
	if (rc)
		return rc;
	write_bucket(&c->bucket->row, c->bucket->owner, c->bucket->owner_name,
		     c->bucket->policy_name, answer);
	return 0;
}

/* The head of every handler of a bucket: who, which, may he. */
static int begin(struct link_request *r, const struct meta_caller *caller, struct rpc_bytes name,
		 enum authz_op op, struct rpc_bytes canned_acl, struct call **c)
{
	const struct authz_ask may = { .op = op, .canned_acl = canned_acl };
	int rc = call_in_bucket(r, caller, name, c);

	return rc ? rc : authz(*c, &may);
}

#define NOTHING ((struct rpc_bytes){ 0 })

static int answer_delete(struct link_request *r, const void *question, void *answer)
{
	const struct meta_bucket_ask *ask = question;
	struct call *c;
	int rc = begin(r, &ask->caller, ask->name, AUTHZ_BUCKET_DELETE, NOTHING, &c);

	(void)answer;
	if (rc)
		return rc;
	rc = store_bucket_delete(c->b->store, call_team(c), c->bucket->row.id);
	cache_forget_bucket(c->b, str_of_bytes(ask->name));
	return backend_status(rc);
}

/* --- what is said of one ---------------------------------------------------------- */

static int answer_bucket(struct link_request *r, const void *question, void *answer)
{
	static const enum authz_op ops[] = {
		[META_BUCKET_HEAD] = AUTHZ_LIST, [META_BUCKET_LOCATION] = AUTHZ_GET_LOCATION,
		[META_BUCKET_GET_VERSIONING] = AUTHZ_GET_VERSIONING,
		[META_BUCKET_GET_ACCELERATE] = AUTHZ_GET_ACCELERATE,
		[META_BUCKET_GET_ENCRYPTION] = AUTHZ_GET_ENCRYPTION,
		[META_BUCKET_GET_LOGGING] = AUTHZ_GET_LOGGING,
		[META_BUCKET_GET_NOTIFICATION] = AUTHZ_GET_NOTIFICATION,
		[META_BUCKET_GET_OBJECT_LOCK] = AUTHZ_GET_OBJECT_LOCK,
		[META_BUCKET_GET_PAYMENT] = AUTHZ_GET_PAYMENT,
		[META_BUCKET_GET_REPLICATION] = AUTHZ_GET_REPLICATION,
		[META_BUCKET_GET_WEBSITE] = AUTHZ_GET_WEBSITE,
		[META_BUCKET_PUT_ENCRYPTION] = AUTHZ_PUT_ENCRYPTION,
		[META_BUCKET_PUT_PAYMENT] = AUTHZ_PUT_PAYMENT,
		[META_BUCKET_PUT_LOGGING] = AUTHZ_PUT_LOGGING,
		[META_BUCKET_PUT_NOTIFICATION] = AUTHZ_PUT_NOTIFICATION,
		[META_BUCKET_PUT_REPLICATION] = AUTHZ_PUT_REPLICATION,
		[META_BUCKET_DELETE_WEBSITE] = AUTHZ_DELETE_WEBSITE,
		[META_BUCKET_GET_POLICY_STATUS] = AUTHZ_GET_POLICY_STATUS,
	};
	const struct meta_bucket_ask *ask = question;
	struct meta_bucket *give = answer;
	struct call *c;
	int rc;

	if (ask->purpose >= ARRAY_SIZE(ops))
		return -EINVAL;
	rc = begin(r, &ask->caller, ask->name, ops[ask->purpose], NOTHING, &c);
	if (!rc && ask->purpose == META_BUCKET_GET_POLICY_STATUS && !c->bucket->policy)
		rc = meta_status(S3_NO_SUCH_BUCKET_POLICY);
	if (rc)
		return rc;
	write_bucket(&c->bucket->row, c->bucket->owner, c->bucket->owner_name,
		     c->bucket->policy_name, give);
	give->policy_public = c->bucket->policy_public;
	return 0;
}

static int answer_versioning(struct link_request *r, const void *question, void *answer)
{
	const struct meta_bucket_set *ask = question;
	struct call *c;
	int rc = begin(r, &ask->caller, ask->name, AUTHZ_PUT_VERSIONING, NOTHING, &c);

	(void)answer;
	if (!rc && (ask->value != STORE_VERSIONED && ask->value != STORE_SUSPENDED))
		rc = meta_status(S3_ILLEGAL_VERSIONING);
	if (rc)
		return rc;
	rc = store_bucket_set_versioning(c->b->store, call_team(c), c->bucket->row.id, ask->value);
	cache_forget_bucket(c->b, str_of_bytes(ask->name));
	return backend_status(rc);
}

/*
 * A bucket's policy is its region, too: some clients sign for the LocationConstraint that they
 * have given.  Its name is told to its own team, and to who may ask for the bucket's location.
 */
static int answer_region(struct link_request *r, const void *question, void *answer)
{
	const struct authz_ask location = { .op = AUTHZ_GET_LOCATION };
	const struct meta_region_ask *ask = question;
	struct str asked = str_of_bytes(ask->region), name = STR_NONE;
	struct meta_region *give = answer;
	struct store_policy policy;
	struct call *c;
	int rc = call_begin(r, &ask->caller, &c);

	if (!rc && !c->key)
		rc = meta_status(S3_ACCESS_DENIED);
	if (!rc && ask->bucket.len)
		rc = call_bucket(c, ask->bucket);
	if (rc && meta_code(rc) != S3_NO_SUCH_BUCKET)
		return rc;
	if (c->bucket && (c->key->row.team == call_team(c) || !authz(c, &location))) {
		name = str_of_text(c->bucket->policy_name);
		give->region = name_of_policy(c->bucket->policy_name);
	} else if (!c->bucket) {
		rc = store_policy_find(c->b->store, c->key->row.team, text_of(ask->region),
				       &c->arena, &policy);
		if (rc && rc != -STORE_NO_SUCH_POLICY)
			return backend_status(rc);
		name = rc ? STR_NONE : asked;
	}
	give->right = name.len && (ask->set ? sig_region_in_set(asked, name) :
					      str_equal(asked, name));
	return 0;
}

/* --- documents -------------------------------------------------------------------- */

static const struct {
	enum authz_op get, put;
} document_ops[STORE_DOCUMENTS] = {
	[STORE_ACL] = { AUTHZ_GET_BUCKET_ACL, AUTHZ_PUT_BUCKET_ACL },
	[STORE_CORS] = { AUTHZ_GET_CORS, AUTHZ_PUT_CORS },
	[STORE_BUCKET_POLICY] = { AUTHZ_GET_POLICY, AUTHZ_PUT_POLICY },
	[STORE_LIFECYCLE] = { AUTHZ_GET_LIFECYCLE, AUTHZ_PUT_LIFECYCLE },
	[STORE_TAGS] = { AUTHZ_GET_BUCKET_TAGS, AUTHZ_PUT_BUCKET_TAGS },
	[STORE_OWNERSHIP] = { AUTHZ_GET_OWNERSHIP, AUTHZ_PUT_OWNERSHIP },
	[STORE_PUBLIC_ACCESS] = { AUTHZ_GET_PUBLIC_ACCESS, AUTHZ_PUT_PUBLIC_ACCESS },
};

static int give_document(struct call *c, enum store_document kind, struct meta_document *give)
{
	struct store_text body = { 0 };
	int rc = 0;

	give->owner = (struct rpc_bytes){ c->bucket->owner, OWNER_LEN };
	give->owner_name = bytes_of(c->bucket->owner_name);
	if (kind == STORE_ACL && c->bucket->ownership == S3_BUCKET_OWNER_ENFORCED)
		return 0;
	if (kind == STORE_ACL) {
		give->grants = c->bucket->acl.grants;
		give->revoked = c->bucket->acl.revoked;
		return grants_tell(c, &c->bucket->acl, &give->grant);
	}
	rc = store_bucket_document(c->b->store, call_team(c), c->bucket->row.id, kind, &c->arena,
				   &body);
	give->body = bytes_of(body);
	return backend_status(rc);
}

static int answer_document(struct link_request *r, const void *question, void *answer)
{
	const struct meta_bucket_ask *ask = question;
	struct call *c;
	int rc;

	if (ask->document >= STORE_DOCUMENTS)
		return -EINVAL;
	rc = begin(r, &ask->caller, ask->name, document_ops[ask->document].get, NOTHING, &c);
	return rc ? rc : give_document(c, ask->document, answer);
}

/* A browser asks before it knows who its user is. */
static int answer_cors(struct link_request *r, const void *question, void *answer)
{
	const struct meta_bucket_ask *ask = question;
	struct meta_document *give = answer;
	struct call *c;
	int rc = call_plain(r, &c);

	if (!rc)
		rc = call_bucket(c, ask->name);
	if (!rc)
		rc = give_document(c, STORE_CORS, give);
	give->owner = NOTHING;
	give->owner_name = NOTHING;
	return rc;
}

struct parse {
	struct str document, bucket;
	enum s3_code code;
	bool is_public;
};

static int parse_policy(void *arg)
{
	struct parse *p = arg;
	struct s3_policy *policy;
	struct s3_fault fault;

	p->code = s3_policy_parse(p->document, p->bucket, &policy, &fault);
	p->is_public = policy && s3_policy_is_public(policy);
	s3_policy_free(policy);
	return 0;
}

/* What would not compile later must not be put now. */
static int check_policy(struct call *c, const struct meta_bucket_set *ask)
{
	struct parse p = { .document = str_of_bytes(ask->body), .bucket = str_of_bytes(ask->name) };
	int rc = io_work(c->b->db, parse_policy, &p, 0);

	if (rc || p.code)
		return rc ? rc : meta_status(p.code);
	return p.is_public && bucket_blocks(c->bucket, S3_BLOCK_PUBLIC_POLICY) ?
	       meta_status(S3_ACCESS_DENIED) : 0;
}

static int check_ownership(const struct call *c, struct str name)
{
	enum s3_ownership o = s3_ownership_find(name);
	const struct meta_document *acl = &c->bucket->acl;

	if (o == S3_OWNERSHIPS)
		return -EINVAL;
	return o == S3_BUCKET_OWNER_ENFORCED && !grants_to_nobody(c, acl->grant, acl->grants) ?
	       meta_status(S3_INVALID_BUCKET_ACL_WITH_OWNERSHIP) : 0;
}

static int check_document(struct call *c, const struct meta_bucket_set *ask)
{
	unsigned int flags;

	if (!ask->body.len)
		return 0;
	if (ask->document == STORE_BUCKET_POLICY)
		return check_policy(c, ask);
	if (ask->document == STORE_OWNERSHIP)
		return check_ownership(c, str_of_bytes(ask->body));
	if (ask->document == STORE_PUBLIC_ACCESS &&
	    !s3_public_access_parse(str_of_bytes(ask->body), &flags))
		return -EINVAL;
	return 0;
}

/* Shared before a document says so, so that nobody is told of what he cannot reach. */
static int put_document(struct call *c, const struct meta_bucket_set *ask)
{
	const struct authz_acl acl = { ask->grant, ask->grants, ask->canned_acl, true };
	struct store_text body = text_of(ask->body);
	bool others = false;
	int rc = check_document(c, ask);

	if (!rc && ask->document == STORE_ACL)
		rc = owner_check(c, ask->owner);
	if (!rc && ask->document == STORE_ACL)
		rc = authz_acl(c, &acl);
	if (!rc && ask->document == STORE_ACL)
		rc = grants_check(c, &acl, c->bucket->owner, &body, &others);
	if (!rc && ask->document == STORE_ACL && ask->owner.len && !ask->grants)
		rc = grants_revoke(c, &body);
	if (!rc && (others || (ask->document == STORE_BUCKET_POLICY && body.len)))
		rc = backend_share(c);
	if (rc)
		return rc;
	rc = store_bucket_set_document(c->b->store, call_team(c), c->bucket->row.id,
				       ask->document, body);
	cache_forget_bucket(c->b, str_of_bytes(ask->name));
	return backend_status(rc);
}

static int answer_set_document(struct link_request *r, const void *question, void *answer)
{
	const struct meta_bucket_set *ask = question;
	enum authz_op op;
	struct call *c;
	int rc;

	(void)answer;
	if (ask->document >= STORE_DOCUMENTS)
		return -EINVAL;
	op = document_ops[ask->document].put;
	if (ask->document == STORE_BUCKET_POLICY && !ask->body.len)
		op = AUTHZ_DELETE_POLICY;
	rc = begin(r, &ask->caller, ask->name, op, ask->canned_acl, &c);
	return rc ? rc : put_document(c, ask);
}

const struct link_operation backend_buckets[] = {
	{ META_BUCKETS, "buckets", &meta_list_schema, &meta_buckets_schema, CALLER_ROOM, GATEWAY,
	  answer_buckets },
	{ META_BUCKET_CREATE, "bucket-create", &meta_bucket_make_schema, &meta_bucket_schema,
	  GRANTS_ROOM, GATEWAY, answer_create },
	{ META_BUCKET_DELETE, "bucket-delete", &meta_bucket_ask_schema, NULL, CALLER_ROOM,
	  GATEWAY, answer_delete },
	{ META_BUCKET, "bucket", &meta_bucket_ask_schema, &meta_bucket_schema, CALLER_ROOM,
	  GATEWAY, answer_bucket },
	{ META_BUCKET_VERSIONING, "bucket-versioning", &meta_bucket_set_schema, NULL, GRANTS_ROOM,
	  GATEWAY, answer_versioning },
	{ META_BUCKET_DOCUMENT, "bucket-document", &meta_bucket_ask_schema, &meta_document_schema,
	  CALLER_ROOM, GATEWAY, answer_document },
	{ META_BUCKET_SET_DOCUMENT, "bucket-set-document", &meta_bucket_set_schema, NULL,
	  GRANTS_ROOM, GATEWAY, answer_set_document },
	{ META_REGION, "region", &meta_region_ask_schema, &meta_region_schema, CALLER_ROOM,
	  GATEWAY, answer_region },
	{ META_CORS, "cors", &meta_bucket_ask_schema, &meta_document_schema, CALLER_ROOM, GATEWAY,
	  answer_cors },
	{ 0 },
};
