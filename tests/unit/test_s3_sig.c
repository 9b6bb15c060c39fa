// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signatures: AWS's own examples, what every tampering with them is answered, and
 * our client against our server.
 */
#include <errno.h>

#include "s3_vectors.h"

#include "http/date.h"

#define AUTH(names, signature)	\
	"Authorization: AWS4-HMAC-SHA256 Credential=" EXAMPLE_SCOPE ",SignedHeaders=" names \
	",Signature=" signature "\r\n"

static const char get_object[] =
	"GET /test.txt HTTP/1.1\r\n"
	"Host: examplebucket.s3.amazonaws.com\r\n"
	"Range: bytes=0-9\r\n"
	"x-amz-content-sha256: " EMPTY_SHA256 "\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	AUTH("host;range;x-amz-content-sha256;x-amz-date",
	     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
	"\r\n";

static const char put_object[] =
	"PUT /test%24file.text HTTP/1.1\r\n"
	"Host: examplebucket.s3.amazonaws.com\r\n"
	"Date: Fri, 24 May 2013 00:00:00 GMT\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	"x-amz-storage-class: REDUCED_REDUNDANCY\r\n"
	"x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\r\n"
	AUTH("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
	"\r\n";

static const char get_lifecycle[] =
	"GET /?lifecycle HTTP/1.1\r\n"
	"Host: examplebucket.s3.amazonaws.com\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	"x-amz-content-sha256: " EMPTY_SHA256 "\r\n"
	AUTH("host;x-amz-content-sha256;x-amz-date",
	     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
	"\r\n";

static const char list_objects[] =
	"GET /?max-keys=2&prefix=J HTTP/1.1\r\n"
	"Host: examplebucket.s3.amazonaws.com\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	"x-amz-content-sha256: " EMPTY_SHA256 "\r\n"
	AUTH("host;x-amz-content-sha256;x-amz-date",
	     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
	"\r\n";

#define PRESIGNED(expires, signature)	\
	"GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" \
	"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" \
	"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=" expires "&X-Amz-SignedHeaders=host" \
	"&X-Amz-Signature=" signature " HTTP/1.1\r\n" \
	"Host: examplebucket.s3.amazonaws.com\r\n\r\n"
#define PRESIGNED_SIGNATURE	"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

static const char presigned[] = PRESIGNED("86400", PRESIGNED_SIGNATURE);

static void examples(void **state)
{
	static const char *const texts[] = {
		get_object, put_object, get_lifecycle, list_objects, presigned,
	};
	static struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		assert_int_equal(judge(&r, texts[i], &example_rules), S3_OK);
		assert_str(r.claim.scope.access_key, EXAMPLE_KEY);
	}
	assert_int_equal(r.claim.place, SIG_QUERY);
	assert_int_equal(r.claim.expires, 86400);
	assert_int_equal(r.claim.payload, SIG_PAYLOAD_UNSIGNED);
}

/* The same request written in other ways that mean the same. */
static void same(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "/test%24file", "/test$file" }, { "/test%24file", "/t%65st%24file" },
		{ "x-amz-storage-class: RED", "X-AMZ-Storage-Class:   RED" },
		{ "Date: Fri, 24", "Date: Fri,    24" },
		{ "request,SignedHeaders", "request, SignedHeaders" },
		{ ",Signature=", " ,  Signature=" },
		{ "Host:", "Accept-Encoding: identity\r\nHost:" },
	};
	static struct request r;
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(changes); i++) {
		struct out o = OUT(text, sizeof(text) - 1);
		const char *at = strstr(put_object, changes[i].from);

		assert_non_null(at);
		out_bytes(&o, put_object, at - put_object);
		out_text(&o, changes[i].to);
		out_text(&o, at + strlen(changes[i].from));
		text[o.len] = '\0';
		if (judge(&r, text, &example_rules))
			fail_msg("\"%s\" is refused: %s", changes[i].to, r.fault.message);
	}
}

