// SPDX-License-Identifier: GPL-2.0-or-later
/* Forms of browsers: AWS's example, and what of it may not be changed. */
#include "s3_vectors.h"

#include "s3/post.h"

/* "Example: Browser-Based Upload using HTTP POST"; its lines end in CR LF. */
static const char example_policy[] =
	"{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\r\n"
	"  \"conditions\": [\r\n"
	"    {\"bucket\": \"sigv4examplebucket\"},\r\n"
	"    [\"starts-with\", \"$key\", \"user/user1/\"],\r\n"
	"    {\"acl\": \"public-read\"},\r\n"
	"    {\"success_action_redirect\": \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\r\n"
	"    [\"starts-with\", \"$Content-Type\", \"image/\"],\r\n"
	"    {\"x-amz-meta-uuid\": \"14365123651274\"},\r\n"
	"    {\"x-amz-server-side-encryption\": \"AES256\"},\r\n"
	"    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\r\n"
	"\r\n"
	"    {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\r\n"
	"    {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\r\n"
	"    {\"x-amz-date\": \"20151229T000000Z\" }\r\n"
	"  ]\r\n"
	"}";

#define SIGNATURE	"8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
#define NOW		1451390400	/* 2015-12-29T12:00:00Z */
#define FIELDS		11u

static char policy_text[S3_POST_POLICY_MAX];
static struct s3_fault fault;

static void fill(struct s3_form_field field[FIELDS], const char *policy)
{
	struct out o = OUT(policy_text, sizeof(policy_text));
	const struct s3_form_field all[FIELDS] = {
		{ STR("key"), STR("user/user1/${filename}") }, { STR("acl"), STR("public-read") },
		{ STR("success_action_redirect"),
		  STR("http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html") },
		{ STR("Content-Type"), STR("image/jpeg") },
		{ STR("x-amz-meta-uuid"), STR("14365123651274") },
		{ STR("x-amz-server-side-encryption"), STR("AES256") },
		{ STR("X-Amz-Credential"),
		  STR(EXAMPLE_KEY "/20151229/us-east-1/s3/aws4_request") },
		{ STR("X-Amz-Algorithm"), STR("AWS4-HMAC-SHA256") },
		{ STR("X-Amz-Date"), STR("20151229T000000Z") }, { STR("x-amz-meta-tag"), STR("") },
		{ STR("X-Amz-Signature"), STR(SIGNATURE) },
	};

	out_base64(&o, policy, strlen(policy));
	memcpy(field, all, sizeof(all));
	field[FIELDS] = (struct s3_form_field){ STR("Policy"), out_written(&o) };
}

/* All of a server's steps. */
static enum s3_code judge_form(const struct s3_form *form, int64_t now)
{
	struct sig_rules rules = example_rules;
	struct s3_post_limits limits;
	struct sig_claim claim;
	struct hmac_key hmac;
	struct sig_key key = { .hmac = &hmac };
	enum s3_code code;

	sig_derive(STR(EXAMPLE_SECRET), STR("20151229"), STR("us-east-1"), STR("s3"), &hmac);
	rules.now = now;
	code = s3_post_parse(form, &rules, &claim, &fault);
	if (!code)
		assert_int_equal(claim.place, SIG_FORM);
	code = code ? code : s3_post_verify(form, &claim, &key, &fault);
	return code ? code : s3_post_check(form, now, &limits, &fault);
}

static void example(void **state)
{
	struct s3_form_field field[FIELDS + 2];
	struct s3_form form = { field, FIELDS + 1, STR("sigv4examplebucket") };

	(void)state;
	fill(field, example_policy);
	assert_int_equal(judge_form(&form, NOW), S3_OK);
	assert_int_equal(judge_form(&form, NOW + 86400), S3_OK);
	assert_int_equal(judge_form(&form, NOW + 86401), S3_ACCESS_DENIED);
	assert_string_equal(fault.message, "Invalid according to Policy: Policy expired.");
	form.bucket = STR("other");
	assert_int_equal(judge_form(&form, NOW), S3_ACCESS_DENIED);
}

