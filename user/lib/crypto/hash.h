/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One digest of one stream, by OpenSSL.  For many streams at once see lanes.h.
 */
#ifndef SKY_CRYPTO_HASH_H
#define SKY_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

enum hash_kind {
	HASH_MD5,		/* RFC 1321 */
	HASH_SHA1,		/* FIPS 180-4 */
	HASH_SHA256,		/* FIPS 180-4 */
	HASH_KINDS,
};

#define HASH_MD5_BYTES		16
#define HASH_SHA1_BYTES		20
#define HASH_SHA256_BYTES	32
#define HASH_MAX_BYTES		32

/* A stream that is being hashed; all zeros: holds nothing. */
struct hash {
	void *ctx;		/* OpenSSL's, kept for the next stream */
	enum hash_kind kind;
};

#define HASH_NONE	((struct hash){ 0 })

/* Bytes of a digest. */
size_t hash_bytes(enum hash_kind kind);

/**
 * hash_begin() - Start a stream.
 * @h: HASH_NONE, or used before: nothing is allocated then
 * @kind: which digest
 *
 * Return: 0, -EINVAL for an unknown kind, -ENOMEM, or -EIO when OpenSSL cannot.
 */
int hash_begin(struct hash *h, enum hash_kind kind);

/* Return: 0, or -EIO when OpenSSL cannot. */
int hash_update(struct hash *h, const void *data, size_t len);

/**
 * hash_end() - The digest of all that was given.
 * @h: must be begun again before it is used again
 * @digest: receives hash_bytes() bytes
 *
 * Return: 0, or -EIO when OpenSSL cannot.
 */
int hash_end(struct hash *h, uint8_t *digest);

/* Let go of the context; @h may hold nothing, and holds nothing afterwards. */
void hash_free(struct hash *h);

/**
 * hash_once() - The digest of one buffer.
 * @kind: which digest
 * @data: @len bytes
 * @len: how many
 * @digest: receives hash_bytes(@kind) bytes
 *
 * Return: as hash_begin().
 */
int hash_once(enum hash_kind kind, const void *data, size_t len, uint8_t *digest);

/**
 * hash_mac() - HMAC (RFC 2104) of one buffer; of SHA-256 see hmac.h, which is faster.
 * @kind: of which digest
 * @key: @key_len bytes
 * @key_len: how many; one of more than 64 counts as its digest
 * @data: @len bytes
 * @len: how many
 * @mac: receives hash_bytes(@kind) bytes
 *
 * Return: as hash_begin().
 */
int hash_mac(enum hash_kind kind, const void *key, size_t key_len, const void *data, size_t len,
	     uint8_t *mac);

#endif /* SKY_CRYPTO_HASH_H */
