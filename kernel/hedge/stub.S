/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that a sandbox ever runs outside the kernel.  It is a file that the kernel
 * execs; sandbox.c maps it and starts it behind its first bytes, which are the mark
 * that load_binary() goes by.  It is data here: this copy is never executed.
 */
#include <linux/bpf_common.h>
#include "stub.h"

/* From headers that are for C alone. */
#define AUDIT_ARCH_X86_64		0xc000003e
#define SECCOMP_MODE_FILTER		2
#define SECCOMP_RET_KILL_PROCESS	0x80000000
#define SECCOMP_RET_ALLOW		0x7fff0000

#define NR_IOCTL	16
#define NR_SETGROUPS	116
#define NR_SETRESUID	117
#define NR_SETRESGID	119
#define NR_PRCTL	157
#define NR_EXIT_GROUP	231
#define PR_SET_SECCOMP	22

#define WHERE(label)	(HEDGE_STUB_WHERE + label - hedge_stub)

/* struct sock_filter */
#define STMT(code, k)			.short code; .byte 0, 0; .long k
#define JUMP(code, k, yes, no)		.short code; .byte yes, no; .long k
#define LOAD(at)			STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define EQUAL(k, yes, no)		JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define RETURN(what)			STMT(BPF_RET | BPF_K, what)

/* struct seccomp_data */
#define DATA_NR		0
#define DATA_ARCH	4
#define DATA_ARG0	16
#define DATA_ARG1	24

	.section .rodata, "a"
	.globl hedge_stub
hedge_stub:
	.ascii	HEDGE_STUB_MARK
	.balign	HEDGE_STUB_ENTRY
	/* Its owner gives it user and group in registers that system calls leave alone. */
	mov	$NR_SETGROUPS, %eax
	xor	%edi, %edi
	xor	%esi, %esi
	syscall
	test	%eax, %eax
	jnz	2f
	mov	$NR_SETRESGID, %eax
	mov	%r13d, %edi
	mov	%r13d, %esi
	mov	%r13d, %edx
	syscall
	test	%eax, %eax
	jnz	2f
	mov	$NR_SETRESUID, %eax
	mov	%r12d, %edi
	mov	%r12d, %esi
	mov	%r12d, %edx
	syscall
	test	%eax, %eax
	jnz	2f
	mov	$NR_PRCTL, %eax
	mov	$PR_SET_SECCOMP, %edi
	mov	$SECCOMP_MODE_FILTER, %esi
	mov	$WHERE(program), %edx
	syscall
	test	%eax, %eax
	jnz	2f
	mov	$NR_IOCTL, %eax
	mov	$HEDGE_STUB_FD, %edi
	mov	$HEDGE_STUB_RUN, %esi
	xor	%edx, %edx
	syscall
	mov	%eax, %edi
1:	mov	$NR_EXIT_GROUP, %eax
	syscall
	ud2
2:	mov	$HEDGE_STUB_UNGUARDED, %edi
	jmp	1b

	.balign	8
program:				/* struct sock_fprog */
	.short	(filter_end - filter) / 8
	.balign	8
	.quad	WHERE(filter)
filter:
	LOAD(DATA_ARCH)
	EQUAL(AUDIT_ARCH_X86_64, 0, 7)
	LOAD(DATA_NR)
	EQUAL(NR_EXIT_GROUP, 6, 0)
	EQUAL(NR_IOCTL, 0, 4)
	LOAD(DATA_ARG0)
	EQUAL(HEDGE_STUB_FD, 0, 2)
	LOAD(DATA_ARG1)
	EQUAL(HEDGE_STUB_RUN, 1, 0)
	RETURN(SECCOMP_RET_KILL_PROCESS)
	RETURN(SECCOMP_RET_ALLOW)
filter_end:
	.globl hedge_stub_end
hedge_stub_end:
	.section .note.GNU-stack, "", @progbits
