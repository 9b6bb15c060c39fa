// SPDX-License-Identifier: GPL-2.0-or-later
/* Segments that leave, and the timers: RFC 9293, RFC 6298, RFC 5681. */
#include "stack.h"

#define RTO_MIN_MS	200u		/* RFC 6298 asks for a second, which nobody keeps to */
#define RTO_MAX_MS	60000u
#define TRIES_SYN	5u
#define TRIES_DATA	9u		/* 100 s at least (RFC 1122, 4.2.3.5) */

/*
 * Room that the peer is told of.  It grows in steps that are worth a segment, and its end
 * never comes back (RFC 9293, 3.8.6.2.2).
 */
static uint16_t window(struct tcp *c)
{
	uint32_t edge = c->rcv_nxt + TCP_BUFFER - c->rx.len, step = TCP_BUFFER / 2;

	if (c->mss < step)
		step = c->mss;
	if (seq_after(edge, c->rcv_edge) >= (int32_t)step)
		c->rcv_edge = edge;
	return c->rcv_edge - c->rcv_nxt;
}

static void send_segment(struct net *net, struct tcp *c, uint32_t seq, uint8_t flags, uint32_t at,
			 uint32_t len)
{
	struct tcp_segment seg = {
		.from_port = c->local_port, .to_port = c->remote_port, .seq = seq, .len = len,
		.flags = flags,
	};
	size_t header;

	if (c->state != TCP_SYN_SENT) {
		seg.flags |= TCP_ACK;
		seg.ack = c->rcv_nxt;
	}
	seg.window = c->state == TCP_SYN_SENT ? TCP_BUFFER : window(c);
	if (flags & TCP_SYN)
		seg.mss = net->config.mtu - IP_HEADER - TCP_HEADER;
	header = TCP_HEADER + (seg.mss ? TCP_MSS_OPTION : 0);
	if (len)
		ring_get(&c->tx, at, net->out + PAYLOAD_AT + header, len);
	tcp_build(net->out + PAYLOAD_AT, &seg, net->config.address, c->remote);
	c->ack_wanted = 0;
	ip_send(net, c->remote, IP_TCP, header + len);
}

/*
 * Where a segment without data stands.  Not at snd_nxt, which goes back to send again: the
 * peer would find it old and not look at what it acknowledges, and if both sides send again
 * neither would get on.  A byte that was sent into a shut window is not there yet.
 */
static uint32_t bare_sequence(const struct tcp *c)
{
	if (!c->snd_wnd && c->tx.len && c->snd_max == c->snd_una + 1)
		return c->snd_una;
	return c->snd_max;
}

void tcp_send_ack(struct net *net, struct tcp *c)
{
	send_segment(net, c, bare_sequence(c), 0, 0, 0);
}

void tcp_send_reset(struct net *net, struct tcp *c)
{
	send_segment(net, c, bare_sequence(c), TCP_RST, 0, 0);
}

void tcp_refuse(struct net *net, uint32_t to, const struct tcp_segment *seg)
{
	struct tcp_segment out = {
		.from_port = seg->to_port, .to_port = seg->from_port, .flags = TCP_RST,
	};

	if (seg->flags & TCP_RST)
		return;
	if (seg->flags & TCP_ACK) {
		out.seq = seg->ack;
	} else {
		out.flags |= TCP_ACK;
		out.ack = seg->seq + seg->len + !!(seg->flags & TCP_SYN) +
			  !!(seg->flags & TCP_FIN);
	}
	tcp_build(net->out + PAYLOAD_AT, &out, net->config.address, to);
	ip_send(net, to, IP_TCP, TCP_HEADER);
}

uint32_t tcp_flight(const struct tcp *c)
{
	return c->snd_nxt - c->snd_una;
}

static uint64_t estimate(const struct tcp *c)
{
	uint64_t rto = c->srtt8 / 8 + (c->rttvar4 ? c->rttvar4 : 1);

	if (rto < RTO_MIN_MS)
		return RTO_MIN_MS;
	return rto < RTO_MAX_MS ? rto : RTO_MAX_MS;
}

/* RFC 6298, 2.2 and 2.3; @ms is rounded up to the grain of the clock. */
void tcp_rtt_sample(struct tcp *c, uint64_t ms)
{
	int64_t error;

	if (!ms)
		ms = 1;
	if (!c->srtt8) {
		c->srtt8 = ms * 8;
		c->rttvar4 = ms * 2;
	} else {
		error = (int64_t)ms - (int64_t)(c->srtt8 / 8);
		c->rttvar4 += (error < 0 ? -error : error) - c->rttvar4 / 4;
		c->srtt8 += error;
	}
	c->rto = estimate(c);
}

void tcp_progress(struct tcp *c)
{
	uint64_t least = c->srtt8 ? estimate(c) : TCP_RTO_FIRST_MS;

	if (c->tries)
		c->rto = c->rto / 2 > least ? c->rto / 2 : least;
	c->tries = 0;
}

/* Has @c a sequence number of its own for FIN, and is it its turn? */
static bool fin_is_next(const struct tcp *c)
{
	return c->fin_queued && tcp_flight(c) == c->tx.len;
}

