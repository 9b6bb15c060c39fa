/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants: leave to make URLs for one edge, for a minute.  A grant is a statement that is signed
 * with ECDSA and names an edge, a time and a fresh public key; the secret of the URLs under it
 * comes from that key and the edge's own (ECDH over P-256, then HKDF, RFC 5869), so that only
 * the two of them have it.  It is no secret itself, and goes with each URL as
 * X-Amz-Security-Token, in base64.  Nothing of it is taken from the request but that.
 *
 *	version (1), zeros (3), length of the signature (2), edge (16), issued (8),
 *	expires (8), public key (65), zero (1), signature (DER, at most 72)
 *
 * Numbers are little-endian; the signature is over the SHA-256 of "SKYHOLD EDGE GRANT 1",
 * its NUL, and what is before the signature.
 */
#ifndef SKY_S3_GRANT_H
#define SKY_S3_GRANT_H

#include "base/out.h"
#include "crypto/ecdsa.h"
#include "crypto/kdf.h"

#define GRANT_VERSION		1
#define GRANT_EDGE_BYTES	16
#define GRANT_HEAD		104u		/* bytes before the signature */
#define GRANT_MAX		(GRANT_HEAD + ECDSA_DER_MAX)
#define GRANT_TEXT_MAX		((GRANT_MAX + 2) / 3 * 4)
#define GRANT_LIFE_MAX		60		/* seconds */
#define GRANT_SECRET_LEN	64		/* digits of the secret, for sig_derive() */
#define GRANT_KEY_LEN		20		/* of the access key that stands for a grant */

struct grant {
	uint8_t edge[GRANT_EDGE_BYTES];
	int64_t issued;			/* seconds since 1970 */
	int64_t expires;		/* at most GRANT_LIFE_MAX later */
	uint8_t point[P256_POINT_BYTES];
	uint8_t bytes[GRANT_MAX];	/* as it was signed */
	size_t len;
	size_t signature_len;
};

/* What URLs under a grant are signed with; to be wiped. */
struct grant_session {
	char secret[GRANT_SECRET_LEN];
	char access_key[GRANT_KEY_LEN];
};

/**
 * grant_issue - make a grant
 * @g:		edge, issued and expires are set; receives the rest
 * @signer:	the key that edges know
 * @edge_point:	the edge's public key
 * @session:	receives the secret
 *
 * Return: 0; -EINVAL for a life that is too long or a bad point; -EIO.
 */
int grant_issue(struct grant *g, struct ecdsa_key *signer,
		const uint8_t edge_point[P256_POINT_BYTES], struct grant_session *session);

/* The token: base64. */
void grant_write(struct out *o, const struct grant *g);

/* Read a token, in base64.  False: it is none.  Nothing is known of its signature yet. */
bool grant_parse(struct str token, struct grant *g);

/* Has @signer signed it? */
bool grant_verify(const struct grant *g, struct ecdsa_key *signer);

/**
 * grant_open - the session of a grant, at the edge
 * @g:		verified
 * @scalar:	the edge's private key
 *
 * Return: 0, -EINVAL for a point that is not on the curve, -EIO.
 */
int grant_open(const struct grant *g, const uint8_t scalar[P256_SCALAR_BYTES],
	       struct grant_session *session);

#endif /* SKY_S3_GRANT_H */
