/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bucket never gives to everybody, whatever its ACLs and its policy say (S3 User Guide,
 * "Blocking public access to your Amazon S3 storage").
 */
#ifndef SKY_S3_PUBLIC_ACCESS_H
#define SKY_S3_PUBLIC_ACCESS_H

#include "error.h"

enum s3_public_access {
	S3_BLOCK_PUBLIC_ACLS,		/* none is set */
	S3_IGNORE_PUBLIC_ACLS,		/* none counts */
	S3_BLOCK_PUBLIC_POLICY,		/* none is put */
	S3_RESTRICT_PUBLIC_BUCKETS,	/* with one, the bucket is its owner's alone */
	S3_PUBLIC_ACCESSES,
};

/* Of the four, as bits. */
#define S3_PUBLIC_ACCESS_BIT(flag)	(1u << (flag))
#define S3_PUBLIC_ACCESS_ALL		(S3_PUBLIC_ACCESS_BIT(S3_PUBLIC_ACCESSES) - 1)

enum s3_code s3_read_public_access(struct str document, unsigned int *flags, struct s3_fault *f);
void s3_answer_public_access(struct out *o, unsigned int flags);
/* As it is kept: a digit for each, in their order. */
void s3_public_access_write(struct out *o, unsigned int flags);
bool s3_public_access_parse(struct str text, unsigned int *flags);

#endif /* SKY_S3_PUBLIC_ACCESS_H */
