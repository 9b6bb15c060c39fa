// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents: those of requests, good ones and each way to be bad, and those of
 * answers, which must be well-formed whatever was put into them.
 */
#include "text_util.h"

#include "s3/answer.h"
#include "s3/tags.h"
#include "s3/xml_read.h"

#define NS	" xmlns=\"" S3_NAMESPACE "\""

static struct s3_fault fault;

/* What was handed out, as text. */
static char seen_text[65536];
static struct out seen;

static void forget(void)
{
	seen = OUT(seen_text, sizeof(seen_text));
}

static void see(const char *name, struct str value)
{
	if (!value.at)
		return;
	out_text(&seen, name);
	out_char(&seen, '=');
	out_str(&seen, value);
	out_char(&seen, ' ');
}

static void see_number(const char *name, uint64_t value)
{
	out_text(&seen, name);
	out_char(&seen, '=');
	out_number(&seen, value);
	out_char(&seen, ' ');
}

/* --- Delete --------------------------------------------------------------- */

static bool quiet;

static enum s3_code see_delete(void *arg, const struct s3_delete_item *item)
{
	(void)arg;
	see("key", item->key);
	see("version", item->version);
	see("etag", item->etag);
	return str_is(item->key, "stop") ? S3_ACCESS_DENIED : S3_OK;
}

static enum s3_code read_delete(const char *text)
{
	forget();
	return s3_read_delete(str_of(text), see_delete, NULL, &quiet, &fault);
}

static void deletes(void **state)
{
	static const char *const bad[] = {
		"<Delete/>", "<Delete></Delete>", "<Delete><Object/></Delete>", "<delete/>", "x",
		"<Delete><Object><Key/></Object></Delete>",
		"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
		"<Delete><Object><Key>a</Key><Other>b</Other></Object></Delete>",
		"<Delete><Key>a</Key></Delete>", "<Delete><Object><Key>a</Key></Object>",
		"<Delete><Object>text<Key>a</Key></Object></Delete>",
		"<Delete><Object><Key>a<b/></Key></Object></Delete>",
		"<Delete><Object><Key>a</Key></Object><Quiet>maybe</Quiet></Delete>",
		"<Delete><Object><Key>a</Key></Object></Delete><Delete/>",
		"<Delete><Object><Key>&x;</Key></Object></Delete>",
		"<Delete><Object><Key>&#0;</Key></Object></Delete>",
		"<Delete><Object><Key>\xff</Key></Object></Delete>",
		"<!DOCTYPE Delete><Delete><Object><Key>a</Key></Object></Delete>",
		"<!DOCTYPE d [<!ENTITY a \"b\">]><Delete><Object><Key>&a;</Key></Object></Delete>",
	};
	size_t i;

	(void)state;
	assert_int_equal(read_delete("<?xml version=\"1.0\"?>\n<Delete" NS ">\n <Object><Key>a&amp;"
				     "<![CDATA[<b>]]></Key><VersionId>v</VersionId></Object>\n"
				     "<Object><VersionId/><Key> c </Key><ETag>\"e\"</ETag></Object>"
				     "<Quiet>TRUE</Quiet></Delete>\n"), S3_OK);
	assert_out(&seen, "key=a&<b> version=v key= c  etag=\"e\" ");
	assert_true(quiet);
	assert_int_equal(read_delete("<s:Delete xmlns:s=\"x\"><s:Object><s:Key>a</s:Key></s:Object>"
				     "</s:Delete>"), S3_OK);
	assert_false(quiet);
	for (i = 0; i < COUNT(bad); i++)
		if (read_delete(bad[i]) != S3_MALFORMED_XML)
			fail_msg("\"%s\": %s", bad[i], s3_code_name(fault.code));
	assert_int_equal(read_delete(""), S3_MISSING_REQUEST_BODY);
	assert_int_equal(read_delete("<Delete><Object><Key>a</Key><Size>1</Size></Object></Delete>"),
			 S3_NOT_IMPLEMENTED);
	/* What a callback says is the result, and nothing is handed out after it. */
	assert_int_equal(read_delete("<Delete><Object><Key>stop</Key></Object>"
				     "<Object><Key>b</Key></Object></Delete>"), S3_ACCESS_DENIED);
	assert_out(&seen, "key=stop ");
}

static enum s3_code count_up(void *arg, const struct s3_delete_item *item)
{
	(void)item;
	++*(unsigned int *)arg;
	return S3_OK;
}

