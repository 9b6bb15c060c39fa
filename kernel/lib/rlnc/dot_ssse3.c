// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Products by two lookups of a nibble (PSHUFB), 16 bytes at a time. */
#include <asm/cpufeature.h>
#include <linux/kernel.h>

#define DOT_TARGET	__attribute__((__target__("ssse3")))
#define DOT_GROUP	4
#define DOT_WIDTH	1
#define DOT_TABLE	32

typedef u64 dot_vec __attribute__((__vector_size__(16), __aligned__(1), __may_alias__));

typedef struct {
	dot_vec low, high;
} dot_input, dot_coeff;

static __always_inline DOT_TARGET dot_input dot_split(dot_vec v)
{
	const dot_vec nibble = { 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL };

	return (dot_input){ v & nibble, v >> 4 & nibble };
}

static __always_inline DOT_TARGET dot_coeff dot_load(const u8 *table)
{
	const dot_vec *t = (const dot_vec *)table;

	return (dot_coeff){ t[0], t[1] };
}

static __always_inline DOT_TARGET dot_vec dot_lookup(dot_vec table, dot_vec index)
{
	asm("pshufb %1, %0" : "+x" (table) : "x" (index));
	return table;
}

static __always_inline DOT_TARGET dot_vec dot_madd(dot_vec acc, dot_coeff c, dot_input x)
{
	return acc ^ dot_lookup(c.low, x.low) ^ dot_lookup(c.high, x.high);
}

#include "dot.h"

static bool ssse3_valid(void)
{
	return boot_cpu_has(X86_FEATURE_SSSE3);
}

const struct rlnc_backend rlnc_ssse3 = {
	.name		= "ssse3",
	.group		= DOT_GROUP,
	.table		= DOT_TABLE,
	.min_len	= DOT_STEP,
	.simd		= true,
	.valid		= ssse3_valid,
	.expand		= rlnc_expand_nibbles,
	.dot		= DOT_FUNCTIONS,
};
