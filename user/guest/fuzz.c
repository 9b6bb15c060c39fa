// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz SEED COUNT: hypercalls with random arguments.  It runs to its end, or the VM is
 * ended on the way; either is right.  With a third word, "wild", pointers are, too.
 */
#include "lib/guest.h"

GUEST_MANIFEST(GUEST_BLOCK("disk"), GUEST_NET("net"));

static uint64_t state;
static uint64_t room[1024];			/* arguments, and buffers */

static uint64_t any_number(void)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 63, 64, 511, 512, 1024, 4096, 1514, 1 << 20,
					   1u << 31, ~0u, 1ull << 32, 1ull << 63, ~0ull };

	return guest_random(&state) % 4 ? values[guest_random(&state) % GUEST_COUNT(values)] :
	       guest_random(&state) >> guest_random(&state) % 64;
}

static uint64_t any_pointer(bool wild)
{
	uint64_t within = guest_random(&state) % (sizeof(room) / 2);

	if (!wild || guest_random(&state) % 8)
		return guest_address(room) + within;
	switch (guest_random(&state) % 4) {
	case 0:
		return guest_boot->mem_size - guest_random(&state) % 64;
	case 1:
		return guest_random(&state) % guest_boot->mem_size;
	case 2:
		return any_number();
	default:
		return guest_random(&state);
	}
}

/* Structures are smaller than six words; lengths are those of buffers, unless wild. */
static void one(bool wild)
{
	uint64_t at = any_pointer(wild), nr = 1 + guest_random(&state) % (wild ? 9 : 7), arg[6];
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(arg); i++)
		arg[i] = any_number();
	switch (nr) {
	case HVT_HC_PUTS:
		arg[0] = any_pointer(wild);
		arg[1] = wild ? arg[1] : arg[1] % 64;
		break;
	case HVT_HC_POLL:
		at = any_pointer(false);	/* or it might sleep for ever */
		arg[0] %= 1000000;
		break;
	case HVT_HC_BLOCK_READ:
	case HVT_HC_BLOCK_WRITE:
		arg[2] = any_pointer(wild);
		arg[3] = wild ? arg[3] : arg[3] % (sizeof(room) / 2);
		break;
	case HVT_HC_NET_READ:
	case HVT_HC_NET_WRITE:
		arg[1] = any_pointer(wild);
		arg[2] = wild ? arg[2] : arg[2] % (sizeof(room) / 2);
		break;
	default:
		break;
	}
	if (at >= guest_address(room) && at <= guest_address(room) + sizeof(room) - sizeof(arg))
		memcpy((void *)(uintptr_t)at, arg, sizeof(arg));
	guest_call(nr, at);
}

int guest_main(int argc, char **argv)
{
	uint64_t i, count;

	if (argc < 2)
		guest_fail("fuzz SEED COUNT [wild]\n");
	state = guest_number(argv[0]) * 2 + 1;
	count = guest_number(argv[1]);
	for (i = 0; i < count; i++)
		one(argc > 2);
	guest_puts("\nfuzzed to the end\n");
	return 0;
}
