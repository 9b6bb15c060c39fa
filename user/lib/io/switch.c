// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is kept is what the ABI asks of a function: System V AMD64 ABI, 3.2.1 (rbx, rbp, r12 to
 * r15, the control bits of MXCSR, the x87 control word); Procedure Call Standard for the Arm
 * 64-bit Architecture, 6.1 (x19 to x30, d8 to d15) and FPCR.
 *
 * Loading a control word costs more than all the rest and they hardly ever differ, so they are
 * compared first.  A switch ends in an indirect jump, not a return: the processor predicts
 * returns by its own stack, and would be wrong each time.
 */
#include <stdint.h>
#include <string.h>

#include "switch.h"

/* Global to the linker: it takes the address of a local one for that of the section (aarch64). */
void context_start(void);

#if defined(__x86_64__)

/* Upwards from the stack pointer; the last one is where the switch jumps to. */
struct context {
	uint32_t mxcsr;
	uint16_t x87;
	uint16_t unused;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	void (*pc)(void);
};

_Static_assert(sizeof(struct context) == 64, "what the switch below takes for granted");

__asm__(".text\n"
	".balign 16\n"
	".globl context_switch\n"
	".type context_switch, @function\n"
	"context_switch:\n"
	"	.cfi_startproc\n"
	"	subq	$56, %rsp\n"
	"	.cfi_adjust_cfa_offset 56\n"
	"	stmxcsr	(%rsp)\n"
	"	fnstcw	4(%rsp)\n"
	"	movq	%r15, 8(%rsp)\n"
	"	movq	%r14, 16(%rsp)\n"
	"	movq	%r13, 24(%rsp)\n"
	"	movq	%r12, 32(%rsp)\n"
	"	movq	%rbx, 40(%rsp)\n"
	"	movq	%rbp, 48(%rsp)\n"
	"	movl	(%rsp), %eax\n"
	"	movzwl	4(%rsp), %edx\n"
	"	movq	%rsp, (%rdi)\n"
	"	movq	%rsi, %rsp\n"
	"	cmpl	(%rsp), %eax\n"
	"	je	1f\n"
	"	ldmxcsr	(%rsp)\n"
	"1:	cmpw	4(%rsp), %dx\n"
	"	je	2f\n"
	"	fldcw	4(%rsp)\n"
	"2:	movq	8(%rsp), %r15\n"
	"	movq	16(%rsp), %r14\n"
	"	movq	24(%rsp), %r13\n"
	"	movq	32(%rsp), %r12\n"
	"	movq	40(%rsp), %rbx\n"
	"	movq	48(%rsp), %rbp\n"
	"	movq	56(%rsp), %rcx\n"
	"	addq	$64, %rsp\n"
	"	.cfi_def_cfa_offset 0\n"
	"	.cfi_register rip, rcx\n"
	"	jmp	*%rcx\n"
	"	.cfi_endproc\n"
	".size context_switch, . - context_switch\n"

	/* There is no caller: whoever walks the stack stops here. */
	".balign 16\n"
	".globl context_start\n"
	".hidden context_start\n"
	".type context_start, @function\n"
	"context_start:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined rip\n"
	"	movq	%rbx, %rdi\n"
	"	call	fiber_main@PLT\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size context_start, . - context_start\n");

static void context_fill(struct context *c, void *self)
{
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(c->mxcsr), "=m"(c->x87));
	c->rbx = (uintptr_t)self;
}

#elif defined(__aarch64__)

struct context {
	uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, fp;
	void (*pc)(void);
	uint64_t d8, d9, d10, d11, d12, d13, d14, d15;
	uint64_t fpcr;
	uint64_t unused;
};

_Static_assert(sizeof(struct context) == 176, "what the switch below takes for granted");

__asm__(".text\n"
	".balign 16\n"
	".globl context_switch\n"
	".type context_switch, %function\n"
	"context_switch:\n"
	"	.cfi_startproc\n"
	"	sub	sp, sp, #176\n"
	"	.cfi_adjust_cfa_offset 176\n"
	"	stp	x19, x20, [sp, #0]\n"
	"	stp	x21, x22, [sp, #16]\n"
	"	stp	x23, x24, [sp, #32]\n"
	"	stp	x25, x26, [sp, #48]\n"
	"	stp	x27, x28, [sp, #64]\n"
	"	stp	x29, x30, [sp, #80]\n"
	"	stp	d8, d9, [sp, #96]\n"
	"	stp	d10, d11, [sp, #112]\n"
	"	stp	d12, d13, [sp, #128]\n"
	"	stp	d14, d15, [sp, #144]\n"
	"	mrs	x9, fpcr\n"
	"	str	x9, [sp, #160]\n"
	"	mov	x10, sp\n"
	"	str	x10, [x0]\n"
	"	mov	sp, x1\n"
	"	ldr	x10, [sp, #160]\n"
	"	cmp	x9, x10\n"
	"	b.eq	1f\n"
	"	msr	fpcr, x10\n"
	"1:	ldp	x19, x20, [sp, #0]\n"
	"	ldp	x21, x22, [sp, #16]\n"
	"	ldp	x23, x24, [sp, #32]\n"
	"	ldp	x25, x26, [sp, #48]\n"
	"	ldp	x27, x28, [sp, #64]\n"
	"	ldp	x29, x30, [sp, #80]\n"
	"	ldp	d8, d9, [sp, #96]\n"
	"	ldp	d10, d11, [sp, #112]\n"
	"	ldp	d12, d13, [sp, #128]\n"
	"	ldp	d14, d15, [sp, #144]\n"
	"	add	sp, sp, #176\n"
	"	.cfi_adjust_cfa_offset -176\n"
	"	br	x30\n"
	"	.cfi_endproc\n"
	".size context_switch, . - context_switch\n"

	".balign 16\n"
	".globl context_start\n"
	".hidden context_start\n"
	".type context_start, %function\n"
	"context_start:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined x30\n"
	"	mov	x0, x19\n"
	"	bl	fiber_main\n"
	"	brk	#0\n"
	"	.cfi_endproc\n"
	".size context_start, . - context_start\n");

static void context_fill(struct context *c, void *self)
{
	__asm__ volatile("mrs %0, fpcr" : "=r"(c->fpcr));
	c->x19 = (uintptr_t)self;
}

#else
#error "No fiber switch for this processor"
#endif

void *context_make(void *top, void *self)
{
	struct context *c = (struct context *)top - 1;

	memset(c, 0, sizeof(*c));
	context_fill(c, self);
	c->pc = context_start;
	return c;
}
