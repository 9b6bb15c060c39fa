// SPDX-License-Identifier: GPL-2.0-or-later
/* Access control lists of objects and of buckets. */
#include <errno.h>
#include <stdlib.h>

#include "front.h"
#include "store.h"

#define DOCUMENT_MAX	131072u
#define GRANTS_ROOM	(META_GRANTS_MAX * sizeof(struct meta_grant))

struct acl_told {
	struct s3_owner owner;
	const struct meta_grant *grant;
	u32 grants;
	bool revoked;
};

/* Groups come before users, as other servers have it: some clients count on it. */
static void write_grants(struct out *o, const struct acl_told *acl, bool groups)
{
	u32 i;

	for (i = 0; i < acl->grants; i++) {
		const struct meta_grant *g = &acl->grant[i];

		if (g->permission >= S3_PERMISSIONS || groups != !g->id.len)
			continue;
		s3_acl_grant(o, &(struct s3_grant){
			.permission = g->permission,
			.id = g->id.len ? str_from(g->id) : STR_NONE,
			.uri = g->uri.len ? str_from(g->uri) : STR_NONE,
			.display_name = g->name.len ? str_from(g->name) : STR_NONE,
		});
	}
}

static int write_acl(struct s3_call *c, const struct acl_told *acl)
{
	const struct s3_owner *owner = &acl->owner;
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;

	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_acl_begin(&t.o, owner);
	/* Without any, it is the owner's alone. */
	if (!acl->grants && !acl->revoked)
		s3_acl_grant(&t.o, &(struct s3_grant){
			.id = owner->id, .permission = S3_FULL_CONTROL,
			.display_name = owner->display_name.len ? owner->display_name : STR_NONE,
		});
	write_grants(&t.o, acl, true);
	write_grants(&t.o, acl, false);
	s3_acl_end(&t.o);
	return front_text_end(&t);
}

/* --- what is to be set --------------------------------------------------------------- */

/* Grants of a document, their texts behind each other; or those of the head. */
struct acl {
	struct object_fields fields;
	struct meta_grant grant[META_GRANTS_MAX];
	u32 count;
	char owner[META_ID_MAX];
	size_t used, size;
	char *text;
};

static struct rpc_bytes keep(struct acl *a, struct str s)
{
	char *at = a->text + a->used;

	if (!s.len || s.len > a->size - a->used)
		return (struct rpc_bytes){ 0 };
	memcpy(at, s.at, s.len);
	a->used += s.len;
	return (struct rpc_bytes){ at, s.len };
}

static enum s3_code add_grant(void *arg, const struct s3_grant *g)
{
	struct acl *a = arg;

	if (g->email.at)
		return S3_UNRESOLVABLE_GRANT;
	if (a->count == META_GRANTS_MAX)
		return S3_MALFORMED_ACL;
	a->grant[a->count++] = (struct meta_grant){
		.permission = g->permission, .id = keep(a, g->id), .uri = keep(a, g->uri),
	};
	return S3_OK;
}

static int no_acl(struct s3_call *c)
{
	s3_fail(&c->fault, S3_MISSING_SECURITY_HEADER, NULL);
	s3_detail(&c->fault, "MissingHeaderName", STR("x-amz-acl"));
	return S3_MISSING_SECURITY_HEADER;
}

/* A document or fields, not both.  NULL, and why in *@rc; to be freed. */
static struct acl *read_acl(struct s3_call *c, int *rc)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	struct acl *a;

	*rc = body_read(c, DOCUMENT_MAX, &m);
	if (*rc)
		return NULL;
	a = calloc(1, sizeof(*a) + m.len);
	if (!a) {
		*rc = -ENOMEM;
		return NULL;
	}
	a->text = (char *)(a + 1);
	a->size = m.len;
	*rc = fields_acl(c, &a->fields);
	if (!*rc && m.len && (a->fields.grants || a->fields.grants_canned.len))
		*rc = s3_fail(&c->fault, S3_UNEXPECTED_CONTENT, NULL);
	else if (!*rc && m.len)
		*rc = s3_read_acl((struct str){ m.at, m.len }, add_grant, a, a->owner,
				  sizeof(a->owner), &c->fault);
	else if (!*rc && !a->fields.grants && !a->fields.grants_canned.len)
		*rc = no_acl(c);
	if (!*rc)
		return a;
	free(a);
	return NULL;
}

static const struct meta_grant *grants_of(const struct acl *a, u32 *count)
{
	*count = a->count ? a->count : a->fields.grants;
	return a->count ? a->grant : a->fields.grant;
}

/* --- objects ------------------------------------------------------------------------- */

int s3_get_object_acl(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_read ask = {
		.purpose = META_GET_ACL, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key),
	};
	struct meta_object b;
	int rc = version_asked(c, &ask.version_kind, ask.version);

	if (!rc)
		rc = object_read(c, &ask, &b, &answer);
	return rc ? rc : write_acl(c, &(struct acl_told){
		{ str_from(b.owner), str_from(b.owner_name) }, b.grant, b.grants, b.revoked,
	});
}

int s3_put_object_acl(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_set set = {
		.caller = c->caller, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key), .what = META_SET_ACL,
	};
	struct meta_result result;
	int rc = version_asked(c, &set.version_kind, set.version);
	CLEANUP_FREE struct acl *a = rc ? NULL : read_acl(c, &rc);

	if (!a)
		return rc;
	set.grant = grants_of(a, &set.grants);
	set.canned_acl = a->fields.grants_canned;
	set.owner = bytes_of(str_of(a->owner));
	rc = front_ask(c, META_SET, &meta_set_schema, &set, &meta_result_schema, &result, 0,
		       &answer);
	if (rc)
		return rc;
	version_field(front_reply(c, 200), result.version_kind, result.version);
	return http_reply_whole(c->rq, NULL, 0);
}

/* --- buckets ------------------------------------------------------------------------- */

int s3_get_bucket_acl(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .document = STORE_ACL,
	};
	struct meta_document found;
	int rc = front_ask(c, META_BUCKET_DOCUMENT, &meta_bucket_ask_schema, &ask,
			   &meta_document_schema, &found, GRANTS_ROOM, &answer);

	return rc ? rc : write_acl(c, &(struct acl_told){
		{ str_from(found.owner), str_from(found.owner_name) }, found.grant, found.grants,
		found.revoked,
	});
}

int s3_put_bucket_acl(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_bucket_set set = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .document = STORE_ACL,
	};
	int rc;
	CLEANUP_FREE struct acl *a = read_acl(c, &rc);

	if (!a)
		return rc;
	set.grant = grants_of(a, &set.grants);
	set.canned_acl = a->fields.grants_canned;
	set.owner = bytes_of(str_of(a->owner));
	rc = front_ask(c, META_BUCKET_SET_DOCUMENT, &meta_bucket_set_schema, &set, NULL, NULL, 0,
		       &answer);
	return rc ? rc : front_empty(c, 200);
}
