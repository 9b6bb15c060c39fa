/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Coded packets on the wire.
 *
 *	struct rlnc_packet_hdr
 *	k coefficients, zero-padded to a multiple of 8	(RLNC_PACKET_VECTOR only)
 *	symbol_len bytes of coded symbol
 *
 * Nothing follows the symbol.  All integers are little endian.
 */
#ifndef RLNC_PACKET_H
#define RLNC_PACKET_H

#include <linux/types.h>

#define RLNC_PACKET_MAGIC		0x434e4c52	/* "RLNC" */
#define RLNC_PACKET_VERSION		1
#define RLNC_PACKET_MAX_K		128
#define RLNC_PACKET_MAX_ROW		254
#define RLNC_PACKET_MAX_SYMBOL		(1U << 24)	/* bytes */

/* How a packet says which linear combination it is. */
enum rlnc_packet_kind {
	RLNC_PACKET_ROW		= 0,	/* row of a code that the receiver can derive */
	RLNC_PACKET_VECTOR	= 1,	/* coefficients in the packet */
};

/* Which matrix the rows come from. */
enum rlnc_packet_mode {
	RLNC_PACKET_SYSTEMATIC	= 0,
	RLNC_PACKET_DENSE	= 1,
};

struct rlnc_packet_hdr {
	__le32 magic;		/* RLNC_PACKET_MAGIC */
	__u8 version;		/* RLNC_PACKET_VERSION */
	__u8 kind;		/* enum rlnc_packet_kind */
	__u8 mode;		/* enum rlnc_packet_mode */
	__u8 k;			/* data symbols, 1 to RLNC_PACKET_MAX_K */
	__u8 row;		/* up to RLNC_PACKET_MAX_ROW; 0 in RLNC_PACKET_VECTOR */
	__u8 reserved0[3];	/* must be zero */
	__le32 symbol_len;	/* bytes, 1 to RLNC_PACKET_MAX_SYMBOL */
	__le64 generation;	/* chosen by the sender */
	__u8 reserved1[8];	/* must be zero */
};

_Static_assert(sizeof(struct rlnc_packet_hdr) == 32, "wire format");

#endif
