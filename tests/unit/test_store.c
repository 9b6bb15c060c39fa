// SPDX-License-Identifier: GPL-2.0-or-later
/* The store: who sees what, buckets, objects, conditions, uploads, cost of listings. */
#include "../../user/lib/db/db_private.h"
#include "store_util.h"

static const struct store_version null_id = { .kind = STORE_NULL };

static struct store_upload open_upload(struct shop *shop, const char *name)
{
	struct store_upload u = {
		.team = shop->team, .bucket = shop->bucket, .name = str(name),
		.headers = str("type"), .metadata = str("meta"),
	};

	ASSERT_OK(store_upload_create(shop->store, &u));
	return u;
}

static int put_part(struct shop *shop, const struct store_upload *u, u32 number, u64 size,
		    const char *etag)
{
	struct store_part part = { .number = number, .etag = str(etag) };
	struct store_page page = { .length = size, .generations = 1, .records = str(etag) };
	struct store_body body = { .size = size, .page = size ? &page : NULL };

	return store_part_put(shop->store, shop->team, shop->bucket, u->name, u->id, &part, &body);
}

static int complete(struct shop *shop, const struct store_upload *u, const struct store_part *part,
		    unsigned int parts)
{
	struct store_complete c = {
		.team = shop->team, .bucket = shop->bucket, .name = u->name, .part = part,
		.parts = parts, .etag = str("sum-of-parts"),
	};
	struct store_result result;

	memcpy(c.id, u->id, sizeof(c.id));
	return store_upload_complete(shop->store, &c, &result);
}

/* --- isolation ----------------------------------------------------------- */

/* Whatever it asks for, another team learns no more than that nothing is there. */
static void other_team_sees_nothing(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	u64 red = shop->other, b = shop->bucket;
	struct store_upload u = open_upload(shop, "up"), got;
	struct store_list l = { .team = red, .bucket = b, .max = 10 };
	struct store_put put = { .team = red, .bucket = b, .name = str("theirs") };
	struct store_body body = { 0 };
	struct store_part part = { .number = 1 }, *parts;
	struct store_bucket bucket, *buckets;
	struct store_listing out;
	struct store_object o;
	struct store_result r;
	struct store_usage usage;
	struct store_text text;

	ASSERT_OK(put_object(shop, b, "ours", "e", NULL));
	ASSERT_ERR(store_bucket_find(s, red, str("bucket"), &shop->arena, &bucket),
		   STORE_NO_SUCH_BUCKET);
	assert_int_equal(store_bucket_list(s, red, str(""), str(""), 10, &shop->arena, &buckets),
			 0);
	ASSERT_ERR(get_object(shop, red, b, "ours", NULL, &o), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(get_object(shop, red, b, "not there", NULL, &o), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_object_put(s, &put, &r), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_object_delete(s, red, b, str("ours"), NULL, NULL, &r),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_object_set_tags(s, red, b, str("ours"), NULL, NULL, str("t"), &r),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_object_set_acl(s, red, b, str("ours"), NULL, NULL, str("t"), &r),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_list_objects(s, &l, &shop->arena, &out), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_list_versions(s, &l, &shop->arena, &out), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_list_uploads(s, &l, &shop->arena, &out), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_set_versioning(s, red, b, STORE_VERSIONED), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_set_shared(s, red, b, true), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_set_document(s, red, b, STORE_ACL, str("x")),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_document(s, red, b, STORE_ACL, &shop->arena, &text),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_usage(s, red, b, &usage), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_delete(s, red, b), STORE_NO_SUCH_BUCKET);
	u.team = red;
	ASSERT_ERR(store_upload_create(s, &u), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_upload_get(s, red, b, u.name, u.id, &shop->arena, &got),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_part_put(s, red, b, u.name, u.id, &part, &body), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_part_list(s, red, b, u.name, u.id, 0, 10, &shop->arena, &parts),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_upload_abort(s, red, b, u.name, u.id), STORE_NO_SUCH_BUCKET);
	ASSERT_OK(store_team_usage(s, red, &usage));
	assert_int_equal(usage.versions, 0);
	ASSERT_OK(get_object(shop, shop->team, b, "ours", NULL, &o));
}

/* A shared bucket is there for others, who still cannot own or destroy it. */
static void shared_bucket(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_bucket bucket;
	struct store_usage usage;
	struct store_object o;
	struct store_put put = {
		.team = shop->other, .bucket = shop->bucket, .name = str("guest"),
	};
	struct store_result r;

	ASSERT_OK(store_bucket_set_shared(s, shop->team, shop->bucket, true));
	ASSERT_OK(store_bucket_find(s, shop->other, str("bucket"), &shop->arena, &bucket));
	assert_int_equal(bucket.team, shop->team);
	assert_true(bucket.shared);
	ASSERT_OK(store_object_put(s, &put, &r));
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "guest", NULL, &o));
	/* It counts for the owner. */
	ASSERT_OK(store_team_usage(s, shop->team, &usage));
	assert_int_equal(usage.objects, 1);
	ASSERT_ERR(store_bucket_delete(s, shop->other, shop->bucket), STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_set_versioning(s, shop->other, shop->bucket, STORE_VERSIONED),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_set_shared(s, shop->other, shop->bucket, false),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_bucket_usage(s, shop->other, shop->bucket, &usage),
		   STORE_NO_SUCH_BUCKET);
}

