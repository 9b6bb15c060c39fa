// SPDX-License-Identifier: GPL-2.0-or-later
/* What the backend answers to a gateway, with the real store, vault and placement. */
#include "../../user/skyd/care.h"
#include "backend_util.h"

#define RUN(fn) \
	static void test_##fn(void **state) { assert_int_equal(on_loop(state, fn, NULL), 0); }

static struct home home;

/* --- a round trip ----------------------------------------------------------------- */

static void check_read(struct home *h, struct meta_object *give, struct link_answer *answer)
{
	const struct meta_read ask = {
		.caller = caller_of(OWNER), .bucket = rtext("first"), .name = rtext("a/b"),
		.generations = 1, .spare = 1,
	};
	struct page page;
	u32 i;

	must_equal(ASK(h, META_READ, read, &ask, object, give, answer), 0);
	must_equal(give->size, 1000);
	must(ris(give->etag, "etag") && ris(give->headers, "h") && ris(give->metadata, "m"));
	must(ris(give->key, "k") && ris(give->tags, "t=1") && give->tags_visible);
	must(ris(give->owner, h->owner_id) && ris(give->owner_name, "blue"));
	must_equal(give->policy.k, 4);
	must_equal(give->policy.n, 6);
	must_equal(give->policy.team, h->team);
	must(give->policy.key.len > 32 && give->policy.bucket);
	must(give->latest && !give->marker);
	must_equal(give->version_kind, META_LATEST);
	must_equal(page_parse(&page, give->page.records.data, give->page.records.len), 0);
	must_equal(give->page.start, 0);
	must_equal(give->page.length, 1000);
	must_equal(give->page.urls, 5);
	for (i = 0; i < give->page.urls; i++)
		must(give->page.url[i].query.len > 100);
}

static void check_pages(struct home *h, const struct meta_object *object)
{
	struct meta_page_ask ask = { .data = object->data, .generations = 1, .offset = 999 };
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER wrong = LINK_ANSWER_NONE;
	struct meta_page page;

	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &answer), 0);
	must_equal(page.urls, 4);
	ask.offset = 1000;
	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &wrong), REFUSED(INVALID_RANGE));
	/* Whatever is changed in what was given, it is not given any more. */
	ask.offset = 0;
	ask.data.size++;
	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &wrong), REFUSED(ACCESS_DENIED));
	ask.data = object->data;
	ask.data.ref = 1;
	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &wrong), REFUSED(ACCESS_DENIED));
	ask.data = object->data;
	ask.data.until++;
	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &wrong), REFUSED(ACCESS_DENIED));
	ask.data = object->data;
	ask.data.records.len--;
	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &wrong), REFUSED(ACCESS_DENIED));
	ask.data = object->data;
	ask.data.seal[15] ^= 1;
	must_equal(ASK(h, META_PAGE, page_ask, &ask, page, &page, &wrong), REFUSED(ACCESS_DENIED));
}

static int ask_repair(struct home *h, const struct meta_repair *ask, struct meta_signed *give,
		      struct link_answer *answer)
{
	return ask_by(h, META_REPAIR, &meta_repair_schema, ask, &meta_signed_schema, give, answer,
		      SOON);
}

static unsigned int removed;
static int remove_answer;

static int removing(struct backend *b, u16 location, struct str name)
{
	(void)b;
	must(location && name.len == 34);
	removed++;
	return remove_answer;
}

/* What is there and wrong goes first; while it does not, nothing can take its place. */
static void check_wrong(struct home *h, const struct meta_object *object)
{
	struct meta_fragment f[3] = {
		{ .row = 5, .wrong = true, .bytes = 320 },
		{ .row = 0, .wrong = true, .bytes = 320 },
		{ .row = 1, .bytes = 320 },
	};
	struct meta_repair ask = { .data = object->data, .fragment = f, .count = 3 };
	struct meta_signed give;
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER stays = LINK_ANSWER_NONE;
	ANSWER many = LINK_ANSWER_NONE;

	removed = 0;
	must_equal(care_open(&h->b), 0);
	h->b.care->remove = removing;
	must_equal(ask_repair(h, &ask, &give, &answer), 0);
	must_equal(removed, 2);
	must(give.url[0].query.len && give.url[1].query.len && give.url[2].query.len);
	remove_answer = -ETIMEDOUT;
	must_equal(ask_repair(h, &ask, &give, &stays), 0);
	must_equal(removed, 4);
	must(!give.url[0].query.len && !give.url[1].query.len && give.url[2].query.len);
	/* Of three wrong ones there would not be enough others. */
	f[2].wrong = true;
	must_equal(ask_repair(h, &ask, &give, &many), -EINVAL);
	must_equal(removed, 4);
	remove_answer = 0;
}

