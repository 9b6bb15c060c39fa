// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands in heads: targets, queries, dates, ranges, conditions, media types. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "text_util.h"

#include "http/date.h"
#include "http/forwarded.h"
#include "http/media.h"
#include "http/range.h"
#include "http/uri.h"

static void targets(void **state)
{
	static const struct {
		const char *target, *host, *path, *query;
	} cases[] = {
		{ "/", "", "/", NULL }, { "/a//b/../c?", "", "/a//b/../c", "" },
		{ "/a?b=c?d", "", "/a", "b=c?d" }, { "*", "", "*", NULL },
		{ "http://h:1/a?b", "h:1", "/a", "b" }, { "https://h", "h", "/", NULL },
		{ "http://h?a", "h", "/", "a" },
	};
	struct uri u;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_true(uri_split(str_of(cases[i].target), &u));
		assert_str(u.host, cases[i].host);
		assert_str(u.path, cases[i].path);
		assert_int_equal(!u.query.at, !cases[i].query);
		assert_true(str_equal(u.query, str_of(cases[i].query)));
	}
	assert_false(uri_split(STR("http:///a"), &u) || uri_split(STR("a"), &u) ||
		     uri_split(STR("?a"), &u) || uri_split(STR(""), &u));
}

static void percent(void **state)
{
	static const char *const bad[] = { "%", "%2", "a%", "%2g", "%g2", "%%20", "%-1" };
	char all[256], text[1024], back[256];
	struct out o = OUT(text, sizeof(text));
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all); i++)
		all[i] = i;
	uri_encode(&o, (struct str){ all, sizeof(all) }, 0);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.len, 66 + 190 * 3);
	assert_int_equal(uri_decode(out_written(&o), back, sizeof(back), 0), 256);
	assert_memory_equal(all, back, 256);
	o = OUT(text, sizeof(text));
	uri_encode(&o, STR("a b/c~\xc3\xa9+'"), URI_SLASH);
	assert_out(&o, "a%20b/c~%C3%A9%2B%27");
	assert_int_equal(uri_decode(STR("a+b%2bc"), back, 5, 0), 5);
	assert_memory_equal(back, "a+b+c", 5);
	assert_int_equal(uri_decode(STR("a+b%2bc"), back, 5, URI_QUERY), 5);
	assert_memory_equal(back, "a b+c", 5);
	assert_int_equal(uri_decode(STR("abc"), back, 2, 0), -ENOSPC);
	memcpy(back, "a%2fbcdefgh", 11);
	assert_int_equal(uri_decode((struct str){ back, 11 }, back, 11, 0), 9);
	assert_memory_equal(back, "a/bcdefgh", 9);
	for (i = 0; i < COUNT(bad); i++) {
		uint8_t *edge = edge_copy(bad[i], strlen(bad[i]));

		assert_int_equal(uri_decode((struct str){ (char *)edge, strlen(bad[i]) }, back,
					    sizeof(back), 0), -EINVAL);
		edge_free(edge, strlen(bad[i]));
	}
}

static void queries(void **state)
{
	struct str rest = STR("&a=1&&b&c=&=d&a=x=y"), name, value;

	(void)state;
	assert_true(query_next(&rest, &name, &value));
	assert_str(name, "a");
	assert_str(value, "1");
	assert_true(query_next(&rest, &name, &value));
	assert_str(name, "b");
	assert_null(value.at);
	assert_true(query_next(&rest, &name, &value));
	assert_str(name, "c");
	assert_non_null(value.at);
	assert_true(query_next(&rest, &name, &value));
	assert_str(name, "");
	assert_true(query_next(&rest, &name, &value));
	assert_str(value, "x=y");
	assert_false(query_next(&rest, &name, &value));
	assert_true(query_find(STR("x=1&%75ploads&y"), STR("uploads"), &value));
	assert_null(value.at);
	assert_true(query_find(STR("a+b=%20"), STR("a b"), &value));
	assert_false(query_find(STR("uploadsx&upload&%7"), STR("uploads"), &value));
	assert_false(query_find(STR_NONE, STR("a"), &value));
}

