// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apic KIND: what is there of an interrupt controller, which is nothing.  The processor
 * does not have one (cpuid), and whoever goes for it all the same must end.
 */
#include "lib/guest.h"

#define APIC_PAGE	0xfee00000u
#define APIC_ID		0x20
#define APIC_EOI	0xb0
#define MSR_APIC_BASE	0x1b
#define MSR_X2APIC_ID	0x802
#define MSR_X2APIC_EOI	0x80b
#define MSR_X2APIC_ICR	0x830
#define APIC_ENABLE	(1u << 11)

#define PD_BASE		0x4000u		/* of the monitor's tables */

#define PRESENT		1u
#define WRITABLE	2u
#define LARGE		0x80u

GUEST_MANIFEST();

static uint64_t rdmsr(uint32_t nr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (nr));
	return (uint64_t)high << 32 | low;
}

static void wrmsr(uint32_t nr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c" (nr), "a" ((uint32_t)value), "d" (value >> 32) : "memory");
}

struct leaf {
	uint32_t eax, ebx, ecx, edx;
};

static struct leaf cpuid(uint32_t function)
{
	struct leaf l;

	__asm__ volatile("cpuid" : "=a" (l.eax), "=b" (l.ebx), "=c" (l.ecx), "=d" (l.edx)
			 : "a" (function), "c" (0));
	return l;
}

static void features(void)
{
	struct leaf one = cpuid(1), amd = { 0 };

	if (cpuid(0x80000000).eax >= 0x80000001)
		amd = cpuid(0x80000001);
	if (one.edx >> 9 & 1 || one.ecx >> 21 & 1 || amd.edx >> 9 & 1 || amd.ecx >> 3 & 1)
		guest_fail("there is an APIC: 0x%x 0x%x, 0x%x 0x%x\n", one.edx, one.ecx, amd.edx,
			   amd.ecx);
	guest_puts("there is none\n");
	guest_exit(0);
}

static void base_read(void)
{
	rdmsr(MSR_APIC_BASE);
}

static void base_write(void)
{
	wrmsr(MSR_APIC_BASE, APIC_PAGE | APIC_ENABLE);
}

static void x2_read(void)
{
	rdmsr(MSR_X2APIC_ID);
}

static void x2_write(void)
{
	wrmsr(MSR_X2APIC_EOI, 0);
}

static void x2_send(void)
{
	wrmsr(MSR_X2APIC_ICR, 0x4500);
}

/*
 * Its page, which the tables of the monitor do not have.  Those cannot be read from here,
 * but be pointed to: each GiB but the fourth is as it was.
 */
static volatile uint8_t *page(void)
{
	static uint64_t pml4[512] __attribute__((__aligned__(4096)));
	static uint64_t pdpt[512] __attribute__((__aligned__(4096)));
	static uint64_t pd[512] __attribute__((__aligned__(4096)));
	uint64_t i, at;

	for (i = 0; i < 3; i++)
		pdpt[i] = (PD_BASE + i * 4096) | PRESENT | WRITABLE;
	for (i = 0; i < 512; i++) {
		at = 3ull << 30 | i << 21;
		if (at < guest_boot->mem_size || i == (APIC_PAGE >> 21 & 511))
			pd[i] = at | PRESENT | WRITABLE | LARGE;
	}
	pdpt[3] = guest_address(pd) | PRESENT | WRITABLE;
	pml4[0] = guest_address(pdpt) | PRESENT | WRITABLE;
	__asm__ volatile("mov %0, %%cr3" : : "r" (guest_address(pml4)) : "memory");
	guest_puts("mapped\n");
	return (volatile uint8_t *)(uintptr_t)APIC_PAGE;
}

static void unmapped(void)
{
	(void)*(volatile uint32_t *)(uintptr_t)(APIC_PAGE + APIC_ID);
}

static void page_read(void)
{
	(void)*(volatile uint32_t *)(page() + APIC_ID);
}

static void page_write(void)
{
	*(volatile uint32_t *)(page() + APIC_EOI) = 0;
}

static void priority(void)
{
	__asm__ volatile("mov %0, %%cr8" : : "r" (8ull));
	__asm__ volatile("mov %0, %%cr8" : : "r" (0ull));
}

static void interrupts(void)
{
	__asm__ volatile("sti; hlt");
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "cpuid", features }, { "base_read", base_read }, { "base_write", base_write },
		{ "x2_read", x2_read }, { "x2_write", x2_write }, { "x2_send", x2_send },
		{ "unmapped", unmapped }, { "page_read", page_read },
		{ "page_write", page_write }, { "priority", priority },
		{ "interrupts", interrupts },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_fail("it was let through\n");
}
