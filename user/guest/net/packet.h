/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers of packets: pure functions between bytes and structs.
 *
 * A parser is given bytes that anybody may have sent.  It looks at no byte beyond @len,
 * checks all lengths and checksums, and fills its struct only with what has passed.
 * Addresses and ports are in the host's order.
 */
#ifndef GUEST_NET_PACKET_H
#define GUEST_NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETH_HEADER	14u
#define ETH_IPV4	0x0800
#define ETH_ARP		0x0806
#define ARP_SIZE	28u
#define IP_HEADER	20u		/* as we send it: no options */
#define IP_ICMP		1
#define IP_TCP		6
#define IP_UDP		17
#define ICMP_HEADER	8u
#define UDP_HEADER	8u
#define TCP_HEADER	20u		/* without options */
#define TCP_MSS_OPTION	4u

#define TCP_FIN		0x01
#define TCP_SYN		0x02
#define TCP_RST		0x04
#define TCP_PSH		0x08
#define TCP_ACK		0x10

struct eth_header {
	uint8_t to[6];
	uint8_t from[6];
	uint16_t type;
};

struct arp_packet {
	bool reply;
	uint8_t sender_mac[6];
	uint32_t sender;
	uint32_t target;
};

struct ip_packet {
	uint32_t from;
	uint32_t to;
	uint8_t protocol;
	const uint8_t *data;		/* behind the header and its options */
	size_t len;
};

struct udp_packet {
	uint16_t from_port;
	uint16_t to_port;
	const uint8_t *data;
	size_t len;
};

struct tcp_segment {
	uint16_t from_port;
	uint16_t to_port;
	uint32_t seq;
	uint32_t ack;			/* 0 without TCP_ACK */
	uint8_t flags;
	uint16_t window;
	uint16_t mss;			/* what the option says; 0 if there is none */
	const uint8_t *data;
	size_t len;
};

/* The sum of RFC 1071, to be continued: @sum is 0 at first, odd lengths only at the end. */
uint32_t inet_sum(uint32_t sum, const uint8_t *data, size_t len);
uint16_t inet_fold(uint32_t sum);

static inline uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

/* Each returns whether the packet is good. */
bool eth_parse(const uint8_t *frame, size_t len, struct eth_header *eth);
bool arp_parse(const uint8_t *data, size_t len, struct arp_packet *arp);	/* RFC 826 */
bool ip_parse(const uint8_t *data, size_t len, struct ip_packet *ip);	/* RFC 791; no fragments */
bool udp_parse(const struct ip_packet *ip, struct udp_packet *udp);	/* RFC 768 */
bool tcp_parse(const struct ip_packet *ip, struct tcp_segment *seg);	/* RFC 9293, 3.1 */

/* Builders write exactly the size of the header, without options unless there is an MSS. */
void eth_build(uint8_t *to, const struct eth_header *eth);
void arp_build(uint8_t *to, const struct arp_packet *arp, const uint8_t target_mac[6]);
void ip_build(uint8_t *to, const struct ip_packet *ip, uint16_t id);
/* The header before @seg->data, which lies behind it already; returns the header's size. */
size_t tcp_build(uint8_t *to, const struct tcp_segment *seg, uint32_t from, uint32_t dest);
void udp_build(uint8_t *to, const struct udp_packet *udp, uint32_t from, uint32_t dest);

/* "10.0.0.2", or "10.0.0.2/24" if @prefix is not NULL. */
bool ip_address_parse(const char *text, uint32_t *address, unsigned int *prefix);

/* SipHash-2-4 (Aumasson, Bernstein 2012) of @len bytes under a key of 16. */
uint64_t siphash(const uint8_t key[16], const void *data, size_t len);

#endif /* GUEST_NET_PACKET_H */