/* All texts of up to five pieces, against decoding them first. */
static void coded_names(void **state)
{
	static const char *const pieces[] = { "a", "+", "%61", "%20", "%", "%2", "2" };
	static const struct str names[] = {
		{ "a", 1 }, { "aa", 2 }, { "a a", 3 }, { " ", 1 }, { "a2a", 3 }, { "%2", 2 },
		{ "%61", 3 }, { "", 0 }, { "a+", 2 },
	};
	unsigned int i, j, rest, found = 0;
	char raw[16], plain[16];

	(void)state;
	for (i = 0; i < 8 * 8 * 8 * 8 * 8; i++) {
		struct out o = OUT(raw, sizeof(raw));
		int len;

		for (rest = i; rest; rest /= 8)
			if (rest % 8)
				out_text(&o, pieces[rest % 8 - 1]);
		len = uri_decode(out_written(&o), plain, sizeof(plain), URI_QUERY);
		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			bool want = str_equal(out_written(&o), names[j]) ||
				    (len >= 0 && str_equal((struct str){ plain, len }, names[j]));

			assert_int_equal(query_is(out_written(&o), names[j]), want);
			found += want;
		}
	}
	assert_true(found > 100);
}

static void dates(void **state)
{
	static const char *const same[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994", "06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 10:49:37 +0200",
		"Sun, 6 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 03:19:37 -05:30",
	};
	static const char *const bad[] = {
		"", "Sun", "Sun, ", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 EST", "Sun, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
		"Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 194 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37Z", "29 Feb 1900 00:00:00 GMT",
		"Sun Nov 6 08:49:37 94",
	};
	int64_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(same); i++) {
		if (!http_date_parse(str_of(same[i]), &seconds))
			fail_msg("\"%s\" cannot be read", same[i]);
		assert_int_equal(seconds, 784111777);
	}
	for (i = 0; i < COUNT(bad); i++) {
		uint8_t *edge = edge_copy(bad[i], strlen(bad[i]));

		if (http_date_parse((struct str){ (char *)edge, strlen(bad[i]) }, &seconds))
			fail_msg("\"%s\" is taken for a date", bad[i]);
		edge_free(edge, strlen(bad[i]));
	}
}

