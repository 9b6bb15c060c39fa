/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dm-rlnc: the intent log on disk, version 2.  Types and constants only.
 *
 * The log is a chain of records.  A record is one column of a log slot: 4 KiB of
 * every member at the same offset.  The first record of an epoch is column 0 of
 * the slot that the superblock names; a record in the last column of a slot is
 * followed by column 0 of the slot that it names as next.
 *
 * Each member's 4 KiB are the same: the contents, sealed, and a trailer at the end;
 * what lies between the two is written as zeros, and means nothing.  A record is a few
 * hundred bytes, as a rule: to code it would take more seals and no fewer bytes.
 * Nothing points to the end of a log; the first place with no authentic record ends it.
 *
 * The records of one flush count together or not at all, since the columns of packs
 * that it wrote are code words of what all of them say.
 */
#ifndef _UAPI_RLNC_LOG_H
#define _UAPI_RLNC_LOG_H

#include <linux/types.h>

#include "rlnc_disk.h"

#define RLNC_LOG_MAGIC		0x474f4c52u	/* "RLOG" */

struct rlnc_log_trailer {
	__le32 magic;
	__le32 bytes;			/* of contents */
	__le64 next_slot;		/* where the log goes on after this slot */
	__u8 nonce[RLNC_NONCE_BYTES];
	__le32 more;			/* records of the same flush that follow */
	__u8 tag[RLNC_TAG_BYTES];
};

#define RLNC_LOG_TRAILER	sizeof(struct rlnc_log_trailer)
#define RLNC_LOG_PAYLOAD	(RLNC_SECTOR_BYTES - RLNC_LOG_TRAILER)

/* Additional authenticated data of a record. */
struct rlnc_log_aad {
	__u8 volume_id[RLNC_ID_BYTES];
	__le64 epoch;			/* that the log follows */
	__le64 seq;			/* of the record, from 0 in each epoch */
	__le64 next_slot;		/* as in the trailer */
	__le32 bytes;			/* as in the trailer */
	__le32 more;			/* as in the trailer */
};

/* Contents: changes, in order. */
enum rlnc_log_kind {
	/*
	 * A pointer of the map: slot and birth, and count seals from first on; the
	 * other seals stay.  birth 0 unmaps the generation, and no seals follow.
	 */
	RLNC_LOG_PTR	= 0,
	/*
	 * A pack was given count sectors of one generation at the positions from
	 * first on, and the map now refers to them.  slot and birth are the pack's.
	 * After the seals follows, __le64, the owner of the first; the others follow
	 * that one.
	 */
	RLNC_LOG_PACK	= 1,
	RLNC_LOG_KINDS	= 2,
};

struct rlnc_log_entry {
	__le64 index;			/* generation of the map tree; number of the pack */
	__le64 slot;
	__le64 birth;
	__le16 first;
	__le16 count;
	__le32 kind;			/* enum rlnc_log_kind */
	struct rlnc_seal seal[];
};

#if defined(__KERNEL__) || __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct rlnc_log_trailer) == 48, "log trailer");
_Static_assert(sizeof(struct rlnc_log_aad) == 48, "log aad");
_Static_assert(sizeof(struct rlnc_log_entry) == 32, "log entry");
#endif

#endif /* _UAPI_RLNC_LOG_H */
