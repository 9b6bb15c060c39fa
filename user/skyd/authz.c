// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * May this caller do that?  As S3 evaluates it ("How Amazon S3 authorizes a request", User
 * Guide), with the team in the place of the account:
 *
 *	what the key's scope does not reach is denied, whoever would allow it;
 *	a statement of the bucket's policy that denies outweighs all that allow;
 *	the owner's team may, for it is the account;
 *	others may what the policy, or an ACL of the bucket or of the object, grants them.
 *
 * So that nobody can lock himself out, an owner's key of full scope may always read, replace
 * and delete the bucket's policy, as an account's root may.
 */
#include <errno.h>
#include <stdio.h>

#include "authz_context.h"

#define NO	S3_PERMISSIONS

const struct authz_rule authz_rules[AUTHZ_OPS] = {
	[AUTHZ_GET] = {
		"s3:GetObject", "s3:GetObjectVersion", false, false, NO, S3_READ },
	[AUTHZ_ATTRIBUTES] = {
		"s3:GetObjectAttributes", "s3:GetObjectVersionAttributes", false, false, NO,
		S3_READ },
	[AUTHZ_GET_TAGS] = {
		"s3:GetObjectTagging", "s3:GetObjectVersionTagging", false, false, NO, NO },
	[AUTHZ_GET_ACL] = {
		"s3:GetObjectAcl", "s3:GetObjectVersionAcl", false, false, NO, S3_READ_ACP },
	[AUTHZ_PUT] = {
		"s3:PutObject", NULL, true, false, S3_WRITE, NO },
	[AUTHZ_PUT_TAGS] = {
		"s3:PutObjectTagging", "s3:PutObjectVersionTagging", true, false, NO, NO },
	[AUTHZ_DELETE_TAGS] = {
		"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", true, false, NO, NO },
	[AUTHZ_PUT_ACL] = {
		"s3:PutObjectAcl", "s3:PutObjectVersionAcl", true, false, NO, S3_WRITE_ACP },
	[AUTHZ_DELETE] = {
		"s3:DeleteObject", "s3:DeleteObjectVersion", true, false, S3_WRITE, NO },
	[AUTHZ_ABORT] = {
		"s3:AbortMultipartUpload", NULL, true, false, S3_WRITE, NO },
	[AUTHZ_LIST_PARTS] = {
		"s3:ListMultipartUploadParts", NULL, false, false, S3_WRITE, NO },
	[AUTHZ_LIST] = {
		"s3:ListBucket", NULL, false, false, S3_READ, NO },
	[AUTHZ_LIST_VERSIONS] = {
		"s3:ListBucketVersions", NULL, false, false, S3_READ, NO },
	[AUTHZ_LIST_UPLOADS] = {
		"s3:ListBucketMultipartUploads", NULL, false, false, S3_READ, NO },
	[AUTHZ_BUCKET_DELETE] = {
		"s3:DeleteBucket", NULL, true, true, NO, NO },
	[AUTHZ_GET_LOCATION] = {
		"s3:GetBucketLocation", NULL, false, false, NO, NO },
	[AUTHZ_GET_VERSIONING] = {
		"s3:GetBucketVersioning", NULL, false, false, NO, NO },
	[AUTHZ_PUT_VERSIONING] = {
		"s3:PutBucketVersioning", NULL, true, false, NO, NO },
	[AUTHZ_GET_BUCKET_ACL] = {
		"s3:GetBucketAcl", NULL, false, false, S3_READ_ACP, NO },
	[AUTHZ_PUT_BUCKET_ACL] = {
		"s3:PutBucketAcl", NULL, true, false, S3_WRITE_ACP, NO },
	[AUTHZ_GET_CORS] = {
		"s3:GetBucketCORS", NULL, false, false, NO, NO },
	[AUTHZ_PUT_CORS] = {
		"s3:PutBucketCORS", NULL, true, false, NO, NO },
	[AUTHZ_GET_POLICY] = {
		"s3:GetBucketPolicy", NULL, false, true, NO, NO },
	[AUTHZ_PUT_POLICY] = {
		"s3:PutBucketPolicy", NULL, true, true, NO, NO },
	[AUTHZ_DELETE_POLICY] = {
		"s3:DeleteBucketPolicy", NULL, true, true, NO, NO },
	[AUTHZ_GET_LIFECYCLE] = {
		"s3:GetLifecycleConfiguration", NULL, false, false, NO, NO },
	[AUTHZ_PUT_LIFECYCLE] = {
		"s3:PutLifecycleConfiguration", NULL, true, false, NO, NO },
	[AUTHZ_GET_BUCKET_TAGS] = {
		"s3:GetBucketTagging", NULL, false, false, NO, NO },
	[AUTHZ_PUT_BUCKET_TAGS] = {
		"s3:PutBucketTagging", NULL, true, false, NO, NO },
	[AUTHZ_GET_OWNERSHIP] = {
		"s3:GetBucketOwnershipControls", NULL, false, false, NO, NO },
	[AUTHZ_PUT_OWNERSHIP] = {
		"s3:PutBucketOwnershipControls", NULL, true, false, NO, NO },
	[AUTHZ_GET_PUBLIC_ACCESS] = {
		"s3:GetBucketPublicAccessBlock", NULL, false, false, NO, NO },
	[AUTHZ_PUT_PUBLIC_ACCESS] = {
		"s3:PutBucketPublicAccessBlock", NULL, true, false, NO, NO },
	[AUTHZ_GET_ACCELERATE] = {
		"s3:GetAccelerateConfiguration", NULL, false, false, NO, NO },
	[AUTHZ_GET_ENCRYPTION] = {
		"s3:GetEncryptionConfiguration", NULL, false, false, NO, NO },
	[AUTHZ_GET_LOGGING] = {
		"s3:GetBucketLogging", NULL, false, false, NO, NO },
	[AUTHZ_GET_NOTIFICATION] = {
		"s3:GetBucketNotification", NULL, false, false, NO, NO },
	[AUTHZ_GET_OBJECT_LOCK] = {
		"s3:GetBucketObjectLockConfiguration", NULL, false, false, NO, NO },
	[AUTHZ_GET_PAYMENT] = {
		"s3:GetBucketRequestPayment", NULL, false, false, NO, NO },
	[AUTHZ_GET_REPLICATION] = {
		"s3:GetReplicationConfiguration", NULL, false, false, NO, NO },
	[AUTHZ_GET_WEBSITE] = {
		"s3:GetBucketWebsite", NULL, false, false, NO, NO },
	[AUTHZ_PUT_ENCRYPTION] = {
		"s3:PutEncryptionConfiguration", NULL, true, false, NO, NO },
	[AUTHZ_PUT_PAYMENT] = {
		"s3:PutBucketRequestPayment", NULL, true, false, NO, NO },
	[AUTHZ_PUT_LOGGING] = {
		"s3:PutBucketLogging", NULL, true, false, NO, NO },
	[AUTHZ_PUT_NOTIFICATION] = {
		"s3:PutBucketNotification", NULL, true, false, NO, NO },
	[AUTHZ_PUT_REPLICATION] = {
		"s3:PutReplicationConfiguration", NULL, true, false, NO, NO },
	[AUTHZ_DELETE_WEBSITE] = {
		"s3:DeleteBucketWebsite", NULL, true, false, NO, NO },
	[AUTHZ_GET_POLICY_STATUS] = {
		"s3:GetBucketPolicyStatus", NULL, false, false, NO, NO },
};

