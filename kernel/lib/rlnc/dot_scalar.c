// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The back end for every CPU, and for contexts without vector registers. */
#include <linux/kernel.h>

#include "backend.h"
#include "gf256.h"

/* Bytes of output kept in L1 while the inputs pass by. */
#define SCALAR_BLOCK		2048

void rlnc_scalar_dot(unsigned int outputs, const u8 *coeffs, const u8 *sources,
		     unsigned int count, const u8 *const in[], u8 *const out[],
		     size_t pos, size_t len)
{
	size_t n;

	for (; len; pos += n, len -= n) {
		unsigned int g, j;

		n = min_t(size_t, len, SCALAR_BLOCK);
		for (g = 0; g < outputs; g++) {
			gf_mul_region(out[g] + pos, in[sources[0]] + pos, coeffs[g], n);
			for (j = 1; j < count; j++)
				gf_madd_region(out[g] + pos, in[sources[j]] + pos,
					       coeffs[j * outputs + g], n);
		}
	}
}

static void scalar_dot1(const u8 *tables, const u8 *sources, unsigned int count,
			const u8 *const in[], u8 *const out[], size_t pos, size_t len,
			size_t total __maybe_unused)
{
	rlnc_scalar_dot(1, tables, sources, count, in, out, pos, len);
}

static bool scalar_valid(void)
{
	return true;
}

static void scalar_expand(u8 *table, u8 c)
{
	*table = c;
}

const struct rlnc_backend rlnc_scalar = {
	.name		= "scalar",
	.group		= 1,
	.table		= 1,
	.min_len	= 1,
	.simd		= false,
	.valid		= scalar_valid,
	.expand		= scalar_expand,
	.dot		= { scalar_dot1 },
};
