/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bucket policies (S3 User Guide, "Policies and permissions in Amazon S3"): a
 * document is checked and compiled once, and then evaluated for every request
 * without allocation.  What is not understood is refused when the policy is put:
 * nothing of a policy is passed over.
 */
#ifndef SKY_S3_POLICY_H
#define SKY_S3_POLICY_H

#include "error.h"

#define S3_POLICY_MAX		20480u	/* bytes of a document */
#define S3_POLICY_SEARCHES	256u	/* texts between two "*" of its patterns; see "cost" */

struct s3_policy;

/* What a condition may ask about; "aws:SourceIp", "s3:prefix", in any case. */
struct s3_policy_context {
	struct str key;
	struct str value;
};

struct s3_policy_request {
	struct str action;		/* "s3:GetObject" */
	struct str bucket;
	struct str key;			/* decoded; at is NULL: the bucket */
	/* Who asks; none of them: anonymous. */
	struct str user_id;
	struct str user_arn;
	struct str account;
	const struct s3_policy_context *context;
	unsigned int contexts;
};

enum s3_decision {
	S3_POLICY_SILENT,	/* no statement is about it */
	S3_POLICY_ALLOWS,
	S3_POLICY_DENIES,	/* whatever else allows */
};

enum s3_code s3_policy_parse(struct str document, struct str bucket, struct s3_policy **policy,
			     struct s3_fault *f);
void s3_policy_free(struct s3_policy *policy);
enum s3_decision s3_policy_evaluate(const struct s3_policy *policy,
				    const struct s3_policy_request *r);
bool s3_policy_names(const struct s3_policy *policy, struct str account);
bool s3_policy_asks_tags(const struct s3_policy *policy);
bool s3_policy_is_public(const struct s3_policy *policy);

#endif /* SKY_S3_POLICY_H */
