// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/secret.h"
#include "shamir.h"

#define POLYNOMIAL	0x1du	/* x^8 = x^4 + x^3 + x^2 + 1 */

/* Tables would tell by the cache what was looked up. */
uint8_t shamir_mul(uint8_t a, uint8_t b)
{
	unsigned int product = 0, left = a, bit;

	for (bit = 0; bit < 8; bit++) {
		product ^= left & -(b >> bit & 1u);
		left = (left << 1) ^ (-(left >> 7 & 1) & (0x100 | POLYNOMIAL));
	}
	return product;
}

/* a^254, which is 1/a. */
static uint8_t inverse(uint8_t a)
{
	uint8_t power = a, to = 1;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		power = shamir_mul(power, power);
		to = shamir_mul(to, power);
	}
	return to;
}

/* The polynomial's value at @x by Horner's rule; the secret is its value at 0. */
static uint8_t value_at(const uint8_t *secret, const uint8_t *more, unsigned int threshold,
			size_t len, uint8_t x)
{
	uint8_t y = 0;
	unsigned int i;

	for (i = threshold - 1; i; i--)
		y = shamir_mul(y, x) ^ more[(i - 1) * len];
	return shamir_mul(y, x) ^ *secret;
}

int shamir_split(const uint8_t *secret, size_t len, unsigned int threshold, unsigned int count,
		 uint8_t *share)
{
	CLEANUP_SECRET struct secret more = SECRET_NONE;
	unsigned int i;
	size_t at;
	int rc;

	if (!threshold || threshold > count || count > SHAMIR_SHARES || !len)
		return -EINVAL;
	rc = secret_alloc(&more, threshold * len);
	if (!rc)
		rc = random_bytes(more.data, (threshold - 1) * len);
	for (i = 0; !rc && i < count; i++)
		for (at = 0; at < len; at++)
			share[i * len + at] = value_at(&secret[at], &more.data[at], threshold,
						       len, i + 1);
	return rc;
}

/* Lagrange's coefficient of share @i at 0; subtraction is addition here. */
static bool coefficient(const uint8_t *index, unsigned int count, unsigned int i, uint8_t *to)
{
	uint8_t above = 1, below = 1;
	unsigned int j;

	for (j = 0; j < count; j++) {
		if (j == i)
			continue;
		above = shamir_mul(above, index[j]);
		below = shamir_mul(below, index[j] ^ index[i]);
	}
	*to = shamir_mul(above, inverse(below));
	return index[i] && below;
}

int shamir_join(const uint8_t *index, const uint8_t *const *share, unsigned int count, size_t len,
		uint8_t *secret)
{
	unsigned int i;
	uint8_t by;
	size_t at;

	memset(secret, 0, len);
	if (!count || count > SHAMIR_SHARES)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (!coefficient(index, count, i, &by)) {
			explicit_bzero(secret, len);
			return -EINVAL;
		}
		for (at = 0; at < len; at++)
			secret[at] ^= shamir_mul(share[i][at], by);
	}
	return 0;
}
