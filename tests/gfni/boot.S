/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last page of a ROM: from the reset vector to a C program in long mode, with
 * all vector registers on and nothing else.  No BIOS is involved.
 *
 * Memory: the first 4 GiB mapped one to one by tables at PAGE_TABLES, the stack
 * below STACK_TOP, the program at PROGRAM, where it is copied to.
 */
#define PAGE_TABLES	0x10000
#define STACK_TOP	0x90000
#define PROGRAM		0x200000

#define ROM_START		(0x100000000 - ROM_KIB * 1024)
#define ROM_PROGRAM_SIZE	(ROM_KIB * 1024 - 4096)

#define CR4_BITS	0x40620		/* PAE, OSFXSR, OSXMMEXCPT, OSXSAVE */
#define XCR0_BITS	0xe7		/* x87, SSE, AVX, AVX-512 */
#define MSR_EFER	0xc0000080

	.section .text
	.globl	boot
	.code16
boot:
	cli
	/* The segment's base is 0xffff0000 until the first far jump. */
	lgdtl	%cs:gdt_pointer - boot + 0xf000
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	inb	$0x92, %al		/* address line 20 */
	orb	$2, %al
	outb	%al, $0x92

	cld
	movl	$ROM_START, %esi
	movl	$PROGRAM, %edi
	movl	$ROM_PROGRAM_SIZE / 4, %ecx
	rep movsl

	movl	$PAGE_TABLES, %edi	/* one level 4, one level 3, four level 2 */
	xorl	%eax, %eax
	movl	$6 * 1024, %ecx
	rep stosl
	movl	$PAGE_TABLES + 0x1003, PAGE_TABLES
	movl	$PAGE_TABLES + 0x2003, PAGE_TABLES + 0x1000
	movl	$PAGE_TABLES + 0x3003, PAGE_TABLES + 0x1008
	movl	$PAGE_TABLES + 0x4003, PAGE_TABLES + 0x1010
	movl	$PAGE_TABLES + 0x5003, PAGE_TABLES + 0x1018
	movl	$PAGE_TABLES + 0x2000, %edi
	movl	$0x83, %eax		/* present, writable, 2 MiB */
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	jnc	1b

	movl	$CR4_BITS, %eax
	movl	%eax, %cr4
	movl	$PAGE_TABLES, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x80000003, %eax	/* paging, monitor coprocessor, protection */
	movl	%eax, %cr0
	ljmp	$0x18, $long_mode

	.code64
long_mode:
	movl	$XCR0_BITS, %eax
	xorl	%edx, %edx
	xorl	%ecx, %ecx
	xsetbv
	movl	$STACK_TOP - 8, %esp	/* as after a call */
	movl	$PROGRAM, %eax
	jmp	*%rax

	.align	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* code, 32 bits */
	.quad	0x00cf93000000ffff	/* data */
	.quad	0x00af9b000000ffff	/* code, 64 bits */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.org	0xff0
	.code16
	jmp	boot
	.org	0x1000, 0xff
