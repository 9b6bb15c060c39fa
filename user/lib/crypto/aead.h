/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AES-256-GCM (NIST SP 800-38D) of what lies in pieces, and keys under keys.
 */
#ifndef SKY_CRYPTO_AEAD_H
#define SKY_CRYPTO_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "keywrap.h"

/**
 * aead_init() - Choose the back end for keys made from now on.
 * @name: "ipsec-mb" or "openssl", or NULL for the fastest that runs here, which is
 *        also what is used without this call
 *
 * Call while no key is being made.  Existing keys keep theirs.
 *
 * Return: 0, -ENOENT when there is no such back end, -ENODEV when it cannot run.
 */
int aead_init(const char *name);

/* Name of the back end in use. */
const char *aead_backend_name(void);

/* Name of back end @i in order of falling preference, or NULL past the last. */
const char *aead_backend_at(unsigned int i);

/* An expanded key; one thread at a time. */
struct aead;

/* Return: the key, or NULL when there is no memory or OpenSSL cannot. */
struct aead *aead_new(const uint8_t key[GCM_KEY_BYTES]);

/* Wipes the key; @aead may be NULL. */
void aead_free(struct aead *aead);

/* A part of a message; all parts one after the other are the message. */
struct aead_piece {
	const void *in;
	void *out;		/* @len bytes; may be @in, must not overlap otherwise */
	size_t len;		/* up to INT_MAX; 0 is fine */
};

#define AEAD_MAX_BYTES	((1ull << 36) - 32)	/* of a message */

/* What both directions share; nothing is owned. */
struct aead_args {
	const uint8_t *nonce;	/* GCM_NONCE_BYTES, never used twice with a key */
	const void *aad;
	size_t aad_len;		/* up to INT_MAX */
};

/**
 * aead_seal() - Encrypt and authenticate one message.
 * @aead: from aead_new()
 * @args: nonce and additional data
 * @pieces: the message
 * @count: how many pieces; 0 is an empty message
 * @tag: receives the tag
 *
 * Return: 0, -EINVAL when something is too long, -EIO when OpenSSL cannot.
 */
int aead_seal(struct aead *aead, const struct aead_args *args, const struct aead_piece *pieces,
	      size_t count, uint8_t tag[GCM_TAG_BYTES]);

/**
 * aead_open() - Verify and decrypt one message.
 * @aead: from aead_new()
 * @args: as it was sealed
 * @pieces: the message; what was written is wiped when it is not authentic
 * @count: how many pieces, which need not be those that were sealed
 * @tag: what aead_seal() gave
 *
 * Return: 0, -EKEYREJECTED when anything does not match, -EINVAL or -EIO as above.
 */
int aead_open(struct aead *aead, const struct aead_args *args, const struct aead_piece *pieces,
	      size_t count, const uint8_t tag[GCM_TAG_BYTES]);

/* --- keys under keys: key_seal.c ------------------------------------------------ */

#define SEALED_NONCE_BYTES	24
#define SEALED_KEY_BYTES	(SEALED_NONCE_BYTES + GCM_KEY_BYTES + GCM_TAG_BYTES)

/**
 * key_seal() - Encrypt a key under another.
 * @kek: the other
 * @aad: what it is for, @aad_len bytes
 * @aad_len: how many
 * @key: GCM_KEY_BYTES
 * @sealed: receives a random nonce, the encrypted key and the tag
 *
 * XAES-256-GCM (C2SP): a nonce of 192 bits, so that one @kek can seal any number of
 * keys under random nonces; with GCM's own 96 bits 2^32 would be too many.
 *
 * Return: 0, or -EIO.
 */
int key_seal(const uint8_t kek[GCM_KEY_BYTES], const void *aad, size_t aad_len,
	     const uint8_t key[GCM_KEY_BYTES], uint8_t sealed[SEALED_KEY_BYTES]);

/* Return: 0, -EKEYREJECTED when anything does not match, or -EIO; @key is wiped then. */
int key_unseal(const uint8_t kek[GCM_KEY_BYTES], const void *aad, size_t aad_len,
	       const uint8_t sealed[SEALED_KEY_BYTES], uint8_t key[GCM_KEY_BYTES]);

/* XAES-256-GCM itself; like gcm_seal() and gcm_open(), with a nonce of 24 bytes. */
int xaes_seal(const struct gcm_args *args, const void *plain, size_t len, void *cipher,
	      uint8_t tag[GCM_TAG_BYTES]);
int xaes_open(const struct gcm_args *args, const void *cipher, size_t len,
	      const uint8_t tag[GCM_TAG_BYTES], void *plain);

#endif /* SKY_CRYPTO_AEAD_H */
