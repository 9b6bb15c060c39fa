// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fpu SEED MS: all vector registers, the control word and a number of the x87 keep what
 * they hold for so long, with hypercalls and without.
 */
#include "lib/vector.h"

#define MSEC		1000000ull

GUEST_MANIFEST();

static struct vector_registers want, got;

int guest_main(int argc, char **argv)
{
	uint64_t seed, end, rounds = 0;
	uint32_t mxcsr = 0x1f80 | 0x6000, now;	/* towards zero */
	struct hvt_hc_walltime t;
	double x87;

	if (argc != 2)
		guest_fail("fpu SEED MS\n");
	seed = guest_number(argv[0]) * 2 + 1;
	end = guest_monotonic_ns() + guest_number(argv[1]) * MSEC;
	__asm__ volatile("fninit; fldpi; ldmxcsr %0" : : "m" (mxcsr));
	do {
		vector_fill(&want, &seed);
		memset(&got, 0, sizeof(got));
		vector_hold(&want, &got, 100000, HVT_HC_WALLTIME, &t);
		if (memcmp(&got, &want, sizeof(want)))
			guest_fail("vector registers have changed\n");
		rounds++;
	} while (guest_monotonic_ns() < end);
	__asm__ volatile("stmxcsr %0; fstpl %1" : "=m" (now), "=m" (x87));
	if (now != mxcsr)
		guest_fail("mxcsr is 0x%x\n", now);
	if (x87 < 3.14159265 || x87 > 3.14159266)
		guest_fail("the x87 has another number\n");
	guest_printf("kept for %llu rounds\n", (unsigned long long)rounds);
	return 0;
}