static void check_repair(struct home *h, const struct meta_object *object)
{
	struct meta_fragment f = { .row = 5, .bytes = 320 };
	struct meta_repair ask = { .data = object->data, .fragment = &f, .count = 1 };
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER wrong = LINK_ANSWER_NONE;
	struct meta_signed give;

	must_equal(ask_repair(h, &ask, &give, &answer), 0);
	must_equal(give.count, 1);
	must_equal(give.url[0].row, 5);
	must(give.url[0].query.len > 100);
	f.row = 6;
	must_equal(ask_repair(h, &ask, &give, &wrong), -EINVAL);
	f.row = 5;
	ask.data.seal[0] ^= 1;
	must_equal(ask_repair(h, &ask, &give, &wrong), REFUSED(ACCESS_DENIED));
}

/* What is not the object's any more is read within the grace time only, and never repaired. */
static void check_gone(struct home *h, const struct meta_object *object)
{
	struct meta_page_ask page_ask = { .data = object->data, .generations = 1 };
	struct meta_fragment f = { .row = 5, .bytes = 320 };
	struct meta_repair repair = { .data = object->data, .fragment = &f, .count = 1 };
	const u64 grace = h->config.grace_ms;
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER wrong = LINK_ANSWER_NONE;
	struct meta_signed give;
	struct meta_page page;

	h->config.grace_ms = 3600000;
	must_equal(ASK(h, META_PAGE, page_ask, &page_ask, page, &page, &answer), 0);
	must_equal(ask_repair(h, &repair, &give, &wrong), REFUSED(NO_SUCH_KEY));
	h->config.grace_ms = 0;
	must_equal(ASK(h, META_PAGE, page_ask, &page_ask, page, &page, &wrong),
		   REFUSED(NO_SUCH_KEY));
	h->config.grace_ms = grace;
	page_ask.data.version[0] ^= 1;
	must_equal(ASK(h, META_PAGE, page_ask, &page_ask, page, &page, &wrong),
		   REFUSED(ACCESS_DENIED));
	page_ask.data = object->data;
	page_ask.data.bucket++;
	must_equal(ASK(h, META_PAGE, page_ask, &page_ask, page, &page, &wrong),
		   REFUSED(ACCESS_DENIED));
}

static int round_trip(void *arg)
{
	const struct put p = {
		.who = OWNER, .bucket = "first", .name = "a/b", .tags = "t=1", .etag = "etag",
		.size = 1000,
	};
	struct put again = p;
	struct home *h = &home;
	struct meta_result result;
	struct meta_object object;
	ANSWER answer = LINK_ANSWER_NONE;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "first"), 0);
	must_equal(make_bucket(h, OWNER, "first"), REFUSED(BUCKET_ALREADY_OWNED_BY_YOU));
	must_equal(make_bucket(h, OTHER, "first"), REFUSED(BUCKET_ALREADY_EXISTS));
	must_equal(put_object(h, &p, &result), 0);
	check_read(h, &object, &answer);
	check_pages(h, &object);
	check_repair(h, &object);
	check_wrong(h, &object);
	again.if_none_match = "*";
	must_equal(put_object(h, &again, &result), REFUSED(PRECONDITION_FAILED));
	again.if_none_match = NULL;
	again.if_match = "other";
	must_equal(put_object(h, &again, &result), REFUSED(PRECONDITION_FAILED));
	again.if_match = "etag";
	must_equal(put_object(h, &again, &result), 0);
	again.name = "new";
	must_equal(put_object(h, &again, &result), REFUSED(NO_SUCH_KEY));
	must_equal(delete_object(h, OWNER, "first", "a/b"), 0);
	must_equal(delete_object(h, OWNER, "first", "a/b"), 0);
	must_equal(read_object(h, OWNER, "first", "a/b", META_GET), REFUSED(NO_SUCH_KEY));
	check_gone(h, &object);
	home_close(h);
	return 0;
}

RUN(round_trip)

