/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a TPM says of itself (TPMS_ATTEST, Part 2, 10.12.8) and how it signs that
 * (TPMT_SIGNATURE, 11.3.4).  Here both are only read; whether they are true: quote.h.
 */
#ifndef SKY_TPM_TPM_ATTEST_H
#define SKY_TPM_TPM_ATTEST_H

#include <openssl/types.h>

#include "tpm_public.h"

#define TPM_GENERATED_VALUE	0xff544347u
#define TPM_ST_ATTEST_CERTIFY	0x8017
#define TPM_ST_ATTEST_QUOTE	0x8018

#define TPM_SELECTIONS_MAX	16	/* more are refused (TPM's own limit: 16 banks) */

/* PCRs of one bank: bit per PCR. */
struct tpm_selection {
	uint16_t alg;
	uint32_t mask;
};

struct tpm_clock {
	uint64_t clock;			/* milliseconds that the TPM has been powered */
	uint32_t resets;		/* resetCount: since the TPM was cleared */
	uint32_t restarts;		/* restartCount: since the last reset */
	bool safe;			/* the clock has not been set back by a loss of power */
};

/* Points into the bytes that were parsed. */
struct tpm_attest {
	uint16_t type;			/* TPM_ST_ATTEST_* */
	struct tpm_blob signer;		/* qualified Name of the key */
	struct tpm_blob nonce;		/* extraData */
	struct tpm_clock clock;
	uint64_t firmware;
	/* of a quote */
	struct tpm_selection select[TPM_SELECTIONS_MAX];
	unsigned int selects;
	struct tpm_blob pcr_digest;
	/* of a certificate of a key */
	struct tpm_blob name, qualified_name;
};

struct tpm_signature {
	uint16_t alg;			/* TPM_ALG_RSASSA, _RSAPSS or _ECDSA */
	uint16_t hash;
	struct tpm_blob rsa;
	struct tpm_blob r, s;		/* ECDSA */
};

/**
 * tpm_attest_parse() - Read a TPMS_ATTEST.
 * @data: untrusted; has to outlive @a
 * @len: all of it
 * @a: receives it
 * @why: receives what is wrong
 *
 * Return: 0, or -EBADMSG.
 */
int tpm_attest_parse(const void *data, size_t len, struct tpm_attest *a, const char **why);

/* The same of a TPMT_SIGNATURE. */
int tpm_signature_parse(const void *data, size_t len, struct tpm_signature *s, const char **why);

/* Has @key signed @len bytes at @data so, with the algorithms that stand in the signature? */
bool tpm_signature_verify(const struct tpm_signature *s, EVP_PKEY *key, const void *data,
			  size_t len);

#endif /* SKY_TPM_TPM_ATTEST_H */
