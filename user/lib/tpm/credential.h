/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A secret that only the TPM with a given endorsement key gets, and only if it holds the key
 * with a given Name beside it (TPM2_MakeCredential, Part 1, 24): so an attestation key is shown
 * to lie in that TPM.
 */
#ifndef SKY_TPM_CREDENTIAL_H
#define SKY_TPM_CREDENTIAL_H

#include "tpm_public.h"

#define TPM_CREDENTIAL_MAX	(2 + 2 + TPM_DIGEST_MAX + 2 + TPM_DIGEST_MAX)
#define TPM_SECRET_MAX		(2 + TPM_RSA_MAX)

/* Both as TPM2_ActivateCredential takes them. */
struct tpm_credential {
	uint8_t blob[TPM_CREDENTIAL_MAX];	/* TPM2B_ID_OBJECT */
	size_t blob_len;
	uint8_t secret[TPM_SECRET_MAX];		/* TPM2B_ENCRYPTED_SECRET */
	size_t secret_len;
};

/**
 * tpm_make_credential() - Wrap a secret.
 * @ek: endorsement key, RSA or ECC, whose certificate the caller has verified
 * @name: Name of the attestation key
 * @data: the secret; at least 16 bytes keep it from being guessed
 * @len: 1 to the size of @ek's name algorithm, in bytes
 * @to: receives it
 * @why: receives what is wrong
 *
 * Return: 0, -EINVAL for a length out of range or a key that is no endorsement key, -ENOMEM or
 * -EIO.
 */
int tpm_make_credential(const struct tpm_public *ek, const struct tpm_name *name,
			const void *data, size_t len, struct tpm_credential *to, const char **why);

/**
 * tpm_kdfa() - Key derivation from a key (Part 1, 11.4.10.2; SP 800-108 with HMAC).
 * @alg: hash
 * @key: @key_len bytes
 * @key_len: how many
 * @label: NUL is part of it
 * @u: context, or empty
 * @v: context, or empty
 * @out: receives @len bytes
 * @len: up to TPM_DIGEST_MAX
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int tpm_kdfa(const struct tpm_alg *alg, const uint8_t *key, size_t key_len, const char *label,
	     struct tpm_blob u, struct tpm_blob v, uint8_t *out, size_t len);

/**
 * tpm_kdfe() - Key derivation from a point (Part 1, 11.4.10.3; SP 800-56A).
 * @alg: hash, whose size is the length of @out
 * @z: x of the shared point
 * @label: NUL is part of it
 * @u: x of the one party
 * @v: x of the other
 * @out: receives alg->size bytes
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int tpm_kdfe(const struct tpm_alg *alg, struct tpm_blob z, const char *label, struct tpm_blob u,
	     struct tpm_blob v, uint8_t *out);

#endif /* SKY_TPM_CREDENTIAL_H */