/* One change each; the code and, where it matters, words of the message. */
static void refused(void **state)
{
	static const struct {
		const char *text, *from, *to;
		enum s3_code code;
		const char *words;
	} cases[] = {
		/* Tampering. */
		{ get_object, "bytes=0-9", "bytes=0-8", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "GET ", "PUT ", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "/test.txt", "/test.txu", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "/test.txt", "//test.txt", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "/test.txt", "/a/../test.txt", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "/test.txt", "/test.txt?acl", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "Host: e", "Host: f", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "sha256: e3", "sha256: e4", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "T000000Z", "T000001Z", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "=f0e8", "=f0e9", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "=f0e8", "=e8", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "=f0e8", "=f0e8f0e8", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "=f0e8", "=zzzz", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "host;range", "range;host", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "host;range", "host;;range", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ get_object, "Range: bytes=0-9\r\n", "", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ list_objects, "max-keys=2&prefix=J", "max-keys=2&prefix=J&x",
		  S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		{ presigned, "86400", "86401", S3_SIGNATURE_DOES_NOT_MATCH, NULL },
		/* Not signed at all. */
		{ get_object, "host;range;", "range;", S3_ACCESS_DENIED, "not signed" },
		{ get_object, "Range:", "x-amz-acl: public-read\r\nRange:", S3_ACCESS_DENIED,
		  "not signed" },
		{ presigned, "\r\n\r\n", "\r\nX-AMZ-ACL: a\r\n\r\n", S3_ACCESS_DENIED,
		  "not signed" },
		/* Form. */
		{ get_object, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512", S3_INVALID_ARGUMENT,
		  "Unsupported Authorization Type" },
		{ get_object, "AWS4-HMAC-SHA256 C", "Basic C", S3_INVALID_ARGUMENT, NULL },
		{ get_object, "AWS4-HMAC-SHA256 C", "AWS C", S3_INVALID_REQUEST,
		  "Please use AWS4-HMAC-SHA256" },
		{ get_object, ",SignedHeaders=", ",SignedHeader=",
		  S3_AUTHORIZATION_HEADER_MALFORMED, "three components" },
		{ get_object, ",Signature=", ",Signature", S3_AUTHORIZATION_HEADER_MALFORMED,
		  "malformed" },
		{ get_object, "/aws4_request", "/aws5_request", S3_AUTHORIZATION_HEADER_MALFORMED,
		  "mal-formed" },
		{ get_object, "/20130524/", "/2013052x/", S3_AUTHORIZATION_HEADER_MALFORMED,
		  "mal-formed" },
		{ get_object, "/20130524/us-east-1", "/us-east-1",
		  S3_AUTHORIZATION_HEADER_MALFORMED, "mal-formed" },
		{ get_object, "/us-east-1/", "/eu-west-1/", S3_AUTHORIZATION_HEADER_MALFORMED,
		  "the region 'eu-west-1' is wrong; expecting 'us-east-1'" },
		{ get_object, "/s3/", "/ec2/", S3_AUTHORIZATION_HEADER_MALFORMED,
		  "incorrect service \"ec2\". This endpoint belongs to \"s3\"." },
		{ get_object, "/20130524/", "/20130525/", S3_SIGNATURE_DOES_NOT_MATCH,
		  "Date in Credential scope" },
		{ get_object, "x-amz-date: 20130524T000000Z\r\n", "", S3_ACCESS_DENIED,
		  "requires a valid Date" },
		{ get_object, "x-amz-date: 20130524T", "x-amz-date: 20130524t", S3_ACCESS_DENIED,
		  "requires a valid Date" },
		{ get_object, "x-amz-content-sha256: " EMPTY_SHA256 "\r\n", "",
		  S3_INVALID_REQUEST, "x-amz-content-sha256" },
		{ get_object, "sha256: e3", "sha256: e", S3_INVALID_ARGUMENT, "UNSIGNED-PAYLOAD" },
		{ get_object, "/test.txt", "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256",
		  S3_INVALID_ARGUMENT, "Only one auth mechanism" },
		/* Pre-signed. */
		{ presigned, "86400", "604801", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "a week" },
		{ presigned, "86400", "0", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "zero" },
		{ presigned, "86400", "-1", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "negative" },
		{ presigned, "86400", "1e3", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "number" },
		{ presigned, "86400", "", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "number" },
		{ presigned, "86400", "99999999999999999999999",
		  S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "number" },
		{ presigned, "-Expires=", "-Expired=", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "requires" },
		{ presigned, "-Algorithm=", "-Algorithn=", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "only supports" },
		{ presigned, "-SHA256&", "-SHA1&", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "only supports" },
		{ presigned, "20130524T", "20130525T", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "not the same as X-Amz-Date" },
		{ presigned, "20130524T000000Z", "2013-05-24", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "ISO8601" },
		{ presigned, "us-east-1", "local", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "the region 'local' is wrong; expecting 'us-east-1'" },
		{ presigned, "%2Fs3%2F", "%2Fsts%2F", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		  "incorrect service" },
		{ presigned, "%2Faws4", "%2", S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "requires" },
	};
	static struct request r;
	char text[2048];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct out o = OUT(text, sizeof(text) - 1);
		const char *at = strstr(cases[i].text, cases[i].from);

		assert_non_null(at);
		out_bytes(&o, cases[i].text, at - cases[i].text);
		out_text(&o, cases[i].to);
		out_text(&o, at + strlen(cases[i].from));
		text[o.len] = '\0';
		if (judge(&r, text, &example_rules) != cases[i].code ||
		    r.fault.code != cases[i].code ||
		    (cases[i].words && !strstr(r.fault.message, cases[i].words)))
			fail_msg("\"%s\" -> \"%s\": %s: %s", cases[i].from, cases[i].to,
				 s3_code_name(r.fault.code), r.fault.message);
	}
}

