// SPDX-License-Identifier: GPL-2.0-or-later
/* Bucket policies: what is refused when they are put, and what they say of requests. */
#include <stdio.h>

#include "text_util.h"

#include "s3/names.h"
#include "s3/policy.h"

#define DOC(statements)	"{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define ALL		"\"Principal\":\"*\","
#define ARN		"arn:aws:s3:::bucket"
#define ALLOW(rest)	"{\"Effect\":\"Allow\"," rest "}"
#define DENY(rest)	"{\"Effect\":\"Deny\"," rest "}"
#define GET		"\"Action\":\"s3:GetObject\","
#define ANYTHING	"\"Action\":\"s3:*\",\"Resource\":\"" ARN "*\""
#define OBJECTS		"\"Resource\":\"" ARN "/*\""
#define FROM(op, range)	WHEN("\"" op "\":{\"aws:SourceIp\":\"" range "\"}")
#define UPPER		"0000000000000001DEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEF"
#define WHEN(c)		",\"Condition\":{" c "}"

static struct s3_fault fault;

static enum s3_code parse(const char *text, struct s3_policy **p)
{
	return s3_policy_parse(str_of(text), STR("bucket"), p, &fault);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "Missing policy" }, { "{", "valid JSON" }, { "[]", "valid JSON" },
		{ "{}", "Statement" }, { "{\"Statement\":[]}", "Statement is empty" },
		{ "{\"Version\":\"2013-01-01\",\"Statement\":[]}", "version" },
		{ "{\"Statements\":[]}", "not known" }, { DOC("1"), "invalid statement" },
		{ DOC("{" ALL GET OBJECTS "}"), "field Effect" },
		{ DOC("{\"Effect\":\"allow\"," ALL GET OBJECTS "}"), "Invalid effect" },
		{ DOC(ALLOW(GET OBJECTS)), "field Principal" },
		{ DOC(ALLOW(ALL OBJECTS)), "field Action" },
		{ DOC(ALLOW(ALL "\"Action\":\"s3:GetObject\"")), "field Resource" },
		{ DOC(ALLOW(ALL GET OBJECTS ",\"Extra\":1")), "not known" },
		{ DOC(ALLOW("\"Principal\":\"me\"," GET OBJECTS)), "principal" },
		{ DOC(ALLOW("\"Principal\":{\"AWS\":\"me\"}," GET OBJECTS)), "principal" },
		{ DOC(ALLOW("\"Principal\":{\"Service\":\"x\"}," GET OBJECTS)), "principal" },
		{ DOC(ALLOW("\"Principal\":{}," GET OBJECTS)), "principal" },
		/* Whom nobody can be. */
		{ DOC(DENY("\"Principal\":{\"AWS\":\"arn:aws:iam::red:user/*\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"AWS\":\"arn:aws:iam::red:user/a/b\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"AWS\":\"arn:aws:iam::red:role/a\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"AWS\":\"arn:aws:iam::red:rootless\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"AWS\":\"arn:aws:iam::red\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"AWS\":\"arn:aws:iam:::root\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"CanonicalUser\":\"red\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(DENY("\"Principal\":{\"CanonicalUser\":\"" UPPER "\"}," GET OBJECTS)),
		  "principal" },
		{ DOC(ALLOW("\"NotPrincipal\":{\"AWS\":\"123456789012\"}," GET OBJECTS)),
		  "NotPrincipal" },
		{ DOC(ALLOW(ALL "\"NotPrincipal\":\"*\"," GET OBJECTS)), "both" },
		{ DOC(ALLOW(ALL "\"Action\":\"GetObject\"," OBJECTS)), "invalid action" },
		{ DOC(ALLOW(ALL "\"Action\":\"s3:GetNothing\"," OBJECTS)), "invalid action" },
		{ DOC(ALLOW(ALL "\"Action\":[]," OBJECTS)), "invalid action" },
		{ DOC(ALLOW(ALL "\"Action\":[1]," OBJECTS)), "invalid action" },
		{ DOC(ALLOW(ALL GET "\"Resource\":\"bucket/*\"")), "invalid resource" },
		{ DOC(ALLOW(ALL GET "\"Resource\":\"arn:aws:s3:::other/*\"")), "invalid resource" },
		{ DOC(ALLOW(ALL GET "\"Resource\":\"" ARN "\"")), "does not apply" },
		{ DOC(ALLOW(ALL "\"Action\":\"s3:ListBucket\"," OBJECTS)), "does not apply" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"StringIs\":{\"s3:prefix\":\"a\"}"))),
		  "operator" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"NullIfExists\":{\"s3:prefix\":\"true\"}"))),
		  "operator" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"StringEquals\":{\"s3:moon\":\"a\"}"))), "key" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"StringEquals\":{\"s3:prefix\":{}}"))),
		  "value" },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "1.2.3"))),
		  "value" },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "1.2.3.4/33"))),
		  "value" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"Bool\":{\"aws:SecureTransport\":\"yes\"}"))),
		  "value" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"NumericEquals\":{\"s3:max-keys\":\"x\"}"))),
		  "value" },
		{ DOC(ALLOW(ALL GET OBJECTS WHEN("\"DateLessThan\":{\"aws:CurrentTime\":\"x\"}"))),
		  "value" },
		{ DOC(ALLOW(ALL GET OBJECTS ",\"Effect\":\"Deny\"")), "valid JSON" },
	};
	struct s3_policy *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (parse(cases[i].text, &p) != S3_MALFORMED_POLICY ||
		    !strstr(fault.message, cases[i].words))
			fail_msg("%s: %s", cases[i].text, fault.message);
		assert_null(p);
	}
	assert_int_equal(parse(DOC(ALLOW(ALL GET "\"Resource\":\"" ARN "/${aws:userid}\"")), &p),
			 S3_NOT_IMPLEMENTED);
}

