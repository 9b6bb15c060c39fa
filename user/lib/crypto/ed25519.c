// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "ed25519.h"

static EVP_PKEY *private_key(const uint8_t seed[ED25519_SEED_BYTES])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_SEED_BYTES);
}

/* What a stranger sent wrong must not fill the queue of errors. */
static int told(bool ok)
{
	if (!ok)
		ERR_clear_error();
	return ok ? 0 : -EIO;
}

int ed25519_public(const uint8_t seed[ED25519_SEED_BYTES], uint8_t public[ED25519_PUBLIC_BYTES])
{
	EVP_PKEY *key = private_key(seed);
	size_t len = ED25519_PUBLIC_BYTES;
	bool ok = key && EVP_PKEY_get_raw_public_key(key, public, &len) == 1 &&
		  len == ED25519_PUBLIC_BYTES;

	EVP_PKEY_free(key);
	return told(ok);
}

int ed25519_sign(const uint8_t seed[ED25519_SEED_BYTES], const void *message, size_t len,
		 uint8_t signature[ED25519_SIGNATURE_BYTES])
{
	EVP_PKEY *key = private_key(seed);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t size = ED25519_SIGNATURE_BYTES;
	bool ok = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(ctx, signature, &size, message, len) == 1 &&
		  size == ED25519_SIGNATURE_BYTES;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return told(ok);
}

bool ed25519_verify(const uint8_t public[ED25519_PUBLIC_BYTES], const void *message, size_t len,
		    const uint8_t signature[ED25519_SIGNATURE_BYTES])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public,
						    ED25519_PUBLIC_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, signature, ED25519_SIGNATURE_BYTES, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return !told(ok);
}
