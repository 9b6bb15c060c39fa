// SPDX-License-Identifier: GPL-2.0-or-later
/* Buckets: their making, their end, where they are, their versioning; and the list of them. */
#include <errno.h>
#include <stdlib.h>

#include "front.h"
#include "s3/ownership.h"
#include "store.h"

#define DOCUMENT_MAX	65536u
#define BUCKETS_MAX	10000u		/* of max-buckets */
#define LOCATION_MAX	256u

/* META_BUCKET. */
static int ask_bucket(struct s3_call *c, u8 purpose, struct meta_bucket *bucket,
		      struct link_answer *answer)
{
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .purpose = purpose,
	};

	return front_ask(c, META_BUCKET, &meta_bucket_ask_schema, &ask, &meta_bucket_schema,
			 bucket, 0, answer);
}

static struct str region_of(const struct s3_call *c)
{
	const char *region = c->g->config->gateway_region;

	return str_of(*region ? region : REGION_USUAL);
}

/* --- one bucket ---------------------------------------------------------------------- */

/* What the document of CreateBucket asks for. */
struct wishes {
	char location[LOCATION_MAX];
	struct s3_tags tags;
	char text[S3_TAGS_HEADER];
};

static int read_wishes(struct s3_call *c, struct wishes *w, struct meta_bucket_make *ask)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	struct out text = OUT(w->text, sizeof(w->text));
	int rc = body_read(c, DOCUMENT_MAX, &m);

	if (!rc)
		rc = s3_read_create_bucket((struct str){ m.at, m.len }, w->location,
					   LOCATION_MAX, &w->tags, &c->fault);
	if (rc)
		return rc;
	s3_tags_to_header(&text, &w->tags);
	ask->policy = bytes_of(str_of(w->location));
	ask->tags = bytes_of(out_written(&text));
	return 0;
}

static int read_ownership(struct s3_call *c, struct rpc_bytes *to)
{
	const struct str name = STR("x-amz-object-ownership");
	struct str value = field_of(c, name);

	if (value.at && s3_ownership_find(value) == S3_OWNERSHIPS)
		return front_argument(c, name, str_head(value, 64),
				      "Object ownership is BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter");
	*to = bytes_of(value);
	return 0;
}

int s3_create_bucket(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_bucket_make ask = { .caller = c->caller };
	CLEANUP_FREE struct wishes *w = calloc(1, sizeof(*w));
	struct object_fields f;
	struct meta_bucket made;
	struct out *o;
	int rc;

	if (!w)
		return -ENOMEM;
	if (!s3_bucket_name_ok(c->target.bucket) || api_is_reserved(c->target.bucket)) {
		s3_fail(&c->fault, S3_INVALID_BUCKET_NAME, NULL);
		s3_detail(&c->fault, "BucketName", c->target.bucket);
		return S3_INVALID_BUCKET_NAME;
	}
	rc = fields_acl(c, &f);
	if (!rc)
		rc = read_ownership(c, &ask.ownership);
	if (!rc)
		rc = read_wishes(c, w, &ask);
	if (rc)
		return rc;
	ask.name = bytes_of(c->target.bucket);
	ask.grant = f.grant;
	ask.grants = f.grants;
	ask.canned_acl = f.grants_canned;
	rc = front_ask(c, META_BUCKET_CREATE, &meta_bucket_make_schema, &ask, &meta_bucket_schema,
		       &made, 0, &answer);
	if (rc)
		return rc;
	o = front_reply(c, 200);
	out_str(o, STR("Location: /"));
	out_str(o, c->target.bucket);
	out_str(o, STR("\r\n"));
	return http_reply_whole(c->rq, NULL, 0);
}

int s3_delete_bucket(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket),
	};
	int rc = front_ask(c, META_BUCKET_DELETE, &meta_bucket_ask_schema, &ask, NULL, NULL, 0,
			   &answer);

	return rc ? rc : front_empty(c, 204);
}

int s3_head_bucket(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_bucket bucket;
	struct out *o;
	int rc = ask_bucket(c, META_BUCKET_HEAD, &bucket, &answer);

	if (rc)
		return rc;
	o = front_reply(c, 200);
	http_write_field(o, STR("x-amz-bucket-region"), region_of(c));
	http_write_field(o, STR("x-amz-access-point-alias"), STR("false"));
	http_write_field(o, STR("Content-Type"), STR("application/xml"));
	return http_reply_whole(c->rq, NULL, 0);
}

int s3_bucket_location(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct meta_bucket bucket;
	int rc = ask_bucket(c, META_BUCKET_LOCATION, &bucket, &answer);

	if (rc)
		return rc;
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_answer_location(&t.o, str_from(bucket.policy_name));
	return front_text_end(&t);
}

