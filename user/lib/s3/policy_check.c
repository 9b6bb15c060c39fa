// SPDX-License-Identifier: GPL-2.0-or-later
/* The words that a policy may use: actions, resources, operators, keys. */
#include <arpa/inet.h>

#include "http/date.h"
#include "policy_tree.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * As S3 names them, without "s3:".  Policies come from elsewhere, and may be about operations that
 * are not here: whatever they say, those are refused.
 */
static const char *const object_actions[] = {
	"AbortMultipartUpload", "BypassGovernanceRetention", "DeleteObject",
	"DeleteObjectTagging", "DeleteObjectVersion", "DeleteObjectVersionTagging", "GetObject",
	"GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention",
	"GetObjectTagging", "GetObjectTorrent", "GetObjectVersion", "GetObjectVersionAcl",
	"GetObjectVersionAttributes", "GetObjectVersionForReplication",
	"GetObjectVersionTagging", "GetObjectVersionTorrent", "ListMultipartUploadParts",
	"ObjectOwnerOverrideToBucketOwner", "PutObject", "PutObjectAcl", "PutObjectLegalHold",
	"PutObjectRetention", "PutObjectTagging", "PutObjectVersionAcl",
	"PutObjectVersionTagging", "ReplicateDelete", "ReplicateObject", "ReplicateTags",
	"RestoreObject", NULL
};

static const char *const bucket_actions[] = {
	"CreateBucket", "DeleteBucket", "DeleteBucketPolicy", "DeleteBucketWebsite",
	"GetAccelerateConfiguration", "GetAnalyticsConfiguration", "GetBucketAcl",
	"GetBucketCORS", "GetBucketLocation", "GetBucketLogging", "GetBucketNotification",
	"GetBucketObjectLockConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy",
	"GetBucketPolicyStatus", "GetBucketPublicAccessBlock", "GetBucketRequestPayment",
	"GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite",
	"GetEncryptionConfiguration", "GetIntelligentTieringConfiguration",
	"GetInventoryConfiguration", "GetLifecycleConfiguration", "GetMetricsConfiguration",
	"GetReplicationConfiguration", "ListBucket", "ListBucketMultipartUploads",
	"ListBucketVersions", "PutAccelerateConfiguration", "PutAnalyticsConfiguration",
	"PutBucketAcl", "PutBucketCORS", "PutBucketLogging", "PutBucketNotification",
	"PutBucketObjectLockConfiguration", "PutBucketOwnershipControls", "PutBucketPolicy",
	"PutBucketPublicAccessBlock", "PutBucketRequestPayment", "PutBucketTagging",
	"PutBucketVersioning", "PutBucketWebsite", "PutEncryptionConfiguration",
	"PutIntelligentTieringConfiguration", "PutInventoryConfiguration",
	"PutLifecycleConfiguration", "PutMetricsConfiguration", "PutReplicationConfiguration",
	NULL
};

static bool matches_any(struct str pattern, const char *const *list)
{
	for (; *list; list++)
		if (str_match(pattern, str_of(*list)))
			return true;
	return false;
}

static bool of_objects(struct str action)
{
	return str_equal(action, STR("*")) ||
	       matches_any(str_skip(action, 3), object_actions);
}

static bool of_buckets(struct str action)
{
	return str_equal(action, STR("*")) ||
	       matches_any(str_skip(action, 3), bucket_actions);
}

/* Is it, or does it match, an action that there is? */
bool policy_action_known(struct str action)
{
	if (str_equal(action, STR("*")))
		return true;
	return str_starts(action, STR("s3:")) && (of_objects(action) || of_buckets(action));
}

/* The part behind the bucket's name; at is NULL when there is none. */
static struct str key_part(struct str resource)
{
	struct str bucket;

	resource = str_skip(resource, strlen(POLICY_ARN));
	str_cut(&resource, '/', &bucket);
	return resource;
}