static void too_long(void **state)
{
	static char text[S3_POLICY_MAX + 1];
	struct s3_policy *p;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, DOC(ALLOW(ALL GET OBJECTS)), sizeof(DOC(ALLOW(ALL GET OBJECTS))) - 1);
	assert_int_equal(s3_policy_parse((struct str){ text, S3_POLICY_MAX }, STR("bucket"), &p,
					 &fault), S3_OK);
	s3_policy_free(p);
	assert_int_equal(s3_policy_parse((struct str){ text, S3_POLICY_MAX + 1 }, STR("bucket"), &p,
					 &fault), S3_MALFORMED_POLICY);
	s3_policy_free(NULL);
}

/* What a document says of one request. */
static enum s3_decision ask(const char *document, struct s3_policy_request r)
{
	enum s3_decision decision;
	struct s3_policy *p;

	r.bucket = STR("bucket");
	if (parse(document, &p))
		fail_msg("%s: %s", document, fault.message);
	decision = s3_policy_evaluate(p, &r);
	s3_policy_free(p);
	return decision;
}

#define KEEP		"\"Resource\":\"" ARN "/keep/*\""
#define REQ(a, k, ...)	\
	((struct s3_policy_request){ .action = STR(a), .key = str_of(k), __VA_ARGS__ })

static void decides(void **state)
{
	static const char both[] = DOC(ALLOW(ALL "\"Action\":\"s3:*\",\"Resource\":[\"" ARN "\",\""
		ARN "/*\"]") ","
		DENY(ALL "\"Action\":[\"s3:DeleteObject\",\"s3:PutObject\"]," KEEP));
	static const char others[] = DOC(DENY(ALL "\"NotAction\":\"s3:Get*\",\"NotResource\":\""
		ARN "/open/*\""));
	static const char star[] = DOC(DENY(ALL GET "\"Resource\":\"arn:aws:s3:::b*/x\""));

	(void)state;
	assert_int_equal(ask(both, REQ("s3:GetObject", "a")), S3_POLICY_ALLOWS);
	assert_int_equal(ask(both, REQ("s3:ListBucket", NULL)), S3_POLICY_ALLOWS);
	assert_int_equal(ask(both, REQ("s3:DeleteObject", "keep/a")), S3_POLICY_DENIES);
	assert_int_equal(ask(both, REQ("s3:DeleteObject", "keep")), S3_POLICY_ALLOWS);
	assert_int_equal(ask(both, REQ("s3:GetObject", "keep/a")), S3_POLICY_ALLOWS);
	assert_int_equal(ask(DOC(ALLOW(ALL GET OBJECTS)), REQ("s3:PutObject", "a")),
			 S3_POLICY_SILENT);
	assert_int_equal(ask(DOC(ALLOW(ALL "\"Action\":\"*\"," OBJECTS)),
			     REQ("s3:ListBucket", NULL)), S3_POLICY_SILENT);
	assert_int_equal(ask(others, REQ("s3:PutObject", "a")), S3_POLICY_DENIES);
	assert_int_equal(ask(others, REQ("s3:PutObject", "open/a")), S3_POLICY_SILENT);
	assert_int_equal(ask(others, REQ("s3:GetObject", "a")), S3_POLICY_SILENT);
	/* A star takes slashes. */
	assert_int_equal(ask(star, REQ("s3:GetObject", "x")), S3_POLICY_DENIES);
	assert_int_equal(ask(star, REQ("s3:GetObject", "a/x")), S3_POLICY_DENIES);
	assert_int_equal(ask(star, REQ("s3:GetObject", "a/y")), S3_POLICY_SILENT);
}

