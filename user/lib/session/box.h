/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that only the owner of a key can read: of a secret on its way to the vault, and of secrets
 * on their way from there to a runner.
 *
 *	 0  u8 version, 1
 *	 1  public point of a key that is used once (65)
 *	66  the encrypted bytes, tag (16)
 *
 * P-256 key agreement; HKDF-SHA256 of its x, without salt, with info: "skyhold box 1", that point,
 * the receiver's point, and SHA-256 of the context.  AES-256-GCM under that key, which is used
 * once, with a nonce of zeros; additional data is the info.  So a box is good for the one receiver
 * and the one context.
 *
 * Contexts, little endian: of a value on its way to the vault "intake", SHA-256 of the session's
 * document, its secret's name; of an answer to a runner "release", SHA-256 of the document, u64
 * owner, u8 tier, digest of the image, name of the workload.
 */
#ifndef SKY_SESSION_BOX_H
#define SKY_SESSION_BOX_H

#include "base/str.h"
#include "crypto/ecdsa.h"
#include "session.h"

#define BOX_OVERHEAD	(1u + P256_POINT_BYTES + 16u)
#define BOX_CONTEXT	32u

struct box_key {
	uint8_t scalar[P256_SCALAR_BYTES];
	uint8_t point[P256_POINT_BYTES];
};

/* A new one.  Return: 0 or -EIO. */
int box_key_make(struct box_key *key);
/* The one that follows from 32 bytes that are a key already.  Return: 0 or -EIO. */
int box_key_derive(struct box_key *key, const uint8_t from[32]);

/* Return: 0 or -EIO. */
int box_context_intake(const uint8_t document[SESSION_DIGEST], struct str secret,
		       uint8_t context[BOX_CONTEXT]);
int box_context_release(const uint8_t document[SESSION_DIGEST], uint64_t owner, unsigned int tier,
			const uint8_t image[SESSION_DIGEST], struct str workload,
			uint8_t context[BOX_CONTEXT]);

/*
 * @box: receives @len + BOX_OVERHEAD bytes.
 * Return: 0; -EINVAL: @point is none; -EIO.
 */
int box_seal(const uint8_t point[P256_POINT_BYTES], const uint8_t context[BOX_CONTEXT],
	     const void *plain, size_t len, uint8_t *box);

/*
 * @plain: room for @len - BOX_OVERHEAD bytes; wiped after an error.
 * Return: bytes; -EBADMSG: no box; -EKEYREJECTED: changed, or for another key or context; -EIO.
 */
int box_open(const struct box_key *key, const uint8_t context[BOX_CONTEXT], const void *box,
	     size_t len, uint8_t *plain);

#endif /* SKY_SESSION_BOX_H */