/* A resource that can be an object, or a bucket. */
static bool is_object(struct str resource)
{
	size_t at;

	return key_part(resource).at || str_find(resource, '*', &at);
}

static bool is_bucket(struct str resource)
{
	return !key_part(resource).at;
}

/* Does every action have a resource that it can be done to? */
bool policy_actions_fit(const struct policy_statement *s)
{
	bool objects = false, buckets = false;
	unsigned int i;

	if (s->not_action || s->not_resource)
		return true;
	for (i = 0; i < s->resources.count; i++) {
		objects |= is_object(s->resources.item[i]);
		buckets |= is_bucket(s->resources.item[i]);
	}
	for (i = 0; i < s->actions.count; i++)
		if (!(objects && of_objects(s->actions.item[i])) &&
		    !(buckets && of_buckets(s->actions.item[i])))
			return false;
	return true;
}

/* Is it of the bucket that the policy is put on? */
bool policy_resource_ok(struct str resource, struct str bucket)
{
	struct str name;

	if (!str_starts(resource, STR(POLICY_ARN)))
		return false;
	resource = str_skip(resource, strlen(POLICY_ARN));
	str_cut(&resource, '/', &name);
	return name.len && str_match(name, bucket);
}

static const struct policy_operator operators[] = {
	{ "StringEquals", POLICY_STRING, POLICY_EQUAL, false },
	{ "StringNotEquals", POLICY_STRING, POLICY_EQUAL, true },
	{ "StringEqualsIgnoreCase", POLICY_STRING_NOCASE, POLICY_EQUAL, false },
	{ "StringNotEqualsIgnoreCase", POLICY_STRING_NOCASE, POLICY_EQUAL, true },
	{ "StringLike", POLICY_LIKE, POLICY_EQUAL, false },
	{ "StringNotLike", POLICY_LIKE, POLICY_EQUAL, true },
	{ "ArnEquals", POLICY_LIKE, POLICY_EQUAL, false },
	{ "ArnNotEquals", POLICY_LIKE, POLICY_EQUAL, true },
	{ "ArnLike", POLICY_LIKE, POLICY_EQUAL, false },
	{ "ArnNotLike", POLICY_LIKE, POLICY_EQUAL, true },
	{ "NumericEquals", POLICY_NUMBER, POLICY_EQUAL, false },
	{ "NumericNotEquals", POLICY_NUMBER, POLICY_EQUAL, true },
	{ "NumericLessThan", POLICY_NUMBER, POLICY_LESS, false },
	{ "NumericLessThanEquals", POLICY_NUMBER, POLICY_LESS_EQUAL, false },
	{ "NumericGreaterThan", POLICY_NUMBER, POLICY_GREATER, false },
	{ "NumericGreaterThanEquals", POLICY_NUMBER, POLICY_GREATER_EQUAL, false },
	{ "DateEquals", POLICY_DATE, POLICY_EQUAL, false },
	{ "DateNotEquals", POLICY_DATE, POLICY_EQUAL, true },
	{ "DateLessThan", POLICY_DATE, POLICY_LESS, false },
	{ "DateLessThanEquals", POLICY_DATE, POLICY_LESS_EQUAL, false },
	{ "DateGreaterThan", POLICY_DATE, POLICY_GREATER, false },
	{ "DateGreaterThanEquals", POLICY_DATE, POLICY_GREATER_EQUAL, false },
	{ "Bool", POLICY_BOOL, POLICY_EQUAL, false },
	{ "IpAddress", POLICY_IP, POLICY_EQUAL, false },
	{ "NotIpAddress", POLICY_IP, POLICY_EQUAL, true },
	{ "Null", POLICY_NULL, POLICY_EQUAL, false },
};

/**
 * policy_operator_find - an operator by its name
 * @name:	perhaps with "ForAnyValue:", "ForAllValues:" before and "IfExists" behind
 * @c:		receives what those say
 *
 * Return: the operator, or NULL.
 */
