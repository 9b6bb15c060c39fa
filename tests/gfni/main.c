// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The codec's own back ends on a bare emulated CPU that has GFNI: the bit
 * matrices go through the instruction itself.  KTAP to port 0xe9.
 */
#include "affine.h"
#include "bare.h"

#include "rlnc/gf256.h"
#include "rlnc/rlnc.h"

#define OUTPUTS	8

u64 gfni_correction;

static unsigned int number;

/* Zero times the identity, which is zero. */
static u64 zero_by_identity(void)
{
	const u64 identity[2] = { 0x0102040810204080, 0x0102040810204080 };
	u64 y[2];

	asm volatile("vpxor %%xmm0, %%xmm0, %%xmm0\n\t"
		     "vgf2p8affineqb $0, %1, %%xmm0, %%xmm0\n\t"
		     "vmovdqu %%xmm0, %0" : "=m" (y) : "m" (identity) : "xmm0");
	return y[0];
}

static void result(bool good, const char *name, const char *what)
{
	number++;
	bare_print(good ? "ok " : "not ok ");
	bare_print_number(number);
	bare_print(" - ");
	bare_print(name);
	bare_print(what);
	bare_print("\n");
}

/* Every product of the field, eight coefficients at a time. */
static bool every_product(void)
{
	static u8 plan_memory[4096], bytes[256], area[OUTPUTS][256];
	struct rlnc_plan *plan = (struct rlnc_plan *)plan_memory;
	const u8 *in[1] = { bytes };
	u8 *out[OUTPUTS], coeffs[OUTPUTS];
	unsigned int c, i, b;

	for (b = 0; b < 256; b++)
		bytes[b] = b;
	for (c = 0; c < 256; c += OUTPUTS) {
		for (i = 0; i < OUTPUTS; i++) {
			coeffs[i] = c + i;
			out[i] = area[i];
		}
		if (rlnc_plan_coeffs(plan, coeffs, 1, OUTPUTS))
			return false;
		rlnc_plan_run(plan, in, out, 256);
		for (i = 0; i < OUTPUTS; i++)
			for (b = 0; b < 256; b++)
				if (area[i][b] != gf_mul(c + i, b))
					return false;
	}
	return true;
}

void bare_main(void)
{
	static const char *const names[] = { "avx512-gfni", "avx2-gfni" };
	unsigned int i;

	bare_print("KTAP version 1\n1..5\n");
	gfni_correction = zero_by_identity();
	if (gfni_correction)
		bare_print("# this emulator inverts results of GF2P8AFFINEQB; corrected\n");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		result(!rlnc_init(names[i]), names[i], " is valid");
		result(every_product(), names[i], " computes every product");
	}
	result(!rlnc_selftest(), "self-test", " of all back ends");
}