/* --- buckets ------------------------------------------------------------- */

/* A new one has what it was made with, in one step. */
static void made_with(void **state)
{
	const struct store_text documents[STORE_DOCUMENTS] = {
		[STORE_ACL] = str("acl"), [STORE_TAGS] = str("tags"),
	};
	struct shop *shop = *state;
	struct store_bucket b = {
		.team = shop->team, .name = str("made"), .policy = shop->policy, .shared = true,
		.document = documents,
	};
	struct store_bucket found;
	struct store_text body;

	ASSERT_OK(store_bucket_create(shop->store, &b));
	ASSERT_OK(store_bucket_find(shop->store, shop->team, b.name, &shop->arena, &found));
	assert_true(found.shared && found.versioning == STORE_UNVERSIONED && !found.document);
	ASSERT_OK(store_bucket_document(shop->store, shop->team, b.id, STORE_ACL, &shop->arena,
					&body));
	assert_true(text_is(body, "acl"));
	ASSERT_OK(store_bucket_document(shop->store, shop->team, b.id, STORE_TAGS, &shop->arena,
					&body));
	assert_true(text_is(body, "tags"));
	ASSERT_ERR(store_bucket_document(shop->store, shop->team, b.id, STORE_CORS, &shop->arena,
					 &body), STORE_NO_SUCH_CORS);
}

static void bucket_names(void **state)
{
	struct shop *shop = *state;
	struct store_bucket b = {
		.team = shop->team, .name = str("bucket"), .policy = shop->policy,
	};
	static char long_text[STORE_BLOB_MAX + 1];
	const struct store_text documents[STORE_DOCUMENTS] = {
		[STORE_ACL] = str("acl"), [STORE_TAGS] = { long_text, sizeof(long_text) },
	};
	struct store_bucket *list, found;

	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_BUCKET_OWNED);
	b.team = shop->other;
	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_BUCKET_EXISTS);
	b.team = 99;
	b.name = str("nobody's");
	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_NO_SUCH_TEAM);
	b.team = shop->other;
	b.policy = 99;
	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_NO_SUCH_POLICY);
	b.policy = shop->policy;
	b.name = str("");
	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_INVALID);
	b.name = str("too much");
	b.document = documents;
	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_TOO_LARGE);
	ASSERT_ERR(store_bucket_look(shop->store, str("too much"), &shop->arena, &found),
		   STORE_NO_SUCH_BUCKET);
	make_bucket(shop, shop->team, "a");
	make_bucket(shop, shop->team, "c");
	make_bucket(shop, shop->other, "b");
	assert_int_equal(store_bucket_list(shop->store, shop->team, str(""), str(""), 2,
					   &shop->arena, &list), 2);
	assert_true(text_is(list[0].name, "a") && text_is(list[1].name, "bucket"));
	assert_int_equal(store_bucket_list(shop->store, shop->team, str(""), str("bucket"), 2,
					   &shop->arena, &list), 1);
	assert_int_equal(store_bucket_list(shop->store, shop->team, str("buck"), str(""), 9,
					   &shop->arena, &list), 1);
}

