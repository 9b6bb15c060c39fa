// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents about buckets: where they lie, versions, and who may ask from where. */
#include "body.h"
#include "tags_read.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static enum s3_code not_implemented(void *arg, const char *const *attributes)
{
	(void)arg;
	(void)attributes;
	return S3_NOT_IMPLEMENTED;
}

/* --- CreateBucketConfiguration -------------------------------------------- */

struct create {
	struct s3_tagging tagging;	/* first: s3/tags_read.h */
	char *location;
	size_t size;
	bool seen;
};

static enum s3_code create_location(void *arg, struct str text)
{
	struct create *c = arg;

	if (c->seen)
		return S3_MALFORMED_XML;
	c->seen = true;
	return str_copy(text, c->location, c->size) ? S3_OK : S3_INVALID_LOCATION_CONSTRAINT;
}

/**
 * s3_read_create_bucket - read the body of CreateBucket
 * @document:	it; none at all is a bucket without a wish
 * @location:	receives LocationConstraint as a C string
 * @size:	of @location
 * @tags:	receives those that the bucket is born with
 * @f:		says why when it is refused
 */
enum s3_code s3_read_create_bucket(struct str document, char *location, size_t size,
				   struct s3_tags *tags, struct s3_fault *f)
{
	static const struct xml_rule rules[] = {
		{ "CreateBucketConfiguration", false, NULL, NULL },
		{ "CreateBucketConfiguration/LocationConstraint", true, NULL, create_location },
		{ "CreateBucketConfiguration/Tags", false, NULL, s3_tagging_set_close },
		{ "CreateBucketConfiguration/Tags/Tag", false, s3_tagging_open, s3_tagging_close },
		{ "CreateBucketConfiguration/Tags/Tag/Key", true, NULL, s3_tagging_key },
		{ "CreateBucketConfiguration/Tags/Tag/Value", true, NULL, s3_tagging_value },
		/* Directory buckets. */
		{ "CreateBucketConfiguration/Location", false, not_implemented, NULL },
		{ "CreateBucketConfiguration/Bucket", false, not_implemented, NULL },
	};
	struct create c = {
		.tagging = { .tags = tags, .max = S3_BUCKET_TAGS, .f = f },
		.location = location, .size = size,
	};

	location[0] = '\0';
	tags->count = 0;
	tags->used = 0;
	return document.len ? xml_read(document, rules, COUNT(rules), &c, f) : S3_OK;
}

/* --- VersioningConfiguration ---------------------------------------------- */

static enum s3_code versioning_status(void *arg, struct str text)
{
	enum s3_versioning *v = arg;

	if (*v != S3_UNVERSIONED)
		return S3_MALFORMED_XML;
	if (str_equal(text, STR("Enabled")))
		*v = S3_VERSIONING_ENABLED;
	else if (str_equal(text, STR("Suspended")))
		*v = S3_VERSIONING_SUSPENDED;
	else
		return S3_MALFORMED_XML;
	return S3_OK;
}

static enum s3_code versioning_mfa(void *arg, struct str text)
{
	(void)arg;
	if (str_equal(text, STR("Disabled")))
		return S3_OK;
	return str_equal(text, STR("Enabled")) ? S3_NOT_IMPLEMENTED : S3_MALFORMED_XML;
}

/**
 * s3_read_versioning - read the body of PutBucketVersioning
 * @document:	it
 * @v:		receives one of the two states
 * @f:		says why when it is refused
 */
enum s3_code s3_read_versioning(struct str document, enum s3_versioning *v, struct s3_fault *f)
{
	static const struct xml_rule rules[] = {
		{ "VersioningConfiguration", false, NULL, NULL },
		{ "VersioningConfiguration/Status", true, NULL, versioning_status },
		{ "VersioningConfiguration/MfaDelete", true, NULL, versioning_mfa },
	};
	enum s3_code code;

	*v = S3_UNVERSIONED;
	code = xml_read(document, rules, COUNT(rules), v, f);
	if (!code && *v == S3_UNVERSIONED)
		code = s3_fail(f, S3_ILLEGAL_VERSIONING,
			       "The Versioning element must be specified");
	return code;
}

/* --- CORSConfiguration ---------------------------------------------------- */

struct cors {
	s3_cors_fn *each;
	void *arg;
	struct s3_fault *f;
	unsigned int count;
	struct s3_cors_rule rule;
	struct body_text text;
};

static enum s3_code cors_open(void *arg, const char *const *attributes)
{
	struct cors *c = arg;

	(void)attributes;
	memset(&c->rule, 0, sizeof(c->rule));
	c->text.used = 0;
	return ++c->count > S3_CORS_RULES_MAX ? S3_MALFORMED_XML : S3_OK;
}

static enum s3_code cors_add(struct cors *c, struct str text, struct str *list,
			     unsigned int *count)
{
	if (*count == S3_CORS_ITEMS_MAX || !text.len || !body_keep(&c->text, text, &list[*count]))
		return S3_MALFORMED_XML;
	++*count;
	return S3_OK;
}

static enum s3_code cors_id(void *arg, struct str text)
{
	struct cors *c = arg;

	return text.len <= 255 && body_keep(&c->text, text, &c->rule.id) ? S3_OK :
	       S3_MALFORMED_XML;
}

static enum s3_code cors_method(void *arg, struct str text)
{
	static const char *const methods[] = { "GET", "PUT", "POST", "DELETE", "HEAD" };
	struct cors *c = arg;
	size_t i;

