// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Products by two lookups of a nibble (VPSHUFB), 32 bytes at a time. */
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <linux/kernel.h>

#define DOT_TARGET	__attribute__((__target__("avx2")))
#define DOT_GROUP	6
#define DOT_WIDTH	1
#define DOT_TABLE	32

typedef u64 dot_vec __attribute__((__vector_size__(32), __aligned__(1), __may_alias__));

typedef struct {
	dot_vec low, high;
} dot_input, dot_coeff;

static __always_inline DOT_TARGET dot_input dot_split(dot_vec v)
{
	const dot_vec nibble = { 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL,
				 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL };

	return (dot_input){ v & nibble, v >> 4 & nibble };
}

/* Broadcast from memory: it costs no turn of the shuffle unit, the bottleneck. */
static __always_inline DOT_TARGET dot_vec dot_broadcast(const u8 *p)
{
	dot_vec v;

	asm("vbroadcasti128 %1, %0" : "=x" (v) : "m" (*(const u8 (*)[16])p));
	return v;
}

static __always_inline DOT_TARGET dot_coeff dot_load(const u8 *table)
{
	return (dot_coeff){ dot_broadcast(table), dot_broadcast(table + 16) };
}

static __always_inline DOT_TARGET dot_vec dot_lookup(dot_vec table, dot_vec index)
{
	dot_vec v;

	asm("vpshufb %2, %1, %0" : "=x" (v) : "x" (table), "x" (index));
	return v;
}

static __always_inline DOT_TARGET dot_vec dot_madd(dot_vec acc, dot_coeff c, dot_input x)
{
	return acc ^ (dot_lookup(c.low, x.low) ^ dot_lookup(c.high, x.high));
}

#include "dot.h"

static bool avx2_valid(void)
{
	return boot_cpu_has(X86_FEATURE_AVX2) &&
	       cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL);
}

const struct rlnc_backend rlnc_avx2 = {
	.name		= "avx2",
	.group		= DOT_GROUP,
	.table		= DOT_TABLE,
	.min_len	= DOT_STEP,
	.simd		= true,
	.valid		= avx2_valid,
	.expand		= rlnc_expand_nibbles,
	.dot		= DOT_FUNCTIONS,
};