#define USER	"arn:aws:iam::123456789012:user/a"
#define ID	"0000000000000001deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
#define ROOT	"arn:aws:iam::210987654321:root"

static void principals(void **state)
{
	static const char named[] = DOC(ALLOW("\"Principal\":{\"AWS\":[\"" USER
		"\",\"" ROOT "\"],\"CanonicalUser\":\"" ID "\"}," GET OBJECTS));
	static const char but[] = DOC(DENY("\"NotPrincipal\":{\"AWS\":\"" USER "\"},"
		GET OBJECTS));

	(void)state;
	assert_int_equal(ask(named, REQ("s3:GetObject", "k")), S3_POLICY_SILENT);
	assert_int_equal(ask(named, REQ("s3:GetObject", "k", .user_id = STR(ID))),
			 S3_POLICY_ALLOWS);
	assert_int_equal(ask(named, REQ("s3:GetObject", "k", .user_id = STR("id2"))),
			 S3_POLICY_SILENT);
	assert_int_equal(ask(named, REQ("s3:GetObject", "k",
					.user_arn = STR(USER))),
			 S3_POLICY_ALLOWS);
	assert_int_equal(ask(named, REQ("s3:GetObject", "k", .account = STR("210987654321"))),
			 S3_POLICY_ALLOWS);
	assert_int_equal(ask(named, REQ("s3:GetObject", "k", .account = STR("123456789012"))),
			 S3_POLICY_SILENT);
	/* An id is of one team, and no name of another. */
	assert_int_equal(ask(named, REQ("s3:GetObject", "k", .account = STR(ID))),
			 S3_POLICY_SILENT);
	assert_int_equal(ask(but, REQ("s3:GetObject", "k")), S3_POLICY_DENIES);
	assert_int_equal(ask(but, REQ("s3:GetObject", "k",
				      .user_arn = STR(USER))),
			 S3_POLICY_SILENT);
}