const struct policy_operator *policy_operator_find(struct str name, struct policy_condition *c)
{
	size_t i;

	c->for_all = str_starts(name, STR("ForAllValues:"));
	if (c->for_all)
		name = str_skip(name, 13);
	c->for_any = str_starts(name, STR("ForAnyValue:"));
	if (c->for_any)
		name = str_skip(name, 12);
	c->if_exists = str_ends(name, STR("IfExists"));
	if (c->if_exists)
		name.len -= 8;
	for (i = 0; i < COUNT(operators); i++)
		if (str_is(name, operators[i].name))
			return c->if_exists && operators[i].type == POLICY_NULL ? NULL :
			       &operators[i];
	return NULL;
}

/* --- keys ----------------------------------------------------------------- */

#define ACTIONS(...)	((const char *const[]){ __VA_ARGS__, NULL })

#define LISTING		ACTIONS("ListBucket", "ListBucketVersions", "ListBucketMultipartUploads")
#define WRITING		ACTIONS("PutObject")
#define TAGGING		ACTIONS("PutObject", "PutObjectTagging", "PutObjectVersionTagging")
#define GRANTING	ACTIONS("PutObject", "PutObjectAcl", "PutObjectVersionAcl", "PutBucketAcl")
#define VERSIONS	ACTIONS("GetObjectVersion", "GetObjectVersionAcl", \
				"GetObjectVersionAttributes", "GetObjectVersionTagging", \
				"DeleteObjectVersion", "DeleteObjectVersionTagging", \
				"PutObjectVersionAcl", "PutObjectVersionTagging")
#define MATCHING	ACTIONS("PutObject", "DeleteObject", "DeleteObjectVersion")

/*
 * Each is filled in for every request that it can be asked of: by the backend, or, for what the
 * head alone says, by the gateway (auth_context.c).  One that nobody fills in is not here.
 */
static const struct policy_key {
	const char *name;		/* one that ends in "/": something follows */
	const char *const *actions;	/* of requests that can have it; NULL: of all */
	unsigned int types;		/* that its values can be compared as, besides texts */
} keys[] = {
	{ POLICY_SOURCE_IP, NULL, 1 << POLICY_IP },
	{ "aws:SecureTransport", NULL, 1 << POLICY_BOOL },
	{ "aws:CurrentTime", NULL, 1 << POLICY_DATE },
	{ "aws:EpochTime", NULL, 1 << POLICY_DATE | 1 << POLICY_NUMBER },
	{ "aws:UserAgent", NULL, 0 },
	{ "aws:Referer", NULL, 0 },
	{ "aws:username", NULL, 0 },
	{ "aws:userid", NULL, 0 },
	{ "aws:PrincipalArn", NULL, 0 },
	{ "aws:PrincipalAccount", NULL, 0 },
	{ "aws:PrincipalType", NULL, 0 },
	{ "s3:authType", NULL, 0 },
	{ "s3:signatureversion", NULL, 0 },
	{ "s3:signatureAge", NULL, 1 << POLICY_NUMBER },
	{ "s3:x-amz-content-sha256", NULL, 0 },
	{ "s3:prefix", LISTING, 0 },
	{ "s3:delimiter", LISTING, 0 },
	{ "s3:max-keys", LISTING, 1 << POLICY_NUMBER },
	{ "s3:VersionId", VERSIONS, 0 },
	{ "s3:x-amz-acl", GRANTING, 0 },
	{ "s3:x-amz-grant-full-control", GRANTING, 0 },
	{ "s3:x-amz-grant-read", GRANTING, 0 },
	{ "s3:x-amz-grant-read-acp", GRANTING, 0 },
	{ "s3:x-amz-grant-write", GRANTING, 0 },
	{ "s3:x-amz-grant-write-acp", GRANTING, 0 },
	{ POLICY_COPY_SOURCE, WRITING, 0 },
	{ "s3:x-amz-metadata-directive", WRITING, 0 },
	{ "s3:x-amz-storage-class", WRITING, 0 },
	{ "s3:x-amz-server-side-encryption", WRITING, 0 },
	{ "s3:if-match", MATCHING, 0 },
	{ "s3:if-none-match", WRITING, 0 },
	{ "s3:RequestObjectTagKeys", TAGGING, 0 },
	{ "s3:RequestObjectTag/", TAGGING, ~0u },
	{ "s3:ExistingObjectTag/", object_actions, ~0u },
};

