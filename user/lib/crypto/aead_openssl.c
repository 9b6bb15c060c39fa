// SPDX-License-Identifier: GPL-2.0-or-later
/* OpenSSL: on every machine, and what the other one is compared with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "aead_backend.h"

static bool openssl_valid(void)
{
	return true;
}

static void openssl_key_free(void *key)
{
	EVP_CIPHER_CTX_free(key);
}

static void *openssl_key_new(const uint8_t key[GCM_KEY_BYTES])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	/* The direction is given with each message. */
	if (ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, NULL, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static int openssl_seal(void *key, const struct aead_args *args, const struct aead_piece *pieces,
			size_t count, uint8_t tag[GCM_TAG_BYTES])
{
	EVP_CIPHER_CTX *ctx = key;
	uint8_t none[16];
	size_t i;
	int n;

	if (EVP_EncryptInit_ex2(ctx, NULL, NULL, args->nonce, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, args->aad, (int)args->aad_len) != 1)
		return -EIO;
	for (i = 0; i < count; i++)
		if (EVP_EncryptUpdate(ctx, pieces[i].out, &n, pieces[i].in,
				      (int)pieces[i].len) != 1)
			return -EIO;
	if (EVP_EncryptFinal_ex(ctx, none, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG_BYTES, tag) != 1)
		return -EIO;
	return 0;
}

static int openssl_open(void *key, const struct aead_args *args, const struct aead_piece *pieces,
			size_t count, const uint8_t tag[GCM_TAG_BYTES])
{
	EVP_CIPHER_CTX *ctx = key;
	uint8_t none[16];
	size_t i;
	int n;

	if (EVP_DecryptInit_ex2(ctx, NULL, NULL, args->nonce, NULL) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &n, args->aad, (int)args->aad_len) != 1)
		return -EIO;
	for (i = 0; i < count; i++)
		if (EVP_DecryptUpdate(ctx, pieces[i].out, &n, pieces[i].in,
				      (int)pieces[i].len) != 1)
			return -EIO;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GCM_TAG_BYTES, (void *)tag) != 1)
		return -EIO;
	return EVP_DecryptFinal_ex(ctx, none, &n) == 1 ? 0 : -EKEYREJECTED;
}

const struct aead_backend aead_openssl = {
	.name		= "openssl",
	.valid		= openssl_valid,
	.key_new	= openssl_key_new,
	.key_free	= openssl_key_free,
	.seal		= openssl_seal,
	.open		= openssl_open,
};
