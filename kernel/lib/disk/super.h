/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The superblock: untrusted bytes to a checked structure and back.  Pure
 * functions; the caller reads, writes and computes the MAC.
 */
#ifndef RLNC_DISK_SUPER_H
#define RLNC_DISK_SUPER_H

#include <linux/types.h>
#include "rlnc_disk.h"
#include "map/geometry.h"

#define RLNC_MAX_MEMBERS	255
#define RLNC_EPOCH_NONE		(~0ull)
#define RLNC_LOG_NONE		(~0ull)

/* What a superblock says of one member; see struct rlnc_disk_member. */
struct rlnc_member_info {
	u8 id[RLNC_ID_BYTES];
	u64 valid_through;
	u64 since;
	u8 state;
};

/* A superblock in the host's byte order; fields as in struct rlnc_disk_super. */
struct rlnc_super {
	u8 volume_id[RLNC_ID_BYTES];
	char label[33];
	u16 member;
	u16 k;
	u16 n;
	u16 mode;
	u32 symbol_bytes;
	u32 writes_min;
	u8 coeff_seed[RLNC_SEED_BYTES];
	u64 epoch;
	u64 logical_sectors;
	u64 slots;
	u64 slots_used;
	u64 log_slot;
	u64 log_seq;
	u32 work;
	u32 packs;
	u64 work_done;
	u64 pack_tail;
	u64 pack_head;
	struct rlnc_geometry geo;
	u8 root[RLNC_TREES][RLNC_PTR_BYTES(RLNC_MAX_SEALS)];
	struct rlnc_member_info members[RLNC_MAX_MEMBERS];
};

/* Why a superblock was not accepted; rlnc_super_strerror() says it in words. */
enum rlnc_super_error {
	RLNC_SUPER_OK = 0,
	RLNC_SUPER_SHORT,
	RLNC_SUPER_MAGIC,
	RLNC_SUPER_VERSION,
	RLNC_SUPER_LENGTH,
	RLNC_SUPER_CRC,
	RLNC_SUPER_SHAPE,
	RLNC_SUPER_MEMBER,
	RLNC_SUPER_MODE,
	RLNC_SUPER_QUORUM,
	RLNC_SUPER_EPOCH,
	RLNC_SUPER_SIZE,
	RLNC_SUPER_SLOTS,
	RLNC_SUPER_LOG,
	RLNC_SUPER_WORK,
	RLNC_SUPER_PACKS,
	RLNC_SUPER_ROOT,
	RLNC_SUPER_TABLE,
	RLNC_SUPER_LABEL,
	RLNC_SUPER_RESERVED,
	RLNC_SUPER_MAC,			/* set by callers: the MAC does not match */
	RLNC_SUPER_ERRORS,
};

size_t rlnc_super_bytes(const struct rlnc_geometry *geo, u32 n);
u32 rlnc_super_peek_bytes(const void *buf);
enum rlnc_super_error rlnc_super_parse(const void *buf, size_t len,
				       struct rlnc_super *sb);
void rlnc_super_format(const struct rlnc_super *sb, void *buf);
void rlnc_super_take_mac(void *buf, u8 mac[RLNC_MAC_BYTES]);
void rlnc_super_put_mac(void *buf, const u8 mac[RLNC_MAC_BYTES]);
const char *rlnc_super_strerror(enum rlnc_super_error err);
u32 rlnc_default_writes_min(u32 k, u32 n);

#endif /* RLNC_DISK_SUPER_H */
