// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory KIND: a write to what is not writable, by the guest or, when it has asked for
 * that, by the monitor.  The VM must end.
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

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "code", code }, { "rodata", rodata },
		{ "answer_to_code", answer_to_code }, { "answer_to_rodata", answer_to_rodata },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_fail("it was let through\n");
}
