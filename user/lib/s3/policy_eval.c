// SPDX-License-Identifier: GPL-2.0-or-later
/* A compiled policy and a request: allowed, denied, or neither. */
#include "names.h"
#include "policy_tree.h"

/* arn:aws:iam::ACCOUNT:root is everybody of that account. */
static bool is_account_of(struct str who, struct str account)
{
	struct str rest = who;

	if (!account.len)
		return false;
	if (who.len == POLICY_ACCOUNT && str_equal(who, account))
		return true;
	if (!str_starts(who, STR(POLICY_IAM)) || !str_ends(who, STR(":root")))
		return false;
	rest = str_skip(rest, strlen(POLICY_IAM));
	rest.len -= 5;
	return str_equal(rest, account);
}

static bool principal_matches(const struct policy_statement *s, const struct s3_policy_request *r)
{
	bool found = s->everyone;
	unsigned int i;

	for (i = 0; !found && i < s->principals.count; i++) {
		struct str who = s->principals.item[i];

		found = (r->user_id.len && str_equal(who, r->user_id)) ||
			(r->user_arn.len && str_equal(who, r->user_arn)) ||
			is_account_of(who, r->account);
	}
	return found != s->not_principal;
}

static bool action_matches(const struct policy_statement *s, struct str action)
{
	bool found = false;
	unsigned int i;

	for (i = 0; !found && i < s->actions.count; i++)
		found = str_match(s->actions.item[i], action);
	return found != s->not_action;
}

static bool resource_matches(const struct policy_statement *s, struct str resource)
{
	bool found = false;
	unsigned int i;

	/* A star takes slashes, too, so that bucket and key are compared as one. */
	for (i = 0; !found && i < s->resources.count; i++)
		found = str_match(str_skip(s->resources.item[i], strlen(POLICY_ARN)), resource);
	return found != s->not_resource;
}

/* --- conditions ----------------------------------------------------------- */

static bool in_order(enum policy_order order, int64_t a, int64_t b)
{
	switch (order) {
	case POLICY_LESS:
		return a < b;
	case POLICY_LESS_EQUAL:
		return a <= b;
	case POLICY_GREATER:
		return a > b;
	case POLICY_GREATER_EQUAL:
		return a >= b;
	default:
		return a == b;
	}
}

/* Does one value of the request match one of the policy's? */
static bool value_matches(const struct policy_operator *op, struct str have, struct str want)
{
	int64_t a, b;

	switch (op->type) {
	case POLICY_STRING:
		return str_equal(have, want);
	case POLICY_STRING_NOCASE:
	case POLICY_BOOL:
		return str_equal_nocase(have, want);
	case POLICY_LIKE:
		return str_match(want, have);
	case POLICY_NUMBER:
		return policy_number(have, &a) && policy_number(want, &b) &&
		       in_order(op->order, a, b);
	case POLICY_DATE:
		return policy_date(have, &a) && policy_date(want, &b) && in_order(op->order, a, b);
	case POLICY_IP:
		return policy_ip_in(have, want);
	default:
		return false;
	}
}

/* "/bucket/key" is the same source as "bucket/key", which is how requests have it here. */
static struct str wanted_value(const struct policy_condition *c, unsigned int i)
{
	struct str want = c->values.item[i];

	return str_starts(want, STR("/")) && str_equal_nocase(c->key, STR(POLICY_COPY_SOURCE)) ?
	       str_skip(want, 1) : want;
}

static bool any_value(const struct policy_condition *c, struct str have)
{
	unsigned int i;

	for (i = 0; i < c->values.count; i++)
		if (value_matches(c->op, have, wanted_value(c, i)))
			return true;
	return false;
}

/* A client's address that could not be read may be any. */
static bool is_unknown(const struct policy_condition *c, struct str have)
{
	return c->op->type != POLICY_NULL && str_equal_nocase(c->key, STR(POLICY_SOURCE_IP)) &&
	       !policy_ip_ok(have);
}

/*
 * A key may have several values, as s3:RequestObjectTagKeys has: then one for which the
 * operator holds is enough, or with ForAllValues it has to hold for each.  What cannot be judged
 * is denied, by a statement that denies and by one that allows.
 */
static bool condition_holds(const struct policy_condition *c, const struct s3_policy_request *r,
			    bool deny)
{
	bool present = false, one = false, all = true;
	unsigned int i;

	for (i = 0; i < r->contexts; i++) {
		bool match;

		if (!str_equal_nocase(r->context[i].key, c->key))
			continue;
		if (is_unknown(c, r->context[i].value))
			return deny;
		present = true;
		match = any_value(c, r->context[i].value) != c->op->negated;
		one |= match;
		all &= match;
	}
	if (c->op->type == POLICY_NULL)
		return present != str_equal_nocase(c->values.item[0], STR("true"));
	if (!present)
		return c->if_exists || c->for_all || (c->op->negated && !c->for_any);
	/* "Not" means of none of them, unless it is said otherwise. */
	return c->for_all || (c->op->negated && !c->for_any) ? all : one;
}

