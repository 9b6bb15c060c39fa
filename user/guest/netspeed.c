// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netspeed N: what NET_WRITE costs of frames that nobody wants, and NET_READ when there is
 * none, of N of each.  A line each: kind, and nanoseconds for one.
 */
#include "lib/speed.h"

#define NET		1
#define HEADER		14
#define LEAST		60

GUEST_MANIFEST(GUEST_NET("net"));

static uint8_t frame[65536 + HEADER];
static uint64_t size;

static void write_one(void)
{
	if (guest_net_write(NET, frame, size))
		guest_fail("write\n");
}

static void read_none(void)
{
	uint64_t len = sizeof(frame);

	if (guest_net_read(NET, frame, &len) != HVT_AGAIN)
		guest_fail("read\n");
}

int guest_main(int argc, char **argv)
{
	unsigned int n = speed_batches(argc, argv);
	uint64_t len = sizeof(frame);

	memset(frame, 0xff, 6);			/* to all */
	memcpy(frame + 6, guest_device(NET)->u.net.mac, 6);
	frame[12] = 0x88;			/* IEEE 802: for experiments */
	frame[13] = 0xb5;
	size = LEAST;
	speed_measure("net_write_60", write_one, n);
	size = guest_device(NET)->u.net.mtu + HEADER;
	speed_measure("net_write_full", write_one, n);
	while (guest_net_read(NET, frame, &len) == HVT_OK)
		len = sizeof(frame);
	speed_measure("net_read_none", read_none, n);
	return 0;
}
