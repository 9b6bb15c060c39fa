// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "keywrap.h"

/* Looking it up costs as much as to encrypt a kilobyte: see hash.c. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *aes_gcm;

static void forget(void)
{
	EVP_CIPHER_free(aes_gcm);
}

static void fetch(void)
{
	aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	OPENSSL_atexit(forget);
}

static const EVP_CIPHER *gcm_cipher(void)
{
	pthread_once(&once, fetch);
	return aes_gcm;
}

/**
 * gcm_seal - encrypt and authenticate (NIST SP 800-38D)
 * @args:	key, nonce and additional data
 * @plain:	@len bytes
 * @cipher:	receives @len bytes; may be @plain
 * @tag:	receives the tag
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int gcm_seal(const struct gcm_args *args, const void *plain, size_t len, void *cipher,
	     uint8_t tag[GCM_TAG_BYTES])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *found = gcm_cipher();
	int n, ok;

	if (!ctx || !found || len > INT_MAX || args->aad_len > INT_MAX) {
		EVP_CIPHER_CTX_free(ctx);
		return -EIO;
	}
	ok = EVP_EncryptInit_ex2(ctx, found, args->key, args->nonce, NULL) == 1 &&
	     EVP_EncryptUpdate(ctx, NULL, &n, args->aad, (int)args->aad_len) == 1 &&
	     EVP_EncryptUpdate(ctx, cipher, &n, plain, (int)len) == 1 &&
	     EVP_EncryptFinal_ex(ctx, (uint8_t *)cipher + n, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG_BYTES, tag) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

/**
 * gcm_open - verify and decrypt (NIST SP 800-38D)
 * @args:	key, nonce and additional data
 * @cipher:	@len bytes
 * @tag:	what gcm_seal() gave
 * @plain:	receives @len bytes; wiped when they are not authentic
 *
 * Return: 0, -EKEYREJECTED when anything does not match, or -EIO.
 */
int gcm_open(const struct gcm_args *args, const void *cipher, size_t len,
	     const uint8_t tag[GCM_TAG_BYTES], void *plain)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *found = gcm_cipher();
	int n, ok, authentic;

	if (!ctx || !found || len > INT_MAX || args->aad_len > INT_MAX) {
		EVP_CIPHER_CTX_free(ctx);
		return -EIO;
	}
	ok = EVP_DecryptInit_ex2(ctx, found, args->key, args->nonce, NULL) == 1 &&
	     EVP_DecryptUpdate(ctx, NULL, &n, args->aad, (int)args->aad_len) == 1 &&
	     EVP_DecryptUpdate(ctx, plain, &n, cipher, (int)len) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GCM_TAG_BYTES, (void *)tag) == 1;
	authentic = ok && EVP_DecryptFinal_ex(ctx, (uint8_t *)plain + n, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (authentic)
		return 0;
	explicit_bzero(plain, len);
	return ok ? -EKEYREJECTED : -EIO;
}