static void sent(struct net *net, struct tcp *c, uint32_t seq_len)
{
	if (!c->timing && c->snd_nxt == c->snd_max) {
		c->timing = true;
		c->timed_seq = c->snd_nxt + seq_len;
		c->timed_at = net->now;
	}
	c->snd_nxt += seq_len;
	if (seq_after(c->snd_nxt, c->snd_max) > 0)
		c->snd_max = c->snd_nxt;
	if (!c->resend_at)
		c->resend_at = net->now + c->rto;
}

/*
 * How much of what waits may go in one segment; 0: wait.  A small one goes alone, or as
 * the last of what there is (RFC 9293, 3.8.6.2.1).
 */
static uint32_t sendable(const struct tcp *c)
{
	uint32_t flight = tcp_flight(c), limit = c->snd_wnd < c->cwnd ? c->snd_wnd : c->cwnd;
	uint32_t waits, len;

	if (flight >= c->tx.len || flight >= limit)
		return 0;
	waits = c->tx.len - flight;
	len = waits < limit - flight ? waits : limit - flight;
	if (len > c->mss)
		len = c->mss;
	if (len < waits && len < c->mss && flight && len < c->snd_wnd_max / 2)
		return 0;
	return len;
}

static void output_data(struct net *net, struct tcp *c)
{
	uint32_t len, at;
	bool last;

	while ((len = sendable(c))) {
		at = tcp_flight(c);
		last = at + len == c->tx.len;
		/* FIN goes with the last data. */
		send_segment(net, c, c->snd_nxt,
			     (last ? TCP_PSH : 0) | (last && c->fin_queued ? TCP_FIN : 0), at, len);
		c->fin_sent |= last && c->fin_queued;
		sent(net, c, len + (last && c->fin_queued));
	}
	if (fin_is_next(c)) {
		send_segment(net, c, c->snd_nxt, TCP_FIN, 0, 0);
		c->fin_sent = true;
		sent(net, c, 1);
	}
	/* Data, and a window that is shut: ask after a while. */
	if (c->tx.len && c->snd_una == c->snd_max && !c->resend_at)
		c->resend_at = net->now + c->rto;
}

void tcp_output(struct net *net, struct tcp *c)
{
	switch (c->state) {
	case TCP_CLOSED:
		return;
	case TCP_SYN_SENT:
	case TCP_SYN_RECEIVED:
		if (c->snd_nxt == c->snd_una) {
			send_segment(net, c, c->snd_una, TCP_SYN, 0, 0);
			sent(net, c, 1);
		}
		return;
	case TCP_FIN_WAIT_2:
	case TCP_TIME_WAIT:
		break;
	default:
		output_data(net, c);
		break;
	}
	if (c->ack_wanted)
		tcp_send_ack(net, c);
}

static void back_off(struct tcp *c)
{
	c->tries++;
	c->rto = c->rto * 2 < RTO_MAX_MS ? c->rto * 2 : RTO_MAX_MS;
	/* A round trip of what was sent twice says nothing (Karn). */
	c->timing = false;
}

/* RFC 9293, 3.8.6.1: one byte beyond the window, which is answered in any case. */
static void probe(struct net *net, struct tcp *c)
{
	send_segment(net, c, c->snd_una, 0, 0, 1);
	if (c->snd_max == c->snd_una)
		c->snd_max++;
}

static void timer(struct net *net, struct tcp *c)
{
	uint32_t flight = c->snd_max - c->snd_una;
	bool opening = c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;

	c->resend_at = 0;
	if (c->tries >= (opening ? TRIES_SYN : TRIES_DATA)) {
		if (!opening)
			tcp_send_reset(net, c);
		tcp_over(c, true);
		return;
	}
	back_off(c);
	c->resend_at = net->now + c->rto;
	if (!opening && !c->snd_wnd && c->tx.len) {
		probe(net, c);
		return;
	}
	if (!opening && flight) {
		c->ssthresh = flight / 2 > 2u * c->mss ? flight / 2 : 2u * c->mss;
		c->cwnd = c->mss;
	}
	c->duplicates = 0;
	c->snd_nxt = c->snd_una;
	net->counters.resent++;
	tcp_output(net, c);
}

void tcp_run(struct net *net)
{
	struct tcp *c;

	for (c = net->tcp; c < net->tcp + TCP_CONNECTIONS; c++) {
		if (c->state == TCP_CLOSED)
			continue;
		if (c->end_at && net->now >= c->end_at) {
			if (c->state != TCP_TIME_WAIT && c->state != TCP_FIN_WAIT_2)
				tcp_send_reset(net, c);
			tcp_over(c, c->state != TCP_TIME_WAIT);
			continue;
		}
		if (c->resend_at && net->now >= c->resend_at)
			timer(net, c);
		else if (c->state >= TCP_ESTABLISHED)
			tcp_output(net, c);
	}
}

uint64_t tcp_next(const struct net *net)
{
	const struct tcp *c;
	uint64_t next = 0;

	for (c = net->tcp; c < net->tcp + TCP_CONNECTIONS; c++) {
		if (c->state == TCP_CLOSED)
			continue;
		if (c->resend_at && (!next || c->resend_at < next))
			next = c->resend_at;
		if (c->end_at && (!next || c->end_at < next))
			next = c->end_at;
	}
	return next;
}