/* One condition, one value of the request (none: the key is not there). */
static void conditions(void **state)
{
	static const struct {
		const char *condition, *key, *value;
		bool holds;
	} cases[] = {
		{ "\"StringEquals\":{\"s3:prefix\":[\"a\",\"b\"]}", "s3:prefix", "b", true },
		{ "\"StringEquals\":{\"S3:Prefix\":\"b\"}", "s3:prefix", "b", true },
		{ "\"StringEquals\":{\"s3:prefix\":\"b\"}", "s3:prefix", "B", false },
		{ "\"StringEquals\":{\"s3:prefix\":\"b\"}", NULL, NULL, false },
		{ "\"StringEqualsIfExists\":{\"s3:prefix\":\"b\"}", NULL, NULL, true },
		{ "\"StringEqualsIfExists\":{\"s3:prefix\":\"b\"}", "s3:prefix", "c", false },
		{ "\"StringNotEquals\":{\"s3:prefix\":[\"a\",\"b\"]}", "s3:prefix", "b", false },
		{ "\"StringNotEquals\":{\"s3:prefix\":\"a\"}", "s3:prefix", "b", true },
		{ "\"StringNotEquals\":{\"s3:prefix\":\"a\"}", NULL, NULL, true },
		{ "\"StringEqualsIgnoreCase\":{\"s3:prefix\":\"A\"}", "s3:prefix", "a", true },
		{ "\"StringLike\":{\"s3:prefix\":\"home/*\"}", "s3:prefix", "home/a/b", true },
		{ "\"StringNotLike\":{\"s3:prefix\":\"home/*\"}", "s3:prefix", "home/a", false },
		{ "\"NumericLessThanEquals\":{\"s3:max-keys\":\"10\"}", "s3:max-keys", "10", true },
		{ "\"NumericLessThan\":{\"s3:max-keys\":10}", "s3:max-keys", "10", false },
		{ "\"NumericGreaterThan\":{\"s3:max-keys\":9}", "s3:max-keys", "10", true },
		{ "\"NumericEquals\":{\"s3:max-keys\":9}", "s3:max-keys", "nine", false },
		{ "\"NumericNotEquals\":{\"s3:max-keys\":9}", "s3:max-keys", "9", false },
		{ "\"DateLessThan\":{\"aws:CurrentTime\":\"2030-01-01T00:00:00Z\"}",
		  "aws:CurrentTime", "2029-12-31T23:59:59Z", true },
		{ "\"DateGreaterThanEquals\":{\"aws:CurrentTime\":\"2030-01-01T00:00:00Z\"}",
		  "aws:CurrentTime", "2029-12-31T23:59:59Z", false },
		{ "\"DateGreaterThan\":{\"aws:EpochTime\":\"1000\"}", "aws:EpochTime", "1001",
		  true },
		{ "\"Bool\":{\"aws:SecureTransport\":\"true\"}", "aws:SecureTransport", "true",
		  true },
		{ "\"Bool\":{\"aws:SecureTransport\":false}", "aws:SecureTransport", "true",
		  false },
		{ "\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"192.0.2.1\"]}", "aws:SourceIp",
		  "10.255.1.2", true },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/31\"}", "aws:SourceIp", "192.0.2.2",
		  false },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/33\"}", "aws:SourceIp",
		  "2001:db8:7fff::1", true },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}", "aws:SourceIp", "::1", false },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}", "aws:SourceIp", "x", false },
		{ "\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}", "aws:SourceIp", "11.0.0.1",
		  true },
		/* One of IPv4 in IPv6 is the same, on both sides. */
		{ "\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}", "aws:SourceIp",
		  "::ffff:192.0.2.9", true },
		{ "\"NotIpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}", "aws:SourceIp",
		  "::ffff:192.0.2.9", false },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"::ffff:192.0.2.0/120\"}", "aws:SourceIp",
		  "192.0.2.9", true },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"::ffff:192.0.2.0/120\"}", "aws:SourceIp",
		  "192.0.3.9", false },
		{ "\"IpAddress\":{\"aws:SourceIp\":\"::/0\"}", "aws:SourceIp", "192.0.2.9", false },
		{ "\"Null\":{\"s3:VersionId\":\"true\"}", NULL, NULL, true },
		{ "\"Null\":{\"s3:VersionId\":true}", "s3:VersionId", "v", false },
		{ "\"Null\":{\"s3:VersionId\":\"false\"}", "s3:VersionId", "v", true },
		{ "\"StringEquals\":{\"s3:ExistingObjectTag/open\":\"yes\"}",
		  "s3:ExistingObjectTag/open", "yes", true },
		{ "\"StringEquals\":{\"s3:ExistingObjectTag/open\":\"yes\"}",
		  "s3:ExistingObjectTag/shut", "yes", false },
		{ "\"ForAllValues:StringEquals\":{\"s3:RequestObjectTagKeys\":\"a\"}", NULL, NULL,
		  true },
		{ "\"ForAnyValue:StringEquals\":{\"s3:RequestObjectTagKeys\":\"a\"}",
		  "s3:RequestObjectTagKeys", "a", true },
		/* All operators must hold. */
		{ "\"StringLike\":{\"s3:prefix\":\"a*\"},\"StringNotEquals\":{\"s3:prefix\":\"ab\"}",
		  "s3:prefix", "ab", false },
	};
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct s3_policy_context context = {
			str_of(cases[i].key), str_of(cases[i].value),
		};
		struct out o = OUT(text, sizeof(text) - 1);
		enum s3_decision decision;

		out_text(&o, "{\"Statement\":{\"Effect\":\"Allow\"," ALL ANYTHING WHEN(""));
		o.len--;
		out_text(&o, cases[i].condition);
		out_text(&o, "}}}");
		text[o.len] = '\0';
		decision = ask(text, REQ("s3:GetObject", "k", .context = &context,
					 .contexts = !!cases[i].key));
		if (decision != (S3_POLICY_SILENT + cases[i].holds))
			fail_msg("%s with %s", cases[i].condition, cases[i].value);
	}
}

