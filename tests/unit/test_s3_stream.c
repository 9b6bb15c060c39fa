// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signed and unsigned streams: AWS's examples, cut in every way, each byte damaged;
 * and what our client writes, read by our server.
 */
#include "s3_vectors.h"

#include "s3/stream.h"

#define SIZE	66560u		/* of the object of the examples: letters "a" */

#define AUTHORIZATION	\
	"Authorization: AWS4-HMAC-SHA256 Credential=" EXAMPLE_SCOPE ",SignedHeaders="
#define PLAIN_NAMES	\
	"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class"
#define TRAILER_NAMES	\
	"content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer"

static const char plain_head[] =
	"PUT /examplebucket/chunkObject.txt HTTP/1.1\r\n"
	"Host: s3.amazonaws.com\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	"x-amz-storage-class: REDUCED_REDUNDANCY\r\n"
	AUTHORIZATION PLAIN_NAMES ",Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9\r\n"
	"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n"
	"Content-Encoding: aws-chunked\r\n"
	"x-amz-decoded-content-length: 66560\r\n"
	"Content-Length: 66824\r\n"
	"\r\n";

static const char trailer_head[] =
	"PUT /examplebucket/chunkObject.txt HTTP/1.1\r\n"
	"Host: s3.amazonaws.com\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	"x-amz-storage-class: REDUCED_REDUNDANCY\r\n"
	AUTHORIZATION TRAILER_NAMES ",Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e\r\n"
	"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\r\n"
	"Content-Encoding: aws-chunked\r\n"
	"x-amz-decoded-content-length: 66560\r\n"
	"x-amz-trailer: x-amz-checksum-crc32c\r\n"
	"\r\n";

static const char *const plain_signatures[] = {
	"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
	"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
	"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
};

static const char *const trailer_signatures[] = {
	"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
	"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
	"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
};

#define TRAILER		"x-amz-checksum-crc32c:sOO8/Q=="
#define TRAILER_SIGNED	\
	"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"

static char letters[SIZE];
static char body[2 * SIZE];
static size_t body_len;

/* The body of an example, with @rest after the last chunk's line. */
static void make_body(const char *const signatures[3], const char *rest)
{
	struct out o = OUT(body, sizeof(body));

	memset(letters, 'a', sizeof(letters));
	out_text(&o, "10000;chunk-signature=");
	out_text(&o, signatures[0]);
	out_text(&o, "\r\n");
	out_bytes(&o, letters, 65536);
	out_text(&o, "\r\n400;chunk-signature=");
	out_text(&o, signatures[1]);
	out_text(&o, "\r\n");
	out_bytes(&o, letters, 1024);
	out_text(&o, "\r\n0;chunk-signature=");
	out_text(&o, signatures[2]);
	out_text(&o, "\r\n");
	out_text(&o, rest);
	assert_int_equal(o.err, 0);
	body_len = o.len;
}

static struct request request;
static struct hmac_key hmac;
static struct sig_key key;
static struct s3_stream stream;

static enum s3_code begin(const char *head)
{
	struct str length = STR_NONE, trailer = STR_NONE;

	hmac = example_key();
	key.hmac = &hmac;
	assert_int_equal(judge(&request, head, &example_rules), S3_OK);
	sig_find(&request.message, STR("x-amz-decoded-content-length"), &length);
	sig_find(&request.message, STR("x-amz-trailer"), &trailer);
	return s3_stream_init(&stream, &request.claim, &key, length, trailer);
}

/* Feed the body in pieces. */
static enum s3_code feed(size_t piece)
{
	enum stream_event event = STREAM_MORE;
	size_t at, n, data = 0;

	for (at = 0; at < body_len && event != STREAM_BAD && event != STREAM_DONE; at += n) {
		uint8_t *edge;
		struct str in;

		n = body_len - at < piece ? body_len - at : piece;
		edge = edge_copy(body + at, n);
		in = (struct str){ (char *)edge, n };
		while ((event = s3_stream_next(&stream, &in)) == STREAM_DATA)
			data += stream.data.len;
		edge_free(edge, n);
	}
	assert_true(data == stream.decoded && data <= stream.expected);
	if (event == STREAM_DONE) {
		assert_true(data == stream.expected);
		return S3_OK;
	}
	return event == STREAM_BAD ? stream.fault.code : s3_stream_end(&stream);
}

