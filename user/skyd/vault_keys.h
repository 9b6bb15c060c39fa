/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vault's own keys, in memory and as a file, and what they wrap.  No I/O.
 *
 * File, little endian:
 *
 *	 0  magic "SKYVAULT"
 *	 8  u32 version, 1
 *	12  u32 how it is wrapped: enum vault_wrap
 *	16  u32 count of master keys, 1 to VAULT_EPOCHS
 *	20  u32 passes, u32 KiB, u32 lanes of Argon2id; zero unless it is a passphrase
 *	32  salt (32), nonce (24), tag (16)
 *	104 sealed: the scalar of the signing key (32), then of each master key u32 epoch
 *	    (rising), u32 zero, u64 seconds since 1970, key (32)
 *
 * XAES-256-GCM over the sealed part, the first 64 bytes as additional data, under HKDF-SHA256
 * (salt, "skyd vault file 1") of the passphrase's Argon2id; of nothing where the file is not
 * wrapped: the tag then finds damage, and only the file's mode protects the keys.
 *
 * A wrapped secret:
 *
 *	 0  u8 version, 1; u8 kind; u16 zero; u32 epoch of the master key
 *	 8  nonce (24), the encrypted secret, tag (16)
 *
 * XAES-256-GCM; additional data: the first 8 bytes, then u64 owner, u64 number, u32 length of
 * the name, the name.  So a wrapped secret is good for what it was wrapped for, and nothing
 * that is kept elsewhere says so a second time.
 */
#ifndef SKYD_VAULT_KEYS_H
#define SKYD_VAULT_KEYS_H

#include "base/secret.h"
#include "base/str.h"
#include "crypto/aead.h"
#include "crypto/argon.h"
#include "crypto/ecdsa.h"

#define VAULT_EPOCHS		64u
#define VAULT_SECRET_MAX	1024u
#define VAULT_SESSION_MAX	16384u	/* of a session's secret */
#define VAULT_NAME_MAX		1024u
#define VAULT_WRAP_OVERHEAD	(8u + SEALED_NONCE_BYTES + GCM_TAG_BYTES)
#define VAULT_WRAPPED_MAX	(VAULT_SECRET_MAX + VAULT_WRAP_OVERHEAD)
#define VAULT_FILE_HEAD		104u
#define VAULT_FILE_MAX		(VAULT_FILE_HEAD + 32 + 48 * VAULT_EPOCHS)

enum vault_wrap {
	VAULT_WRAP_NONE,
	VAULT_WRAP_PASSPHRASE,
	VAULT_WRAP_TPM,		/* reserved: refused with -EOPNOTSUPP */
};

/* In memory of secret_alloc(): all of it is secret. */
struct vault_keys {
	uint8_t scalar[P256_SCALAR_BYTES];	/* of URLs to our edges */
	uint32_t count;
	struct vault_master {
		uint32_t epoch;			/* from 1 */
		uint64_t created;		/* seconds since 1970 */
		uint8_t key[GCM_KEY_BYTES];
	} master[VAULT_EPOCHS];			/* the last one wraps */
};

/* Fresh keys.  Return: 0 or -EIO. */
int vault_keys_make(struct vault_keys *keys, uint64_t now);
/* One master key more.  Return: 0; -ENOSPC: forget one first; -EIO. */
int vault_keys_rotate(struct vault_keys *keys, uint64_t now);
/* Forget a master key: -ENOENT; -EBUSY: it is the one that wraps. */
int vault_keys_forget(struct vault_keys *keys, uint32_t epoch);

/**
 * vault_keys_seal - keys to the bytes of a file
 * @pass:	a passphrase, or NULL for none
 * @cost:	of Argon2id, with a passphrase
 * @file:	receives up to VAULT_FILE_MAX bytes
 *
 * Return: how many; -EINVAL for a cost out of range, -ENOMEM, -EIO.
 */
int vault_keys_seal(const struct vault_keys *keys, const struct secret *pass,
		    const struct argon_cost *cost, uint8_t *file);

/**
 * vault_keys_open - the reverse
 *
 * Return: 0; -EBADMSG: no such file, or damaged in what is not sealed; -EOPNOTSUPP: of a
 * version or a wrapping that is not known here; -ENOKEY: needs a passphrase; -EKEYREJECTED:
 * not this passphrase, or damaged; -ENOMEM, -EIO.  After an error nothing is in @keys.
 */
int vault_keys_open(struct vault_keys *keys, const struct secret *pass, const void *file,
		    size_t len);

/* What a file that vault_keys_open() took says of Argon2id; zeros if it is not used. */
void vault_keys_cost(const void *file, struct argon_cost *cost);

/* What secrets are, and so what their owner, number and name mean. */
enum vault_kind {
	VAULT_BUCKET = 1,	/* team, bucket, no name */
	VAULT_API_SECRET,	/* team, 0, access key */
	VAULT_CREDENTIAL,	/* 0 or team, location, access key */
	VAULT_SESSION,		/* 0 or team, version, see vault_session.c */
	VAULT_KINDS,
};

/* What a secret belongs to. */
struct vault_label {
	enum vault_kind kind;
	uint64_t owner;
	uint64_t number;
	struct str name;
};

/**
 * vault_wrap - encrypt a secret under the newest master key
 * @len:	1 to VAULT_SECRET_MAX, or VAULT_SESSION_MAX if it is of that kind
 * @wrapped:	receives @len + VAULT_WRAP_OVERHEAD bytes
 *
 * Return: how many; -EINVAL; -EIO.
 */
int vault_wrap(const struct vault_keys *keys, const struct vault_label *label,
	       const void *secret, size_t len, uint8_t *wrapped);

/**
 * vault_unwrap - the reverse
 * @secret:	room for VAULT_SECRET_MAX bytes, or VAULT_SESSION_MAX
 *
 * Return: bytes of the secret; -EBADMSG: no wrapped secret, or of another kind; -EOPNOTSUPP: of a
 * version that is not known here; -ENOKEY: its master key has been forgotten; -EKEYREJECTED:
 * changed, or wrapped for something else; -EIO.
 */
int vault_unwrap(const struct vault_keys *keys, const struct vault_label *label,
		 const void *wrapped, size_t len, uint8_t *secret);

#endif /* SKYD_VAULT_KEYS_H */
