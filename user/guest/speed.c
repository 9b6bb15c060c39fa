// SPDX-License-Identifier: GPL-2.0-or-later
/* speed N: what hypercalls cost, of N of each kind.  A line each: kind, and nanoseconds for one. */
#include "lib/speed.h"

#define DISK	1

GUEST_MANIFEST(GUEST_BLOCK("disk"));

static uint8_t buffer[65536] __attribute__((aligned(4096)));
static uint64_t size;			/* bytes of a block request */

struct kind {
	const char *name;
	void (*run)(void);
	uint64_t size;
};

static void walltime(void)
{
	guest_wall_ns();
}

static void poll_none(void)
{
	guest_poll(0, NULL);
}

static void puts_one(void)
{
	guest_puts_bytes(".", 1);
}

static void block_write(void)
{
	if (guest_block_write(DISK, 0, buffer, size))
		guest_fail("write\n");
}

static void block_read(void)
{
	if (guest_block_read(DISK, 0, buffer, size))
		guest_fail("read\n");
}

int guest_main(int argc, char **argv)
{
	static const struct kind kinds[] = {
		{ "walltime", walltime, 0 },
		{ "poll", poll_none, 0 },
		{ "puts", puts_one, 0 },
		{ "block_write_512", block_write, 512 },
		{ "block_write_4k", block_write, 4096 },
		{ "block_write_64k", block_write, 65536 },
		{ "block_read_512", block_read, 512 },
		{ "block_read_4k", block_read, 4096 },
		{ "block_read_64k", block_read, 65536 },
	};
	unsigned int k, n = speed_batches(argc, argv);

	for (k = 0; k < GUEST_COUNT(kinds); k++) {
		size = kinds[k].size;
		speed_measure(kinds[k].name, kinds[k].run, n);
	}
	return 0;
}
