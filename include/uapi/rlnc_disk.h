/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dm-rlnc: on-disk format, version 2.  Types and constants only.
 *
 * A member device:
 *
 *	0		superblock, even epochs
 *	64 KiB		superblock, odd epochs
 *	128 KiB		key slots (user space's; the kernel never reads them)
 *	1 MiB		slot 0, slot 1, ...: one fragment of S bytes each
 *
 * A slot is the same position on every member and holds the n fragments of one
 * generation.  What a slot holds is known only from the pointer to it; the
 * fragments themselves carry no header.
 */
#ifndef _UAPI_RLNC_DISK_H
#define _UAPI_RLNC_DISK_H

#include <linux/types.h>

#define RLNC_DISK_MAGIC		"RLNCvol\n"
#define RLNC_DISK_VERSION	2

#define RLNC_SECTOR_SHIFT	12	/* the unit of sealing and of I/O */
#define RLNC_SECTOR_BYTES	(1u << RLNC_SECTOR_SHIFT)

#define RLNC_SUPER_COPIES	2
#define RLNC_SUPER_STRIDE	65536u	/* byte offset of copy i: i * stride */
#define RLNC_KEYSLOT_OFFSET	131072u
#define RLNC_KEYSLOT_BYTES	(1048576u - RLNC_KEYSLOT_OFFSET)
#define RLNC_SLOTS_OFFSET	1048576u

#define RLNC_MIN_SYMBOL		4096u
#define RLNC_MAX_SYMBOL		(512u * 1024)
#define RLNC_MAX_GENERATION	(512u * 1024)	/* k * S */
#define RLNC_MAX_SEALS		(RLNC_MAX_GENERATION / RLNC_SECTOR_BYTES)
#define RLNC_MAX_LOGICAL_SECTORS	(1ull << 40)	/* of 4 KiB: 4 PiB */
#define RLNC_VOLUME_KEY_BYTES	32
#define RLNC_ID_BYTES		16
#define RLNC_MAC_BYTES		32
#define RLNC_SEED_BYTES		32
#define RLNC_NONCE_BYTES	12
#define RLNC_TAG_BYTES		16

/*
 * The seal of one 4 KiB sector: what AES-256-GCM needs to open it.  All zero
 * means a sector that reads as zeros and has no ciphertext (its place in the
 * symbol is zero).  A used nonce is never all zero.
 */
struct rlnc_seal {
	__le32 birth;			/* low 32 bits of the epoch it was sealed in */
	__u8 nonce[RLNC_NONCE_BYTES];
	__u8 tag[RLNC_TAG_BYTES];
};

/*
 * In place of a seal: the sector lies in a pack, and is sealed there.  Told from a
 * seal by its nonce of zeros, and from a sector of zeros by its mark.
 */
struct rlnc_packed {
	__le32 mark;			/* RLNC_PACKED_MARK */
	__u8 zero1[RLNC_NONCE_BYTES];
	__le32 pack;			/* index of the pack */
	__le32 sector;			/* within the pack */
	__u8 zero2[8];
};

#define RLNC_PACKED_MARK	0x6b636170u	/* "pack" */

/*
 * The pointer to one generation.  birth 0: unmapped, every byte zero.
 * Followed by one seal per sector of the generation: k * S / 4096.  A generation
 * of the map tree whose every sector is zeros or lies in a pack may have no slot.
 */
struct rlnc_ptr {
	__le64 slot;
	__le64 birth;			/* epoch in which the slot was written */
	struct rlnc_seal seal[];
};

#define RLNC_PTR_NO_SLOT	(~0ull)

#define RLNC_PTR_BYTES(seals)	(sizeof(struct rlnc_ptr) + \
				 (seals) * sizeof(struct rlnc_seal))

/*
 * The trees; their nodes are generations like any other.
 *
 * A pack is a generation that gathers sectors of many generations of the map, so
 * that small writes need not read the rest of theirs.  In the leaves of the pack
 * tree every two entries, of as many bytes as a pointer each, are a pack's: its
 * pointer, and struct rlnc_pack_owners.  An owner's sector lies in the pack only
 * while the map says so, too.  A pack that could not be emptied when it was the
 * oldest, since something cannot be read, keeps its index; the number that has the
 * index next is passed over.
 */
enum rlnc_tree_id {
	RLNC_TREE_MAP	= 0,		/* level 0: the user's data */
	RLNC_TREE_SPACE	= 1,		/* level 0: one bit per slot, set = in use */
	RLNC_TREE_PACK	= 2,		/* level 0: packs, and their owners */
	RLNC_TREES	= 3,
};

