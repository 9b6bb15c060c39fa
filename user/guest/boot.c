// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * boot: the state that a guest starts in is that of the ABI: registers, boot info,
 * manifest; and memory that nothing was loaded into is zero.
 */
#include "lib/guest.h"

#define CR0_KEPT	0x80010021ull
#define CR4_KEPT	0x620ull

GUEST_MANIFEST(GUEST_BLOCK("disk"), GUEST_NET("net"));

static uint64_t bss[1024];

static void registers(void)
{
	uint64_t cr0, cr3, cr4, flags;

	__asm__ volatile("mov %%cr0, %0" : "=r" (cr0));
	__asm__ volatile("mov %%cr3, %0" : "=r" (cr3));
	__asm__ volatile("mov %%cr4, %0" : "=r" (cr4));
	__asm__ volatile("pushf; pop %0" : "=r" (flags));
	if ((cr0 & CR0_KEPT) != CR0_KEPT || (cr4 & CR4_KEPT) != CR4_KEPT || cr3 != 0x2000)
		guest_fail("cr0 0x%llx cr3 0x%llx cr4 0x%llx\n", (unsigned long long)cr0,
			   (unsigned long long)cr3, (unsigned long long)cr4);
	if (flags & 0x200)
		guest_fail("interrupts are on\n");
}

static void boot_info(void)
{
	const struct hvt_boot_info *b = guest_boot;

	if (guest_address(b) != HVT_BOOT_BASE)
		guest_fail("boot info at %p\n", (const void *)b);
	if (!b->mem_size || b->mem_size % HVT_PAGE_2M || b->mem_size > HVT_MEM_MAX)
		guest_fail("%llu bytes of memory\n", (unsigned long long)b->mem_size);
	if (b->kernel_end <= HVT_GUEST_MIN || b->kernel_end > b->mem_size)
		guest_fail("kernel_end 0x%llx\n", (unsigned long long)b->kernel_end);
	if (!b->tsc_hz)
		guest_fail("no frequency of the TSC\n");
	if (b->host_features || b->guest_features || b->net_ring)
		guest_fail("features that are not in the ABI\n");
}

/* What is not said by the monitor must not say anything about the host. */
static void manifest(void)
{
	const struct hvt_manifest_entry *none = guest_device(0), *disk = guest_device(1);
	const struct hvt_manifest_entry *net = guest_device(2);
	unsigned int i, size;

	if (!none || !disk || !net || guest_device(3))
		guest_fail("the manifest does not have its 3 entries\n");
	if (none->type != HVT_DEVICE_RESERVED_FIRST || strcmp(disk->name, "disk") ||
	    strcmp(net->name, "net") || disk->type != HVT_DEVICE_BLOCK || net->type != HVT_DEVICE_NET)
		guest_fail("the manifest has other entries\n");
	if (!disk->attached || !net->attached || none->attached)
		guest_fail("devices are not attached\n");
	size = disk->u.block.block_size;
	if (size < 512 || size & (size - 1) ||
	    !disk->u.block.capacity || disk->u.block.capacity % size)
		guest_fail("a disk of %llu bytes in blocks of %u\n",
			   (unsigned long long)disk->u.block.capacity, size);
	if (net->u.net.mac[0] & 1 || !net->u.net.mtu)
		guest_fail("no network address\n");
	for (i = 0; i < 3; i++)
		if (guest_device(i)->reserved)
			guest_fail("entry %u has something of the host's: 0x%llx\n", i,
				   (unsigned long long)guest_device(i)->reserved);
}

static void zeros(void)
{
	const uint64_t *p = (const uint64_t *)(uintptr_t)guest_boot->kernel_end;
	const uint64_t *end = (const uint64_t *)(uintptr_t)(guest_boot->mem_size - (256 << 10));
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(bss); i++)
		if (((volatile uint64_t *)bss)[i])
			guest_fail("bss is not zero\n");
	for (; p < end; p++)
		if (*p)
			guest_fail("memory is not zero at %p\n", (const void *)p);
}

int guest_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	registers();
	boot_info();
	manifest();
	zeros();
	guest_printf("memory %llu kernel_end 0x%llx tsc_hz %llu\n",
		     (unsigned long long)guest_boot->mem_size,
		     (unsigned long long)guest_boot->kernel_end,
		     (unsigned long long)guest_boot->tsc_hz);
	return 0;
}