/* An address that could not be read: nobody is let in by it, or past what keeps him out. */
static void unknown_address(void **state)
{
	static const char *const conditions[] = {
		"\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}",
		"\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}",
		"\"IpAddressIfExists\":{\"aws:SourceIp\":\"10.0.0.0/8\"}",
		"\"ForAllValues:NotIpAddress\":{\"AWS:SOURCEIP\":\"10.0.0.0/8\"}",
		"\"StringLike\":{\"aws:SourceIp\":\"*\"}",
		"\"StringNotEquals\":{\"aws:SourceIp\":\"192.0.2.1\"}",
	};
	static const char *const values[] = {
		"unknown", "", "192.0.2.1:80", "192.0.2.1, 192.0.2.2",
	};
	enum s3_decision decision;
	char text[1024];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(conditions) * COUNT(values); i++)
		for (j = 0; j < 2; j++) {
			struct s3_policy_context context = {
				STR("aws:SourceIp"), str_of(values[i % COUNT(values)]),
			};

			snprintf(text, sizeof(text), "{\"Statement\":{\"Effect\":\"%s\"," ALL
				 ANYTHING ",\"Condition\":{%s}}}", j ? "Deny" : "Allow",
				 conditions[i / COUNT(values)]);
			decision = ask(text, REQ("s3:GetObject", "k", .context = &context,
						 .contexts = 1));
			if (decision != (j ? S3_POLICY_DENIES : S3_POLICY_SILENT))
				fail_msg("%s of \"%s\"", text, values[i % COUNT(values)]);
		}
}

static void several_values(void **state)
{
	static const struct s3_policy_context keys[] = {
		{ { "s3:RequestObjectTagKeys", 23 }, { "a", 1 } },
		{ { "s3:RequestObjectTagKeys", 23 }, { "b", 1 } },
	};
	static const char all[] = DOC(ALLOW(ALL ANYTHING
		WHEN("\"ForAllValues:StringEquals\":{\"s3:RequestObjectTagKeys\":\"a\"}")));
	static const char any[] = DOC(ALLOW(ALL ANYTHING
		WHEN("\"ForAnyValue:StringEquals\":{\"s3:RequestObjectTagKeys\":\"a\"}")));
	static const char any_other[] = DOC(DENY(ALL ANYTHING
		WHEN("\"ForAnyValue:StringNotEquals\":{\"s3:RequestObjectTagKeys\":\"a\"}")));
	static const char other[] = DOC(DENY(ALL ANYTHING
		WHEN("\"StringNotEquals\":{\"s3:RequestObjectTagKeys\":\"a\"}")));

	(void)state;
	assert_int_equal(ask(all, REQ("s3:GetObject", "k", .context = keys, .contexts = 2)),
			 S3_POLICY_SILENT);
	assert_int_equal(ask(all, REQ("s3:GetObject", "k", .context = keys, .contexts = 1)),
			 S3_POLICY_ALLOWS);
	assert_int_equal(ask(any, REQ("s3:GetObject", "k", .context = keys, .contexts = 2)),
			 S3_POLICY_ALLOWS);
	/* One that is another is enough, or all have to be: as it is said. */
	assert_int_equal(ask(any_other, REQ("s3:PutObject", "k", .context = keys, .contexts = 2)),
			 S3_POLICY_DENIES);
	assert_int_equal(ask(any_other, REQ("s3:PutObject", "k", .context = keys, .contexts = 1)),
			 S3_POLICY_SILENT);
	assert_int_equal(ask(any_other, REQ("s3:PutObject", "k")), S3_POLICY_SILENT);
	assert_int_equal(ask(other, REQ("s3:PutObject", "k", .context = keys, .contexts = 2)),
			 S3_POLICY_SILENT);
	assert_int_equal(ask(other, REQ("s3:PutObject", "k", .context = keys + 1, .contexts = 1)),
			 S3_POLICY_DENIES);
}

