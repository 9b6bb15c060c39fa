// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents of a bucket: CORS, policy, lifecycle.  They are checked here and kept as they came.
 * Ownership and public access are of a few words, and are kept as these.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/secret.h"
#include "front.h"
#include "s3/ownership.h"
#include "s3/policy.h"
#include "s3/public_access.h"
#include "store.h"

#define LIMITS_MAX	65536u		/* of a document of ownership or public access */

static int get_document(struct s3_call *c, u8 kind, struct meta_document *found,
			struct link_answer *answer)
{
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .document = kind,
	};

	return front_ask(c, META_BUCKET_DOCUMENT, &meta_bucket_ask_schema, &ask,
			 &meta_document_schema, found,
			 META_GRANTS_MAX * sizeof(struct meta_grant), answer);
}

static int reply_document(struct s3_call *c, u8 kind, struct str type)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_document found;
	int rc = get_document(c, kind, &found, &answer);

	if (rc)
		return rc;
	http_write_field(front_reply(c, 200), STR("Content-Type"), type);
	c->sent += found.body.len;
	return http_reply_whole(c->rq, found.body.data, found.body.len);
}

static int set_document(struct s3_call *c, u8 kind, struct str body, unsigned int status)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_set set = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .document = kind,
		.body = bytes_of(body),
	};
	int rc = front_ask(c, META_BUCKET_SET_DOCUMENT, &meta_bucket_set_schema, &set, NULL, NULL,
			   0, &answer);

	return rc ? rc : front_empty(c, status);
}

/* --- CORS and lifecycle -------------------------------------------------------------- */

static enum s3_code any_rule(void *arg, const struct s3_cors_rule *rule)
{
	(void)arg;
	(void)rule;
	return S3_OK;
}

/* Names of rules that have been seen, behind each other, each with a NUL. */
struct names {
	struct s3_call *c;
	unsigned int rules, unnamed;
	bool has_name[S3_LIFECYCLE_MAX];
	size_t used;
	char text[META_BLOB_MAX];
};

static enum s3_code add_rule(void *arg, const struct s3_lifecycle_rule *rule)
{
	struct names *n = arg;
	size_t at;

	n->has_name[n->rules++] = rule->id.len;
	if (!rule->id.len) {
		n->unnamed++;
		return S3_OK;
	}
	for (at = 0; at < n->used; at += strlen(n->text + at) + 1)
		if (str_is(rule->id, n->text + at))
			return s3_fail(&n->c->fault, S3_INVALID_ARGUMENT,
				       "Rule ID must be unique. Found same ID for more than one rule");
	if (!str_copy(rule->id, n->text + n->used, sizeof(n->text) - n->used))
		return S3_MALFORMED_XML;
	n->used += rule->id.len + 1;
	return S3_OK;
}

static void write_name(struct out *o)
{
	u8 bytes[16];

	if (random_bytes(bytes, sizeof(bytes)))
		return;
	out_str(o, STR("<ID>"));
	out_hex(o, bytes, sizeof(bytes));
	out_str(o, STR("</ID>"));
}

/* Rules without a name get one, where they begin; a document written in another way stays. */
static bool name_rules(const struct names *n, struct str from, struct out *o)
{
	static const char begin[] = "<Rule>";
	unsigned int rule = 0;
	const char *at;

	while ((at = memmem(from.at, from.len, begin, strlen(begin)))) {
		size_t len = at - from.at + strlen(begin);

		out_str(o, str_head(from, len));
		if (rule < n->rules && !n->has_name[rule])
			write_name(o);
		rule++;
		from = str_skip(from, len);
	}
	out_str(o, from);
	return rule == n->rules && !o->err;
}

static int put_rules(struct s3_call *c, struct names *n, struct str document)
{
	struct out named = OUT(n->text, sizeof(n->text));

	if (n->unnamed && name_rules(n, document, &named))
		document = out_written(&named);
	if (document.len > META_BLOB_MAX)
		return s3_fail(&c->fault, S3_MAX_MESSAGE_LENGTH, NULL);
	return set_document(c, STORE_LIFECYCLE, document, 200);
}

int s3_get_cors(struct s3_call *c)
{
	return reply_document(c, STORE_CORS, STR("application/xml"));
}

int s3_put_cors(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	int rc = body_document(c, META_BLOB_MAX, &m);

	if (!rc)
		rc = s3_read_cors((struct str){ m.at, m.len }, any_rule, NULL, &c->fault);
	return rc ? rc : set_document(c, STORE_CORS, (struct str){ m.at, m.len }, 200);
}

int s3_delete_cors(struct s3_call *c)
{
	return set_document(c, STORE_CORS, STR_NONE, 204);
}

