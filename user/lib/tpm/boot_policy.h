/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed policies of boots: whoever has the key says in advance which PCRs a good boot will
 * have, and what is sealed for the key opens in that boot, and no other.  No TPM is spoken to.
 *
 * What is sealed has the policy PolicyAuthorize(key, BOOT_POLICY_REF).  A signed policy is
 * PolicyPCR(values) and PolicyNV(counter <= epoch): all policies of an epoch are void as soon as
 * the counter, which only rises, has gone beyond it.  The counter's Name depends on its number
 * alone, so that policies are signed without the machine.  Digests of policies are SHA-256
 * (Part 3, 23), whatever the bank.
 *
 * Policies are kept in the manner of systemd's tpm2-pcr-signature.json: under the bank's name a
 * list of objects with "pcrs", "pkfp" (SHA-256 of the public key's DER), "pol" and "sig".  Ours
 * have "epoch" as well, and "values" for people; a signature is over "pol" followed by
 * BOOT_POLICY_REF, so that none of systemd's is taken for one of these.
 */
#ifndef SKY_TPM_BOOT_POLICY_H
#define SKY_TPM_BOOT_POLICY_H

#include <jansson.h>

#include "pcr.h"
#include "tpm_public.h"

#define BOOT_POLICY_REF		"skyhold rlnc boot policy 1"
#define BOOT_POLICY_BYTES	TPM_SHA256_BYTES
#define BOOT_POLICY_PCRS	(1u << 4 | 1u << 7 | 1u << 9 | 1u << 11)
#define BOOT_POLICIES_MAX	256u		/* in a file */
#define BOOT_POLICY_FILE_MAX	(1u << 20)

/* What PCR 11 is extended by, as this text, once a TPM has given up the key of a volume. */
#define BOOT_CAP_PCR		11
#define BOOT_CAP_EVENT		"rlncsetup: volume keys are released"

/* NV index of the counter of epochs, of those that owners may define. */
#define BOOT_POLICY_EPOCH	0x01a5c001u

#define BOOT_PKFP_TEXT		(2 * TPM_SHA256_BYTES + 1)

/* Who signs: the public key as TPMs have it. */
struct boot_key {
	uint8_t area[TPM_PUBLIC_MAX];		/* TPMT_PUBLIC */
	size_t len;
	struct tpm_name name;
	char pkfp[BOOT_PKFP_TEXT];
};

struct boot_policy {
	const struct tpm_alg *bank;
	uint32_t pcrs;				/* bit per PCR */
	uint64_t epoch;
	uint8_t digest[BOOT_POLICY_BYTES];
	char pkfp[BOOT_PKFP_TEXT];		/* who has signed */
	uint8_t signature[TPM_RSA_MAX + 16];	/* as OpenSSL has it */
	size_t signature_len;
	struct tpm_pcr_bank values;		/* as far as said; nothing vouches for them */
};

struct boot_policies {
	unsigned int count;
	struct boot_policy *at;
};

/**
 * boot_key_from_pem() - The public key of whoever signs.
 * @text: PEM, of a public or a private key: RSA of 2048 to 4096 bits, or P-256
 * @len: of it
 * @to: receives it
 * @why: receives what is wrong
 *
 * Return: 0, -EBADMSG, -EOPNOTSUPP for another kind of key, -ENOMEM or -EIO.
 */
int boot_key_from_pem(const char *text, size_t len, struct boot_key *to, const char **why);

/* The same of a TPMT_PUBLIC, which is untrusted.  Return: as above. */
int boot_key_from_area(const void *area, size_t len, struct boot_key *to, const char **why);

/* The Name of the counter of epochs once it has been written.  Return: 0, -ENOMEM or -EIO. */
int boot_counter_name(uint32_t index, struct tpm_name *name);

/* The policy of what is sealed for a key.  Return: 0, -ENOMEM or -EIO. */
int boot_sealed_policy(const struct boot_key *key, uint8_t digest[BOOT_POLICY_BYTES]);

/**
 * boot_policy_digest() - The policy that certain PCRs and a counter fulfil.
 * @bank: knows the values of @pcrs
 * @pcrs: bit per PCR
 * @epoch: the last value of the counter with which it is good
 * @index: of the counter
 * @digest: receives it
 *
 * Return: 0, -EINVAL when a value is not known, -ENOMEM or -EIO.
 */
int boot_policy_digest(const struct tpm_pcr_bank *bank, uint32_t pcrs, uint64_t epoch,
		       uint32_t index, uint8_t digest[BOOT_POLICY_BYTES]);

/**
 * boot_policy_sign() - Sign one.
 * @p: bank, pcrs and epoch are given, and values, which know all of @pcrs; receives the rest
 * @index: of the counter
 * @pem: private key, not encrypted
 * @len: of it
 * @why: receives what is wrong
 *
 * Return: 0, -EINVAL, -EBADMSG, -EOPNOTSUPP, -ENOMEM or -EIO.
 */
int boot_policy_sign(struct boot_policy *p, uint32_t index, const char *pem, size_t len,
		     const char **why);

/**
 * boot_policy_signature() - The signature as the TPM verifies it.
 * @p: from a file
 * @key: that should have signed it
 * @to: receives TPMT_SIGNATURE
 * @signed_digest: receives what it is over
 *
 * Return: 0, or -EBADMSG for what cannot be a signature of that key.
 */
int boot_policy_signature(const struct boot_policy *p, const struct boot_key *key,
			  struct tpm_writer *to, uint8_t signed_digest[BOOT_POLICY_BYTES]);

/**
 * boot_policies_read() - Read a file of policies.
 * @text: untrusted JSON; what has no "epoch" is passed over
 * @len: of it
 * @to: adds to it; boot_policies_free() it
 * @why: receives what is wrong
 *
 * Return: 0, -EBADMSG, -E2BIG or -ENOMEM.
 */
int boot_policies_read(const char *text, size_t len, struct boot_policies *to, const char **why);

/* Add one; of the same key, PCRs and epoch there is one.  Return: 0, -E2BIG or -ENOMEM. */
int boot_policies_add(struct boot_policies *to, const struct boot_policy *p);
void boot_policies_free(struct boot_policies *p);

/* One of a file, as an object; NULL: no memory. */
json_t *boot_policy_json(const struct boot_policy *p);

/* As JSON with a newline at the end, from malloc(); NULL: no memory. */
char *boot_policies_text(const struct boot_policies *p);

#endif /* SKY_TPM_BOOT_POLICY_H */
