// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdint.h>
#include <string.h>

#include "str.h"
#include "text.h"

/* Of a C string; a sequence that the string's end cuts short is none. */
static size_t next_character(const unsigned char *p, uint32_t *code)
{
	return utf8_next((struct str){ (const char *)p, strnlen((const char *)p, 4) }, code);
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
		len = next_character(p, &code);
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
		len = next_character(p, &code);
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