/* For each sector of a pack: which 4 KiB sector of the volume it was written as. */
struct rlnc_pack_owners {
	__le64 owner[1];		/* as many as a pointer has seals */
};

#define RLNC_MAX_LEVELS		8

/* Additional authenticated data of every sealed sector. */
struct rlnc_aad {
	__u8 volume_id[RLNC_ID_BYTES];
	__u8 tree;			/* enum rlnc_tree_id */
	__u8 level;			/* 0: leaf */
	__le16 zero1;
	__le32 sector;			/* within the generation */
	__le64 index;			/* of the generation within its level */
	__le32 birth;			/* as in the seal */
	__le32 zero2;
};

enum rlnc_disk_mode {
	RLNC_DISK_SYSTEMATIC	= 0,	/* the first k rows are the identity */
	RLNC_DISK_DENSE		= 1,	/* times a secret matrix, per generation */
};

enum rlnc_disk_member_state {
	RLNC_MEMBER_ABSENT	= 0,	/* never written, or given up */
	RLNC_MEMBER_SYNC	= 1,	/* holds a fragment of every mapped slot */
	RLNC_MEMBER_STALE	= 2,	/* written again, but misses what is in between */
	RLNC_MEMBER_FAILED	= 3,	/* not written since valid_through */
};

/*
 * A member holds the fragment of a generation born in epoch e exactly when
 * e <= valid_through or e >= since.  In sync: valid_through is all ones.
 */
struct rlnc_disk_member {
	__u8 id[RLNC_ID_BYTES];		/* random, drawn when the member is initialised */
	__le64 valid_through;
	__le64 since;			/* all ones: not being written */
	__u8 state;			/* enum rlnc_disk_member_state */
	__u8 zero[7];
};

/* Background work that outlives an activation. */
enum rlnc_disk_work {
	RLNC_WORK_NONE		= 0,
	RLNC_WORK_REBUILD	= 1,	/* give stale members what they miss */
	RLNC_WORK_SCRUB		= 2,	/* verify every fragment */
};

/*
 * The head of a superblock.  After it: the root pointers of the trees in the
 * order of enum rlnc_tree_id, then n members.  Bytes beyond that up to
 * `bytes` are zero.
 */
struct rlnc_disk_super {
	__u8 magic[8];
	__le32 version;
	__le32 bytes;			/* of the whole superblock; multiple of 4096 */
	__le32 crc;			/* CRC-32C of `bytes` with crc zero */
	__le32 zero0;
	__u8 mac[RLNC_MAC_BYTES];	/* HMAC-SHA-256 with crc and mac zero */
	__u8 volume_id[RLNC_ID_BYTES];
	__u8 label[32];			/* UTF-8, NUL padded, for people only */
	__le16 member;			/* whose superblock this is: row of the code */
	__le16 k;
	__le16 n;
	__le16 mode;			/* enum rlnc_disk_mode */
	__le32 symbol_bytes;		/* S: a power of two */
	__le32 writes_min;		/* members that must hold a commit */
	__u8 coeff_seed[RLNC_SEED_BYTES];	/* of the systematic matrix, in both modes */
	__le64 epoch;			/* of this checkpoint; the first is 1 */
	__le64 logical_sectors;		/* size of the volume in 4 KiB sectors */
	__le64 slots;			/* slots on each member */
	__le64 slots_used;		/* bits set in the space tree */
	__le64 log_slot;		/* intent log: first record's slot, or all ones */
	__le64 log_seq;			/* intent log: first record's sequence number */
	__le32 work;			/* enum rlnc_disk_work, to be resumed */
	__le32 packs;			/* there are at most; fixed when formatted */
	__le64 work_done;		/* generations of the map tree it has seen to */
	__le64 pack_tail;		/* packs are numbered on and on, and number i is */
	__le64 pack_head;		/* pack i mod packs; those from tail to head - 1 live */
	__u8 zero1[280];
};

#if defined(__KERNEL__) || __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct rlnc_seal) == 32, "seal");
_Static_assert(sizeof(struct rlnc_packed) == sizeof(struct rlnc_seal), "packed");
_Static_assert(sizeof(struct rlnc_ptr) == 16, "pointer");
_Static_assert(sizeof(struct rlnc_aad) == 40, "aad");
_Static_assert(sizeof(struct rlnc_disk_member) == 40, "member");
_Static_assert(sizeof(struct rlnc_disk_super) == 512, "superblock head");
#endif

#endif /* _UAPI_RLNC_DISK_H */