static bool conditions_hold(const struct policy_statement *s, const struct s3_policy_request *r)
{
	unsigned int i;

	for (i = 0; i < s->conditions; i++)
		if (!condition_holds(&s->condition[i], r, s->deny))
			return false;
	return true;
}

/**
 * s3_policy_evaluate - what a policy says of a request
 * @policy:	of the request's bucket
 * @r:		the request
 *
 * A statement that denies outweighs all that allow.  Where the policy is silent,
 * the owner's own rights and ACLs decide.
 */
enum s3_decision s3_policy_evaluate(const struct s3_policy *policy,
				    const struct s3_policy_request *r)
{
	enum s3_decision decision = S3_POLICY_SILENT;
	char text[S3_BUCKET_MAX + 1 + S3_KEY_MAX];
	struct out resource = OUT(text, sizeof(text));
	unsigned int i;

	out_str(&resource, r->bucket);
	if (r->key.at)
		out_char(&resource, '/');
	out_str(&resource, r->key);
	/* No such thing exists. */
	if (resource.err)
		return S3_POLICY_DENIES;
	for (i = 0; i < policy->statements; i++) {
		const struct policy_statement *s = &policy->statement[i];

		if (!s->deny && decision == S3_POLICY_ALLOWS)
			continue;
		if (!action_matches(s, r->action) ||
		    !resource_matches(s, out_written(&resource)) || !principal_matches(s, r) ||
		    !conditions_hold(s, r))
			continue;
		if (s->deny)
			return S3_POLICY_DENIES;
		decision = S3_POLICY_ALLOWS;
	}
	return decision;
}

/* A name with a wildcard, or most of all addresses, binds to nobody ("The meaning of public"). */
static bool value_is_fixed(const struct policy_condition *c, struct str value)
{
	if (c->op->type == POLICY_IP)
		return !policy_ip_wide(value);
	return !memchr(value.at, '*', value.len) && !memchr(value.at, '?', value.len);
}

/* Whoever it holds for is one of a few, and a request without the key is none of them. */
static bool condition_binds(const struct policy_condition *c)
{
	static const char *const keys[] = {
		POLICY_SOURCE_IP, "aws:username", "aws:userid", "aws:PrincipalArn",
		"aws:PrincipalAccount",
	};
	unsigned int i;

	if (c->op->negated || c->if_exists || c->for_all || c->op->type == POLICY_NULL)
		return false;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_equal_nocase(c->key, str_of(keys[i])))
			break;
	if (i == sizeof(keys) / sizeof(keys[0]))
		return false;
	for (i = 0; i < c->values.count; i++)
		if (!value_is_fixed(c, c->values.item[i]))
			return false;
	return true;
}

/**
 * s3_policy_is_public - does a policy allow anything to everybody?
 * @policy:	a policy
 *
 * As GetBucketPolicyStatus, BlockPublicPolicy and RestrictPublicBuckets have it: a statement
 * that allows all principals, and has no condition that binds it to addresses or names which
 * are fixed.
 */
bool s3_policy_is_public(const struct s3_policy *policy)
{
	unsigned int i, j;

	for (i = 0; i < policy->statements; i++) {
		const struct policy_statement *s = &policy->statement[i];
		bool bound = false;

		for (j = 0; j < s->conditions; j++)
			bound |= condition_binds(&s->condition[j]);
		if (!s->deny && s->everyone && !bound)
			return true;
	}
	return false;
}

/* arn:aws:iam::ACCOUNT:..., whatever of it. */
static bool arn_is_of(struct str arn, struct str account)
{
	if (!str_starts(arn, STR(POLICY_IAM)))
		return false;
	arn = str_skip(arn, strlen(POLICY_IAM));
	return arn.len > account.len && arn.at[account.len] == ':' &&
	       str_equal_nocase(str_head(arn, account.len), account);
}

static bool list_names(const struct policy_list *list, struct str account)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (str_equal_nocase(list->item[i], account) ||
		    arn_is_of(list->item[i], account))
			return true;
	return false;
}

/**
 * s3_policy_names - does a policy say something of an account by its name?
 * @policy:	a policy
 * @account:	its name
 *
 * As a principal, or in a condition upon aws:PrincipalAccount or aws:PrincipalArn.  A pattern for
 * names does not: it says nothing of one account alone.
 */
bool s3_policy_names(const struct s3_policy *policy, struct str account)
{
	unsigned int i;

	for (i = 0; i < policy->statements; i++)
		if (list_names(&policy->statement[i].principals, account))
			return true;
	for (i = 0; i < policy->conditions_used; i++)
		if ((str_equal_nocase(policy->conditions[i].key, STR("aws:PrincipalAccount")) ||
		     str_equal_nocase(policy->conditions[i].key, STR("aws:PrincipalArn"))) &&
		    list_names(&policy->conditions[i].values, account))
			return true;
	return false;
}
