/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets that this machine's TPM gives up in certain boots only: sealed below its storage root
 * key for a policy, which a signed policy (tpm/boot_policy.h) fulfils.
 *
 * What goes to the TPM to be sealed and what comes back is encrypted for the storage root key,
 * whose Name is kept with the sealed secret: who listens at the TPM's pins learns nothing, and
 * who answers in its place is found out.
 */
#ifndef SKY_TPM_ESYS_SEAL_H
#define SKY_TPM_ESYS_SEAL_H

#include "base/secret.h"
#include "device.h"

#define SEAL_NAME_MAX		66u	/* bytes of a Name */
#define SEAL_SECRET_MAX		128u
#define SEAL_POLICY_BYTES	32u

struct sealed {
	struct device_bytes parent;	/* Name of the key below which it lies */
	struct device_bytes public;	/* TPM2B_PUBLIC */
	struct device_bytes private;	/* TPM2B_PRIVATE */
};

/* A signed policy, as the TPM takes it.  Pointers are the caller's. */
struct seal_policy {
	struct device_selection select;
	uint32_t index;			/* of the counter of epochs */
	uint64_t epoch;			/* that it may have at most */
	const uint8_t *policy;		/* SEAL_POLICY_BYTES: what was signed */
	const void *ref;		/* and what was signed with it */
	size_t ref_len;
	const uint8_t *digest;		/* SEAL_POLICY_BYTES: SHA-256 of both */
	const void *signature;		/* TPMT_SIGNATURE */
	size_t signature_len;
	const void *key;		/* TPMT_PUBLIC of who has signed */
	size_t key_len;
};

/**
 * seal() - Seal a secret.
 * @d: the TPM
 * @policy: that has to be fulfilled, SEAL_POLICY_BYTES of SHA-256
 * @secret: up to SEAL_SECRET_MAX bytes
 * @to: receives it
 *
 * Return: 0, -EINVAL, -EACCES when the owner has a password and there is no storage root key at
 * 0x81000001, or -EIO.
 */
int seal(struct device *d, const uint8_t *policy, const struct secret *secret, struct sealed *to);

/* Has this TPM sealed it?  Return: 0, -EXDEV, -EACCES, -EAGAIN or -EIO, as unseal(). */
int seal_is_ours(struct device *d, const struct sealed *what);

/**
 * unseal() - Have it back.
 * @d: the TPM
 * @from: untrusted
 * @by: a policy; untrusted, but for the key, which the secret is sealed for
 * @secret: receives it; secret_free() it
 *
 * Return: 0; -EXDEV: another TPM has sealed it, or this one was cleared; -EBADMSG: damaged;
 * -EKEYREJECTED: the signature is not of that key; -ENOENT: there is no counter of epochs;
 * -ESTALE: the counter has gone beyond the policy's epoch; -EPERM: the PCRs are not those of the
 * policy, or the secret is not sealed for this key; -EAGAIN: the TPM is locked out for a while;
 * -EACCES: as seal(); -ENOMEM; -EIO.
 */
int unseal(struct device *d, const struct sealed *from, const struct seal_policy *by,
	   struct secret *secret);

/**
 * seal_read_pcr() - The value of a PCR.
 * @d: the TPM
 * @alg: bank
 * @index: below 24
 * @to: receives up to 64 bytes
 * @len: receives their number; 0: there is no such bank
 *
 * Return: 0 or -EIO.
 */
int seal_read_pcr(struct device *d, uint16_t alg, unsigned int index, uint8_t to[64], size_t *len);

/**
 * seal_cap() - Measure something into a PCR, in all banks.
 * @d: the TPM
 * @index: below 24
 * @what: text of up to 256 bytes, the event
 *
 * What is sealed to that PCR is then not given up any more until the next boot.
 *
 * Return: 0, -EINVAL or -EIO.
 */
int seal_cap(struct device *d, unsigned int index, const char *what);

#endif /* SKY_TPM_ESYS_SEAL_H */
