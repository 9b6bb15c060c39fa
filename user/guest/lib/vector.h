/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vector registers that are full while time passes, or a hypercall is served. */
#ifndef GUEST_VECTOR_H
#define GUEST_VECTOR_H

#include "guest.h"

#define VECTOR_REGISTERS	16

struct vector_registers {
	uint8_t r[VECTOR_REGISTERS][16];
} __attribute__((__aligned__(16)));

static inline void vector_fill(struct vector_registers *v, uint64_t *state)
{
	unsigned int i;

	for (i = 0; i < sizeof(v->r); i++)
		v->r[i / 16][i % 16] = guest_random(state) >> 32;
}

/* Load @want, do @count (not 0) rounds of nothing and hypercall @nr, and store them to @got. */
static inline void vector_hold(const struct vector_registers *want, struct vector_registers *got,
			       uint64_t count, unsigned int nr, const volatile void *hypercall)
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
			 : "r" (want), "r" (got), "a" ((uint32_t)guest_address(hypercall)),
			   "d" (HVT_HC_PORT(nr))
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			   "xmm13", "xmm14", "xmm15");
}

#endif /* GUEST_VECTOR_H */
