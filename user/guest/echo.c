// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo A.B.C.D: a host with that address that answers ARP, ping and, on port 7, UDP.  A
 * datagram to port 9 ends it.
 */
#include "lib/guest.h"

#define NET		1
#define FRAME_MAX	1600u
#define ETHERNET	14u
#define IP		(ETHERNET + 20u)	/* end of an IPv4 header without options */
#define IP_HEADER	20u
#define PORT_ECHO	7
#define PORT_DISCARD	9
#define NSEC_PER_SEC	1000000000ull

GUEST_MANIFEST(GUEST_NET("net"));

static uint8_t frame[FRAME_MAX], address[4];
static const uint8_t *mac;

static uint16_t get16(unsigned int at)
{
	return frame[at] << 8 | frame[at + 1];
}

static void put16(unsigned int at, uint16_t v)
{
	frame[at] = v >> 8;
	frame[at + 1] = v;
}

static void swap_bytes(unsigned int a, unsigned int b, unsigned int n)
{
	uint8_t t;

	for (; n; n--, a++, b++) {
		t = frame[a];
		frame[a] = frame[b];
		frame[b] = t;
	}
}

/* RFC 1071. */
static uint16_t checksum(unsigned int at, unsigned int len)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? frame[at + i] : frame[at + i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void answer(uint64_t len)
{
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
	if (guest_net_write(NET, frame, len))
		guest_fail("write of %llu bytes\n", (unsigned long long)len);
}

/* RFC 826: who has our address? */
static void arp(uint64_t len)
{
	if (len < ETHERNET + 28 || get16(ETHERNET + 6) != 1 || memcmp(frame + 38, address, 4))
		return;
	put16(ETHERNET + 6, 2);
	memcpy(frame + 32, frame + 22, 10);
	memcpy(frame + 22, mac, 6);
	memcpy(frame + 28, address, 4);
	answer(len);
}

static void icmp(uint64_t len, unsigned int total)
{
	if (total < IP_HEADER + 8 || frame[IP] != 8)
		return;
	frame[IP] = 0;
	put16(IP + 2, 0);
	put16(IP + 2, checksum(IP, total - IP_HEADER));
	swap_bytes(26, 30, 4);
	answer(len);
}

static bool udp(uint64_t len, unsigned int total)
{
	if (total < IP_HEADER + 8)
		return true;
	if (get16(IP + 2) == PORT_DISCARD)
		return false;
	if (get16(IP + 2) != PORT_ECHO)
		return true;
	swap_bytes(IP, IP + 2, 2);
	put16(IP + 6, 0);			/* no checksum */
	swap_bytes(26, 30, 4);
	answer(len);
	return true;
}

/* Is it to go on? */
static bool one_frame(uint64_t len)
{
	unsigned int total;

	if (len < ETHERNET)
		return true;
	if (get16(12) == 0x0806) {
		arp(len);
		return true;
	}
	if (get16(12) != 0x0800 || len < IP || frame[14] != 0x45 || memcmp(frame + 30, address, 4))
		return true;
	total = get16(16);
	if (total < IP_HEADER || total > len - ETHERNET)
		return true;
	if (frame[23] == 1)
		icmp(len, total);
	if (frame[23] == 17)
		return udp(len, total);
	return true;
}

static void parse_address(const char *text)
{
	unsigned int i = 0;

	for (; *text; text++) {
		if (*text == '.')
			i++;
		else
			address[i & 3] = address[i & 3] * 10 + *text - '0';
	}
	if (i != 3)
		guest_fail("not an address\n");
}

int guest_main(int argc, char **argv)
{
	uint64_t len, ready, frames = 0;
	int ret;

	if (argc != 1)
		guest_fail("echo A.B.C.D\n");
	parse_address(argv[0]);
	mac = guest_device(NET)->u.net.mac;
	guest_printf("%s is at %02x:%02x:%02x:%02x:%02x:%02x, mtu %u\n", argv[0], mac[0], mac[1],
		     mac[2], mac[3], mac[4], mac[5], guest_device(NET)->u.net.mtu);
	for (;;) {
		if (guest_poll(NSEC_PER_SEC, &ready) < 0)
			guest_fail("poll\n");
		len = sizeof(frame);
		ret = guest_net_read(NET, frame, &len);
		if (ret == HVT_AGAIN)
			continue;
		if (ret)
			guest_fail("read: %d\n", ret);
		if (!len || len > guest_device(NET)->u.net.mtu + ETHERNET)
			guest_fail("a frame of %llu bytes\n", (unsigned long long)len);
		frames++;
		if (!one_frame(len))
			break;
	}
	guest_printf("%llu frames\n", (unsigned long long)frames);
	return 0;
}
