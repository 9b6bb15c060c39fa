// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of lists and parts, and headers of objects. */
#include "text_util.h"

#include "s3/params.h"

static struct s3_fault fault;
static struct s3_params params;

#define V2	\
	"list-type=2&prefix=a%2Fb+c&delimiter=/&max-keys=5&start-after=%C3%A9&fetch-owner=true&encoding-type=url&continuation-token=t"
#define UPLOADS	"max-uploads=2&key-marker=k&upload-id-marker=u&prefix=p"

static void lists(void **state)
{
	struct s3_uploads u;
	struct s3_list l;

	(void)state;
	assert_int_equal(s3_list_from_query(&params, STR(V2), S3_LIST_V2, &l, &fault), S3_OK);
	assert_str(l.prefix, "a/b c");
	assert_str(l.delimiter, "/");
	assert_str(l.marker, "\xc3\xa9");
	assert_str(l.token, "t");
	assert_int_equal(l.max_keys, 5);
	assert_true(l.fetch_owner && l.encode_url);
	assert_int_equal(s3_list_from_query(&params, STR_NONE, S3_LIST_V1, &l, &fault), S3_OK);
	assert_int_equal(l.max_keys, S3_LIST_MAX);
	assert_null(l.prefix.at);
	assert_int_equal(s3_list_from_query(&params, STR("delimiter=&max-keys=&marker=m"),
					    S3_LIST_V1, &l, &fault), S3_OK);
	assert_null(l.delimiter.at);
	assert_str(l.marker, "m");
	assert_int_equal(l.max_keys, S3_LIST_MAX);
	assert_int_equal(s3_list_from_query(&params, STR("max-keys=0"), S3_LIST_V1, &l, &fault),
			 S3_OK);
	assert_int_equal(l.max_keys, 0);
	assert_int_equal(s3_list_from_query(&params, STR("max-keys=2147483647"), S3_LIST_V1, &l,
					    &fault), S3_OK);
	assert_int_equal(l.max_keys, S3_LIST_MAX);
	assert_int_equal(s3_list_from_query(&params, STR("key-marker=k&version-id-marker=v"),
					    S3_LIST_VERSIONS, &l, &fault), S3_OK);
	assert_str(l.version_marker, "v");
	assert_int_equal(s3_uploads_from_query(&params, STR(UPLOADS), &u, &fault), S3_OK);
	assert_int_equal(u.max_uploads, 2);
	assert_str(u.upload_marker, "u");
}

static void bad_lists(void **state)
{
	static const struct {
		enum s3_list_kind kind;
		const char *query, *words;
	} cases[] = {
		{ S3_LIST_V1, "max-keys=x", "Provided max-keys not an integer" },
		{ S3_LIST_V1, "max-keys=2147483648", "not an integer or within integer range" },
		{ S3_LIST_V1, "max-keys=-1", "between 0 and 2147483647" },
		{ S3_LIST_V1, "encoding-type=base64", "Invalid Encoding Method" },
		{ S3_LIST_V1, "prefix=%ff", "UTF-8" }, { S3_LIST_V1, "marker=a%00", "UTF-8" },
		{ S3_LIST_V2, "fetch-owner=maybe", "fetch-owner" },
		{ S3_LIST_VERSIONS, "version-id-marker=v", "without a key marker" },
	};
	static char text[2 * S3_PARAMS_TEXT];
	struct s3_list l;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (s3_list_from_query(&params, str_of(cases[i].query), cases[i].kind, &l,
				       &fault) != S3_INVALID_ARGUMENT ||
		    !strstr(fault.message, cases[i].words))
			fail_msg("\"%s\": %s", cases[i].query, fault.message);
	assert_int_equal(s3_list_from_query(&params, STR("prefix=%"), S3_LIST_V1, &l, &fault),
			 S3_INVALID_URI);
	memset(text, 'a', sizeof(text));
	memcpy(text, "prefix=", 7);
	assert_int_equal(s3_list_from_query(&params, (struct str){ text, sizeof(text) },
					    S3_LIST_V1, &l, &fault), S3_INVALID_URI);
}

static void part_numbers(void **state)
{
	static const char *const bad[] = { "0", "10001", "-1", "1x", "", "+1" };
	char query[32];
	uint32_t number;
	size_t i;

	(void)state;
	assert_int_equal(s3_part_number(&params, STR("uploadId=a&partNumber=10000"), &number,
					&fault), S3_OK);
	assert_int_equal(number, 10000);
	assert_int_equal(s3_part_number(&params, STR("uploadId=a"), &number, &fault), S3_OK);
	assert_int_equal(number, 0);
	for (i = 0; i < COUNT(bad); i++) {
		struct out o = OUT(query, sizeof(query));

		out_text(&o, "partNumber=");
		out_text(&o, bad[i]);
		assert_int_equal(s3_part_number(&params, out_written(&o), &number, &fault),
				 S3_INVALID_ARGUMENT);
	}
}

static void encodings(void **state)
{
	static const char *const cases[][2] = {
		{ "aws-chunked", "" }, { "aws-chunked,gzip", "gzip" },
		{ "gzip, AWS-Chunked", "gzip" },
		{ "gzip,  br", "gzip,  br" }, { "aws-chunked, deflate, gzip", "deflate, gzip" },
		{ "", "" }, { "aws-chunked,aws-chunked", "" },
	};
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct out o = OUT(text, sizeof(text));

		s3_content_encoding(&o, str_of(cases[i][0]));
		assert_out(&o, cases[i][1]);
	}
	assert_str(s3_response_override(STR("response-expires")), "Expires");
	assert_null(s3_response_override(STR("response-etag")).at);
}

static void metadata(void **state)
{
	char text[4096];
	struct out o = OUT(text, sizeof(text));
	struct http_head h;
	size_t value;

	(void)state;
	out_text(&o, "PUT / HTTP/1.1\r\nHost: a\r\nX-Amz-Meta-ab: ");
	value = o.len;
	memset(text + o.len, 'x', S3_METADATA_MAX - 2);
	o.len += S3_METADATA_MAX - 2;
	out_text(&o, "\r\n\r\n");
	http_head_init(&h, false);
	assert_int_equal(http_head_parse(&h, text, o.len), HTTP_DONE);
	assert_int_equal(s3_metadata_check(&h, &fault), S3_OK);
	/* One byte more. */
	text[value - 1] = 'x';
	http_head_init(&h, false);
	assert_int_equal(http_head_parse(&h, text, o.len), HTTP_DONE);
	assert_int_equal(s3_metadata_check(&h, &fault), S3_METADATA_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists), cmocka_unit_test(bad_lists),
		cmocka_unit_test(part_numbers), cmocka_unit_test(encodings),
		cmocka_unit_test(metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
