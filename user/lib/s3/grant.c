// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <asm/byteorder.h>
#include <linux/types.h>

#include "base/secret.h"
#include "crypto/ecdh.h"
#include "crypto/hmac.h"
#include "grant.h"

static const char purpose[] = "SKYHOLD EDGE GRANT 1";
static const char session_purpose[] = "SKYHOLD EDGE SESSION 1";

struct grant_head {
	__u8 version;
	__u8 reserved[3];
	__le16 signature_len;
	__u8 edge[GRANT_EDGE_BYTES];
	__le64 issued;
	__le64 expires;
	__u8 point[P256_POINT_BYTES];
	__u8 zero;
} __attribute__((__packed__));

_Static_assert(sizeof(struct grant_head) == GRANT_HEAD, "wire format");

static void digest_of(const struct grant *g, uint8_t digest[SHA256_BYTES])
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, purpose, sizeof(purpose));
	/* The length of the signature is not known before; nothing hangs on it. */
	sha256_add(&s, g->bytes, offsetof(struct grant_head, signature_len));
	sha256_add(&s, g->bytes + offsetof(struct grant_head, edge),
		   GRANT_HEAD - offsetof(struct grant_head, edge));
	sha256_end(&s, digest);
}

/* Both sides come here; the salt ties the secret to every byte of the statement. */
static int derive(const struct grant *g, const uint8_t scalar[P256_SCALAR_BYTES],
		  const uint8_t point[P256_POINT_BYTES], struct grant_session *session)
{
	uint8_t shared[ECDH_BYTES], salt[SHA256_BYTES], key[SHA256_BYTES + GRANT_KEY_LEN / 2];
	struct out secret = OUT(session->secret, sizeof(session->secret));
	struct out access = OUT(session->access_key, sizeof(session->access_key));
	int rc = ecdh_p256(scalar, point, shared);

	if (rc)
		return rc;
	digest_of(g, salt);
	if (hkdf_sha256(shared, sizeof(shared), salt, sizeof(salt), session_purpose,
			sizeof(session_purpose), key, sizeof(key)))
		rc = -EIO;
	out_hex(&secret, key, SHA256_BYTES);
	/* A name, from the statement alone. */
	out_hex(&access, salt, GRANT_KEY_LEN / 2);
	explicit_bzero(shared, sizeof(shared));
	explicit_bzero(key, sizeof(key));
	return rc;
}

static bool life_ok(const struct grant *g)
{
	return g->issued >= 0 && g->expires > g->issued &&
	       g->expires - g->issued <= GRANT_LIFE_MAX;
}

static struct ecdsa_key *fresh_key(uint8_t scalar[P256_SCALAR_BYTES])
{
	struct ecdsa_key *key = NULL;
	unsigned int i;

	/* One in 2^32 is above the order. */
	for (i = 0; !key && i < 4; i++)
		if (!random_bytes(scalar, P256_SCALAR_BYTES))
			key = ecdsa_private(scalar);
	return key;
}

int grant_issue(struct grant *g, struct ecdsa_key *signer,
		const uint8_t edge_point[P256_POINT_BYTES], struct grant_session *session)
{
	uint8_t scalar[P256_SCALAR_BYTES], digest[SHA256_BYTES];
	struct grant_head head = { .version = GRANT_VERSION };
	struct ecdsa_key *fresh;
	int rc, len;

	if (!life_ok(g))
		return -EINVAL;
	fresh = fresh_key(scalar);
	if (!fresh)
		return -EIO;
	ecdsa_point(fresh, g->point);
	ecdsa_free(fresh);
	memcpy(head.edge, g->edge, sizeof(head.edge));
	memcpy(head.point, g->point, sizeof(head.point));
	head.issued = cpu_to_le64(g->issued);
	head.expires = cpu_to_le64(g->expires);
	memcpy(g->bytes, &head, sizeof(head));
	digest_of(g, digest);
	len = ecdsa_sign(signer, digest, g->bytes + GRANT_HEAD);
	rc = len < 0 ? len : derive(g, scalar, edge_point, session);
	explicit_bzero(scalar, sizeof(scalar));
	if (rc)
		return rc;
	head.signature_len = cpu_to_le16(len);
	memcpy(g->bytes, &head, sizeof(head));
	g->signature_len = len;
	g->len = GRANT_HEAD + len;
	return 0;
}

void grant_write(struct out *o, const struct grant *g)
{
	out_base64(o, g->bytes, g->len);
}

bool grant_parse(struct str token, struct grant *g)
{
	static const uint8_t zeros[3];
	struct grant_head head;
	int len;

	if (token.len > GRANT_TEXT_MAX)
		return false;
	len = base64_decode(token, g->bytes, sizeof(g->bytes));
	if (len <= (int)GRANT_HEAD)
		return false;
	memcpy(&head, g->bytes, sizeof(head));
	if (head.version != GRANT_VERSION || memcmp(head.reserved, zeros, sizeof(zeros)) ||
	    head.zero || le16_to_cpu(head.signature_len) != len - GRANT_HEAD)
		return false;
	g->len = len;
	g->signature_len = len - GRANT_HEAD;
	memcpy(g->edge, head.edge, sizeof(g->edge));
	memcpy(g->point, head.point, sizeof(g->point));
	g->issued = le64_to_cpu(head.issued);
	g->expires = le64_to_cpu(head.expires);
	return life_ok(g);
}

bool grant_verify(const struct grant *g, struct ecdsa_key *signer)
{
	uint8_t digest[SHA256_BYTES];

	digest_of(g, digest);
	return ecdsa_verify(signer, digest, g->bytes + GRANT_HEAD, g->signature_len);
}

int grant_open(const struct grant *g, const uint8_t scalar[P256_SCALAR_BYTES],
	       struct grant_session *session)
{
	return derive(g, scalar, g->point, session);
}