static void bucket_limit(void **state)
{
	struct shop *shop = *state;
	struct store_bucket b = { .team = shop->team, .policy = shop->policy };
	char name[16];
	int i;

	store_close(shop->store);
	shop->config.buckets_max = 5;
	ASSERT_OK(store_open(&shop->config, &shop->store));
	for (i = 1; i < 5; i++) {
		snprintf(name, sizeof(name), "more%d", i);
		make_bucket(shop, shop->team, name);
	}
	b.name = str("one too many");
	ASSERT_ERR(store_bucket_create(shop->store, &b), STORE_TOO_MANY_BUCKETS);
	make_bucket(shop, shop->other, "theirs");
}

/* Neither objects nor versions nor markers; and nothing lives on under its name. */
static void bucket_delete(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_result r;
	struct store_text text;
	struct store_usage usage;
	struct store_upload u;
	u64 old = shop->bucket;

	ASSERT_OK(store_bucket_set_versioning(s, shop->team, old, STORE_VERSIONED));
	ASSERT_ERR(store_bucket_set_versioning(s, shop->team, old, STORE_UNVERSIONED),
		   STORE_INVALID);
	ASSERT_OK(store_object_delete(s, shop->team, old, str("k"), NULL, NULL, &r));
	assert_true(r.marker);
	ASSERT_ERR(store_bucket_delete(s, shop->team, old), STORE_BUCKET_NOT_EMPTY);
	ASSERT_OK(store_object_delete(s, shop->team, old, str("k"), &r.version, NULL, &r));
	ASSERT_OK(store_bucket_set_document(s, shop->team, old, STORE_CORS, str("<cors/>")));
	u = open_upload(shop, "unfinished");
	ASSERT_OK(put_part(shop, &u, 1, 1000, "part"));
	ASSERT_OK(store_team_usage(s, shop->team, &usage));
	assert_int_equal(usage.uploads, 1000);
	ASSERT_OK(store_bucket_delete(s, shop->team, old));
	ASSERT_OK(store_team_usage(s, shop->team, &usage));
	assert_int_equal(usage.uploads, 0);
	ASSERT_ERR(store_bucket_delete(s, shop->team, old), STORE_NO_SUCH_BUCKET);
	shop->bucket = make_bucket(shop, shop->team, "bucket");
	assert_int_not_equal(shop->bucket, old);
	ASSERT_ERR(store_bucket_document(s, shop->team, shop->bucket, STORE_CORS, &shop->arena,
					 &text), STORE_NO_SUCH_CORS);
	ASSERT_ERR(put_part(shop, &u, 2, 1000, "part"), STORE_NO_SUCH_UPLOAD);
}

static void documents(void **state)
{
	static const int missing[STORE_DOCUMENTS] = {
		STORE_NO_SUCH_ACL, STORE_NO_SUCH_CORS, STORE_NO_SUCH_BUCKET_POLICY,
		STORE_NO_SUCH_LIFECYCLE, STORE_NO_SUCH_TAGS, STORE_NO_SUCH_OWNERSHIP,
		STORE_NO_SUCH_PUBLIC_ACCESS,
	};
	struct shop *shop = *state;
	struct store_text text;
	int kind;

	for (kind = 0; kind < STORE_DOCUMENTS; kind++) {
		ASSERT_ERR(store_bucket_document(shop->store, shop->team, shop->bucket, kind,
						 &shop->arena, &text), missing[kind]);
		ASSERT_OK(store_bucket_set_document(shop->store, shop->team, shop->bucket, kind,
						    str("first")));
		ASSERT_OK(store_bucket_set_document(shop->store, shop->team, shop->bucket, kind,
						    str("second")));
		ASSERT_OK(store_bucket_document(shop->store, shop->team, shop->bucket, kind,
						&shop->arena, &text));
		assert_true(text_is(text, "second"));
	}
	ASSERT_OK(store_bucket_set_document(shop->store, shop->team, shop->bucket, STORE_CORS,
					    str("")));
	ASSERT_ERR(store_bucket_document(shop->store, shop->team, shop->bucket, STORE_CORS,
					 &shop->arena, &text), STORE_NO_SUCH_CORS);
}

