/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents that requests bring.  Lists are handed out item by item, since the
 * longest has ten thousand; an item's texts last as long as the call it is handed to.
 */
#ifndef SKY_S3_BODY_H
#define SKY_S3_BODY_H

#include "checksum.h"
#include "tags.h"

#define S3_DELETE_MAX		1000u
#define S3_PARTS_MAX		10000u
#define S3_CORS_RULES_MAX	100u
#define S3_CORS_ITEMS_MAX	64u	/* methods, origins or headers of one rule */
#define S3_GRANTS_MAX		100u
#define S3_LIFECYCLE_MAX	1000u	/* rules */
#define S3_BODY_TEXT		8192u	/* bytes of all texts of one item */

/* Texts of the item at hand. */
struct body_text {
	size_t used;
	char text[S3_BODY_TEXT];
};

bool body_keep(struct body_text *t, struct str text, struct str *to);
bool body_bool(struct str text, bool *value);

/* --- Delete */
struct s3_delete_item {
	struct str key;
	struct str version;		/* at is NULL: the newest */
	struct str etag;		/* the same: unconditional */
};

typedef enum s3_code s3_delete_fn(void *arg, const struct s3_delete_item *item);

enum s3_code s3_read_delete(struct str document, s3_delete_fn *each, void *arg, bool *quiet,
			    struct s3_fault *f);

/* --- CompleteMultipartUpload */
struct s3_complete_part {
	uint32_t number;		/* 1 to 10000, rising */
	struct str etag;		/* with quotes, if it has any */
	struct s3_checksum_value checksum;
};

typedef enum s3_code s3_complete_fn(void *arg, const struct s3_complete_part *part);

enum s3_code s3_read_complete(struct str document, s3_complete_fn *each, void *arg,
			      struct s3_fault *f);

/* --- CreateBucketConfiguration: @location is a C string, "" when none is named */
enum s3_code s3_read_create_bucket(struct str document, char *location, size_t size,
				   struct s3_tags *tags, struct s3_fault *f);

/* --- VersioningConfiguration */
enum s3_versioning {
	S3_UNVERSIONED,
	S3_VERSIONING_ENABLED,
	S3_VERSIONING_SUSPENDED,
};

enum s3_code s3_read_versioning(struct str document, enum s3_versioning *v, struct s3_fault *f);

/* --- CORSConfiguration */
struct s3_cors_rule {
	struct str id;
	struct str method[S3_CORS_ITEMS_MAX];
	struct str origin[S3_CORS_ITEMS_MAX];
	struct str header[S3_CORS_ITEMS_MAX];
	struct str expose[S3_CORS_ITEMS_MAX];
	unsigned int methods, origins, headers, exposes;
	bool has_max_age;
	uint32_t max_age;		/* seconds */
};

typedef enum s3_code s3_cors_fn(void *arg, const struct s3_cors_rule *rule);

enum s3_code s3_read_cors(struct str document, s3_cors_fn *each, void *arg, struct s3_fault *f);
bool s3_cors_matches(const struct s3_cors_rule *rule, struct str origin, struct str method,
		     struct str headers);

/* --- AccessControlPolicy */
enum s3_permission {
	S3_FULL_CONTROL,
	S3_WRITE,
	S3_WRITE_ACP,
	S3_READ,
	S3_READ_ACP,
	S3_PERMISSIONS,
};

struct s3_grant {
	struct str id;			/* of a user, or none */
	struct str uri;			/* of a group, or none */
	struct str email;		/* or none; exactly one of the three */
	struct str display_name;
	enum s3_permission permission;
};

typedef enum s3_code s3_grant_fn(void *arg, const struct s3_grant *grant);

enum s3_code s3_read_acl(struct str document, s3_grant_fn *each, void *arg, char *owner,
			 size_t size, struct s3_fault *f);
const char *s3_permission_name(enum s3_permission p);

enum s3_canned_acl {
	S3_ACL_PRIVATE,
	S3_ACL_PUBLIC_READ,
	S3_ACL_PUBLIC_READ_WRITE,
	S3_ACL_AUTHENTICATED_READ,
	S3_ACL_BUCKET_OWNER_READ,
	S3_ACL_BUCKET_OWNER_FULL_CONTROL,
	S3_ACL_AWS_EXEC_READ,
	S3_ACL_LOG_DELIVERY_WRITE,
	S3_CANNED_ACLS,
};

enum s3_canned_acl s3_canned_acl_find(struct str name);
const char *s3_canned_acl_name(enum s3_canned_acl acl);

/* --- LifecycleConfiguration */
#define S3_LIFECYCLE_TAGS	10u

struct s3_lifecycle_rule {
	struct str id;
	bool enabled;
	struct str prefix;
	struct {
		struct str key, value;
	} tag[S3_LIFECYCLE_TAGS];
	unsigned int tags;
	bool has_larger, has_smaller;
	uint64_t larger, smaller;	/* bytes; the object is beyond, or below */
	uint32_t days;			/* 0: none */
	int64_t date;			/* milliseconds; 0: none */
	bool expire_delete_marker;
	uint32_t noncurrent_days;	/* 0: none */
	uint32_t noncurrent_kept;	/* newer versions that stay; 0: none */
	uint32_t abort_days;		/* of incomplete uploads; 0: none */
};

typedef enum s3_code s3_lifecycle_fn(void *arg, const struct s3_lifecycle_rule *rule);

enum s3_code s3_read_lifecycle(struct str document, s3_lifecycle_fn *each, void *arg,
			       struct s3_fault *f);

#endif /* SKY_S3_BODY_H */