static const struct policy_key *find_key(struct str name)
{
	size_t i;

	for (i = 0; i < COUNT(keys); i++) {
		struct str known = str_of(keys[i].name);

		if (known.at[known.len - 1] == '/' ? name.len > known.len &&
		    str_equal_nocase(str_head(name, known.len), known) :
		    str_equal_nocase(name, known))
			return &keys[i];
	}
	return NULL;
}

/* Can requests have a key, and be compared with it by its operator? */
bool policy_key_known(const struct policy_condition *c)
{
	const struct policy_key *key = find_key(c->key);

	return key && (c->op->type <= POLICY_LIKE || c->op->type == POLICY_NULL ||
		       key->types & 1 << c->op->type);
}

bool policy_key_is_tag(struct str name)
{
	return str_equal_nocase(str_head(name, strlen(POLICY_EXISTING_TAG)),
				STR(POLICY_EXISTING_TAG));
}

/* Has some request that an action of a policy means the key, and a resource it is done to? */
static bool key_fits(const struct policy_key *key, struct str action, bool objects, bool buckets)
{
	const char *const *known;
	char text[64];

	for (known = key->actions; *known; known++) {
		struct out o = OUT(text, sizeof(text));

		out_text(&o, "s3:");
		out_text(&o, *known);
		if (str_match(action, out_written(&o)) &&
		    (objects || !matches_any(str_of(*known), object_actions)) &&
		    (buckets || !matches_any(str_of(*known), bucket_actions)))
			return true;
	}
	return false;
}

/* A condition that could never be about one of the actions would say less than it seems to. */
bool policy_conditions_fit(const struct policy_statement *s)
{
	bool objects = s->not_resource, buckets = s->not_resource;
	bool judged[COUNT(keys)] = { false };
	unsigned int i, j;

	for (i = 0; i < s->resources.count; i++) {
		objects |= is_object(s->resources.item[i]);
		buckets |= is_bucket(s->resources.item[i]);
	}
	for (i = 0; i < s->conditions; i++) {
		const struct policy_key *key = find_key(s->condition[i].key);

		/* Hundreds of conditions may ask for tags. */
		if (judged[key - keys])
			continue;
		judged[key - keys] = true;
		for (j = 0; key->actions && !s->not_action && j < s->actions.count; j++)
			if (!key_fits(key, s->actions.item[j], objects, buckets))
				return false;
	}
	return true;
}

/* Can a value be compared as its operator asks? */
bool policy_value_ok(const struct policy_condition *c, struct str value)
{
	int64_t number;

	switch (c->op->type) {
	case POLICY_NUMBER:
		return policy_number(value, &number);
	case POLICY_DATE:
		return policy_date(value, &number);
	case POLICY_BOOL:
	case POLICY_NULL:
		return str_equal_nocase(value, STR("true")) ||
		       str_equal_nocase(value, STR("false"));
	case POLICY_IP:
		return policy_ip_range_ok(value);
	default:
		return true;
	}
}

/* --- cost ----------------------------------------------------------------- */

/*
 * What is between two "*" of a pattern is searched for, in time that rises with the text; with
 * "?" in it, with the product of both.
 */
static unsigned int searches_of(struct str pattern)
{
	unsigned int cost = 0, last = 0;
	struct str piece;
	size_t any;

	/* Not what comes before the first: that has its place, as has what follows the last. */
	str_cut(&pattern, '*', &piece);
	while (str_cut(&pattern, '*', &piece)) {
		last = str_find(piece, '?', &any) ? piece.len : !!piece.len;
		cost += last;
	}
	return cost - last;
}