/* --- who may what ----------------------------------------------------------------- */

/* Each operation of meta.h as somebody; the bucket is "b", the object "o". */
static int try_tags(struct home *h, enum asker who)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_set ask = {
		.caller = caller_of(who), .bucket = rtext("b"), .name = rtext("o"),
		.tags = rtext("a=1"),
	};
	struct meta_result give;

	return ASK(h, META_SET, set, &ask, result, &give, &answer);
}

static int try_acl(struct home *h, enum asker who)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_set ask = {
		.caller = caller_of(who), .bucket = rtext("b"), .name = rtext("o"),
		.what = META_SET_ACL,
	};
	struct meta_result give;

	return ASK(h, META_SET, set, &ask, result, &give, &answer);
}

static int try_bucket(struct home *h, enum asker who, enum meta_bucket_purpose purpose)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = caller_of(who), .name = rtext("b"), .purpose = purpose,
	};
	struct meta_bucket give;

	return ASK(h, META_BUCKET, bucket_ask, &ask, bucket, &give, &answer);
}

static int try_document(struct home *h, enum asker who, enum store_document kind)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = caller_of(who), .name = rtext("b"), .document = kind,
	};
	struct meta_document give;

	return ASK(h, META_BUCKET_DOCUMENT, bucket_ask, &ask, document, &give, &answer);
}

static int try_list(struct home *h, enum asker who, enum meta_list_kind kind)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_list ask = {
		.caller = caller_of(who), .bucket = rtext("b"), .kind = kind, .max = 10,
	};
	struct meta_listing give;

	return ASK(h, META_LIST, list, &ask, listing, &give, &answer);
}

static int try_versioning(struct home *h, enum asker who)
{
	const struct meta_bucket_set ask = {
		.caller = caller_of(who), .name = rtext("b"), .value = STORE_VERSIONED,
	};

	return TELL(h, META_BUCKET_VERSIONING, bucket_set, &ask);
}

static int try_upload(struct home *h, enum asker who, u16 operation)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_upload ask = {
		.caller = caller_of(who), .bucket = rtext("b"), .name = rtext("o"), .max = 10,
	};
	struct meta_parts give;

	if (operation == META_UPLOAD_ABORT)
		return TELL(h, META_UPLOAD_ABORT, upload, &ask);
	return ASK(h, META_UPLOAD_PARTS, upload, &ask, parts, &give, &answer);
}

static int try_delete_bucket(struct home *h, enum asker who)
{
	const struct meta_bucket_ask ask = { .caller = caller_of(who), .name = rtext("b") };

	return TELL(h, META_BUCKET_DELETE, bucket_ask, &ask);
}