static enum s3_code delete_many(unsigned int n, unsigned int *count)
{
	static char text[65536];
	struct out o = OUT(text, sizeof(text));

	*count = 0;
	out_text(&o, "<Delete>");
	while (n--)
		out_text(&o, "<Object><Key>k</Key></Object>");
	out_text(&o, "</Delete>");
	assert_int_equal(o.err, 0);
	return s3_read_delete(out_written(&o), count_up, count, &quiet, &fault);
}

static void limits(void **state)
{
	static char text[2 * XML_TEXT_MAX];
	struct out o = OUT(text, sizeof(text));
	unsigned int count, i;

	(void)state;
	assert_int_equal(delete_many(S3_DELETE_MAX, &count), S3_OK);
	assert_int_equal(count, S3_DELETE_MAX);
	assert_int_equal(delete_many(S3_DELETE_MAX + 1, &count), S3_MALFORMED_XML);
	assert_int_equal(count, S3_DELETE_MAX);
	out_text(&o, "<Delete><Object><Key>");
	for (i = 0; i <= XML_TEXT_MAX; i++)
		out_char(&o, 'a');
	out_text(&o, "</Key></Object></Delete>");
	assert_int_equal(s3_read_delete(out_written(&o), count_up, &count, &quiet, &fault),
			 S3_MALFORMED_XML);
	o = OUT(text, sizeof(text));
	for (i = 0; i < 1000; i++)
		out_text(&o, "<a>");
	assert_int_equal(s3_read_delete(out_written(&o), count_up, &count, &quiet, &fault),
			 S3_MALFORMED_XML);
}

/* --- CompleteMultipartUpload ---------------------------------------------- */

static enum s3_code see_part(void *arg, const struct s3_complete_part *part)
{
	(void)arg;
	see_number("part", part->number);
	see("etag", part->etag);
	if (part->checksum.kind != S3_NO_CHECKSUM)
		see_number(s3_checksum_name(part->checksum.kind), part->checksum.bytes[0]);
	return S3_OK;
}

static enum s3_code read_complete(const char *inner)
{
	static char text[4096];
	struct out o = OUT(text, sizeof(text));

	forget();
	out_text(&o, "<CompleteMultipartUpload" NS ">");
	out_text(&o, inner);
	out_text(&o, "</CompleteMultipartUpload>");
	return s3_read_complete(out_written(&o), see_part, NULL, &fault);
}

static void completes(void **state)
{
#define P(n)	"<Part><PartNumber>" n "</PartNumber><ETag>e</ETag></Part>"
	(void)state;
	assert_int_equal(read_complete("<Part><ETag>\"e\"</ETag><PartNumber>1</PartNumber>"
				       "<ChecksumCRC32>/wAAAA==</ChecksumCRC32></Part>" P("10000")),
			 S3_OK);
	assert_out(&seen, "part=1 etag=\"e\" CRC32=255 part=10000 etag=e ");
	assert_int_equal(read_complete(""), S3_MALFORMED_XML);
	assert_int_equal(read_complete(P("0")), S3_INVALID_ARGUMENT);
	assert_int_equal(read_complete(P("10001")), S3_INVALID_ARGUMENT);
	assert_int_equal(read_complete(P("-1")), S3_INVALID_ARGUMENT);
	assert_int_equal(read_complete(P("-x")), S3_MALFORMED_XML);
	assert_int_equal(read_complete(P("2") P("1")), S3_INVALID_PART_ORDER);
	assert_int_equal(read_complete(P("2") P("2")), S3_INVALID_PART_ORDER);
	assert_int_equal(read_complete("<Part><ETag>e</ETag></Part>"), S3_MALFORMED_XML);
	assert_int_equal(read_complete("<Part><PartNumber>1</PartNumber></Part>"),
			 S3_MALFORMED_XML);
	assert_int_equal(read_complete("<Part><PartNumber>1</PartNumber><ETag>e</ETag>"
				       "<ChecksumCRC32>/wAA</ChecksumCRC32></Part>"),
			 S3_INVALID_ARGUMENT);
	assert_int_equal(read_complete("<Part><PartNumber>1</PartNumber><ETag>e</ETag>"
				       "<ChecksumCRC32>/wAAAA==</ChecksumCRC32>"
				       "<ChecksumCRC32C>/wAAAA==</ChecksumCRC32C></Part>"),
			 S3_INVALID_ARGUMENT);
}

/* --- buckets -------------------------------------------------------------- */