static unsigned int searches_in(const struct policy_list *list)
{
	unsigned int i, cost = 0;

	for (i = 0; i < list->count; i++)
		cost += searches_of(list->item[i]);
	return cost;
}

/* Is a policy evaluated soon enough, whatever it is asked? */
bool policy_cost_ok(const struct s3_policy *p)
{
	unsigned int i, cost = 0;

	for (i = 0; i < p->statements; i++)
		cost += searches_in(&p->statement[i].resources);
	for (i = 0; i < p->conditions_used; i++)
		if (p->conditions[i].op->type == POLICY_LIKE)
			cost += searches_in(&p->conditions[i].values);
	return cost <= S3_POLICY_SEARCHES;
}

/* --- values --------------------------------------------------------------- */

bool policy_number(struct str text, int64_t *value)
{
	bool minus = text.len && *text.at == '-';
	uint64_t v;

	if (!str_number(minus ? str_skip(text, 1) : text, INT64_MAX, &v))
		return false;
	*value = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

/* ISO 8601, or seconds since 1970. */
bool policy_date(struct str text, int64_t *milliseconds)
{
	if (iso_date_parse(text, milliseconds))
		return true;
	return policy_number(text, milliseconds) &&
	       !__builtin_mul_overflow(*milliseconds, 1000, milliseconds);
}

struct address {
	uint8_t bytes[16];
	unsigned int len;	/* 4 or 16 */
};

static bool parse_bytes(struct str text, struct address *a)
{
	char copy[INET6_ADDRSTRLEN];

	if (!str_copy(text, copy, sizeof(copy)))
		return false;
	a->len = 4;
	if (inet_pton(AF_INET, copy, a->bytes) == 1)
		return true;
	a->len = 16;
	return inet_pton(AF_INET6, copy, a->bytes) == 1;
}

/* ::ffff:192.0.2.0/120 is 192.0.2.0/24. */
static void as_four(struct address *a, unsigned int *bits)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->len != 16 || *bits < 96 || memcmp(a->bytes, mapped, sizeof(mapped)))
		return;
	memcpy(a->bytes, a->bytes + 12, 4);
	a->len = 4;
	*bits -= 96;
}

/* ADDRESS[/BITS] */
static bool parse_range(struct str text, struct address *a, unsigned int *bits)
{
	struct str address;
	uint64_t value;

	str_cut(&text, '/', &address);
	if (!parse_bytes(address, a))
		return false;
	*bits = 8 * a->len;
	if (text.at) {
		if (!str_number(text, *bits, &value))
			return false;
		*bits = value;
	}
	as_four(a, bits);
	return true;
}

static bool parse_address(struct str text, struct address *a)
{
	unsigned int bits;

	if (!parse_bytes(text, a))
		return false;
	bits = 8 * a->len;
	as_four(a, &bits);
	return true;
}

bool policy_ip_ok(struct str address)
{
	struct address a;

	return parse_address(address, &a);
}

bool policy_ip_range_ok(struct str range)
{
	struct address a;
	unsigned int bits;

	return parse_range(range, &a, &bits);
}

/* Wider than AWS takes for the network of somebody: /8, or /32 of IPv6. */
bool policy_ip_wide(struct str range)
{
	struct address a;
	unsigned int bits;

	return !parse_range(range, &a, &bits) || bits < (a.len == 4 ? 8 : 32);
}

/* Is an address in a range? */
bool policy_ip_in(struct str address, struct str range)
{
	struct address a, r;
	unsigned int bits, i;

	if (!parse_range(range, &r, &bits) || !parse_address(address, &a) || a.len != r.len)
		return false;
	for (i = 0; i < bits; i++)
		if ((a.bytes[i / 8] ^ r.bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}
