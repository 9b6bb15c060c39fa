/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shamir's secret sharing (Communications of the ACM 22, 1979) over GF(2^8), byte by byte, with
 * the polynomial of the codec (0x11D): any @threshold shares give the secret, and fewer say nothing
 * of it.  Nothing here tells a wrong share from a right one.
 *
 * What is done with secret bytes takes the same time whatever they are; indexes are no secrets.
 */
#ifndef SKY_CRYPTO_SHAMIR_H
#define SKY_CRYPTO_SHAMIR_H

#include <stddef.h>
#include <stdint.h>

#define SHAMIR_SHARES	255u

/**
 * shamir_split - share a secret
 * @secret:	@len bytes
 * @threshold:	1 to @count
 * @count:	shares, 1 to SHAMIR_SHARES
 * @share:	receives @count times @len bytes; share i has the index i + 1
 *
 * Return: 0, -EINVAL, -ENOMEM, or -EIO when there is nothing random.
 */
int shamir_split(const uint8_t *secret, size_t len, unsigned int threshold, unsigned int count,
		 uint8_t *share);

/**
 * shamir_join - the secret of shares
 * @index:	@count of them, above 0, each another
 * @share:	@count pointers to @len bytes
 * @count:	as many as the threshold was, or more
 * @secret:	receives @len bytes
 *
 * Return: 0, or -EINVAL for indexes that cannot be.
 */
int shamir_join(const uint8_t *index, const uint8_t *const *share, unsigned int count, size_t len,
		uint8_t *secret);

/* A product in the field, in constant time. */
uint8_t shamir_mul(uint8_t a, uint8_t b);

#endif /* SKY_CRYPTO_SHAMIR_H */
