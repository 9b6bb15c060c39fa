// SPDX-License-Identifier: GPL-2.0-or-later
#include "body.h"
#include "public_access.h"
#include "xml.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define ROOT		"PublicAccessBlockConfiguration"

static const char *const names[S3_PUBLIC_ACCESSES] = {
	[S3_BLOCK_PUBLIC_ACLS] = "BlockPublicAcls",
	[S3_IGNORE_PUBLIC_ACLS] = "IgnorePublicAcls",
	[S3_BLOCK_PUBLIC_POLICY] = "BlockPublicPolicy",
	[S3_RESTRICT_PUBLIC_BUCKETS] = "RestrictPublicBuckets",
};

struct block {
	unsigned int said, flags;
};

static enum s3_code take(void *arg, enum s3_public_access flag, struct str text)
{
	struct block *b = arg;
	bool on;

	if (b->said & S3_PUBLIC_ACCESS_BIT(flag) || !body_bool(text, &on))
		return S3_MALFORMED_XML;
	b->said |= S3_PUBLIC_ACCESS_BIT(flag);
	if (on)
		b->flags |= S3_PUBLIC_ACCESS_BIT(flag);
	return S3_OK;
}

static enum s3_code block_acls(void *arg, struct str text)
{
	return take(arg, S3_BLOCK_PUBLIC_ACLS, text);
}

static enum s3_code ignore_acls(void *arg, struct str text)
{
	return take(arg, S3_IGNORE_PUBLIC_ACLS, text);
}

static enum s3_code block_policy(void *arg, struct str text)
{
	return take(arg, S3_BLOCK_PUBLIC_POLICY, text);
}

static enum s3_code restrict_buckets(void *arg, struct str text)
{
	return take(arg, S3_RESTRICT_PUBLIC_BUCKETS, text);
}

/**
 * s3_read_public_access - read the body of PutPublicAccessBlock
 * @document:	it; a flag that is not in it is off, but one of them has to be
 * @flags:	receives those that are on
 * @f:		says why when it is refused
 *
 * Return: S3_OK; S3_INVALID_REQUEST when nothing is said; else as xml_read().
 */
enum s3_code s3_read_public_access(struct str document, unsigned int *flags, struct s3_fault *f)
{
	static const struct xml_rule rules[] = {
		{ ROOT, false, NULL, NULL },
		{ ROOT "/BlockPublicAcls", true, NULL, block_acls },
		{ ROOT "/IgnorePublicAcls", true, NULL, ignore_acls },
		{ ROOT "/BlockPublicPolicy", true, NULL, block_policy },
		{ ROOT "/RestrictPublicBuckets", true, NULL, restrict_buckets },
	};
	struct block b = { 0 };
	enum s3_code code = xml_read(document, rules, COUNT(rules), &b, f);

	*flags = b.flags;
	return code || b.said ? code : s3_fail(f, S3_INVALID_REQUEST,
					       "Must specify at least one configuration.");
}

void s3_answer_public_access(struct out *o, unsigned int flags)
{
	unsigned int i;

	xml_open_root(o, ROOT);
	for (i = 0; i < S3_PUBLIC_ACCESSES; i++)
		xml_bool(o, names[i], flags & S3_PUBLIC_ACCESS_BIT(i));
	xml_close(o, ROOT);
}

void s3_public_access_write(struct out *o, unsigned int flags)
{
	unsigned int i;

	for (i = 0; i < S3_PUBLIC_ACCESSES; i++)
		out_char(o, flags & S3_PUBLIC_ACCESS_BIT(i) ? '1' : '0');
}

bool s3_public_access_parse(struct str text, unsigned int *flags)
{
	unsigned int i;

	*flags = 0;
	if (text.len != S3_PUBLIC_ACCESSES)
		return false;
	for (i = 0; i < S3_PUBLIC_ACCESSES; i++) {
		if (text.at[i] == '1')
			*flags |= S3_PUBLIC_ACCESS_BIT(i);
		else if (text.at[i] != '0')
			return false;
	}
	return true;
}
