/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back ends' instruction as they have it, with a correction for emulators.
 *
 * Bochs 2.7 computes the parity of a row as the CPU's parity flag does, 1 for
 * even, so that every bit of every result is inverted; the identity matrix
 * does not give the source (Intel SDM volume 2, GF2P8AFFINEQB: it does).  What
 * the instruction makes of the identity and zero tells how, and is added to
 * every result.  Where it is right, nothing is.
 */
#ifndef TESTS_GFNI_AFFINE_H
#define TESTS_GFNI_AFFINE_H

#include <linux/types.h>

extern u64 gfni_correction;

#define RLNC_AFFINE(x, matrix) ({						\
	dot_vec affine_;							\
	asm("vgf2p8affineqb $0, %2, %1, %0"					\
	    : "=v" (affine_) : "v" (x), "v" (matrix));				\
	affine_ ^ gfni_correction; })

#endif