#define CONDITIONAL	"{\"Statement\":{\"Effect\":\"Deny\"," ALL "\"Action\":\"%s\"," \
			"\"Resource\":\"" ARN "%s\",\"Condition\":{%s}}}"

/* A condition that could never be about what the statement is about is refused. */
static void conditions_that_never_apply(void **state)
{
	static const struct {
		const char *action, *resource, *condition;
		bool fits;
	} cases[] = {
		{ "s3:GetObject", "/*", "\"StringEquals\":{\"s3:prefix\":\"a\"}", false },
		{ "s3:ListBucket", "", "\"StringEquals\":{\"s3:prefix\":\"a\"}", true },
		{ "s3:List*", "", "\"StringEquals\":{\"s3:prefix\":\"a\"}", true },
		{ "s3:*", "/*", "\"StringEquals\":{\"s3:prefix\":\"a\"}", false },
		{ "s3:*", "*", "\"StringEquals\":{\"s3:prefix\":\"a\"}", true },
		{ "*", "*", "\"NumericLessThan\":{\"s3:max-keys\":\"9\"}", true },
		{ "s3:DeleteObject", "/*", "\"StringEquals\":{\"s3:x-amz-acl\":\"a\"}", false },
		{ "s3:PutObject", "/*", "\"StringEquals\":{\"s3:x-amz-acl\":\"a\"}", true },
		{ "s3:GetObject", "/*", "\"StringEquals\":{\"s3:VersionId\":\"a\"}", false },
		{ "s3:GetObjectVersion", "/*", "\"StringEquals\":{\"s3:VersionId\":\"a\"}", true },
		{ "s3:GetObject", "/*", "\"StringLike\":{\"s3:x-amz-copy-source\":\"a\"}", false },
		{ "s3:PutObject", "/*", "\"StringLike\":{\"s3:x-amz-copy-source\":\"a\"}", true },
		{ "s3:DeleteObject", "/*",
		  "\"StringEquals\":{\"s3:ExistingObjectTag/a\":\"a\"}", true },
		{ "s3:DeleteObject", "/*",
		  "\"StringEquals\":{\"s3:RequestObjectTag/a\":\"a\"}", false },
		{ "s3:ListBucket", "", "\"StringEquals\":{\"s3:authType\":\"POST\"}", true },
		/* Nobody fills these in. */
		{ "s3:*", "*", "\"NumericLessThan\":{\"s3:TlsVersion\":\"2\"}", false },
		{ "s3:*", "*", "\"StringEquals\":{\"s3:LocationConstraint\":\"a\"}", false },
		{ "s3:*", "*", "\"StringEquals\":{\"s3:ExistingObjectTag/\":\"a\"}", false },
		/* What can never be compared so. */
		{ "s3:*", "*", "\"IpAddress\":{\"aws:UserAgent\":\"10.0.0.0/8\"}", false },
		{ "s3:*", "*", "\"NumericEquals\":{\"aws:SourceIp\":\"1\"}", false },
		{ "s3:*", "*", "\"Bool\":{\"s3:prefix\":\"true\"}", false },
		{ "s3:*", "*", "\"DateLessThan\":{\"s3:signatureAge\":\"10\"}", false },
		{ "s3:*", "*", "\"NumericLessThan\":{\"s3:signatureAge\":\"10\"}", true },
		{ "s3:*", "*", "\"Null\":{\"s3:prefix\":[\"true\",\"false\"]}", false },
		{ "s3:*", "*", "\"NumericLessThan\":{\"s3:ExistingObjectTag/level\":\"3\"}", true },
	};
	struct s3_policy *p;
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), CONDITIONAL, cases[i].action, cases[i].resource,
			 cases[i].condition);
		if ((parse(text, &p) == S3_OK) != cases[i].fits)
			fail_msg("%s", text);
		s3_policy_free(p);
	}
}