static int try_op(struct home *h, enum asker who, enum authz_op op)
{
	if (op >= AUTHZ_GET_ACCELERATE)
		return try_bucket(h, who, META_BUCKET_GET_ACCELERATE + (op - AUTHZ_GET_ACCELERATE));
	switch (op) {
	case AUTHZ_GET:
		return read_object(h, who, "b", "o", META_GET);
	case AUTHZ_ATTRIBUTES:
		return read_object(h, who, "b", "o", META_ATTRIBUTES);
	case AUTHZ_GET_TAGS:
		return read_object(h, who, "b", "o", META_GET_TAGS);
	case AUTHZ_GET_ACL:
		return read_object(h, who, "b", "o", META_GET_ACL);
	case AUTHZ_PUT:
		return put_simple(h, who, "b", "o");
	case AUTHZ_PUT_TAGS:
		return try_tags(h, who);
	case AUTHZ_PUT_ACL:
		return try_acl(h, who);
	case AUTHZ_DELETE:
		return delete_object(h, who, "b", "none");
	case AUTHZ_ABORT:
		return try_upload(h, who, META_UPLOAD_ABORT);
	case AUTHZ_LIST_PARTS:
		return try_upload(h, who, META_UPLOAD_PARTS);
	case AUTHZ_LIST:
		return try_list(h, who, META_LIST_OBJECTS);
	case AUTHZ_LIST_VERSIONS:
		return try_list(h, who, META_LIST_VERSIONS);
	case AUTHZ_LIST_UPLOADS:
		return try_list(h, who, META_LIST_UPLOADS);
	case AUTHZ_BUCKET_DELETE:
		return try_delete_bucket(h, who);
	case AUTHZ_GET_LOCATION:
		return try_bucket(h, who, META_BUCKET_LOCATION);
	case AUTHZ_GET_VERSIONING:
		return try_bucket(h, who, META_BUCKET_GET_VERSIONING);
	case AUTHZ_PUT_VERSIONING:
		return try_versioning(h, who);
	case AUTHZ_GET_BUCKET_ACL:
		return try_document(h, who, STORE_ACL);
	case AUTHZ_GET_CORS:
		return try_document(h, who, STORE_CORS);
	case AUTHZ_PUT_CORS:
		return set_document(h, who, "b", STORE_CORS, "");
	case AUTHZ_GET_POLICY:
		return try_document(h, who, STORE_BUCKET_POLICY);
	case AUTHZ_GET_LIFECYCLE:
		return try_document(h, who, STORE_LIFECYCLE);
	case AUTHZ_PUT_LIFECYCLE:
		return set_document(h, who, "b", STORE_LIFECYCLE, "");
	case AUTHZ_GET_BUCKET_TAGS:
		return try_document(h, who, STORE_TAGS);
	case AUTHZ_PUT_BUCKET_TAGS:
		return set_document(h, who, "b", STORE_TAGS, "");
	case AUTHZ_GET_OWNERSHIP:
		return try_document(h, who, STORE_OWNERSHIP);
	case AUTHZ_PUT_OWNERSHIP:
		return set_document(h, who, "b", STORE_OWNERSHIP, "");
	case AUTHZ_GET_PUBLIC_ACCESS:
		return try_document(h, who, STORE_PUBLIC_ACCESS);
	case AUTHZ_PUT_PUBLIC_ACCESS:
		return set_document(h, who, "b", STORE_PUBLIC_ACCESS, "");
	default:
		return 1;	/* what changes who may what has its own tests */
	}
}

static bool denied(int rc)
{
	return rc == REFUSED(ACCESS_DENIED);
}

/* Nobody but the owner has a thing to say; readers read, and nothing is told to those of none. */
static int table_private(void *arg)
{
	struct home *h = &home;
	enum authz_op op;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_simple(h, OWNER, "b", "o"), 0);
	for (op = 0; op < AUTHZ_OPS; op++) {
		if (try_op(h, OTHER, op) == 1)
			continue;
		must(denied(try_op(h, OTHER, op)));
		must(denied(try_op(h, ANONYMOUS, op)));
		must(denied(try_op(h, NONE, op)));
		must_equal(denied(try_op(h, READER, op)), authz_rules[op].writes);
		must(!denied(try_op(h, OWNER, op)));
	}
	must(denied(set_document(h, OTHER, "b", STORE_BUCKET_POLICY, "")));
	must(denied(set_document(h, READER, "b", STORE_BUCKET_POLICY, "")));
	must(denied(set_bucket_acl(h, READER, "b", NULL, 0)));
	must(denied(set_bucket_acl(h, ANONYMOUS, "b", NULL, 0)));
	home_close(h);
	return 0;
}

RUN(table_private)

static const struct meta_grant everybody_reads = {
	.permission = S3_READ, .uri = { GRANTS_ALL_USERS, sizeof(GRANTS_ALL_USERS) - 1 },
};

static const struct meta_grant users_write = {
	.permission = S3_WRITE,
	.uri = { GRANTS_AUTHENTICATED, sizeof(GRANTS_AUTHENTICATED) - 1 },
};

/* What an ACL gives is what the table says, and no more. */
static int table_acl(void *arg)
{
	struct meta_grant grant[2] = { everybody_reads, users_write };
	struct home *h = &home;
	enum authz_op op;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_simple(h, OWNER, "b", "o"), 0);
	must_equal(set_bucket_acl(h, OWNER, "b", grant, 2), 0);
	for (op = 0; op < AUTHZ_OPS; op++) {
		const struct authz_rule *rule = &authz_rules[op];
		bool may = rule->bucket_acl == S3_READ || rule->bucket_acl == S3_WRITE;

		if (op == AUTHZ_BUCKET_DELETE || try_op(h, NONE, op) == 1)
			continue;
		must_equal(!denied(try_op(h, OTHER, op)), may);
		must_equal(!denied(try_op(h, ANONYMOUS, op)), rule->bucket_acl == S3_READ);
		/* A scope is a limit, whatever is granted. */
		must(denied(try_op(h, NONE, op)));
	}
	grant[0] = (struct meta_grant){ S3_FULL_CONTROL, rtext(h->other_id), { 0 }, { 0 } };
	must_equal(set_bucket_acl(h, OWNER, "b", grant, 1), 0);
	must(!denied(try_list(h, OTHER, META_LIST_OBJECTS)));
	must(!denied(try_document(h, OTHER, STORE_ACL)));
	must(denied(try_list(h, ANONYMOUS, META_LIST_OBJECTS)));
	/* Taken back, it is gone at once. */
	must_equal(set_bucket_acl(h, OWNER, "b", NULL, 0), 0);
	must(denied(try_list(h, OTHER, META_LIST_OBJECTS)));
	home_close(h);
	return 0;
}

