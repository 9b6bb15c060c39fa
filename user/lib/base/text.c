// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdint.h>
#include <string.h>

#include "text.h"

/* Length of the UTF-8 sequence at @p and its code point; 0 when it is none. */
static size_t utf8_next(const unsigned char *p, uint32_t *code)
{
	size_t len = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 :
		     *p >= 0xe0 && *p < 0xf0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
	size_t i;

	if (!len)
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

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/**
 * text_is_printable - whether text is valid UTF-8 without control characters
 */
bool text_is_printable(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t code = 0;
	size_t len;

	for (; *p; p += len) {
		len = utf8_next(p, &code);
		if (!len || is_control(code))
			return false;
	}
	return true;
}

/**
 * text_printable - text of a stranger, made safe for a terminal and for JSON
 * @from:	NUL-terminated bytes
 * @to:		receives valid UTF-8 without control characters; what is not
 *		becomes '?'
 * @size:	of @to; longer text is cut between characters
 *
 * Return: @to.
 */
const char *text_printable(const char *from, char *to, size_t size)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t at = 0, len;
	uint32_t code = 0;

	while (*p && at + 1 < size) {
		len = utf8_next(p, &code);
		if (!len || is_control(code)) {
			to[at++] = '?';
			p += len ? len : 1;
			continue;
		}
		if (at + len >= size)
			break;
		memcpy(to + at, p, len);
		at += len;
		p += len;
	}
	to[at] = 0;
	return to;
}
