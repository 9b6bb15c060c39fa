// SPDX-License-Identifier: GPL-2.0-or-later
#include "ownership.h"
#include "xml.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const names[S3_OWNERSHIPS] = {
	[S3_OBJECT_WRITER] = "ObjectWriter",
	[S3_BUCKET_OWNER_PREFERRED] = "BucketOwnerPreferred",
	[S3_BUCKET_OWNER_ENFORCED] = "BucketOwnerEnforced",
};

const char *s3_ownership_name(enum s3_ownership o)
{
	return names[o];
}

/* S3_OWNERSHIPS when there is none of that name. */
enum s3_ownership s3_ownership_find(struct str name)
{
	unsigned int i;

	for (i = 0; i < S3_OWNERSHIPS; i++)
		if (str_is(name, names[i]))
			break;
	return i;
}

struct controls {
	bool rule;
	enum s3_ownership is;		/* S3_OWNERSHIPS: not said yet */
};

static enum s3_code rule_open(void *arg, const char *const *attributes)
{
	struct controls *c = arg;

	(void)attributes;
	if (c->rule)
		return S3_MALFORMED_XML;
	c->rule = true;
	return S3_OK;
}

static enum s3_code ownership(void *arg, struct str text)
{
	struct controls *c = arg;

	if (c->is != S3_OWNERSHIPS)
		return S3_MALFORMED_XML;
	c->is = s3_ownership_find(text);
	return c->is == S3_OWNERSHIPS ? S3_MALFORMED_XML : S3_OK;
}

/**
 * s3_read_ownership - read the body of PutBucketOwnershipControls
 * @document:	it: one rule, with one of the three names
 * @o:		receives which
 * @f:		says why when it is refused
 *
 * Return: S3_OK, or what xml_read() returns.
 */
enum s3_code s3_read_ownership(struct str document, enum s3_ownership *o, struct s3_fault *f)
{
	static const struct xml_rule rules[] = {
		{ "OwnershipControls", false, NULL, NULL },
		{ "OwnershipControls/Rule", false, rule_open, NULL },
		{ "OwnershipControls/Rule/ObjectOwnership", true, NULL, ownership },
	};
	struct controls c = { .is = S3_OWNERSHIPS };
	enum s3_code code = xml_read(document, rules, COUNT(rules), &c, f);

	*o = c.is;
	return code || c.is != S3_OWNERSHIPS ? code : s3_fail(f, S3_MALFORMED_XML, NULL);
}

void s3_answer_ownership(struct out *out, enum s3_ownership o)
{
	xml_open_root(out, "OwnershipControls");
	xml_open(out, "Rule");
	xml_text(out, "ObjectOwnership", str_of(names[o]));
	xml_close(out, "Rule");
	xml_close(out, "OwnershipControls");
}
