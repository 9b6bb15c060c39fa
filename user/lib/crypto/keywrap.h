/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key under another: AES-256-GCM.  A wrong key, a changed ciphertext and
 * changed additional data all look the same: -EKEYREJECTED.
 */
#ifndef SKY_CRYPTO_KEYWRAP_H
#define SKY_CRYPTO_KEYWRAP_H

#include <stddef.h>
#include <stdint.h>

#define GCM_KEY_BYTES	32
#define GCM_NONCE_BYTES	12
#define GCM_TAG_BYTES	16

/* What seals and opens share; nothing is owned. */
struct gcm_args {
	const uint8_t *key;	/* GCM_KEY_BYTES */
	const uint8_t *nonce;	/* GCM_NONCE_BYTES, never used twice with a key */
	const void *aad;
	size_t aad_len;
};

int gcm_seal(const struct gcm_args *args, const void *plain, size_t len, void *cipher,
	     uint8_t tag[GCM_TAG_BYTES]);
int gcm_open(const struct gcm_args *args, const void *cipher, size_t len,
	     const uint8_t tag[GCM_TAG_BYTES], void *plain);

#endif /* SKY_CRYPTO_KEYWRAP_H */