/* --- objects ------------------------------------------------------------- */

static void names(void **state)
{
	struct shop *shop = *state;
	char name[STORE_NAME_MAX + 2];
	struct store_list l = { .team = shop->team, .bucket = shop->bucket, .max = 10 };
	struct store_listing out;
	struct store_object o;

	memset(name, 0xff, sizeof(name));
	name[STORE_NAME_MAX + 1] = 0;
	ASSERT_ERR(put_object(shop, shop->bucket, name, "e", NULL), STORE_NAME_TOO_LONG);
	name[STORE_NAME_MAX] = 0;
	ASSERT_OK(put_object(shop, shop->bucket, name, "e", NULL));
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, name, NULL, &o));
	ASSERT_ERR(put_object(shop, shop->bucket, "", "e", NULL), STORE_INVALID);
	/* The last of all possible names is listed, and grouped, and gone past. */
	l.prefix = str(name);
	ASSERT_OK(store_list_objects(shop->store, &l, &shop->arena, &out));
	assert_int_equal(out.count, 1);
	l.prefix = str("");
	l.delimiter = str("\xff");
	ASSERT_OK(store_list_objects(shop->store, &l, &shop->arena, &out));
	assert_true(out.count == 1 && out.entry[0].group && out.entry[0].name.len == 1);
	l.after = out.entry[0].name;
	ASSERT_OK(store_list_objects(shop->store, &l, &shop->arena, &out));
	assert_int_equal(out.count, 0);
	l.max = 0;
	l.after = str("");
	ASSERT_OK(store_list_objects(shop->store, &l, &shop->arena, &out));
	assert_true(!out.count && !out.truncated);
}

static void everything_is_kept(void **state)
{
	struct shop *shop = *state;
	struct store_page page = { .length = 7, .generations = 1, .records = str("record") };
	struct store_put put = {
		.team = shop->team, .bucket = shop->bucket, .name = str("k"), .etag = str("etag"),
		.checksums = str("sums"), .headers = str("headers"), .metadata = str("meta"),
		.tags = str("tags"), .acl = str("acl"), .key = str("wrapped"),
		.body = { .size = 7, .page = &page },
	};
	struct store_result r;
	struct store_object o;

	ASSERT_OK(store_object_put(shop->store, &put, &r));
	assert_int_equal(r.version.kind, STORE_LATEST);
	ASSERT_OK(store_object_set_tags(shop->store, shop->team, shop->bucket, str("k"), NULL,
					NULL, str("new tags"), &r));
	ASSERT_OK(store_object_set_acl(shop->store, shop->team, shop->bucket, str("k"), &null_id,
				       NULL, str("new acl"), &r));
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "k", &null_id, &o));
	assert_true(text_is(o.etag, "etag") && text_is(o.checksums, "sums"));
	assert_true(text_is(o.headers, "headers") && text_is(o.metadata, "meta"));
	assert_true(text_is(o.tags, "new tags") && text_is(o.acl, "new acl"));
	assert_true(text_is(o.key, "wrapped") && text_is(o.data.records, "record"));
	assert_true(o.size == 7 && o.latest && o.policy_revision == 1 && o.order == clock_us);
	put.body.size = 8;
	ASSERT_ERR(store_object_put(shop->store, &put, &r), STORE_INVALID);
	put.body = (struct store_body){ .size = 1 };
	ASSERT_ERR(store_object_put(shop->store, &put, &r), STORE_INVALID);
	put.body.size = STORE_OBJECT_MAX + 1;
	ASSERT_ERR(store_object_put(shop->store, &put, &r), STORE_TOO_LARGE);
}

