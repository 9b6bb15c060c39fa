// SPDX-License-Identifier: GPL-2.0-or-later
/* What guests read from others: requests of HTTP and RESP, headers of an archive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/request.h"
#include "http/tar.h"
#include "kv/resp.h"
#include "kv/store.h"

#define HOST	"Host: a\r\n"

/* In memory of just that size, where a byte beyond its end is found. */
static int http_bytes(const char *text, size_t len, struct http_request *rq)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, text, len);
	ret = http_parse(copy, len, rq);
	free(copy);
	return ret;
}

static struct http_request http_good(const char *text)
{
	struct http_request rq;
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		assert_int_equal(http_bytes(text, i, &rq), 0);
	if (http_bytes(text, len, &rq) != len)
		fail_msg("%s", text);
	return rq;
}

static void http_bad(const char *text, int status)
{
	struct http_request rq;
	int ret = http_bytes(text, strlen(text), &rq);

	if (ret != -status)
		fail_msg("%s: %d", text, ret);
}

static void test_http_good(void **state)
{
	struct http_request rq;

	(void)state;
	rq = http_good("GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_true(rq.keep && !rq.head && !rq.ranged);
	assert_string_equal(rq.path, "");
	rq = http_good("HEAD /a%20b/%2e/c?d=e HTTP/1.0\n\n");
	assert_true(!rq.keep && rq.head);
	assert_string_equal(rq.path, "a b/./c");
}

static void test_http_fields(void **state)
{
	struct http_request rq;

	(void)state;
	rq = http_good("GET /x HTTP/1.1\r\n" HOST "Connection: close\r\nRANGE:bytes=5-9\r\n\r\n");
	assert_true(!rq.keep && rq.ranged && rq.first == 5 && rq.last == 9);
	rq = http_good("GET /x HTTP/1.0\r\nconnection: Keep-Alive\r\nrange: bytes=-7\r\n\r\n");
	assert_true(rq.keep && rq.ranged && rq.first == ~0ull && rq.last == 7);
	rq = http_good("GET /x HTTP/1.1\r\n" HOST "Range: bytes=7-\r\nContent-Length: 0\r\n\r\n");
	assert_true(rq.ranged && rq.first == 7 && rq.last == ~0ull);
	/* No good range is no range. */
	assert_false(http_good("GET / HTTP/1.1\r\n" HOST "Range: bytes=9-5\r\n\r\n").ranged);
	assert_false(http_good("GET / HTTP/1.1\r\n" HOST "Range: bytes=-\r\n\r\n").ranged);
	assert_false(http_good("GET / HTTP/1.1\r\n" HOST "Range: bytes=1-2,4-5\r\n\r\n").ranged);
	assert_false(http_good("GET / HTTP/1.1\r\n" HOST "Range: lines=1-2\r\n\r\n").ranged);
	assert_false(http_good("GET / HTTP/1.1\r\n" HOST
			       "Range: bytes=99999999999999999999-\r\n\r\n").ranged);
}

static void test_http_bad(void **state)
{
	char big[2 * HTTP_HEAD_MAX];
	struct http_request rq;
	size_t n;

	(void)state;
	http_bad("\r\n\r\n", 400);
	http_bad("GET\r\n\r\n", 400);
	http_bad("GET /\r\n\r\n", 400);
	http_bad("GET / HTTP/1.1\r\n\r\n", 400);		/* no host */
	http_bad("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
	http_bad("GET  / HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET / HTTP/1.1 \r\n" HOST "\r\n", 400);
	http_bad("GET / HTTP/2.0\r\n" HOST "\r\n", 505);
	http_bad("GET / HTTQ/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET x HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET /%0 HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET /.. HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("GET /a/%2e%2e/b HTTP/1.1\r\n" HOST "\r\n", 400);
	http_bad("POST / HTTP/1.1\r\n" HOST "\r\n", 405);
	http_bad("get / HTTP/1.1\r\n" HOST "\r\n", 405);
	http_bad("GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 413);
	http_bad("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 501);
	http_bad("GET / HTTP/1.1\r\n" HOST "a : b\r\n\r\n", 400);
	http_bad("GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", 400);
	http_bad("GET / HTTP/1.1\r\n" HOST "none\r\n\r\n", 400);
	http_bad("GET / HTTP/1.1\r\n" HOST "a: \x01\r\n\r\n", 400);
	http_bad("GET / HTTP/1.1\r\n" HOST "a: b\rc: d\r\n\r\n", 400);
	n = sprintf(big, "GET /");
	memset(big + n, 'a', HTTP_PATH_MAX);
	sprintf(big + n + HTTP_PATH_MAX, " HTTP/1.1\r\n" HOST "\r\n");
	http_bad(big, 414);
	n = sprintf(big, "GET / HTTP/1.1\r\n" HOST);
	while (n < 1000)
		n += sprintf(big + n, "a: b\r\n");
	sprintf(big + n, "\r\n");
	http_bad(big, 431);
	memset(big, 'a', sizeof(big));
	assert_int_equal(http_bytes(big, HTTP_HEAD_MAX - 1, &rq), 0);
	assert_int_equal(http_bytes(big, HTTP_HEAD_MAX, &rq), -431);
}

static long resp_bytes(const char *text, size_t len, struct resp_request *rq)
{
	uint8_t *copy = malloc(len ? len : 1);
	const char *why = NULL;
	long ret;

	assert_non_null(copy);
	memcpy(copy, text, len);
	ret = resp_parse(copy, len, rq, &why);
	assert_true(ret >= 0 || why);
	free(copy);
	return ret;
}

static void test_resp(void **state)
{
	static const char *const bad[] = {
		"*-1\r\n", "*65\r\n", "*x\r\n", "*1\n", "*01\r\n", "*99999999999999999999\r\n",
		"*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$8193\r\n", "*1\r\n$1\r\nabc",
		"*1\r\n$1\r\na\n\r", "*1\r\n*1\r\n", "*+1\r\n", "* 1\r\n",
	};
	static const char good[] = "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n";
	struct resp_request rq;
	char line[RESP_LINE_MAX + 1];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) - 1; i++)
		assert_int_equal(resp_bytes(good, i, &rq), 0);
	assert_int_equal(resp_bytes(good, i, &rq), i);
	assert_int_equal(rq.count, 3);
	assert_int_equal(rq.word[1].len, 0);
	assert_int_equal(rq.word[2].len, 4);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (resp_bytes(bad[i], strlen(bad[i]), &rq) != -1)
			fail_msg("%s", bad[i]);
	assert_int_equal(resp_bytes("*0\r\n", 4, &rq), 4);
	assert_int_equal(rq.count, 0);
	assert_int_equal(resp_bytes(" get  a\r\nx", 10, &rq), 9);
	assert_int_equal(rq.count, 2);
	memset(line, 'a', sizeof(line));
	assert_int_equal(resp_bytes(line, RESP_LINE_MAX - 1, &rq), 0);
	assert_int_equal(resp_bytes(line, RESP_LINE_MAX, &rq), -1);
	memset(line, ' ', sizeof(line));
	for (i = 0; i <= RESP_WORDS; i++)
		line[2 * i] = 'w';
	line[2 * i] = '\n';
	assert_int_equal(resp_bytes(line, 2 * i + 1, &rq), -1);
}

static void test_numbers(void **state)
{
	static const struct { const char *text; bool good; int64_t value; } cases[] = {
		{ "0", true, 0 }, { "-1", true, -1 }, { "42", true, 42 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
		{ "", false, 0 }, { "-", false, 0 }, { "-0", false, 0 }, { "01", false, 0 },
		{ "1a", false, 0 }, { " 1", false, 0 }, { "99999999999999999999", false, 0 },
	};
	int64_t v;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		v = 0;
		if (resp_number((const uint8_t *)cases[i].text, strlen(cases[i].text), &v) !=
		    cases[i].good || v != cases[i].value)
			fail_msg("%s", cases[i].text);
	}
}

static void put_sum(uint8_t *block)
{
	unsigned int i, sum = 0;

	memset(block + 148, ' ', 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	sprintf((char *)block + 148, "%06o", sum);
}

static void test_tar(void **state)
{
	uint8_t *block = calloc(1, TAR_BLOCK);
	struct tar_file file;

	(void)state;
	assert_non_null(block);
	assert_int_equal(tar_parse(block, &file), 0);
	memcpy(block, "./name", 6);
	memcpy(block + 124, "00000000017", 11);
	block[156] = '0';
	memcpy(block + 257, "ustar\0" "00", 8);
	put_sum(block);
	assert_int_equal(tar_parse(block, &file), 1);
	assert_string_equal(file.name, "name");
	assert_true(file.regular && file.size == 15);
	block[0] ^= 1;
	assert_int_equal(tar_parse(block, &file), -1);
	memset(block, 'n', 100);
	memset(block + 345, 'p', 155);
	block[156] = '5';
	put_sum(block);
	assert_int_equal(tar_parse(block, &file), 1);
	assert_int_equal(strlen(file.name), 256);
	assert_false(file.regular);
	block[124] = 0x80;				/* a size in base 256 */
	put_sum(block);
	assert_int_equal(tar_parse(block, &file), -1);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_good), cmocka_unit_test(test_http_fields),
		cmocka_unit_test(test_http_bad), cmocka_unit_test(test_resp),
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_tar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