static bool about_policy(enum authz_op op)
{
	return op == AUTHZ_GET_POLICY || op == AUTHZ_PUT_POLICY || op == AUTHZ_DELETE_POLICY;
}

static bool grants(const struct call *c, const struct meta_document *acl, enum s3_permission wanted)
{
	return grants_allow(acl, c->key, wanted, !bucket_blocks(c->bucket, S3_IGNORE_PUBLIC_ACLS));
}

static bool acl_allows(struct call *c, const struct authz_ask *ask, const struct authz_rule *rule)
{
	struct meta_document acl;

	if (c->bucket->ownership == S3_BUCKET_OWNER_ENFORCED)
		return false;
	if (rule->bucket_acl != NO && grants(c, &c->bucket->acl, rule->bucket_acl))
		return true;
	if (ask->written && grants(c, &c->bucket->acl, S3_WRITE))
		return true;
	if (rule->object_acl == NO || !ask->object)
		return false;
	grants_read(ask->object->acl, &c->arena, &acl);
	return grants(c, &acl, rule->object_acl);
}

/* Its policy lets everybody in, and that is not to be: then nobody else, by whatever grant. */
static bool restricted(const struct cached_bucket *k)
{
	return k->policy_public && bucket_blocks(k, S3_RESTRICT_PUBLIC_BUCKETS);
}

