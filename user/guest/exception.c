// SPDX-License-Identifier: GPL-2.0-or-later
/* exception KIND: status 255, with a struct hvt_trap for the core. */
#include "lib/guest.h"

GUEST_MANIFEST();

static void divide(void)
{
	__asm__ volatile("divl %%ecx" : : "a" (1), "d" (0), "c" (0));
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void opcode(void)
{
	__asm__ volatile("ud2");
}

static void interrupt(void)
{
	__asm__ volatile("int $0x80");		/* beyond the table */
}

static void canonical(void)
{
	__asm__ volatile("movb $0, (%0)" : : "r" (1ull << 63));
}

static void null(void)
{
	__asm__ volatile("movb $0, 0");
}

static void low(void)
{
	__asm__ volatile("movb $0, (%0)" : : "r" ((uint64_t)HVT_BOOT_BASE));
}

static void beyond(void)
{
	__asm__ volatile("movb $0, (%0)" : : "r" (guest_boot->mem_size));
}

static void segment(void)
{
	__asm__ volatile("mov %w0, %%ds" : : "r" (0x40));
}

static void stack(void)
{
	__asm__ volatile("movq $0x8000, %rsp; pushq $0");
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "divide", divide }, { "breakpoint", breakpoint }, { "opcode", opcode },
		{ "interrupt", interrupt }, { "canonical", canonical }, { "null", null },
		{ "low", low }, { "beyond", beyond }, { "segment", segment },
		{ "stack", stack },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_fail("nothing happened\n");
}
