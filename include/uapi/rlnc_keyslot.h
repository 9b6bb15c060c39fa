/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Key slots: the volume key, wrapped under what its owner knows or has.  They
 * belong to user space; the kernel never reads them.
 *
 * Every member carries the same set, twice, between 128 KiB and 1 MiB:
 *
 *	128 KiB		sets with an even sequence number
 *	576 KiB		sets with an odd one
 *
 * A change writes a set with the next sequence number over the older copy, so
 * that one good copy is there at any time.  A set is a head and one block for
 * every slot in use, in rising order of their numbers.
 *
 * The CRC finds accidents.  The MAC, under a key derived from the volume key,
 * shows after unlocking that the owner wrote the set.
 */
#ifndef _UAPI_RLNC_KEYSLOT_H
#define _UAPI_RLNC_KEYSLOT_H

#include <linux/types.h>
#include "rlnc_disk.h"

#define RLNC_KEYSLOT_MAGIC	"RLNCkey\n"
#define RLNC_KEYSLOT_VERSION	1

#define RLNC_KEYSLOT_COPIES	2
#define RLNC_KEYSLOT_STRIDE	(RLNC_KEYSLOT_BYTES / RLNC_KEYSLOT_COPIES)
#define RLNC_KEYSLOTS		32	/* numbers 0..31 */
#define RLNC_KEYSLOT_BLOCK	4096u	/* bytes of the head, and of each slot */
#define RLNC_KEYSLOT_BLOB	3840u
#define RLNC_KEYSLOT_SALT	32

/* HKDF-SHA-256 from the volume key, salt = volume id: the MAC of a set. */
#define RLNC_KDF_KEYSLOTS	"skyhold rlnc v1 key slots"
/* HKDF-SHA-256 from a key file, salt = the slot's: the key that wraps. */
#define RLNC_KDF_KEYFILE	"skyhold rlnc v1 key file"
/* The same from what a TPM has sealed. */
#define RLNC_KDF_TPM2		"skyhold rlnc v1 tpm2"

enum rlnc_keyslot_type {
	RLNC_KEYSLOT_PASSPHRASE	= 1,	/* Argon2id of a passphrase, or of a key file */
	RLNC_KEYSLOT_KEYFILE	= 2,	/* HKDF of a key file that is random */
	RLNC_KEYSLOT_TPM2	= 3,	/* HKDF of what a TPM 2.0 has sealed: the blob says how */
};

/* The head of a set. */
struct rlnc_disk_keyslots {
	__u8 magic[8];
	__le32 version;
	__le32 bytes;			/* (1 + count) * RLNC_KEYSLOT_BLOCK */
	__le32 crc;			/* CRC-32C of `bytes` with crc zero */
	__le32 count;			/* slots that follow */
	__u8 mac[RLNC_MAC_BYTES];	/* HMAC-SHA-256 with crc and mac zero */
	__u8 volume_id[RLNC_ID_BYTES];
	__le64 seq;			/* the first set of a volume is 1 */
	__u8 zero[4016];
};

/*
 * One slot.  AES-256-GCM seals the volume key; its additional data are the
 * volume id, this struct up to `nonce`, and the blob when there is one.
 */
struct rlnc_disk_keyslot {
	__le32 number;
	__le32 type;			/* enum rlnc_keyslot_type */
	__le64 created;			/* seconds since 1970 */
	__u8 label[32];			/* UTF-8, NUL padded, for people only */
	__le32 argon_time;		/* passes; 0 unless a passphrase */
	__le32 argon_memory_kib;
	__le32 argon_lanes;
	__le32 blob_bytes;		/* of `blob`; 0 unless a TPM's */
	__u8 salt[RLNC_KEYSLOT_SALT];
	__u8 nonce[RLNC_NONCE_BYTES];
	__u8 wrapped[RLNC_VOLUME_KEY_BYTES];
	__u8 tag[RLNC_TAG_BYTES];
	__u8 zero[100];
	__u8 blob[RLNC_KEYSLOT_BLOB];	/* for types with more to say */
};

#define RLNC_KEYSLOT_PCRS	24

/*
 * The blob of a TPM's slot: this head, and then as many bytes as it says of each of
 * the four, in that order.  The TPM gives the secret up to whoever shows a policy
 * over PCRs and epoch that the key has signed.
 */
struct rlnc_disk_keyslot_tpm2 {
	__le32 epoch_index;		/* NV counter of the policies' epoch */
	__le32 pcrs;			/* bit per PCR that a policy has to be over */
	__le16 bank;			/* TPM_ALG_* of these */
	__le16 parent_bytes;		/* Name of the key below which it is sealed */
	__le16 key_bytes;		/* TPMT_PUBLIC of the key that signs policies */
	__le16 public_bytes;		/* TPM2B_PUBLIC of what is sealed */
	__le16 private_bytes;		/* TPM2B_PRIVATE */
	__u8 zero[6];
};

#if defined(__KERNEL__) || __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct rlnc_disk_keyslots) == RLNC_KEYSLOT_BLOCK, "key slot head");
_Static_assert(sizeof(struct rlnc_disk_keyslot) == RLNC_KEYSLOT_BLOCK, "key slot");
_Static_assert(sizeof(struct rlnc_disk_keyslot_tpm2) == 24, "head of a TPM's slot");
_Static_assert((1 + RLNC_KEYSLOTS) * RLNC_KEYSLOT_BLOCK <= RLNC_KEYSLOT_STRIDE, "copies");
_Static_assert(RLNC_KEYSLOT_STRIDE % RLNC_KEYSLOT_BLOCK == 0, "alignment");
#endif

#endif /* _UAPI_RLNC_KEYSLOT_H */
