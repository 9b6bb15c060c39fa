// SPDX-License-Identifier: GPL-2.0-or-later
/* Tags of objects and of buckets. */
#include <errno.h>
#include <stdlib.h>

#include "front.h"
#include "s3/tags.h"
#include "store.h"

#define DOCUMENT_MAX	131072u

/* Tags, and their text in percent-coding. */
struct tagging {
	struct s3_tags tags;
	struct out blob;
	char text[S3_TAGS_HEADER];
};

/* The document of the request; NULL, and why in *@rc. */
static struct tagging *read_tagging(struct s3_call *c, unsigned int most, int *rc)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	struct tagging *t;

	*rc = body_document(c, DOCUMENT_MAX, &m);
	if (*rc)
		return NULL;
	t = calloc(1, sizeof(*t));
	*rc = t ? s3_tags_from_xml(&t->tags, most, (struct str){ m.at, m.len }, &c->fault) :
		  -ENOMEM;
	if (*rc) {
		free(t);
		return NULL;
	}
	t->blob = OUT(t->text, sizeof(t->text));
	s3_tags_to_header(&t->blob, &t->tags);
	return t;
}

static int write_tagging(struct s3_call *c, struct rpc_bytes blob, const struct meta_object *b)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	CLEANUP_FREE struct s3_tags *tags = calloc(1, sizeof(*tags));
	struct str rest = str_from(blob), name, value;
	struct out *head;

	if (!tags)
		return -ENOMEM;
	while (query_next(&rest, &name, &value)) {
		char key[4 * S3_TAG_KEY_MAX], text[4 * S3_TAG_VALUE_MAX];
		int key_len = uri_decode(name, key, sizeof(key), URI_QUERY);
		int len = uri_decode(value, text, sizeof(text), URI_QUERY);

		if (key_len < 0 || len < 0)
			return -EBADMSG;
		if (s3_tags_add(tags, S3_BUCKET_TAGS, (struct str){ key, key_len },
				(struct str){ text, len }, &c->fault))
			return -EBADMSG;
	}
	head = front_text_begin(&t, c, 200);
	if (!head)
		return -ENOMEM;
	if (b && b->versioning != STORE_UNVERSIONED)
		version_field(head, b->version_kind, b->version);
	s3_tags_to_xml(&t.o, tags);
	return front_text_end(&t);
}

/* --- objects ------------------------------------------------------------------------- */

int s3_get_object_tags(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_read ask = {
		.purpose = META_GET_TAGS, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key),
	};
	struct meta_object b;
	int rc = version_asked(c, &ask.version_kind, ask.version);

	if (!rc)
		rc = object_read(c, &ask, &b, &answer);
	return rc ? rc : write_tagging(c, b.tags, &b);
}

static int set_tags(struct s3_call *c, enum meta_set_what what, struct rpc_bytes tags,
		    unsigned int status)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_set set = {
		.caller = c->caller, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key), .what = what, .tags = tags,
	};
	struct meta_result result;
	int rc = version_asked(c, &set.version_kind, set.version);

	if (!rc)
		rc = front_ask(c, META_SET, &meta_set_schema, &set, &meta_result_schema, &result,
			       0, &answer);
	if (rc)
		return rc;
	version_field(front_reply(c, status), result.version_kind, result.version);
	return http_reply_whole(c->rq, NULL, 0);
}

int s3_put_object_tags(struct s3_call *c)
{
	int rc;
	CLEANUP_FREE struct tagging *t = read_tagging(c, S3_OBJECT_TAGS, &rc);

	return t ? set_tags(c, META_SET_TAGS, bytes_of(out_written(&t->blob)), 200) : rc;
}

int s3_delete_object_tags(struct s3_call *c)
{
	return set_tags(c, META_REMOVE_TAGS, (struct rpc_bytes){ 0 }, 204);
}

/* --- buckets ------------------------------------------------------------------------- */

int s3_get_bucket_tags(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .document = STORE_TAGS,
	};
	struct meta_document found;
	int rc = front_ask(c, META_BUCKET_DOCUMENT, &meta_bucket_ask_schema, &ask,
			   &meta_document_schema, &found,
			   META_GRANTS_MAX * sizeof(struct meta_grant), &answer);

	return rc ? rc : write_tagging(c, found.body, NULL);
}

static int set_bucket_tags(struct s3_call *c, struct rpc_bytes body)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_set set = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .document = STORE_TAGS,
		.body = body,
	};
	int rc = front_ask(c, META_BUCKET_SET_DOCUMENT, &meta_bucket_set_schema, &set, NULL, NULL,
			   0, &answer);

	return rc ? rc : front_empty(c, 204);
}

int s3_put_bucket_tags(struct s3_call *c)
{
	int rc;
	CLEANUP_FREE struct tagging *t = read_tagging(c, S3_BUCKET_TAGS, &rc);

	return t ? set_bucket_tags(c, bytes_of(out_written(&t->blob))) : rc;
}

int s3_delete_bucket_tags(struct s3_call *c)
{
	return set_bucket_tags(c, (struct rpc_bytes){ 0 });
}
