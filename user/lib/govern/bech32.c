// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "bech32.h"

#define CONSTANT	0x2bc830a3u	/* of bech32m */
#define CHECK		6u		/* digits of the checksum */

static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t add(uint32_t sum, unsigned int value)
{
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3,
	};
	const uint32_t top = sum >> 25;
	unsigned int i;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < 5; i++)
		sum ^= -(top >> i & 1) & generator[i];
	return sum;
}

static uint32_t begin(const char *hrp)
{
	uint32_t sum = 1;
	const char *c;

	for (c = hrp; *c; c++)
		sum = add(sum, *c >> 5);
	sum = add(sum, 0);
	for (c = hrp; *c; c++)
		sum = add(sum, *c & 31);
	return sum;
}

static void put(struct out *o, uint32_t *sum, unsigned int value)
{
	*sum = add(*sum, value);
	out_char(o, digits[value]);
}

void bech32_print(struct out *o, const char *hrp, const uint8_t *data, size_t len)
{
	uint32_t sum = begin(hrp), bits = 0;
	unsigned int have = 0, i;
	size_t at;

	if (strlen(hrp) + 1 + (8 * len + 4) / 5 + CHECK > BECH32_MAX) {
		o->err = -EMSGSIZE;
		return;
	}
	out_text(o, hrp);
	out_char(o, '1');
	for (at = 0; at < len; at++) {
		bits = bits << 8 | data[at];
		for (have += 8; have >= 5; have -= 5)
			put(o, &sum, bits >> (have - 5) & 31);
	}
	if (have)
		put(o, &sum, bits << (5 - have) & 31);
	for (i = 0; i < CHECK; i++)
		sum = add(sum, 0);
	sum ^= CONSTANT;
	for (i = 0; i < CHECK; i++)
		out_char(o, digits[sum >> 5 * (CHECK - 1 - i) & 31]);
}

/* Small letters, or capitals alone. */
static bool one_case(struct str text)
{
	bool small = false, capital = false;
	size_t i;

	for (i = 0; i < text.len; i++) {
		small |= text.at[i] >= 'a' && text.at[i] <= 'z';
		capital |= text.at[i] >= 'A' && text.at[i] <= 'Z';
	}
	return !(small && capital);
}

int bech32_parse(struct str text, const char *hrp, uint8_t *data, size_t size)
{
	const size_t front = strlen(hrp) + 1;
	uint32_t sum = begin(hrp), bits = 0;
	unsigned int have = 0;
	size_t i, len = 0;

	if (text.len < front + CHECK || text.len > BECH32_MAX || !one_case(text) ||
	    text.at[front - 1] != '1' || !str_equal_nocase(str_head(text, front - 1), str_of(hrp)))
		return -EINVAL;
	for (i = front; i < text.len; i++) {
		const char *digit = strchr(digits, ascii_lower(text.at[i]));

		if (!text.at[i] || !digit)
			return -EINVAL;
		sum = add(sum, digit - digits);
		if (i >= text.len - CHECK)
			continue;
		bits = bits << 5 | (digit - digits);
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		if (len == size)
			return -EINVAL;
		data[len++] = bits >> have;
	}
	if (sum != CONSTANT)
		return -EBADMSG;
	/* What fills the last digit is nothing. */
	return have < 5 && !(bits & ((1u << have) - 1)) ? (int)len : -EINVAL;
}