static void buckets(void **state)
{
#define CREATE(inner)	\
	STR("<CreateBucketConfiguration>" inner "</CreateBucketConfiguration>")
#define VERSIONING(inner)	STR("<VersioningConfiguration>" inner "</VersioningConfiguration>")
	enum s3_versioning v;
	static struct s3_tags tags;
	char location[16];

	(void)state;
	assert_int_equal(s3_read_create_bucket(CREATE("<LocationConstraint>gold</LocationConstraint>"),
					       location, sizeof(location), &tags, &fault), S3_OK);
	assert_string_equal(location, "gold");
	assert_int_equal(s3_read_create_bucket(STR(""), location, sizeof(location), &tags, &fault), S3_OK);
	assert_string_equal(location, "");
	assert_int_equal(s3_read_create_bucket(CREATE("<LocationConstraint>0123456789abcdef"
						      "</LocationConstraint>"),
					       location, sizeof(location), &tags, &fault),
			 S3_INVALID_LOCATION_CONSTRAINT);
	assert_int_equal(s3_read_create_bucket(CREATE("<Bucket><Type>Directory</Type></Bucket>"),
					       location, sizeof(location), &tags, &fault),
			 S3_NOT_IMPLEMENTED);
#define BORN(k, v)	"<Tag><Key>" k "</Key><Value>" v "</Value></Tag>"
	assert_int_equal(s3_read_create_bucket(CREATE("<Tags>" BORN("b", "2") BORN("a", "1")
						      "</Tags><LocationConstraint>gold</LocationConstraint>"),
					       location, sizeof(location), &tags, &fault), S3_OK);
	assert_int_equal(tags.count, 2);
	assert_true(str_is(tags.tag[0].key, "a") && str_is(tags.tag[0].value, "1"));
	assert_true(str_is(tags.tag[1].key, "b") && str_is(tags.tag[1].value, "2"));
	assert_string_equal(location, "gold");
	assert_int_equal(s3_read_create_bucket(STR(""), location, sizeof(location), &tags, &fault),
			 S3_OK);
	assert_int_equal(tags.count, 0);
	assert_int_equal(s3_read_create_bucket(CREATE("<Tags/><Tags/>"), location, sizeof(location),
					       &tags, &fault), S3_MALFORMED_XML);
	assert_int_equal(s3_read_create_bucket(CREATE("<Tags>" BORN("a", "1") BORN("a", "2")
						      "</Tags>"),
					       location, sizeof(location), &tags, &fault),
			 S3_INVALID_TAG);
	assert_int_equal(s3_read_create_bucket(CREATE("<Tags><Tag><Key>a</Key></Tag></Tags>"),
					       location, sizeof(location), &tags, &fault),
			 S3_MALFORMED_XML);
	assert_int_equal(s3_read_versioning(VERSIONING("<Status>Enabled</Status>"), &v, &fault),
			 S3_OK);
	assert_int_equal(v, S3_VERSIONING_ENABLED);
	assert_int_equal(s3_read_versioning(VERSIONING("<Status>Suspended</Status>"), &v, &fault),
			 S3_OK);
	assert_int_equal(v, S3_VERSIONING_SUSPENDED);
	assert_int_equal(s3_read_versioning(VERSIONING("<Status>enabled</Status>"), &v, &fault),
			 S3_MALFORMED_XML);
	assert_int_equal(s3_read_versioning(VERSIONING(""), &v, &fault), S3_ILLEGAL_VERSIONING);
	assert_int_equal(s3_read_versioning(VERSIONING("<MfaDelete>Enabled</MfaDelete>"), &v, &fault),
			 S3_NOT_IMPLEMENTED);
}

struct preflight {
	struct str origin, method, headers;
	bool matches;
};

static enum s3_code see_cors(void *arg, const struct s3_cors_rule *rule)
{
	struct preflight *p = arg;

	p->matches |= s3_cors_matches(rule, p->origin, p->method, p->headers);
	see("id", rule->id);
	see_number("age", rule->max_age);
	return S3_OK;
}

static enum s3_code read_cors(const char *inner, struct preflight *p)
{
	static char text[4096];
	struct out o = OUT(text, sizeof(text));

	forget();
	p->matches = false;
	out_text(&o, "<CORSConfiguration>");
	out_text(&o, inner);
	out_text(&o, "</CORSConfiguration>");
	return s3_read_cors(out_written(&o), see_cors, p, &fault);
}

