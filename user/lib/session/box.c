// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "box.h"
#include "crypto/ecdh.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

#define VERSION		1u
#define TITLE		"skyhold box 1"
#define TITLE_LEN	(sizeof(TITLE) - 1)
#define INFO_LEN	(TITLE_LEN + 2 * P256_POINT_BYTES + BOX_CONTEXT)

/* --- keys ------------------------------------------------------------------------------- */

static int point_of(struct box_key *key)
{
	struct ecdsa_key *k = ecdsa_private(key->scalar);

	if (!k)
		return -EAGAIN;
	ecdsa_point(k, key->point);
	ecdsa_free(k);
	return 0;
}

int box_key_make(struct box_key *key)
{
	/* One in 2^32 is no scalar of the curve. */
	do {
		if (random_bytes(key->scalar, sizeof(key->scalar)))
			return -EIO;
	} while (point_of(key));
	return 0;
}

int box_key_derive(struct box_key *key, const uint8_t from[32])
{
	static const char info[] = "skyd vault intake ";
	char salt[sizeof(info)];
	unsigned int i;

	memcpy(salt, info, sizeof(info));
	for (i = 0; i < 100; i++) {
		salt[sizeof(info) - 1] = i;
		if (hkdf_sha256(from, 32, NULL, 0, salt, sizeof(salt), key->scalar,
				sizeof(key->scalar)))
			return -EIO;
		if (!point_of(key))
			return 0;
	}
	return -EIO;
}

/* --- contexts --------------------------------------------------------------------------- */

static int digest_of(const struct str *piece, unsigned int count, uint8_t context[BOX_CONTEXT])
{
	struct hash h = HASH_NONE;
	unsigned int i;
	int rc = hash_begin(&h, HASH_SHA256);

	for (i = 0; !rc && i < count; i++)
		rc = hash_update(&h, piece[i].at ? piece[i].at : "", piece[i].len);
	if (!rc)
		rc = hash_end(&h, context);
	hash_free(&h);
	return rc ? -EIO : 0;
}

/* All but the last piece have a fixed length. */
int box_context_intake(const uint8_t document[SESSION_DIGEST], struct str secret,
		       uint8_t context[BOX_CONTEXT])
{
	const struct str piece[] = {
		STR("intake"), { (const char *)document, SESSION_DIGEST }, secret,
	};

	return digest_of(piece, 3, context);
}

int box_context_release(const uint8_t document[SESSION_DIGEST], uint64_t owner, unsigned int tier,
			const uint8_t image[SESSION_DIGEST], struct str workload,
			uint8_t context[BOX_CONTEXT])
{
	uint8_t number[9];
	const struct str piece[] = {
		STR("release"), { (const char *)document, SESSION_DIGEST },
		{ (const char *)number, sizeof(number) },
		{ (const char *)image, SESSION_DIGEST }, workload,
	};
	unsigned int i;

	for (i = 0; i < 8; i++)
		number[i] = owner >> 8 * i;
	number[8] = tier;
	return digest_of(piece, 5, context);
}

/* --- boxes ------------------------------------------------------------------------------ */

/* Of the key that is used once, and of the receiver: one of the two scalars is known. */
static int key_of(const uint8_t *scalar, const uint8_t *other, const uint8_t *once,
		  const uint8_t *receiver, const uint8_t *context, uint8_t info[INFO_LEN],
		  uint8_t key[GCM_KEY_BYTES])
{
	uint8_t shared[ECDH_BYTES], *at = info;
	int rc = ecdh_p256(scalar, other, shared);

	memcpy(at, TITLE, TITLE_LEN);
	at += TITLE_LEN;
	memcpy(at, once, P256_POINT_BYTES);
	at += P256_POINT_BYTES;
	memcpy(at, receiver, P256_POINT_BYTES);
	at += P256_POINT_BYTES;
	memcpy(at, context, BOX_CONTEXT);
	if (!rc && hkdf_sha256(shared, sizeof(shared), NULL, 0, info, INFO_LEN, key,
			       GCM_KEY_BYTES))
		rc = -EIO;
	explicit_bzero(shared, sizeof(shared));
	return rc;
}

int box_seal(const uint8_t point[P256_POINT_BYTES], const uint8_t context[BOX_CONTEXT],
	     const void *plain, size_t len, uint8_t *box)
{
	static const uint8_t nonce[GCM_NONCE_BYTES];
	uint8_t info[INFO_LEN], key[GCM_KEY_BYTES], *cipher = box + 1 + P256_POINT_BYTES;
	const struct gcm_args args = { key, nonce, info, INFO_LEN };
	struct box_key once;
	int rc = box_key_make(&once);

	if (!rc)
		rc = key_of(once.scalar, point, once.point, point, context, info, key);
	if (!rc)
		rc = gcm_seal(&args, plain, len, cipher, cipher + len) ? -EIO : 0;
	box[0] = VERSION;
	memcpy(box + 1, once.point, P256_POINT_BYTES);
	explicit_bzero(&once, sizeof(once));
	explicit_bzero(key, sizeof(key));
	return rc;
}

int box_open(const struct box_key *mine, const uint8_t context[BOX_CONTEXT], const void *from,
	     size_t len, uint8_t *plain)
{
	static const uint8_t nonce[GCM_NONCE_BYTES];
	const uint8_t *box = from, *once = box + 1, *cipher = once + P256_POINT_BYTES;
	uint8_t info[INFO_LEN], key[GCM_KEY_BYTES];
	const struct gcm_args args = { key, nonce, info, INFO_LEN };
	size_t plain_len;
	int rc;

	if (len < BOX_OVERHEAD || box[0] != VERSION)
		return -EBADMSG;
	plain_len = len - BOX_OVERHEAD;
	rc = key_of(mine->scalar, once, once, mine->point, context, info, key);
	if (rc == -EINVAL)
		return -EBADMSG;
	if (!rc)
		rc = gcm_open(&args, cipher, plain_len, cipher + plain_len, plain);
	explicit_bzero(key, sizeof(key));
	if (rc)
		explicit_bzero(plain, plain_len);
	return rc ? rc : (int)plain_len;
}
