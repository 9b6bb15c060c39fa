// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * string KIND [BYTES]: hypercalls by OUT with a REP prefix, 1024 to an instruction, for ever.
 * KVM does all of these before it looks at what others want of the task.
 *
 *	puts	BYTES to the console, each
 *	write	256 KiB to the disk
 *	read	the same from it
 */
#include "lib/guest.h"

#define DISK	1
#define COUNT	1024u
#define REQUEST	(256u << 10)

GUEST_MANIFEST(GUEST_BLOCK("disk"));

static uint32_t calls[COUNT];
static uint64_t bytes = 1;

static void for_ever(unsigned int nr, const volatile void *hc)
{
	const uint32_t *from;
	uint64_t count;
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		calls[i] = guest_address(hc);
	for (;;) {
		from = calls;
		count = COUNT;
		__asm__ volatile("rep outsl" : "+S" (from), "+c" (count)
				 : "d" ((uint16_t)HVT_HC_PORT(nr)) : "memory");
	}
}

static void *pages(uint64_t size)
{
	void *p = guest_alloc_pages((size + 4095) / 4096);

	if (!p)
		guest_fail("no room for %llu bytes\n", (unsigned long long)size);
	return p;
}

static void puts_them(void)
{
	static volatile struct hvt_hc_puts hc;

	hc.data = guest_address(pages(bytes));
	hc.len = bytes;
	for_ever(HVT_HC_PUTS, &hc);
}

static void block(unsigned int nr)
{
	static volatile struct hvt_hc_block hc;

	hc.handle = DISK;
	hc.data = guest_address(pages(REQUEST));
	hc.len = REQUEST;
	for_ever(nr, &hc);
}

static void write_them(void)
{
	block(HVT_HC_BLOCK_WRITE);
}

static void read_them(void)
{
	block(HVT_HC_BLOCK_READ);
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "puts", puts_them }, { "write", write_them }, { "read", read_them },
	};

	if (argc > 1)
		bytes = guest_number(argv[1]);
	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	return 0;
}