static void cors(void **state)
{
#define CORS(inner)	"<CORSRule>" inner "</CORSRule>"
#define METHOD(m)	"<AllowedMethod>" m "</AllowedMethod>"
#define ORIGIN(m)	"<AllowedOrigin>" m "</AllowedOrigin>"
#define HEADER(m)	"<AllowedHeader>" m "</AllowedHeader>"
	static const char good[] = CORS("<ID>a</ID>" METHOD("GET") METHOD("PUT")
		ORIGIN("https://*.example.org") ORIGIN("http://x") HEADER("x-amz-*")
		HEADER("Content-Type") "<ExposeHeader>ETag</ExposeHeader>"
		"<MaxAgeSeconds>60</MaxAgeSeconds>");
	static const struct {
		const char *origin, *method, *headers;
		bool matches;
	} cases[] = {
		{ "https://a.example.org", "GET", NULL, true },
		{ "https://example.org", "GET", NULL, false },
		{ "http://x", "PUT", "X-Amz-Date, content-type", true },
		{ "http://x", "PUT", "x-other", false }, { "http://x", "DELETE", NULL, false },
		{ "http://xy", "PUT", NULL, false }, { "http://x", "get", NULL, false },
	};
	static const struct {
		const char *text;
		enum s3_code code;
	} bad[] = {
		{ "", S3_MALFORMED_XML }, { CORS(METHOD("GET")), S3_MALFORMED_XML },
		{ CORS(ORIGIN("*")), S3_MALFORMED_XML },
		{ CORS(METHOD("PATCH") ORIGIN("*")), S3_INVALID_REQUEST },
		{ CORS(METHOD("GET") ORIGIN("*a*")), S3_INVALID_REQUEST },
		{ CORS(METHOD("GET") ORIGIN("*") HEADER("**")), S3_INVALID_REQUEST },
		{ CORS(METHOD("GET") ORIGIN("*") "<ExposeHeader>*</ExposeHeader>"),
		  S3_INVALID_REQUEST },
		{ CORS(METHOD("GET") ORIGIN("*") "<MaxAgeSeconds>x</MaxAgeSeconds>"),
		  S3_MALFORMED_XML },
	};
	struct preflight p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		p.origin = str_of(cases[i].origin);
		p.method = str_of(cases[i].method);
		p.headers = str_of(cases[i].headers);
		assert_int_equal(read_cors(good, &p), S3_OK);
		assert_int_equal(p.matches, cases[i].matches);
		assert_out(&seen, "id=a age=60 ");
	}
	for (i = 0; i < COUNT(bad); i++)
		if (read_cors(bad[i].text, &p) != bad[i].code)
			fail_msg("\"%s\": %s", bad[i].text, s3_code_name(fault.code));
}

static enum s3_code see_grant(void *arg, const struct s3_grant *g)
{
	(void)arg;
	see("id", g->id);
	see("uri", g->uri);
	see("email", g->email);
	see(s3_permission_name(g->permission), STR(""));
	return S3_OK;
}

static enum s3_code read_acl(struct str text, char owner[16])
{
	forget();
	return s3_read_acl(text, see_grant, NULL, owner, 16, &fault);
}

static void acls(void **state)
{
#define GRANTEE(type, inner)	\
	"<Grant><Grantee xmlns:xsi=\"x\" xsi:type=\"" type "\">" inner "</Grantee>"
#define ACL(grants)	\
	STR("<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList>" grants \
	    "</AccessControlList></AccessControlPolicy>")
#define READ	"<Permission>READ</Permission></Grant>"
	const struct str bad[] = {
		ACL("<Grant><Grantee><ID>a</ID></Grantee>" READ),
		ACL(GRANTEE("Group", "<ID>a</ID>") READ), ACL(GRANTEE("Group", "") READ),
		ACL(GRANTEE("Group", "<URI>u</URI><ID>a</ID>") READ),
		ACL(GRANTEE("CanonicalUser", "<ID>a</ID>") "<Permission>ALL</Permission></Grant>"),
		ACL(GRANTEE("CanonicalUser", "<ID>a</ID>") "</Grant>"),
		STR("<AccessControlPolicy><AccessControlList/></AccessControlPolicy>"), STR("<a/>"),
	};
	struct s3_owner who = { .id = STR("o"), .display_name = STR("<O>") };
	struct s3_grant g = { .uri = STR("http://u"), .permission = S3_WRITE_ACP };
	char owner[16], text[1024];
	struct out o = OUT(text, sizeof(text));
	size_t i;

	(void)state;
	assert_int_equal(read_acl(ACL(GRANTEE("CanonicalUser", "<ID>a</ID>") READ
				      GRANTEE("Group", "<URI>u</URI>") READ), owner), S3_OK);
	assert_out(&seen, "id=a READ= uri=u READ= ");
	assert_string_equal(owner, "o");
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(read_acl(bad[i], owner), S3_MALFORMED_ACL);
	s3_acl_begin(&o, &who);
	s3_acl_grant(&o, &g);
	s3_acl_end(&o);
	assert_int_equal(read_acl(out_written(&o), owner), S3_OK);
	assert_out(&seen, "uri=http://u WRITE_ACP= ");
	assert_int_equal(s3_canned_acl_find(STR("public-read")), S3_ACL_PUBLIC_READ);
	assert_int_equal(s3_canned_acl_find(STR("public")), S3_CANNED_ACLS);
}

