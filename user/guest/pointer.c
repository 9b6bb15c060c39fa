// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pointer KIND: a hypercall with an address that is not within memory, or a length that
 * leads out of it.  The VM must end; "good" is the last that may go through.
 */
#include "lib/guest.h"

GUEST_MANIFEST();

static void puts_at(uint64_t data, uint64_t len)
{
	guest_puts_bytes((const void *)(uintptr_t)data, len);
}

static void good(void)
{
	puts_at(guest_boot->mem_size - 2, 1);
	guest_puts("fine\n");
	guest_exit(0);
}

static void data_end(void)
{
	puts_at(guest_boot->mem_size - 1, 1);
}

static void data_beyond(void)
{
	puts_at(guest_boot->mem_size, 1);
}

static void data_high(void)
{
	puts_at(0xffffffff81000000, 1);
}

static void data_overflow(void)
{
	puts_at(-16ull, 32);
}

static void len_beyond(void)
{
	puts_at(HVT_GUEST_MIN, guest_boot->mem_size);
}

static void len_overflow(void)
{
	puts_at(HVT_GUEST_MIN, ~0ull);
}

static void len_to_zero(void)
{
	puts_at(HVT_GUEST_MIN, -(uint64_t)HVT_GUEST_MIN);
}

static void argument_end(void)
{
	guest_call(HVT_HC_WALLTIME, guest_boot->mem_size - sizeof(struct hvt_hc_walltime));
}

static void argument_beyond(void)
{
	guest_call(HVT_HC_WALLTIME, guest_boot->mem_size);
}

static void argument_across(void)
{
	guest_call(HVT_HC_POLL, guest_boot->mem_size - 4);
}

static void argument_high(void)
{
	guest_call(HVT_HC_PUTS, 0xfffffff8);
}

static void halt_beyond(void)
{
	guest_call(HVT_HC_HALT, guest_boot->mem_size);
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "good", good }, { "data_end", data_end }, { "data_beyond", data_beyond },
		{ "data_high", data_high }, { "data_overflow", data_overflow },
		{ "len_beyond", len_beyond }, { "len_overflow", len_overflow },
		{ "len_to_zero", len_to_zero }, { "argument_end", argument_end },
		{ "argument_beyond", argument_beyond }, { "argument_across", argument_across },
		{ "argument_high", argument_high }, { "halt_beyond", halt_beyond },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_fail("it was let through\n");
}