/* What was judged is what is changed. */
static void set_if(void **state)
{
	struct shop *shop = *state;
	struct store_condition same = { 0 };
	struct store_result first, second, r;
	struct store_object o;

	ASSERT_OK(put_object(shop, shop->bucket, "k", "e1", &first));
	same.order = first.order;
	ASSERT_OK(store_object_set_tags(shop->store, shop->team, shop->bucket, str("k"), NULL,
					&same, str("old"), &r));
	ASSERT_OK(put_object(shop, shop->bucket, "k", "e2", &second));
	ASSERT_ERR(store_object_set_tags(shop->store, shop->team, shop->bucket, str("k"), NULL,
					 &same, str("new"), &r), STORE_PRECONDITION);
	ASSERT_ERR(store_object_set_acl(shop->store, shop->team, shop->bucket, str("k"), NULL,
					&same, str("new"), &r), STORE_PRECONDITION);
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "k", NULL, &o));
	assert_true(!o.tags.len && !o.acl.len);
	same.order = second.order;
	ASSERT_OK(store_object_set_acl(shop->store, shop->team, shop->bucket, str("k"), NULL,
				       &same, str("new"), &r));
}

static int delete_if(struct shop *shop, const char *name, struct store_condition c)
{
	struct store_result r;

	return store_object_delete(shop->store, shop->team, shop->bucket, str(name), NULL, &c, &r);
}

static void conditional_delete(void **state)
{
	struct shop *shop = *state;
	struct store_result r;

	ASSERT_OK(put_object(shop, shop->bucket, "k", "e1", &r));
	ASSERT_ERR(delete_if(shop, "k", (struct store_condition){ .if_match = str("e2") }),
		   STORE_PRECONDITION);
	ASSERT_ERR(delete_if(shop, "x", (struct store_condition){ .if_match = str("e2") }),
		   STORE_NO_SUCH_KEY);
	ASSERT_ERR(delete_if(shop, "k", (struct store_condition){ .order = r.order - 1 }),
		   STORE_PRECONDITION);
	ASSERT_OK(delete_if(shop, "k",
			    (struct store_condition){ .order = r.order, .if_match = str("e1") }));
	ASSERT_OK(delete_if(shop, "k", (struct store_condition){ 0 }));
}

/* A version's id is bound to its name, its bucket and its random half. */
static void forged_versions(void **state)
{
	struct shop *shop = *state;
	struct store_result a, b;
	struct store_object o;

	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	ASSERT_OK(put_object(shop, shop->bucket, "a", "1", &a));
	ASSERT_OK(put_object(shop, shop->bucket, "a", "2", &b));
	assert_true(b.order > a.order);
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "a", &a.version, &o));
	assert_true(text_is(o.etag, "1") && !o.latest);
	ASSERT_ERR(get_object(shop, shop->team, shop->bucket, "b", &a.version, &o),
		   STORE_NO_SUCH_VERSION);
	a.version.id[15] ^= 1;
	ASSERT_ERR(get_object(shop, shop->team, shop->bucket, "a", &a.version, &o),
		   STORE_NO_SUCH_VERSION);
	memset(a.version.id, 0xff, sizeof(a.version.id));
	ASSERT_ERR(get_object(shop, shop->team, shop->bucket, "a", &a.version, &o),
		   STORE_NO_SUCH_VERSION);
	ASSERT_ERR(get_object(shop, shop->team, shop->bucket, "a", &null_id, &o),
		   STORE_NO_SUCH_VERSION);
}

/* --- uploads ------------------------------------------------------------- */