static enum s3_code see_rule(void *arg, const struct s3_lifecycle_rule *r)
{
	(void)arg;
	see(r->enabled ? "on" : "off", r->id.at ? r->id : STR(""));
	see("prefix", r->prefix);
	if (r->tags)
		see("tag", r->tag[0].key);
	see_number("days", r->days);
	see_number("noncurrent", r->noncurrent_days);
	see_number("abort", r->abort_days);
	return S3_OK;
}

static enum s3_code read_lifecycle(const char *inner)
{
	static char text[4096];
	struct out o = OUT(text, sizeof(text));

	forget();
	out_text(&o, "<LifecycleConfiguration><Rule>");
	out_text(&o, inner);
	out_text(&o, "</Rule></LifecycleConfiguration>");
	return s3_read_lifecycle(out_written(&o), see_rule, NULL, &fault);
}

static void lifecycles(void **state)
{
#define ON	"<Status>Enabled</Status>"
#define DAYS(n)	"<Expiration><Days>" n "</Days></Expiration>"
#define TAG	"<Tag><Key>k</Key><Value>v</Value></Tag>"
	static const struct {
		const char *text;
		enum s3_code code;
	} cases[] = {
		{ ON "<Prefix>a/</Prefix>" DAYS("1"), S3_OK },
		{ ON "<Filter/>" DAYS("1"), S3_OK },
		{ ON "<Filter>" TAG "</Filter>" DAYS("1"), S3_OK },
		{ ON "<Filter/><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>", S3_OK },
		{ ON DAYS("1"), S3_MALFORMED_XML }, { "<Filter/>" DAYS("1"), S3_MALFORMED_XML },
		{ ON "<Filter/>", S3_INVALID_REQUEST },
		{ ON "<Filter/>" DAYS("0"), S3_INVALID_ARGUMENT },
		{ ON "<Filter/>" DAYS("-1"), S3_INVALID_ARGUMENT },
		{ "<Status>on</Status><Filter/>" DAYS("1"), S3_MALFORMED_XML },
		{ ON "<Prefix/><Filter/>" DAYS("1"), S3_MALFORMED_XML },
		{ ON "<Filter><Prefix>a</Prefix>" TAG "</Filter>" DAYS("1"), S3_MALFORMED_XML },
		{ ON "<Filter/><Expiration/>", S3_MALFORMED_XML },
		{ ON "<Filter/><Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>",
		  S3_MALFORMED_XML },
		{ ON "<Filter/><Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>",
		  S3_INVALID_ARGUMENT },
		{ ON "<Filter/><Transition><Days>1</Days></Transition>", S3_NOT_IMPLEMENTED },
	};
	size_t i;

	(void)state;
	assert_int_equal(read_lifecycle("<ID>x</ID><Status>Disabled</Status><Filter><And>"
					"<Prefix>p</Prefix>" TAG "</And></Filter>" DAYS("3")
					"<NoncurrentVersionExpiration><NoncurrentDays>4</NoncurrentDays>"
					"</NoncurrentVersionExpiration>"), S3_OK);
	assert_out(&seen, "off=x prefix=p tag=k days=3 noncurrent=4 abort=0 ");
	assert_int_equal(read_lifecycle(ON "<Prefix/><AbortIncompleteMultipartUpload>"
					"<DaysAfterInitiation>7</DaysAfterInitiation>"
					"</AbortIncompleteMultipartUpload>"), S3_OK);
	assert_out(&seen, "on= prefix= days=0 noncurrent=0 abort=7 ");
	for (i = 0; i < COUNT(cases); i++)
		if (read_lifecycle(cases[i].text) != cases[i].code)
			fail_msg("\"%s\": %s", cases[i].text, s3_code_name(fault.code));
}

/* --- tags ----------------------------------------------------------------- */

