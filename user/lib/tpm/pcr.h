/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Platform configuration registers: a bank per hash algorithm, as a TPM has them or as computed. */
#ifndef SKY_TPM_PCR_H
#define SKY_TPM_PCR_H

#include <stdbool.h>

#include "alg.h"

#define TPM_PCRS	24		/* of the PC Client profile */
#define TPM_PCR_IMA	10
#define TPM_PCRS_ALL	((1u << TPM_PCRS) - 1)

struct tpm_pcr_bank {
	const struct tpm_alg *alg;
	uint32_t known;			/* bit per PCR: it was given or extended */
	uint8_t value[TPM_PCRS][TPM_DIGEST_MAX];	/* alg->size bytes of each */
};

/* The banks of one TPM, or what a log says of them; one per algorithm. */
struct tpm_pcr_set {
	unsigned int count;
	struct tpm_pcr_bank bank[TPM_ALGS];
};

/* The values after a reset (PC Client Platform TPM Profile 4.6): 17 to 22 are ones, others zero. */
void tpm_pcr_reset(struct tpm_pcr_bank *bank, const struct tpm_alg *alg);

/**
 * tpm_pcr_extend() - PCR = H(PCR || digest).
 * @bank: of the digest's algorithm
 * @index: below TPM_PCRS
 * @digest: bank->alg->size bytes
 *
 * Return: 0, -EINVAL for an index out of range, -ENOMEM or -EIO as tpm_hash_parts().
 */
int tpm_pcr_extend(struct tpm_pcr_bank *bank, uint32_t index, const uint8_t *digest);

/* Return: -EINVAL for an index out of range. */
int tpm_pcr_put(struct tpm_pcr_bank *bank, uint32_t index, const uint8_t *value);

/**
 * tpm_pcr_policy() - A policy's digest goes on by TPM2_PolicyPCR.
 * @bank: whose values are asked for
 * @select: a bit per PCR, which the bank knows; not none
 * @digest: TPM_SHA256_BYTES, zeros at the beginning of a policy
 *
 * TPM 2.0 Part 3, 23.7: H(digest || TPM_CC_PolicyPCR || TPML_PCR_SELECTION || H(values)), where H
 * is SHA-256.
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int tpm_pcr_policy(const struct tpm_pcr_bank *bank, uint32_t select, uint8_t *digest);

/* Do both banks know this PCR, and is it equal? */
bool tpm_pcr_equal(const struct tpm_pcr_bank *a, const struct tpm_pcr_bank *b, uint32_t index);

/* Return: the bank of that algorithm, or NULL. */
struct tpm_pcr_bank *tpm_pcr_find(struct tpm_pcr_set *set, uint16_t alg);
const struct tpm_pcr_bank *tpm_pcr_get(const struct tpm_pcr_set *set, uint16_t alg);

/* The bank of that algorithm, made in its reset state when there is none.  Never NULL. */
struct tpm_pcr_bank *tpm_pcr_add(struct tpm_pcr_set *set, const struct tpm_alg *alg);

/**
 * tpm_pcrs_parse() - Read lines "BANK INDEX HEX".
 * @set: receives the banks; PCRs that are not named are not known
 * @text: untrusted; empty lines are skipped, digits are of either case
 * @line: receives the number of the line that is wrong, from 1; may be NULL
 *
 * Return: 0, or -EINVAL for a line that is not of that form, an unknown bank, a digest of
 * another length, or a PCR that is named twice.
 */
int tpm_pcrs_parse(struct tpm_pcr_set *set, struct str text, unsigned int *line);

#endif /* SKY_TPM_PCR_H */
