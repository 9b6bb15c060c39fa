/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags of objects and buckets, in XML and in x-amz-tagging. */
#ifndef SKY_S3_TAGS_H
#define SKY_S3_TAGS_H

#include "error.h"

#define S3_OBJECT_TAGS		10u
#define S3_BUCKET_TAGS		50u
#define S3_TAG_KEY_MAX		128u	/* characters */
#define S3_TAG_VALUE_MAX	256u
#define S3_TAGS_TEXT		16384u	/* bytes of all keys and values together */
#define S3_TAGS_HEADER		(3 * S3_TAGS_TEXT + 2 * S3_BUCKET_TAGS)	/* in percent-coding */

/* Too large for the stack of a fiber. */
struct s3_tags {
	unsigned int count;
	struct {
		struct str key, value;		/* in @text */
	} tag[S3_BUCKET_TAGS];
	size_t used;
	char text[S3_TAGS_TEXT];
};

enum s3_code s3_tags_add(struct s3_tags *t, unsigned int max, struct str key, struct str value,
			 struct s3_fault *f);
enum s3_code s3_tags_from_header(struct s3_tags *t, struct str value, struct s3_fault *f);
enum s3_code s3_tags_from_xml(struct s3_tags *t, unsigned int max, struct str document,
			      struct s3_fault *f);
void s3_tags_to_header(struct out *o, const struct s3_tags *t);
void s3_tags_to_xml(struct out *o, const struct s3_tags *t);

#endif /* SKY_S3_TAGS_H */
