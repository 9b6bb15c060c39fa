// SPDX-License-Identifier: GPL-2.0-or-later
/* Pieces of text, the writer, base64, patterns. */
#include <errno.h>

#include "text_util.h"

static void cuts(void **state)
{
	struct str rest = STR("a,,b"), piece;

	(void)state;
	assert_true(str_cut(&rest, ',', &piece));
	assert_str(piece, "a");
	assert_true(str_cut(&rest, ',', &piece));
	assert_str(piece, "");
	assert_true(str_cut(&rest, ',', &piece));
	assert_str(piece, "b");
	assert_false(str_cut(&rest, ',', &piece));
	rest = STR("");
	assert_true(str_cut(&rest, ',', &piece));
	assert_false(str_cut(&rest, ',', &piece));
	rest = STR_NONE;
	assert_false(str_cut(&rest, ',', &piece));
	assert_str(str_trim(STR(" \t a b\t ")), "a b");
	assert_str(str_trim(STR(" \t")), "");
}

static void compares(void **state)
{
	(void)state;
	assert_true(str_equal_nocase(STR("Content-MD5"), STR("content-md5")));
	/* These differ in bit 5 alone, and are no letters. */
	assert_false(str_equal_nocase(STR("[@"), STR("{`")));
	assert_false(str_equal_nocase(STR("a"), STR("ab")));
	assert_true(str_equal(STR_NONE, STR("")));
	assert_true(str_compare(STR("a"), STR("ab")) < 0);
	assert_true(str_compare(STR("b"), STR("ab")) > 0);
	assert_true(str_compare(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_compare(STR_NONE, STR("")), 0);
	assert_true(str_starts(STR("abc"), STR("ab")) && str_ends(STR("abc"), STR("bc")));
	assert_false(str_starts(STR("a"), STR("ab")) || str_ends(STR("b"), STR("ab")));
}

static void numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x1", "1e1", "18446744073709551616", "1\xff",
		"99999999999999999999",
	};
	uint64_t value;
	size_t i;

	(void)state;
	assert_true(str_number(STR("18446744073709551615"), UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	assert_true(str_number(STR("007"), 7, &value));
	assert_int_equal(value, 7);
	assert_false(str_number(STR("8"), 7, &value));
	for (i = 0; i < COUNT(bad); i++)
		if (str_number(str_of(bad[i]), UINT64_MAX, &value))
			fail_msg("\"%s\" is taken for a number", bad[i]);
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "", "", true }, { "*", "", true }, { "", "a", false }, { "?", "", false },
		{ "a*c", "abc", true }, { "a*c", "ac", true }, { "a*c", "abd", false },
		{ "a?c", "abc", true }, { "a?c", "ac", false }, { "**", "x", true },
		{ "*a*b*", "xxaxxbxx", true }, { "*a*b", "abab", true }, { "*ab", "aab", true },
		{ "*.jpg", ".jpg", true }, { "*.jpg", "jpg", false }, { "x*", "yx", false },
	};
	char many[4096];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (str_match(str_of(cases[i].pattern), str_of(cases[i].text)) != cases[i].matches)
			fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
	/* With one way back per star this would not end. */
	memset(many, 'a', sizeof(many));
	assert_false(str_match(STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"),
			       (struct str){ many, sizeof(many) }));
}

static bool matches_naively(const char *pattern, const char *text)
{
	if (!*pattern)
		return !*text;
	if (*pattern == '*')
		return matches_naively(pattern + 1, text) ||
		       (*text && matches_naively(pattern, text + 1));
	return *text && (*pattern == '?' || *pattern == *text) &&
	       matches_naively(pattern + 1, text + 1);
}

/* The @n'th text of some characters: none, each, each pair... */
static const char *word(unsigned int n, const char *of, char to[16])
{
	unsigned int base = strlen(of), len = 0;

	for (; n; n = (n - 1) / base)
		to[len++] = of[(n - 1) % base];
	to[len] = '\0';
	return to;
}

/* All patterns of up to six characters, and all texts of up to six. */
static void patterns_of_all_kinds(void **state)
{
	char p[16], t[16];
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 5461; i++)
		for (j = 0; j < 127; j++) {
			word(i, "ab*?", p);
			word(j, "ab", t);
			if (str_match(str_of(p), str_of(t)) != matches_naively(p, t))
				fail_msg("\"%s\" and \"%s\"", p, t);
		}
	assert_true(str_match(STR_NONE, STR_NONE) && str_match(STR("*"), STR_NONE));
	assert_false(str_match(STR("?"), STR_NONE) || str_match(STR("*a*"), STR_NONE));
}

