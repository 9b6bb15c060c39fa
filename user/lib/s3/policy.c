// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy document to a compiled policy. */
#include <stdlib.h>

#include "policy_tree.h"

/* What is wrong, in AWS's words where it has some. */
static enum s3_code bad(struct s3_fault *f, const char *why)
{
	return s3_fail(f, S3_MALFORMED_POLICY, "%s", why);
}

static struct str text_of(const json_t *j)
{
	return (struct str){ json_string_value(j), json_string_length(j) };
}

/* A text or a list of texts, not empty. */
static bool take_list(struct s3_policy *p, const json_t *j, struct policy_list *list)
{
	size_t i, n = json_is_array(j) ? json_array_size(j) : 1;

	if (!n || n > p->pool_size - p->pool_used)
		return false;
	/* Several names of principals are one list: they follow each other. */
	if (!list->item)
		list->item = p->pool + p->pool_used;
	for (i = 0; i < n; i++) {
		const json_t *item = json_is_array(j) ? json_array_get(j, i) : j;

		if (!json_is_string(item))
			return false;
		p->pool[p->pool_used++] = text_of(item);
		list->count++;
	}
	return true;
}

/* ${aws:username} and its like. */
static bool has_variable(const struct policy_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (list->item[i].len && memmem(list->item[i].at, list->item[i].len, "${", 2))
			return true;
	return false;
}

static bool has_any(struct str s, const char *of)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (strchr(of, s.at[i]))
			return true;
	return false;
}

/* arn:aws:iam::TEAM:root, arn:aws:iam::TEAM:user/KEY: whole names, as S3 has it. */
static bool arn_ok(struct str who)
{
	struct str account;

	if (!str_starts(who, STR(POLICY_IAM)) || has_any(who, "*?"))
		return false;
	who = str_skip(who, strlen(POLICY_IAM));
	if (!str_cut(&who, ':', &account) || !account.len)
		return false;
	if (str_equal(who, STR("root")))
		return true;
	return who.len > 5 && str_starts(who, STR("user/")) && !has_any(str_skip(who, 5), "/");
}

/* Whom nobody can be is refused: to deny it to him would be to deny it to nobody. */
static bool principal_ok(const char *kind, struct str who)
{
	uint64_t account;

	if (str_equal(who, STR("*")))
		return true;
	if (!strcmp(kind, "CanonicalUser"))
		return who.len == POLICY_CANONICAL_ID &&
		       strspn(who.at, "0123456789abcdef") >= who.len;
	return arn_ok(who) ||
	       (who.len == POLICY_ACCOUNT && str_number(who, UINT64_MAX, &account));
}

/* "*" or {"AWS": ..., "CanonicalUser": ...} */
static enum s3_code take_principal(struct s3_policy *p, struct policy_statement *s,
				   const json_t *j, struct s3_fault *f)
{
	static const char *const kinds[] = { "AWS", "CanonicalUser" };
	size_t i, known = 0;
	unsigned int k, from;

	if (json_is_string(j)) {
		if (!str_equal(text_of(j), STR("*")) || !take_list(p, j, &s->principals))
			return bad(f, "Invalid principal in policy");
		s->everyone = true;
		return S3_OK;
	}
	for (i = 0; i < 2; i++) {
		const json_t *list = json_object_get(j, kinds[i]);

		if (!list)
			continue;
		known++;
		from = s->principals.count;
		if (!take_list(p, list, &s->principals))
			return bad(f, "Invalid principal in policy");
		for (k = from; k < s->principals.count; k++) {
			if (!principal_ok(kinds[i], s->principals.item[k]))
				return bad(f, "Invalid principal in policy");
			s->everyone |= str_equal(s->principals.item[k], STR("*"));
		}
	}
	/* Services and federations have no meaning here. */
	return known && known == json_object_size(j) ? S3_OK :
	       bad(f, "Invalid principal in policy");
}

/* A number or boolean may stand without quotes: its text is made here. */
static const json_t *with_quotes(struct s3_policy *p, const json_t *value)
{
	json_t *text;

	if (json_is_boolean(value))
		text = json_string(json_is_true(value) ? "true" : "false");
	else if (json_is_integer(value))
		text = json_sprintf("%lld", (long long)json_integer_value(value));
	else
		return value;
	return json_array_append_new(p->made, text) ? NULL : text;
}

