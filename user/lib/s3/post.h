/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uploads by a form of a browser (S3 API Reference, "Browser-Based Uploads Using POST"). */
#ifndef SKY_S3_POST_H
#define SKY_S3_POST_H

#include "sig.h"

#define S3_POST_POLICY_MAX	16384u	/* bytes of the policy in base64 */

/* A field of the form before the file; names have no case. */
struct s3_form_field {
	struct str name;
	struct str value;
};

struct s3_form {
	const struct s3_form_field *field;
	unsigned int count;
	struct str bucket;		/* of the request: no field, but a condition may name it */
};

/* What the policy says of the file. */
struct s3_post_limits {
	uint64_t min, max;		/* bytes */
};

bool s3_form_find(const struct s3_form *form, struct str name, struct str *value);
enum s3_code s3_post_parse(const struct s3_form *form, const struct sig_rules *rules,
			   struct sig_claim *claim, struct s3_fault *f);
enum s3_code s3_post_verify(const struct s3_form *form, const struct sig_claim *claim,
			    const struct sig_key *key, struct s3_fault *f);
enum s3_code s3_post_check(const struct s3_form *form, int64_t now, struct s3_post_limits *limits,
			   struct s3_fault *f);
enum s3_code s3_post_check_size(const struct s3_post_limits *limits, uint64_t size,
				struct s3_fault *f);
bool s3_post_expand(struct str value, struct str file, struct out *o);

#endif /* SKY_S3_POST_H */
