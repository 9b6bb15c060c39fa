// SPDX-License-Identifier: GPL-2.0-or-later
/* What changes a set: slots come and go, the volume key is wrapped in them. */
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>

#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "keyslot.h"

/* The bytes that a slot's seal binds; of the blob those that are in use. */
struct slot_aad {
	u8 volume_id[RLNC_ID_BYTES];
	u8 slot[offsetof(struct rlnc_disk_keyslot, nonce)];
	u8 blob[RLNC_KEYSLOT_BLOB];
};

/* Return: how many bytes they are. */
static size_t fill_aad(const struct keyslot_set *set, const struct keyslot *slot,
		       struct slot_aad *aad)
{
	struct rlnc_disk_keyslot d = {
		.number = cpu_to_le32(slot->number),
		.type = cpu_to_le32(slot->type),
		.created = cpu_to_le64(slot->created),
		.argon_time = cpu_to_le32(slot->cost.time),
		.argon_memory_kib = cpu_to_le32(slot->cost.memory_kib),
		.argon_lanes = cpu_to_le32(slot->cost.lanes),
		.blob_bytes = cpu_to_le32(slot->blob_bytes),
	};

	memcpy(d.label, slot->label, strnlen(slot->label, sizeof(d.label)));
	memcpy(d.salt, slot->salt, sizeof(d.salt));
	memcpy(aad->volume_id, set->volume_id, sizeof(aad->volume_id));
	memcpy(aad->slot, &d, sizeof(aad->slot));
	memcpy(aad->blob, slot->blob, slot->blob_bytes);
	return offsetof(struct slot_aad, blob) + slot->blob_bytes;
}

/* The key that wraps, from what the owner knows or has. */
static int wrapping_key(const struct keyslot *slot, const struct secret *pass,
			u8 key[GCM_KEY_BYTES])
{
	switch (slot->type) {
	case RLNC_KEYSLOT_PASSPHRASE:
		return argon_derive(&slot->cost, pass->data, pass->len, slot->salt,
				    sizeof(slot->salt), key, GCM_KEY_BYTES);
	case RLNC_KEYSLOT_KEYFILE:
		return hkdf_sha256(pass->data, pass->len, slot->salt, sizeof(slot->salt),
				   RLNC_KDF_KEYFILE, strlen(RLNC_KDF_KEYFILE), key,
				   GCM_KEY_BYTES);
	case RLNC_KEYSLOT_TPM2:
		return hkdf_sha256(pass->data, pass->len, slot->salt, sizeof(slot->salt),
				   RLNC_KDF_TPM2, strlen(RLNC_KDF_TPM2), key, GCM_KEY_BYTES);
	default:
		return -EINVAL;
	}
}

/**
 * keyslot_wrap - seal the volume key in a slot
 * @set:	the set that the slot will be in
 * @slot:	number, type, label, created, cost and blob are given; salt, nonce,
 *		wrapped key and tag are filled in
 * @pass:	passphrase, contents of a key file, or what a TPM has sealed
 * @volume_key:	RLNC_VOLUME_KEY_BYTES
 *
 * Return: 0, -EINVAL, -ENOMEM, or -EIO.
 */
int keyslot_wrap(const struct keyslot_set *set, struct keyslot *slot,
		 const struct secret *pass, const struct secret *volume_key)
{
	struct slot_aad aad;
	u8 key[GCM_KEY_BYTES];
	struct gcm_args args = {
		.key = key, .nonce = slot->nonce, .aad = &aad,
	};
	int rc;

	if (volume_key->len != RLNC_VOLUME_KEY_BYTES)
		return -EINVAL;
	rc = random_bytes(slot->salt, sizeof(slot->salt));
	if (!rc)
		rc = random_bytes(slot->nonce, sizeof(slot->nonce));
	if (!rc)
		rc = wrapping_key(slot, pass, key);
	if (!rc) {
		args.aad_len = fill_aad(set, slot, &aad);
		rc = gcm_seal(&args, volume_key->data, volume_key->len, slot->wrapped, slot->tag);
	}
	explicit_bzero(key, sizeof(key));
	return rc;
}

/**
 * keyslot_unwrap - open a slot
 * @set:	the set that the slot is in
 * @slot:	the slot
 * @pass:	passphrase, contents of a key file, or what its TPM has given up
 * @volume_key:	receives the key; secret_free() it
 *
 * Return: 0, -EKEYREJECTED when @pass does not open the slot, -ENOMEM, or
 * another -errno.
 */
int keyslot_unwrap(const struct keyslot_set *set, const struct keyslot *slot,
		   const struct secret *pass, struct secret *volume_key)
{
	struct slot_aad aad;
	u8 key[GCM_KEY_BYTES];
	struct gcm_args args = {
		.key = key, .nonce = slot->nonce, .aad = &aad,
	};
	int rc = secret_alloc(volume_key, RLNC_VOLUME_KEY_BYTES);

	if (rc)
		return rc;
	rc = wrapping_key(slot, pass, key);
	if (!rc) {
		args.aad_len = fill_aad(set, slot, &aad);
		rc = gcm_open(&args, slot->wrapped, sizeof(slot->wrapped), slot->tag,
			      volume_key->data);
	}
	explicit_bzero(key, sizeof(key));
	if (rc)
		secret_free(volume_key);
	else
		volume_key->len = RLNC_VOLUME_KEY_BYTES;
	return rc;
}

/**
 * keyslot_find - a slot by its number
 *
 * Return: the slot or NULL.
 */
struct keyslot *keyslot_find(struct keyslot_set *set, u32 number)
{
	u32 i;

	for (i = 0; i < set->count; i++)
		if (set->slot[i].number == number)
			return &set->slot[i];
	return NULL;
}

/**
 * keyslot_first_free - the lowest number that no slot has
 *
 * Return: the number, or -ENOSPC.
 */
int keyslot_first_free(const struct keyslot_set *set)
{
	u32 i;

	for (i = 0; i < set->count; i++)
		if (set->slot[i].number != i)
			return i;
	return i < RLNC_KEYSLOTS ? (int)i : -ENOSPC;
}

/**
 * keyslot_add - put a slot in its place
 * @set:	the set
 * @slot:	copied
 *
 * Return: 0, -EEXIST when the number is taken, -EINVAL when it is too high.
 */
int keyslot_add(struct keyslot_set *set, const struct keyslot *slot)
{
	u32 at;

	if (slot->number >= RLNC_KEYSLOTS)
		return -EINVAL;
	if (keyslot_find(set, slot->number))
		return -EEXIST;
	for (at = set->count; at && set->slot[at - 1].number > slot->number; at--)
		set->slot[at] = set->slot[at - 1];
	set->slot[at] = *slot;
	set->count++;
	return 0;
}

/**
 * keyslot_remove - take a slot out
 *
 * Return: 0 or -ENOENT.
 */
int keyslot_remove(struct keyslot_set *set, u32 number)
{
	struct keyslot *slot = keyslot_find(set, number);
	u32 after;

	if (!slot)
		return -ENOENT;
	after = set->slot + set->count - (slot + 1);
	memmove(slot, slot + 1, after * sizeof(*slot));
	set->count--;
	explicit_bzero(&set->slot[set->count], sizeof(*slot));
	return 0;
}