static void clocks(void **state)
{
	struct sig_rules rules = example_rules;
	static struct request r;

	(void)state;
	rules.now = EXAMPLE_NOW + 900;
	assert_int_equal(judge(&r, get_object, &rules), S3_OK);
	rules.now = EXAMPLE_NOW - 900;
	assert_int_equal(judge(&r, get_object, &rules), S3_OK);
	rules.now = EXAMPLE_NOW + 901;
	assert_int_equal(judge(&r, get_object, &rules), S3_REQUEST_TIME_TOO_SKEWED);
	assert_string_equal(r.fault.detail[1].value, "2013-05-24T00:15:01.000Z");
	rules.now = EXAMPLE_NOW - 901;
	assert_int_equal(judge(&r, get_object, &rules), S3_REQUEST_TIME_TOO_SKEWED);
	assert_int_equal(judge(&r, presigned, &rules), S3_ACCESS_DENIED);
	assert_string_equal(r.fault.message, "Request is not valid yet");
	rules.now = EXAMPLE_NOW + 86400;
	assert_int_equal(judge(&r, presigned, &rules), S3_OK);
	rules.now = EXAMPLE_NOW + 86401;
	assert_int_equal(judge(&r, presigned, &rules), S3_ACCESS_DENIED);
	assert_string_equal(r.fault.message, "Request has expired");
	assert_string_equal(r.fault.detail[0].value, "2013-05-25T00:00:00.000Z");
}

