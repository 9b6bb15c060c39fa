/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of the hvt ABI that shares nothing with our library and its linker script: every
 * number is written here as Solo5's headers have it, and the file is laid out as Solo5's
 * own linker lays it out (foreign.lds).  It prints what it was given, moves a block, and ends.
 */
	.section .interp, "a", @progbits
	.asciz	"/nonexistent/solo5/"
	.balign	8

	.section .note.solo5.manifest, "a", @note
	.balign	8
	.long	6, 4 + 8 + 3 * 104, 0x3154464d
	.asciz	"Solo5"
	.balign	4
	.long	0			/* so that the manifest is aligned */
	.long	1, 3			/* version, entries */
	.zero	68
	.long	1 << 30			/* reserved */
	.zero	104 - 72
	.ascii	"storage"
	.zero	68 - 7
	.long	1
	.zero	104 - 72
	.ascii	"service"
	.zero	68 - 7
	.long	2
	.zero	104 - 72

	.section .note.solo5.abi, "a", @note
	.balign	4
	.long	6, 16, 0x31494241
	.asciz	"Solo5"
	.balign	4
	.long	1, 2, 0, 0

	.section .note.solo5.not_openbsd, "a", @note
	.balign	4
	.long	8, 4, 1
	.asciz	"OpenBSD"
	.long	0

	.section .rodata, "a", @progbits
greeting:
	.ascii	"foreign: \0"
newline:
	.ascii	"\n\0"
tidings:
	.ascii	"the block is as it was written\n\0"
trouble:
	.ascii	"the block is not as it was written\n\0"

	.data
	.balign	8
halt:	.quad	0
	.long	0, 0
call:	.quad	1, 512, block, 512	/* handle, offset, data, len */
	.long	-1, 0

	.bss
	.balign	8
puts:	.zero	16
table:	.zero	16
block:	.zero	512

	.text
	/* rdi: boot info, whose fourth word is the command line's address, and fifth the manifest's */
	.globl	_start
_start:
	pushf
	mov	%rdi, %r12
	call	state
	add	$8, %rsp
	mov	$greeting, %rsi
	call	print
	mov	24(%r12), %rsi
	call	print
	mov	$newline, %rsi
	call	print

	/* Attached are the disk, of 512 bytes a block and at least two, and the network. */
	mov	32(%r12), %rbx
	mov	$3, %r13d
	cmpl	$1, (%rbx)
	jne	end
	cmpl	$3, 4(%rbx)
	jne	end
	mov	$4, %r13d
	cmpb	$1, 8 + 104 + 96(%rbx)
	jne	end
	cmpw	$512, 8 + 104 + 80(%rbx)
	jne	end
	cmpq	$1024, 8 + 104 + 72(%rbx)
	jb	end
	mov	$5, %r13d
	cmpb	$1, 8 + 208 + 96(%rbx)
	jne	end
	cmpw	$1500, 8 + 208 + 78(%rbx)
	jne	end

	mov	$0x5a, %al
	mov	$block, %rdi
	mov	$512, %ecx
	rep	stosb
	mov	$4, %edx		/* BLOCK_WRITE */
	call	transfer
	xor	%eax, %eax
	mov	$block, %rdi
	mov	$512, %ecx
	rep	stosb
	mov	$5, %edx		/* BLOCK_READ */
	call	transfer
	mov	$6, %r13d
	mov	$trouble, %rsi
	mov	$0x5a, %al
	mov	$block, %rdi
	mov	$512, %ecx
	repe	scasb
	jne	1f
	mov	$77, %r13d
	mov	$tidings, %rsi
1:	call	print
end:	mov	%r13d, halt + 8
	mov	$halt, %eax
	mov	$0x508, %edx
	out	%eax, %dx
2:	jmp	2b

/* The processor is as the ABI has it; rflags as they were are above the return address. */
state:	mov	$10, %r13d
	cmpq	$2, 8(%rsp)
	jne	end
	mov	$11, %r13d		/* rsp is the end of memory - 8, of which two words are used */
	mov	(%r12), %rax
	sub	$8 + 16, %rax
	cmp	%rsp, %rax
	jne	end
	mov	$12, %r13d
	cmp	$0x10000, %r12
	jne	end
	mov	$13, %r13d
	mov	%cr0, %rax
	or	$0x10, %eax		/* ET: hard-wired */
	mov	$0x80010031, %ecx
	cmp	%rcx, %rax
	jne	end
	mov	$14, %r13d
	mov	%cr3, %rax
	cmp	$0x2000, %rax
	jne	end
	mov	$15, %r13d
	mov	%cr4, %rax
	cmp	$0x620, %rax
	jne	end
	mov	$16, %r13d
	sgdt	table
	cmpw	$23, table
	jne	end
	sidt	table
	cmpw	$0, table
	jne	end
	mov	$17, %r13d
	mov	%cs, %eax
	cmp	$8, %eax
	jne	end
	.irp	segment, %ds, %es, %fs, %gs, %ss
	mov	\segment, %eax
	cmp	$16, %eax
	jne	end
	.endr
	ret

/* Hypercall edx with call; it has to be answered with 0. */
transfer:
	movl	$-1, call + 32
	add	$0x500, %edx
	mov	$call, %eax
	out	%eax, %dx
	mov	$2, %r13d
	cmpl	$0, call + 32
	jne	end
	ret

/* What rsi points to, up to a zero. */
print:	mov	%rsi, puts
	xor	%eax, %eax
1:	cmpb	$0, (%rsi, %rax)
	je	2f
	inc	%rax
	jmp	1b
2:	mov	%rax, puts + 8
	mov	$puts, %eax
	mov	$0x502, %edx
	out	%eax, %dx
	ret
	.section .note.GNU-stack, "", @progbits
