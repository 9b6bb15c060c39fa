/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What lies in a location: one fragment of one generation.
 *
 *	struct sky_fragment_hdr
 *	k coefficients, zero-padded to a multiple of 64	(SKY_FRAGMENT_COEFFS only)
 *	symbol_bytes of coded ciphertext
 *
 * Nothing follows.  All integers are little endian.  The sums find what has rotted;
 * what was forged is found by the generation's tag, which is not here.
 */
#ifndef SKY_FRAGMENT_H
#define SKY_FRAGMENT_H

#include <linux/types.h>

#define SKY_FRAGMENT_MAGIC	0x46594b53	/* "SKYF" */
#define SKY_FRAGMENT_VERSION	1
#define SKY_FRAGMENT_ALIGN	64		/* bytes; of symbols and coefficients */

#define SKY_GENERATION_ID_BYTES	16
#define SKY_MAX_GENERATION	(64u << 20)	/* bytes, before and behind compression */
#define SKY_MAX_SYMBOL		SKY_MAX_GENERATION
#define SKY_MAX_K		128
#define SKY_MAX_N		255

/* Which matrix the rows come from: enum rlnc_mode. */
enum sky_fragment_mode {
	SKY_SYSTEMATIC	= 0,	/* of the one code with the seed SKY_CODE_SEED */
	SKY_DENSE	= 1,	/* that code, mixed anew for each generation */
};

/* The code's seed, without the zero at the end: public, as a systematic code is. */
#define SKY_CODE_SEED		"skyd: systematic code, version 1"

enum sky_fragment_flags {
	SKY_FRAGMENT_COEFFS	= 1 << 0,	/* coefficients follow the header */
};

struct sky_fragment_hdr {
	__le32 magic;		/* SKY_FRAGMENT_MAGIC */
	__u8 version;		/* SKY_FRAGMENT_VERSION */
	__u8 mode;		/* enum sky_fragment_mode */
	__u8 flags;		/* enum sky_fragment_flags */
	__u8 row;		/* below n */
	__u8 k;			/* data symbols, 1 to SKY_MAX_K */
	__u8 n;			/* rows when it was written, k to SKY_MAX_N */
	__u8 reserved0[2];	/* must be zero */
	__le32 symbol_bytes;	/* a multiple of SKY_FRAGMENT_ALIGN, to SKY_MAX_SYMBOL */
	__u8 generation[SKY_GENERATION_ID_BYTES];
	__le32 symbol_crc;	/* CRC-32C of the symbol */
	__u8 reserved1[24];	/* must be zero */
	__le32 crc;		/* CRC-32C of all before the symbol, with this field zero */
};

_Static_assert(sizeof(struct sky_fragment_hdr) == 64, "stored format");
_Static_assert(sizeof(SKY_CODE_SEED) == 32 + 1, "a seed is 32 bytes");

#endif
