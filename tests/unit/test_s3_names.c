// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of buckets and keys, copy sources, checksums and ETags. */
#include "text_util.h"

#include "s3/checksum.h"
#include "s3/names.h"

static struct s3_fault fault;

static void bucket_names(void **state)
{
	static const char *const good[] = {
		"abc", "a-b.c", "123", "1.2.3", "1.2.3.256", "a--b", "my-bucket.example.org",
		"012345678901234567890123456789012345678901234567890123456789012",
	};
	static const char *const bad[] = {
		"", "ab", "Abc", "a_b", "a b", "-abc", "abc-", ".abc", "abc.", "a..b", "a.-b",
		"a-.b", "192.168.0.1",
		"xn--abc", "sthree-abc", "abc-s3alias", "abc--ol-s3", "abc--x-s3", "abc.mrap",
		"a/bc", "abc\n", "\xc3\xa9" "abc",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!s3_bucket_name_ok(str_of(good[i])))
			fail_msg("\"%s\" is refused", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (s3_bucket_name_ok(str_of(bad[i])))
			fail_msg("\"%s\" is taken for a name", bad[i]);
	assert_false(s3_bucket_name_ok((struct str){ "ab\0c", 4 }));
}

static void targets(void **state)
{
	static const struct {
		const char *path, *bucket, *key;
	} good[] = {
		{ "/", NULL, NULL }, { "/b", "b", NULL }, { "/b/", "b", NULL },
		{ "/b/k", "b", "k" },
		{ "/b//k", "b", "/k" }, { "/b/./k/../", "b", "./k/../" },
		{ "/b/k%20+", "b", "k +" }, { "/b/a%2Fb", "b", "a/b" },
		{ "/b/\xc3\xa9", "b", "\xc3\xa9" }, { "/b/%C3%A9", "b", "\xc3\xa9" },
	};
	static const struct {
		const char *path;
		enum s3_code code;
	} bad[] = {
		{ "", S3_INVALID_URI }, { "b/k", S3_INVALID_URI },
		{ "//k", S3_INVALID_BUCKET_NAME }, { "/b/%", S3_INVALID_URI },
		{ "/b/%zz", S3_INVALID_URI }, { "/b/a%00b", S3_INVALID_URI },
		{ "/b/%ff", S3_INVALID_URI }, { "/a%2Fb/k", S3_INVALID_BUCKET_NAME },
		{ "/%zz/k", S3_INVALID_BUCKET_NAME },
		{ "/0123456789012345678901234567890123456789012345678901234567890123/k",
		  S3_INVALID_BUCKET_NAME },
	};
	static struct s3_target t;
	char path[2 * S3_KEY_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(s3_target_from_path(str_of(good[i].path), &t, &fault), S3_OK);
		assert_true(!t.bucket.at == !good[i].bucket && !t.key.at == !good[i].key);
		assert_true(str_equal(t.bucket, str_of(good[i].bucket)));
		assert_true(str_equal(t.key, str_of(good[i].key)));
	}
	for (i = 0; i < COUNT(bad); i++)
		if (s3_target_from_path(str_of(bad[i].path), &t, &fault) != bad[i].code)
			fail_msg("\"%s\": %s", bad[i].path, s3_code_name(fault.code));
	memset(path, 'a', sizeof(path));
	memcpy(path, "/b/", 3);
	assert_int_equal(s3_target_from_path((struct str){ path, 3 + S3_KEY_MAX }, &t, &fault),
			 S3_OK);
	assert_int_equal(t.key.len, S3_KEY_MAX);
	assert_int_equal(s3_target_from_path((struct str){ path, 4 + S3_KEY_MAX }, &t, &fault),
			 S3_KEY_TOO_LONG);
	assert_int_equal(s3_target_from_host(STR("b"), STR("/a/b"), &t, &fault), S3_OK);
	assert_str(t.key, "a/b");
	assert_int_equal(s3_target_from_host(STR("b"), STR("/"), &t, &fault), S3_OK);
	assert_null(t.key.at);
}

static void copy_sources(void **state)
{
	static const struct {
		const char *value, *bucket, *key, *version;
	} good[] = {
		{ "b/k", "b", "k", "" }, { "/b/k", "b", "k", "" },
		{ "b/k%3Fx%20y", "b", "k?x y", "" },
		{ "b/k?versionId=v1", "b", "k", "v1" }, { "b/a?b", "b", "a?b", "" },
		{ "b/a?versionId=x?versionId=null", "b", "a?versionId=x", "null" },
		{ "b/a/b+c", "b", "a/b+c", "" }, { "%62/k", "b", "k", "" },
	};
	static const char *const bad[] = {
		"", "/", "b", "b/", "/b/", "//k", "b/%zz", "b/k?versionId=", "b/%00", "?versionId=1",
	};
	static struct s3_copy_source c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(s3_copy_source_parse(str_of(good[i].value), &c, &fault), S3_OK);
		assert_str(c.from.bucket, good[i].bucket);
		assert_str(c.from.key, good[i].key);
		assert_string_equal(c.version, good[i].version);
	}
	for (i = 0; i < COUNT(bad); i++)
		if (s3_copy_source_parse(str_of(bad[i]), &c, &fault) != S3_INVALID_ARGUMENT)
			fail_msg("\"%s\" is taken for a source", bad[i]);
}

