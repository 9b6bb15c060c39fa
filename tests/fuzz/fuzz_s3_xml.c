// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents of requests, each kind chosen by the first byte; and what is put into
 * answers, which must be well-formed.
 */
#include "fuzz_util.h"

#include "s3/answer.h"
#include "s3/ownership.h"
#include "s3/public_access.h"
#include "s3/setting.h"
#include "s3/tags.h"
#include "s3/xml_read.h"

static unsigned int items;

static enum s3_code on_delete(void *arg, const struct s3_delete_item *item)
{
	(void)arg;
	require(item->key.len && ++items <= S3_DELETE_MAX);
	return S3_OK;
}

static enum s3_code on_part(void *arg, const struct s3_complete_part *part)
{
	uint32_t *last = arg;

	require(part->number > *last && part->number <= S3_PARTS_MAX && part->etag.at);
	*last = part->number;
	return S3_OK;
}

static enum s3_code on_cors(void *arg, const struct s3_cors_rule *rule)
{
	(void)arg;
	require(rule->methods && rule->origins);
	s3_cors_matches(rule, STR("http://example.org"), STR("GET"), STR("x-amz-date, range"));
	return S3_OK;
}

static enum s3_code on_grant(void *arg, const struct s3_grant *g)
{
	(void)arg;
	require(!!g->id.at + !!g->uri.at + !!g->email.at == 1);
	return S3_OK;
}

static enum s3_code on_rule(void *arg, const struct s3_lifecycle_rule *rule)
{
	(void)arg;
	require(rule->tags <= S3_LIFECYCLE_TAGS);
	return S3_OK;
}

static enum s3_code same_text(void *arg, struct str text)
{
	struct str *back = arg;

	require(str_is_utf8(text));
	back->len = text.len;
	return S3_OK;
}

/* Any bytes as text of an element. */
static void escapes(struct str text)
{
	static const struct xml_rule rules[] = { { "a", true, NULL, same_text } };
	static char buf[6 * XML_TEXT_MAX + 16];
	struct out o = OUT(buf, sizeof(buf));
	struct str back = STR_NONE;
	struct s3_fault f;

	xml_text(&o, "a", str_head(text, XML_TEXT_MAX / 3));
	require(!o.err && !xml_read(out_written(&o), rules, 1, &back, &f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct s3_tags tags;
	struct s3_fault f = { 0 };
	enum s3_code code = S3_OK;
	enum s3_ownership o;
	unsigned int flags;
	enum s3_versioning v;
	char small[32];
	uint32_t last = 0;
	struct str text;
	bool quiet;

	if (!size)
		return 0;
	text = own_copy(data + 1, size - 1);
	items = 0;
	switch (data[0] % 12) {
	case 0:
		code = s3_read_delete(text, on_delete, NULL, &quiet, &f);
		break;
	case 1:
		code = s3_read_complete(text, on_part, &last, &f);
		break;
	case 2:
		code = s3_read_create_bucket(text, small, sizeof(small), &tags, &f);
		break;
	case 3:
		code = s3_read_versioning(text, &v, &f);
		break;
	case 4:
		code = s3_read_cors(text, on_cors, NULL, &f);
		break;
	case 5:
		code = s3_read_acl(text, on_grant, NULL, small, sizeof(small), &f);
		break;
	case 6:
		code = s3_read_lifecycle(text, on_rule, NULL, &f);
		break;
	case 7:
		code = s3_tags_from_xml(&tags, S3_BUCKET_TAGS, text, &f);
		require(tags.count <= S3_BUCKET_TAGS && tags.used <= S3_TAGS_TEXT);
		break;
	case 8:
		code = s3_read_setting(S3_SETTING_ENCRYPTION, text, &f);
		break;
	case 9:
		code = s3_read_setting(S3_SETTING_PAYMENT, text, &f);
		break;
	case 10:
		code = s3_read_ownership(text, &o, &f);
		require(code || o < S3_OWNERSHIPS);
		break;
	case 11:
		code = s3_read_public_access(text, &flags, &f);
		require(flags <= S3_PUBLIC_ACCESS_ALL);
		break;
	}
	require(!code || f.code == code);
	escapes(text);
	free((char *)text.at);
	return 0;
}
