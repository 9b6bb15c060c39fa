// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fpudisk SEED COUNT: vector registers keep what they hold while blocks are written and read,
 * which the host may use registers of the same kind for.
 */
#include "lib/vector.h"

#define DISK	1
#define BYTES	4096u

GUEST_MANIFEST(GUEST_BLOCK("disk"));

static struct vector_registers want, got;
static uint64_t data[BYTES / 8], again[BYTES / 8], state;

static void request(unsigned int nr, uint64_t offset, void *buffer)
{
	struct hvt_hc_block hc = {
		.handle = DISK, .offset = offset, .data = guest_address(buffer), .len = BYTES,
		.ret = -1,
	};

	vector_fill(&want, &state);
	memset(&got, 0, sizeof(got));
	vector_hold(&want, &got, 1, nr, &hc);
	if (hc.ret)
		guest_fail("request at %llu: %d\n", (unsigned long long)offset, hc.ret);
	if (memcmp(&got, &want, sizeof(want)))
		guest_fail("vector registers have changed\n");
}

int guest_main(int argc, char **argv)
{
	uint64_t i, j, count, chunks, offset;

	if (argc != 2)
		guest_fail("fpudisk SEED COUNT\n");
	state = guest_number(argv[0]) * 2 + 1;
	count = guest_number(argv[1]);
	chunks = guest_device(DISK)->u.block.capacity / BYTES;
	for (i = 0; i < count; i++) {
		offset = guest_random(&state) % chunks * BYTES;
		for (j = 0; j < GUEST_COUNT(data); j++)
			data[j] = guest_random(&state);
		request(HVT_HC_BLOCK_WRITE, offset, data);
		memset(again, 0, sizeof(again));
		request(HVT_HC_BLOCK_READ, offset, again);
		if (memcmp(again, data, sizeof(data)))
			guest_fail("other data at %llu\n", (unsigned long long)offset);
	}
	guest_printf("kept for %llu blocks\n", (unsigned long long)count);
	return 0;
}
