// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in and out, pings and datagrams. */
#include <string.h>

#include "stack.h"

#define MTU_MAX		1500u
#define ICMP_ECHO	8

static uint32_t mask(const struct net *net)
{
	return net->config.prefix ? ~0u << (32 - net->config.prefix) : 0;
}

static bool is_broadcast(const struct net *net, uint32_t address)
{
	return address == ~0u || (net->config.prefix < 31 &&
				  address == (net->config.address | ~mask(net)));
}

/* That a single host could have: no multicast, no loopback, nobody's. */
static bool is_host(const struct net *net, uint32_t address)
{
	uint32_t top = address >> 24;

	return top && top != 127 && top < 224 && !is_broadcast(net, address);
}

bool ip_is_local(const struct net *net, uint32_t address)
{
	return !((address ^ net->config.address) & mask(net)) && is_host(net, address);
}

bool net_init(struct net *net, const struct net_config *config, const struct net_ops *ops,
	      void *context, uint64_t now)
{
	memset(net, 0, sizeof(*net));
	net->config = *config;
	net->ops = ops;
	net->context = context;
	net->now = now;
	net->next_port = 49152 + siphash(config->secret, "port", 4) % 16384;
	if (net->config.mtu > MTU_MAX)
		net->config.mtu = MTU_MAX;
	return net->config.mtu >= NET_MTU_MIN && config->prefix <= 32 && !(config->mac[0] & 1) &&
	       is_host(net, config->address) &&
	       (!config->gateway || ip_is_local(net, config->gateway));
}

void ethernet_send(struct net *net, const uint8_t mac[6], uint16_t type, size_t len)
{
	struct eth_header eth = { .type = type };

	memcpy(eth.to, mac, 6);
	memcpy(eth.from, net->config.mac, 6);
	eth_build(net->out, &eth);
	net->counters.frames_out++;
	net->ops->send(net->context, net->out, ETH_HEADER + len);
}

void ip_send(struct net *net, uint32_t to, uint8_t protocol, size_t len)
{
	struct ip_packet ip = {
		.from = net->config.address, .to = to, .protocol = protocol, .len = len,
	};
	uint32_t hop = to;

	if ((to ^ net->config.address) & mask(net))
		hop = net->config.gateway;
	if (!hop)
		return;
	net->packets++;
	/* Not a plain counter, which would tell others how much we send (RFC 7739). */
	ip_build(net->out + IP_AT, &ip,
		 siphash(net->config.secret, &net->packets, sizeof(net->packets)));
	arp_send(net, hop, IP_HEADER + len);
}

bool net_udp_send(struct net *net, uint32_t to, uint16_t to_port, uint16_t from_port,
		  const void *data, size_t len)
{
	struct udp_packet udp = { .from_port = from_port, .to_port = to_port, .len = len };

	if (len > net->config.mtu - IP_HEADER - UDP_HEADER)
		return false;
	if (len)
		memcpy(net->out + PAYLOAD_AT + UDP_HEADER, data, len);
	udp_build(net->out + PAYLOAD_AT, &udp, net->config.address, to);
	ip_send(net, to, IP_UDP, UDP_HEADER + len);
	return true;
}

/* RFC 792: the same data back. */
static bool icmp_input(struct net *net, const struct ip_packet *ip)
{
	uint8_t *out = net->out + PAYLOAD_AT;

	if (ip->len < ICMP_HEADER || ip->len > net->config.mtu - IP_HEADER)
		return false;
	if (ip->data[0] != ICMP_ECHO || ip->data[1] || inet_fold(inet_sum(0, ip->data, ip->len)))
		return false;
	memcpy(out, ip->data, ip->len);
	out[0] = 0;
	put_be16(out + 2, 0);
	put_be16(out + 2, inet_fold(inet_sum(0, out, ip->len)));
	ip_send(net, ip->from, IP_ICMP, ip->len);
	return true;
}

static bool ip_input(struct net *net, const uint8_t *data, size_t len)
{
	struct udp_packet udp;
	struct ip_packet ip;

	if (!ip_parse(data, len, &ip) || ip.to != net->config.address ||
	    ip.from == net->config.address || !is_host(net, ip.from))
		return false;
	switch (ip.protocol) {
	case IP_ICMP:
		return icmp_input(net, &ip);
	case IP_TCP:
		tcp_input(net, &ip);
		return true;
	case IP_UDP:
		if (!net->ops->udp || !udp_parse(&ip, &udp))
			return false;
		net->ops->udp(net->context, net, ip.from, &udp);
		return true;
	default:
		return false;
	}
}

void net_input(struct net *net, uint64_t now, const uint8_t *frame, size_t len)
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct eth_header eth;

	net->now = now;
	net->counters.frames_in++;
	if (!eth_parse(frame, len, &eth) ||
	    (memcmp(eth.to, net->config.mac, 6) && memcmp(eth.to, everybody, 6))) {
		net->counters.dropped++;
		return;
	}
	frame += ETH_HEADER;
	len -= ETH_HEADER;
	if (eth.type == ETH_ARP)
		arp_input(net, frame, len);
	/* What went to everybody is no unicast packet (RFC 1122, 3.3.6). */
	else if (eth.type != ETH_IPV4 || eth.to[0] & 1 || !ip_input(net, frame, len))
		net->counters.dropped++;
}

void net_run(struct net *net, uint64_t now)
{
	net->now = now;
	arp_run(net);
	tcp_run(net);
}

uint64_t net_next(const struct net *net, uint64_t limit)
{
	uint64_t next = net->now + limit, at;

	at = arp_next(net);
	if (at && at < next)
		next = at;
	at = tcp_next(net);
	if (at && at < next)
		next = at;
	return next;
}
