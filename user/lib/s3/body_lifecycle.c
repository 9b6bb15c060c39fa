// SPDX-License-Identifier: GPL-2.0-or-later
/* When objects expire and uploads are given up.  Moving to other classes is not done. */
#include "body.h"
#include "http/date.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

struct lifecycle {
	s3_lifecycle_fn *each;
	void *arg;
	struct s3_fault *f;
	unsigned int count;
	bool has_status, has_filter, has_expiration, has_marker;
	bool in_and;
	struct str key, value;			/* of the tag at hand */
	struct s3_lifecycle_rule rule;
	struct body_text text;
};

static enum s3_code rule_open(void *arg, const char *const *attributes)
{
	struct lifecycle *l = arg;

	(void)attributes;
	memset(&l->rule, 0, sizeof(l->rule));
	l->text.used = 0;
	l->has_status = false;
	l->has_filter = false;
	l->has_expiration = false;
	l->has_marker = false;
	l->in_and = false;
	return ++l->count > S3_LIFECYCLE_MAX ? S3_MALFORMED_XML : S3_OK;
}

static enum s3_code rule_id(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	if (text.len > 255)
		return s3_fail(l->f, S3_INVALID_ARGUMENT,
			       "ID length should not exceed allowed limit of 255");
	return body_keep(&l->text, text, &l->rule.id) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code rule_status(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	l->rule.enabled = str_equal(text, STR("Enabled"));
	if (l->has_status || (!l->rule.enabled && !str_equal(text, STR("Disabled"))))
		return S3_MALFORMED_XML;
	l->has_status = true;
	return S3_OK;
}

static enum s3_code rule_prefix(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return body_keep(&l->text, text, &l->rule.prefix) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code filter_open(void *arg, const char *const *attributes)
{
	struct lifecycle *l = arg;

	(void)attributes;
	/* A rule has either the old prefix or a filter. */
	if (l->has_filter || l->rule.prefix.at)
		return S3_MALFORMED_XML;
	l->has_filter = true;
	return S3_OK;
}

static enum s3_code and_open(void *arg, const char *const *attributes)
{
	struct lifecycle *l = arg;

	(void)attributes;
	if (l->in_and || l->rule.prefix.at || l->rule.tags || l->rule.has_larger ||
	    l->rule.has_smaller)
		return S3_MALFORMED_XML;
	l->in_and = true;
	return S3_OK;
}

static enum s3_code tag_open(void *arg, const char *const *attributes)
{
	struct lifecycle *l = arg;

	(void)attributes;
	l->key = STR_NONE;
	l->value = STR_NONE;
	return S3_OK;
}

static enum s3_code tag_key(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return text.len && body_keep(&l->text, text, &l->key) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code tag_value(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return body_keep(&l->text, text, &l->value) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code tag_close(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	(void)text;
	if (!l->key.at || !l->value.at || l->rule.tags == S3_LIFECYCLE_TAGS)
		return S3_MALFORMED_XML;
	l->rule.tag[l->rule.tags].key = l->key;
	l->rule.tag[l->rule.tags].value = l->value;
	l->rule.tags++;
	return S3_OK;
}

static enum s3_code size_larger(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	if (l->rule.has_larger || !str_number(text, INT64_MAX, &l->rule.larger))
		return S3_MALFORMED_XML;
	l->rule.has_larger = true;
	return S3_OK;
}

static enum s3_code size_smaller(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	if (l->rule.has_smaller || !str_number(text, INT64_MAX, &l->rule.smaller))
		return S3_MALFORMED_XML;
	l->rule.has_smaller = true;
	return S3_OK;
}

/* A number of days, once. */
static enum s3_code days(struct lifecycle *l, struct str text, uint32_t *to, const char *what)
{
	uint64_t value;

	if (*to)
		return S3_MALFORMED_XML;
	if (!str_number(text, INT32_MAX, &value) || !value)
		return s3_fail(l->f, S3_INVALID_ARGUMENT, "'%s' must be a positive integer", what);
	*to = value;
	return S3_OK;
}

static enum s3_code expiration_days(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return days(l, text, &l->rule.days, "Days for Expiration action");
}

static enum s3_code expiration_date(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	if (l->rule.date || !iso_date_parse(text, &l->rule.date))
		return S3_MALFORMED_XML;
	if (!l->rule.date || l->rule.date % 86400000)
		return s3_fail(l->f, S3_INVALID_ARGUMENT, "'Date' must be at midnight GMT");
	return S3_OK;
}

static enum s3_code expiration_marker(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	if (l->has_marker || !body_bool(text, &l->rule.expire_delete_marker))
		return S3_MALFORMED_XML;
	l->has_marker = true;
	return S3_OK;
}

static enum s3_code expiration_close(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	(void)text;
	/* Exactly one of the three. */
	if (l->has_expiration || !!l->rule.days + !!l->rule.date + l->has_marker != 1)
		return S3_MALFORMED_XML;
	l->has_expiration = true;
	return S3_OK;
}

static enum s3_code noncurrent_days(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return days(l, text, &l->rule.noncurrent_days,
		    "NoncurrentDays for NoncurrentVersionExpiration action");
}

static enum s3_code noncurrent_kept(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return days(l, text, &l->rule.noncurrent_kept, "NewerNoncurrentVersions");
}

static enum s3_code abort_days(void *arg, struct str text)
{
	struct lifecycle *l = arg;

	return days(l, text, &l->rule.abort_days,
		    "DaysAfterInitiation for AbortIncompleteMultipartUpload action");
}

static enum s3_code not_implemented(void *arg, const char *const *attributes)
{
	(void)arg;
	(void)attributes;
	return S3_NOT_IMPLEMENTED;
}

static enum s3_code rule_close(void *arg, struct str text)
{
	struct lifecycle *l = arg;
	const struct s3_lifecycle_rule *r = &l->rule;

	(void)text;
	if (!l->has_status || (!l->has_filter && !r->prefix.at))
		return S3_MALFORMED_XML;
	/* Several conditions stand in <And>. */
	if (!l->in_and && !!r->prefix.at + r->tags + r->has_larger + r->has_smaller > 1)
		return S3_MALFORMED_XML;
	if (!l->has_expiration && !r->noncurrent_days && !r->abort_days)
		return s3_fail(l->f, S3_INVALID_REQUEST,
			       "At least one action needs to be specified in a rule");
	if (r->noncurrent_kept && !r->noncurrent_days)
		return S3_MALFORMED_XML;
	if (r->tags && (r->abort_days || l->has_marker))
		return s3_fail(l->f, S3_INVALID_REQUEST,
			       "A tag based filter cannot be used with that action");
	if (r->has_larger && r->has_smaller && r->larger >= r->smaller)
		return s3_fail(l->f, S3_INVALID_REQUEST,
			       "'ObjectSizeLessThan' has to be larger than 'ObjectSizeGreaterThan'");
	return l->each(l->arg, r);
}

/**
 * s3_read_lifecycle - read a LifecycleConfiguration
 * @document:	it
 * @each:	called for each rule; a code that it returns is the result
 * @arg:	for @each
 * @f:		says why when it is refused
 */
enum s3_code s3_read_lifecycle(struct str document, s3_lifecycle_fn *each, void *arg,
			       struct s3_fault *f)
{
#define RULE	"LifecycleConfiguration/Rule"
#define FILTER	RULE "/Filter"
	static const struct xml_rule rules[] = {
		{ "LifecycleConfiguration", false, NULL, NULL },
		{ RULE, false, rule_open, rule_close },
		{ RULE "/ID", true, NULL, rule_id },
		{ RULE "/Status", true, NULL, rule_status },
		{ RULE "/Prefix", true, NULL, rule_prefix },
		{ FILTER, false, filter_open, NULL },
		{ FILTER "/Prefix", true, NULL, rule_prefix },
		{ FILTER "/Tag", false, tag_open, tag_close },
		{ FILTER "/Tag/Key", true, NULL, tag_key },
		{ FILTER "/Tag/Value", true, NULL, tag_value },
		{ FILTER "/ObjectSizeGreaterThan", true, NULL, size_larger },
		{ FILTER "/ObjectSizeLessThan", true, NULL, size_smaller },
		{ FILTER "/And", false, and_open, NULL },
		{ FILTER "/And/Prefix", true, NULL, rule_prefix },
		{ FILTER "/And/Tag", false, tag_open, tag_close },
		{ FILTER "/And/Tag/Key", true, NULL, tag_key },
		{ FILTER "/And/Tag/Value", true, NULL, tag_value },
		{ FILTER "/And/ObjectSizeGreaterThan", true, NULL, size_larger },
		{ FILTER "/And/ObjectSizeLessThan", true, NULL, size_smaller },
		{ RULE "/Expiration", false, NULL, expiration_close },
		{ RULE "/Expiration/Days", true, NULL, expiration_days },
		{ RULE "/Expiration/Date", true, NULL, expiration_date },
		{ RULE "/Expiration/ExpiredObjectDeleteMarker", true, NULL, expiration_marker },
		{ RULE "/NoncurrentVersionExpiration", false, NULL, NULL },
		{ RULE "/NoncurrentVersionExpiration/NoncurrentDays", true, NULL,
		  noncurrent_days },
		{ RULE "/NoncurrentVersionExpiration/NewerNoncurrentVersions", true, NULL,
		  noncurrent_kept },
		{ RULE "/AbortIncompleteMultipartUpload", false, NULL, NULL },
		{ RULE "/AbortIncompleteMultipartUpload/DaysAfterInitiation", true, NULL,
		  abort_days },
		{ RULE "/Transition", false, not_implemented, NULL },
		{ RULE "/NoncurrentVersionTransition", false, not_implemented, NULL },
	};
	struct lifecycle l = { .each = each, .arg = arg, .f = f };
	enum s3_code code = xml_read(document, rules, COUNT(rules), &l, f);

	return code || l.count ? code : s3_fail(f, S3_MALFORMED_XML, NULL);
}
