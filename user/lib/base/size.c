// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "size.h"

static const char units[] = "KMGTPE";

/* Decimal digits only: no sign, no space, no base prefix. */
static int digits_parse(const char **text, uint64_t *value)
{
	const char *p = *text;
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *p - '0', &v))
			return -ERANGE;
	*text = p;
	*value = v;
	return 0;
}

/**
 * size_parse - bytes from text such as "4096", "64K", "1.5G", "2TiB"
 * @text:	a number, perhaps a unit K M G T P E (powers of 1024, either
 *		case), perhaps "B" or "iB" after it
 * @bytes:	receives the size
 *
 * A fraction of at most three digits is taken when there is a unit.
 *
 * Return: 0, -EINVAL for text that is no size, -ERANGE beyond 64 bits.
 */
int size_parse(const char *text, uint64_t *bytes)
{
	uint64_t whole, frac = 0, scale = 1, one, part;
	unsigned int shift = 0;
	const char *unit;
	int rc;

	rc = digits_parse(&text, &whole);
	if (rc)
		return rc;
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9' && scale < 1000; text++) {
			frac = frac * 10 + (*text - '0');
			scale *= 10;
		}
		if (scale == 1)
			return -EINVAL;
	}
	if (*text && *text != 'B') {
		unit = strchr(units, *text >= 'a' ? *text - 'a' + 'A' : *text);
		if (!unit)
			return -EINVAL;
		shift = 10 * (unit - units + 1);
		text++;
		if (*text == 'i' && text[1] == 'B')
			text++;
	}
	if (*text == 'B')
		text++;
	if (*text || (scale > 1 && !shift))
		return -EINVAL;
	if (whole > UINT64_MAX >> shift)
		return -ERANGE;
	whole <<= shift;
	/* frac of 2^shift, rounded down, without leaving 64 bits */
	one = 1ull << shift;
	part = one / scale * frac + one % scale * frac / scale;
	if (__builtin_add_overflow(whole, part, &whole))
		return -ERANGE;
	*bytes = whole;
	return 0;
}

/**
 * number_parse - a plain decimal number
 * @text:	digits and nothing else
 * @min:	least value allowed
 * @max:	greatest value allowed
 * @value:	receives the number
 *
 * Return: 0, -EINVAL for text that is no number, -ERANGE outside the bounds.
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t v;
	int rc = digits_parse(&text, &v);

	if (rc)
		return rc;
	if (*text)
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

/**
 * size_format - a size as a person reads it
 * @bytes:	the size
 * @text:	receives "512 B", "64 KiB", "1.4 TiB", ...
 *
 * Return: @text.
 */
const char *size_format(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
	unsigned int unit = 0;
	uint64_t scale = 1;

	while (unit < sizeof(units) - 1 && bytes / scale >= 1024) {
		scale <<= 10;
		unit++;
	}
	if (!unit)
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 " B", bytes);
	else if (!(bytes % scale))
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 " %ciB", bytes / scale, units[unit - 1]);
	else
		snprintf(text, SIZE_TEXT_MAX, "%.1f %ciB", (double)bytes / scale, units[unit - 1]);
	return text;
}