	for (i = 0; i < COUNT(methods); i++)
		if (str_is(text, methods[i]))
			return cors_add(c, text, c->rule.method, &c->rule.methods);
	return s3_fail(c->f, S3_INVALID_REQUEST,
		       "Found unsupported HTTP method in CORS config. Unsupported method is %.*s",
		       STR_ARG(str_head(text, 64)));
}

static bool one_star(struct str text)
{
	size_t at;

	return !str_find(text, '*', &at) || !str_find(str_skip(text, at + 1), '*', &at);
}

static enum s3_code cors_origin(void *arg, struct str text)
{
	struct cors *c = arg;

	if (!one_star(text))
		return s3_fail(c->f, S3_INVALID_REQUEST,
			       "AllowedOrigin \"%.*s\" can not have more than one wildcard.",
			       STR_ARG(str_head(text, 64)));
	return cors_add(c, text, c->rule.origin, &c->rule.origins);
}

static enum s3_code cors_header(void *arg, struct str text)
{
	struct cors *c = arg;

	if (!one_star(text))
		return s3_fail(c->f, S3_INVALID_REQUEST,
			       "AllowedHeader \"%.*s\" can not have more than one wildcard.",
			       STR_ARG(str_head(text, 64)));
	return cors_add(c, text, c->rule.header, &c->rule.headers);
}

static enum s3_code cors_expose(void *arg, struct str text)
{
	struct cors *c = arg;
	size_t at;

	if (str_find(text, '*', &at))
		return s3_fail(c->f, S3_INVALID_REQUEST,
			       "ExposeHeader \"%.*s\" contains wildcard. We currently do not support wildcard for ExposeHeader.",
			       STR_ARG(str_head(text, 64)));
	return http_is_token(text) ? cors_add(c, text, c->rule.expose, &c->rule.exposes) :
	       S3_MALFORMED_XML;
}

static enum s3_code cors_max_age(void *arg, struct str text)
{
	struct cors *c = arg;
	uint64_t age;

	if (c->rule.has_max_age || !str_number(text, INT32_MAX, &age))
		return S3_MALFORMED_XML;
	c->rule.has_max_age = true;
	c->rule.max_age = age;
	return S3_OK;
}

static enum s3_code cors_close(void *arg, struct str text)
{
	struct cors *c = arg;

	(void)text;
	if (!c->rule.methods || !c->rule.origins)
		return S3_MALFORMED_XML;
	return c->each(c->arg, &c->rule);
}

/**
 * s3_read_cors - read a CORSConfiguration
 * @document:	it
 * @each:	called for each rule in order; a code that it returns is the result
 * @arg:	for @each
 * @f:		says why when it is refused
 */
enum s3_code s3_read_cors(struct str document, s3_cors_fn *each, void *arg, struct s3_fault *f)
{
#define RULE	"CORSConfiguration/CORSRule"
	static const struct xml_rule rules[] = {
		{ "CORSConfiguration", false, NULL, NULL },
		{ RULE, false, cors_open, cors_close },
		{ RULE "/ID", true, NULL, cors_id },
		{ RULE "/AllowedMethod", true, NULL, cors_method },
		{ RULE "/AllowedOrigin", true, NULL, cors_origin },
		{ RULE "/AllowedHeader", true, NULL, cors_header },
		{ RULE "/ExposeHeader", true, NULL, cors_expose },
		{ RULE "/MaxAgeSeconds", true, NULL, cors_max_age },
	};
	struct cors c = { .each = each, .arg = arg, .f = f };
	enum s3_code code = xml_read(document, rules, COUNT(rules), &c, f);

	return code || c.count ? code : s3_fail(f, S3_MALFORMED_XML, NULL);
}

static bool any_matches(const struct str *patterns, unsigned int count, struct str text,
			bool nocase)
{
	char a[256], b[256];
	unsigned int i;
	size_t j;

	for (i = 0; i < count; i++) {
		if (!nocase && str_match(patterns[i], text))
			return true;
		if (!nocase || patterns[i].len > sizeof(a) || text.len > sizeof(b))
			continue;
		for (j = 0; j < patterns[i].len; j++)
			a[j] = ascii_lower(patterns[i].at[j]);
		for (j = 0; j < text.len; j++)
			b[j] = ascii_lower(text.at[j]);
		if (str_match((struct str){ a, patterns[i].len }, (struct str){ b, text.len }))
			return true;
	}
	return false;
}

/**
 * s3_cors_matches - is a rule the one for a request?
 * @rule:	from s3_read_cors()
 * @origin:	as in Origin
 * @method:	of the request, or as in Access-Control-Request-Method
 * @headers:	as in Access-Control-Request-Headers, or none
 *
 * The first rule that matches is the one.
 */
bool s3_cors_matches(const struct s3_cors_rule *rule, struct str origin, struct str method,
		     struct str headers)
{
	struct str name;
	unsigned int i;

	for (i = 0; i < rule->methods && !str_equal(rule->method[i], method); i++)
		;
	/* A "?" of a pattern would match any character: no origin has one. */
	if (i == rule->methods || !any_matches(rule->origin, rule->origins, origin, false))
		return false;
	while (str_cut(&headers, ',', &name)) {
		name = str_trim(name);
		if (name.len && !any_matches(rule->header, rule->headers, name, true))
			return false;
	}
	return true;
}
