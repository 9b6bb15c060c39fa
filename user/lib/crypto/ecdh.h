/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key agreement over P-256 (NIST SP 800-56A, 5.7.1.2). */
#ifndef SKY_CRYPTO_ECDH_H
#define SKY_CRYPTO_ECDH_H

#include "ecdsa.h"

#define ECDH_BYTES	32

/**
 * ecdh_p256 - the secret that two keys share
 * @scalar:	our private key
 * @point:	their public one; whether it is on the curve is checked
 * @shared:	receives the x of the product: for a key derivation, and to be wiped
 *
 * Return: 0, -EINVAL for a key that is none, or -EIO.
 */
int ecdh_p256(const uint8_t scalar[P256_SCALAR_BYTES], const uint8_t point[P256_POINT_BYTES],
	      uint8_t shared[ECDH_BYTES]);

#endif /* SKY_CRYPTO_ECDH_H */
