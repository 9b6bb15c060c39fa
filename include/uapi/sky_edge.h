/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an edge of skyd has on its disk.
 *
 *	key			struct sky_edge_key, of mode 0600
 *	backend			65 bytes: the public point of whose URLs it serves
 *	fragments/store		struct sky_edge_super
 *	fragments/log/NUMBER	struct sky_edge_segment, then records
 *	fragments/large/XX/NUMBER
 *				a large fragment and its sums
 *	spent/NUMBER		struct sky_edge_spent_hdr, then struct sky_edge_spent
 *
 * Numbers are 16 hexadecimal digits, XX the last two of them.  All sums are CRC-64/NVME that
 * begin with the store's salt, which no client knows: data of a fragment cannot be made to
 * look like a record, and a record says where it lies, so that it counts nowhere else.
 * Reserved bytes are zero.
 */
#ifndef SKY_EDGE_FORMAT_H
#define SKY_EDGE_FORMAT_H

#include <linux/types.h>

#define SKY_EDGE_SUPER_MAGIC	"SKYEDGE1"
#define SKY_EDGE_SEGMENT_MAGIC	"SKYESEG1"
#define SKY_EDGE_SPENT_MAGIC	"SKYESPN2"
#define SKY_EDGE_SPENT_MAGIC_1	"SKYESPN1"	/* the same without leases */
#define SKY_EDGE_KEY_MAGIC	"SKYEKEY1"
#define SKY_EDGE_RECORD_MAGIC	0x72594b53u	/* "SKYr" */

#define SKY_EDGE_ALIGN		8		/* of records, names and data */
#define SKY_EDGE_NAME_MAX	255		/* bytes */
#define SKY_EDGE_BLOCK		65536u		/* bytes of a large fragment under one sum */

/* Who it is: made at the first start, and never changed. */
struct sky_edge_key {
	__u8 magic[8];
	__u8 edge[16];			/* random */
	__u8 scalar[32];		/* of its key, P-256 */
	__le64 salt;			/* random; of the sums of spent/ */
	__u8 reserved[24];
	__le64 crc;			/* CRC-64/NVME of what is above */
};

struct sky_edge_super {
	__u8 magic[8];
	__u8 store[16];			/* random */
	__le64 salt;			/* random */
	__u8 reserved[24];
	__le64 crc;			/* of what is above, without salt before it */
};

struct sky_edge_segment {
	__u8 magic[8];
	__le64 number;			/* the file's */
	__u8 store[16];
	__u8 reserved[24];
	__le64 crc;			/* of what is above */
};

enum sky_edge_kind {
	SKY_EDGE_SMALL = 1,		/* a fragment: its data follows */
	SKY_EDGE_LARGE = 2,		/* a fragment in a file of its own */
	SKY_EDGE_DELETE = 3,		/* there is no such fragment any more */
	SKY_EDGE_SEAL = 4,		/* nothing follows; has no name */
};

/* Then the name and the data, each padded with zeros. */
struct sky_edge_record {
	__le32 magic;
	__u8 kind;
	__u8 reserved;
	__le16 name_len;		/* bytes */
	__le64 seq;			/* of two records with one name, the higher counts */
	__le64 segment;			/* where this lies */
	__le64 offset;
	__le64 durable;			/* bytes of the segment that were, by then */
	__le64 len;			/* bytes of the fragment */
	__le64 file;			/* LARGE: its number; DELETE: segment of the deleted */
	__le64 data_crc;		/* SMALL: of the data; LARGE: that of the file's tail */
	__u8 sha256[32];		/* of the fragment */
	__le64 crc;			/* of what is above and the name */
};

/* Behind a large fragment's data: a __le64 for each block of it, and this. */
struct sky_edge_tail {
	__le64 file;
	__le64 len;
	__u8 sha256[32];
	__le64 crc;			/* of the blocks' sums and what is above */
};

struct sky_edge_spent_hdr {
	__u8 magic[8];
	__le64 number;			/* the file's */
	__le64 created;			/* seconds since 1970 */
	__le64 floor;			/* what expires then or before may have been forgotten */
	__u8 reserved[24];
	__le64 crc;			/* of what is above */
};

struct sky_edge_spent {
	__u8 nonce[16];			/* zeros: a lease */
	__le64 expires;			/* seconds since 1970; of a lease: its end */
	__le64 crc;			/* of what is above, the file's number and the offset */
};

_Static_assert(sizeof(struct sky_edge_key) == 96, "stored format");
_Static_assert(sizeof(struct sky_edge_super) == 64, "stored format");
_Static_assert(sizeof(struct sky_edge_segment) == 64, "stored format");
_Static_assert(sizeof(struct sky_edge_record) == 104, "stored format");
_Static_assert(sizeof(struct sky_edge_tail) == 56, "stored format");
_Static_assert(sizeof(struct sky_edge_spent_hdr) == 64, "stored format");
_Static_assert(sizeof(struct sky_edge_spent) == 32, "stored format");

#endif /* SKY_EDGE_FORMAT_H */
