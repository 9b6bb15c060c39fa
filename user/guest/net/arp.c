// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RFC 826.  An address is learnt from those who ask for ours, and from answers to
 * questions of our own; other answers are ignored.
 */
#include <string.h>

#include "stack.h"

#define FRESH_MS	60000u
#define ASK_MS		1000u		/* between questions (RFC 1122, 2.3.2.1) */
#define ASK_TRIES	3u

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static struct net_arp *find(struct net *net, uint32_t address)
{
	unsigned int i;

	for (i = 0; i < NET_ARP_ENTRIES; i++)
		if (net->arp[i].address == address)
			return &net->arp[i];
	return NULL;
}

/*
 * The one that has not been used for longest makes room; first of those that have not
 * answered, so that a flood of addresses that nobody has does not drive out the others.
 */
static bool goes_before(const struct net_arp *a, const struct net_arp *b)
{
	return a->known != b->known ? !a->known : a->used_at < b->used_at;
}

static struct net_arp *take(struct net *net, uint32_t address)
{
	struct net_arp *e = &net->arp[0];
	unsigned int i;

	for (i = 0; i < NET_ARP_ENTRIES; i++) {
		if (!net->arp[i].address) {
			e = &net->arp[i];
			break;
		}
		if (goes_before(&net->arp[i], e))
			e = &net->arp[i];
	}
	e->address = address;
	e->known = false;
	e->tries = 0;
	e->waiting = 0;
	e->stale_at = net->now;
	e->used_at = net->now;
	return e;
}

static void ask(struct net *net, struct net_arp *e)
{
	struct arp_packet arp = { .sender = net->config.address, .target = e->address };
	static const uint8_t unknown[6];

	e->tries++;
	e->stale_at = net->now + ASK_MS;
	memcpy(arp.sender_mac, net->config.mac, 6);
	arp_build(net->out + ETH_HEADER, &arp, unknown);
	ethernet_send(net, e->known ? e->mac : everybody, ETH_ARP, ARP_SIZE);
}

static void learn(struct net *net, struct net_arp *e, const uint8_t mac[6])
{
	size_t waiting = e->waiting;

	memcpy(e->mac, mac, 6);
	e->known = true;
	e->tries = 0;
	e->stale_at = net->now + FRESH_MS;
	e->waiting = 0;
	if (!waiting)
		return;
	memcpy(net->out + ETH_HEADER, e->frame, waiting);
	ethernet_send(net, e->mac, ETH_IPV4, waiting);
}

void arp_input(struct net *net, const uint8_t *data, size_t len)
{
	struct arp_packet arp;
	struct net_arp *e;
	uint8_t mac[6];

	if (!arp_parse(data, len, &arp) || arp.target != net->config.address ||
	    arp.sender == net->config.address) {
		net->counters.dropped++;
		return;
	}
	e = find(net, arp.sender);
	/* A probe (RFC 5227) has no sender; it is answered, and teaches nothing. */
	if (!e && !arp.reply && arp.sender && ip_is_local(net, arp.sender))
		e = take(net, arp.sender);
	if (e && e->address && (!arp.reply || e->tries))
		learn(net, e, arp.sender_mac);
	if (arp.reply)
		return;
	arp.reply = true;
	arp.target = arp.sender;
	arp.sender = net->config.address;
	memcpy(mac, arp.sender_mac, 6);
	memcpy(arp.sender_mac, net->config.mac, 6);
	arp_build(net->out + ETH_HEADER, &arp, mac);
	ethernet_send(net, mac, ETH_ARP, ARP_SIZE);
}

void arp_send(struct net *net, uint32_t hop, size_t len)
{
	struct net_arp *e = find(net, hop);

	if (!e)
		e = take(net, hop);
	e->used_at = net->now;
	if (e->known) {
		ethernet_send(net, e->mac, ETH_IPV4, len);
	} else {
		/* The newest waits (RFC 1122, 2.3.2.2). */
		memcpy(e->frame, net->out + ETH_HEADER, len);
		e->waiting = len;
	}
	if (net->now >= e->stale_at && e->tries < ASK_TRIES)
		ask(net, e);
}

void arp_run(struct net *net)
{
	struct net_arp *e;

	for (e = net->arp; e < net->arp + NET_ARP_ENTRIES; e++) {
		if (!e->address || net->now < e->stale_at)
			continue;
		if (e->tries >= ASK_TRIES)
			e->address = 0;
		else if (e->tries || !e->known)
			ask(net, e);
		/* One that nobody uses is let go when it has been stale for as long again. */
		else if (net->now >= e->stale_at + FRESH_MS)
			e->address = 0;
	}
}

uint64_t arp_next(const struct net *net)
{
	const struct net_arp *e;
	uint64_t next = 0;

	for (e = net->arp; e < net->arp + NET_ARP_ENTRIES; e++)
		if (e->address && e->tries && (!next || e->stale_at < next))
			next = e->stale_at;
	return next;
}
