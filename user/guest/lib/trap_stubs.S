/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where exceptions arrive.  The processor has pushed ss, rsp, rflags, cs, rip and maybe
 * an error code; with that and cr2 on top the stack is a struct hvt_trap.  Nothing
 * returns from here, so registers need not be kept.
 */
	.altmacro

	.macro stub vector, has_code
trap_\vector:
	.if \has_code == 0
	pushq	$0
	.endif
	movl	$\vector, %edi
	jmp	trap_common
	.endm

	.macro address vector
	.quad	trap_\vector
	.endm

	.text
	/* Double fault, 10 to 14, alignment and control protection push a code; so do 29, 30. */
	.set	vector, 0
	.rept	32
	stub	%vector, %((0x60227d00 >> vector) & 1)
	.set	vector, vector + 1
	.endr

trap_common:
	movq	%cr2, %rax
	pushq	%rax
	movq	%rsp, %rsi
	andq	$-16, %rsp
	cld
	call	guest_trap
	ud2

	.section .rodata
	.globl	guest_trap_stubs
	.balign	8
guest_trap_stubs:
	.set	vector, 0
	.rept	32
	address	%vector
	.set	vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
