/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arithmetic in GF(2^8) with the polynomial 0x11D, as in lib/raid6 and ISA-L. */
#ifndef RLNC_GF256_H
#define RLNC_GF256_H

#include <linux/types.h>

u8 gf_mul(u8 a, u8 b);

/**
 * gf_inv() - Multiplicative inverse.
 * @a: a field element, not zero
 */
u8 gf_inv(u8 a);

/* The multiples a * x^b for 0 <= b < 8, in byte b of the word. */
u64 gf_multiples(u8 a);

/**
 * gf_mul_region() - Multiply a region by a constant.
 * @dst: @len bytes; may be @src itself, must not overlap it otherwise
 * @src: @len bytes
 * @c: the constant
 * @len: bytes, any number, at any alignment
 */
void gf_mul_region(u8 *dst, const u8 *src, u8 c, size_t len);

/**
 * gf_madd_region() - Add a multiple of a region to another one.
 * @dst: @len bytes, must not overlap @src
 * @src: @len bytes
 * @c: the constant
 * @len: bytes, any number, at any alignment
 */
void gf_madd_region(u8 *dst, const u8 *src, u8 c, size_t len);

#endif
