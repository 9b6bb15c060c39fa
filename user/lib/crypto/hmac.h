/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 and HMAC-SHA-256 for who makes many of them a second: no allocation,
 * no look-up of algorithms, and of a key only its two states are kept, so that
 * a MAC of a short text costs three blocks.
 */
#ifndef SKY_CRYPTO_HMAC_H
#define SKY_CRYPTO_HMAC_H

#include "kdf.h"

/* OpenSSL's state; to be copied freely. */
struct sha256_state {
	uint64_t opaque[14];
};

struct hmac_key {
	struct sha256_state inner;
	struct sha256_state outer;
};

void sha256_begin(struct sha256_state *s);
void sha256_add(struct sha256_state *s, const void *data, size_t len);
void sha256_end(struct sha256_state *s, uint8_t digest[SHA256_BYTES]);
void sha256_of(const void *data, size_t len, uint8_t digest[SHA256_BYTES]);

void hmac_key_set(struct hmac_key *key, const void *secret, size_t len);
void hmac_with(const struct hmac_key *key, const void *data, size_t len,
	       uint8_t mac[SHA256_BYTES]);

#endif /* SKY_CRYPTO_HMAC_H */
