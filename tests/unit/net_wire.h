/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two instances of the guests' TCP/IP, and a wire between them that loses, repeats,
 * reorders and damages frames, in a time of its own.
 */
#ifndef TESTS_NET_WIRE_H
#define TESTS_NET_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/stack.h"

#define WIRE_SLOTS	512u
#define SERVER		0
#define CLIENT		1
#define SERVER_IP	0x0a000002u	/* 10.0.0.2 */
#define CLIENT_IP	0x0a000001u

struct wire_frame {
	uint64_t at;			/* when it arrives; 0: free */
	unsigned int to;
	size_t len;
	uint8_t data[NET_FRAME_MAX];
};

static struct {
	struct net net[2];
	struct wire_frame frame[WIRE_SLOTS];
	uint64_t now, random, delay;
	unsigned int loss, repeat, damage, reorder;	/* in a thousand */
	unsigned int sent[2];
	uint8_t last[2][NET_FRAME_MAX];			/* the last frame that each has sent */
	size_t last_len[2];
	bool cut;					/* nothing arrives at all */
} wire;

static unsigned int wire_random(unsigned int below)
{
	wire.random ^= wire.random >> 12;
	wire.random ^= wire.random << 25;
	wire.random ^= wire.random >> 27;
	return (wire.random * 0x2545f4914f6cdd1d >> 33) % below;
}

static void wire_put(unsigned int to, const uint8_t *data, size_t len)
{
	struct wire_frame *f;
	unsigned int i;

	for (i = 0; i < WIRE_SLOTS && wire.frame[i].at; i++)
		;
	if (i == WIRE_SLOTS)
		return;
	f = &wire.frame[i];
	f->at = wire.now + wire.delay + (wire_random(1000) < wire.reorder ? wire_random(40) : 0);
	f->to = to;
	f->len = len;
	memcpy(f->data, data, len);
	/* What Ethernet's own checksum does not save: not ARP, which has none of its own. */
	if (f->data[13] == (ETH_IPV4 & 0xff) && wire_random(1000) < wire.damage)
		f->data[ETH_HEADER + wire_random(len - ETH_HEADER)] ^= 1 << wire_random(8);
}

static void wire_send(void *context, const uint8_t *data, size_t len)
{
	unsigned int from = context == &wire.net[CLIENT];

	assert_true(len <= NET_FRAME_MAX);
	wire.sent[from]++;
	memcpy(wire.last[from], data, len);
	wire.last_len[from] = len;
	if (wire.cut || wire_random(1000) < wire.loss)
		return;
	wire_put(!from, data, len);
	if (wire_random(1000) < wire.repeat)
		wire_put(!from, data, len);
}

static void wire_udp(void *context, struct net *net, uint32_t from, const struct udp_packet *udp)
{
	(void)context;
	assert_true(net_udp_send(net, from, udp->from_port, udp->to_port, udp->data, udp->len));
}

static const struct net_ops wire_ops = { .send = wire_send, .udp = wire_udp };

static void wire_init(uint64_t seed)
{
	struct net_config config = { .mac = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500, .prefix = 24,
				     .address = SERVER_IP, .secret = { 1, 2, 3, seed } };

	memset(&wire, 0, sizeof(wire));
	wire.random = seed * 0x9e3779b97f4a7c15 + 1;
	wire.now = 1000;
	wire.delay = 1;
	assert_true(net_init(&wire.net[SERVER], &config, &wire_ops, &wire.net[SERVER], wire.now));
	config.mac[5] = 1;
	config.address = CLIENT_IP;
	config.secret[0] = 9;
	assert_true(net_init(&wire.net[CLIENT], &config, &wire_ops, &wire.net[CLIENT], wire.now));
}

/* Frames in the order of their arrival, then the timers of both. */
static void wire_step(void)
{
	struct wire_frame *f, *first;
	uint8_t *copy;

	wire.now++;
	for (;;) {
		first = NULL;
		for (f = wire.frame; f < wire.frame + WIRE_SLOTS; f++)
			if (f->at && f->at <= wire.now && (!first || f->at < first->at))
				first = f;
		if (!first)
			break;
		/* On the heap, where a byte beyond its end is found. */
		copy = malloc(first->len);
		assert_non_null(copy);
		memcpy(copy, first->data, first->len);
		first->at = 0;
		net_input(&wire.net[first->to], wire.now, copy, first->len);
		free(copy);
	}
	net_run(&wire.net[SERVER], wire.now);
	net_run(&wire.net[CLIENT], wire.now);
}

static void wire_steps(unsigned int ms)
{
	while (ms--)
		wire_step();
}

#endif /* TESTS_NET_WIRE_H */
