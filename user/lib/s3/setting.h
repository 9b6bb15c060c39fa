/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What buckets of S3 have besides, and here is as for a bucket to which nobody has said
 * anything: it can be read, and set to what it is.
 */
#ifndef SKY_S3_SETTING_H
#define SKY_S3_SETTING_H

#include "error.h"

enum s3_setting {
	S3_SETTING_ACCELERATE,
	S3_SETTING_ENCRYPTION,
	S3_SETTING_LOGGING,
	S3_SETTING_NOTIFICATION,
	S3_SETTING_OBJECT_LOCK,
	S3_SETTING_PAYMENT,
	S3_SETTING_REPLICATION,
	S3_SETTING_WEBSITE,
	S3_SETTINGS,
};

const char *s3_setting_parameter(enum s3_setting s);
enum s3_setting s3_setting_find(struct str parameter);
enum s3_code s3_setting_absent(enum s3_setting s);
void s3_answer_setting(struct out *o, enum s3_setting s);
enum s3_code s3_read_setting(enum s3_setting s, struct str document, struct s3_fault *f);

#endif /* SKY_S3_SETTING_H */
