// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include "super.h"

/**
 * rlnc_super_bytes - bytes that a superblock takes on disk
 * @geo:	from rlnc_geometry_init()
 * @n:		members, 1..255
 *
 * Return: a multiple of 4096, below %RLNC_SUPER_STRIDE.
 */
size_t rlnc_super_bytes(const struct rlnc_geometry *geo, u32 n)
{
	size_t raw = sizeof(struct rlnc_disk_super) +
		     RLNC_TREES * geo->ptr_bytes +
		     n * sizeof(struct rlnc_disk_member);

	return (raw + RLNC_SECTOR_BYTES - 1) & ~(size_t)(RLNC_SECTOR_BYTES - 1);
}

/**
 * rlnc_super_peek_bytes - how much of a superblock there is to read
 * @buf:	its first 4096 bytes
 *
 * Return: the length it claims, or 0 when that cannot be one.
 */
u32 rlnc_super_peek_bytes(const void *buf)
{
	const struct rlnc_disk_super *d = buf;
	u32 bytes = le32_to_cpu(d->bytes);

	if (memcmp(d->magic, RLNC_DISK_MAGIC, sizeof(d->magic)))
		return 0;
	if (bytes < RLNC_SECTOR_BYTES || bytes > RLNC_SUPER_STRIDE ||
	    bytes % RLNC_SECTOR_BYTES)
		return 0;
	return bytes;
}

/* CRC-32C of a superblock as if its crc field were zero. */
static u32 super_crc(const void *buf, size_t bytes)
{
	static const u8 zero[sizeof(__le32)];
	size_t at = offsetof(struct rlnc_disk_super, crc);
	u32 crc;

	crc = crc32c(~0u, buf, at);
	crc = crc32c(crc, zero, sizeof(zero));
	at += sizeof(zero);
	return ~crc32c(crc, buf + at, bytes - at);
}

/**
 * rlnc_default_writes_min - members that must hold a commit, unless told
 * @k:		fragments that suffice
 * @n:		members
 *
 * Return: max(k, floor(n / 2) + 1).
 */
u32 rlnc_default_writes_min(u32 k, u32 n)
{
	return max(k, n / 2 + 1);
}

