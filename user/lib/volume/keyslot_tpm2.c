// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "keyslot_tpm2.h"

#define PARTS	4u

int keyslot_tpm2_get(const struct keyslot *slot, struct keyslot_tpm2 *to)
{
	struct keyslot_bytes *const part[PARTS] = {
		&to->parent, &to->key, &to->public, &to->private,
	};
	struct rlnc_disk_keyslot_tpm2 head;
	size_t at = sizeof(head);
	unsigned int i;

	if (slot->blob_bytes < sizeof(head) || slot->blob_bytes > sizeof(slot->blob))
		return -EBADMSG;
	memcpy(&head, slot->blob, sizeof(head));
	to->epoch_index = le32_to_cpu(head.epoch_index);
	to->pcrs = le32_to_cpu(head.pcrs);
	to->bank = le16_to_cpu(head.bank);
	to->parent.len = le16_to_cpu(head.parent_bytes);
	to->key.len = le16_to_cpu(head.key_bytes);
	to->public.len = le16_to_cpu(head.public_bytes);
	to->private.len = le16_to_cpu(head.private_bytes);
	if (!to->pcrs || to->pcrs >> RLNC_KEYSLOT_PCRS ||
	    memchr_inv(head.zero, 0, sizeof(head.zero)))
		return -EBADMSG;
	for (i = 0; i < PARTS; i++) {
		part[i]->at = slot->blob + at;
		at += part[i]->len;
		if (!part[i]->len || at > slot->blob_bytes)
			return -EBADMSG;
	}
	return at == slot->blob_bytes ? 0 : -EBADMSG;
}

int keyslot_tpm2_put(struct keyslot *slot, const struct keyslot_tpm2 *from)
{
	const struct keyslot_bytes *const part[PARTS] = {
		&from->parent, &from->key, &from->public, &from->private,
	};
	struct rlnc_disk_keyslot_tpm2 head = {
		.epoch_index = cpu_to_le32(from->epoch_index),
		.pcrs = cpu_to_le32(from->pcrs),
		.bank = cpu_to_le16(from->bank),
		.parent_bytes = cpu_to_le16(from->parent.len),
		.key_bytes = cpu_to_le16(from->key.len),
		.public_bytes = cpu_to_le16(from->public.len),
		.private_bytes = cpu_to_le16(from->private.len),
	};
	size_t at = sizeof(head);
	unsigned int i;

	memset(slot->blob, 0, sizeof(slot->blob));
	memcpy(slot->blob, &head, sizeof(head));
	for (i = 0; i < PARTS; i++) {
		if (part[i]->len > sizeof(slot->blob) - at)
			return -EMSGSIZE;
		memcpy(slot->blob + at, part[i]->at, part[i]->len);
		at += part[i]->len;
	}
	slot->type = RLNC_KEYSLOT_TPM2;
	slot->blob_bytes = at;
	return 0;
}
