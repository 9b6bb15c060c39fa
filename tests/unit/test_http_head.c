// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Heads of HTTP messages, whole and in pieces, each ending at a closed page; and
 * what two readers could understand in two ways, which must be refused.
 */
#include "text_util.h"

#include "http/head.h"

static const char good[] =
	"PUT /bucket/a%20key?partNumber=1&uploadId=x HTTP/1.1\r\n"
	"Host: s3.example.org:9000\r\n"
	"content-LENGTH:  12\t \r\n"
	"x-amz-meta-a: one  two\r\n"
	"X-Amz-Meta-A: three\r\n"
	"x-empty:\r\n"
	"x-high: \xc3\xa9\r\n"
	"Expect: 100-Continue\r\n"
	"Connection: foo, Close\r\n"
	"\r\n"
	"twelve bytes";

/* Parse a copy that ends at a closed page; the head's base dangles afterwards. */
static enum http_parse parse_edge(struct http_head *h, const char *text, size_t len)
{
	uint8_t *edge = edge_copy(text, len);
	enum http_parse rc = http_head_parse(h, (char *)edge, len);

	edge_free(edge, len);
	h->base = text;
	return rc;
}

static void check_good(struct http_head *h)
{
	unsigned int from = 0;
	struct str value;

	assert_int_equal(h->at, sizeof(good) - 1 - 12);
	assert_str(http_str(h, h->method), "PUT");
	assert_str(http_str(h, h->target), "/bucket/a%20key?partNumber=1&uploadId=x");
	assert_str(http_str(h, h->host), "s3.example.org:9000");
	assert_int_equal(h->minor, 1);
	assert_int_equal(h->fields, 8);
	assert_true(h->has_length && !h->chunked && h->expect_continue && !h->keep_alive);
	assert_int_equal(h->content_length, 12);
	assert_int_equal(http_body(h, false), HTTP_BODY_LENGTH);
	assert_true(http_find_next(h, STR("x-amz-meta-a"), &from, &value));
	assert_str(value, "one  two");
	assert_true(http_find_next(h, STR("x-amz-meta-a"), &from, &value));
	assert_str(value, "three");
	assert_false(http_find_next(h, STR("x-amz-meta-a"), &from, &value));
	assert_true(http_find(h, STR("X-EMPTY"), &value));
	assert_str(value, "");
	assert_false(http_find(h, STR("x-missing"), &value));
}

static void whole(void **state)
{
	struct http_head h;

	(void)state;
	http_head_init(&h, false);
	assert_int_equal(parse_edge(&h, good, sizeof(good) - 1), HTTP_DONE);
	check_good(&h);
}

/* Cut once at every place, and at every place at once. */
static void pieces(void **state)
{
	size_t head = sizeof(good) - 1 - 12, cut;
	struct http_head h;

	(void)state;
	for (cut = 0; cut < head; cut++) {
		http_head_init(&h, false);
		assert_int_equal(parse_edge(&h, good, cut), HTTP_MORE);
		assert_int_equal(parse_edge(&h, good, sizeof(good) - 1), HTTP_DONE);
		check_good(&h);
	}
	http_head_init(&h, false);
	for (cut = 0; cut < head; cut++)
		assert_int_equal(parse_edge(&h, good, cut), HTTP_MORE);
	assert_int_equal(parse_edge(&h, good, head), HTTP_DONE);
	check_good(&h);
}

static void requests(void **state)
{
	static const struct {
		const char *text;
		bool keep_alive, chunked;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false },
		{ "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false },
		{ "GET / HTTP/1.0\r\n\r\n", false, false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false, false },
		{ "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", true, false },
		{ "GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n", true, false },
		{ "PUT /\xc3\xa9 HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: Chunked\r\n\r\n",
		  true, true },
		{ "PUT / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n",
		  true, false },
	};
	struct http_head h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		http_head_init(&h, false);
		assert_int_equal(parse_edge(&h, cases[i].text, strlen(cases[i].text)), HTTP_DONE);
		assert_int_equal(h.at, strlen(cases[i].text));
		assert_int_equal(h.keep_alive, cases[i].keep_alive);
		assert_int_equal(http_body(&h, false) == HTTP_BODY_CHUNKED, cases[i].chunked);
	}
}

/* The whole head, or only its first line or its fields. */
#define GET	"GET / HTTP/1.1\r\n"
#define HOST	"Host: a\r\n"

