// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * copy [hold]: one disk onto another, as much as both have.  Handles go to the right device.
 *
 *	hold	write to the first and read from the second, for ever
 */
#include "lib/guest.h"

#define FROM	1
#define TO	2
#define CHUNK	32768u

GUEST_MANIFEST(GUEST_BLOCK("from"), GUEST_BLOCK("to"));

static uint8_t buffer[CHUNK];

static void hold(void)
{
	if (guest_block_write(FROM, 0, buffer, CHUNK))
		guest_fail("write\n");
	while (!guest_block_read(TO, 0, buffer, CHUNK))
		;
	guest_fail("read\n");
}

int guest_main(int argc, char **argv)
{
	uint64_t offset, len, size = guest_device(FROM)->u.block.capacity;

	if (argc && !strcmp(argv[0], "hold"))
		hold();
	if (size > guest_device(TO)->u.block.capacity)
		size = guest_device(TO)->u.block.capacity;
	for (offset = 0; offset < size; offset += len) {
		len = size - offset < CHUNK ? size - offset : CHUNK;
		if (guest_block_read(FROM, offset, buffer, len))
			guest_fail("read at %llu\n", (unsigned long long)offset);
		if (guest_block_write(TO, offset, buffer, len))
			guest_fail("write at %llu\n", (unsigned long long)offset);
	}
	guest_printf("%llu bytes copied\n", (unsigned long long)size);
	return 0;
}
