// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Arithmetic in GF(2^8): single elements by logarithms, regions eight bytes at a time. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "gf256.h"
#include "gf256_tables.h"

u8 gf_mul(u8 a, u8 b)
{
	if (!a || !b)
		return 0;
	return gf_exp[gf_log[a] + gf_log[b]];
}

u8 gf_inv(u8 a)
{
	return gf_exp[255 - gf_log[a]];
}

u64 gf_multiples(u8 a)
{
	u64 multiples = 0;
	int b;

	for (b = 0; b < 8; b++) {
		multiples |= (u64)a << 8 * b;
		a = (u8)(a << 1) ^ (a & 0x80 ? 0x1d : 0);
	}
	return multiples;
}

/* The multiples of a constant, which make up its product with any byte. */
struct gf_constant {
	u64 p[8];
};

static struct gf_constant gf_constant(u8 c)
{
	const u64 multiples = gf_multiples(c);
	struct gf_constant t;
	int b;

	for (b = 0; b < 8; b++)
		t.p[b] = multiples >> 8 * b & 0xff;
	return t;
}

/*
 * Bit b of each byte of @v, times c * x^b: every byte of the left factor is 0
 * or 1, so that no product carries into the next byte, and an integer multiply
 * does eight field multiplications by a one-bit value.  No table is looked up
 * by data.
 */
static __always_inline u64 gf_mul_word(const struct gf_constant *t, u64 v)
{
	const u64 ones = 0x0101010101010101ULL;

	return ((v & ones) * t->p[0] ^ (v >> 1 & ones) * t->p[1]) ^
	       ((v >> 2 & ones) * t->p[2] ^ (v >> 3 & ones) * t->p[3]) ^
	       ((v >> 4 & ones) * t->p[4] ^ (v >> 5 & ones) * t->p[5]) ^
	       ((v >> 6 & ones) * t->p[6] ^ (v >> 7 & ones) * t->p[7]);
}

/* At most eight bytes, zero-extended; @n is a constant in the loops below. */
static __always_inline u64 load_word(const u8 *p, size_t n)
{
	u64 v = 0;

	memcpy(&v, p, n);
	return v;
}

static __always_inline void store_word(u8 *p, u64 v, size_t n)
{
	memcpy(p, &v, n);
}

void gf_mul_region(u8 *dst, const u8 *src, u8 c, size_t len)
{
	const struct gf_constant t = gf_constant(c);

	for (; len >= 8; len -= 8, dst += 8, src += 8)
		store_word(dst, gf_mul_word(&t, load_word(src, 8)), 8);
	if (len)
		store_word(dst, gf_mul_word(&t, load_word(src, len)), len);
}

void gf_madd_region(u8 *dst, const u8 *src, u8 c, size_t len)
{
	const struct gf_constant t = gf_constant(c);

	for (; len >= 8; len -= 8, dst += 8, src += 8)
		store_word(dst, load_word(dst, 8) ^ gf_mul_word(&t, load_word(src, 8)), 8);
	if (len)
		store_word(dst, load_word(dst, len) ^ gf_mul_word(&t, load_word(src, len)), len);
}