static enum s3_code take_condition(struct s3_policy *p, const char *op, const char *key,
				   const json_t *values, struct s3_fault *f)
{
	struct policy_condition *c;
	unsigned int i;

	if (p->conditions_used == p->conditions_size)
		return bad(f, "Policy has too many conditions");
	c = &p->conditions[p->conditions_used++];
	c->op = policy_operator_find(str_of(op), c);
	if (!c->op)
		return bad(f, "Policy has an invalid condition operator");
	c->key = str_of(key);
	if (!policy_key_known(c))
		return bad(f, "Policy has an invalid condition key");
	p->asks_tags |= policy_key_is_tag(c->key);
	values = with_quotes(p, values);
	if (!take_list(p, values, &c->values))
		return bad(f, "Policy has an invalid condition value");
	if (has_variable(&c->values))
		return s3_fail(f, S3_NOT_IMPLEMENTED, "Policy variables are not implemented");
	for (i = 0; i < c->values.count; i++)
		if (!policy_value_ok(c, c->values.item[i]))
			return bad(f, "Policy has an invalid condition value");
	if (c->op->type == POLICY_NULL && c->values.count > 1)
		return bad(f, "Policy has an invalid condition value");
	return S3_OK;
}

static enum s3_code take_conditions(struct s3_policy *p, struct policy_statement *s, json_t *j,
				    struct s3_fault *f)
{
	const char *op, *key;
	json_t *keys, *values;
	enum s3_code code;

	if (!json_is_object(j))
		return bad(f, "Policy has an invalid condition");
	s->condition = p->conditions + p->conditions_used;
	json_object_foreach(j, op, keys) {
		if (!json_is_object(keys))
			return bad(f, "Policy has an invalid condition");
		json_object_foreach(keys, key, values) {
			code = take_condition(p, op, key, values, f);
			if (code)
				return code;
			s->conditions++;
		}
	}
	return S3_OK;
}

/* Actions and resources, once they are there. */
static enum s3_code check_lists(const struct policy_statement *s, struct str bucket,
				struct s3_fault *f)
{
	unsigned int i;

	if (!s->principals.count)
		return bad(f, "Missing required field Principal");
	if (!s->actions.count)
		return bad(f, "Missing required field Action");
	if (!s->resources.count)
		return bad(f, "Missing required field Resource");
	for (i = 0; i < s->actions.count; i++)
		if (!policy_action_known(s->actions.item[i]))
			return bad(f, "Policy has invalid action");
	if (has_variable(&s->resources))
		return s3_fail(f, S3_NOT_IMPLEMENTED, "Policy variables are not implemented");
	for (i = 0; i < s->resources.count; i++)
		if (!policy_resource_ok(s->resources.item[i], bucket))
			return bad(f, "Policy has invalid resource");
	if (!policy_actions_fit(s))
		return bad(f, "Action does not apply to any resource(s) in statement");
	if (!policy_conditions_fit(s))
		return bad(f, "Conditions do not apply to combination of actions and resources in statement");
	return S3_OK;
}

static enum s3_code take_element(struct s3_policy *p, struct policy_statement *s,
				 const char *name, json_t *value, struct s3_fault *f)
{
	struct str word = STR_NONE;

	if (!strcmp(name, "Sid"))
		return json_is_string(value) ? S3_OK : bad(f, "Policy has an invalid Sid");
	if (!strcmp(name, "Effect")) {
		if (json_is_string(value))
			word = text_of(value);
		s->deny = str_equal(word, STR("Deny"));
		return s->deny || str_equal(word, STR("Allow")) ? S3_OK :
		       bad(f, "Invalid effect in policy");
	}
	if (!strcmp(name, "Condition"))
		return take_conditions(p, s, value, f);
	if (!strcmp(name, "Principal") || !strcmp(name, "NotPrincipal")) {
		if (s->principals.count)
			return bad(f, "Policy has both Principal and NotPrincipal");
		s->not_principal = *name == 'N';
		return take_principal(p, s, value, f);
	}
	if (!strcmp(name, "Action") || !strcmp(name, "NotAction")) {
		s->not_action = *name == 'N';
		return !s->actions.count && take_list(p, value, &s->actions) ? S3_OK :
		       bad(f, "Policy has invalid action");
	}
	if (!strcmp(name, "Resource") || !strcmp(name, "NotResource")) {
		s->not_resource = *name == 'N';
		return !s->resources.count && take_list(p, value, &s->resources) ? S3_OK :
		       bad(f, "Policy has invalid resource");
	}
	return bad(f, "Policy has an element that is not known");
}

static enum s3_code take_statement(struct s3_policy *p, struct policy_statement *s, json_t *j,
				   struct str bucket, struct s3_fault *f)
{
	const char *name;
	json_t *value;
	enum s3_code code;