static void upload_errors(void **state)
{
	struct shop *shop = *state;
	struct store_upload u = open_upload(shop, "big"), other = open_upload(shop, "other");
	struct store_part p[3] = {
		{ .number = 1, .etag = str("p1") }, { .number = 2, .etag = str("p2") },
		{ .number = 9, .etag = str("p9") },
	};
	struct store_part *list;
	struct store_usage usage;

	ASSERT_ERR(put_part(shop, &u, 0, 10, "p"), STORE_INVALID);
	ASSERT_ERR(put_part(shop, &u, STORE_PARTS_MAX + 1, 10, "p"), STORE_INVALID);
	ASSERT_OK(put_part(shop, &u, 1, STORE_PART_MIN, "old"));
	ASSERT_OK(put_part(shop, &u, 1, STORE_PART_MIN, "p1"));
	ASSERT_OK(put_part(shop, &u, 2, STORE_PART_MIN - 1, "p2"));
	ASSERT_OK(put_part(shop, &u, 5, 10, "p5"));
	ASSERT_ERR(complete(shop, &u, p, 0), STORE_INVALID);
	ASSERT_ERR(complete(shop, &u, p, 3), STORE_PART_TOO_SMALL);
	p[0].etag = str("old");
	ASSERT_ERR(complete(shop, &u, p, 2), STORE_INVALID_PART);
	p[0].etag = str("p1");
	ASSERT_ERR(complete(shop, &u, (struct store_part[]){ p[1], p[0] }, 2),
		   STORE_INVALID_PART_ORDER);
	ASSERT_ERR(complete(shop, &u, (struct store_part[]){ p[0], p[0] }, 2),
		   STORE_INVALID_PART_ORDER);
	ASSERT_ERR(complete(shop, &u, (struct store_part[]){ p[0], p[2] }, 2),
		   STORE_INVALID_PART);
	/* The id belongs to its name. */
	other.name = str("big");
	ASSERT_ERR(put_part(shop, &other, 1, 10, "p"), STORE_NO_SUCH_UPLOAD);
	assert_int_equal(store_part_list(shop->store, shop->team, shop->bucket, u.name, u.id, 1,
					 10, &shop->arena, &list), 2);
	assert_true(list[0].number == 2 && list[1].number == 5 && text_is(list[1].etag, "p5"));
	ASSERT_OK(complete(shop, &u, p, 2));
	ASSERT_ERR(complete(shop, &u, p, 2), STORE_NO_SUCH_UPLOAD);
	ASSERT_ERR(store_upload_abort(shop->store, shop->team, shop->bucket, u.name, u.id),
		   STORE_NO_SUCH_UPLOAD);
	ASSERT_OK(store_team_usage(shop->store, shop->team, &usage));
	assert_int_equal(usage.bytes, 2 * STORE_PART_MIN - 1);
	assert_int_equal(usage.uploads, 0);
}

/* The most parts there can be; any byte of them is found with its part. */
static void many_parts(void **state)
{
	struct shop *shop = *state;
	struct store_upload u = open_upload(shop, "big");
	struct store_part *p = calloc(STORE_PARTS_MAX, sizeof(*p)), *list;
	struct store_object o;
	struct store_page page;
	u64 base, offset;
	u32 part, i;

	for (i = 0; i < STORE_PARTS_MAX; i++) {
		p[i] = (struct store_part){ .number = i + 1, .etag = str("p") };
		ASSERT_OK(put_part(shop, &u, i + 1, STORE_PART_MIN + i, "p"));
	}
	ASSERT_OK(complete(shop, &u, p, STORE_PARTS_MAX));
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "big", NULL, &o));
	assert_true(o.data.parts == STORE_PARTS_MAX && text_is(o.metadata, "meta"));
	for (i = 0, offset = 0; i < STORE_PARTS_MAX; i++) {
		u64 size = STORE_PART_MIN + i;

		if (i % 97 == 0 || i + 1 == STORE_PARTS_MAX) {
			ASSERT_OK(store_data_page(shop->store, &o.data, offset + size - 1,
						  &shop->arena, &page, &base, &part));
			assert_true(part == i + 1 && base == offset && page.length == size);
			store_arena_reset(&shop->arena);
		}
		offset += size;
	}
	assert_int_equal(offset, o.size);
	ASSERT_ERR(store_data_page(shop->store, &o.data, offset, &shop->arena, &page, &base,
				   &part), STORE_INVALID);
	assert_int_equal(store_object_parts(shop->store, &o.data, 9990, 100, &shop->arena, &list),
			 10);
	assert_int_equal(list[9].size, STORE_PART_MIN + STORE_PARTS_MAX - 1);
	free(p);
}

static void list_uploads(void **state)
{
	struct shop *shop = *state;
	struct store_list l = {
		.team = shop->team, .bucket = shop->bucket, .delimiter = str("/"), .max = 1,
	};
	static const char *const wanted[] = { "a", "a", "a", "b/", "c" };
	struct store_listing out = { .truncated = true };
	int i;

	for (i = 0; i < 3; i++)
		open_upload(shop, "a");
	open_upload(shop, "b/1");
	open_upload(shop, "b/2");
	open_upload(shop, "c");
	for (i = 0; i < 5; i++) {
		assert_true(out.truncated);
		ASSERT_OK(store_list_uploads(shop->store, &l, &shop->arena, &out));
		assert_int_equal(out.count, 1);
		assert_true(text_is(out.entry[0].name, wanted[i]));
		l.after = out.next;
		l.after_version = out.next_version;
	}
	assert_false(out.truncated);
}

