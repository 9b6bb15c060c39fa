// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/kernel.h>
#include <linux/string.h>
#include "hvt_boot.h"

#define GDT_CODE	0x00af99000000ffffull	/* 64-bit, execute-only, ring 0 */
#define GDT_DATA	0x00cf93000000ffffull

#define PTE_PRESENT	1u			/* and not writable */
#define PTE_TABLE	3u			/* present, writable */
#define PTE_2M		0x83u			/* present, writable, 2 MiB */

#define TABLE_ENTRIES	512u
#define TABLES		4u			/* page directories, 1 GiB each */

static u64 *table_at(void *tables, u32 address)
{
	return (u64 *)((u8 *)tables + address);
}

/* The first 2 MiB: nothing at NULL, and what the monitor has written is read-only. */
static void fill_first(u64 *pt)
{
	u64 address;
	u32 i;

	for (i = HVT_BOOT_BASE / HVT_PAGE_SIZE; i < TABLE_ENTRIES; i++) {
		address = (u64)i * HVT_PAGE_SIZE;
		pt[i] = address | (address < HVT_GUEST_MIN ? PTE_PRESENT : PTE_TABLE);
	}
}

/**
 * hvt_boot_tables - the pages that a guest's processor starts with
 * @tables:	%HVT_TABLES_SIZE bytes, for the guest's addresses from 0 on, aligned to 8;
 *		every byte is written
 * @mem:	bytes of guest memory, a multiple of 2 MiB up to 4 GiB
 *
 * A GDT, and page tables that map memory to itself: Solo5 hvt, x86_64.
 */
void hvt_boot_tables(void *tables, u64 mem)
{
	u64 *gdt = table_at(tables, HVT_GDT_BASE), *pdpt = table_at(tables, HVT_PDPT_BASE);
	u64 *pd = table_at(tables, HVT_PD_BASE);
	u64 i;

	memset(tables, 0, HVT_TABLES_SIZE);
	gdt[HVT_SEL_CODE / sizeof(*gdt)] = GDT_CODE;
	gdt[HVT_SEL_DATA / sizeof(*gdt)] = GDT_DATA;
	table_at(tables, HVT_PML4_BASE)[0] = HVT_PDPT_BASE | PTE_TABLE;
	for (i = 0; i < TABLES; i++)
		pdpt[i] = (HVT_PD_BASE + i * HVT_PAGE_SIZE) | PTE_TABLE;
	pd[0] = HVT_PT0_BASE | PTE_TABLE;
	for (i = 1; i < mem / HVT_PAGE_2M; i++)
		pd[i] = i * HVT_PAGE_2M | PTE_2M;
	fill_first(table_at(tables, HVT_PT0_BASE));
}

/**
 * hvt_boot_manifest - where a guest finds its manifest
 *
 * Return: the guest's address; struct hvt_boot_info is at %HVT_BOOT_BASE, just before.
 */
u64 hvt_boot_manifest(void)
{
	return HVT_BOOT_BASE + sizeof(struct hvt_boot_info);
}

/**
 * hvt_boot_cmdline - where a guest finds its command line
 * @manifest_size:	bytes of its manifest, as hvt_image_parse() gives them
 *
 * Return: the guest's address of %HVT_CMDLINE_SIZE bytes, all below %HVT_GUEST_MIN.
 */
u64 hvt_boot_cmdline(u32 manifest_size)
{
	return hvt_boot_manifest() + manifest_size;
}
