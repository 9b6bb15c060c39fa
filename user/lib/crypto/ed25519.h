/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ed25519 (RFC 8032) over whole messages, by OpenSSL. */
#ifndef SKY_CRYPTO_ED25519_H
#define SKY_CRYPTO_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED25519_SEED_BYTES	32
#define ED25519_PUBLIC_BYTES	32
#define ED25519_SIGNATURE_BYTES	64

/**
 * ed25519_public - the public key of a private one
 * @seed:	the private key of RFC 8032
 * @public:	receives it
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int ed25519_public(const uint8_t seed[ED25519_SEED_BYTES], uint8_t public[ED25519_PUBLIC_BYTES]);

/**
 * ed25519_sign - sign a message
 * @seed:	the private key
 * @message:	@len bytes; the same ones give the same signature
 * @len:	how many
 * @signature:	receives it
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int ed25519_sign(const uint8_t seed[ED25519_SEED_BYTES], const void *message, size_t len,
		 uint8_t signature[ED25519_SIGNATURE_BYTES]);

/* Is it a signature of the message by the key?  False also when OpenSSL cannot say. */
bool ed25519_verify(const uint8_t public[ED25519_PUBLIC_BYTES], const void *message, size_t len,
		    const uint8_t signature[ED25519_SIGNATURE_BYTES]);

#endif /* SKY_CRYPTO_ED25519_H */
