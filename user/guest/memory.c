// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory KIND: a write to what is not writable, by the guest or, when it has asked for
 * that, by the monitor.  The VM must end.
 *
 * memory touch: a write to each page that there is; and from then on all are read, twice a second.
 */
#include "lib/guest.h"

GUEST_MANIFEST();

static const uint64_t constant[512] = { 1 };

static void code(void)
{
	*(volatile uint8_t *)(uintptr_t)guest_main = 0;
}

static void rodata(void)
{
	*(volatile uint64_t *)(uintptr_t)constant = 0;
}

static void answer_to_code(void)
{
	guest_call(HVT_HC_WALLTIME, guest_address((void *)(uintptr_t)guest_main));
}

static void answer_to_rodata(void)
{
	guest_call(HVT_HC_WALLTIME, guest_address(constant));
}

static void touch(void)
{
	uint64_t pages = guest_memory_left() / HVT_PAGE_SIZE - 1, i, ready;
	uint8_t *p = guest_alloc_pages(pages);

	guest_puts("touching\n");
	for (i = 0; i < pages; i++)
		p[i * HVT_PAGE_SIZE] = 1;
	guest_printf("touched %llu pages\n", (unsigned long long)pages);
	for (;;) {
		guest_poll(500000000ull, &ready);
		for (i = 0; i < pages; i++)
			if (*(volatile uint8_t *)(p + i * HVT_PAGE_SIZE) != 1)
				guest_fail("page %llu has changed\n", (unsigned long long)i);
		guest_puts("all read\n");
	}
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "code", code }, { "rodata", rodata },
		{ "answer_to_code", answer_to_code }, { "answer_to_rodata", answer_to_rodata },
		{ "touch", touch },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_fail("it was let through\n");
}
