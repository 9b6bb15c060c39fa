/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates of endorsement keys (TCG EK Credential Profile 2.5): that of a TPM's key leads to
 * a maker that is trusted.
 */
#ifndef SKY_TPM_EK_CHAIN_H
#define SKY_TPM_EK_CHAIN_H

#include <openssl/types.h>

#include "tpm_public.h"

#define TPM_EK_CERT_MAX	16384u	/* bytes, with padding */
#define TPM_EK_TEXT_MAX	64

/* Whose certificates are trusted; kept for many TPMs. */
struct tpm_ek_roots;

/* What the maker says of the TPM, in printable ASCII. */
struct tpm_ek_info {
	char manufacturer[TPM_EK_TEXT_MAX];	/* "id:" and eight digits */
	char model[TPM_EK_TEXT_MAX];
	char version[TPM_EK_TEXT_MAX];
	int64_t not_after;			/* seconds since 1970 */
};

/**
 * tpm_ek_roots_new() - Trust makers.
 * @roots: PEM, one certificate or more, each signed by itself
 * @roots_len: bytes of it
 * @between: PEM of what lies between, or NULL; not trusted
 * @between_len: bytes of it
 * @to: receives them; tpm_ek_roots_free() them
 * @why: receives what is wrong
 *
 * Return: 0, -EBADMSG, or -ENOMEM.
 */
int tpm_ek_roots_new(const char *roots, size_t roots_len, const char *between, size_t between_len,
		     struct tpm_ek_roots **to, const char **why);

void tpm_ek_roots_free(struct tpm_ek_roots *roots);

/**
 * tpm_ek_verify() - Does a maker vouch for an endorsement key?
 * @roots: who is trusted
 * @cert: DER as a TPM's NV index has it: zeros or ones may follow
 * @cert_len: bytes of it
 * @ek: public area that the certificate has to be of; its attributes are checked
 * @now: seconds since 1970 at which all certificates have to be good
 * @info: receives what is said of the TPM
 * @why: receives why not
 *
 * SHA-1 and keys of less than 112 bits of strength are refused anywhere below the root.
 * Whether a certificate has been revoked is not asked.
 *
 * Return: 0, -EBADMSG for what is no certificate, -EACCES for what is not accepted, -ENOMEM.
 */
int tpm_ek_verify(const struct tpm_ek_roots *roots, const void *cert, size_t cert_len,
		  const struct tpm_public *ek, int64_t now, struct tpm_ek_info *info,
		  const char **why);

#endif /* SKY_TPM_EK_CHAIN_H */