static void examples(void **state)
{
	static const size_t pieces[] = { 1u << 20, 65536, 8192, 1000, 87, 13 };
	static const char *const rests[] = {
		TRAILER "\r\n" TRAILER_SIGNED "\r\n\r\n", "\r\n" TRAILER "\r\n" TRAILER_SIGNED "\r\n\r\n",
		TRAILER "\n\r\n" TRAILER_SIGNED "\r\n\r\n", TRAILER "\n" TRAILER_SIGNED "\n\n",
		TRAILER "\r\n" TRAILER_SIGNED "\r\n", "X-Amz-Checksum-CRC32C: sOO8/Q==\r\n" TRAILER_SIGNED
		"\r\n\r\n",
	};
	size_t i;

	(void)state;
	make_body(plain_signatures, "\r\n");
	assert_int_equal(body_len, 66824);
	for (i = 0; i < COUNT(pieces); i++) {
		assert_int_equal(begin(plain_head), S3_OK);
		assert_int_equal(feed(pieces[i]), S3_OK);
	}
	for (i = 0; i < COUNT(rests); i++) {
		make_body(trailer_signatures, rests[i]);
		assert_int_equal(begin(trailer_head), S3_OK);
		assert_int_equal(feed(i ? 100000 : 87), S3_OK);
		assert_string_equal(stream.value, "sOO8/Q==");
	}
}

/* A body that ends early, wherever, is not complete. */
static void cut(void **state)
{
	size_t whole, at;

	(void)state;
	make_body(trailer_signatures, TRAILER "\r\n" TRAILER_SIGNED "\r\n");
	whole = body_len;
	for (at = 0; at < 260; at++) {
		enum s3_code code;

		assert_int_equal(begin(trailer_head), S3_OK);
		body_len = whole - 2 - at;
		code = feed(100000);
		if (code != S3_INCOMPLETE_BODY && code != S3_MALFORMED_TRAILER &&
		    code != S3_SIGNATURE_DOES_NOT_MATCH)
			fail_msg("%zu bytes less: %s", at + 2, s3_code_name(code));
	}
	for (at = 0; at < 88; at++) {
		assert_int_equal(begin(trailer_head), S3_OK);
		body_len = at;
		assert_int_equal(feed(100000), S3_INCOMPLETE_BODY);
	}
}

/* Every byte that is not one of 65536 letters, changed in its lowest bit. */
static void damaged(void **state)
{
	size_t at;

	(void)state;
	make_body(trailer_signatures, TRAILER "\r\n" TRAILER_SIGNED "\r\n\r\n");
	for (at = 0; at < body_len; at++) {
		if (at > 150 && at < 65500)
			continue;
		body[at] ^= 1;
		assert_int_equal(begin(trailer_head), S3_OK);
		if (feed(100000) == S3_OK && at < body_len - 2)
			fail_msg("byte %zu, now '%c', is not missed", at, body[at]);
		body[at] ^= 1;
	}
	body[30000] ^= 1;
	assert_int_equal(begin(trailer_head), S3_OK);
	assert_int_equal(feed(100000), S3_SIGNATURE_DOES_NOT_MATCH);
}

/* Without signatures: the claim is as given. */
static enum s3_code take_unsigned(const char *length, const char *trailer, const char *text)
{
	struct sig_claim claim = { .payload = SIG_PAYLOAD_UNSIGNED_TRAILER };
	enum s3_code code;

	code = s3_stream_init(&stream, &claim, NULL, str_of(length), str_of(trailer));
	if (code)
		return code;
	body_len = strlen(text);
	memcpy(body, text, body_len);
	return feed(7);
}

static void unsigned_streams(void **state)
{
#define CRC	"x-amz-checksum-crc32"
	static const struct {
		const char *length, *trailer, *text;
		enum s3_code code;
	} cases[] = {
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC ":NhCmhg==\r\n\r\n", S3_OK },
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC ":NhCmhg==\r\n", S3_OK },
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC ":NhCmhg==\n\r\n\r\n", S3_OK },
		{ "5", NULL, "5\r\nhello\r\n0\r\n\r\n", S3_OK },
		{ "5", NULL, "5\r\nhello\r\n0\r\n", S3_OK },
		{ "0", NULL, "0\r\n\r\n", S3_OK },
		{ "5", CRC, "5\r\nhello\r\n0\r\n\r\n", S3_MALFORMED_TRAILER },
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC "c:NhCmhg==\r\n\r\n", S3_MALFORMED_TRAILER },
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC ":a\r\n" CRC ":a\r\n\r\n",
		  S3_MALFORMED_TRAILER },
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC ":a\r\nx: y\r\n\r\n", S3_MALFORMED_TRAILER },
		{ "5", CRC, "5\r\nhello\r\n0\r\n\r\n\r\n\r\n" CRC ":a\r\n\r\n", S3_MALFORMED_TRAILER },
		{ "5", CRC, "5\r\nhello\r\n0\r\n" CRC ":a\r\nx-amz-trailer-signature:00\r\n\r\n",
		  S3_MALFORMED_TRAILER },
		{ "5", NULL, "5\r\nhello\r\n0\r\n" CRC ":NhCmhg==\r\n\r\n", S3_MALFORMED_TRAILER },
		{ "4", NULL, "5\r\nhello\r\n0\r\n\r\n", S3_INCOMPLETE_BODY },
		{ "6", NULL, "5\r\nhello\r\n0\r\n\r\n", S3_INCOMPLETE_BODY },
		{ "5", NULL, "5\r\nhello\r\n", S3_INCOMPLETE_BODY },
		{ "5", NULL, "5\r\nhel", S3_INCOMPLETE_BODY },
		{ "5", NULL, "hello", S3_INCOMPLETE_BODY },
		{ "5", NULL, "", S3_INCOMPLETE_BODY },
		{ "5", NULL, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", S3_OK },
		{ "", NULL, "", S3_MISSING_CONTENT_LENGTH },
		{ "-1", NULL, "", S3_MISSING_CONTENT_LENGTH },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		enum s3_code code = take_unsigned(cases[i].length, cases[i].trailer, cases[i].text);

		if (code != cases[i].code)
			fail_msg("%zu: \"%s\": %s", i, cases[i].text, s3_code_name(code));
	}
}

