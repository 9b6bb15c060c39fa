// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The list of back ends, the choice among them, and the tables they share. */
#include <asm/unaligned.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "backend.h"
#include "gf256.h"
#include "rlnc.h"

static const struct rlnc_backend *const backends[] = {
	&rlnc_avx512_gfni,
	&rlnc_avx2_gfni,
	&rlnc_avx512,
	&rlnc_avx2,
	&rlnc_ssse3,
	&rlnc_scalar,
};

static const struct rlnc_backend *chosen = &rlnc_scalar;

int rlnc_init(const char *name)
{
	const struct rlnc_backend *best = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		const struct rlnc_backend *b = backends[i];

		if (name && strcmp(name, b->name))
			continue;
		if (!b->valid()) {
			if (name)
				return -ENODEV;
			continue;
		}
		if (!best || b->priority > best->priority)
			best = b;
	}
	if (!best)
		return -ENOENT;
	chosen = best;
	return 0;
}

const struct rlnc_backend *rlnc_backend(void)
{
	return chosen;
}

const char *rlnc_backend_name(void)
{
	return chosen->name;
}

const char *rlnc_backend_at(unsigned int i)
{
	return i < ARRAY_SIZE(backends) ? backends[i]->name : NULL;
}

/*
 * Products of @c with the 16 low nibbles, then with the 16 high ones.  Each bit
 * of a nibble doubles what is there already.
 */
void rlnc_expand_nibbles(u8 *table, u8 c)
{
	const u64 multiples = gf_multiples(c);
	unsigned int b, i;

	table[0] = 0;
	table[16] = 0;
	for (b = 0; b < 4; b++) {
		const u8 low = multiples >> 8 * b, high = multiples >> 8 * (b + 4);

		for (i = 0; i < 1u << b; i++) {
			table[(1 << b) + i] = table[i] ^ low;
			table[16 + (1 << b) + i] = table[16 + i] ^ high;
		}
	}
}

/* Exchange bit i of byte j and bit j of byte i (Warren, Hacker's Delight, 7-3). */
static u64 transpose_bits(u64 m)
{
	u64 t;

	t = (m ^ m >> 7) & 0x00aa00aa00aa00aaULL;
	m ^= t ^ t << 7;
	t = (m ^ m >> 14) & 0x0000cccc0000ccccULL;
	m ^= t ^ t << 14;
	t = (m ^ m >> 28) & 0x00000000f0f0f0f0ULL;
	return m ^ t ^ t << 28;
}

/*
 * Multiplication by @c as the 8x8 bit matrix that GF2P8AFFINEQB takes: the row
 * for output bit i is byte 7 - i, and its bit j is bit i of c * x^j (Intel SDM
 * volume 2, "GF2P8AFFINEQB", affine_byte()).
 */
void rlnc_expand_affine(u8 *table, u8 c)
{
	put_unaligned_be64(transpose_bits(gf_multiples(c)), table);
}
