/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a guest finds when it starts: the pages below HVT_BOOT_BASE, and the registers.
 * Pure functions.
 */
#ifndef HEDGE_ELF_HVT_BOOT_H
#define HEDGE_ELF_HVT_BOOT_H

#include <linux/types.h>

#include "hvt_abi.h"

/* The pages that hvt_boot_tables() fills in. */
#define HVT_TABLES_SIZE		0x9000u

/* x86 state at the entry that does not depend on the image (Solo5 hvt, x86_64). */
#define HVT_CR0			0x80010021ull
#define HVT_CR3			0x2000ull
#define HVT_CR4			0x620ull
#define HVT_EFER		0x500ull
#define HVT_GDT_LIMIT		23u
#define HVT_SEL_CODE		0x08u
#define HVT_SEL_DATA		0x10u
#define HVT_RFLAGS		0x2ull

void hvt_boot_tables(void *tables, u64 mem);
u64 hvt_boot_manifest(void);
u64 hvt_boot_cmdline(u32 manifest_size);

#endif /* HEDGE_ELF_HVT_BOOT_H */