static void refused(void **state)
{
	static const struct {
		enum http_error error;
		const char *text;
	} cases[] = {
		{ HTTP_ERR_METHOD, " / HTTP/1.1\r\n" },
		{ HTTP_ERR_METHOD, "GE(T / HTTP/1.1\r\n" },
		{ HTTP_ERR_METHOD, "\x16\x03\x01\x02\r\n" },
		{ HTTP_ERR_START, "GET\r\n" },
		{ HTTP_ERR_START, "GET /\r\n" },
		{ HTTP_ERR_TARGET, "GET  / HTTP/1.1\r\n" },
		{ HTTP_ERR_TARGET, "GET a HTTP/1.1\r\n" },
		{ HTTP_ERR_TARGET, "CONNECT a:443 HTTP/1.1\r\n" },
		{ HTTP_ERR_TARGET, "GET /\t HTTP/1.1\r\n" },
		{ HTTP_ERR_TARGET, "GET /\x7f HTTP/1.1\r\n" },
		{ HTTP_ERR_VERSION, "GET / HTTP/1.1 \r\n" },
		{ HTTP_ERR_VERSION, "GET / x HTTP/1.1\r\n" },
		{ HTTP_ERR_VERSION, "GET / HTTP/2.0\r\n" },
		{ HTTP_ERR_VERSION, "GET / HTTP/1.2\r\n" },
		{ HTTP_ERR_VERSION, "GET / http/1.1\r\n" },
		{ HTTP_ERR_VERSION, "GET / HTTP/1.1\r\r\n" },
		{ HTTP_ERR_LINE_END, "GET / HTTP/1.1\n" },
		{ HTTP_ERR_LINE_END, "\n" },
		{ HTTP_ERR_METHOD, "\r\n\r\n\r\nGET / HTTP/1.1\r\n" },
		{ HTTP_ERR_LINE_END, GET "Host: a\n" },
		{ HTTP_ERR_LINE_END, GET HOST "\n" },
		{ HTTP_ERR_VALUE, GET "Host: a\rb\r\n" },
		{ HTTP_ERR_VALUE, GET "x: a\1b\r\n" },
		{ HTTP_ERR_VALUE, GET "x: a\x7f\r\n" },
		{ HTTP_ERR_FOLDED, GET "x: a\r\n b\r\n" },
		{ HTTP_ERR_FOLDED, GET " x: a\r\n" },
		{ HTTP_ERR_FOLDED, GET "x: a\r\n\t\r\n" },
		{ HTTP_ERR_NAME, GET "Host : a\r\n" },
		{ HTTP_ERR_NAME, GET ": a\r\n" },
		{ HTTP_ERR_NAME, GET "x\r\n" },
		{ HTTP_ERR_NAME, GET "x\xc3\xa9: a\r\n" },
		{ HTTP_ERR_NAME, GET "x\1: a\r\n" },
		{ HTTP_ERR_HOST, GET "\r\n" },
		{ HTTP_ERR_HOST, GET HOST HOST },
		{ HTTP_ERR_HOST, GET "Host: a b\r\n" },
		{ HTTP_ERR_HOST, GET "Host: a/b\r\n" },
		{ HTTP_ERR_HOST, GET "Host: a@b\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: \r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: +1\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: -1\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: 0x1\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: 1, 1\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: 1 1\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: 9223372036854775808\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: 18446744073709551617\r\n" },
		{ HTTP_ERR_LENGTH, GET HOST "Content-Length: 1\r\ncontent-length: 1\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding: gzip\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding: gzip, chunked\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding: chunked, identity\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding: xchunked\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding: \"chunked\"\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding:\r\n" },
		{ HTTP_ERR_CODING, GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" },
		{ HTTP_ERR_VALUE, GET HOST "Transfer-Encoding: chunked\x0b\r\n" },
		{ HTTP_ERR_FRAMING, GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n" },
		{ HTTP_ERR_FRAMING, GET HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ HTTP_ERR_FRAMING, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
	};
	struct http_head h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		http_head_init(&h, false);
		if (parse_edge(&h, cases[i].text, strlen(cases[i].text)) != HTTP_BAD ||
		    h.error != cases[i].error)
			fail_msg("\"%s\": %s", cases[i].text, http_error_text(h.error));
		assert_in_range(http_error_status(h.error), 400, 505);
	}
}

/* With a NUL anywhere no head is complete. */
static void nul(void **state)
{
	size_t head = sizeof(good) - 1 - 12, at;
	char text[sizeof(good)];
	struct http_head h;

	(void)state;
	for (at = 0; at < head; at++) {
		memcpy(text, good, sizeof(good));
		text[at] = '\0';
		http_head_init(&h, false);
		assert_int_equal(parse_edge(&h, text, sizeof(good) - 1),
				 at == head - 1 ? HTTP_MORE : HTTP_BAD);
	}
}

static enum http_error limit(const char *start, const char *repeat, size_t times)
{
	static char text[2 * HTTP_HEAD_MAX];
	struct out o = OUT(text, sizeof(text));
	struct http_head h;

	out_text(&o, start);
	while (times--)
		out_text(&o, repeat);
	assert_int_equal(o.err, 0);
	http_head_init(&h, false);
	assert_int_equal(http_head_parse(&h, text, o.len), HTTP_BAD);
	return h.error;
}

static void limits(void **state)
{
	char text[8192], line[1024];
	struct out o = OUT(text, sizeof(text));
	struct http_head h;
	unsigned int i;

	(void)state;
	assert_int_equal(limit("GET /", "a", HTTP_LINE_MAX), HTTP_ERR_LONG_TARGET);
	assert_int_equal(limit(GET "a: ", "a", HTTP_LINE_MAX), HTTP_ERR_LONG_LINE);
	assert_int_equal(limit(GET HOST, "a: b\r\n", HTTP_FIELDS_MAX), HTTP_ERR_FIELDS);
	memset(line, 'a', sizeof(line));
	memcpy(line, "a: ", 3);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	assert_int_equal(limit(GET, line, HTTP_HEAD_MAX / sizeof(line) + 1), HTTP_ERR_LONG_HEAD);
	out_text(&o, GET HOST);
	for (i = 1; i < HTTP_FIELDS_MAX; i++)
		out_text(&o, "a: b\r\n");
	out_text(&o, "\r\n");
	http_head_init(&h, false);
	assert_int_equal(http_head_parse(&h, text, o.len), HTTP_DONE);
	assert_int_equal(h.fields, HTTP_FIELDS_MAX);
}

static void responses(void **state)
{
	static const struct {
		const char *text;
		unsigned int status;
		enum http_body body, of_head;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, HTTP_BODY_LENGTH, HTTP_BODY_NONE },
		{ "HTTP/1.1 200 OK\r\n\r\n", 200, HTTP_BODY_CLOSE, HTTP_BODY_NONE },
		{ "HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\n\r\n", 404, HTTP_BODY_CHUNKED,
		  HTTP_BODY_NONE },
		{ "HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n", 204, HTTP_BODY_NONE, HTTP_BODY_NONE },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, HTTP_BODY_NONE,
		  HTTP_BODY_NONE },
		{ "HTTP/1.1 100 Continue\r\nExpect: nothing\r\n\r\n", 100, HTTP_BODY_NONE,
		  HTTP_BODY_NONE },
	};
	static const char *const bad[] = {
		"HTTP/1.1\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 600 No\r\n", "HTTP/1.1 099 No\r\n",
		"HTTP/1.1 200OK\r\n", "HTTP/3 200 OK\r\n", "\r\n", "HTTP/1.1 200 O\1K\r\n",
		"HTTP/1.1 200 OK\n", "HTTP/1.1  200 OK\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	};
	struct http_head h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		http_head_init(&h, true);
		assert_int_equal(parse_edge(&h, cases[i].text, strlen(cases[i].text)), HTTP_DONE);
		assert_int_equal(h.status, cases[i].status);
		assert_int_equal(http_body(&h, false), cases[i].body);
		assert_int_equal(http_body(&h, true), cases[i].of_head);
	}
	for (i = 0; i < COUNT(bad); i++) {
		http_head_init(&h, true);
		if (parse_edge(&h, bad[i], strlen(bad[i])) != HTTP_BAD)
			fail_msg("\"%s\" is taken for a response", bad[i]);
	}
}

/* What is written can be read; what a stranger chose cannot end a line. */
static void written(void **state)
{
	char text[256];
	struct out o = OUT(text, sizeof(text));
	struct http_head h;
	struct str value;

	(void)state;
	http_write_status(&o, 206);
	http_write_field(&o, STR("Content-Type"), STR("text/plain\r\nSet-Cookie: a\0b\t"));
	http_write_field(&o, STR("ETag"), STR(""));
	out_text(&o, "\r\n");
	assert_out(&o, "HTTP/1.1 206 Partial Content\r\n"
		   "Content-Type: text/plain  Set-Cookie: a b\t\r\nETag: \r\n\r\n");
	http_head_init(&h, true);
	assert_int_equal(http_head_parse(&h, text, o.len), HTTP_DONE);
	assert_int_equal(h.fields, 2);
	assert_true(http_find(&h, STR("etag"), &value));
	assert_str(value, "");
	assert_string_equal(http_status_text(599), "Status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(pieces), cmocka_unit_test(requests),
		cmocka_unit_test(refused), cmocka_unit_test(nul), cmocka_unit_test(limits),
		cmocka_unit_test(responses), cmocka_unit_test(written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
