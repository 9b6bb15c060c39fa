/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of buckets and objects, and where requests name them. */
#ifndef SKY_S3_NAMES_H
#define SKY_S3_NAMES_H

#include "error.h"

#define S3_BUCKET_MAX	63u
#define S3_KEY_MAX	1024u	/* bytes of UTF-8 */
#define S3_VERSION_MAX	64u

bool s3_bucket_name_ok(struct str name);
enum s3_code s3_key_check(struct str key, struct s3_fault *f);

/* Bucket and key of a path, decoded. */
struct s3_target {
	struct str bucket;		/* at is NULL: the service itself */
	struct str key;			/* at is NULL: the bucket itself */
	char text[S3_BUCKET_MAX + 1 + 3 * S3_KEY_MAX];
};

enum s3_code s3_target_from_path(struct str path, struct s3_target *t, struct s3_fault *f);
enum s3_code s3_target_from_host(struct str bucket, struct str path, struct s3_target *t,
				 struct s3_fault *f);

/* x-amz-copy-source */
struct s3_copy_source {
	struct s3_target from;
	char version[S3_VERSION_MAX];	/* "": the newest */
};

enum s3_code s3_copy_source_parse(struct str value, struct s3_copy_source *c,
				  struct s3_fault *f);

#endif /* SKY_S3_NAMES_H */
