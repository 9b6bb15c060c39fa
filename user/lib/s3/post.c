// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>

#include "http/date.h"
#include "post.h"

#define FIELD_NAME_MAX	1024u

static void free_json(json_t **j)
{
	json_decref(*j);
}

#define CLEANUP_JSON	__attribute__((__cleanup__(free_json)))

bool s3_form_find(const struct s3_form *form, struct str name, struct str *value)
{
	unsigned int i;

	for (i = 0; i < form->count; i++) {
		if (str_equal_nocase(form->field[i].name, name)) {
			*value = form->field[i].value;
			return true;
		}
	}
	return false;
}

static enum s3_code lacks(struct s3_fault *f, const char *name)
{
	return s3_fail(f, S3_INVALID_ARGUMENT,
		       "Bucket POST must contain a field named '%s'.  If it is specified, please check the order of the fields.",
		       name);
}

static bool has_any(const struct s3_form *form, const char *const *names)
{
	struct str value;

	for (; *names; names++)
		if (s3_form_find(form, str_of(*names), &value))
			return true;
	return false;
}

static const char *const fields_of_4[] = {
	"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", NULL,
};
static const char *const fields_of_2[] = { "AWSAccessKeyId", "signature", NULL };

static bool is_version2(const struct s3_form *form)
{
	return has_any(form, fields_of_2) && !has_any(form, fields_of_4);
}

static enum s3_code parse_version2(const struct s3_form *form, struct sig_claim *claim,
				   struct s3_fault *f)
{
	claim->version2 = true;
	if (!s3_form_find(form, STR("AWSAccessKeyId"), &claim->scope.access_key))
		return lacks(f, "AWSAccessKeyId");
	return s3_form_find(form, STR("signature"), &claim->signature) ? S3_OK :
								 lacks(f, "Signature");
}

/**
 * s3_post_parse - read what a form claims
 * @form:	its fields
 * @rules:	of this server
 * @claim:	filled in, as by sig_parse(), of texts in the form
 * @f:		says why when it is refused
 *
 * A form may be signed by Signature Version 2 ("Browser-based uploads using POST (AWS signature
 * version 2)", S3 User Guide), as many are that servers made long ago: the claim then has
 * version2, an access key, and for a signature the base64 of an HMAC-SHA1 of the policy.
 *
 * Return: S3_OK, also for a form without a policy (SIG_ANONYMOUS).
 */
enum s3_code s3_post_parse(const struct s3_form *form, const struct sig_rules *rules,
			   struct sig_claim *claim, struct s3_fault *f)
{
	struct str policy, algorithm, credential;
	enum s3_code code;

