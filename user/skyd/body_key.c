// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The key of one body.  Wrapped, it is
 *
 *	u8 BODY_KEY_FORM, 24 bytes of nonce, 48 bytes of ciphertext (key, version), 16 of tag
 *
 * by XAES-256-GCM under the bucket's key: nonces are random, and a bucket may have any number
 * of objects.  The additional data are team, bucket and the object's name, so that a row of the
 * metadata that is moved to another name does not open there.
 */
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "gateway.h"

#define BODY_KEY_FORM	1u
#define BODY_PLAIN	(32u + 16u)
#define BODY_WRAPPED	(1u + SEALED_NONCE_BYTES + BODY_PLAIN + GCM_TAG_BYTES)

_Static_assert(BODY_WRAPPED <= BODY_KEY_WRAPPED_MAX, "a wrapped key has its room");

/* Whose it is: 17 bytes and the name.  Return: bytes; 0 for a name that is too long. */
static size_t owner_text(const struct meta_policy *policy, struct str name,
			 u8 text[17 + META_NAME_MAX])
{
	const __le64 number[2] = { cpu_to_le64(policy->team), cpu_to_le64(policy->bucket) };

	if (name.len > META_NAME_MAX)
		return 0;
	text[0] = BODY_KEY_FORM;
	memcpy(text + 1, number, sizeof(number));
	if (name.len)
		memcpy(text + 17, name.at, name.len);
	return 17 + name.len;
}

/* The id is 16 bytes of the digest of that. */
static int object_id(const u8 *owner, size_t len, u8 object[16])
{
	u8 digest[HASH_SHA256_BYTES];
	int rc = hash_once(HASH_SHA256, owner, len, digest);

	if (!rc)
		memcpy(object, digest, 16);
	return rc;
}

int body_key_make(struct gateway *g, const struct meta_policy *policy, struct str name,
		  struct body_key *key, u8 wrapped[BODY_KEY_WRAPPED_MAX], int64_t deadline)
{
	u8 owner[17 + META_NAME_MAX], plain[BODY_PLAIN], lease[32];
	u8 *const nonce = wrapped + 1, *const cipher = nonce + SEALED_NONCE_BYTES;
	struct gcm_args args = { lease, nonce, owner, owner_text(policy, name, owner) };
	int rc = args.aad_len ? 0 : -EINVAL;

	if (!rc)
		rc = gateway_lease(g, policy, lease, deadline);
	if (rc)
		return rc;
	wrapped[0] = BODY_KEY_FORM;
	rc = random_bytes(plain, sizeof(plain)) ?: random_bytes(nonce, SEALED_NONCE_BYTES) ?:
	     object_id(owner, args.aad_len, key->object) ?:
	     xaes_seal(&args, plain, sizeof(plain), cipher, cipher + BODY_PLAIN);
	memcpy(key->key, plain, sizeof(key->key));
	memcpy(key->version, plain + sizeof(key->key), sizeof(key->version));
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(lease, sizeof(lease));
	if (rc)
		explicit_bzero(key, sizeof(*key));
	return rc ? rc : (int)BODY_WRAPPED;
}

int body_key_open(struct gateway *g, const struct meta_policy *policy, struct str name,
		  struct rpc_bytes wrapped, struct body_key *key, int64_t deadline)
{
	u8 owner[17 + META_NAME_MAX], plain[BODY_PLAIN], lease[32];
	const u8 *const nonce = (const u8 *)wrapped.data + 1;
	const u8 *const cipher = nonce + SEALED_NONCE_BYTES;
	struct gcm_args args = { lease, nonce, owner, owner_text(policy, name, owner) };
	int rc;

	if (wrapped.len != BODY_WRAPPED || *(const u8 *)wrapped.data != BODY_KEY_FORM ||
	    !args.aad_len)
		return -EKEYREJECTED;
	rc = gateway_lease(g, policy, lease, deadline);
	if (rc)
		return rc;
	rc = xaes_open(&args, cipher, BODY_PLAIN, cipher + BODY_PLAIN, plain) ?:
	     object_id(owner, args.aad_len, key->object);
	explicit_bzero(lease, sizeof(lease));
	if (!rc) {
		memcpy(key->key, plain, sizeof(key->key));
		memcpy(key->version, plain + sizeof(key->key), sizeof(key->version));
	}
	explicit_bzero(plain, sizeof(plain));
	return rc;
}
