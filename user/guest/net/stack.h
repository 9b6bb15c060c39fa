/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the stack share. */
#ifndef GUEST_NET_STACK_H
#define GUEST_NET_STACK_H

#include "net.h"

#define IP_AT		ETH_HEADER
#define PAYLOAD_AT	(ETH_HEADER + IP_HEADER)

#define TCP_RTO_FIRST_MS	1000u	/* RFC 6298, 2.1 */

/* --- arp.c --- */
void arp_input(struct net *net, const uint8_t *data, size_t len);
void arp_run(struct net *net);
uint64_t arp_next(const struct net *net);		/* 0: never */
/* Sends @net->out, an IP packet of @len bytes behind room for the Ethernet header. */
void arp_send(struct net *net, uint32_t hop, size_t len);

/* --- ip.c --- */
/* Sends what was built at PAYLOAD_AT of @net->out. */
void ip_send(struct net *net, uint32_t to, uint8_t protocol, size_t len);
void ethernet_send(struct net *net, const uint8_t mac[6], uint16_t type, size_t len);
bool ip_is_local(const struct net *net, uint32_t address);

/* --- tcp_in.c --- */
void tcp_input(struct net *net, const struct ip_packet *ip);

/* --- tcp_out.c --- */
/* All that may be sent now; an acknowledgment at least if one is wanted. */
void tcp_output(struct net *net, struct tcp *c);
void tcp_send_ack(struct net *net, struct tcp *c);
void tcp_send_reset(struct net *net, struct tcp *c);
/* The answer to a segment that belongs to nothing (RFC 9293, 3.10.7.1). */
void tcp_refuse(struct net *net, uint32_t to, const struct tcp_segment *seg);
void tcp_run(struct net *net);
uint64_t tcp_next(const struct net *net);		/* 0: never */
void tcp_rtt_sample(struct tcp *c, uint64_t ms);
/*
 * Something new was acknowledged: the time-out that had been doubled again and again comes
 * back by halves, even if all that was sent is sent again and there is no sample.
 */
void tcp_progress(struct tcp *c);
uint32_t tcp_flight(const struct tcp *c);

/* --- tcp_table.c --- */
struct tcp *tcp_find(struct net *net, uint32_t remote, const struct tcp_segment *seg);
/* A free connection, made free if need be; NULL if all are in use. */
struct tcp *tcp_take(struct net *net, bool half_open);
bool tcp_listens(const struct net *net, uint16_t port);
/* The connection is over; @reset: otherwise than as both had wished. */
void tcp_over(struct tcp *c, bool reset);
void tcp_start(struct net *net, struct tcp *c, uint32_t remote, uint16_t remote_port,
	       uint16_t local_port);

/* --- sequence numbers (RFC 9293, 3.4) --- */
static inline int32_t seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* --- rings --- */
void ring_put(struct tcp_ring *ring, uint32_t at, const uint8_t *data, uint32_t len);
void ring_get(const struct tcp_ring *ring, uint32_t at, uint8_t *data, uint32_t len);
void ring_drop(struct tcp_ring *ring, uint32_t len);

#endif /* GUEST_NET_STACK_H */