static void changed(void **state)
{
	static const struct {
		unsigned int field;
		const char *name, *value;	/* NULL: as it is */
		enum s3_code code;
	} cases[] = {
		{ 0, NULL, "user/user2/a", S3_ACCESS_DENIED },
		{ 1, NULL, "private", S3_ACCESS_DENIED },
		{ 1, "X-Ignore-acl", NULL, S3_ACCESS_DENIED },
		{ 3, NULL, "text/plain", S3_ACCESS_DENIED },
		{ 3, NULL, "image/png, image/jpeg", S3_OK },
		{ 3, NULL, "image/png, text/plain", S3_ACCESS_DENIED },
		{ 9, NULL, "anything", S3_OK }, { 9, "x-amz-meta-other", NULL, S3_ACCESS_DENIED },
		{ 6, NULL, EXAMPLE_KEY "/20151229/eu-west-1/s3/aws4_request",
		  S3_INVALID_ARGUMENT },
		{ 6, "x-ignore-a", NULL, S3_INVALID_ARGUMENT },
		{ 7, NULL, "AWS4-ECDSA-P256-SHA256", S3_INVALID_ARGUMENT },
		{ 7, "x-ignore-a", NULL, S3_INVALID_ARGUMENT },
		{ 8, NULL, "20151229", S3_INVALID_ARGUMENT },
		{ 8, NULL, "20151230T000000Z", S3_SIGNATURE_DOES_NOT_MATCH },
		{ 8, "x-ignore-a", NULL, S3_INVALID_ARGUMENT },
		{ 10, NULL, "00", S3_SIGNATURE_DOES_NOT_MATCH },
		{ 10, "x-ignore-a", NULL, S3_INVALID_ARGUMENT },
		{ FIELDS, "x-ignore-a", NULL, S3_INVALID_ARGUMENT },
	};
	struct s3_form_field field[FIELDS + 2];
	struct s3_form form = { field, FIELDS + 1, STR("sigv4examplebucket") };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		fill(field, example_policy);
		if (cases[i].name)
			field[cases[i].field].name = str_of(cases[i].name);
		if (cases[i].value)
			field[cases[i].field].value = str_of(cases[i].value);
		if (judge_form(&form, NOW) != cases[i].code)
			fail_msg("%zu: %s: %s", i, s3_code_name(fault.code), fault.message);
	}
	fill(field, example_policy);
	policy_text[10] ^= 1;
	assert_int_equal(judge_form(&form, NOW), S3_SIGNATURE_DOES_NOT_MATCH);
	fill(field, example_policy);
	field[FIELDS + 1] = (struct s3_form_field){ STR("x-extra"), STR("") };
	form.count++;
	assert_int_equal(judge_form(&form, NOW), S3_ACCESS_DENIED);
	assert_string_equal(fault.message, "Invalid according to Policy: Extra input fields: x-extra");
}

/* Signed by version 2: what is claimed; the policy is judged as any other. */
static void version2(void **state)
{
#define V2(conditions)	"{\"expiration\":\"2030-01-01T00:00:00Z\",\"conditions\":[" conditions "]}"
	struct s3_form_field field[] = {
		{ STR("key"), STR("k") }, { STR("awsaccesskeyid"), STR(EXAMPLE_KEY) },
		{ STR("Signature"), STR("b64=") }, { STR("policy"), STR("") },
		{ STR("x-amz-signature"), STR("00") },
	};
	struct s3_form form = { field, 4, STR("b") };
	struct out o = OUT(policy_text, sizeof(policy_text));
	struct s3_post_limits limits;
	struct sig_claim claim;

	(void)state;
	out_base64(&o, V2("{\"bucket\":\"b\"},{\"key\":\"k\"}"),
		   strlen(V2("{\"bucket\":\"b\"},{\"key\":\"k\"}")));
	field[3].value = out_written(&o);
	assert_int_equal(s3_post_parse(&form, &example_rules, &claim, &fault), S3_OK);
	assert_true(claim.version2 && claim.place == SIG_FORM);
	assert_str(claim.scope.access_key, EXAMPLE_KEY);
	assert_str(claim.signature, "b64=");
	assert_int_equal(s3_post_check(&form, NOW, &limits, &fault), S3_OK);
	/* With anything of version 4 it is of that, and the others are fields as any. */
	form.count = 5;
	assert_int_equal(s3_post_parse(&form, &example_rules, &claim, &fault), S3_INVALID_ARGUMENT);
	assert_int_equal(s3_post_check(&form, NOW, &limits, &fault), S3_ACCESS_DENIED);
	form.count = 4;
	field[2].name = STR("x-ignore-a");
	assert_int_equal(s3_post_parse(&form, &example_rules, &claim, &fault), S3_INVALID_ARGUMENT);
	field[2].name = STR("signature");
	field[1].name = STR("x-ignore-b");
	assert_int_equal(s3_post_parse(&form, &example_rules, &claim, &fault), S3_INVALID_ARGUMENT);
	form.count = 3;
	assert_int_equal(s3_post_parse(&form, &example_rules, &claim, &fault), S3_INVALID_ARGUMENT);
}

