/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed PCR policies, in the manner of systemd-measure(1) and its tpm2-pcr-signature.json: the
 * digest of a TPM2_PolicyPCR over the bank sha256, and a signature of it by RSASSA with SHA-256,
 * which TPM2_PolicyAuthorize takes.
 *
 *	{"sha256":[{"pcrs":[4,11],"pkfp":DIGITS,"pol":DIGITS,"sig":BASE64}]}
 *
 * pkfp is SHA-256 of the public key in DER: RSAPublicKey of PKCS #1 (RFC 8017, A.1.1).
 */
#ifndef SKY_TPM_PCR_POLICY_H
#define SKY_TPM_PCR_POLICY_H

#include <jansson.h>

#include "pcr.h"

#define PCR_POLICY_BYTES	32u
#define PCR_POLICY_PEM_MAX	8192u	/* bytes of a key's file */

/**
 * pcr_policy_digest() - The policy of a session that has done TPM2_PolicyPCR, and nothing else.
 * @bank: of SHA-256, which knows the PCRs
 * @select: a bit per PCR, not none
 * @digest: receives it
 *
 * TPM 2.0 Part 3, 23.7: H(zeros || TPM_CC_PolicyPCR || TPML_PCR_SELECTION || H(values)).
 *
 * Return: 0, -EINVAL, -ENOMEM or -EIO.
 */
int pcr_policy_digest(const struct tpm_pcr_bank *bank, uint32_t select,
		      uint8_t digest[PCR_POLICY_BYTES]);

/* A fresh private key of RSA-2048 in PEM (PKCS#8): to be wiped and freed.  NULL: cannot. */
char *pcr_policy_make_key(void);
/* The public half in PEM, to be freed.  NULL: it is no private key of RSA. */
char *pcr_policy_public(struct str pem);

/**
 * pcr_policy_sign() - One entry of such a document.
 * @pem: the private key
 * @bank: as pcr_policy_digest()
 * @select: likewise
 * @to: receives the object
 *
 * Return: 0; -EINVAL: no PCRs, or no private key of RSA; -ENOMEM; -EIO.
 */
int pcr_policy_sign(struct str pem, const struct tpm_pcr_bank *bank, uint32_t select,
		    json_t **to);

#endif /* SKY_TPM_PCR_POLICY_H */