static void canonical(void **state)
{
	static const struct sig_header headers[] = {
		{ { "Host", 4 }, { "h", 1 } }, { { "X-A", 3 }, { " a   b ", 7 } },
		{ { "x-a", 3 }, { "c", 1 } },
	};
	struct sig_message m = {
		.method = STR("GET"), .prefix = STR("/s3"), .path = STR("/a%2Fb c%zz%7e/\xc3\xa9+"),
		.query = STR("b=2&a=%20+&a&B=x%2by&%61-=1&a.=~&X-Amz-Signature=00&c=%zz"),
		.headers = headers, .count = 3,
	};
	char text[512];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	sig_canonical(&o, &m, STR("expect;host;range;x-a"), STR("hash"), false);
	assert_out(&o, "GET\n/s3/a%2Fb%20c%25zz~/%C3%A9%2B\n"
		   "B=x%2By&a=&a=%20%20&a-=1&a.=~&b=2&c=%25zz\n"
		   "expect:100-continue\nhost:h\nrange:\nx-a:a b,c\n\n"
		   "expect;host;range;x-a\nhash");
	o = OUT(text, sizeof(text));
	sig_canonical(&o, &m, STR("host"), STR("hash"), true);
	assert_true(str_starts(out_written(&o), STR("GET\n/s3/a/b%20c%25zz~/%C3%A9%2B\n")));
}

/*
 * What is normal takes a shorter way.  It must give the same: the canonical form of a query is
 * its own, in whatever order its parameters stand, and however one of them is written.
 */
static void canonical_is_final(void **state)
{
	static const char *const pieces[] = {
		"a", "Z", "~", "-", "9", "%20", "%2F", "%2f", "%61", "%7E", "%zz", "%", "+", "=",
		"&", "&", "%C3%A9", "%c3", "/", "*", "%2B", "%2",
	};
	const unsigned int count = sizeof(pieces) / sizeof(pieces[0]);
	struct sig_message m = { .method = STR("GET"), .path = STR("/") };
	char raw[256], first[1024], again[1024], turned[1024];
	unsigned int round, i, seed = 1;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct out from = OUT(raw, sizeof(raw)), o = OUT(first, sizeof(first));
		struct out p = OUT(again, sizeof(again)), t = OUT(turned, sizeof(turned));
		struct str query, rest, piece;

		for (i = 0; i < 16; i++) {
			seed = seed * 1103515245u + 12345u;
			out_text(&from, pieces[(seed >> 16) % count]);
		}
		m.query = out_written(&from);
		sig_canonical(&o, &m, STR("host"), STR("hash"), false);
		/* "GET", "/", and the query are the first three lines. */
		rest = str_skip(out_written(&o), 6);
		assert_true(str_cut(&rest, '\n', &query));
		m.query = query;
		sig_canonical(&p, &m, STR("host"), STR("hash"), false);
		assert_true(str_equal(out_written(&o), out_written(&p)));
		/* The last one first, and its first byte in a way that is not normal. */
		for (i = query.len; i && query.at[i - 1] != '&'; i--)
			;
		piece = str_skip(query, i);
		if (piece.len && uri_unreserved(*piece.at)) {
			out_char(&t, '%');
			out_hex(&t, piece.at, 1);
			piece = str_skip(piece, 1);
		}
		out_str(&t, piece);
		out_char(&t, '&');
		out_str(&t, str_head(query, i));
		m.query = out_written(&t);
		p.len = 0;
		sig_canonical(&p, &m, STR("host"), STR("hash"), false);
		assert_true(str_equal(out_written(&o), out_written(&p)));
	}
}

/* More parameters than can be sorted are refused, not left out. */
static void parameters(void **state)
{
	char text[4096];
	struct out o = OUT(text, sizeof(text) - 1);
	static struct request r;
	unsigned int i;

	(void)state;
	out_text(&o, "GET /?a");
	for (i = 0; i < SIG_QUERY_MAX; i++)
		out_text(&o, "&b=c");
	out_text(&o, strstr(get_object, " HTTP/1.1"));
	text[o.len] = '\0';
	assert_int_equal(judge(&r, text, &example_rules), S3_INVALID_URI);
}