static void checksums(void **state)
{
	struct s3_checksum_value v;
	char text[S3_CHECKSUM_TEXT_MAX];
	struct out o = OUT(text, sizeof(text));
	unsigned int kind;

	(void)state;
	assert_true(s3_checksum_parse(S3_CRC32, STR("NhCmhg=="), &v));
	assert_int_equal(v.parts, 0);
	assert_memory_equal(v.bytes, "\x36\x10\xa6\x86", 4);
	assert_true(s3_checksum_parse(S3_CRC32, STR("NhCmhg==-10000"), &v));
	s3_checksum_write(&o, &v);
	assert_out(&o, "NhCmhg==-10000");
	assert_false(s3_checksum_parse(S3_CRC32, STR("NhCmhg==-0"), &v) ||
		     s3_checksum_parse(S3_CRC32, STR("NhCmhg==-10001"), &v) ||
		     s3_checksum_parse(S3_CRC32, STR("NhCmhg==-"), &v) ||
		     s3_checksum_parse(S3_CRC32, STR("NhCmhg"), &v) ||
		     s3_checksum_parse(S3_CRC64NVME, STR("NhCmhg=="), &v) ||
		     s3_checksum_parse(S3_CRC32, STR(""), &v));
	for (kind = 0; kind < S3_CHECKSUMS; kind++) {
		assert_int_equal(s3_checksum_of_header(s3_checksum_header(kind)), kind);
		assert_int_equal(s3_checksum_of_name(str_of(s3_checksum_name(kind))), kind);
		assert_true(s3_checksum_bytes(kind) <= S3_CHECKSUM_BYTES_MAX);
	}
	assert_int_equal(s3_checksum_type_check(S3_CRC64NVME, S3_FULL_OBJECT, &fault), S3_OK);
	assert_int_equal(s3_checksum_type_check(S3_CRC64NVME, S3_COMPOSITE, &fault),
			 S3_INVALID_REQUEST);
	assert_int_equal(s3_checksum_type_check(S3_SHA256, S3_FULL_OBJECT, &fault),
			 S3_INVALID_REQUEST);
}