/* The C library as oracle, over all years. */
static void dates_written(void **state)
{
	unsigned int i;

	(void)state;
	srandom(1);
	for (i = 0; i < 20000; i++) {
		int64_t t = -62135596800ll + (int64_t)(((uint64_t)random() << 31 | random()) %
						       315537897600ull), back;
		char ours[64], theirs[64];
		time_t clock = t;
		struct tm tm;
		struct out o = OUT(ours, sizeof(ours));

		gmtime_r(&clock, &tm);
		if (tm.tm_year + 1900 < 1000)
			continue;
		http_date_write(&o, t);
		strftime(theirs, sizeof(theirs), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		assert_out(&o, theirs);
		assert_true(http_date_parse(out_written(&o), &back));
		assert_true(back == t);
		o = OUT(ours, sizeof(ours));
		amz_date_write(&o, t);
		strftime(theirs, sizeof(theirs), "%Y%m%dT%H%M%SZ", &tm);
		assert_out(&o, theirs);
		assert_true(amz_date_parse(out_written(&o), &back));
		assert_true(back == t);
		o = OUT(ours, sizeof(ours));
		iso_date_write(&o, t * 1000 + 7);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.007Z", &tm);
		assert_out(&o, theirs);
		assert_true(iso_date_parse(out_written(&o), &back));
		assert_true(back == t * 1000 + 7);
	}
}

static void other_dates(void **state)
{
	static const char *const bad[] = {
		"", "2013", "2013-05-24T", "2013-05-24T00:00:00", "2013-05-24 00:00:00Z",
		"2013-13-01", "2013-02-29", "2013-05-24T00:00:00.Z", "2013-05-24T00:00:00ZZ",
		"13-05-24", "2013-5-24",
	};
	static const char *const bad_amz[] = {
		"20130524", "20130524T000000", "20130524T000000z", "20130524t000000Z",
		"20130532T000000Z", "2013-5-4T000000Z", "20130524T000000Z ", "",
	};
	char text[80];
	struct out o = OUT(text, sizeof(text));
	int64_t value;
	size_t i;

	(void)state;
	assert_true(iso_date_parse(STR("2013-05-24T02:00:00+02:00"), &value));
	assert_int_equal(value, 1369353600000);
	assert_true(iso_date_parse(STR("2013-05-24T00:00:00.1239Z"), &value));
	assert_int_equal(value, 1369353600123);
	assert_true(iso_date_parse(STR("2013-05-24T00:00:00.5Z"), &value));
	assert_int_equal(value, 1369353600500);
	assert_true(iso_date_parse(STR("2013-05-24"), &value));
	assert_int_equal(value, 1369353600000);
	for (i = 0; i < COUNT(bad); i++)
		assert_false(iso_date_parse(str_of(bad[i]), &value));
	for (i = 0; i < COUNT(bad_amz); i++)
		assert_false(amz_date_parse(str_of(bad_amz[i]), &value));
	/* Before 1970, and beyond what can be written. */
	iso_date_write(&o, -1);
	http_date_write(&o, INT64_MAX);
	amz_date_write(&o, INT64_MIN);
	assert_out(&o, "1969-12-31T23:59:59.999ZFri, 31 Dec 9999 23:59:59 GMT00010101T000000Z");
}

static void ranges(void **state)
{
	static const struct {
		const char *value;
		uint64_t size;
		enum range_kind kind;
		uint64_t first, len;
	} cases[] = {
		{ "bytes=0-9", 100, RANGE_PART, 0, 10 }, { "bytes=0-0", 1, RANGE_PART, 0, 1 },
		{ "bytes=5-", 10, RANGE_PART, 5, 5 }, { "bytes=-3", 10, RANGE_PART, 7, 3 },
		{ "bytes=-30", 10, RANGE_PART, 0, 10 }, { "Bytes=2-4", 10, RANGE_PART, 2, 3 },
		{ "bytes=9-999999999999999999999", 10, RANGE_PART, 9, 1 },
		{ "bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10 },
		{ "bytes=-999999999999999999999", 10, RANGE_PART, 0, 10 },
		{ "bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-1", 0, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=5-4", 10, RANGE_WHOLE, 0, 0 }, { "bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 0 },
		{ "bytes=", 10, RANGE_WHOLE, 0, 0 }, { "bytes=-", 10, RANGE_WHOLE, 0, 0 },
		{ "bytes=a-b", 10, RANGE_WHOLE, 0, 0 }, { "lines=0-1", 10, RANGE_WHOLE, 0, 0 },
		{ "bytes=--1", 10, RANGE_WHOLE, 0, 0 }, { "", 10, RANGE_WHOLE, 0, 0 },
		{ "bytes=+1-2", 10, RANGE_WHOLE, 0, 0 }, { "bytes=1", 10, RANGE_WHOLE, 0, 0 },
		{ "bytes= -1", 10, RANGE_WHOLE, 0, 0 }, { "bytes=0 -1", 10, RANGE_WHOLE, 0, 0 },
		{ "bytes =0-1", 10, RANGE_WHOLE, 0, 0 }, { "bytes=0- 1", 10, RANGE_WHOLE, 0, 0 },
	};
	static const char *const inexact[] = {
		"bytes=5-", "bytes=-5", "bytes=5-4", "5-6", "bytes=0-1,2-3",
	};
	struct range r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (range_parse(str_of(cases[i].value), cases[i].size, &r) != cases[i].kind)
			fail_msg("\"%s\" of %d", cases[i].value, (int)cases[i].size);
		if (cases[i].kind == RANGE_PART)
			assert_true(r.first == cases[i].first && r.len == cases[i].len);
	}
	assert_true(range_parse_exact(STR("bytes=5-5"), &r));
	assert_true(r.first == 5 && r.len == 1);
	for (i = 0; i < COUNT(inexact); i++)
		assert_false(range_parse_exact(str_of(inexact[i]), &r));
}

static void content_ranges(void **state)
{
	struct range r = { 7, 3 };
	uint64_t size;
	char text[64];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	range_write(&o, &r, 10);
	assert_out(&o, "bytes 7-9/10");
	assert_true(content_range_parse(out_written(&o), &r, &size));
	assert_true(r.first == 7 && r.len == 3 && size == 10);
	assert_false(content_range_parse(STR("bytes 7-10/10"), &r, &size) ||
		     content_range_parse(STR("bytes 7-6/10"), &r, &size) ||
		     content_range_parse(STR("bytes */10"), &r, &size) ||
		     content_range_parse(STR("bytes 7-9/*"), &r, &size));
	o = OUT(text, sizeof(text));
	range_write_unsatisfied(&o, 10);
	assert_out(&o, "bytes */10");
}

#define EARLIER	"Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME	"Sun, 06 Nov 1994 08:49:37 GMT"

static void conditions(void **state)
{
	static const struct {
		const char *match, *none, *since, *unmodified;
		enum condition reads, writes;
	} cases[] = {
		{ NULL, NULL, NULL, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ "\"e\"", NULL, NULL, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ "e", NULL, NULL, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ "*", NULL, NULL, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ "\"x\", W/\"e\"", NULL, NULL, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ "\"x\"", NULL, NULL, NULL, CONDITION_FAILED, CONDITION_FAILED },
		{ "", NULL, NULL, NULL, CONDITION_FAILED, CONDITION_FAILED },
		{ NULL, "\"e\"", NULL, NULL, CONDITION_NOT_MODIFIED, CONDITION_FAILED },
		{ NULL, "*", NULL, NULL, CONDITION_NOT_MODIFIED, CONDITION_FAILED },
		{ NULL, "\"x\"", NULL, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ NULL, NULL, SAME, NULL, CONDITION_NOT_MODIFIED, CONDITION_FAILED },
		{ NULL, NULL, EARLIER, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ NULL, NULL, "yesterday", NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ NULL, NULL, NULL, SAME, CONDITION_HOLDS, CONDITION_HOLDS },
		{ NULL, NULL, NULL, EARLIER, CONDITION_FAILED, CONDITION_FAILED },
		{ NULL, NULL, NULL, "yesterday", CONDITION_HOLDS, CONDITION_HOLDS },
		/* The tag outweighs the date. */
		{ "\"e\"", NULL, NULL, EARLIER, CONDITION_HOLDS, CONDITION_HOLDS },
		{ NULL, "\"e\"", EARLIER, NULL, CONDITION_NOT_MODIFIED, CONDITION_FAILED },
		{ NULL, "\"x\"", SAME, NULL, CONDITION_HOLDS, CONDITION_HOLDS },
		{ "\"x\"", "\"e\"", NULL, NULL, CONDITION_FAILED, CONDITION_FAILED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct conditions c = {
			str_of(cases[i].match), str_of(cases[i].none),
			str_of(cases[i].since), str_of(cases[i].unmodified),
		};

		assert_int_equal(conditions_check(&c, true, STR("e"), 784111777), cases[i].reads);
		assert_int_equal(conditions_check(&c, false, STR("e"), 784111777), cases[i].writes);
	}
	assert_true(if_range_holds(STR("\"e\""), STR("e"), 784111777));
	assert_false(if_range_holds(STR("W/\"e\""), STR("e"), 784111777));
	assert_true(if_range_holds(STR(SAME), STR("e"), 784111777));
	assert_false(if_range_holds(STR(EARLIER), STR("e"), 784111777));
}

static void from_heads(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nIf-Match: a\r\nif-none-match: b\r\n"
		"If-Modified-Since: c\r\nIf-Unmodified-Since: d\r\n"
		"x-amz-copy-source-if-match: e\r\n\r\n";
	struct conditions c;
	struct http_head h;

	(void)state;
	http_head_init(&h, false);
	assert_int_equal(http_head_parse(&h, text, sizeof(text) - 1), HTTP_DONE);
	conditions_from(&h, &c);
	assert_str(c.if_match, "a");
	assert_str(c.if_none_match, "b");
	assert_str(c.if_modified_since, "c");
	assert_str(c.if_unmodified_since, "d");
	conditions_from_copy(&h, &c);
	assert_str(c.if_match, "e");
	assert_null(c.if_none_match.at);
}

static void media(void **state)
{
	static const char *const bad[] = {
		"a; b", "a; =c", "a; b=\"c", "a; b=\"c\\\"", "a; b=\"c\"d", "a; b c=d",
	};
	struct str rest;
	struct param p;
	char text[8];
	size_t i;

	(void)state;
	assert_str(params_start(STR(" text/plain ;;charset = x"), &rest), "text/plain");
	assert_false(params_next(&rest, &p));
	assert_true(params_find(STR("a; a=b; Charset=utf-8 ;c=\"d;\\\"e\""), STR("charset"), &p));
	assert_str(p.value, "utf-8");
	assert_true(params_find(STR("a; b=c; c=\"d;\\\"e\""), STR("c"), &p));
	assert_true(param_copy(&p, text, sizeof(text)));
	assert_string_equal(text, "d;\"e");
	assert_false(param_copy(&p, text, 4));
	for (i = 0; i < COUNT(bad); i++) {
		params_start(str_of(bad[i]), &rest);
		assert_false(params_next(&rest, &p));
		assert_non_null(rest.at);
	}
	assert_true(media_matches(STR("video/*"), STR("Video/MP4; codecs=x")));
	assert_true(media_matches(STR("text/html"), STR("TEXT/HTML;charset=x")));
	assert_true(media_matches(STR("*"), STR("")));
	assert_false(media_matches(STR("video/*"), STR("videos/mp4")));
	assert_false(media_matches(STR("video/mp4"), STR("video/mp")));
}

static void forwarded(void **state)
{
	static const struct {
		const char *item, *address;	/* NULL: it is none */
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" }, { "192.0.2.1:80", "192.0.2.1" },
		{ "2001:DB8:0::1", "2001:db8::1" }, { "[2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]:65535", "2001:db8::1" }, { "::ffff:192.0.2.1", "192.0.2.1" },
		{ "[::FFFF:c000:201]:1", "192.0.2.1" }, { "::", "::" },
		{ "2001:db8::1:80", "2001:db8::1:80" },
		{ "", NULL }, { " 192.0.2.1", NULL }, { "unknown", NULL }, { "_hidden", NULL },
		{ "192.0.2", NULL }, { "192.0.2.1.5", NULL }, { "192.0.2.01", NULL },
		{ "192.0.2.256", NULL }, { "3221225985", NULL }, { "0xc0.0.2.1", NULL },
		{ "192.0.2.1:", NULL }, { "192.0.2.1:65536", NULL }, { "192.0.2.1:080000", NULL },
		{ "192.0.2.1:-1", NULL }, { "192.0.2.1:80:80", NULL }, { "192.0.2.1/24", NULL },
		{ "192.0.2.1 192.0.2.2", NULL }, { "[192.0.2.1]", NULL },
		{ "[", NULL }, { "[]", NULL }, { "[]:80", NULL }, { "[::1", NULL },
		{ "::1]", NULL },
		{ "[::1]80", NULL },
		{ "[::1]:", NULL }, { "[::1]:x", NULL }, { "[[::1]]", NULL },
		{ "[::1]]", NULL }, { "fe80::1%eth0", NULL }, { "[fe80::1%1]:80", NULL },
		{ "::ffff:192.0.2.1:80", NULL }, { ":", NULL }, { ":80", NULL }, { ":::", NULL },
		{ "\"[::1]\"", NULL }, { "for=192.0.2.1", NULL }, { "unix:", NULL },
		{ "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0001", NULL },
	};
	char text[INET6_ADDRSTRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].item);
		uint8_t *edge = edge_copy(cases[i].item, len);
		bool found = forwarded_address((struct str){ (char *)edge, len }, text);

		edge_free(edge, len);
		if (!found)
			strcpy(text, "none");
		if (strcmp(text, cases[i].address ?: "none"))
			fail_msg("\"%s\" is %s", cases[i].item, text);
	}
	assert_false(forwarded_address((struct str){ "192.0.2.1\0", 10 }, text));
	assert_false(forwarded_address(STR_NONE, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets), cmocka_unit_test(percent), cmocka_unit_test(queries),
		cmocka_unit_test(coded_names),
		cmocka_unit_test(dates), cmocka_unit_test(dates_written),
		cmocka_unit_test(other_dates), cmocka_unit_test(ranges),
		cmocka_unit_test(content_ranges), cmocka_unit_test(conditions),
		cmocka_unit_test(from_heads), cmocka_unit_test(media),
		cmocka_unit_test(forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
