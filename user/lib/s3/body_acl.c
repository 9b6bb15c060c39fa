// SPDX-License-Identifier: GPL-2.0-or-later
/* Access control lists: the document, and the canned ones of x-amz-acl. */
#include "body.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const permissions[S3_PERMISSIONS] = {
	[S3_FULL_CONTROL] = "FULL_CONTROL", [S3_WRITE] = "WRITE", [S3_WRITE_ACP] = "WRITE_ACP",
	[S3_READ] = "READ", [S3_READ_ACP] = "READ_ACP",
};

static const char *const canned[S3_CANNED_ACLS] = {
	[S3_ACL_PRIVATE] = "private",
	[S3_ACL_PUBLIC_READ] = "public-read",
	[S3_ACL_PUBLIC_READ_WRITE] = "public-read-write",
	[S3_ACL_AUTHENTICATED_READ] = "authenticated-read",
	[S3_ACL_BUCKET_OWNER_READ] = "bucket-owner-read",
	[S3_ACL_BUCKET_OWNER_FULL_CONTROL] = "bucket-owner-full-control",
	[S3_ACL_AWS_EXEC_READ] = "aws-exec-read",
	[S3_ACL_LOG_DELIVERY_WRITE] = "log-delivery-write",
};

const char *s3_permission_name(enum s3_permission p)
{
	return permissions[p];
}

/* S3_CANNED_ACLS when there is none of that name. */
enum s3_canned_acl s3_canned_acl_find(struct str name)
{
	unsigned int i;

	for (i = 0; i < S3_CANNED_ACLS; i++)
		if (str_is(name, canned[i]))
			break;
	return i;
}

const char *s3_canned_acl_name(enum s3_canned_acl acl)
{
	return canned[acl];
}

struct acl {
	s3_grant_fn *each;
	void *arg;
	char *owner;
	size_t size;
	unsigned int count;
	bool has_owner, has_permission, has_type;
	char type[64];
	struct s3_grant grant;
	struct body_text text;
};

static enum s3_code acl_owner(void *arg, struct str text)
{
	struct acl *a = arg;

	if (a->has_owner || !text.len || !str_copy(text, a->owner, a->size))
		return S3_MALFORMED_ACL;
	a->has_owner = true;
	return S3_OK;
}

static enum s3_code grant_open(void *arg, const char *const *attributes)
{
	struct acl *a = arg;

	(void)attributes;
	memset(&a->grant, 0, sizeof(a->grant));
	a->text.used = 0;
	a->has_permission = false;
	a->has_type = false;
	return ++a->count > S3_GRANTS_MAX ? S3_MALFORMED_ACL : S3_OK;
}

/* xsi:type says what the grantee is. */
static enum s3_code grantee_open(void *arg, const char *const *attributes)
{
	struct acl *a = arg;

	for (; *attributes; attributes += 2) {
		if (!str_ends(str_of(attributes[0]), STR(":type")) &&
		    !str_is(str_of(attributes[0]), "type"))
			continue;
		a->has_type = str_copy(str_of(attributes[1]), a->type, sizeof(a->type));
	}
	return S3_OK;
}

static enum s3_code keep(void *arg, struct str text, struct str *to)
{
	struct acl *a = arg;

	return body_keep(&a->text, text, to) ? S3_OK : S3_MALFORMED_ACL;
}

static enum s3_code grantee_id(void *arg, struct str text)
{
	return keep(arg, text, &((struct acl *)arg)->grant.id);
}

static enum s3_code grantee_uri(void *arg, struct str text)
{
	return keep(arg, text, &((struct acl *)arg)->grant.uri);
}

static enum s3_code grantee_email(void *arg, struct str text)
{
	return keep(arg, text, &((struct acl *)arg)->grant.email);
}

static enum s3_code grantee_name(void *arg, struct str text)
{
	return keep(arg, text, &((struct acl *)arg)->grant.display_name);
}

static enum s3_code grant_permission(void *arg, struct str text)
{
	struct acl *a = arg;
	unsigned int i;

	for (i = 0; i < S3_PERMISSIONS; i++) {
		if (str_is(text, permissions[i]) && !a->has_permission) {
			a->grant.permission = i;
			a->has_permission = true;
			return S3_OK;
		}
	}
	return S3_MALFORMED_ACL;
}

static enum s3_code grant_close(void *arg, struct str text)
{
	struct acl *a = arg;
	const struct s3_grant *g = &a->grant;

	(void)text;
	if (!a->has_permission || !a->has_type || !!g->id.at + !!g->uri.at + !!g->email.at != 1)
		return S3_MALFORMED_ACL;
	if (strcmp(a->type, g->id.at ? "CanonicalUser" :
			    g->uri.at ? "Group" : "AmazonCustomerByEmail"))
		return S3_MALFORMED_ACL;
	return a->each(a->arg, g);
}

/**
 * s3_read_acl - read an AccessControlPolicy
 * @document:	it
 * @each:	called for each grant; a code that it returns is the result
 * @arg:	for @each
 * @owner:	receives the owner's ID as a C string
 * @size:	of @owner
 * @f:		says why when it is refused
 */
enum s3_code s3_read_acl(struct str document, s3_grant_fn *each, void *arg, char *owner,
			 size_t size, struct s3_fault *f)
{
#define GRANT	"AccessControlPolicy/AccessControlList/Grant"
	static const struct xml_rule rules[] = {
		{ "AccessControlPolicy", false, NULL, NULL },
		{ "AccessControlPolicy/Owner", false, NULL, NULL },
		{ "AccessControlPolicy/Owner/ID", true, NULL, acl_owner },
		{ "AccessControlPolicy/Owner/DisplayName", true, NULL, NULL },
		{ "AccessControlPolicy/AccessControlList", false, NULL, NULL },
		{ GRANT, false, grant_open, grant_close },
		{ GRANT "/Grantee", false, grantee_open, NULL },
		{ GRANT "/Grantee/ID", true, NULL, grantee_id },
		{ GRANT "/Grantee/URI", true, NULL, grantee_uri },
		{ GRANT "/Grantee/EmailAddress", true, NULL, grantee_email },
		{ GRANT "/Grantee/DisplayName", true, NULL, grantee_name },
		{ GRANT "/Permission", true, NULL, grant_permission },
	};
	struct acl a = { .each = each, .arg = arg, .owner = owner, .size = size };
	enum s3_code code = xml_read(document, rules, COUNT(rules), &a, f);

	if (code == S3_MALFORMED_XML || (!code && !a.has_owner))
		code = s3_fail(f, S3_MALFORMED_ACL, NULL);
	return code;
}
