/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attestation results for others: EAT Attestation Results (draft-ietf-rats-ear) with the claims of
 * AR4SI, as a JSON Web Token signed with ES256 (RFC 7515, RFC 7519).
 */
#ifndef SKY_TPM_EAR_H
#define SKY_TPM_EAR_H

#include "attest.h"

#define EAR_PROFILE	"tag:github.com,2023:veraison/ear"
#define EAR_TOKEN_MAX	(1u << 20)	/* bytes of a token */

struct ear_key;

/* What the result is about, and until when it holds. */
struct ear_about {
	const char *subject;		/* the machine */
	const char *nonce;		/* of the question, as text; NULL: none */
	const char *build;		/* of the verifier */
	int64_t issued;			/* seconds since the epoch */
	int64_t expires;		/* the same */
};

/**
 * ear_key_private() - A key that signs.
 * @pem: PKCS#8 or SEC 1, a key of P-256
 *
 * Return: it, or NULL.
 */
struct ear_key *ear_key_private(struct str pem);

/* A key that verifies, from SubjectPublicKeyInfo. */
struct ear_key *ear_key_public(struct str pem);

/**
 * ear_key_make() - A fresh key, for files.
 * @private: receives PKCS#8 in PEM, to be wiped and freed
 * @public: receives SubjectPublicKeyInfo in PEM, to be freed
 *
 * Return: 0, -ENOMEM, or -EIO when OpenSSL cannot.
 */
int ear_key_make(char **private, char **public);

void ear_key_free(struct ear_key *key);

/* The claims of a result, or NULL when there is no memory. */
json_t *ear_claims(const struct ear_about *about, const struct attest_policy *policy,
		   const struct attest_verdict *verdict);

/**
 * ear_sign() - Claims as a token.
 * @key: from ear_key_private()
 * @claims: an object
 * @token: receives a text for free()
 *
 * Return: 0, -ENOMEM, or -EIO when OpenSSL cannot.
 */
int ear_sign(const struct ear_key *key, const json_t *claims, char **token);

/**
 * ear_verify() - The claims of a token.
 * @key: whose signature it must have
 * @token: untrusted
 * @now: seconds since the epoch; a token that has expired, does not say when it does, or is of
 *	later than a minute from now, is refused
 * @nonce: that it must answer; NULL: any, or none
 * @claims: receives an object; json_decref() it
 *
 * Nothing of a token is looked at before its signature, but that its header asks for ES256 and
 * for nothing that is not known.
 *
 * Return: 0, -EBADMSG for what is no such token, -EKEYREJECTED for a wrong signature, -ETIME when
 * it is not its time, -EPERM for another nonce or profile, -ENOMEM or -EIO.
 */
int ear_verify(const struct ear_key *key, struct str token, int64_t now, const char *nonce,
	       json_t **claims);

#endif /* SKY_TPM_EAR_H */
