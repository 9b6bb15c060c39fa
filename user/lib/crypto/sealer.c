// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>

#include <openssl/evp.h>

#include "sealer.h"

/* A context and nothing else; the name keeps OpenSSL out of the header. */
#define CTX(sealer)	((EVP_CIPHER_CTX *)(sealer))

/**
 * sealer_new - expand a key
 * @key:	GCM_KEY_BYTES; not needed after the call
 *
 * Return: the sealer, which one thread at a time may use, or NULL.
 */
struct sealer *sealer_new(const uint8_t key[GCM_KEY_BYTES])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, NULL, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	return (struct sealer *)ctx;
}

/* Wipes the key. */
void sealer_free(struct sealer *sealer)
{
	EVP_CIPHER_CTX_free(CTX(sealer));
}

/**
 * sealer_seal - encrypt and authenticate one message
 * @sealer:	from sealer_new()
 * @args:	nonce and additional data; the key is the sealer's own
 * @plain:	@len bytes
 * @len:	at most INT_MAX
 * @cipher:	receives @len bytes; may be @plain
 * @tag:	receives the tag
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int sealer_seal(struct sealer *sealer, const struct gcm_args *args, const void *plain, size_t len,
		void *cipher, uint8_t tag[GCM_TAG_BYTES])
{
	EVP_CIPHER_CTX *ctx = CTX(sealer);
	int n, ok;

	if (len > INT_MAX || args->aad_len > INT_MAX)
		return -EIO;
	ok = EVP_EncryptInit_ex2(ctx, NULL, NULL, args->nonce, NULL) == 1 &&
	     EVP_EncryptUpdate(ctx, NULL, &n, args->aad, (int)args->aad_len) == 1 &&
	     EVP_EncryptUpdate(ctx, cipher, &n, plain, (int)len) == 1 &&
	     EVP_EncryptFinal_ex(ctx, (uint8_t *)cipher + n, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG_BYTES, tag) == 1;
	return ok ? 0 : -EIO;
}