static void public(void **state)
{
#define NAMED(op, value)	",\"Condition\":{\"" op "\":{\"aws:username\":" value "}}"
	static const struct {
		const char *text;
		bool public;
	} cases[] = {
		{ DOC(ALLOW(ALL GET OBJECTS)), true }, { DOC(DENY(ALL GET OBJECTS)), false },
		{ DOC(ALLOW("\"Principal\":{\"AWS\":\"*\"}," GET OBJECTS)), true },
		{ DOC(ALLOW("\"Principal\":{\"AWS\":\"123456789012\"}," GET OBJECTS)), false },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "10.0.0.0/8"))),
		  false },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("NotIpAddress", "10.0.0.0/8"))),
		  true },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "10.0.0.0/7"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "0.0.0.0/0"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "2001:db8::/32"))), false },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "::ffff:0.0.0.0/96"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddress", "2000::/31"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("IpAddressIfExists", "10.0.0.0/8"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS FROM("ForAllValues:IpAddress", "10.0.0.0/8"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("StringEquals", "\"me\""))), false },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("StringLike", "\"m*\""))), true },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("StringLike", "\"m?\""))), true },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("StringEquals", "[\"me\",\"*\"]"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("StringNotEquals", "\"me\""))), true },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("Null", "\"true\""))), true },
		{ DOC(ALLOW(ALL GET OBJECTS NAMED("Null", "\"false\""))), true },
	};
	struct s3_policy *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(cases[i].text, &p), S3_OK);
		assert_int_equal(s3_policy_is_public(p), cases[i].public);
		s3_policy_free(p);
	}
}

/* In the place of the C library's: what matching has looked for, and in how much text. */
static size_t searches, searched;

void *memmem(const void *text, size_t len, const void *piece, size_t size)
{
	const char *at = text;

	searches++;
	searched += len;
	for (; len >= size; at++, len--)
		if (!memcmp(at, piece, size))
			return (void *)at;
	return NULL;
}

static struct str list_of(char *text, size_t size, const char *pattern, unsigned int n)
{
	struct out o = OUT(text, size);

	out_text(&o, "{\"Statement\":{\"Effect\":\"Deny\"," ALL "\"Action\":\"s3:*\",\"Resource\":[");
	for (; n; n--) {
		out_text(&o, "\"" ARN "/");
		out_text(&o, pattern);
		out_text(&o, n > 1 ? "\"," : "\"");
	}
	out_text(&o, "]}}");
	assert_int_equal(o.err, 0);
	return out_written(&o);
}

/* A policy that takes long to evaluate is refused; one search for each text is all it takes. */
static void costs(void **state)
{
	static const struct {
		const char *pattern;
		unsigned int most;	/* of it in one policy; the document has room for more */
	} cases[] = {
		{ "*aaaaaaab*", S3_POLICY_SEARCHES },
		{ "*a*a*a*b*", S3_POLICY_SEARCHES / 4 },
		{ "*a?aaaaab*", S3_POLICY_SEARCHES / 8 },
		{ "*?b**aa*", S3_POLICY_SEARCHES / 3 },
	}, free[] = {
		{ "aaaaaaaa/*", 500 }, { "*/aaaaaaab", 500 }, { "a?????b", 500 }, { "a***", 500 },
	};
	char text[S3_POLICY_MAX], key[S3_KEY_MAX];
	struct s3_policy_request r = {
		.action = STR("s3:GetObject"), .bucket = STR("bucket"),
		.key = { memset(key, 'a', sizeof(key)), sizeof(key) },
	};
	struct s3_policy *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct str most = list_of(text, sizeof(text), cases[i].pattern, cases[i].most);

		assert_int_equal(s3_policy_parse(most, STR("bucket"), &p, &fault), S3_OK);
		searches = 0;
		searched = 0;
		s3_policy_evaluate(p, &r);
		s3_policy_free(p);
		assert_true(searches <= S3_POLICY_SEARCHES);
		assert_true(searched <= S3_POLICY_SEARCHES * sizeof(key));
		if (!strchr(cases[i].pattern, '?'))
			assert_true(searches >= cases[i].most);
		most = list_of(text, sizeof(text), cases[i].pattern, cases[i].most + 1);
		if (s3_policy_parse(most, STR("bucket"), &p, &fault) != S3_MALFORMED_POLICY ||
		    !strstr(fault.message, "between two *"))
			fail_msg("%u of %s: %s", cases[i].most + 1, cases[i].pattern, fault.message);
	}
	for (i = 0; i < COUNT(free); i++) {
		struct str most = list_of(text, sizeof(text), free[i].pattern, free[i].most);

		assert_int_equal(s3_policy_parse(most, STR("bucket"), &p, &fault), S3_OK);
		searches = 0;
		s3_policy_evaluate(p, &r);
		s3_policy_free(p);
		assert_int_equal(searches, 0);
	}
}

