// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/crc32c.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "crypto/kdf.h"
#include "keyslot.h"
#include "keyslot_tpm2.h"

static bool all_zero(const void *p, size_t len)
{
	return !memchr_inv(p, 0, len);
}

/* CRC-32C of a set as if its crc field were zero. */
static u32 set_crc(const void *buf, size_t bytes)
{
	static const u8 zero[sizeof(__le32)];
	size_t at = offsetof(struct rlnc_disk_keyslots, crc);
	u32 crc;

	crc = crc32c(~0u, buf, at);
	crc = crc32c(crc, zero, sizeof(zero));
	at += sizeof(zero);
	return ~crc32c(crc, (const u8 *)buf + at, bytes - at);
}

static bool cost_ok(const struct keyslot *slot)
{
	static const struct argon_cost none;

	if (slot->type == RLNC_KEYSLOT_PASSPHRASE)
		return argon_cost_ok(&slot->cost);
	return !memcmp(&slot->cost, &none, sizeof(none));
}

static bool blob_ok(const struct keyslot *slot)
{
	struct keyslot_tpm2 tpm2;

	return slot->type == RLNC_KEYSLOT_TPM2 ? !keyslot_tpm2_get(slot, &tpm2) :
	       !slot->blob_bytes;
}

static enum keyslot_error parse_slot(const struct rlnc_disk_keyslot *d, struct keyslot *slot)
{
	size_t label = strnlen((const char *)d->label, sizeof(d->label));

	slot->number = le32_to_cpu(d->number);
	slot->type = le32_to_cpu(d->type);
	slot->created = le64_to_cpu(d->created);
	memcpy(slot->label, d->label, sizeof(d->label));
	slot->label[sizeof(d->label)] = 0;
	slot->cost.time = le32_to_cpu(d->argon_time);
	slot->cost.memory_kib = le32_to_cpu(d->argon_memory_kib);
	slot->cost.lanes = le32_to_cpu(d->argon_lanes);
	memcpy(slot->salt, d->salt, sizeof(slot->salt));
	memcpy(slot->nonce, d->nonce, sizeof(slot->nonce));
	memcpy(slot->wrapped, d->wrapped, sizeof(slot->wrapped));
	memcpy(slot->tag, d->tag, sizeof(slot->tag));
	slot->blob_bytes = le32_to_cpu(d->blob_bytes);
	memcpy(slot->blob, d->blob, sizeof(slot->blob));

	if (slot->number >= RLNC_KEYSLOTS)
		return KEYSLOT_NUMBER;
	if (slot->type < RLNC_KEYSLOT_PASSPHRASE || slot->type > RLNC_KEYSLOT_TPM2)
		return KEYSLOT_TYPE;
	if (!cost_ok(slot))
		return KEYSLOT_COST;
	if (!all_zero(d->label + label, sizeof(d->label) - label))
		return KEYSLOT_LABEL;
	if (slot->blob_bytes > sizeof(d->blob) ||
	    !all_zero(d->blob + slot->blob_bytes, sizeof(d->blob) - slot->blob_bytes) ||
	    !blob_ok(slot))
		return KEYSLOT_BLOB;
	if (!all_zero(d->zero, sizeof(d->zero)))
		return KEYSLOT_RESERVED;
	return KEYSLOT_OK;
}

/**
 * keyslot_parse - check a set of key slots read from a member
 * @buf:	untrusted bytes, at least 8-byte aligned
 * @len:	how many there are
 * @set:	filled in; meaningless unless %KEYSLOT_OK is returned
 *
 * Return: %KEYSLOT_OK or the first rule that is broken.
 */
enum keyslot_error keyslot_parse(const void *buf, size_t len, struct keyslot_set *set)
{
	const struct rlnc_disk_keyslots *d = buf;
	enum keyslot_error err;
	u32 i, bytes;