static void anonymous(void **state)
{
	static struct request r;

	(void)state;
	take_request(&r, "GET /a?X-Amz-Date=1 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(sig_parse(&r.message, &example_rules, &r.claim, &r.fault), S3_OK);
	assert_int_equal(r.claim.place, SIG_ANONYMOUS);
}

static void scopes(void **state)
{
	static const char *const bad[] = {
		"", "/", "////", "/20130524/r/s3/aws4_request", "a/20130524/r/s3/aws4_request/",
		"a/20130524//s3/aws4_request", "a/2013052/r/s3/aws4_request", "20130524/r/s3/aws4_request",
	};
	struct sig_scope s;
	size_t i;

	(void)state;
	assert_true(sig_scope_parse(STR("a/b/20130524/r/s3/aws4_request"), SIG_HMAC, &s));
	assert_str(s.access_key, "a/b");
	assert_str(s.region, "r");
	assert_str(s.whole, "20130524/r/s3/aws4_request");
	assert_true(sig_scope_parse(STR("a/20130524/s3/aws4_request"), SIG_ECDSA, &s));
	assert_str(s.access_key, "a");
	assert_str(s.service, "s3");
	for (i = 0; i < COUNT(bad); i++)
		assert_false(sig_scope_parse(str_of(bad[i]), SIG_HMAC, &s));
}

/* --- our client against our server ---------------------------------------- */

static void fill_signer(struct sig_signer *s, enum sig_algorithm algorithm)
{
	s->algorithm = algorithm;
	s->access_key = STR(EXAMPLE_KEY);
	s->region = algorithm == SIG_HMAC ? STR("us-east-1") : STR("eu-*,us-*");
	s->service = STR("s3");
	s->now = EXAMPLE_NOW;
}

static struct ecdsa_key *example_ecdsa(void)
{
	uint8_t scalar[P256_SCALAR_BYTES];
	struct ecdsa_key *key;

	assert_int_equal(sig_derive_ecdsa(STR(EXAMPLE_SECRET), STR(EXAMPLE_KEY), scalar), 0);
	key = ecdsa_private(scalar);
	assert_non_null(key);
	return key;
}

/* What the client of the examples signs is what AWS has in its example. */
static void presigns(void **state)
{
	static const struct sig_header host = {
		{ "Host", 4 }, { "examplebucket.s3.amazonaws.com", 30 },
	};
	struct sig_message m = {
		.method = STR("GET"), .path = STR("/test.txt"), .headers = &host, .count = 1,
	};
	struct hmac_key hmac = example_key();
	struct sig_signer s = { .key = { .hmac = &hmac } };
	char text[1024];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	fill_signer(&s, SIG_HMAC);
	assert_int_equal(sig_presign(&o, &s, &m, 86400, STR_NONE, STR_NONE), 0);
	assert_true(str_ends(out_written(&o), STR("&X-Amz-Signature=" PRESIGNED_SIGNATURE)));
	o = OUT(text, sizeof(text));
	assert_int_equal(sig_presign(&o, &s, &m, 0, STR_NONE, STR_NONE), -EINVAL);
	assert_int_equal(sig_presign(&o, &s, &m, SIG_EXPIRES_MAX + 1, STR_NONE, STR_NONE), -EINVAL);
	o = OUT(text, 100);
	assert_true(sig_presign(&o, &s, &m, 1, STR_NONE, STR_NONE) < 0);
}

/* A URL that binds the body's hash and length, with a nonce and a token. */
static void presign_round_trip(void **state)
{
	static const struct sig_header headers[] = {
		{ { "Host", 4 }, { "edge:9000", 9 } }, { { "Content-Length", 14 }, { "5", 1 } },
	};
	struct sig_message m = {
		.method = STR("PUT"), .path = STR("/a/b%20c"), .query = STR("X-Sky-Nonce=00ff"),
		.headers = headers, .count = 2,
	};
	struct hmac_key hmac = example_key();
	struct sig_signer s = { .key = { .hmac = &hmac, .ecdsa = example_ecdsa() } };
	static struct request r;
	char query[2048], text[4096];
	int algorithm;

	(void)state;
	for (algorithm = SIG_HMAC; algorithm <= SIG_ECDSA; algorithm++) {
		struct out o = OUT(query, sizeof(query)), t = OUT(text, sizeof(text) - 1);
		size_t at;

		fill_signer(&s, algorithm);
		assert_int_equal(sig_presign(&o, &s, &m, 60, STR("to+ken/="), STR(EMPTY_SHA256)), 0);
		out_text(&t, "PUT /a/b%20c?");
		out_str(&t, out_written(&o));
		out_text(&t, " HTTP/1.1\r\nContent-Length: 5\r\nHost: edge:9000\r\n\r\n");
		text[t.len] = '\0';
		take_request(&r, text);
		assert_int_equal(sig_parse(&r.message, &example_rules, &r.claim, &r.fault), S3_OK);
		assert_int_equal(sig_verify(&r.message, &r.claim, &s.key, &r.fault), S3_OK);
		assert_str(r.claim.content_sha256, EMPTY_SHA256);
		assert_str(r.claim.token, "to%2Bken%2F%3D");
		/* Each part of it is bound. */
		for (at = 0; at < t.len; at++) {
			if (!strchr("059ab", text[at]))
				continue;
			text[at] ^= 1;
			http_head_init(&r.head, false);
			if (http_head_parse(&r.head, text, t.len) == HTTP_DONE) {
				take_request(&r, text);
				if (!sig_parse(&r.message, &example_rules, &r.claim, &r.fault))
					assert_int_equal(sig_verify(&r.message, &r.claim, &s.key,
								    &r.fault),
							 S3_SIGNATURE_DOES_NOT_MATCH);
			}
			text[at] ^= 1;
		}
	}
	ecdsa_free(s.key.ecdsa);
}

static void header_round_trip(void **state)
{
	struct sig_header headers[] = {
		{ STR("x-amz-date"), STR("20130524T000000Z") }, { STR("Host"), STR("h") },
		{ STR("X-Amz-Meta-B"), STR("two") }, { STR("x-amz-meta-b"), STR("three") },
		{ STR("x-amz-content-sha256"), STR("UNSIGNED-PAYLOAD") },
		{ STR("x-amz-region-set"), STR("eu-*,us-*") },
	};
	struct sig_message m = {
		.method = STR("PUT"), .path = STR("/b/k"), .query = STR("z=1&a=%2F"),
		.headers = headers, .count = COUNT(headers),
	};
	struct hmac_key hmac = example_key();
	struct sig_signer s = { .key = { .hmac = &hmac, .ecdsa = example_ecdsa() } };
	char value[1024], text[4096];
	static struct request r;
	unsigned int i;
	int algorithm;

	(void)state;
	for (algorithm = SIG_HMAC; algorithm <= SIG_ECDSA; algorithm++) {
		struct out o = OUT(value, sizeof(value)), t = OUT(text, sizeof(text) - 1);

		fill_signer(&s, algorithm);
		assert_int_equal(sig_authorization(&o, &s, &m, STR("UNSIGNED-PAYLOAD")), 0);
		out_text(&t, "PUT /b/k?z=1&a=%2F HTTP/1.1\r\n");
		for (i = 0; i < COUNT(headers); i++)
			http_write_field(&t, headers[i].name, headers[i].value);
		http_write_field(&t, STR("Authorization"), out_written(&o));
		out_text(&t, "\r\n");
		text[t.len] = '\0';
		take_request(&r, text);
		assert_int_equal(sig_parse(&r.message, &example_rules, &r.claim, &r.fault), S3_OK);
		assert_int_equal(sig_verify(&r.message, &r.claim, &s.key, &r.fault), S3_OK);
		r.table[2].value = STR("four");
		assert_int_equal(sig_verify(&r.message, &r.claim, &s.key, &r.fault),
				 S3_SIGNATURE_DOES_NOT_MATCH);
	}
	/* Of another region than those of the set. */
	r.table[5].value = STR("eu-*");
	assert_int_equal(sig_parse(&r.message, &example_rules, &r.claim, &r.fault),
			 S3_AUTHORIZATION_HEADER_MALFORMED);
	ecdsa_free(s.key.ecdsa);
}

/* The vector of aws-c-auth (key_derivation_tests.c). */
static void derives(void **state)
{
	static const char *const expected[] = {
		"7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd",
		"15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb",
		"0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0",
	};
	uint8_t scalar[P256_SCALAR_BYTES], point[P256_POINT_BYTES], digest[32], der[ECDSA_DER_MAX];
	struct ecdsa_key *key, *public;
	char text[256];
	struct out o = OUT(text, sizeof(text));
	int len;

	(void)state;
	assert_int_equal(sig_derive_ecdsa(STR("q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom"),
					  STR("AKISORANDOMAASORANDOM"), scalar), 0);
	out_hex(&o, scalar, sizeof(scalar));
	assert_out(&o, expected[0]);
	key = ecdsa_private(scalar);
	assert_non_null(key);
	ecdsa_point(key, point);
	o = OUT(text, sizeof(text));
	out_hex(&o, point + 1, 32);
	assert_out(&o, expected[1]);
	o = OUT(text, sizeof(text));
	out_hex(&o, point + 33, 32);
	assert_out(&o, expected[2]);

	/* Who has the point alone can verify and cannot sign. */
	public = ecdsa_public(point);
	assert_non_null(public);
	sha256_of("abc", 3, digest);
	len = ecdsa_sign(key, digest, der);
	assert_in_range(len, 8, ECDSA_DER_MAX);
	assert_true(ecdsa_verify(public, digest, der, len));
	assert_false(ecdsa_verify(public, digest, der, len - 1));
	digest[0] ^= 1;
	assert_false(ecdsa_verify(public, digest, der, len));
	assert_int_equal(ecdsa_sign(public, digest, der), -EIO);
	ecdsa_free(public);
	ecdsa_free(key);

	point[64] ^= 1;
	assert_null(ecdsa_public(point));
	memset(scalar, 0, sizeof(scalar));
	assert_null(ecdsa_private(scalar));
	memset(scalar, 0xff, sizeof(scalar));
	assert_null(ecdsa_private(scalar));
	assert_int_equal(sig_derive_ecdsa((struct str){ text, 129 }, STR("a"), scalar), -EINVAL);
}

/* RFC 4231, and FIPS 180-4 by way of the room's other functions. */
static void macs(void **state)
{
	uint8_t long_key[131], mac[SHA256_BYTES], other[SHA256_BYTES];
	struct hmac_key key;
	size_t len;
	char text[65];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	memset(long_key, 0xaa, sizeof(long_key));
	hmac_key_set(&key, long_key, sizeof(long_key));
	hmac_with(&key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
	out_hex(&o, mac, sizeof(mac));
	assert_out(&o, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	for (len = 0; len < sizeof(long_key); len++) {
		hmac_key_set(&key, long_key, len);
		hmac_with(&key, long_key, 131 - len, mac);
		assert_int_equal(hmac_sha256(long_key, len, long_key, 131 - len, other), 0);
		assert_memory_equal(mac, other, sizeof(mac));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples), cmocka_unit_test(same), cmocka_unit_test(refused),
		cmocka_unit_test(clocks), cmocka_unit_test(canonical),
		cmocka_unit_test(canonical_is_final), cmocka_unit_test(parameters),
		cmocka_unit_test(anonymous), cmocka_unit_test(scopes), cmocka_unit_test(presigns),
		cmocka_unit_test(presign_round_trip), cmocka_unit_test(header_round_trip),
		cmocka_unit_test(derives), cmocka_unit_test(macs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
