/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inner loop of all vector back ends.
 *
 * A back end defines, before it includes this file,
 *
 *	DOT_TARGET		its target attribute
 *	DOT_WIDTH		vectors per step
 *	dot_vec			vector type, may_alias, without alignment
 *	dot_input		what an input vector is turned into
 *	dot_coeff		a coefficient's table in registers
 *	dot_split(v)		input vector to dot_input
 *	dot_load(table)		table to dot_coeff
 *	dot_madd(acc, c, x)	acc += c * x
 *
 * and gets dot1() ... dot8(), one for each number of outputs.  The accumulators
 * of all outputs stay in registers while the inputs pass by once, DOT_WIDTH
 * vectors of each; a coefficient's table is fetched once for all of them.
 *
 * The target attribute is the function's own, so that the rest of the kernel
 * is compiled without vector registers, and no compiler may inline these into
 * functions that run outside kernel_fpu_begin() and kernel_fpu_end().
 */
#ifndef RLNC_DOT_H
#define RLNC_DOT_H

#include "backend.h"

#define DOT_STEP	(DOT_WIDTH * sizeof(dot_vec))
#define DOT_LINE	64

/*
 * Bytes that inputs are fetched ahead of their use, up to the end of the symbol.
 * The hardware follows a few streams and stops at a page's end; with this, from
 * 4 to 16 inputs of 1 MiB go 1.2 to 1.3 times as fast (Cascade Lake).
 */
#define DOT_AHEAD	1024

#define DOT_UNROLL	_Pragma("GCC unroll 8")

/*
 * These live in registers.  A kernel that clears every variable on the stack
 * (CONFIG_INIT_STACK_ALL_ZERO) would clear memory for them in every step.
 */
#define DOT_UNINITIALIZED	__attribute__((__uninitialized__))

/*
 * The last step is moved back to end exactly at the end, where it computes
 * some bytes a second time; inputs and outputs do not overlap.
 */
static __always_inline DOT_TARGET void
dot_outputs(const unsigned int outputs, const u8 *tables, const u8 *sources,
	    unsigned int count, const u8 *const in[], u8 *const out[], size_t pos, size_t len,
	    size_t total)
{
	const size_t last = pos + len - DOT_STEP;
	dot_vec zero = {};
	unsigned int g, w;
	size_t line;

	/* Keeps the compiler from clearing the accumulators with a memset. */
	asm("" : "+x" (zero));

	for (;;) {
		dot_vec acc[RLNC_MAX_GROUP][DOT_WIDTH] DOT_UNINITIALIZED;
		const size_t ahead = min(pos + DOT_AHEAD, total - 1);
		const u8 *table = tables;
		unsigned int j = 0;

		DOT_UNROLL
		for (g = 0; g < outputs; g++) {
			DOT_UNROLL
			for (w = 0; w < DOT_WIDTH; w++)
				acc[g][w] = zero;
		}

		do {
			const u8 *p = in[sources[j]];
			dot_input x[DOT_WIDTH] DOT_UNINITIALIZED;

			DOT_UNROLL
			for (line = 0; line < DOT_STEP; line += DOT_LINE)
				__builtin_prefetch(p + ahead + line);
			DOT_UNROLL
			for (w = 0; w < DOT_WIDTH; w++)
				x[w] = dot_split(((const dot_vec *)(p + pos))[w]);
			DOT_UNROLL
			for (g = 0; g < outputs; g++) {
				dot_coeff c = dot_load(table);

				table += DOT_TABLE;
				DOT_UNROLL
				for (w = 0; w < DOT_WIDTH; w++)
					acc[g][w] = dot_madd(acc[g][w], c, x[w]);
			}
		} while (++j < count);

		DOT_UNROLL
		for (g = 0; g < outputs; g++) {
			DOT_UNROLL
			for (w = 0; w < DOT_WIDTH; w++)
				((dot_vec *)(out[g] + pos))[w] = acc[g][w];
		}
		if (pos == last)
			return;
		pos += DOT_STEP;
		if (pos > last)
			pos = last;
	}
}

#define DOT_FUNCTION(g)								\
static DOT_TARGET void dot##g(const u8 *tables, const u8 *sources,		\
			      unsigned int count, const u8 *const in[],		\
			      u8 *const out[], size_t pos, size_t len,		\
			      size_t total)					\
{										\
	dot_outputs(g, tables, sources, count, in, out, pos, len, total);	\
}

DOT_FUNCTION(1)
DOT_FUNCTION(2)
DOT_FUNCTION(3)
DOT_FUNCTION(4)
#if DOT_GROUP > 4
DOT_FUNCTION(5)
DOT_FUNCTION(6)
#endif
#if DOT_GROUP > 6
DOT_FUNCTION(7)
DOT_FUNCTION(8)
#endif

#if DOT_GROUP == 4
#define DOT_FUNCTIONS	{ dot1, dot2, dot3, dot4 }
#elif DOT_GROUP == 6
#define DOT_FUNCTIONS	{ dot1, dot2, dot3, dot4, dot5, dot6 }
#else
#define DOT_FUNCTIONS	{ dot1, dot2, dot3, dot4, dot5, dot6, dot7, dot8 }
#endif

#endif