/* What conditions compare counts with the resources. */
static void costs_of_conditions(void **state)
{
	static const char *const operators[] = { "StringLike", "ArnNotEquals" };
	char text[S3_POLICY_MAX];
	struct s3_policy *p;
	unsigned int i, n;

	(void)state;
	for (i = 0; i < COUNT(operators); i++) {
		struct out o = OUT(text, sizeof(text));

		out_text(&o, "{\"Statement\":{\"Effect\":\"Deny\"," ALL
			 "\"Action\":\"s3:*\",\"Resource\":\"" ARN "/*a*\",\"Condition\":{\"");
		out_text(&o, operators[i]);
		out_text(&o, "\":{\"aws:UserAgent\":[\"a*\"");
		for (n = 0; n < S3_POLICY_SEARCHES; n++)
			out_text(&o, ",\"*b*\"");
		out_text(&o, "]}}}}");
		assert_int_equal(s3_policy_parse(out_written(&o), STR("bucket"), &p, &fault),
				 S3_MALFORMED_POLICY);
		/* The resource's is one too many. */
		memcpy(memmem(text, o.len, "/*a*", 4), "/*aa", 4);
		assert_int_equal(s3_policy_parse(out_written(&o), STR("bucket"), &p, &fault), S3_OK);
		s3_policy_free(p);
	}
}

static void names(void **state)
{
#define TO(who)	"\"Principal\":{\"AWS\":\"" who "\"}," GET OBJECTS
#define WHO_IS(op, key, value)	\
	",\"Condition\":{\"" op "\":{\"aws:Principal" key "\":\"" value "\"}}"
	static const struct {
		const char *text;
		bool red;
	} cases[] = {
		{ DOC(ALLOW(ALL GET OBJECTS)), false },
		{ DOC(ALLOW(TO("arn:aws:iam::red:root"))), true },
		{ DOC(DENY("\"NotPrincipal\":{\"AWS\":[\"123456789012\",\"arn:aws:iam::red:root\"]},"
			   GET OBJECTS)), true },
		{ DOC(ALLOW(ALL GET OBJECTS) "," DENY(TO("arn:aws:iam::\\u0072ed:user/A"))), true },
		{ DOC(ALLOW(TO("arn:aws:iam::redder:root"))), false },
		{ DOC(ALLOW(TO("arn:aws:iam::re:root"))), false },
		{ DOC(ALLOW(ALL GET OBJECTS WHO_IS("StringEquals", "Account", "red"))), true },
		{ DOC(ALLOW(ALL GET OBJECTS WHO_IS("StringEqualsIgnoreCase", "Account", "RED"))),
		  true },
		{ DOC(ALLOW(ALL GET OBJECTS WHO_IS("ArnLike", "Arn", "arn:aws:iam::red:*"))),
		  true },
		{ DOC(ALLOW(ALL GET OBJECTS WHO_IS("StringLike", "Account", "*"))), false },
		{ DOC(ALLOW(ALL GET OBJECTS WHO_IS("StringEquals", "Type", "red"))), false },
	};
	struct s3_policy *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(cases[i].text, &p), S3_OK);
		if (s3_policy_names(p, STR("red")) != cases[i].red)
			fail_msg("%s", cases[i].text);
		s3_policy_free(p);
	}
	assert_int_equal(parse(DOC(ALLOW(TO("123456789012"))), &p), S3_OK);
	assert_true(s3_policy_names(p, STR("123456789012")));
	s3_policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused), cmocka_unit_test(too_long), cmocka_unit_test(decides),
		cmocka_unit_test(principals), cmocka_unit_test(conditions),
		cmocka_unit_test(several_values), cmocka_unit_test(unknown_address),
		cmocka_unit_test(conditions_that_never_apply), cmocka_unit_test(public),
		cmocka_unit_test(costs), cmocka_unit_test(costs_of_conditions),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
