/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a TPM's key slot says besides the wrapped key.  No I/O, and no TPM. */
#ifndef SKY_VOLUME_KEYSLOT_TPM2_H
#define SKY_VOLUME_KEYSLOT_TPM2_H

#include <stddef.h>

#include "keyslot.h"

struct keyslot_bytes {
	const u8 *at;
	u16 len;
};

/* As struct rlnc_disk_keyslot_tpm2; the bytes lie in the slot, or are the caller's. */
struct keyslot_tpm2 {
	u32 epoch_index;
	u32 pcrs;
	u16 bank;
	struct keyslot_bytes parent, key, public, private;
};

/**
 * keyslot_tpm2_get - read a slot's blob
 * @slot:	of type RLNC_KEYSLOT_TPM2; its blob is untrusted
 * @to:		points into it
 *
 * Return: 0, or -EBADMSG.
 */
int keyslot_tpm2_get(const struct keyslot *slot, struct keyslot_tpm2 *to);

/**
 * keyslot_tpm2_put - write a slot's blob
 * @slot:	receives it, and the type
 * @from:	none of the four is empty
 *
 * Return: 0, or -EMSGSIZE.
 */
int keyslot_tpm2_put(struct keyslot *slot, const struct keyslot_tpm2 *from);

#endif /* SKY_VOLUME_KEYSLOT_TPM2_H */