	memset(claim, 0, offsetof(struct sig_claim, text));
	/* Who signs has a policy: a form that has lost it is not nobody's. */
	if (!s3_form_find(form, STR("policy"), &policy))
		return has_any(form, fields_of_4) || has_any(form, fields_of_2) ?
		       lacks(f, "Policy") : S3_OK;
	claim->place = SIG_FORM;
	s3_form_find(form, STR("x-amz-security-token"), &claim->token);
	if (is_version2(form))
		return parse_version2(form, claim, f);
	if (!s3_form_find(form, STR("x-amz-algorithm"), &algorithm))
		return lacks(f, "X-Amz-Algorithm");
	if (!s3_form_find(form, STR("x-amz-credential"), &credential))
		return lacks(f, "X-Amz-Credential");
	if (!s3_form_find(form, STR("x-amz-signature"), &claim->signature))
		return lacks(f, "X-Amz-Signature");
	if (!s3_form_find(form, STR("x-amz-date"), &claim->date))
		return lacks(f, "X-Amz-Date");
	if (!str_is(algorithm, sig_algorithm_name(SIG_HMAC)))
		return s3_fail(f, S3_INVALID_ARGUMENT,
			       "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
	if (!amz_date_parse(claim->date, &claim->time))
		return s3_fail(f, S3_INVALID_ARGUMENT,
			       "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
	code = sig_scope_check(claim, credential, rules, f);
	if (!code && !str_equal(str_head(claim->date, 8), claim->scope.date))
		code = s3_fail(f, S3_SIGNATURE_DOES_NOT_MATCH, NULL);
	return code;
}

/* The policy is not signed by the key of the claim. */
enum s3_code s3_post_mismatch(const struct sig_claim *claim, struct s3_fault *f)
{
	s3_fail(f, S3_SIGNATURE_DOES_NOT_MATCH, NULL);
	s3_detail(f, "AWSAccessKeyId", claim->scope.access_key);
	s3_detail(f, "SignatureProvided", claim->signature);
	return S3_SIGNATURE_DOES_NOT_MATCH;
}

/* Is it?  Not for one of version 2, of which the secret itself is the key. */
enum s3_code s3_post_verify(const struct s3_form *form, const struct sig_claim *claim,
			    const struct sig_key *key, struct s3_fault *f)
{
	struct str policy = STR_NONE;

	s3_form_find(form, STR("policy"), &policy);
	return sig_check(key, SIG_HMAC, policy, claim->signature) ? s3_post_mismatch(claim, f) :
								   S3_OK;
}

/* --- the policy ----------------------------------------------------------- */

static enum s3_code invalid(struct s3_fault *f, const char *why)
{
	return s3_fail(f, S3_INVALID_POLICY_DOCUMENT, "Invalid Policy: %s", why);
}

static enum s3_code malformed(struct s3_fault *f)
{
	return invalid(f, "Invalid JSON.");
}

static enum s3_code failed(struct s3_fault *f, const char *op, struct str name, struct str value)
{
	return s3_fail(f, S3_ACCESS_DENIED,
		       "Invalid according to Policy: Policy Condition failed: [\"%s\", \"%.*s\", \"%.*s\"]",
		       op, STR_ARG(str_head(name, 64)), STR_ARG(str_head(value, 64)));
}

static struct str text_of(const json_t *j)
{
	return (struct str){ json_string_value(j), json_string_length(j) };
}

static bool form_value(const struct s3_form *form, struct str name, struct str *value)
{
	if (str_equal_nocase(name, STR("bucket"))) {
		*value = form->bucket;
		return true;
	}
	return s3_form_find(form, name, value);
}

/* Every one of several values with commas between them, as for Content-Type. */
static bool each_starts(struct str list, struct str with)
{
	struct str item;

	while (str_cut(&list, ',', &item))
		if (!str_starts(str_trim(item), with))
			return false;
	return true;
}

/* @name: with a "$" before it, or it is the name of nothing. */
static enum s3_code check_one(const struct s3_form *form, const char *op, struct str name,
			      struct str want, struct s3_fault *f)
{
	struct str field = str_skip(name, 1), have = STR_NONE;
	bool ok;

	if (!str_starts(name, STR("$")) || !form_value(form, field, &have))
		return failed(f, op, name, want);
	if (!strcmp(op, "eq"))
		ok = str_equal(have, want);
	else if (str_equal_nocase(field, STR("content-type")))
		ok = each_starts(have, want);
	else
		ok = str_starts(have, want);
	return ok ? S3_OK : failed(f, op, name, want);
}

static bool length_of(const json_t *j, uint64_t *value)
{
	if (json_is_integer(j) && json_integer_value(j) >= 0) {
		*value = json_integer_value(j);
		return true;
	}
	return json_is_string(j) && str_number(text_of(j), INT64_MAX, value);
}

/* ["eq", "$key", "value"], ["starts-with", ...], ["content-length-range", min, max] */
static enum s3_code check_array(const struct s3_form *form, const json_t *c,
				struct s3_post_limits *limits, struct s3_fault *f)
{
	static const char *const ops[] = { "eq", "starts-with", "content-length-range" };
	const json_t *a = json_array_get(c, 1), *b = json_array_get(c, 2);
	const char *op = json_string_value(json_array_get(c, 0));
	unsigned int i;

	if (!op)
		return invalid(f, "Invalid Condition: missing operation identifier.");
	for (i = 0; i < 3 && strcasecmp(op, ops[i]); i++)
		;
	if (i == 3)
		return invalid(f, "Invalid Condition: unknown operation.");
	if (json_array_size(c) != 3)
		return invalid(f, "Invalid Condition: wrong number of arguments.");
	if (i == 2)
		return length_of(a, &limits->min) && length_of(b, &limits->max) &&
		       limits->min <= limits->max ? S3_OK : malformed(f);
	return json_is_string(a) && json_is_string(b) ?
	       check_one(form, ops[i], text_of(a), text_of(b), f) : malformed(f);
}

/* {"acl": "public-read"} */
static enum s3_code check_object(const struct s3_form *form, json_t *c, struct s3_fault *f)
{
	char text[FIELD_NAME_MAX + 1];
	struct out o = OUT(text, sizeof(text));
	const char *name = json_object_iter_key(json_object_iter(c));
	const json_t *value = json_object_get(c, name);

	if (json_object_size(c) != 1)
		return invalid(f, "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
	if (!json_is_string(value))
		return invalid(f, "Invalid Simple-Condition: value must be a string.");
	out_char(&o, '$');
	out_text(&o, name);
	/* No field has a name of that length. */
	return o.err ? failed(f, "eq", str_of(name), text_of(value)) :
		       check_one(form, "eq", out_written(&o), text_of(value), f);
}

static bool names(json_t *c, struct str field)
{
	struct str name;
	const char *key;
	json_t *value;

	if (json_is_array(c)) {
		name = text_of(json_array_get(c, 1));
		return name.len && str_equal_nocase(str_skip(name, 1), field);
	}
	json_object_foreach(c, key, value)
		if (str_equal_nocase(str_of(key), field))
			return true;
	return false;
}

/* Fields that need no condition. */
static bool exempt(const struct s3_form *form, struct str field)
{
	if (is_version2(form) && (str_equal_nocase(field, str_of(fields_of_2[0])) ||
				  str_equal_nocase(field, str_of(fields_of_2[1]))))
		return true;
	return str_equal_nocase(field, STR("policy")) || str_equal_nocase(field, STR("file")) ||
	       str_equal_nocase(field, STR("x-amz-signature")) ||
	       str_equal_nocase(str_head(field, 13), STR("x-amz-ignore-")) ||
	       str_equal_nocase(str_head(field, 9), STR("x-ignore-"));
}

static enum s3_code check_covered(const json_t *conditions, struct str field,
				  struct s3_fault *f)
{
	size_t i;

	for (i = 0; i < json_array_size(conditions); i++)
		if (names(json_array_get(conditions, i), field))
			return S3_OK;
	return s3_fail(f, S3_ACCESS_DENIED, "Invalid according to Policy: Extra input fields: %.*s",
		       STR_ARG(str_head(field, 64)));
}

/* All that the form says has to be in the policy, and the bucket, which the URL says. */
static enum s3_code check_extra(const struct s3_form *form, const json_t *conditions,
				struct s3_fault *f)
{
	enum s3_code code = check_covered(conditions, STR("bucket"), f);
	unsigned int i;

	for (i = 0; !code && i < form->count; i++)
		if (!exempt(form, form->field[i].name))
			code = check_covered(conditions, form->field[i].name, f);
	return code;
}

/* What it has besides could be meant to forbid something. */
static enum s3_code check_members(json_t *root, struct s3_fault *f)
{
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
		if (strcmp(name, "expiration") && strcmp(name, "conditions"))
			return s3_fail(f, S3_INVALID_POLICY_DOCUMENT,
				       "Invalid Policy: Unexpected: '%.64s'", name);
	return S3_OK;
}

static enum s3_code check_document(const struct s3_form *form, json_t *root, int64_t now,
				   struct s3_post_limits *limits, struct s3_fault *f)
{
	const json_t *conditions = json_object_get(root, "conditions");
	const json_t *expiration = json_object_get(root, "expiration");
	enum s3_code code = check_members(root, f);
	int64_t end;
	size_t i;

	if (code)
		return code;
	if (!expiration)
		return invalid(f, "Policy missing expiration.");
	if (!json_is_string(expiration) || !iso_date_parse(text_of(expiration), &end))
		return invalid(f, "Invalid 'expiration' value.");
	if (!conditions)
		return invalid(f, "Policy missing conditions.");
	if (!json_is_array(conditions))
		return invalid(f, "Invalid 'conditions' value: must be a List.");
	if (now * 1000 > end)
		return s3_fail(f, S3_ACCESS_DENIED,
			       "Invalid according to Policy: Policy expired.");
	for (i = 0; !code && i < json_array_size(conditions); i++) {
		json_t *c = json_array_get(conditions, i);

		if (json_is_array(c))
			code = check_array(form, c, limits, f);
		else if (json_is_object(c))
			code = check_object(form, c, f);
		else
			code = invalid(f, "Invalid condition test: must be a List or Object.");
	}
	return code ? code : check_extra(form, conditions, f);
}

/**
 * s3_post_check - does the form do what its policy allows?
 * @form:	its fields
 * @now:	seconds
 * @limits:	receives what the file must be; anything where nothing is said
 * @f:		says why when it is refused
 *
 * The signature is not looked at here: see s3_post_verify().  jansson goes 2048
 * levels deep: not for the stack of a fiber.
 */
enum s3_code s3_post_check(const struct s3_form *form, int64_t now, struct s3_post_limits *limits,
			   struct s3_fault *f)
{
	char text[S3_POST_POLICY_MAX / 4 * 3];
	struct str policy = STR_NONE;
	CLEANUP_JSON json_t *root = NULL;
	int len;

	limits->min = 0;
	limits->max = UINT64_MAX;
	if (!s3_form_find(form, STR("policy"), &policy))
		return S3_OK;
	len = base64_decode(policy, text, sizeof(text));
	if (len < 0)
		return invalid(f, "Invalid Base64 encoding.");
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	return root ? check_document(form, root, now, limits, f) : malformed(f);
}

/* The file, once its size is known. */
enum s3_code s3_post_check_size(const struct s3_post_limits *limits, uint64_t size,
				struct s3_fault *f)
{
	if (size < limits->min)
		return s3_fail(f, S3_ENTITY_TOO_SMALL, NULL);
	return size > limits->max ? s3_fail(f, S3_ENTITY_TOO_LARGE, NULL) : S3_OK;
}

/**
 * s3_post_expand - what a field means
 * @value:	of it; "${filename}" in it stands for the file's name
 * @file:	as the browser calls it: of a path only the last part
 * @o:		receives what it means
 *
 * The policy is held against that, too.
 *
 * Return: whether it fits.
 */
bool s3_post_expand(struct str value, struct str file, struct out *o)
{
	static const char variable[] = "${filename}";
	const char *at;
	size_t i;

	for (i = file.len; i && file.at[i - 1] != '/' && file.at[i - 1] != '\\'; i--)
		;
	file = str_skip(file, i);
	while (value.len && (at = memmem(value.at, value.len, variable, sizeof(variable) - 1))) {
		out_bytes(o, value.at, at - value.at);
		out_str(o, file);
		value = str_skip(value, at - value.at + sizeof(variable) - 1);
	}
	out_str(o, value);
	return !o->err;
}
