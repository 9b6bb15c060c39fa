/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contents of intent-log records: changed pointers to bytes and back. */
#ifndef RLNC_DISK_LOG_H
#define RLNC_DISK_LOG_H

#include <linux/types.h>
#include "map/geometry.h"
#include "rlnc_log.h"

/* What a record may refer to. */
struct rlnc_log_limits {
	u64 generations;		/* of the map tree */
	u64 slots;
	u64 pack_tail;			/* the oldest pack that lives */
	u32 packs;
	u64 epoch;			/* that the log follows: births are later */
	u32 seals;
};

size_t rlnc_log_entry_bytes(u32 kind, u32 count);
u64 rlnc_log_owner(const struct rlnc_log_entry *entry);
int rlnc_log_next(const u8 *buf, size_t len, size_t *at,
		  const struct rlnc_log_limits *limits,
		  const struct rlnc_log_entry **entry);
size_t rlnc_log_append(u8 *buf, size_t room, u64 index, const struct rlnc_ptr *ptr,
		       u32 first, u32 count);
size_t rlnc_log_append_pack(u8 *buf, size_t room, u64 number, const struct rlnc_ptr *ptr,
			    const struct rlnc_geometry *geo, u32 position, u32 count,
			    u64 owner);

#endif /* RLNC_DISK_LOG_H */
