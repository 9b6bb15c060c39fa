/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compiled policy, as its three files share it. */
#ifndef SKY_S3_POLICY_TREE_H
#define SKY_S3_POLICY_TREE_H

#include <jansson.h>

#include "policy.h"

#define POLICY_ARN		"arn:aws:s3:::"
#define POLICY_IAM		"arn:aws:iam::"
#define POLICY_ACCOUNT		12u	/* digits of an account's number */
#define POLICY_CANONICAL_ID	64u	/* digits, lower case */
#define POLICY_SOURCE_IP	"aws:SourceIp"
#define POLICY_COPY_SOURCE	"s3:x-amz-copy-source"
#define POLICY_EXISTING_TAG	"s3:ExistingObjectTag/"

/* Texts of the document, in the pool. */
struct policy_list {
	const struct str *item;
	unsigned int count;
};

enum policy_type {
	POLICY_STRING,
	POLICY_STRING_NOCASE,
	POLICY_LIKE,
	POLICY_NUMBER,
	POLICY_DATE,
	POLICY_BOOL,
	POLICY_IP,
	POLICY_NULL,
};

enum policy_order {
	POLICY_EQUAL,
	POLICY_LESS,
	POLICY_LESS_EQUAL,
	POLICY_GREATER,
	POLICY_GREATER_EQUAL,
};

struct policy_operator {
	const char *name;
	enum policy_type type;
	enum policy_order order;
	bool negated;
};

struct policy_condition {
	const struct policy_operator *op;
	bool if_exists;
	bool for_all;			/* ForAllValues: holds where there is no value */
	bool for_any;			/* ForAnyValue: does not, and one value is enough */
	struct str key;
	struct policy_list values;
};

struct policy_statement {
	bool deny;
	bool not_principal, not_action, not_resource;
	bool everyone;			/* a principal is "*" */
	struct policy_list principals, actions, resources;
	const struct policy_condition *condition;
	unsigned int conditions;
};

struct s3_policy {
	json_t *root;			/* owns all texts */
	json_t *made;			/* but for those of numbers without quotes */
	struct str *pool;
	size_t pool_used, pool_size;
	struct policy_condition *conditions;
	size_t conditions_used, conditions_size;
	struct policy_statement *statement;
	unsigned int statements;
	bool asks_tags;			/* of objects as they are */
};

bool policy_action_known(struct str action);
bool policy_actions_fit(const struct policy_statement *s);
bool policy_resource_ok(struct str resource, struct str bucket);
const struct policy_operator *policy_operator_find(struct str name, struct policy_condition *c);
bool policy_key_known(const struct policy_condition *c);
bool policy_key_is_tag(struct str name);
bool policy_conditions_fit(const struct policy_statement *s);
bool policy_cost_ok(const struct s3_policy *p);
bool policy_value_ok(const struct policy_condition *c, struct str value);

bool policy_ip_in(struct str address, struct str range);
bool policy_ip_ok(struct str address);
bool policy_ip_range_ok(struct str range);
bool policy_ip_wide(struct str range);
bool policy_date(struct str text, int64_t *milliseconds);
bool policy_number(struct str text, int64_t *value);

#endif /* SKY_S3_POLICY_TREE_H */
