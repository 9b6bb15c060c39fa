// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "hex.h"

/**
 * hex_encode - bytes to lower-case hexadecimal digits
 * @bytes:	@len bytes
 * @len:	how many
 * @text:	receives 2 * @len digits and a NUL
 */
void hex_encode(const void *bytes, size_t len, char *text)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *p = bytes;

	for (; len; len--, p++) {
		*text++ = digit[*p >> 4];
		*text++ = digit[*p & 15];
	}
	*text = 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/**
 * hex_decode - hexadecimal digits to bytes
 * @text:	exactly 2 * @len digits
 * @bytes:	receives @len bytes
 * @len:	how many
 *
 * Return: 0, or -EINVAL when @text is anything else.
 */
int hex_decode(const char *text, void *bytes, size_t len)
{
	uint8_t *p = bytes;

	if (strlen(text) != 2 * len)
		return -EINVAL;
	for (; len; len--, text += 2) {
		int high = nibble(text[0]);
		int low = nibble(text[1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		*p++ = high << 4 | low;
	}
	return 0;
}

/**
 * uuid_format - 16 bytes as 8-4-4-4-12 digits (RFC 4122, 3)
 * @id:		the bytes
 * @text:	receives 36 characters and a NUL
 *
 * Return: @text.
 */
const char *uuid_format(const uint8_t id[UUID_BYTES], char text[UUID_TEXT_MAX])
{
	static const uint8_t group[] = { 4, 2, 2, 2, 6 };
	char *out = text;
	unsigned int i;

	for (i = 0; i < sizeof(group); i++) {
		if (i)
			*out++ = '-';
		hex_encode(id, group[i], out);
		out += 2 * group[i];
		id += group[i];
	}
	return text;
}