static void from_heads(void **state)
{
#define SDK	"x-amz-sdk-checksum-algorithm: "
	static const struct {
		const char *fields;
		enum s3_code code;
		enum s3_checksum algorithm;
	} cases[] = {
		{ "", S3_OK, S3_NO_CHECKSUM },
		{ "x-amz-checksum-crc32: NhCmhg==\r\n", S3_OK, S3_CRC32 },
		{ "X-Amz-Checksum-CRC32: NhCmhg==\r\n" SDK "CRC32\r\n", S3_OK, S3_CRC32 },
		{ "x-amz-trailer: x-amz-checksum-crc64nvme\r\n" SDK "crc64nvme\r\n", S3_OK,
		  S3_CRC64NVME },
		{ "x-amz-checksum-algorithm: SHA256\r\nx-amz-checksum-mode: ENABLED\r\n", S3_OK,
		  S3_NO_CHECKSUM },
		{ "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\r\n", S3_OK, S3_NO_CHECKSUM },
		{ "x-amz-checksum-crc32: x\r\n", S3_INVALID_REQUEST, 0 },
		{ "x-amz-checksum-crc32: NhCmhg==-2\r\n", S3_INVALID_REQUEST, 0 },
		{ "x-amz-checksum-crc33: NhCmhg==\r\n", S3_INVALID_REQUEST, 0 },
		{ "x-amz-checksum-crc32: NhCmhg==\r\nx-amz-checksum-crc32c: NhCmhg==\r\n",
		  S3_INVALID_REQUEST, 0 },
		{ "x-amz-checksum-crc32: NhCmhg==\r\nx-amz-trailer: x-amz-checksum-crc32\r\n",
		  S3_INVALID_REQUEST, 0 },
		{ "x-amz-trailer: x-amz-checksum-md5\r\n", S3_INVALID_REQUEST, 0 },
		{ SDK "CRC32\r\n", S3_INVALID_REQUEST, 0 }, { SDK "MD5\r\n", S3_INVALID_REQUEST, 0 },
		{ "x-amz-checksum-crc32: NhCmhg==\r\n" SDK "CRC32C\r\n", S3_INVALID_REQUEST, 0 },
		{ "Content-MD5: abc\r\n", S3_INVALID_DIGEST, 0 },
		{ "Content-MD5: NhCmhg==\r\n", S3_INVALID_DIGEST, 0 },
	};
	struct s3_checksum_request r;
	struct http_head h;
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct out o = OUT(text, sizeof(text));

		out_text(&o, "PUT / HTTP/1.1\r\nHost: a\r\n");
		out_text(&o, cases[i].fields);
		out_text(&o, "\r\n");
		http_head_init(&h, false);
		assert_int_equal(http_head_parse(&h, text, o.len), HTTP_DONE);
		if (s3_checksum_from_head(&h, &r, &fault) != cases[i].code)
			fail_msg("\"%s\": %s", cases[i].fields, s3_code_name(fault.code));
		if (!cases[i].code)
			assert_int_equal(r.algorithm, cases[i].algorithm);
	}
}

static void etags(void **state)
{
	uint8_t md5[S3_MD5_BYTES];
	uint32_t parts;
	char text[S3_ETAG_MAX];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	assert_true(s3_etag_parse(STR("\"5D41402abc4b2a76b9719d911017c592-12\""), md5, &parts));
	assert_int_equal(parts, 12);
	s3_etag_write(&o, md5, parts);
	assert_out(&o, "5d41402abc4b2a76b9719d911017c592-12");
	assert_true(s3_etag_parse(STR("5d41402abc4b2a76b9719d911017c592"), md5, &parts));
	assert_int_equal(parts, 0);
	assert_false(s3_etag_parse(STR(""), md5, &parts) ||
		     s3_etag_parse(STR("\""), md5, &parts) ||
		     s3_etag_parse(STR("5d41402abc4b2a76b9719d911017c59"), md5, &parts) ||
		     s3_etag_parse(STR("5d41402abc4b2a76b9719d911017c59g"), md5, &parts) ||
		     s3_etag_parse(STR("5d41402abc4b2a76b9719d911017c592-"), md5, &parts) ||
		     s3_etag_parse(STR("5d41402abc4b2a76b9719d911017c592-0"), md5, &parts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_names), cmocka_unit_test(targets),
		cmocka_unit_test(copy_sources), cmocka_unit_test(checksums),
		cmocka_unit_test(from_heads), cmocka_unit_test(etags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
