/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The head of a core of a guest: ELF64, a note NT_PRSTATUS with the registers, one
 * segment for all memory at 0.  The memory follows in the file.  Pure functions.
 */
#ifndef HEDGE_ELF_HVT_CORE_H
#define HEDGE_ELF_HVT_CORE_H

#include <linux/types.h>

#include "hvt_abi.h"

#define HVT_CORE_HEAD_SIZE	0x1000u	/* bytes before the memory */

/* In the order of the kernel's struct user_regs_struct. */
struct hvt_core_regs {
	u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax;
	u64 rip, cs, rflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

void hvt_core_head(void *head, u64 mem, const struct hvt_core_regs *regs);

#endif /* HEDGE_ELF_HVT_CORE_H */
