// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Products by 8x8 bit matrices (VGF2P8AFFINEQB), 64 bytes at a time. */
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <linux/kernel.h>

#define DOT_TARGET	__attribute__((__target__("avx512f,avx512bw")))
#define DOT_GROUP	8
#define DOT_WIDTH	2
#define DOT_TABLE	8

typedef u64 dot_vec __attribute__((__vector_size__(64), __aligned__(1), __may_alias__));
typedef dot_vec dot_input, dot_coeff;

/* Tests replace the instruction by its definition in software. */
#ifndef RLNC_AFFINE
#define RLNC_AFFINE(x, matrix) ({						\
	dot_vec affine_;							\
	asm("vgf2p8affineqb $0, %2, %1, %0"					\
	    : "=v" (affine_) : "v" (x), "v" (matrix));				\
	affine_; })
#endif

static __always_inline DOT_TARGET dot_input dot_split(dot_vec v)
{
	return v;
}

static __always_inline DOT_TARGET dot_coeff dot_load(const u8 *table)
{
	dot_vec v;

	asm("vpbroadcastq %1, %0" : "=v" (v) : "m" (*(const u8 (*)[8])table));
	return v;
}

static __always_inline DOT_TARGET dot_vec dot_madd(dot_vec acc, dot_coeff c, dot_input x)
{
	return acc ^ RLNC_AFFINE(x, c);
}

#include "dot.h"

static bool avx512_gfni_valid(void)
{
	return boot_cpu_has(X86_FEATURE_GFNI) && boot_cpu_has(X86_FEATURE_AVX512F) &&
	       boot_cpu_has(X86_FEATURE_AVX512BW) &&
	       cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM |
				 XFEATURE_MASK_AVX512, NULL);
}

const struct rlnc_backend rlnc_avx512_gfni = {
	.name		= "avx512-gfni",
	.group		= DOT_GROUP,
	.table		= DOT_TABLE,
	.min_len	= DOT_STEP,
	.simd		= true,
	.valid		= avx512_gfni_valid,
	.expand		= rlnc_expand_affine,
	.dot		= DOT_FUNCTIONS,
};
