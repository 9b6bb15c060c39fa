/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attester's side: this machine's TPM, by libtss2-esys.  What it gives is judged by
 * user/lib/tpm, elsewhere.
 */
#ifndef SKY_TPM_ESYS_DEVICE_H
#define SKY_TPM_ESYS_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#define DEVICE_MESSAGE_MAX	2048u	/* bytes of what a TPM gives at once */
#define DEVICE_NV_MAX		16384u
#define DEVICE_EK_CERT_RSA	0x01c00002u	/* NV index: certificate of the RSA-2048 EK */

struct device;

struct device_bytes {
	uint8_t at[DEVICE_MESSAGE_MAX];
	size_t len;
};

/* PCRs of one bank: hash by its number, a bit per PCR. */
struct device_selection {
	uint16_t alg;
	uint32_t mask;
};

/**
 * device_open() - Speak to a TPM.
 * @tcti: as tpm2-tools have it ("device:/dev/tpmrm0", "swtpm:path=..."), NULL: the default
 * @to: receives it; device_close() it
 *
 * Return: 0, -ENOMEM, or -EIO.
 */
int device_open(const char *tcti, struct device **to);
void device_close(struct device *d);

/*
 * Load what device_open() needs to speak to such a TPM, for good: who has given up his rights can
 * map no code any more.  What is wrong shows when it is opened.
 */
void device_preload(const char *tcti);

/*
 * The descriptor that a TPM is spoken to by, which must stay open; -1: there is none between two
 * commands, each of which makes a connection of its own.
 */
int device_fd(const struct device *d);

/* What went wrong last, as the TPM's number (TPM_RC, TSS2_RC). */
uint32_t device_error(const struct device *d);

/**
 * device_keys() - Make the RSA-2048 endorsement key, and an attestation key below it.
 * @d: keeps both until it is closed
 * @ek: receives its TPM2B_PUBLIC, always the same for a TPM (template L-1)
 * @ak: receives that of a new key: P-256, ECDSA, SHA-256
 *
 * Return: 0, -EBUSY when they are there already, or -EIO.
 */
int device_keys(struct device *d, struct device_bytes *ek, struct device_bytes *ak);

/**
 * device_keys_kept() - The same, with an attestation key that outlives the call.
 * @d: keeps both until it is closed
 * @kept: the key, of use to this TPM alone; empty: one is made, and received here
 * @ek: as device_keys()
 * @ak: likewise
 *
 * Return: 0, -EBUSY, -EBADMSG for what is no such key, -EXDEV for one of another TPM, or -EIO.
 */
int device_keys_kept(struct device *d, struct device_bytes *kept, struct device_bytes *ek,
		     struct device_bytes *ak);

/**
 * device_quote() - Let the attestation key sign PCRs.
 * @d: with keys
 * @nonce: @len bytes
 * @len: up to 64
 * @select: @count banks
 * @count: 1 to 16
 * @message: receives TPMS_ATTEST
 * @signature: receives TPMT_SIGNATURE
 *
 * Return: 0, -EINVAL for an argument out of range, or -EIO.
 */
int device_quote(struct device *d, const void *nonce, size_t len,
		 const struct device_selection *select, unsigned int count,
		 struct device_bytes *message, struct device_bytes *signature);

/**
 * device_pcrs() - What PCRs are now.
 * @d: the TPM
 * @select: one bank
 * @size: bytes of each value
 * @to: receives those that are selected, in the order of their numbers
 *
 * They may change before they are quoted.
 *
 * Return: 0, -ENOENT when there is no such bank, -EINVAL for an argument out of range, or -EIO.
 */
int device_pcrs(struct device *d, const struct device_selection *select, size_t size, uint8_t *to);

/**
 * device_activate() - Unwrap what was wrapped for both keys.
 * @d: with keys
 * @blob: TPM2B_ID_OBJECT of @blob_len bytes
 * @blob_len: how many
 * @secret: TPM2B_ENCRYPTED_SECRET of @secret_len bytes
 * @secret_len: how many
 * @to: receives it; the caller wipes it
 *
 * Return: 0, -EBADMSG for what cannot be read, -EACCES when it is not for these keys, or -EIO.
 */
int device_activate(struct device *d, const void *blob, size_t blob_len, const void *secret,
		    size_t secret_len, struct device_bytes *to);

/**
 * device_nv_read() - A whole NV index.
 * @d: the TPM
 * @index: readable by the owner, whose password is empty
 * @to: receives up to DEVICE_NV_MAX bytes
 * @len: receives their number
 *
 * Return: 0, -ENOENT, -EFBIG or -EIO.
 */
int device_nv_read(struct device *d, uint32_t index, uint8_t to[DEVICE_NV_MAX], size_t *len);

#endif /* SKY_TPM_ESYS_DEVICE_H */
