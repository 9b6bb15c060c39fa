// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * poll MODE: two networks.
 *
 *	timeout	nothing comes: polls end when their time is over, and reads say AGAIN
 *	wait	say which of them has something, five times, and read it
 *	again	wait for half a minute, until something comes, and then for two seconds
 *	sleep	without an end
 *	bounds	what must be answered with EINVAL
 *	long	packets that are none, by their length, and one that is
 *	send	packets of 1000 bytes to the first, as fast as it goes, without an end
 */
#include "lib/guest.h"

#define ONE	1
#define TWO	2
#define MSEC	1000000ull

GUEST_MANIFEST(GUEST_NET("one"), GUEST_NET("two"));

static uint8_t frame[2048];

static uint64_t drain(uint64_t handle)
{
	uint64_t len = sizeof(frame), n = 0;

	for (; guest_net_read(handle, frame, &len) == HVT_OK; len = sizeof(frame))
		n++;
	return n;
}

static void timeout(void)
{
	static const unsigned int times[] = { 0, 1, 20, 300 };
	uint64_t began, took, ready;
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(times); i++) {
		drain(ONE);
		drain(TWO);
		began = guest_wall_ns();
		if (guest_poll(times[i] * MSEC, &ready) || ready)
			guest_fail("something has come\n");
		took = guest_wall_ns() - began;
		if (took < times[i] * MSEC)
			guest_fail("%u ms were over after %llu ns\n", times[i], (unsigned long long)took);
		guest_printf("%u ms: %llu us\n", times[i], (unsigned long long)(took / 1000));
	}
}

static void wait_for(void)
{
	uint64_t ready, frames;
	unsigned int i;
	int count;

	guest_puts("waiting\n");
	for (i = 0; i < 5; i++) {
		count = guest_poll(30000 * MSEC, &ready);
		if (count < 0 || count > 2 || ready & ~(1ull << ONE | 1ull << TWO) ||
		    count != (int)((ready >> ONE & 1) + (ready >> TWO & 1)))
			guest_fail("poll: %d, 0x%llx\n", count, (unsigned long long)ready);
		frames = (ready >> ONE & 1 ? drain(ONE) : 0) + (ready >> TWO & 1 ? drain(TWO) : 0);
		guest_printf("ready 0x%llx frames %llu\n", (unsigned long long)ready,
			     (unsigned long long)frames);
	}
}

static void again(void)
{
	uint64_t began, took, ready;

	guest_puts("waiting\n");
	if (guest_poll(30000 * MSEC, &ready) <= 0)
		guest_fail("nothing has come\n");
	do {
		drain(ONE);
		drain(TWO);
		began = guest_wall_ns();
		guest_poll(2000 * MSEC, &ready);
		took = guest_wall_ns() - began;
	} while (ready);
	if (took < 2000 * MSEC || took > 10000 * MSEC)
		guest_fail("two seconds were over after %llu ms\n", (unsigned long long)(took / MSEC));
}

static void sleep(void)
{
	uint64_t ready;

	guest_puts("sleeping\n");
	for (;;)
		guest_poll(~0ull, &ready);
}

static void bounds(void)
{
	static const uint64_t handles[] = { 0, 3, 63, 64, 1ull << 32 | ONE, ~0ull };
	uint8_t *const nowhere = (uint8_t *)(uintptr_t)guest_boot->mem_size;
	uint64_t len;
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(handles); i++) {
		len = sizeof(frame);
		if (guest_net_read(handles[i], frame, &len) != HVT_EINVAL)
			guest_fail("read %u was not refused\n", i);
		if (guest_net_write(handles[i], frame, 60) != HVT_EINVAL)
			guest_fail("write %u was not refused\n", i);
		if (guest_block_read(handles[i], 0, frame, 512) != HVT_EINVAL)
			guest_fail("block read %u was not refused\n", i);
	}
	len = sizeof(frame);
	if (guest_net_read(3, nowhere, &len) != HVT_EINVAL ||
	    guest_net_write(3, nowhere, 60) != HVT_EINVAL)
		guest_fail("a buffer is looked for, of a handle that is none\n");
	if (guest_block_read(ONE, 0, frame, 512) != HVT_EINVAL)
		guest_fail("a network is a disk\n");
	len = 0;
	if (guest_net_read(ONE, frame, &len) != HVT_AGAIN)
		guest_fail("a packet of no bytes was read\n");
}

static void too_long(void)
{
	uint64_t mtu = guest_device(ONE)->u.net.mtu;
	unsigned int i;

	for (i = 0; i < 1000; i++)
		if (guest_net_write(ONE, frame, mtu + 15) != HVT_EINVAL ||
		    guest_net_write(ONE, frame, 13) != HVT_EINVAL ||
		    guest_net_write(ONE, frame, 1u << 20) != HVT_EINVAL)
			guest_fail("write %u was not refused\n", i);
	if (guest_net_write(ONE, frame, 60))
		guest_fail("a good one is refused\n");
}

static void send(void)
{
	memset(frame, 0xff, 6);			/* to all */
	frame[6] = 2;
	frame[12] = 0x88;			/* IEEE 802: for experiments */
	frame[13] = 0xb5;
	guest_puts("sending\n");
	for (;;)
		if (guest_net_write(ONE, frame, 1000))
			guest_fail("a packet is refused\n");
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "timeout", timeout }, { "wait", wait_for }, { "again", again },
		{ "bounds", bounds }, { "long", too_long }, { "send", send },
		{ "sleep", sleep },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	return 0;
}
