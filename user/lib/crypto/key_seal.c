// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XAES-256-GCM (C2SP, version of 2024): the key and the first half of a nonce of 24
 * bytes give another key, by CMAC in counter mode (NIST SP 800-108), and AES-256-GCM
 * under that takes the other half.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "aead.h"
#include "base/secret.h"

#define BLOCK	16

/* Kept to the end of the process, as in hash.c. */
static EVP_CIPHER *aes_ecb;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void)
{
	EVP_CIPHER_free(aes_ecb);
}

static void fetch(void)
{
	aes_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	OPENSSL_atexit(forget);
}

/* Whole blocks, each for itself. */
static int encrypt_blocks(EVP_CIPHER_CTX *ctx, const uint8_t *in, uint8_t *out, int len)
{
	int n;

	return EVP_EncryptUpdate(ctx, out, &n, in, len) == 1 && n == len ? 0 : -EIO;
}

/* CMAC's subkey for whole blocks: L * x in GF(2^128) (NIST SP 800-38B, 6.1). */
static int cmac_subkey(EVP_CIPHER_CTX *ctx, uint8_t subkey[BLOCK])
{
	const uint8_t zeros[BLOCK] = { 0 };
	uint8_t l[BLOCK];
	unsigned int i;
	int rc;

	rc = encrypt_blocks(ctx, zeros, l, BLOCK);
	for (i = 0; i < BLOCK; i++)
		subkey[i] = (uint8_t)(l[i] << 1 | (i + 1 < BLOCK ? l[i + 1] >> 7 : 0));
	subkey[BLOCK - 1] ^= -(l[0] >> 7) & 0x87;
	explicit_bzero(l, sizeof(l));
	return rc;
}

static int derive_with(EVP_CIPHER_CTX *ctx, const uint8_t nonce[SEALED_NONCE_BYTES],
		       uint8_t derived[GCM_KEY_BYTES])
{
	uint8_t blocks[2][BLOCK], subkey[BLOCK];
	unsigned int counter, i;
	int rc = cmac_subkey(ctx, subkey);

	for (counter = 1; counter <= 2; counter++) {
		uint8_t *m = blocks[counter - 1];

		m[0] = 0;
		m[1] = counter;
		m[2] = 'X';
		m[3] = 0;
		memcpy(m + 4, nonce, 12);
		for (i = 0; i < BLOCK; i++)
			m[i] ^= subkey[i];
	}
	if (!rc)
		rc = encrypt_blocks(ctx, blocks[0], derived, sizeof(blocks));
	explicit_bzero(blocks, sizeof(blocks));
	explicit_bzero(subkey, sizeof(subkey));
	return rc;
}

static int derive(const uint8_t key[GCM_KEY_BYTES], const uint8_t nonce[SEALED_NONCE_BYTES],
		  uint8_t derived[GCM_KEY_BYTES])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int rc = -EIO;

	pthread_once(&once, fetch);
	if (ctx && aes_ecb && EVP_EncryptInit_ex2(ctx, aes_ecb, key, NULL, NULL) == 1)
		rc = derive_with(ctx, nonce, derived);
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

int xaes_seal(const struct gcm_args *args, const void *plain, size_t len, void *cipher,
	      uint8_t tag[GCM_TAG_BYTES])
{
	struct gcm_args inner = *args;
	uint8_t derived[GCM_KEY_BYTES];
	int rc = derive(args->key, args->nonce, derived);

	inner.key = derived;
	inner.nonce = args->nonce + SEALED_NONCE_BYTES - GCM_NONCE_BYTES;
	if (!rc)
		rc = gcm_seal(&inner, plain, len, cipher, tag);
	explicit_bzero(derived, sizeof(derived));
	return rc;
}

int xaes_open(const struct gcm_args *args, const void *cipher, size_t len,
	      const uint8_t tag[GCM_TAG_BYTES], void *plain)
{
	struct gcm_args inner = *args;
	uint8_t derived[GCM_KEY_BYTES];
	int rc = derive(args->key, args->nonce, derived);

	inner.key = derived;
	inner.nonce = args->nonce + SEALED_NONCE_BYTES - GCM_NONCE_BYTES;
	if (!rc)
		rc = gcm_open(&inner, cipher, len, tag, plain);
	explicit_bzero(derived, sizeof(derived));
	return rc;
}

int key_seal(const uint8_t kek[GCM_KEY_BYTES], const void *aad, size_t aad_len,
	     const uint8_t key[GCM_KEY_BYTES], uint8_t sealed[SEALED_KEY_BYTES])
{
	const struct gcm_args args = {
		.key = kek, .nonce = sealed, .aad = aad, .aad_len = aad_len,
	};
	uint8_t *cipher = sealed + SEALED_NONCE_BYTES;

	if (random_bytes(sealed, SEALED_NONCE_BYTES))
		return -EIO;
	return xaes_seal(&args, key, GCM_KEY_BYTES, cipher, cipher + GCM_KEY_BYTES);
}

int key_unseal(const uint8_t kek[GCM_KEY_BYTES], const void *aad, size_t aad_len,
	       const uint8_t sealed[SEALED_KEY_BYTES], uint8_t key[GCM_KEY_BYTES])
{
	const struct gcm_args args = {
		.key = kek, .nonce = sealed, .aad = aad, .aad_len = aad_len,
	};
	const uint8_t *cipher = sealed + SEALED_NONCE_BYTES;

	return xaes_open(&args, cipher, GCM_KEY_BYTES, cipher + GCM_KEY_BYTES, key);
}
