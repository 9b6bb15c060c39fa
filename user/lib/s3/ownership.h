/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Object ownership (S3 User Guide, "Controlling ownership of objects and disabling ACLs"):
 * whether the ACLs of a bucket and of its objects count.
 */
#ifndef SKY_S3_OWNERSHIP_H
#define SKY_S3_OWNERSHIP_H

#include "error.h"

enum s3_ownership {
	S3_OBJECT_WRITER,		/* of a bucket that has no controls, too */
	S3_BUCKET_OWNER_PREFERRED,
	S3_BUCKET_OWNER_ENFORCED,	/* no ACL gives anything */
	S3_OWNERSHIPS,
};

const char *s3_ownership_name(enum s3_ownership o);
enum s3_ownership s3_ownership_find(struct str name);
enum s3_code s3_read_ownership(struct str document, enum s3_ownership *o, struct s3_fault *f);
void s3_answer_ownership(struct out *out, enum s3_ownership o);

#endif /* SKY_S3_OWNERSHIP_H */