	if (len < RLNC_KEYSLOT_BLOCK)
		return KEYSLOT_SHORT;
	if (memcmp(d->magic, RLNC_KEYSLOT_MAGIC, sizeof(d->magic)))
		return KEYSLOT_MAGIC;
	if (le32_to_cpu(d->version) != RLNC_KEYSLOT_VERSION)
		return KEYSLOT_VERSION;
	bytes = le32_to_cpu(d->bytes);
	set->count = le32_to_cpu(d->count);
	if (set->count > RLNC_KEYSLOTS || bytes > len ||
	    bytes != (1 + set->count) * RLNC_KEYSLOT_BLOCK)
		return KEYSLOT_LENGTH;
	if (le32_to_cpu(d->crc) != set_crc(buf, bytes))
		return KEYSLOT_CRC;
	memcpy(set->volume_id, d->volume_id, sizeof(set->volume_id));
	memcpy(set->mac, d->mac, sizeof(set->mac));
	set->seq = le64_to_cpu(d->seq);
	if (!set->seq || set->seq == ~0ull)
		return KEYSLOT_SEQ;
	if (!all_zero(d->zero, sizeof(d->zero)))
		return KEYSLOT_RESERVED;
	for (i = 0; i < set->count; i++) {
		err = parse_slot((const struct rlnc_disk_keyslot *)(d + 1) + i, &set->slot[i]);
		if (err)
			return err;
		if (i && set->slot[i].number <= set->slot[i - 1].number)
			return KEYSLOT_NUMBER;
	}
	return KEYSLOT_OK;
}

static void format_slot(const struct keyslot *slot, struct rlnc_disk_keyslot *d)
{
	memset(d, 0, sizeof(*d));
	d->number = cpu_to_le32(slot->number);
	d->type = cpu_to_le32(slot->type);
	d->created = cpu_to_le64(slot->created);
	memcpy(d->label, slot->label, strnlen(slot->label, sizeof(d->label)));
	d->argon_time = cpu_to_le32(slot->cost.time);
	d->argon_memory_kib = cpu_to_le32(slot->cost.memory_kib);
	d->argon_lanes = cpu_to_le32(slot->cost.lanes);
	memcpy(d->salt, slot->salt, sizeof(d->salt));
	memcpy(d->nonce, slot->nonce, sizeof(d->nonce));
	memcpy(d->wrapped, slot->wrapped, sizeof(d->wrapped));
	memcpy(d->tag, slot->tag, sizeof(d->tag));
	d->blob_bytes = cpu_to_le32(slot->blob_bytes);
	memcpy(d->blob, slot->blob, slot->blob_bytes);
}

/* HMAC of a set whose crc and mac are zero. */
static int set_mac(const void *buf, size_t bytes, const struct keyslot_set *set,
		   const struct secret *volume_key, u8 mac[RLNC_MAC_BYTES])
{
	u8 key[SHA256_BYTES];
	int rc;

	rc = hkdf_sha256(volume_key->data, volume_key->len, set->volume_id,
			 sizeof(set->volume_id), RLNC_KDF_KEYSLOTS,
			 strlen(RLNC_KDF_KEYSLOTS), key, sizeof(key));
	if (!rc)
		rc = hmac_sha256(key, sizeof(key), buf, bytes, mac);
	explicit_bzero(key, sizeof(key));
	return rc;
}

/**
 * keyslot_format - write a set's bytes
 * @set:	what to write
 * @volume_key:	RLNC_VOLUME_KEY_BYTES, for the MAC
 * @buf:	KEYSLOT_SET_MAX bytes
 *
 * Return: how many bytes the set has, or 0 when the MAC cannot be computed.
 */
size_t keyslot_format(const struct keyslot_set *set, const struct secret *volume_key,
		      void *buf)
{
	size_t bytes = (1 + set->count) * RLNC_KEYSLOT_BLOCK;
	struct rlnc_disk_keyslots *d = buf;
	u8 mac[RLNC_MAC_BYTES];
	u32 i;

	memset(d, 0, sizeof(*d));
	memcpy(d->magic, RLNC_KEYSLOT_MAGIC, sizeof(d->magic));
	d->version = cpu_to_le32(RLNC_KEYSLOT_VERSION);
	d->bytes = cpu_to_le32(bytes);
	d->count = cpu_to_le32(set->count);
	memcpy(d->volume_id, set->volume_id, sizeof(d->volume_id));
	d->seq = cpu_to_le64(set->seq);
	for (i = 0; i < set->count; i++)
		format_slot(&set->slot[i], (struct rlnc_disk_keyslot *)(d + 1) + i);
	if (set_mac(buf, bytes, set, volume_key, mac))
		return 0;
	memcpy(d->mac, mac, sizeof(d->mac));
	d->crc = cpu_to_le32(set_crc(buf, bytes));
	return bytes;
}

