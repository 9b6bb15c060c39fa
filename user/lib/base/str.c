// SPDX-License-Identifier: GPL-2.0-or-later
#include "str.h"

/* Of random digits no branch can be foreseen. */
const uint8_t hex_digit[256] = {
	['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	['A'] = 11, 12, 13, 14, 15, 16, ['a'] = 11, 12, 13, 14, 15, 16,
};

/* Equal but for the case of ASCII letters? */
bool str_equal_nocase(struct str a, struct str b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (a.at[i] != b.at[i] && ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

/* As memcmp(), by bytes; what ends first comes first. */
int str_compare(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Without spaces and tabs at both ends. */
struct str str_trim(struct str s)
{
	while (s.len && (*s.at == ' ' || *s.at == '\t'))
		s = str_skip(s, 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/**
 * str_cut - take what comes before a separator
 * @rest:	the text; afterwards what follows the separator.  A rest whose
 *		@at is NULL is at its end
 * @at:		the separator
 * @before:	receives what was before it, perhaps nothing
 *
 * n separators make n + 1 pieces, so that an empty text is one empty piece.
 *
 * Return: false when there was nothing left.
 */
bool str_cut(struct str *rest, char at, struct str *before)
{
	const char *end;

	if (!rest->at)
		return false;
	end = rest->len ? memchr(rest->at, at, rest->len) : NULL;
	if (!end) {
		*before = *rest;
		*rest = STR_NONE;
		return true;
	}
	*before = (struct str){ rest->at, end - rest->at };
	*rest = str_skip(*rest, before->len + 1);
	return true;
}

/* Where does @c come first? */
bool str_find(struct str s, char c, size_t *where)
{
	const char *found = s.len ? memchr(s.at, c, s.len) : NULL;

	if (found)
		*where = found - s.at;
	return found;
}

/**
 * str_number - a decimal number of digits alone
 * @s:		at least one digit; no sign, no space
 * @max:	the largest that is accepted
 * @value:	receives it
 *
 * Return: whether it was one.
 */
bool str_number(struct str s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;

	if (!s.len)
		return false;
	for (i = 0; i < s.len; i++) {
		unsigned int digit = (unsigned char)s.at[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*value = v;
	return v <= max;
}

/* As a C string.  Return: false when it does not fit or has a NUL in it. */
bool str_copy(struct str s, char *to, size_t size)
{
	if (s.len >= size || (s.len && memchr(s.at, '\0', s.len)))
		return false;
	if (s.len)
		memcpy(to, s.at, s.len);
	to[s.len] = '\0';
	return true;
}

/* Does a text begin with a piece in which "?" is any byte?  It is not shorter. */
static bool piece_fits(struct str piece, const char *text)
{
	size_t i;

	for (i = 0; i < piece.len; i++)
		if (piece.at[i] != '?' && piece.at[i] != text[i])
			return false;
	return true;
}

/* The first place of a piece, which is not empty. */
static const char *find_piece(struct str piece, struct str text)
{
	size_t any;

	if (piece.len > text.len)
		return NULL;
	if (!str_find(piece, '?', &any))
		return memmem(text.at, text.len, piece.at, piece.len);
	for (; text.len >= piece.len; text = str_skip(text, 1))
		if (piece_fits(piece, text.at))
			return text.at;
	return NULL;
}

/**
 * str_match - does a text match a pattern of "*" and "?"?
 *
 * Of each piece between two "*" the first place is the best, for it leaves most to the others.
 * A piece without "?" takes memmem(), which is linear; one with it, at most the product of its
 * length and the text's.  What is before the first "*" and behind the last is compared once.
 */
bool str_match(struct str pattern, struct str text)
{
	const char *last = pattern.len ? memrchr(pattern.at, '*', pattern.len) : NULL;
	struct str piece, end;

	if (!last)
		return pattern.len == text.len && piece_fits(pattern, text.at);
	end = str_skip(pattern, last - pattern.at + 1);
	pattern.len -= end.len + 1;
	if (end.len > text.len || !piece_fits(end, str_skip(text, text.len - end.len).at))
		return false;
	text.len -= end.len;
	str_cut(&pattern, '*', &piece);
	if (piece.len > text.len || !piece_fits(piece, text.at))
		return false;
	text = str_skip(text, piece.len);
	while (str_cut(&pattern, '*', &piece)) {
		const char *found;

		if (!piece.len)
			continue;
		found = find_piece(piece, text);
		if (!found)
			return false;
		text = str_skip(text, found - text.at + piece.len);
	}
	return true;
}

/**
 * utf8_next - the first character of a text (RFC 3629)
 * @s:		the text
 * @code:	receives the code point
 *
 * Return: how many bytes it has, or 0 when they are not UTF-8 or end too early.
 */
size_t utf8_next(struct str s, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)s.at;
	size_t i, len;

	if (!s.len)
		return 0;
	len = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 :
	      *p >= 0xe0 && *p < 0xf0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
	if (!len || len > s.len)
		return 0;
	*code = len == 1 ? *p : *p & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if ((len == 3 && *code < 0x800) || (len == 4 && *code < 0x10000) || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return len;
}

bool str_is_utf8(struct str s)
{
	uint32_t code;
	size_t len;

	for (; s.len; s = str_skip(s, len)) {
		len = utf8_next(s, &code);
		if (!len)
			return false;
	}
	return true;
}
