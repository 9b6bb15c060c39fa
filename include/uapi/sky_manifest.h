/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What metadata keeps of an object's content: a record for each generation, in pages
 * that each stand alone, so that nobody needs all of a large object's at once.
 *
 *	struct sky_page_hdr
 *	count times: struct sky_record, n locations, zero-padded to a multiple of 8
 *
 * Nothing follows.  All integers are little endian.
 */
#ifndef SKY_MANIFEST_H
#define SKY_MANIFEST_H

#include <linux/types.h>

#include "sky_fragment.h"

#define SKY_PAGE_MAGIC		0x4d594b53	/* "SKYM" */
#define SKY_PAGE_VERSION	1
#define SKY_PAGE_MAX_BYTES	16384		/* of a page with its header */
#define SKY_IV_BYTES		12
#define SKY_TAG_BYTES		16
#define SKY_ID_BYTES		16		/* of an object and of a version */
#define SKY_NO_LOCATION		0xffff		/* this row's fragment is nowhere */

/* How a generation was made smaller before it was encrypted. */
enum sky_compression {
	SKY_PLAIN		= 0,
	SKY_DEFLATE_RAW		= 1,	/* RFC 1951 */
	SKY_DEFLATE_ZLIB	= 2,	/* RFC 1950 */
	SKY_DEFLATE_GZIP	= 3,	/* RFC 1952 */
	SKY_ZSTD		= 4,	/* RFC 8878 */
	SKY_COMPRESSIONS,
};

struct sky_record {
	__u8 generation[SKY_GENERATION_ID_BYTES];	/* random */
	__le32 plain_bytes;		/* 1 to SKY_MAX_GENERATION */
	__le32 stored_bytes;		/* encrypted; at most plain_bytes */
	__u8 compression;		/* enum sky_compression */
	__u8 mode;			/* enum sky_fragment_mode */
	__u8 k;				/* 1 to SKY_MAX_K */
	__u8 n;				/* k to SKY_MAX_N */
	__u8 iv[SKY_IV_BYTES];
	__u8 tag[SKY_TAG_BYTES];
	__u8 flags;			/* enum sky_fragment_flags */
	__u8 reserved[7];		/* must be zero */
	__le16 location[];		/* one number for each row */
};

_Static_assert(sizeof(struct sky_record) == 64, "stored format");

struct sky_page_hdr {
	__le32 magic;			/* SKY_PAGE_MAGIC */
	__u8 version;			/* SKY_PAGE_VERSION */
	__u8 reserved0[3];		/* must be zero */
	__le32 count;			/* of records, at least 1 */
	__le32 bytes;			/* of the page */
	__le64 first;			/* number of the first generation in the object */
	__le64 offset;			/* of its first byte in the object */
	__le64 plain_bytes;		/* sum over the records */
	__u8 reserved1[20];		/* must be zero */
	__le32 crc;			/* CRC-32C of the page with this field zero */
};

_Static_assert(sizeof(struct sky_page_hdr) == 64, "stored format");

/* What the tag of a generation is over besides the ciphertext. */
struct sky_generation_aad {
	__u8 object[SKY_ID_BYTES];
	__u8 version[SKY_ID_BYTES];
	__le64 number;			/* of the generation in the object */
	__le32 plain_bytes;
	__le32 stored_bytes;
	__u8 compression;
	__u8 reserved[7];		/* zero */
};

_Static_assert(sizeof(struct sky_generation_aad) == 56, "stored format");

#endif