static int judge(struct call *c, const struct authz_ask *ask, bool *denied)
{
	const struct authz_rule *rule = &authz_rules[ask->op];
	bool owner = c->key && c->key->row.team == call_team(c);
	enum store_scope scope = c->key ? key_scope(c->key, c->bucket) : STORE_SCOPE_FULL;
	enum s3_decision decision = S3_POLICY_SILENT;
	int rc;

	*denied = true;
	if (scope < (rule->writes ? STORE_SCOPE_FULL : STORE_SCOPE_READ) ||
	    ((rule->owners || restricted(c->bucket)) && !owner))
		return 0;
	if (c->bucket->unreadable)
		decision = S3_POLICY_DENIES;
	if (c->bucket->policy) {
		rc = authz_policy(c, ask, &decision);
		if (rc)
			return rc;
	}
	if (decision == S3_POLICY_DENIES)
		*denied = !(owner && scope == STORE_SCOPE_FULL && about_policy(ask->op));
	else
		*denied = !owner && decision != S3_POLICY_ALLOWS && !ask->to_nobody &&
			  !acl_allows(c, ask, rule);
	return 0;
}

int authz(struct call *c, const struct authz_ask *ask)
{
	bool denied;
	int rc = judge(c, ask, &denied);

	if (rc)
		return rc;
	return denied ? meta_status(S3_ACCESS_DENIED) : 0;
}

/*
 * To whom the bucket's ACL grants WRITE may give tags and an ACL to what he writes, as its owner
 * may in S3; who writes by a policy needs it to say so.  What grants nothing only a policy
 * forbids: "bucket-owner-full-control" is what many clients send to other teams' buckets.
 */
int authz_write(struct call *c, const struct authz_writing *w)
{
	struct authz_ask may = {
		.op = AUTHZ_PUT, .name = w->name, .tags = w->tags, .canned_acl = w->canned_acl,
		.if_match = w->if_match, .if_none_match = w->if_none_match,
	};
	int rc = authz(c, &may);

	may.written = true;
	if (!rc && w->tags.len) {
		may.op = AUTHZ_PUT_TAGS;
		rc = authz(c, &may);
	}
	if (!rc && w->acl) {
		may.op = AUTHZ_PUT_ACL;
		may.to_nobody = w->to_nobody;
		rc = authz(c, &may);
	}
	return rc;
}

static bool canned_fits(const struct authz_acl *acl)
{
	struct str name = str_of_bytes(acl->canned_acl);

	return str_is(name, "bucket-owner-full-control") || (acl->alone && str_is(name, "private"));
}

/* Is it what every list is where none counts: all for the owner, and nothing else? */
static bool is_owners(const struct call *c, const struct authz_acl *acl)
{
	u32 i;

	if (acl->canned_acl.len ? !canned_fits(acl) : !acl->grants)
		return false;
	for (i = 0; i < acl->grants; i++)
		if (acl->grant[i].permission != S3_FULL_CONTROL)
			return false;
	return grants_to_nobody(c, acl->grant, acl->grants);
}

static bool canned_public(struct rpc_bytes name)
{
	struct str s = str_of_bytes(name);

	return str_starts(s, STR("public-")) || str_is(s, "authenticated-read");
}

int authz_acl(const struct call *c, const struct authz_acl *acl)
{
	if (!acl->alone && !acl->grants && !acl->canned_acl.len)
		return 0;
	if (c->bucket->ownership == S3_BUCKET_OWNER_ENFORCED && !is_owners(c, acl))
		return meta_status(S3_ACCESS_CONTROL_LIST_NOT_SUPPORTED);
	if (bucket_blocks(c->bucket, S3_BLOCK_PUBLIC_ACLS) &&
	    (canned_public(acl->canned_acl) || grants_public(acl->grant, acl->grants)))
		return meta_status(S3_ACCESS_DENIED);
	return 0;
}

/*
 * Who may list learns that it is not there; who may not cannot tell that from what he may not
 * read (GetObject, "Permissions").
 */
int authz_missing(struct call *c, int rc)
{
	const struct authz_ask listing = { .op = AUTHZ_LIST };
	int denied = authz(c, &listing);

	return denied ? denied : backend_status(rc);
}
