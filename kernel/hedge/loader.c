// SPDX-License-Identifier: GPL-2.0-only
/* What is in a guest's memory before its first instruction: tables, image, boot info. */
#include <linux/slab.h>
#include "hedge.h"

static int fill_tables(struct hedge_vm *vm)
{
	void *tables = kvmalloc(HVT_TABLES_SIZE, GFP_KERNEL);
	int ret = 0;
	u32 at;

	if (!tables)
		return -ENOMEM;
	hvt_boot_tables(tables, vm->mem);
	/* What is zero is so without a page of its own. */
	for (at = 0; at < HVT_TABLES_SIZE && !ret; at += HVT_PAGE_SIZE)
		if (memchr_inv(tables + at, 0, HVT_PAGE_SIZE))
			ret = hedge_guestmem_fill(&vm->guestmem, at, tables + at, HVT_PAGE_SIZE);
	kvfree(tables);
	return ret;
}

static int fill_segments(struct hedge_vm *vm)
{
	const struct hvt_image *layout = &vm->image->layout;
	int ret = 0;
	u32 i;

	for (i = 0; i < layout->segments && !ret; i++) {
		const struct hvt_segment *seg = &layout->segment[i];

		ret = hedge_guestmem_fill(&vm->guestmem, seg->vaddr,
					  vm->image->data + seg->offset, seg->filesz);
	}
	return ret;
}

static int fill_boot_info(struct hedge_vm *vm)
{
	struct hvt_boot_info info = {
		.mem_size = vm->mem,
		.kernel_end = vm->image->layout.kernel_end,
		.tsc_hz = vm->tsc_hz,
		.mft = hvt_boot_manifest(),
		.cmdline = hvt_boot_cmdline(vm->manifest_size),
	};

	return hedge_guestmem_fill(&vm->guestmem, HVT_BOOT_BASE, &info, sizeof(info)) ?:
	       hedge_guestmem_fill(&vm->guestmem, info.mft, vm->manifest, vm->manifest_size) ?:
	       hedge_guestmem_fill(&vm->guestmem, info.cmdline, vm->cmdline,
				   strlen(vm->cmdline) + 1);
}

/**
 * hedge_load - give a VM its memory, with everything that the guest finds there
 * @vm:	VM of the current task
 *
 * Return: 0 or -errno.
 */
int hedge_load(struct hedge_vm *vm)
{
	return hedge_guestmem_create(&vm->guestmem, vm->mem) ?:
	       fill_tables(vm) ?:
	       fill_segments(vm) ?:
	       fill_boot_info(vm) ?:
	       hedge_guestmem_map(&vm->guestmem, &vm->image->layout);
}
