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
static uint8_t buffer[4096];

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
	if (guest_block_write(DISK, 0, buffer, sizeof(buffer)))
		guest_fail("write\n");
}

static void block_read(void)
{
	if (guest_block_read(DISK, 0, buffer, sizeof(buffer)))
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
	static const struct guest_mode kinds[] = {
		{ "walltime", walltime }, { "poll", poll_none }, { "puts", puts_one },
		{ "block_write", block_write }, { "block_read", block_read },
	};
	uint64_t n = argc > 0 ? guest_number(argv[0]) / BATCH : 100, began;
	unsigned int k, i, j;

	if (!n || n > MAX)
		guest_fail("speed N, 10 to %u\n", MAX * BATCH);
	for (k = 0; k < GUEST_COUNT(kinds); k++) {
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