/* --- cost ---------------------------------------------------------------- */

struct cost {
	s64 steps, scans, sorts;
};

/* What the statements of the idle readers have cost since the last time. */
static struct cost cost_of(struct store *s)
{
	struct cost cost = { 0 };
	struct db_conn *c;
	unsigned int i;

	for (c = store_db(s)->idle; c; c = c->next) {
		for (i = 0; i < c->slots; i++) {
			if (!c->slot[i])
				continue;
			cost.steps += sqlite3_stmt_status(c->slot[i]->stmt,
							  SQLITE_STMTSTATUS_VM_STEP, 1);
			cost.scans += sqlite3_stmt_status(c->slot[i]->stmt,
							  SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
			cost.sorts += sqlite3_stmt_status(c->slot[i]->stmt,
							  SQLITE_STMTSTATUS_SORT, 1);
		}
	}
	return cost;
}

/* Two groups over many names, versions and markers: a page costs what it returns. */
static void listing_cost(void **state)
{
	struct shop *shop = *state;
	struct store_list l = {
		.team = shop->team, .bucket = shop->bucket, .delimiter = str("/"), .max = 1000,
	};
	struct store_listing out;
	struct store_result r;
	struct cost cost;
	char name[64];
	int i;

	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	for (i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "%s/deep/%d", i % 2 ? "a" : "b", i);
		ASSERT_OK(put_object(shop, shop->bucket, name, "e", &r));
		if (i % 4 == 0)
			ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket,
						      str(name), NULL, NULL, &r));
	}
	cost_of(shop->store);
	ASSERT_OK(store_list_objects(shop->store, &l, &shop->arena, &out));
	cost = cost_of(shop->store);
	assert_int_equal(out.count, 2);
	assert_true(cost.steps < 250 && !cost.scans && !cost.sorts);
	ASSERT_OK(store_list_versions(shop->store, &l, &shop->arena, &out));
	cost = cost_of(shop->store);
	assert_int_equal(out.count, 2);
	assert_true(cost.steps < 600 && !cost.scans && !cost.sorts);
	/* A page out of the middle costs no more than its entries. */
	l.delimiter = str("");
	l.after = str("a/deep/2");
	l.max = 10;
	ASSERT_OK(store_list_versions(shop->store, &l, &shop->arena, &out));
	cost = cost_of(shop->store);
	assert_int_equal(out.count, 10);
	assert_true(cost.steps < 2000 && !cost.scans && !cost.sorts);
}

/* Each error is one of S3's or of our own API, and none is forgotten. */
static void error_codes(void **state)
{
	int i, j;

	(void)state;
	for (i = STORE_ERROR_FIRST; i < STORE_ERROR_END; i++) {
		assert_non_null(store_s3_error(-i)->code);
		for (j = STORE_ERROR_FIRST; j < i; j++)
			assert_string_not_equal(store_s3_error(-i)->code,
						store_s3_error(-j)->code);
	}
	assert_string_equal(store_s3_error(-EIO)->code, "InternalError");
	assert_string_equal(store_s3_error(-EAGAIN)->code, "SlowDown");
	/* It is not the client who was late. */
	assert_string_equal(store_s3_error(-STORE_EXPIRED)->code, "ServiceUnavailable");
	assert_int_equal(store_s3_error(-STORE_EXPIRED)->status, 503);
	assert_string_equal(store_s3_error(-STORE_ERROR_END)->code, "InternalError");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(other_team_sees_nothing), STORE_TEST(shared_bucket),
		STORE_TEST(made_with), STORE_TEST(bucket_names), STORE_TEST(bucket_limit),
		STORE_TEST(bucket_delete),
		STORE_TEST(documents), STORE_TEST(names), STORE_TEST(everything_is_kept),
		STORE_TEST(set_if), STORE_TEST(conditional_delete), STORE_TEST(forged_versions),
		STORE_TEST(upload_errors), STORE_TEST(many_parts), STORE_TEST(list_uploads),
		STORE_TEST(listing_cost), cmocka_unit_test(error_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
