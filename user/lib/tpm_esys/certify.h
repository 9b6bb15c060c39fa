/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host vouches for in its own name: its TPM, with an attestation key that is kept in a
 * file, so that it has the same Name tomorrow.
 */
#ifndef SKY_TPM_ESYS_CERTIFY_H
#define SKY_TPM_ESYS_CERTIFY_H

#include "device.h"

#define CERTIFY_WHY	256u

struct certify {
	struct device *device;
	struct device_bytes ek, ak;	/* TPM2B_PUBLIC */
};

/**
 * certify_open() - Speak to the TPM, with the key of a file.
 * @c: receives it; certify_close() it
 * @tcti: as device_open()
 * @ak_file: the key, of use to this TPM alone; made when it is not there
 * @why: receives what is wrong, for people
 *
 * Return: 0; -ENODEV: there is no TPM; -EXDEV: the key is of another, or it was cleared; -errno.
 */
int certify_open(struct certify *c, const char *tcti, const char *ak_file, char why[CERTIFY_WHY]);
void certify_close(struct certify *c);

/**
 * certify_digest() - Have the attestation key vouch for a digest, and for the boot.
 * @c: from certify_open()
 * @digest: the extra data of the quote, @len bytes up to 64
 * @len: how many
 * @message: receives TPMS_ATTEST: a quote of PCRs 0 to 7 of SHA-256
 * @signature: receives TPMT_SIGNATURE
 *
 * Return: as device_quote().
 */
int certify_digest(struct certify *c, const void *digest, size_t len, struct device_bytes *message,
		   struct device_bytes *signature);

#endif /* SKY_TPM_ESYS_CERTIFY_H */