/* Policies of all kinds, unsigned here. */
static void policies(void **state)
{
#define END	"\"expiration\":\"2030-01-01T00:00:00Z\""
#define P(conditions)	"{" END ",\"conditions\":[{\"bucket\":\"b\"}," conditions "]}"
#define KEY	"{\"key\":\"k\"}"
	static const struct {
		const char *policy;
		enum s3_code code;
	} cases[] = {
		{ P(KEY), S3_OK }, { P("[\"eq\",\"$key\",\"k\"]"), S3_OK },
		{ P("[\"EQ\",\"$KEY\",\"k\"]"), S3_OK },
		{ P("[\"eq\",\"$key\",\"j\"]"), S3_ACCESS_DENIED },
		{ P(KEY ",[\"eq\",\"$acl\",\"x\"]"), S3_ACCESS_DENIED },
		{ P("{\"bucket\":\"b\"}"), S3_ACCESS_DENIED },
		{ P("[\"content-length-range\",1,\"5\"]," KEY), S3_OK },
		{ P("[\"content-length-range\",5,1]," KEY), S3_INVALID_POLICY_DOCUMENT },
		{ P("[\"content-length-range\",-1,1]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("[\"content-length-range\",1]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("[\"ends-with\",\"$key\",\"k\"]"), S3_INVALID_POLICY_DOCUMENT },
		{ P(KEY ",[\"eq\",\"key\",\"k\"]"), S3_ACCESS_DENIED },
		{ P(KEY ",[\"eq\",\"\",\"k\"]"), S3_ACCESS_DENIED },
		{ P("[\"eq\",\"$key\"]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("[\"eq\",\"$key\",\"k\",\"k\"]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("[\"eq\",\"$key\",true]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("1"), S3_INVALID_POLICY_DOCUMENT }, { P("[]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("[1,2,3]"), S3_INVALID_POLICY_DOCUMENT },
		{ P("{}"), S3_INVALID_POLICY_DOCUMENT },
		{ P("{\"key\":\"k\",\"acl\":\"x\"}"), S3_INVALID_POLICY_DOCUMENT },
		{ P("{\"key\":1}"), S3_INVALID_POLICY_DOCUMENT },
		{ "{" END ",\"conditions\":[" KEY "]}", S3_ACCESS_DENIED },
		{ "{" END ",\"conditions\":[],\"allow\":1}", S3_INVALID_POLICY_DOCUMENT },
		{ "{\"EXPIRATION\":\"2030-01-01T00:00:00Z\",\"conditions\":[]}",
		  S3_INVALID_POLICY_DOCUMENT },
		{ "{", S3_INVALID_POLICY_DOCUMENT },
		{ "[]", S3_INVALID_POLICY_DOCUMENT }, { "{}", S3_INVALID_POLICY_DOCUMENT },
		{ "{" END "}", S3_INVALID_POLICY_DOCUMENT },
		{ "{" END ",\"conditions\":true}", S3_INVALID_POLICY_DOCUMENT },
		{ "{\"expiration\":\"soon\",\"conditions\":[]}", S3_INVALID_POLICY_DOCUMENT },
		{ "{\"expiration\":1,\"conditions\":[]}", S3_INVALID_POLICY_DOCUMENT },
		{ "", S3_INVALID_POLICY_DOCUMENT },
	};
	struct s3_form_field field[2] = { { STR("key"), STR("k") } };
	struct s3_form form = { field, 2, STR("b") };
	struct s3_post_limits limits;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct out o = OUT(policy_text, sizeof(policy_text));

		out_base64(&o, cases[i].policy, strlen(cases[i].policy));
		field[1] = (struct s3_form_field){ STR("policy"), out_written(&o) };
		if (s3_post_check(&form, NOW, &limits, &fault) != cases[i].code)
			fail_msg("%s: %s", cases[i].policy, fault.message);
		if (i == 6)
			assert_true(limits.min == 1 && limits.max == 5);
	}
	field[1].value = STR("!!!!");
	assert_int_equal(s3_post_check(&form, NOW, &limits, &fault), S3_INVALID_POLICY_DOCUMENT);
	form.count = 1;
	assert_int_equal(s3_post_check(&form, NOW, &limits, &fault), S3_OK);
	assert_int_equal(s3_post_check_size(&limits, UINT64_MAX, &fault), S3_OK);
	limits.min = 2;
	limits.max = 3;
	assert_int_equal(s3_post_check_size(&limits, 1, &fault), S3_ENTITY_TOO_SMALL);
	assert_int_equal(s3_post_check_size(&limits, 4, &fault), S3_ENTITY_TOO_LARGE);
}

static void keys(void **state)
{
	char text[32];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	assert_true(s3_post_expand(STR("a/${filename}.x"), STR("C:\\dir\\b c.txt"), &o));
	assert_out(&o, "a/b c.txt.x");
	o = OUT(text, sizeof(text));
	assert_true(s3_post_expand(STR("${filename}${filename"), STR("/${filename}"), &o));
	assert_out(&o, "${filename}${filename");
	o = OUT(text, 4);
	assert_false(s3_post_expand(STR("${filename}"), STR("abcde"), &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example), cmocka_unit_test(changed), cmocka_unit_test(version2),
		cmocka_unit_test(policies), cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
