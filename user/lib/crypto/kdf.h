/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_CRYPTO_KDF_H
#define SKY_CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES	32

int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
		uint8_t mac[SHA256_BYTES]);
int hkdf_sha256(const void *ikm, size_t ikm_len, const void *salt, size_t salt_len,
		const void *info, size_t info_len, void *okm, size_t okm_len);
int sha256_digest(const void *data, size_t len, uint8_t digest[SHA256_BYTES]);
int mac_equal(const void *a, const void *b, size_t len);

#endif /* SKY_CRYPTO_KDF_H */