	if (!json_is_object(j))
		return bad(f, "Policy has an invalid statement");
	json_object_foreach(j, name, value) {
		code = take_element(p, s, name, value, f);
		if (code)
			return code;
	}
	if (!json_object_get(j, "Effect"))
		return bad(f, "Missing required field Effect");
	/* An exception that everybody falls under, and a grant to all but a few. */
	if (s->not_principal && (s->everyone || !s->deny))
		return bad(f, "NotPrincipal can be used with Deny and with names only");
	return check_lists(s, bucket, f);
}

static enum s3_code check_root(const json_t *root, struct s3_fault *f)
{
	static const char *const known[] = { "Version", "Id", "Statement" };
	const json_t *version = json_object_get(root, "Version");
	size_t i, found = 0;

	if (!json_is_object(root))
		return bad(f, "Policies must be valid JSON and the first byte must be '{'");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		found += !!json_object_get(root, known[i]);
	if (found != json_object_size(root))
		return bad(f, "Policy has an element that is not known");
	if (version && (!json_is_string(version) ||
			(strcmp(json_string_value(version), "2012-10-17") &&
			 strcmp(json_string_value(version), "2008-10-17"))))
		return bad(f, "The policy must contain a valid version string");
	return S3_OK;
}

#define TOO_MANY_SEARCHES \
	"Policy has more than %u texts between two * of its patterns (with ? each character counts)"

static enum s3_code compile(struct s3_policy *p, struct str bucket, struct s3_fault *f)
{
	json_t *list = json_object_get(p->root, "Statement");
	enum s3_code code = check_root(p->root, f);
	size_t i, n = json_is_array(list) ? json_array_size(list) : 1;

	if (code)
		return code;
	if (!list || !n)
		return bad(f, "Could not parse the policy: Statement is empty!");
	p->statement = calloc(n, sizeof(*p->statement));
	if (!p->statement)
		return s3_fail(f, S3_INTERNAL_ERROR, NULL);
	for (i = 0; i < n; i++, p->statements++) {
		code = take_statement(p, &p->statement[i],
				      json_is_array(list) ? json_array_get(list, i) : list,
				      bucket, f);
		if (code)
			return code;
	}
	return policy_cost_ok(p) ? S3_OK :
	       s3_fail(f, S3_MALFORMED_POLICY, TOO_MANY_SEARCHES, S3_POLICY_SEARCHES);
}

/* Does a condition ask for the tags of the object as it is? */
bool s3_policy_asks_tags(const struct s3_policy *policy)
{
	return policy->asks_tags;
}

void s3_policy_free(struct s3_policy *policy)
{
	if (!policy)
		return;
	json_decref(policy->root);
	json_decref(policy->made);
	free(policy->pool);
	free(policy->conditions);
	free(policy->statement);
	free(policy);
}

/**
 * s3_policy_parse - check and compile a document
 * @document:	JSON
 * @bucket:	that it is put on; all resources must be its own
 * @policy:	receives the policy, to be freed with s3_policy_free()
 * @f:		says why when it is refused
 *
 * jansson goes 2048 levels deep: not for the stack of a fiber.
 *
 * Return: S3_OK, S3_MALFORMED_POLICY, S3_NOT_IMPLEMENTED for policy variables, or
 * S3_INTERNAL_ERROR without memory.
 */
enum s3_code s3_policy_parse(struct str document, struct str bucket, struct s3_policy **policy,
			     struct s3_fault *f)
{
	struct s3_policy *p;
	enum s3_code code;

	*policy = NULL;
	if (document.len > S3_POLICY_MAX)
		return bad(f, "Policies may be 20480 bytes long at most");
	if (!document.len)
		return bad(f, "Missing policy document");
	p = calloc(1, sizeof(*p));
	/* No text takes less than three bytes of the document. */
	if (p) {
		p->pool_size = document.len / 3 + 1;
		p->pool = calloc(p->pool_size, sizeof(*p->pool));
		p->conditions_size = document.len / 8 + 1;
		p->conditions = calloc(p->conditions_size, sizeof(*p->conditions));
		p->made = json_array();
	}
	if (!p || !p->pool || !p->conditions || !p->made) {
		s3_policy_free(p);
		return s3_fail(f, S3_INTERNAL_ERROR, NULL);
	}
	p->root = json_loadb(document.at, document.len, JSON_REJECT_DUPLICATES, NULL);
	code = p->root ? compile(p, bucket, f) :
			 bad(f, "Policies must be valid JSON and the first byte must be '{'");
	if (code)
		s3_policy_free(p);
	else
		*policy = p;
	return code;
}
