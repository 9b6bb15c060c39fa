// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fpu SEED MS: all vector registers, the control word and a number of the x87 keep what
 * they hold for so long, with hypercalls and without.
 */
#include "lib/guest.h"

#define REGISTERS	16
#define MSEC		1000000ull

GUEST_MANIFEST();

static uint8_t want[REGISTERS][16] __attribute__((__aligned__(16)));
static uint8_t got[REGISTERS][16] __attribute__((__aligned__(16)));

/* Load all, do @count rounds of nothing and one hypercall, and store them again. */
static void hold(uint64_t count, struct hvt_hc_walltime *t)
{
	__asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
			 "movaps 16*\\n(%1), %%xmm\\n\n\t"
			 ".endr\n\t"
			 "1: pause; decq %0; jnz 1b\n\t"
			 "outl %%eax, %%dx\n\t"
			 ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
			 "movaps %%xmm\\n, 16*\\n(%2)\n\t"
			 ".endr\n\t"
			 : "+r" (count)
			 : "r" (want), "r" (got), "a" ((uint32_t)guest_address(t)),
			   "d" (HVT_HC_PORT(HVT_HC_WALLTIME))
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			   "xmm13", "xmm14", "xmm15");
}

int guest_main(int argc, char **argv)
{
	uint64_t seed, end, rounds = 0;
	uint32_t mxcsr = 0x1f80 | 0x6000, now;	/* towards zero */
	struct hvt_hc_walltime t;
	unsigned int i;
	double x87;

	if (argc != 2)
		guest_fail("fpu SEED MS\n");
	seed = guest_number(argv[0]) * 2 + 1;
	end = guest_monotonic_ns() + guest_number(argv[1]) * MSEC;
	__asm__ volatile("fninit; fldpi; ldmxcsr %0" : : "m" (mxcsr));
	do {
		for (i = 0; i < sizeof(want); i++)
			want[i / 16][i % 16] = guest_random(&seed) >> 32;
		memset(got, 0, sizeof(got));
		hold(100000, &t);
		if (memcmp(got, want, sizeof(want)))
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
