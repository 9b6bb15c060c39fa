// SPDX-License-Identifier: GPL-2.0-or-later
/* Bucket policies and policies of forms: first byte 0 or 1, then the JSON. */
#include "fuzz_util.h"

#include "s3/policy.h"
#include "s3/post.h"

static void bucket_policy(struct str text)
{
	static const struct s3_policy_context context[] = {
		{ { "aws:SourceIp", 12 }, { "10.1.2.3", 8 } },
		{ { "s3:prefix", 9 }, { "a/b", 3 } }, { { "s3:max-keys", 11 }, { "10", 2 } },
		{ { "aws:CurrentTime", 15 }, { "2029-12-31T23:59:59Z", 20 } },
		{ { "s3:RequestObjectTagKeys", 23 }, { "a", 1 } },
		{ { "s3:RequestObjectTagKeys", 23 }, { "b", 1 } },
	};
	struct s3_policy_request r = {
		.action = STR("s3:GetObject"), .bucket = STR("bucket"), .key = STR("a/b"),
		.context = context, .contexts = sizeof(context) / sizeof(context[0]),
	};
	struct s3_fault f = { 0 };
	struct s3_policy *p;
	enum s3_code code = s3_policy_parse(text, STR("bucket"), &p, &f);

	require(!code == !!p && f.code == code);
	if (!p)
		return;
	require(s3_policy_evaluate(p, &r) <= S3_POLICY_DENIES);
	r.action = STR("s3:ListBucket");
	r.key = STR_NONE;
	r.user_id = STR("id");
	r.account = STR("123456789012");
	require(s3_policy_evaluate(p, &r) <= S3_POLICY_DENIES);
	s3_policy_is_public(p);
	s3_policy_free(p);
}

static void form_policy(struct str text)
{
	static char base64[S3_POST_POLICY_MAX];
	struct out o = OUT(base64, sizeof(base64));
	struct s3_form_field field[] = {
		{ STR("key"), STR("user/a") }, { STR("acl"), STR("private") },
		{ STR("policy"), STR_NONE },
	};
	struct s3_form form = { field, 3, STR("bucket") };
	struct s3_post_limits limits;
	struct s3_fault f = { 0 };
	enum s3_code code;

	out_base64(&o, text.at, text.len);
	if (o.err)
		return;
	field[2].value = out_written(&o);
	code = s3_post_check(&form, 1500000000, &limits, &f);
	require(f.code == code && (code || limits.min <= limits.max));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;

	if (!size)
		return 0;
	text = own_copy(data + 1, size - 1);
	if (data[0] & 1)
		form_policy(text);
	else
		bucket_policy(text);
	free((char *)text.at);
	return 0;
}