static bool all_zero(const u8 *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

/* A root pointer: unmapped and all zero, or a slot and a birth in range. */
static bool root_ok(const struct rlnc_ptr *ptr, const struct rlnc_super *sb)
{
	u64 birth = le64_to_cpu(ptr->birth);

	if (!birth)
		return all_zero((const u8 *)ptr, sb->geo.ptr_bytes);
	return birth <= sb->epoch && le64_to_cpu(ptr->slot) < sb->slots;
}

static bool member_ok(const struct rlnc_member_info *m,
		      const struct rlnc_disk_member *d, u64 epoch)
{
	if (!all_zero(d->zero, sizeof(d->zero)))
		return false;
	switch (m->state) {
	case RLNC_MEMBER_ABSENT:
		return true;
	case RLNC_MEMBER_SYNC:
		return m->valid_through == RLNC_EPOCH_NONE;
	case RLNC_MEMBER_STALE:
		/* The epoch after next: it returned while this one was being written. */
		return m->valid_through <= epoch && m->since <= epoch + 2;
	case RLNC_MEMBER_FAILED:
		return m->valid_through <= epoch && m->since == RLNC_EPOCH_NONE;
	default:
		return false;
	}
}

static bool parse_members(const struct rlnc_disk_member *d,
			  struct rlnc_super *sb)
{
	u32 i;

	for (i = 0; i < sb->n; i++, d++) {
		struct rlnc_member_info *m = &sb->members[i];

		memcpy(m->id, d->id, sizeof(m->id));
		m->valid_through = le64_to_cpu(d->valid_through);
		m->since = le64_to_cpu(d->since);
		m->state = d->state;
		if (!member_ok(m, d, sb->epoch))
			return false;
	}
	return true;
}

static void parse_head(const struct rlnc_disk_super *d, struct rlnc_super *sb)
{
	memcpy(sb->volume_id, d->volume_id, sizeof(sb->volume_id));
	memcpy(sb->label, d->label, sizeof(d->label));
	sb->label[sizeof(d->label)] = 0;
	memcpy(sb->coeff_seed, d->coeff_seed, sizeof(sb->coeff_seed));
	sb->member = le16_to_cpu(d->member);
	sb->k = le16_to_cpu(d->k);
	sb->n = le16_to_cpu(d->n);
	sb->mode = le16_to_cpu(d->mode);
	sb->symbol_bytes = le32_to_cpu(d->symbol_bytes);
	sb->writes_min = le32_to_cpu(d->writes_min);
	sb->epoch = le64_to_cpu(d->epoch);
	sb->logical_sectors = le64_to_cpu(d->logical_sectors);
	sb->slots = le64_to_cpu(d->slots);
	sb->slots_used = le64_to_cpu(d->slots_used);
	sb->log_slot = le64_to_cpu(d->log_slot);
	sb->log_seq = le64_to_cpu(d->log_seq);
	sb->work = le32_to_cpu(d->work);
	sb->packs = le32_to_cpu(d->packs);
	sb->work_done = le64_to_cpu(d->work_done);
	sb->pack_tail = le64_to_cpu(d->pack_tail);
	sb->pack_head = le64_to_cpu(d->pack_head);
}

static bool label_ok(const struct rlnc_disk_super *d)
{
	size_t len = strnlen((const char *)d->label, sizeof(d->label));

	return all_zero(d->label + len, sizeof(d->label) - len);
}

/**
 * rlnc_super_parse - check a superblock read from a member
 * @buf:	untrusted bytes, at least 4-byte aligned
 * @len:	how many there are
 * @sb:		filled in; meaningless unless %RLNC_SUPER_OK is returned
 *
 * Everything that can be checked without the key is checked here; whether the
 * volume's owner wrote it, only the MAC tells.
 *
 * Return: %RLNC_SUPER_OK or the first rule that is broken.
 */
enum rlnc_super_error rlnc_super_parse(const void *buf, size_t len,
				       struct rlnc_super *sb)
{
	const struct rlnc_disk_super *d = buf;
	const u8 *at = buf;
	size_t bytes, used;
	u64 max_slots;

	if (len < RLNC_SECTOR_BYTES)
		return RLNC_SUPER_SHORT;
	if (memcmp(d->magic, RLNC_DISK_MAGIC, sizeof(d->magic)))
		return RLNC_SUPER_MAGIC;
	if (le32_to_cpu(d->version) != RLNC_DISK_VERSION)
		return RLNC_SUPER_VERSION;
	bytes = rlnc_super_peek_bytes(buf);
	if (!bytes || bytes > len)
		return RLNC_SUPER_LENGTH;
	if (le32_to_cpu(d->crc) != super_crc(buf, bytes))
		return RLNC_SUPER_CRC;
	parse_head(d, sb);
	if (rlnc_geometry_init(&sb->geo, sb->k, sb->symbol_bytes) ||
	    sb->n < sb->k || sb->n > RLNC_MAX_MEMBERS)
		return RLNC_SUPER_SHAPE;
	if (rlnc_super_bytes(&sb->geo, sb->n) != bytes)
		return RLNC_SUPER_LENGTH;
	if (sb->member >= sb->n)
		return RLNC_SUPER_MEMBER;
	if (sb->mode != RLNC_DISK_SYSTEMATIC && sb->mode != RLNC_DISK_DENSE)
		return RLNC_SUPER_MODE;
	if (sb->writes_min < sb->k || sb->writes_min > sb->n)
		return RLNC_SUPER_QUORUM;
	if (!sb->epoch || sb->epoch >= RLNC_EPOCH_NONE - 1)
		return RLNC_SUPER_EPOCH;
	max_slots = (~0ull >> 1) / sb->symbol_bytes;
	if (!sb->slots || sb->slots > max_slots || sb->slots_used > sb->slots)
		return RLNC_SUPER_SLOTS;
	if (!sb->logical_sectors ||
	    sb->logical_sectors > RLNC_MAX_LOGICAL_SECTORS ||
	    sb->logical_sectors > rlnc_logical_max(&sb->geo, sb->slots))
		return RLNC_SUPER_SIZE;
	if (sb->log_slot != RLNC_LOG_NONE && sb->log_slot >= sb->slots)
		return RLNC_SUPER_LOG;
	if (sb->work > RLNC_WORK_SCRUB || (!sb->work && sb->work_done))
		return RLNC_SUPER_WORK;
	if (!sb->packs || sb->packs > rlnc_packs_max(sb->slots) ||
	    sb->pack_tail > sb->pack_head || sb->pack_head - sb->pack_tail > sb->packs)
		return RLNC_SUPER_PACKS;
	if (!label_ok(d))
		return RLNC_SUPER_LABEL;
	if (d->zero0 || !all_zero(d->zero1, sizeof(d->zero1)))
		return RLNC_SUPER_RESERVED;

	at += sizeof(*d);
	for (used = 0; used < RLNC_TREES; used++, at += sb->geo.ptr_bytes) {
		memcpy(sb->root[used], at, sb->geo.ptr_bytes);
		if (!root_ok((const struct rlnc_ptr *)at, sb))
			return RLNC_SUPER_ROOT;
	}
	if (!parse_members((const struct rlnc_disk_member *)at, sb))
		return RLNC_SUPER_TABLE;
	at += sb->n * sizeof(struct rlnc_disk_member);
	used = at - (const u8 *)buf;
	if (!all_zero(at, bytes - used))
		return RLNC_SUPER_RESERVED;
	return RLNC_SUPER_OK;
}

static void format_head(const struct rlnc_super *sb, struct rlnc_disk_super *d)
{
	memcpy(d->magic, RLNC_DISK_MAGIC, sizeof(d->magic));
	d->version = cpu_to_le32(RLNC_DISK_VERSION);
	d->bytes = cpu_to_le32(rlnc_super_bytes(&sb->geo, sb->n));
	memcpy(d->volume_id, sb->volume_id, sizeof(d->volume_id));
	memcpy(d->label, sb->label, strnlen(sb->label, sizeof(d->label)));
	d->member = cpu_to_le16(sb->member);
	d->k = cpu_to_le16(sb->k);
	d->n = cpu_to_le16(sb->n);
	d->mode = cpu_to_le16(sb->mode);
	d->symbol_bytes = cpu_to_le32(sb->symbol_bytes);
	d->writes_min = cpu_to_le32(sb->writes_min);
	memcpy(d->coeff_seed, sb->coeff_seed, sizeof(d->coeff_seed));
	d->epoch = cpu_to_le64(sb->epoch);
	d->logical_sectors = cpu_to_le64(sb->logical_sectors);
	d->slots = cpu_to_le64(sb->slots);
	d->slots_used = cpu_to_le64(sb->slots_used);
	d->log_slot = cpu_to_le64(sb->log_slot);
	d->log_seq = cpu_to_le64(sb->log_seq);
	d->work = cpu_to_le32(sb->work);
	d->packs = cpu_to_le32(sb->packs);
	d->work_done = cpu_to_le64(sb->work_done);
	d->pack_tail = cpu_to_le64(sb->pack_tail);
	d->pack_head = cpu_to_le64(sb->pack_head);
}

/**
 * rlnc_super_format - write a superblock's bytes, MAC and CRC still zero
 * @sb:		what to write; @sb->geo must match k and the symbol size
 * @buf:	rlnc_super_bytes() bytes
 *
 * Compute HMAC-SHA-256 over the result and pass it to rlnc_super_put_mac().
 */
void rlnc_super_format(const struct rlnc_super *sb, void *buf)
{
	struct rlnc_disk_member *d;
	u8 *at = buf;
	u32 i;

	memset(buf, 0, rlnc_super_bytes(&sb->geo, sb->n));
	format_head(sb, buf);
	at += sizeof(struct rlnc_disk_super);
	for (i = 0; i < RLNC_TREES; i++, at += sb->geo.ptr_bytes)
		memcpy(at, sb->root[i], sb->geo.ptr_bytes);
	d = (struct rlnc_disk_member *)at;
	for (i = 0; i < sb->n; i++, d++) {
		const struct rlnc_member_info *m = &sb->members[i];

		memcpy(d->id, m->id, sizeof(d->id));
		d->valid_through = cpu_to_le64(m->valid_through);
		d->since = cpu_to_le64(m->since);
		d->state = m->state;
	}
}

/**
 * rlnc_super_take_mac - move the MAC out of a parsed superblock
 * @buf:	a superblock that rlnc_super_parse() accepted
 * @mac:	receives the MAC that it carries
 *
 * Afterwards HMAC-SHA-256 over the superblock's bytes must equal @mac.
 */
void rlnc_super_take_mac(void *buf, u8 mac[RLNC_MAC_BYTES])
{
	struct rlnc_disk_super *d = buf;

	memcpy(mac, d->mac, RLNC_MAC_BYTES);
	memset(d->mac, 0, RLNC_MAC_BYTES);
	d->crc = 0;
}

/**
 * rlnc_super_put_mac - complete a formatted superblock
 * @buf:	from rlnc_super_format()
 * @mac:	HMAC-SHA-256 of it
 */
void rlnc_super_put_mac(void *buf, const u8 mac[RLNC_MAC_BYTES])
{
	struct rlnc_disk_super *d = buf;

	memcpy(d->mac, mac, RLNC_MAC_BYTES);
	d->crc = cpu_to_le32(super_crc(buf, le32_to_cpu(d->bytes)));
}

/**
 * rlnc_super_strerror - a broken rule in words
 * @err:	from rlnc_super_parse()
 *
 * Return: a static string that completes "superblock: ...".
 */
const char *rlnc_super_strerror(enum rlnc_super_error err)
{
	static const char *const text[RLNC_SUPER_ERRORS] = {
		[RLNC_SUPER_OK]		= "good",
		[RLNC_SUPER_SHORT]	= "too short to be one",
		[RLNC_SUPER_MAGIC]	= "not a dm-rlnc member",
		[RLNC_SUPER_VERSION]	= "format version not known here",
		[RLNC_SUPER_LENGTH]	= "length does not fit its contents",
		[RLNC_SUPER_CRC]	= "damaged (checksum does not match)",
		[RLNC_SUPER_SHAPE]	= "k, n or symbol size out of range",
		[RLNC_SUPER_MEMBER]	= "member index not below n",
		[RLNC_SUPER_MODE]	= "unknown coding mode",
		[RLNC_SUPER_QUORUM]	= "writes_min not within k..n",
		[RLNC_SUPER_EPOCH]	= "epoch out of range",
		[RLNC_SUPER_SIZE]	= "logical size does not fit the slots",
		[RLNC_SUPER_SLOTS]	= "slot counts out of range",
		[RLNC_SUPER_LOG]	= "intent log outside the slots",
		[RLNC_SUPER_WORK]	= "unknown background work",
		[RLNC_SUPER_PACKS]	= "packs out of range",
		[RLNC_SUPER_ROOT]	= "root pointer out of range",
		[RLNC_SUPER_TABLE]	= "member table not consistent",
		[RLNC_SUPER_LABEL]	= "label not NUL padded",
		[RLNC_SUPER_RESERVED]	= "reserved bytes not zero",
		[RLNC_SUPER_MAC]	= "MAC does not match; wrong key or foreign volume",
	};

	if (err >= RLNC_SUPER_ERRORS)
		return "unknown error";
	return text[err];
}