static void tags(void **state)
{
#define TAGGING(inner)	"<Tagging><TagSet>" inner "</TagSet></Tagging>"
#define T(k, v)		"<Tag><Key>" k "</Key><Value>" v "</Value></Tag>"
	static const struct {
		const char *text;
		enum s3_code code;
	} cases[] = {
		{ TAGGING(""), S3_OK }, { TAGGING(T("a", "")), S3_OK },
		{ TAGGING(T("", "a")), S3_INVALID_TAG }, { TAGGING(T("a;", "")), S3_INVALID_TAG },
		{ TAGGING(T("a", "b") T("a", "c")), S3_INVALID_TAG },
		{ TAGGING(T("AWS:a", "b")), S3_INVALID_TAG },
		{ TAGGING("<Tag><Key>a</Key></Tag>"), S3_MALFORMED_XML },
		{ "<Tagging/>", S3_MALFORMED_XML },
		{ TAGGING(T("1", "") T("2", "") T("3", "") T("4", "") T("5", "") T("6", "")
			  T("7", "") T("8", "") T("9", "") T("10", "")), S3_OK },
		{ TAGGING(T("1", "") T("2", "") T("3", "") T("4", "") T("5", "") T("6", "")
			  T("7", "") T("8", "") T("9", "") T("10", "") T("11", "")),
		  S3_BAD_REQUEST },
	};
	static struct s3_tags t;
	char text[512];
	struct out o = OUT(text, sizeof(text));
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (s3_tags_from_xml(&t, S3_OBJECT_TAGS, str_of(cases[i].text), &fault) !=
		    cases[i].code)
			fail_msg("\"%s\": %s", cases[i].text, s3_code_name(fault.code));
	assert_int_equal(s3_tags_from_header(&t, STR("a+b=c%3D&%C3%A9=/x&z"), &fault), S3_OK);
	s3_tags_to_header(&o, &t);
	assert_out(&o, "a%20b=c%3D&z=&%C3%A9=%2Fx");
	o = OUT(text, sizeof(text));
	s3_tags_to_xml(&o, &t);
	assert_int_equal(s3_tags_from_xml(&t, S3_OBJECT_TAGS, out_written(&o), &fault), S3_OK);
	assert_int_equal(t.count, 3);
	assert_str(t.tag[2].key, "\xc3\xa9");
	assert_int_equal(s3_tags_from_header(&t, STR("a=%zz"), &fault), S3_INVALID_ARGUMENT);
	assert_int_equal(s3_tags_from_header(&t, STR("a=1&a=2"), &fault), S3_INVALID_ARGUMENT);
	assert_int_equal(s3_tags_from_header(&t, STR("=1"), &fault), S3_INVALID_ARGUMENT);
	assert_int_equal(s3_tags_from_header(&t, STR("ab&b&a&aa"), &fault), S3_OK);
	for (i = 0; i < 4; i++)
		assert_str(t.tag[i].key, ((const char *[]){ "a", "aa", "ab", "b" })[i]);
	assert_int_equal(s3_tags_from_header(&t, STR(""), &fault), S3_OK);
}

/* --- answers -------------------------------------------------------------- */

static void errors(void **state)
{
	char text[1024];
	struct out o = OUT(text, sizeof(text));
	unsigned int code;

	(void)state;
	s3_fail(&fault, S3_NO_SUCH_KEY, NULL);
	s3_detail(&fault, "Key", STR("a<b>&\"c\"\x01\r\n\xff\xc3\xa9"));
	s3_error_xml(&o, &fault, STR("/b/k"), STR("1"), STR("2"));
	assert_out(&o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>"
		   "<Message>The specified key does not exist.</Message>"
		   "<Key>a&lt;b&gt;&amp;&quot;c&quot;\xef\xbf\xbd&#13;&#10;\xef\xbf\xbd\xc3\xa9</Key>"
		   "<Resource>/b/k</Resource><RequestId>1</RequestId><HostId>2</HostId></Error>");
	for (code = 1; code < S3_CODES; code++) {
		assert_non_null(s3_code_name(code));
		assert_true(s3_code_message(code)[0]);
		assert_in_range(s3_code_status(code), 300, 599);
		assert_int_equal(s3_code_find(str_of(s3_code_name(code))), code);
	}
	assert_int_equal(s3_code_find(STR("Nothing")), S3_CODES);
	/* More details than there is room for, and longer ones, are cut. */
	memset(text, 'a', sizeof(text));
	for (code = 0; code < 2 * S3_DETAILS; code++)
		s3_detail(&fault, "X", (struct str){ text, sizeof(text) });
	assert_int_equal(fault.details, S3_DETAILS);
	assert_int_equal(strlen(fault.detail[1].value), S3_DETAIL_MAX - 1);
}

