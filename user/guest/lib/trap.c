// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exceptions: a guest that runs into one ends with status 255, and leaves behind where
 * it was.  The monitor's GDT is where nothing is mapped, so there is one here, with a
 * task state for a stack of its own.
 */
#include "descriptor.h"
#include "guest.h"

#define CODE		0x00af99000000ffffull
#define DATA		0x00cf93000000ffffull
#define TSS_TYPE	0x0000890000000000ull	/* 64-bit, available */
#define SEL_CODE	0x08
#define SEL_TSS		0x18
#define GATE_INTERRUPT	0x8e
#define VECTORS		32
#define STACK_SIZE	8192

struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t interrupt_stack[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((__packed__));

_Static_assert(sizeof(struct task_state) == 104, "task state");

extern const uint64_t guest_trap_stubs[VECTORS];

static uint64_t gdt[5] __attribute__((__aligned__(16)));
static struct gate idt[VECTORS] __attribute__((__aligned__(16)));
static struct task_state task __attribute__((__aligned__(16)));
static uint8_t stack[STACK_SIZE] __attribute__((__aligned__(16)));

static void fill_gdt(void)
{
	uint64_t base = guest_address(&task);

	gdt[1] = CODE;
	gdt[2] = DATA;
	gdt[3] = TSS_TYPE | (sizeof(task) - 1) | (base & 0xffffff) << 16 |
		 (base >> 24 & 0xff) << 56;
	gdt[4] = base >> 32;
	task.interrupt_stack[0] = guest_address(stack + sizeof(stack));
	task.io_map = sizeof(task);
}

void guest_trap_init(void)
{
	const struct table_pointer gdt_at = { sizeof(gdt) - 1, guest_address(gdt) };
	const struct table_pointer idt_at = { sizeof(idt) - 1, guest_address(idt) };
	unsigned int i;

	fill_gdt();
	for (i = 0; i < VECTORS; i++) {
		idt[i].offset0 = guest_trap_stubs[i];
		idt[i].offset1 = guest_trap_stubs[i] >> 16;
		idt[i].offset2 = guest_trap_stubs[i] >> 32;
		idt[i].selector = SEL_CODE;
		idt[i].stack = 1;
		idt[i].type = GATE_INTERRUPT;
	}
	__asm__ volatile("lgdt %0" : : "m" (gdt_at));
	__asm__ volatile("ltr %w0" : : "r" (SEL_TSS));
	__asm__ volatile("lidt %0" : : "m" (idt_at));
}

/* From the stubs, on the stack for traps. */
void guest_trap(unsigned int vector, const struct hvt_trap *trap)
{
	struct hvt_hc_halt halt = { .cookie = guest_address(trap), .status = HVT_EXIT_ABORT };

	guest_printf("exception %u: rip 0x%llx cr2 0x%llx code 0x%llx\n", vector,
		     trap->rip, trap->cr2, trap->ec);
	guest_call(HVT_HC_HALT, guest_address(&halt));
	for (;;)
		;
}
