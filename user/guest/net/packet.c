// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "packet.h"

#define ARP_HARDWARE	1
#define IP_FRAGMENT	0x3fff		/* MF and the offset */
#define TTL		64
#define OPTION_END	0
#define OPTION_NOP	1
#define OPTION_MSS	2

uint32_t inet_sum(uint32_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	/* 64 KiB at most: 32768 times 0xffff and what has been carried stay below 2^32. */
	for (i = 0; i + 1 < len; i += 2)
		sum += get_be16(data + i);
	if (len & 1)
		sum += data[len - 1] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t inet_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The pseudo header of RFC 768 and RFC 9293. */
static uint32_t pseudo_sum(uint32_t from, uint32_t to, uint8_t protocol, size_t len)
{
	return (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + protocol + len;
}

bool eth_parse(const uint8_t *frame, size_t len, struct eth_header *eth)
{
	if (len < ETH_HEADER || frame[6] & 1)
		return false;
	memcpy(eth->to, frame, 6);
	memcpy(eth->from, frame + 6, 6);
	eth->type = get_be16(frame + 12);
	return true;
}

void eth_build(uint8_t *to, const struct eth_header *eth)
{
	memcpy(to, eth->to, 6);
	memcpy(to + 6, eth->from, 6);
	put_be16(to + 12, eth->type);
}

bool arp_parse(const uint8_t *data, size_t len, struct arp_packet *arp)
{
	static const uint8_t none[6];
	uint16_t operation;

	if (len < ARP_SIZE || get_be16(data) != ARP_HARDWARE || get_be16(data + 2) != ETH_IPV4)
		return false;
	operation = get_be16(data + 6);
	if (data[4] != 6 || data[5] != 4 || operation < 1 || operation > 2)
		return false;
	if (data[8] & 1 || !memcmp(data + 8, none, 6))
		return false;
	arp->reply = operation == 2;
	memcpy(arp->sender_mac, data + 8, 6);
	arp->sender = get_be32(data + 14);
	arp->target = get_be32(data + 24);
	return true;
}

void arp_build(uint8_t *to, const struct arp_packet *arp, const uint8_t target_mac[6])
{
	put_be16(to, ARP_HARDWARE);
	put_be16(to + 2, ETH_IPV4);
	to[4] = 6;
	to[5] = 4;
	put_be16(to + 6, arp->reply ? 2 : 1);
	memcpy(to + 8, arp->sender_mac, 6);
	put_be32(to + 14, arp->sender);
	memcpy(to + 18, target_mac, 6);
	put_be32(to + 24, arp->target);
}

bool ip_parse(const uint8_t *data, size_t len, struct ip_packet *ip)
{
	size_t header, total;

	if (len < IP_HEADER || data[0] >> 4 != 4)
		return false;
	header = (data[0] & 15) * 4;
	total = get_be16(data + 2);
	if (header < IP_HEADER || header > total || total > len)
		return false;
	if (get_be16(data + 6) & IP_FRAGMENT || inet_fold(inet_sum(0, data, header)))
		return false;
	ip->from = get_be32(data + 12);
	ip->to = get_be32(data + 16);
	ip->protocol = data[9];
	ip->data = data + header;
	ip->len = total - header;
	return true;
}

void ip_build(uint8_t *to, const struct ip_packet *ip, uint16_t id)
{
	memset(to, 0, IP_HEADER);
	to[0] = 0x45;
	put_be16(to + 2, IP_HEADER + ip->len);
	put_be16(to + 4, id);
	to[8] = TTL;
	to[9] = ip->protocol;
	put_be32(to + 12, ip->from);
	put_be32(to + 16, ip->to);
	put_be16(to + 10, inet_fold(inet_sum(0, to, IP_HEADER)));
}

bool udp_parse(const struct ip_packet *ip, struct udp_packet *udp)
{
	size_t total;
	uint32_t sum;

	if (ip->protocol != IP_UDP || ip->len < UDP_HEADER)
		return false;
	total = get_be16(ip->data + 4);
	if (total < UDP_HEADER || total > ip->len)
		return false;
	sum = inet_sum(pseudo_sum(ip->from, ip->to, IP_UDP, total), ip->data, total);
	if (get_be16(ip->data + 6) && inet_fold(sum))
		return false;
	udp->from_port = get_be16(ip->data);
	udp->to_port = get_be16(ip->data + 2);
	udp->data = ip->data + UDP_HEADER;
	udp->len = total - UDP_HEADER;
	return true;
}

void udp_build(uint8_t *to, const struct udp_packet *udp, uint32_t from, uint32_t dest)
{
	size_t total = UDP_HEADER + udp->len;
	uint16_t sum;

	put_be16(to, udp->from_port);
	put_be16(to + 2, udp->to_port);
	put_be16(to + 4, total);
	put_be16(to + 6, 0);
	sum = inet_fold(inet_sum(pseudo_sum(from, dest, IP_UDP, total), to, total));
	put_be16(to + 6, sum ? sum : 0xffff);
}

/* Options that are damaged are ignored from there on, as by everybody. */
static uint16_t mss_option(const uint8_t *option, size_t len)
{
	size_t i, size;

	for (i = 0; i < len && option[i] != OPTION_END; i += size) {
		size = 1;
		if (option[i] == OPTION_NOP)
			continue;
		if (len - i < 2 || option[i + 1] < 2 || option[i + 1] > len - i)
			break;
		size = option[i + 1];
		if (option[i] == OPTION_MSS && size == TCP_MSS_OPTION)
			return get_be16(option + i + 2);
	}
	return 0;
}

bool tcp_parse(const struct ip_packet *ip, struct tcp_segment *seg)
{
	const uint8_t *p = ip->data;
	size_t header;
	uint32_t sum;

	if (ip->protocol != IP_TCP || ip->len < TCP_HEADER)
		return false;
	header = (p[12] >> 4) * 4;
	if (header < TCP_HEADER || header > ip->len)
		return false;
	sum = inet_sum(pseudo_sum(ip->from, ip->to, IP_TCP, ip->len), p, ip->len);
	if (inet_fold(sum) || !get_be16(p) || !get_be16(p + 2))
		return false;
	seg->from_port = get_be16(p);
	seg->to_port = get_be16(p + 2);
	seg->seq = get_be32(p + 4);
	seg->flags = p[13];
	seg->ack = seg->flags & TCP_ACK ? get_be32(p + 8) : 0;
	seg->window = get_be16(p + 14);
	seg->mss = mss_option(p + TCP_HEADER, header - TCP_HEADER);
	seg->data = p + header;
	seg->len = ip->len - header;
	return true;
}

size_t tcp_build(uint8_t *to, const struct tcp_segment *seg, uint32_t from, uint32_t dest)
{
	size_t header = TCP_HEADER + (seg->mss ? TCP_MSS_OPTION : 0), total = header + seg->len;

	memset(to, 0, header);
	put_be16(to, seg->from_port);
	put_be16(to + 2, seg->to_port);
	put_be32(to + 4, seg->seq);
	put_be32(to + 8, seg->flags & TCP_ACK ? seg->ack : 0);
	to[12] = header / 4 << 4;
	to[13] = seg->flags;
	put_be16(to + 14, seg->window);
	if (seg->mss) {
		to[TCP_HEADER] = OPTION_MSS;
		to[TCP_HEADER + 1] = TCP_MSS_OPTION;
		put_be16(to + TCP_HEADER + 2, seg->mss);
	}
	put_be16(to + 16, inet_fold(inet_sum(pseudo_sum(from, dest, IP_TCP, total), to, total)));
	return header;
}

bool ip_address_parse(const char *text, uint32_t *address, unsigned int *prefix)
{
	unsigned int part, value, digits;

	*address = 0;
	for (part = 0; part < 4; part++) {
		if (part && *text++ != '.')
			return false;
		for (value = 0, digits = 0; *text >= '0' && *text <= '9' && digits < 4; digits++)
			value = value * 10 + *text++ - '0';
		if (!digits || value > 255)
			return false;
		*address = *address << 8 | value;
	}
	if (!prefix)
		return !*text;
	if (*text++ != '/')
		return false;
	for (value = 0, digits = 0; *text >= '0' && *text <= '9' && digits < 3; digits++)
		value = value * 10 + *text++ - '0';
	*prefix = value;
	return digits && value <= 32 && !*text;
}