static void lists(void **state)
{
	static const char hostile[] = "a/<&>\x01\x7f\xff b+";
	struct s3_list l = {
		.bucket = STR("bucket"), .prefix = STR("a/"), .delimiter = STR("/"),
		.marker = STR("m"), .max_keys = 2, .encode_url = true,
	};
	struct s3_object_entry e = {
		.key = { hostile, sizeof(hostile) - 1 }, .version = STR("null"), .etag = STR("e"),
		.owner = { .id = STR("o") }, .size = 5, .modified = 1000, .is_latest = true,
		.checksum = S3_CRC64NVME,
	};
	struct s3_list_tail t = { .truncated = true, .next_marker = STR("n<"), .key_count = 2 };
	char text[2048];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	s3_list_begin(&o, &l);
	s3_list_object(&o, &l, &e);
	s3_list_prefix(&o, &l, STR("a/b c/"));
	s3_list_end(&o, &l, &t);
	assert_out(&o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult" NS ">"
		   "<Name>bucket</Name><Prefix>a/</Prefix><Marker>m</Marker><MaxKeys>2</MaxKeys>"
		   "<Delimiter>/</Delimiter><EncodingType>url</EncodingType><Contents>"
		   "<Key>a/%3C%26%3E%01%7F%FF%20b%2B</Key>"
		   "<LastModified>1970-01-01T00:00:01.000Z</LastModified>"
		   "<ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"
		   "<ChecksumType>FULL_OBJECT</ChecksumType><Size>5</Size>"
		   "<StorageClass>STANDARD</StorageClass><Owner><ID>o</ID></Owner></Contents>"
		   "<CommonPrefixes><Prefix>a/b%20c/</Prefix></CommonPrefixes>"
		   "<IsTruncated>true</IsTruncated><NextMarker>n%3C</NextMarker></ListBucketResult>");
	o = OUT(text, sizeof(text));
	l.kind = S3_LIST_VERSIONS;
	l.encode_url = false;
	e.delete_marker = true;
	s3_list_begin(&o, &l);
	s3_list_object(&o, &l, &e);
	t.truncated = false;
	s3_list_end(&o, &l, &t);
	assert_out(&o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListVersionsResult" NS ">"
		   "<Name>bucket</Name><Prefix>a/</Prefix><KeyMarker>m</KeyMarker>"
		   "<VersionIdMarker></VersionIdMarker><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter>"
		   "<DeleteMarker><Key>a/&lt;&amp;&gt;\xef\xbf\xbd\x7f\xef\xbf\xbd b+</Key>"
		   "<VersionId>null</VersionId><IsLatest>true</IsLatest>"
		   "<LastModified>1970-01-01T00:00:01.000Z</LastModified>"
		   "<Owner><ID>o</ID></Owner></DeleteMarker>"
		   "<IsTruncated>false</IsTruncated></ListVersionsResult>");
	o = OUT(text, sizeof(text));
	l = (struct s3_list){ .kind = S3_LIST_V2, .bucket = STR("b"), .token = STR("t") };
	t.truncated = true;
	s3_list_begin(&o, &l);
	s3_list_end(&o, &l, &t);
	assert_out(&o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult" NS ">"
		   "<Name>b</Name><Prefix></Prefix><ContinuationToken>t</ContinuationToken>"
		   "<MaxKeys>0</MaxKeys><IsTruncated>true</IsTruncated><KeyCount>2</KeyCount>"
		   "<NextContinuationToken>n&lt;</NextContinuationToken></ListBucketResult>");
}