RUN(table_acl)

static int object_acl(void *arg)
{
	struct meta_grant grant = everybody_reads;
	struct put p = {
		.who = OWNER, .bucket = "b", .name = "public", .etag = "e", .size = 5,
		.grant = &grant, .grants = 1,
	};
	struct home *h = &home;
	struct meta_result result;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_object(h, &p, &result), 0);
	must_equal(read_object(h, ANONYMOUS, "b", "public", META_GET), 0);
	must_equal(read_object(h, OTHER, "b", "public", META_HEAD), 0);
	must(denied(read_object(h, ANONYMOUS, "b", "public", META_GET_TAGS)));
	must(denied(read_object(h, ANONYMOUS, "b", "public", META_GET_ACL)));
	/* What is not there, and what may not be seen, look the same. */
	must(denied(read_object(h, ANONYMOUS, "b", "nothing", META_GET)));
	must_equal(set_bucket_acl(h, OWNER, "b", &grant, 1), 0);
	must_equal(read_object(h, ANONYMOUS, "b", "nothing", META_GET), REFUSED(NO_SUCH_KEY));
	grant = (struct meta_grant){ S3_READ, rtext(h->owner_id), { 0 }, { 0 } };
	must_equal(put_object(h, &p, &result), 0);
	grant.id = rtext("0000000000000001000000000000000000000000000000000000000000000000");
	must_equal(put_object(h, &p, &result), REFUSED(INVALID_ARGUMENT));
	grant.id = rtext("somebody");
	must_equal(put_object(h, &p, &result), REFUSED(INVALID_ARGUMENT));
	/* Names are told, not taken. */
	grant = (struct meta_grant){ .permission = S3_READ, .id = rtext(h->other_id) };
	must_equal(put_object(h, &p, &result), 0);
	grant.name = rtext("somebody");
	must_equal(put_object(h, &p, &result), REFUSED(INVALID_ARGUMENT));
	grant = (struct meta_grant){ S3_READ, { 0 }, rtext("http://example.com/all"), { 0 } };
	must_equal(put_object(h, &p, &result), REFUSED(INVALID_ARGUMENT));
	grant = (struct meta_grant){ S3_PERMISSIONS, rtext(h->other_id), { 0 }, { 0 } };
	must_equal(put_object(h, &p, &result), REFUSED(INVALID_ARGUMENT));
	home_close(h);
	return 0;
}

RUN(object_acl)

/* --- policies --------------------------------------------------------------------- */

#define STATEMENT(effect, principal, action, resource, condition) \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"" effect "\",\"Principal\":" \
	principal ",\"Action\":\"" action "\",\"Resource\":\"arn:aws:s3:::" resource "\"" \
	condition "}]}"
#define IF(op, key, value)	",\"Condition\":{\"" op "\":{\"" key "\":\"" value "\"}}"
#define ALL			"\"*\""

static void put_policy(struct home *h, const char *policy)
{
	must_equal(set_document(h, OWNER, "b", STORE_BUCKET_POLICY, policy), 0);
}

