/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A piece of text that somebody else owns: a pointer and a length, no NUL at
 * the end.  Parsers hand these out, so that nothing is copied.
 */
#ifndef SKY_BASE_STR_H
#define SKY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *at;		/* may be NULL when len is 0 */
	size_t len;
};

#define STR(literal)	((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE	((struct str){ NULL, 0 })

/* For "%.*s". */
#define STR_ARG(s)	(int)(s).len, (s).at ? (s).at : ""

static inline struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

static inline bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static inline bool str_is(struct str s, const char *text)
{
	return str_equal(s, str_of(text));
}

static inline bool str_starts(struct str s, struct str with)
{
	return s.len >= with.len && str_equal((struct str){ s.at, with.len }, with);
}

static inline bool str_ends(struct str s, struct str with)
{
	return s.len >= with.len &&
	       str_equal((struct str){ s.at + s.len - with.len, with.len }, with);
}

/* What follows the first @n bytes; @n is at most s.len. */
static inline struct str str_skip(struct str s, size_t n)
{
	return n ? (struct str){ s.at + n, s.len - n } : s;
}

static inline struct str str_head(struct str s, size_t n)
{
	return (struct str){ s.at, n < s.len ? n : s.len };
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* One more than the digit's value; 0: it is none. */
extern const uint8_t hex_digit[256];

/* -1: no digit. */
static inline int hex_value(char c)
{
	return hex_digit[(unsigned char)c] - 1;
}

bool str_equal_nocase(struct str a, struct str b);
int str_compare(struct str a, struct str b);
struct str str_trim(struct str s);
bool str_cut(struct str *rest, char at, struct str *before);
bool str_find(struct str s, char c, size_t *where);
bool str_number(struct str s, uint64_t max, uint64_t *value);
bool str_copy(struct str s, char *to, size_t size);
bool str_match(struct str pattern, struct str text);
size_t utf8_next(struct str s, uint32_t *code);
bool str_is_utf8(struct str s);

#endif /* SKY_BASE_STR_H */