/* Everything else once. */
static void others(void **state)
{
	struct s3_owner who = { .id = STR("o"), .display_name = STR("d") };
	struct s3_uploads u = { .bucket = STR("b"), .max_uploads = 1000, .encode_url = true };
	struct s3_upload_entry up = {
		.key = STR("k<"), .upload_id = STR("u"), .owner = who, .checksum = S3_SHA256,
		.type = S3_COMPOSITE,
	};
	struct s3_parts parts = {
		.bucket = STR("b"), .key = STR("k"), .upload_id = STR("u"), .owner = who,
		.max_parts = 1000, .checksum = S3_CRC32,
	};
	struct s3_part_entry part = {
		.number = 1, .size = 5, .etag = STR("e"), .checksum = { .kind = S3_CRC32 },
	};
	struct s3_attributes a = { .checksum = { .kind = S3_CRC32, .parts = 2 }, .parts = 2 };
	struct s3_bucket_entry bucket = { .name = STR("b"), .region = STR("local") };
	struct s3_completed done = {
		.location = STR("http://h/b/k"), .bucket = STR("b"), .key = STR("k"),
		.etag = STR("e-2"), .checksum = { .kind = S3_CRC32 },
	};
	char text[4096];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	s3_uploads_begin(&o, &u);
	s3_uploads_item(&o, &u, &up);
	s3_uploads_prefix(&o, &u, STR("p/"));
	s3_uploads_end(&o, &u, true, STR("k<"), STR("u"));
	assert_non_null(memmem(text, o.len, "<NextKeyMarker>k%3C</NextKeyMarker>", 35));

	o = OUT(text, sizeof(text));
	s3_parts_begin(&o, &parts);
	s3_parts_item(&o, &part);
	s3_parts_end(&o, false, 1);
	assert_non_null(memmem(text, o.len, "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>", 39));

	assert_true(s3_attributes_wanted(STR("ETag, ObjectParts,Checksum,ObjectSize"), &a));
	assert_false(s3_attributes_wanted(STR("Etag"), &a));
	o = OUT(text, sizeof(text));
	a.etag = STR("e-2");
	s3_attributes_begin(&o, &a);
	s3_attributes_part(&o, &part);
	s3_attributes_end(&o, &a);
	assert_non_null(memmem(text, o.len, "<ETag>e-2</ETag><Checksum><ChecksumCRC32>AAAAAA==-2<",
			       52));

	o = OUT(text, sizeof(text));
	s3_buckets_begin(&o, &who);
	s3_buckets_item(&o, &bucket);
	s3_buckets_end(&o, STR_NONE, STR("t"));
	assert_true(str_ends(out_written(&o), STR("<BucketRegion>local</BucketRegion></Bucket></Buckets>"
		"<ContinuationToken>t</ContinuationToken></ListAllMyBucketsResult>")));

	o = OUT(text, sizeof(text));
	s3_deleted_begin(&o);
	s3_deleted_item(&o, STR("k"), STR_NONE, true, STR("v"));
	s3_deleted_error(&o, STR("<"), STR("v"), S3_ACCESS_DENIED, STR_NONE);
	s3_deleted_end(&o);
	assert_true(str_ends(out_written(&o), STR("<Error><Key>&lt;</Key><VersionId>v</VersionId>"
		"<Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>")));

	o = OUT(text, sizeof(text));
	s3_answer_complete(&o, &done);
	assert_true(str_ends(out_written(&o), STR("<ETag>&quot;e-2&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>"
		"<ChecksumType>FULL_OBJECT</ChecksumType></CompleteMultipartUploadResult>")));
	o = OUT(text, sizeof(text));
	s3_answer_copy(&o, true, 0, STR("e"), &(struct s3_checksum_value){ .kind = S3_NO_CHECKSUM },
		       S3_FULL_OBJECT);
	assert_true(str_ends(out_written(&o), STR("<LastModified>1970-01-01T00:00:00.000Z</LastModified>"
		"<ETag>&quot;e&quot;</ETag></CopyPartResult>")));
	o = OUT(text, sizeof(text));
	s3_answer_initiate(&o, STR("b"), STR("k"), STR("u"));
	assert_true(str_ends(out_written(&o), STR("<UploadId>u</UploadId></InitiateMultipartUploadResult>")));
	o = OUT(text, sizeof(text));
	s3_answer_versioning(&o, S3_UNVERSIONED);
	assert_true(str_ends(out_written(&o), STR("><" "/VersioningConfiguration>")));
	o = OUT(text, sizeof(text));
	s3_answer_location(&o, STR("gold"));
	assert_true(str_ends(out_written(&o), STR(">gold</LocationConstraint>")));
	o = OUT(text, sizeof(text));
	s3_answer_post(&o, &done);
	assert_true(str_ends(out_written(&o), STR("</ETag></PostResponse>")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deletes), cmocka_unit_test(limits), cmocka_unit_test(completes),
		cmocka_unit_test(buckets), cmocka_unit_test(cors), cmocka_unit_test(acls),
		cmocka_unit_test(lifecycles), cmocka_unit_test(tags), cmocka_unit_test(errors),
		cmocka_unit_test(lists), cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
