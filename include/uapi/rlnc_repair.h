/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A member that `rlncsetup repair --offline` is making, or has made.  This
 * belongs to user space; the kernel never reads it.
 *
 * While it is being made, both places of a superblock hold zeros and a note
 * stands between them: whoever finds it, with the same members, can go on.
 * When all fragments are there the superblock is written: that of another
 * member, byte by byte, but for `member`, `crc`, and a `mac` of zeros; then the
 * note is erased.  Only who has the key can make a member of it, and `open`
 * does when an authentic member says the same.
 */
#ifndef _UAPI_RLNC_REPAIR_H
#define _UAPI_RLNC_REPAIR_H

#include <linux/types.h>
#include "rlnc_disk.h"

#define RLNC_REPAIR_MAGIC	"RLNCfix\n"
#define RLNC_REPAIR_VERSION	1
#define RLNC_REPAIR_OFFSET	32768u
#define RLNC_REPAIR_BYTES	4096u

struct rlnc_disk_repair {
	__u8 magic[8];
	__le32 version;
	__le32 crc;			/* CRC-32C of the note with crc zero */
	__u8 state[RLNC_MAC_BYTES];	/* SHA-256 of the superblock to be written */
	__le64 bytes_done;		/* of the slots */
	__u8 zero[4040];
};

#if defined(__KERNEL__) || __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct rlnc_disk_repair) == 4096, "repair note");
#endif

#endif /* _UAPI_RLNC_REPAIR_H */