static void utf8(void **state)
{
	static const char *const good[] = {
		"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
	};
	static const char *const bad[] = {
		"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xe2\x82", "a\xff",
	};
	uint8_t *edge;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		assert_true(str_is_utf8(str_of(good[i])));
	for (i = 0; i < COUNT(bad); i++) {
		edge = edge_copy(bad[i], strlen(bad[i]));
		assert_false(str_is_utf8((struct str){ (char *)edge, strlen(bad[i]) }));
		edge_free(edge, strlen(bad[i]));
	}
}

static void writes(void **state)
{
	char buf[64];
	struct out o = OUT(buf, sizeof(buf));

	(void)state;
	out_number(&o, 0);
	out_char(&o, ' ');
	out_number(&o, UINT64_MAX);
	out_char(&o, ' ');
	out_hex(&o, "\x00\xfa\x5f", 3);
	assert_out(&o, "0 18446744073709551615 00fa5f");
}

/* A writer that is full takes nothing more, whatever would fit. */
static void full(void **state)
{
	char buf[8] = "";
	struct out o = OUT(buf, 4);

	(void)state;
	out_text(&o, "abc");
	out_text(&o, "de");
	out_text(&o, "f");
	out_base64(&o, "x", 1);
	assert_int_equal(o.err, -ENOSPC);
	assert_int_equal(o.len, 3);
	assert_memory_equal(buf, "abc\0\0\0\0\0", 8);
}

static size_t flushed;

static int flush(struct out *o, size_t need)
{
	(void)need;
	flushed += o->len;
	o->len = 0;
	return 0;
}

static void room(void **state)
{
	char buf[4];
	struct out o = OUT(buf, sizeof(buf));
	int i;

	(void)state;
	o.room = flush;
	flushed = 0;
	for (i = 0; i < 100; i++)
		out_text(&o, "abc");
	assert_int_equal(o.err, 0);
	assert_int_equal(flushed + o.len, 300);
	out_text(&o, "abcdefghijk");
	assert_int_equal(o.err, 0);
	assert_int_equal(flushed + o.len, 311);
	/* What must lie together cannot go in pieces. */
	out_hex(&o, "abc", 3);
	assert_int_equal(o.err, -ENOSPC);
}

static int no_room(struct out *o, size_t need)
{
	(void)o;
	return need > 4 ? -EPIPE : 0;
}

/* Who promises room and makes none does not keep the writer for ever. */
static void broken_promise(void **state)
{
	char buf[4];
	struct out o = OUT(buf, sizeof(buf));

	(void)state;
	o.room = no_room;
	out_text(&o, "abcdef");
	assert_int_equal(o.err, -ENOSPC);
	o = OUT(buf, sizeof(buf));
	o.room = no_room;
	out_text(&o, "abcdefghijk");
	assert_int_equal(o.err, -EPIPE);
}

static void base64(void **state)
{
	static const char *const bad[] = {
		"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zh==", "Zm9=", " Zm9v", "Zm9v\n", "Zm-v",
		"Zm_v", "=Zm9", "Zm=v",
	};
	/* RFC 4648, section 10 */
	static const char *const vectors[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	char text[16];
	uint8_t bytes[16];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(vectors); i++) {
		struct out o = OUT(text, sizeof(text));

		out_base64(&o, vectors[i][0], strlen(vectors[i][0]));
		assert_out(&o, vectors[i][1]);
		assert_int_equal(base64_decode(out_written(&o), bytes, i), i);
		assert_memory_equal(bytes, vectors[i][0], i);
		if (i)
			assert_int_equal(base64_decode(out_written(&o), bytes, i - 1), -EINVAL);
	}
	for (i = 0; i < COUNT(bad); i++)
		if (base64_decode(str_of(bad[i]), bytes, sizeof(bytes)) >= 0)
			fail_msg("\"%s\" is taken for base64", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts), cmocka_unit_test(compares), cmocka_unit_test(numbers),
		cmocka_unit_test(patterns), cmocka_unit_test(patterns_of_all_kinds),
		cmocka_unit_test(utf8), cmocka_unit_test(writes), cmocka_unit_test(full),
		cmocka_unit_test(room), cmocka_unit_test(broken_promise),
		cmocka_unit_test(base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
