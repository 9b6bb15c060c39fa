// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz SEED COUNT: hypercalls with random arguments, most of which pass the first checks:
 * handles that are there, offsets and lengths within a disk or about its end, buffers anywhere
 * in memory and up to its last byte.  None of them ends the VM.
 *
 * With a third word, "wild", one call in some hundreds is one that does: HALT, a port that is
 * no hypercall's, a pointer that is none, or one to what the guest may not write.
 */
#include "lib/guest.h"

#define DISK	1
#define NET	2
#define RARE	512			/* one in so many, of each kind that ends the VM */
#define MSEC	1000000ull
#define MEM_MIN	(16ull << 20)

GUEST_MANIFEST(GUEST_BLOCK("disk"), GUEST_NET("net"));

static uint64_t state;
static uint64_t room[1024];			/* arguments, and buffers */
static uint8_t stack[16384] __attribute__((__aligned__(16)));
static uint64_t count;
static bool wild;

/* One of @n numbers. */
static uint64_t below(uint64_t n)
{
	return guest_random(&state) % n;
}

static bool rarely(void)
{
	return wild && !below(RARE);
}

static uint64_t one_of(const uint64_t *values, unsigned int n)
{
	return values[below(n)];
}

#define NUMBERS(...)	((const uint64_t[]){ __VA_ARGS__ })
#define ONE_OF(...)	one_of(NUMBERS(__VA_ARGS__), GUEST_COUNT(NUMBERS(__VA_ARGS__)))

static uint64_t any_number(void)
{
	return below(2) ? guest_random(&state) >> below(64) :
	       ONE_OF(0, 1, 63, 64, 511, 512, 1ull << 31, ~0u, 1ull << 32, 1ull << 63, ~0ull);
}

/*
 * Where @len bytes, no more than a quarter of memory, are the guest's to write: in the upper
 * half there is nothing, as the stack is elsewhere.
 */
static uint64_t good_place(uint64_t len)
{
	uint64_t half = guest_boot->mem_size / 2, last = guest_boot->mem_size - len - 1;

	switch (below(4)) {
	case 0:
		return last - (below(2) ? 0 : below(64));
	case 1:
		return half + below(last - half);
	default:
		return len < sizeof(room) ? guest_address(room) + below(sizeof(room) - len) : half;
	}
}

static uint64_t bad_place(uint64_t len)
{
	uint64_t mem = guest_boot->mem_size;

	switch (below(5)) {
	case 0:
		return mem - len + below(64);
	case 1:
		return mem + below(4096);
	case 2:
		return -1 - below(len + 64);
	case 3:
		return (uint64_t)(uintptr_t)guest_main + below(256);
	default:
		return any_number();
	}
}

static uint64_t place(uint64_t len)
{
	return rarely() ? bad_place(len) : good_place(len);
}

static uint64_t handle(uint64_t good)
{
	return below(8) ? good :
	       ONE_OF(0, DISK, NET, 3, 62, 63, 64, 1ull << 32 | good, any_number());
}

static void block(uint64_t arg[])
{
	uint64_t capacity = guest_device(DISK)->u.block.capacity;
	uint64_t size = guest_device(DISK)->u.block.block_size;
	uint64_t blocks = capacity / size, len = size * (1 + below(below(8) ? 16 : 1024));

	if (!below(4))
		len = ONE_OF(0, 1, size - 1, size, size + 1, 4096, 262144, 262144 + size, 1 << 20);
	arg[0] = handle(DISK);
	arg[1] = below(4) ? size * below(blocks) :
		 ONE_OF(0, 1, size - 1, capacity - len, capacity - len + size, capacity - size,
			capacity - 1, capacity, capacity + size, -size, -len, any_number());
	arg[2] = place(len);
	arg[3] = rarely() ? any_number() : len;
}

static void net(uint64_t arg[])
{
	uint64_t mtu = guest_device(NET)->u.net.mtu;
	uint64_t len = below(2) ? below(1600) :
		       ONE_OF(0, 1, 13, 14, 15, 60, mtu, mtu + 13, mtu + 14, mtu + 15, 65535,
			      65536);

	arg[0] = handle(NET);
	arg[1] = place(len);
	arg[2] = rarely() ? any_number() : len;
}

static void puts(uint64_t arg[])
{
	uint64_t len = below(16) ? below(64) : ONE_OF(0, 255, 256, 257, 4096, 65536, 1 << 20);

	arg[0] = place(len);
	arg[1] = rarely() ? any_number() : len;
}

/* Structures are smaller than six words. */
static void one(void)
{
	static const uint64_t size[HVT_HC_MAX] = {
		[HVT_HC_WALLTIME] = sizeof(struct hvt_hc_walltime),
		[HVT_HC_PUTS] = sizeof(struct hvt_hc_puts),
		[HVT_HC_POLL] = sizeof(struct hvt_hc_poll),
		[HVT_HC_BLOCK_WRITE] = sizeof(struct hvt_hc_block),
		[HVT_HC_BLOCK_READ] = sizeof(struct hvt_hc_block),
		[HVT_HC_NET_WRITE] = sizeof(struct hvt_hc_net),
		[HVT_HC_NET_READ] = sizeof(struct hvt_hc_net),
		[HVT_HC_HALT] = sizeof(struct hvt_hc_halt),
	};
	uint64_t nr = 1 + below(HVT_HC_HALT - 1), at, arg[6];
	unsigned int i;

	if (rarely())
		nr = ONE_OF(0, HVT_HC_HALT, HVT_HC_HALT, HVT_HC_MAX, HVT_HC_MAX + below(256));
	for (i = 0; i < GUEST_COUNT(arg); i++)
		arg[i] = any_number();
	switch (nr) {
	case HVT_HC_PUTS:
		puts(arg);
		break;
	case HVT_HC_POLL:
		arg[0] = below(8) ? below(MSEC) : 0;
		break;
	case HVT_HC_BLOCK_READ:
	case HVT_HC_BLOCK_WRITE:
		block(arg);
		break;
	case HVT_HC_NET_READ:
	case HVT_HC_NET_WRITE:
		net(arg);
		break;
	case HVT_HC_HALT:
		arg[0] = below(2) ? place(sizeof(struct hvt_trap)) : 0;
		arg[1] = ONE_OF(0, 1, 42, 254, HVT_EXIT_ABORT, 256, any_number() << 32);
		break;
	default:
		break;
	}
	at = good_place(nr < HVT_HC_MAX && nr ? size[nr] : sizeof(arg));
	memcpy((void *)(uintptr_t)at, arg, nr < HVT_HC_MAX && nr ? size[nr] : sizeof(arg));
	if (rarely())
		at = bad_place(sizeof(arg));
	guest_call(nr, at);
}

static void fuzz(void)
{
	uint64_t i;

	for (i = 0; i < count; i++)
		one();
	guest_puts("\nfuzzed to the end\n");
	guest_exit(0);
}

int guest_main(int argc, char **argv)
{
	if (argc < 2)
		guest_fail("fuzz SEED COUNT [wild]\n");
	if (guest_boot->mem_size < MEM_MIN)
		guest_fail("it needs 16 MiB\n");
	state = guest_number(argv[0]) * 2 + 1;
	count = guest_number(argv[1]);
	wild = argc > 2;
	/* The stack that there is lies at the end of memory: see good_place(). */
	__asm__ volatile("mov %0, %%rsp\n\tcall *%1"
			 : : "r" (stack + sizeof(stack)), "r" (fuzz) : "memory");
	return 1;
}
