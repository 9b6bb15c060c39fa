// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speed N: what hypercalls cost, by the TSC: of N of each kind, in batches of ten, the
 * median batch.  A line each: kind, and nanoseconds for one.
 */
#include "lib/guest.h"

#define DISK	1
#define BATCH	10
#define MAX	4096

GUEST_MANIFEST(GUEST_BLOCK("disk"));

static uint64_t took[MAX];
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

static void sort(uint64_t *v, unsigned int n)
{
	unsigned int i, j;
	uint64_t t;

	for (i = 1; i < n; i++)
		for (j = i; j && v[j - 1] > v[j]; j--) {
			t = v[j];
			v[j] = v[j - 1];
			v[j - 1] = t;
		}
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
	uint64_t n = argc > 0 ? guest_number(argv[0]) / BATCH : 100, began;
	unsigned int k, i, j;

	if (!n || n > MAX)
		guest_fail("speed N, 10 to %u\n", MAX * BATCH);
	for (k = 0; k < GUEST_COUNT(kinds); k++) {
		size = kinds[k].size;
		for (i = 0; i < n; i++) {
			began = guest_monotonic_ns();
			for (j = 0; j < BATCH; j++)
				kinds[k].run();
			took[i] = (guest_monotonic_ns() - began) / BATCH;
		}
		sort(took, n);
		guest_printf("\n%s %llu\n", kinds[k].name, (unsigned long long)took[n / 2]);
	}
	return 0;
}