/* --- our client ----------------------------------------------------------- */

static void write_body(struct stream_chain *c, size_t size, size_t chunk, bool trailer)
{
	struct out o = OUT(body, sizeof(body));
	size_t at, n;
	uint8_t digest[SHA256_BYTES];

	for (at = 0; at < size; at += n) {
		n = size - at < chunk ? size - at : chunk;
		sha256_of(letters, n, digest);
		assert_int_equal(stream_write_chunk(&o, c, n, digest), 0);
		out_bytes(&o, letters, n);
		out_text(&o, "\r\n");
	}
	sha256_of("", 0, digest);
	assert_int_equal(stream_write_chunk(&o, c, 0, digest), 0);
	if (trailer)
		assert_int_equal(stream_write_trailer(&o, c, STR("x-amz-checksum-crc32c"),
						      STR("sOO8/Q==")), 0);
	else
		out_text(&o, "\r\n");
	assert_int_equal(o.err, 0);
	body_len = o.len;
	assert_int_equal(o.len, stream_length(c, size, chunk, trailer ? 21 + 8 : 0));
}

static void written(void **state)
{
	struct sig_signer s = {
		.region = STR("us-east-1"), .service = STR("s3"), .now = EXAMPLE_NOW,
	};
	static char expected[2 * SIZE];
	struct stream_chain c;
	size_t expected_len;
	uint8_t scalar[32];
	int form;

	(void)state;
	make_body(trailer_signatures, TRAILER "\r\n" TRAILER_SIGNED "\r\n\r\n");
	expected_len = body_len;
	memcpy(expected, body, body_len);
	assert_int_equal(begin(trailer_head), S3_OK);
	s.key.hmac = &hmac;
	assert_int_equal(stream_chain_init(&c, &s, request.claim.signature), 0);
	write_body(&c, SIZE, 65536, true);
	assert_int_equal(body_len, expected_len);
	assert_memory_equal(body, expected, body_len);

	/* The four others against our server alone. */
	assert_int_equal(sig_derive_ecdsa(STR(EXAMPLE_SECRET), STR(EXAMPLE_KEY), scalar), 0);
	s.key.ecdsa = ecdsa_private(scalar);
	for (form = 0; form < 4; form++) {
		struct sig_claim claim = request.claim;
		bool trailer = form & 1;

		s.algorithm = SIG_ECDSA;
		claim.algorithm = SIG_ECDSA;
		claim.scope.whole = STR("20130524/s3/aws4_request");
		claim.payload = form < 2 ? SIG_PAYLOAD_CHUNKS + trailer :
					   SIG_PAYLOAD_UNSIGNED_TRAILER;
		assert_int_equal(s3_stream_init(&stream, &claim, &s.key, STR("66560"),
						trailer ? STR("x-amz-checksum-crc32c") : STR_NONE),
				 S3_OK);
		assert_int_equal(stream_chain_init(&c, &s, claim.signature), 0);
		write_body(form < 2 ? &c : NULL, SIZE, 8192, trailer);
		assert_int_equal(feed(1000), S3_OK);
		if (form < 2) {
			body[20000] ^= 1;
			assert_int_equal(s3_stream_init(&stream, &claim, &s.key, STR("66560"),
							STR("x-amz-checksum-crc32c")), S3_OK);
			assert_int_equal(feed(1000), S3_SIGNATURE_DOES_NOT_MATCH);
		}
	}
	ecdsa_free(s.key.ecdsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples), cmocka_unit_test(cut), cmocka_unit_test(damaged),
		cmocka_unit_test(unsigned_streams), cmocka_unit_test(written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