static int policies(void *arg)
{
	struct home *h = &home;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_simple(h, OWNER, "b", "o"), 0);
	put_policy(h, STATEMENT("Allow", ALL, "s3:GetObject", "b/*", ""));
	must_equal(read_object(h, ANONYMOUS, "b", "o", META_GET), 0);
	must(denied(list_bucket(h, ANONYMOUS, "b", "")));
	must(denied(put_simple(h, OTHER, "b", "o")));
	put_policy(h, STATEMENT("Allow", "{\"AWS\":\"arn:aws:iam::red:root\"}", "s3:*", "b/*",
				""));
	must_equal(put_simple(h, OTHER, "b", "theirs"), 0);
	must(denied(read_object(h, ANONYMOUS, "b", "o", META_GET)));
	put_policy(h, STATEMENT("Allow", "{\"AWS\":\"arn:aws:iam::red:user/OTHER\"}",
				"s3:GetObject", "b/o", ""));
	must_equal(read_object(h, OTHER, "b", "o", META_GET), 0);
	must(denied(read_object(h, OTHER, "b", "theirs", META_GET)));
	/* A denial holds for the owner, too, but for the policy itself. */
	put_policy(h, STATEMENT("Deny", ALL, "s3:*", "b/*", ""));
	must(denied(read_object(h, OWNER, "b", "o", META_GET)));
	put_policy(h, STATEMENT("Deny", ALL, "s3:*", "b", ""));
	must(denied(list_bucket(h, OWNER, "b", "")));
	must(denied(set_document(h, READER, "b", STORE_BUCKET_POLICY, "")));
	must_equal(set_document(h, OWNER, "b", STORE_BUCKET_POLICY, "nonsense"),
		   REFUSED(MALFORMED_POLICY));
	must_equal(set_document(h, OWNER, "b", STORE_BUCKET_POLICY, ""), 0);
	must_equal(list_bucket(h, OWNER, "b", ""), 0);
	must(denied(read_object(h, OTHER, "b", "o", META_GET)));
	home_close(h);
	return 0;
}

RUN(policies)

struct condition_case {
	const char *op, *key, *yes, *no;
};

static const struct condition_case condition_cases[] = {
	{ "IpAddress", "aws:SourceIp", "192.0.2.0/24", "198.51.100.0/24" },
	{ "Bool", "aws:SecureTransport", "false", "true" },
	{ "StringLike", "aws:UserAgent", "te*", "curl*" },
	{ "DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z" },
	{ "NumericGreaterThan", "aws:EpochTime", "1600000000", "99999999999" },
	{ "StringEquals", "aws:PrincipalType", "User", "Anonymous" },
	{ "StringEquals", "aws:username", "OTHER", "OWNER" },
	{ "StringLike", "aws:PrincipalArn", "arn:aws:iam::red:*", "arn:aws:iam::blue:*" },
	{ "StringEquals", "s3:ExistingObjectTag/t", "1", "2" },
	{ "StringEquals", "s3:authType", "REST-HEADER", "POST" },
	{ "Null", "aws:Referer", "true", "false" },
};

static int read_by_header(struct home *h)
{
	const struct meta_context context = { rtext("s3:authType"), rtext("REST-HEADER") };
	struct meta_read ask = {
		.caller = caller_of(OTHER), .bucket = rtext("b"), .name = rtext("o"),
	};
	ANSWER answer = LINK_ANSWER_NONE;
	struct meta_object give;

	ask.caller.context = &context;
	ask.caller.contexts = 1;
	return ASK(h, META_READ, read, &ask, object, &give, &answer);
}

static int conditions(void *arg)
{
	const struct put p = {
		.who = OWNER, .bucket = "b", .name = "o", .tags = "t=1", .etag = "e", .size = 5,
	};
	struct home *h = &home;
	struct meta_result result;
	char policy[1024];
	unsigned int i, turn;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_object(h, &p, &result), 0);
	for (i = 0; i < ARRAY_SIZE(condition_cases); i++)
		for (turn = 0; turn < 2; turn++) {
			const struct condition_case *c = &condition_cases[i];

			snprintf(policy, sizeof(policy), STATEMENT("Allow", ALL, "s3:GetObject",
								   "b/*", IF("%s", "%s", "%s")),
				 c->op, c->key, turn ? c->no : c->yes);
			put_policy(h, policy);
			must_equal(denied(read_by_header(h)), turn);
		}
	put_policy(h, STATEMENT("Allow", ALL, "s3:ListBucket", "b",
				IF("StringLike", "s3:prefix", "home/*")));
	must_equal(list_bucket(h, OTHER, "b", "home/x"), 0);
	must(denied(list_bucket(h, OTHER, "b", "")));
	put_policy(h, STATEMENT("Deny", ALL, "s3:PutObject", "b/*",
				IF("StringNotEquals", "s3:RequestObjectTag/t", "1")));
	must_equal(put_object(h, &p, &result), 0);
	must(denied(put_simple(h, OWNER, "b", "o")));
	home_close(h);
	return 0;
}

