// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To look up an algorithm costs as much as to hash a few hundred bytes (OpenSSL
 * takes a lock and compares names), so that is done once in a process.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "hash.h"

#define BLOCK_BYTES	64u	/* of each of these */

static const struct {
	const char *name;
	size_t bytes;
} kinds[HASH_KINDS] = {
	[HASH_MD5]	= { "MD5", HASH_MD5_BYTES },
	[HASH_SHA1]	= { "SHA1", HASH_SHA1_BYTES },
	[HASH_SHA256]	= { "SHA256", HASH_SHA256_BYTES },
};

/* Kept to the end of the process; OpenSSL frees them with all that is its own. */
static EVP_MD *fetched[HASH_KINDS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void)
{
	int i;

	for (i = 0; i < HASH_KINDS; i++)
		EVP_MD_free(fetched[i]);
}

static void fetch(void)
{
	int i;

	for (i = 0; i < HASH_KINDS; i++)
		fetched[i] = EVP_MD_fetch(NULL, kinds[i].name, NULL);
	OPENSSL_atexit(forget);
}

size_t hash_bytes(enum hash_kind kind)
{
	return (unsigned int)kind < HASH_KINDS ? kinds[kind].bytes : 0;
}

int hash_begin(struct hash *h, enum hash_kind kind)
{
	if (!hash_bytes(kind))
		return -EINVAL;
	pthread_once(&once, fetch);
	if (!fetched[kind])
		return -EIO;
	if (!h->ctx)
		h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		return -ENOMEM;
	h->kind = kind;
	return EVP_DigestInit_ex2(h->ctx, fetched[kind], NULL) == 1 ? 0 : -EIO;
}

int hash_update(struct hash *h, const void *data, size_t len)
{
	return EVP_DigestUpdate(h->ctx, data, len) == 1 ? 0 : -EIO;
}

int hash_end(struct hash *h, uint8_t *digest)
{
	return EVP_DigestFinal_ex(h->ctx, digest, NULL) == 1 ? 0 : -EIO;
}

void hash_free(struct hash *h)
{
	EVP_MD_CTX_free(h->ctx);
	*h = HASH_NONE;
}

int hash_once(enum hash_kind kind, const void *data, size_t len, uint8_t *digest)
{
	struct hash h = HASH_NONE;
	int rc = hash_begin(&h, kind);

	if (!rc)
		rc = hash_update(&h, data, len);
	if (!rc)
		rc = hash_end(&h, digest);
	hash_free(&h);
	return rc;
}

static int padded(struct hash *h, enum hash_kind kind, const uint8_t *key, size_t key_len,
		  uint8_t pad, const void *data, size_t len, uint8_t *digest)
{
	uint8_t block[BLOCK_BYTES];
	size_t i;
	int rc = hash_begin(h, kind);

	for (i = 0; i < sizeof(block); i++)
		block[i] = (i < key_len ? key[i] : 0) ^ pad;
	if (!rc)
		rc = hash_update(h, block, sizeof(block));
	explicit_bzero(block, sizeof(block));
	if (!rc)
		rc = hash_update(h, data, len);
	return rc ? rc : hash_end(h, digest);
}

int hash_mac(enum hash_kind kind, const void *key, size_t key_len, const void *data, size_t len,
	     uint8_t *mac)
{
	struct hash h = HASH_NONE;
	uint8_t shorter[HASH_MAX_BYTES];
	int rc = 0;

	if (key_len > BLOCK_BYTES) {
		rc = hash_once(kind, key, key_len, shorter);
		key = shorter;
		key_len = hash_bytes(kind);
	}
	if (!rc)
		rc = padded(&h, kind, key, key_len, 0x36, data, len, mac);
	if (!rc)
		rc = padded(&h, kind, key, key_len, 0x5c, mac, hash_bytes(kind), mac);
	explicit_bzero(shorter, sizeof(shorter));
	hash_free(&h);
	return rc;
}