/* --- versioning ---------------------------------------------------------------------- */

int s3_get_versioning(struct s3_call *c)
{
	static const enum s3_versioning states[] = {
		[STORE_UNVERSIONED] = S3_UNVERSIONED, [STORE_VERSIONED] = S3_VERSIONING_ENABLED,
		[STORE_SUSPENDED] = S3_VERSIONING_SUSPENDED,
	};
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct meta_bucket bucket;
	int rc = ask_bucket(c, META_BUCKET_GET_VERSIONING, &bucket, &answer);

	if (rc)
		return rc;
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_answer_versioning(&t.o, bucket.versioning <= STORE_SUSPENDED ?
				   states[bucket.versioning] : S3_UNVERSIONED);
	return front_text_end(&t);
}

int s3_put_versioning(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_BODY struct body_text_memory m = { 0 };
	struct meta_bucket_set set = {
		.caller = c->caller, .name = bytes_of(c->target.bucket),
	};
	enum s3_versioning v;
	int rc = body_document(c, DOCUMENT_MAX, &m);

	if (!rc)
		rc = s3_read_versioning((struct str){ m.at, m.len }, &v, &c->fault);
	if (rc)
		return rc;
	if (v == S3_UNVERSIONED)
		return s3_fail(&c->fault, S3_ILLEGAL_VERSIONING, NULL);
	set.value = v == S3_VERSIONING_ENABLED ? STORE_VERSIONED : STORE_SUSPENDED;
	rc = front_ask(c, META_BUCKET_VERSIONING, &meta_bucket_set_schema, &set, NULL, NULL, 0,
		       &answer);
	return rc ? rc : front_empty(c, 200);
}

/* --- ListBuckets --------------------------------------------------------------------- */

/* What a token says: the name after which the next page begins.  Nobody has to know. */
static int read_token(struct s3_call *c, struct str token, char name[S3_BUCKET_MAX],
		      struct rpc_bytes *after)
{
	int len;

	if (!token.at)
		return 0;
	len = base64_decode(token, name, S3_BUCKET_MAX);
	if (len <= 0)
		return front_argument(c, STR("continuation-token"), token,
				      "The continuation token provided is incorrect");
	*after = (struct rpc_bytes){ name, len };
	return 0;
}

static int write_buckets(struct s3_call *c, const struct meta_buckets *b, struct str prefix)
{
	const struct s3_owner owner = { str_from(b->owner), str_from(b->owner_name) };
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	char text[2 * S3_BUCKET_MAX];
	struct out token = OUT(text, sizeof(text));
	u32 i;

	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_buckets_begin(&t.o, &owner);
	for (i = 0; i < b->count; i++)
		s3_buckets_item(&t.o, &(struct s3_bucket_entry){
			.name = str_from(b->bucket[i].name), .region = region_of(c),
			.created = b->bucket[i].created / 1000,
		});
	if (b->truncated && b->count)
		out_base64(&token, b->bucket[b->count - 1].name.data,
			   b->bucket[b->count - 1].name.len);
	s3_buckets_end(&t.o, prefix, token.len ? out_written(&token) : STR_NONE);
	return front_text_end(&t);
}

int s3_list_buckets(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_list ask = { .caller = c->caller, .max = META_LIST_MAX };
	struct str prefix = STR_NONE, token = STR_NONE, query = c->uri.query;
	struct meta_buckets buckets = { 0 };
	char name[S3_BUCKET_MAX];
	uint64_t max = META_LIST_MAX;
	int rc;

	/* The service has no anonymous user: of whom would the buckets be? */
	if (c->claim.place == SIG_ANONYMOUS)
		return s3_fail(&c->fault, S3_ACCESS_DENIED, NULL);
	rc = s3_param(&c->params, query, STR("prefix"), &prefix, &c->fault);
	if (!rc)
		rc = s3_param(&c->params, query, STR("continuation-token"), &token, &c->fault);
	if (!rc)
		rc = s3_param_number(&c->params, query, STR("max-buckets"), INT32_MAX, &max,
				     &c->fault);
	if (!rc && (!max || max > BUCKETS_MAX))
		rc = front_argument(c, STR("max-buckets"), STR(""),
				    "Argument max-buckets must be an integer between 1 and 10000");
	if (!rc)
		rc = read_token(c, token, name, &ask.after);
	if (rc)
		return rc;
	ask.prefix = bytes_of(prefix);
	ask.max = max < META_LIST_MAX ? max : META_LIST_MAX;
	rc = front_ask(c, META_BUCKETS, &meta_list_schema, &ask, &meta_buckets_schema, &buckets,
		       META_LIST_MAX * sizeof(struct meta_bucket), &answer);
	return rc ? rc : write_buckets(c, &buckets, prefix);
}
