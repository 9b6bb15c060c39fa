/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ECDSA over P-256 (FIPS 186-5) of digests that are there already. */
#ifndef SKY_CRYPTO_ECDSA_H
#define SKY_CRYPTO_ECDSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P256_SCALAR_BYTES	32
#define P256_POINT_BYTES	65	/* 4, x, y */
#define ECDSA_DIGEST_BYTES	32
#define ECDSA_DER_MAX		72

struct ecdsa_key;

struct ecdsa_key *ecdsa_private(const uint8_t scalar[P256_SCALAR_BYTES]);
struct ecdsa_key *ecdsa_public(const uint8_t point[P256_POINT_BYTES]);
void ecdsa_free(struct ecdsa_key *key);
void ecdsa_point(const struct ecdsa_key *key, uint8_t point[P256_POINT_BYTES]);
int ecdsa_sign(struct ecdsa_key *key, const uint8_t digest[ECDSA_DIGEST_BYTES],
	       uint8_t der[ECDSA_DER_MAX]);
bool ecdsa_verify(struct ecdsa_key *key, const uint8_t digest[ECDSA_DIGEST_BYTES],
		  const uint8_t *der, size_t len);

#endif /* SKY_CRYPTO_ECDSA_H */
