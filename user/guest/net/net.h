/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small TCP/IP for guests: ARP, IPv4, answers to pings, UDP, TCP.
 *
 * One thread, no interrupts, no allocation: a struct net has all memory that there will
 * ever be.  The caller gives it frames and the time, and asks it what there is to do:
 *
 *	for (;;) {
 *		wait until net_next(net), or until a frame is there;
 *		net_input(net, now, frame, len);	for each frame
 *		tcp_accept(), tcp_read(), tcp_write(), ...
 *		net_run(net, now);			timers, and what is to be sent
 *	}
 *
 * Left out: IPv6, fragments (dropped), IP options (skipped), TCP's time stamps, SACK and
 * window scaling.  Time is in milliseconds from any start, and never goes back.
 */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include "packet.h"

#define NET_FRAME_MAX	1514u		/* bytes: an MTU of 1500 */
#define NET_MTU_MIN	576u
#define NET_ARP_ENTRIES	16u
#define NET_PORTS	4u		/* TCP ports that can be listened at */

#define TCP_CONNECTIONS	64u
#define TCP_BACKLOG	24u		/* of these, that have not finished the handshake */
#define TCP_BUFFER	16384u		/* bytes each way; a power of two, below 64 KiB */

enum tcp_state {
	TCP_CLOSED, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT,
};

struct tcp_ring {
	uint8_t data[TCP_BUFFER];
	uint32_t start;			/* of what it holds */
	uint32_t len;
};

struct tcp {
	enum tcp_state state;
	uint32_t remote;
	uint16_t remote_port;
	uint16_t local_port;
	uint16_t mss;			/* bytes of data that the peer takes in a segment */

	uint32_t snd_una;		/* oldest that is not acknowledged */
	uint32_t snd_nxt;
	uint32_t snd_max;		/* the highest that snd_nxt has been */
	uint32_t snd_wnd;
	uint32_t snd_wnd_max;		/* the largest that it has been */
	uint32_t snd_wl1;		/* segment of the last window: its seq, */
	uint32_t snd_wl2;		/* and its ack */
	struct tcp_ring tx;		/* from snd_una, without SYN and FIN */
	bool fin_queued;
	bool fin_sent;			/* at least once: snd_max is behind it */

	uint32_t rcv_nxt;
	uint32_t rcv_edge;		/* end of the window that we have told of */
	struct tcp_ring rx;		/* up to rcv_nxt; the range below lies behind it */
	uint32_t held_start;		/* one range that came early, if the two differ */
	uint32_t held_end;
	unsigned int ack_wanted;	/* segments that have not been acknowledged */

	uint32_t cwnd;			/* RFC 5681, bytes */
	uint32_t ssthresh;
	unsigned int duplicates;
	uint32_t recover;		/* snd_max at the last fast retransmission (RFC 6582) */

	uint64_t rto;			/* RFC 6298, ms */
	uint64_t srtt8;			/* eight times the mean */
	uint64_t rttvar4;		/* four times the variation */
	bool timing;			/* a round trip is being measured: */
	uint32_t timed_seq;		/* up to the acknowledgment of this */
	uint64_t timed_at;
	unsigned int tries;		/* that the timer has run out since the last progress */

	uint64_t resend_at;		/* 0: not running */
	uint64_t end_at;		/* when the connection is given up; 0: not */
	uint64_t challenge_at;		/* no answer to what is out of the window before this */
	uint64_t opened_at;

	bool accepted;			/* the application has it */
	bool detached;			/* it has been closed by it */
	bool reset;			/* ended otherwise than by the application */
};

struct net_arp {
	uint32_t address;		/* 0: free */
	uint8_t mac[6];
	bool known;
	uint64_t stale_at;		/* when it is asked for again */
	uint64_t used_at;
	unsigned int tries;
	size_t waiting;			/* length of the frame that waits for it, or 0 */
	uint8_t frame[NET_FRAME_MAX];
};

struct net_config {
	uint8_t mac[6];
	uint16_t mtu;			/* more than 1500 is taken as 1500 */
	uint32_t address;
	unsigned int prefix;		/* bits */
	uint32_t gateway;		/* 0: none */
	uint8_t secret[16];		/* unknown to everybody else, new at each start */
};

struct net;

struct net_ops {
	void (*send)(void *context, const uint8_t *frame, size_t len);
	/* A datagram for us; NULL if none are wanted. */
	void (*udp)(void *context, struct net *net, uint32_t from, const struct udp_packet *udp);
};

struct net_counters {
	uint64_t frames_in;
	uint64_t frames_out;
	uint64_t dropped;		/* not for us, damaged, or nothing that we know */
	uint64_t resent;		/* by the timer or three duplicates */
	uint64_t refused;		/* connections, because the table was full */
	uint64_t evicted;		/* half open ones, for newer ones */
	uint64_t challenges;		/* RFC 5961 */
};

struct net {
	struct net_config config;
	const struct net_ops *ops;
	void *context;
	uint64_t now;
	uint16_t ports[NET_PORTS];
	uint16_t next_port;		/* for connections of our own */
	uint64_t packets;		/* sent, for the identification */
	struct net_counters counters;
	struct net_arp arp[NET_ARP_ENTRIES];
	struct tcp tcp[TCP_CONNECTIONS];
	uint8_t out[NET_FRAME_MAX];
};

/* False if the configuration makes no sense. */
bool net_init(struct net *net, const struct net_config *config, const struct net_ops *ops,
	      void *context, uint64_t now);
void net_input(struct net *net, uint64_t now, const uint8_t *frame, size_t len);
void net_run(struct net *net, uint64_t now);
/* When net_run() is due next, at most @limit ms from now. */
uint64_t net_next(const struct net *net, uint64_t limit);
/* False if it is too long for a frame. */
bool net_udp_send(struct net *net, uint32_t to, uint16_t to_port, uint16_t from_port,
		  const void *data, size_t len);

/* --- TCP -------------------------------------------------------------------------- */
/*
 * Connections are numbers below TCP_CONNECTIONS; what tcp_accept() and tcp_open() give is
 * the caller's until tcp_close() or tcp_abort(), whatever the peer does.
 */

bool tcp_listen(struct net *net, uint16_t port);
/* One that is established and new, at @port; or -1. */
int tcp_accept(struct net *net, uint16_t port);
/* One that is being opened; or -1 if there is no room. */
int tcp_open(struct net *net, uint32_t to, uint16_t port);

/* Bytes taken, 0 if there are none now; -1 at the end, or after a reset. */
int tcp_read(struct net *net, int c, void *data, size_t len);
/* Looks at what tcp_read() would give, without taking it. */
int tcp_peek(struct net *net, int c, void *data, size_t len);
/* Bytes taken, which is 0 when there is no room; -1 if the connection has ended. */
int tcp_write(struct net *net, int c, const void *data, size_t len);
size_t tcp_room(const struct net *net, int c);
/* Bytes written that have not been acknowledged. */
size_t tcp_unsent(const struct net *net, int c);
bool tcp_is_open(const struct net *net, int c);		/* can be written to */
bool tcp_was_reset(const struct net *net, int c);
/* Sends what has been written, then FIN; what still comes is acknowledged and lost. */
void tcp_close(struct net *net, int c);
void tcp_abort(struct net *net, int c);

#endif /* GUEST_NET_H */
