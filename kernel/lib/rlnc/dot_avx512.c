// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Products by two lookups of a nibble (VPSHUFB), 64 bytes at a time. */
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <linux/kernel.h>

#define DOT_TARGET	__attribute__((__target__("avx512f,avx512bw")))
#define DOT_GROUP	8
#define DOT_WIDTH	2
#define DOT_TABLE	32

typedef u64 dot_vec __attribute__((__vector_size__(64), __aligned__(1), __may_alias__));

typedef struct {
	dot_vec low, high;
} dot_input, dot_coeff;

static __always_inline DOT_TARGET dot_input dot_split(dot_vec v)
{
	const dot_vec nibble = { 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL,
				 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL,
				 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL,
				 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL };

	return (dot_input){ v & nibble, v >> 4 & nibble };
}

/* Broadcast from memory: it costs no turn of the shuffle unit, the bottleneck. */
static __always_inline DOT_TARGET dot_vec dot_broadcast(const u8 *p)
{
	dot_vec v;

	asm("vbroadcasti32x4 %1, %0" : "=v" (v) : "m" (*(const u8 (*)[16])p));
	return v;
}

static __always_inline DOT_TARGET dot_coeff dot_load(const u8 *table)
{
	return (dot_coeff){ dot_broadcast(table), dot_broadcast(table + 16) };
}

static __always_inline DOT_TARGET dot_vec dot_lookup(dot_vec table, dot_vec index)
{
	dot_vec v;

	asm("vpshufb %2, %1, %0" : "=v" (v) : "v" (table), "v" (index));
	return v;
}

/* VPTERNLOGQ with truth table 0x96 is the sum of three. */
static __always_inline DOT_TARGET dot_vec dot_madd(dot_vec acc, dot_coeff c, dot_input x)
{
	asm("vpternlogq $0x96, %2, %1, %0"
	    : "+v" (acc)
	    : "v" (dot_lookup(c.low, x.low)), "v" (dot_lookup(c.high, x.high)));
	return acc;
}

#include "dot.h"

static bool avx512_valid(void)
{
	return boot_cpu_has(X86_FEATURE_AVX512F) && boot_cpu_has(X86_FEATURE_AVX512BW) &&
	       cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM |
				 XFEATURE_MASK_AVX512, NULL);
}

const struct rlnc_backend rlnc_avx512 = {
	.name		= "avx512",
	.group		= DOT_GROUP,
	.table		= DOT_TABLE,
	.min_len	= DOT_STEP,
	.simd		= true,
	.valid		= avx512_valid,
	.expand		= rlnc_expand_nibbles,
	.dot		= DOT_FUNCTIONS,
};
