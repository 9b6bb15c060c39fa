// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The list of back ends, the choice among them, and the tables they share. */
#include <asm/fpu/api.h>
#include <asm/simd.h>
#include <asm/unaligned.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "backend.h"
#include "gf256.h"
#include "rlnc.h"

/*
 * A trial computes what writing 4+2 does; the fastest of several counts.  A CPU needs
 * some ten microseconds until it is fast with its widest registers.
 */
#define TRIAL_INPUTS	4
#define TRIAL_OUTPUTS	2
#define TRIAL_BYTES	1024
#define TRIALS_MIN	8
#define TRIALS_MAX	1000
#define TRIALS_CYCLES	200000

/* In the order in which real CPUs should be fast with them. */
static const struct rlnc_backend *const backends[] = {
	&rlnc_avx512_gfni,
	&rlnc_avx2_gfni,
	&rlnc_avx512,
	&rlnc_avx2,
	&rlnc_ssse3,
	&rlnc_scalar,
};

static const struct rlnc_backend *chosen = &rlnc_scalar;

static void trial_run(const struct rlnc_backend *b, const u8 *coeffs, const u8 *tables,
		      const u8 *const in[], u8 *const out[])
{
	static const u8 sources[TRIAL_INPUTS] = { 0, 1, 2, 3 };

	if (!b->simd) {
		rlnc_scalar_dot(TRIAL_OUTPUTS, coeffs, sources, TRIAL_INPUTS, in, out, 0,
				TRIAL_BYTES);
		return;
	}
	kernel_fpu_begin();
	b->dot[TRIAL_OUTPUTS - 1](tables, sources, TRIAL_INPUTS, in, out, 0, TRIAL_BYTES,
				  TRIAL_BYTES);
	kernel_fpu_end();
}

/* Cycles that the back end takes for a trial. */
static cycles_t trial(const struct rlnc_backend *b)
{
	static const u8 coeffs[TRIAL_INPUTS * TRIAL_OUTPUTS] = { 3, 77, 200, 19, 91, 250, 33, 180 };
	static u8 symbols[1 + TRIAL_OUTPUTS][TRIAL_BYTES];
	const u8 *const in[TRIAL_INPUTS] = { symbols[0], symbols[0], symbols[0], symbols[0] };
	u8 *const out[TRIAL_OUTPUTS] = { symbols[1], symbols[2] };
	u8 tables[ARRAY_SIZE(coeffs) * RLNC_MAX_TABLE] __aligned(RLNC_MAX_TABLE);
	cycles_t best = 0, all = 0, start, took;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(coeffs); i++)
		b->expand(tables + i * b->table, coeffs[i]);
	for (i = 0; i < TRIALS_MAX && (i < TRIALS_MIN || all < TRIALS_CYCLES); i++) {
		start = get_cycles();
		trial_run(b, coeffs, tables, in, out);
		took = get_cycles() - start;
		all += took;
		if (!i || took < best)
			best = took;
	}
	return best;
}

/*
 * As lib/raid6 does, by trial: what is fast in silicon need not be where a
 * hypervisor emulates it.  A later one in the list has to be faster by a quarter.
 */
static const struct rlnc_backend *fastest(void)
{
	const struct rlnc_backend *best = NULL;
	cycles_t best_took = 0, took;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (!backends[i]->valid())
			continue;
		if (!may_use_simd())
			return backends[i];
		took = trial(backends[i]);
		if (best && took >= best_took - best_took / 4)
			continue;
		best = backends[i];
		best_took = took;
	}
	return best;
}

int rlnc_init(const char *name)
{
	unsigned int i;

	if (!name) {
		chosen = fastest();
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (strcmp(name, backends[i]->name))
			continue;
		if (!backends[i]->valid())
			return -ENODEV;
		chosen = backends[i];
		return 0;
	}
	return -ENOENT;
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
