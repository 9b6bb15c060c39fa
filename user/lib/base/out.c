// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "out.h"

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The slow way of out_reserve(). */
char *out_make_room(struct out *o, size_t len)
{
	if (o->err)
		return NULL;
	o->err = o->room ? o->room(o, len) : -ENOSPC;
	if (!o->err && len > o->size - o->len)
		o->err = -ENOSPC;
	return o->err ? NULL : out_reserve(o, len);
}

void out_bytes(struct out *o, const void *bytes, size_t len)
{
	const char *from = bytes;
	char *to;

	/* Where room can be made, what is long goes in pieces. */
	while (o->room && !o->err && len > o->size - o->len) {
		size_t part = o->size - o->len;

		if (part)
			memcpy(o->at + o->len, from, part);
		o->len = o->size;
		from += part;
		len -= part;
		o->err = o->room(o, len);
		if (!o->err && o->len == o->size)
			o->err = -ENOSPC;
	}
	to = len ? out_reserve(o, len) : NULL;
	if (to)
		memcpy(to, from, len);
}

/* In decimal. */
void out_number(struct out *o, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	out_bytes(o, digits + at, sizeof(digits) - at);
}

/* Two lower-case digits a byte. */
void out_hex(struct out *o, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;
	char *to = out_reserve(o, 2 * len);
	size_t i;

	for (i = 0; to && i < len; i++) {
		to[2 * i] = digits[from[i] >> 4];
		to[2 * i + 1] = digits[from[i] & 15];
	}
}

/* RFC 4648, section 4, with padding. */
void out_base64(struct out *o, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	char *to = out_reserve(o, (len + 2) / 3 * 4);
	size_t i;

	for (i = 0; to && i < len; i += 3, to += 4) {
		uint32_t v = from[i] << 16;

		if (i + 1 < len)
			v |= from[i + 1] << 8;
		if (i + 2 < len)
			v |= from[i + 2];
		to[0] = base64_digits[v >> 18];
		to[1] = base64_digits[v >> 12 & 63];
		to[2] = i + 1 < len ? base64_digits[v >> 6 & 63] : '=';
		to[3] = i + 2 < len ? base64_digits[v & 63] : '=';
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/**
 * base64_decode - read what out_base64() writes
 * @text:	padded to a multiple of four; no white space, and no bits in the
 *		last digit that no byte has
 * @to:		receives the bytes
 * @size:	of @to
 *
 * Return: how many bytes, or -EINVAL (also when they do not fit).
 */
int base64_decode(struct str text, void *to, size_t size)
{
	uint8_t *bytes = to;
	size_t i, pad = 0, len;

	if (text.len % 4 || text.len / 4 > INT32_MAX / 3)
		return -EINVAL;
	while (pad < 2 && text.len && text.at[text.len - 1 - pad] == '=')
		pad++;
	len = text.len / 4 * 3 - pad;
	if (len > size)
		return -EINVAL;
	for (i = 0; i < text.len; i += 4) {
		bool last = i + 4 == text.len;
		uint32_t v = 0;
		size_t j;

		for (j = 0; j < 4; j++) {
			int digit = last && j >= 4 - pad ? 0 : base64_value(text.at[i + j]);

			if (digit < 0)
				return -EINVAL;
			v = v << 6 | digit;
		}
		if (last && v & ((1u << 8 * pad) - 1))
			return -EINVAL;
		for (j = 0; j < 3 && i / 4 * 3 + j < len; j++)
			bytes[i / 4 * 3 + j] = v >> (16 - 8 * j);
	}
	return (int)len;
}