RUN(conditions)

/* --- keys ------------------------------------------------------------------------- */

static int keys(void *arg)
{
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER wrong = LINK_ANSWER_NONE;
	struct meta_key_ask ask = { rtext("OWNER") };
	struct home *h = &home;
	struct meta_key give;
	struct store_bucket row;
	STORE_ARENA arena = { 0 };

	(void)arg;
	home_open(h);
	must_equal(ASK(h, META_KEY, key_ask, &ask, key, &give, &answer), 0);
	must_equal(give.team, h->team);
	must(ris(give.owner, h->owner_id) && ris(give.secret, "wrapped") && give.keep_ms);
	ask.access_key = rtext("NOBODY");
	must_equal(ASK(h, META_KEY, key_ask, &ask, key, &give, &wrong),
		   REFUSED(INVALID_ACCESS_KEY_ID));
	/* The scope of a single bucket counts before that of all. */
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(make_bucket(h, READER, "c"), REFUSED(ACCESS_DENIED));
	must_equal(make_bucket(h, ANONYMOUS, "c"), REFUSED(ACCESS_DENIED));
	must_equal(store_bucket_look(h->b.store, stext("b"), &arena, &row), 0);
	must_equal(store_key_set_scope(h->b.store, h->team, stext("NONE"), row.id,
				       STORE_SCOPE_FULL), 0);
	must_equal(store_key_set_scope(h->b.store, h->team, stext("OWNER"), row.id,
				       STORE_SCOPE_READ), 0);
	backend_forget(&h->b);
	must_equal(put_simple(h, NONE, "b", "o"), 0);
	must(denied(put_simple(h, OWNER, "b", "o")));
	must_equal(store_key_delete(h->b.store, h->team, stext("NONE")), 0);
	backend_forget(&h->b);
	must_equal(put_simple(h, NONE, "b", "o"), REFUSED(INVALID_ACCESS_KEY_ID));
	must_equal(put_simple(h, OTHER, "none", "o"), REFUSED(NO_SUCH_BUCKET));
	home_close(h);
	return 0;
}

RUN(keys)

/* Names of buckets: each team sees its own, a key those that it may use. */
static int buckets(void *arg)
{
	struct meta_list ask = { .caller = caller_of(OWNER), .max = 2 };
	ANSWER first = LINK_ANSWER_NONE;
	ANSWER second = LINK_ANSWER_NONE;
	ANSWER other = LINK_ANSWER_NONE;
	struct home *h = &home;
	struct meta_buckets give;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b1"), 0);
	must_equal(make_bucket(h, OTHER, "b2"), 0);
	must_equal(make_bucket(h, OWNER, "b3"), 0);
	must_equal(make_bucket(h, OWNER, "b4"), 0);
	must_equal(ASK(h, META_BUCKETS, list, &ask, buckets, &give, &first), 0);
	must_equal(give.count, 2);
	must(give.truncated && ris(give.bucket[0].name, "b1") && ris(give.bucket[1].name, "b3"));
	must(ris(give.owner, h->owner_id) && !give.bucket[0].policy_name.len);
	ask.after = rtext("b3");
	must_equal(ASK(h, META_BUCKETS, list, &ask, buckets, &give, &second), 0);
	must_equal(give.count, 1);
	must(!give.truncated && ris(give.bucket[0].name, "b4"));
	ask = (struct meta_list){ .caller = caller_of(NONE), .max = 1000 };
	must_equal(ASK(h, META_BUCKETS, list, &ask, buckets, &give, &other), 0);
	must_equal(give.count, 0);
	ask.caller = caller_of(ANONYMOUS);
	must_equal(ASK(h, META_BUCKETS, list, &ask, buckets, &give, &other),
		   REFUSED(ACCESS_DENIED));
	home_close(h);
	return 0;
}

RUN(buckets)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_round_trip), ON_BOTH(test_table_private), ON_BOTH(test_table_acl),
		ON_BOTH(test_object_acl), ON_BOTH(test_policies), ON_BOTH(test_conditions),
		ON_BOTH(test_keys), ON_BOTH(test_buckets),
	};
	static const struct config config = { .level = LEVEL_WARNING };

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