/**
 * keyslot_check_mac - whether the owner of the volume key wrote a set
 * @buf:	bytes that keyslot_parse() accepted; their crc and mac are zeroed
 * @set:	from keyslot_parse()
 * @volume_key:	RLNC_VOLUME_KEY_BYTES
 *
 * Return: 0, -EKEYREJECTED, or -EIO.
 */
int keyslot_check_mac(void *buf, const struct keyslot_set *set,
		      const struct secret *volume_key)
{
	struct rlnc_disk_keyslots *d = buf;
	u8 mac[RLNC_MAC_BYTES];
	int rc;

	d->crc = 0;
	memset(d->mac, 0, sizeof(d->mac));
	rc = set_mac(buf, le32_to_cpu(d->bytes), set, volume_key, mac);
	if (rc)
		return rc;
	return mac_equal(mac, set->mac, sizeof(mac)) ? 0 : -EKEYREJECTED;
}

/**
 * keyslot_strerror - a broken rule in words
 * @err:	from keyslot_parse()
 *
 * Return: a static string that completes "key slots: ...".
 */
const char *keyslot_strerror(enum keyslot_error err)
{
	static const char *const text[KEYSLOT_ERRORS] = {
		[KEYSLOT_OK]		= "good",
		[KEYSLOT_SHORT]		= "too short to be any",
		[KEYSLOT_MAGIC]		= "none here",
		[KEYSLOT_VERSION]	= "format version not known here",
		[KEYSLOT_LENGTH]	= "length does not fit the number of slots",
		[KEYSLOT_CRC]		= "damaged (checksum does not match)",
		[KEYSLOT_SEQ]		= "sequence number out of range",
		[KEYSLOT_NUMBER]	= "slot numbers not rising or out of range",
		[KEYSLOT_TYPE]		= "unknown type of slot",
		[KEYSLOT_COST]		= "cost of key derivation out of range",
		[KEYSLOT_LABEL]		= "label not NUL padded",
		[KEYSLOT_BLOB]		= "what belongs to the type of a slot is not sound",
		[KEYSLOT_RESERVED]	= "reserved bytes not zero",
	};

	return err < KEYSLOT_ERRORS ? text[err] : "unknown error";
}

/**
 * keyslot_type_name - the name of a type in listings and options
 */
const char *keyslot_type_name(u32 type)
{
	switch (type) {
	case RLNC_KEYSLOT_PASSPHRASE:
		return "passphrase";
	case RLNC_KEYSLOT_KEYFILE:
		return "keyfile";
	case RLNC_KEYSLOT_TPM2:
		return "tpm2";
	default:
		return "unknown";
	}
}

/**
 * keyslot_same - whether two slots hold the same, made in one go
 */
bool keyslot_same(const struct keyslot *a, const struct keyslot *b)
{
	return a->number == b->number && a->type == b->type &&
	       !memcmp(a->nonce, b->nonce, sizeof(a->nonce)) &&
	       !memcmp(a->wrapped, b->wrapped, sizeof(a->wrapped)) &&
	       !memcmp(a->tag, b->tag, sizeof(a->tag));
}

/**
 * keyslot_same_slots - whether two sets hold the same slots, whatever their numbers
 */
bool keyslot_same_slots(const struct keyslot_set *a, const struct keyslot_set *b)
{
	u32 i;

	for (i = 0; a->count == b->count && i < a->count; i++)
		if (!keyslot_same(&a->slot[i], &b->slot[i]))
			return false;
	return a->count == b->count;
}