int s3_get_lifecycle(struct s3_call *c)
{
	return reply_document(c, STORE_LIFECYCLE, STR("application/xml"));
}

int s3_put_lifecycle(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	CLEANUP_FREE struct names *n = calloc(1, sizeof(*n));
	int rc = n ? body_document(c, FRONT_DOCUMENT_MAX, &m) : -ENOMEM;

	if (rc)
		return rc;
	n->c = c;
	rc = s3_read_lifecycle((struct str){ m.at, m.len }, add_rule, n, &c->fault);
	return rc ? rc : put_rules(c, n, (struct str){ m.at, m.len });
}

int s3_delete_lifecycle(struct s3_call *c)
{
	return set_document(c, STORE_LIFECYCLE, STR_NONE, 204);
}

/* --- policy -------------------------------------------------------------------------- */

struct parse {
	struct str document, bucket;
	struct s3_fault *fault;
	struct s3_policy *policy;
};

/* On a worker: a reader of JSON goes deeper than a fiber's stack. */
static int parse_policy(void *arg)
{
	struct parse *p = arg;

	return s3_policy_parse(p->document, p->bucket, &p->policy, p->fault);
}

int s3_get_policy(struct s3_call *c)
{
	return reply_document(c, STORE_BUCKET_POLICY, STR("application/json"));
}

int s3_put_policy(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	struct parse p = { .bucket = c->target.bucket, .fault = &c->fault };
	int rc = body_read(c, META_BLOB_MAX, &m);

	if (rc)
		return rc;
	if (!m.len)
		return s3_fail(&c->fault, S3_MALFORMED_POLICY, NULL);
	if (m.len > S3_POLICY_MAX)
		return s3_fail(&c->fault, S3_MALFORMED_POLICY,
			       "The policy is longer than 20480 bytes");
	p.document = (struct str){ m.at, m.len };
	rc = io_work(c->g->pool, parse_policy, &p, 0);
	if (rc)
		return rc;
	s3_policy_free(p.policy);
	return set_document(c, STORE_BUCKET_POLICY, p.document, 204);
}

int s3_delete_policy(struct s3_call *c)
{
	return set_document(c, STORE_BUCKET_POLICY, STR_NONE, 204);
}

int s3_policy_status(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket),
		.purpose = META_BUCKET_GET_POLICY_STATUS,
	};
	struct meta_bucket bucket;
	int rc = front_ask(c, META_BUCKET, &meta_bucket_ask_schema, &ask, &meta_bucket_schema,
			   &bucket, 0, &answer);

	if (rc)
		return rc;
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	xml_open_root(&t.o, "PolicyStatus");
	xml_bool(&t.o, "IsPublic", bucket.policy_public);
	xml_close(&t.o, "PolicyStatus");
	return front_text_end(&t);
}

/* --- ownership and public access: kept in a word, told as documents --------------------- */

int s3_get_ownership(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct meta_document found;
	enum s3_ownership o;
	int rc = get_document(c, STORE_OWNERSHIP, &found, &answer);

	if (rc)
		return rc;
	o = s3_ownership_find(str_from(found.body));
	if (o == S3_OWNERSHIPS)
		return S3_INTERNAL_ERROR;
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_answer_ownership(&t.o, o);
	return front_text_end(&t);
}

int s3_put_ownership(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	enum s3_ownership o;
	int rc = body_document(c, LIMITS_MAX, &m);

	if (!rc)
		rc = s3_read_ownership((struct str){ m.at, m.len }, &o, &c->fault);
	return rc ? rc : set_document(c, STORE_OWNERSHIP, str_of(s3_ownership_name(o)), 200);
}

int s3_delete_ownership(struct s3_call *c)
{
	return set_document(c, STORE_OWNERSHIP, STR_NONE, 204);
}

int s3_get_public_access(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct meta_document found;
	unsigned int flags;
	int rc = get_document(c, STORE_PUBLIC_ACCESS, &found, &answer);

	if (rc)
		return rc;
	if (!s3_public_access_parse(str_from(found.body), &flags))
		return S3_INTERNAL_ERROR;
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_answer_public_access(&t.o, flags);
	return front_text_end(&t);
}

int s3_put_public_access(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	char text[S3_PUBLIC_ACCESSES];
	struct out o = OUT(text, sizeof(text));
	unsigned int flags;
	int rc = body_document(c, LIMITS_MAX, &m);

	if (!rc)
		rc = s3_read_public_access((struct str){ m.at, m.len }, &flags, &c->fault);
	if (rc)
		return rc;
	s3_public_access_write(&o, flags);
	return set_document(c, STORE_PUBLIC_ACCESS, out_written(&o), 200);
}

int s3_delete_public_access(struct s3_call *c)
{
	return set_document(c, STORE_PUBLIC_ACCESS, STR_NONE, 204);
}
