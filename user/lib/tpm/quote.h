/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is it true what a TPM says?  Of PCRs (a quote), and of a key that lies beside the attestation
 * key (a certificate).  What may be accepted is said by the caller; nothing that stands in the
 * message or the signature chooses an algorithm.
 *
 * Not shown by this: that the attestation key is in a TPM at all (ek_chain.h and credential.h
 * do that), and that the PCRs are good ones (what judges logs does).
 */
#ifndef SKY_TPM_QUOTE_H
#define SKY_TPM_QUOTE_H

#include "tpm_attest.h"
#include "pcr.h"

/* What is accepted. */
struct tpm_expect {
	struct tpm_blob nonce;			/* never empty */
	uint16_t scheme;			/* TPM_ALG_ECDSA, _RSASSA or _RSAPSS */
	uint16_t hash;				/* SHA-1 is never accepted */
	const struct tpm_selection *select;	/* of a quote: exactly these, in this order */
	unsigned int selects;
	const struct tpm_pcr_set *pcrs;		/* of a quote: the values that are vouched for */
	const struct tpm_clock *previous;	/* of the last accepted message, or NULL */
	struct tpm_blob signer;			/* qualified Name of the key; empty: any */
};

/**
 * tpm_quote_verify() - Does the TPM of @ak vouch for the PCRs?
 * @ak: attestation key; its attributes are checked
 * @message: TPMS_ATTEST
 * @message_len: bytes of it
 * @signature: TPMT_SIGNATURE over @message
 * @signature_len: bytes of it
 * @expect: what is accepted
 * @a: receives what was said; points into @message; not to be believed unless 0 is returned
 * @why: receives why not
 *
 * The signature is verified before the message is looked at.  A TPM obfuscates its counters of
 * resets for keys of the owner's hierarchy, by a number that is one key's own: they can be
 * compared with those of the same key.
 *
 * Return: 0, -EBADMSG for what is malformed, -EACCES for what is not accepted, -ENOMEM or -EIO.
 */
int tpm_quote_verify(const struct tpm_public *ak, const void *message, size_t message_len,
		     const void *signature, size_t signature_len,
		     const struct tpm_expect *expect, struct tpm_attest *a, const char **why);

/**
 * tpm_quote_nonce() - Does the TPM of @ak vouch for the nonce?
 *
 * As tpm_quote_verify(), for who has bound something else by the nonce: which PCRs were quoted, and
 * what was in them, is not looked at.
 */
int tpm_quote_nonce(const struct tpm_public *ak, const void *message, size_t message_len,
		    const void *signature, size_t signature_len, const struct tpm_expect *expect,
		    struct tpm_attest *a, const char **why);

/**
 * tpm_certify_verify() - Does the TPM of @ak vouch for the key @subject?
 *
 * As tpm_quote_verify(), for TPM2_Certify.  What the attributes of @subject have to be is the
 * caller's.
 */
int tpm_certify_verify(const struct tpm_public *ak, const void *message, size_t message_len,
		       const void *signature, size_t signature_len,
		       const struct tpm_expect *expect, const struct tpm_public *subject,
		       struct tpm_attest *a, const char **why);

/* Does time go forward from @was to @is?  Return: NULL, or why not. */
const char *tpm_clock_check(const struct tpm_clock *was, const struct tpm_clock *is);

#endif /* SKY_TPM_QUOTE_H */
