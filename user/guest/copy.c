// SPDX-License-Identifier: GPL-2.0-or-later
/* copy: one disk onto another, as much as both have.  Handles go to the right device. */
#include "lib/guest.h"

#define FROM	1
#define TO	2
#define CHUNK	32768u

GUEST_MANIFEST(GUEST_BLOCK("from"), GUEST_BLOCK("to"));

static uint8_t buffer[CHUNK];

int guest_main(int argc, char **argv)
{
	uint64_t offset, len, size = guest_device(FROM)->u.block.capacity;

	(void)argc;
	(void)argv;
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
