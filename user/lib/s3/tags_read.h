/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags within a document: rules of xml_read() whose argument begins with a struct s3_tagging. */
#ifndef SKY_S3_TAGS_READ_H
#define SKY_S3_TAGS_READ_H

#include "tags.h"

struct s3_tagging {
	struct s3_tags *tags;		/* empty; receives them */
	unsigned int max;		/* S3_OBJECT_TAGS or S3_BUCKET_TAGS */
	struct s3_fault *f;
	bool set, has_key, has_value;
	char key[4 * S3_TAG_KEY_MAX + 1];
	char value[4 * S3_TAG_VALUE_MAX + 1];
};

/* Of a Tag, of its Key and its Value, and of what holds them, which may be there once. */
enum s3_code s3_tagging_open(void *arg, const char *const *attributes);
enum s3_code s3_tagging_key(void *arg, struct str text);
enum s3_code s3_tagging_value(void *arg, struct str text);
enum s3_code s3_tagging_close(void *arg, struct str text);
enum s3_code s3_tagging_set_close(void *arg, struct str text);

#endif /* SKY_S3_TAGS_READ_H */
