// SPDX-License-Identifier: GPL-2.0-or-later
/* Segments that arrive: RFC 9293, 3.10.7, with the checks of RFC 5961. */
#include "stack.h"

#define MSS_MIN		64u		/* a smaller one is not believed */
#define TIME_WAIT_MS	30000u		/* twice a segment's life on a short way */
#define CHALLENGE_MS	500u

/* A reminder of where we are; not more often than twice a second for each connection. */
static void challenge(struct net *net, struct tcp *c)
{
	if (net->now < c->challenge_at)
		return;
	c->challenge_at = net->now + CHALLENGE_MS;
	net->counters.challenges++;
	tcp_send_ack(net, c);
}

static void set_mss(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	unsigned int ours = net->config.mtu - IP_HEADER - TCP_HEADER;
	unsigned int mss = seg->mss ? seg->mss : 536;

	if (mss < MSS_MIN)
		mss = MSS_MIN;
	c->mss = mss < ours ? mss : ours;
	/* RFC 6928 has ten; four are enough behind a buffer of this size. */
	c->cwnd = 4 * c->mss;
}

static void set_window(struct tcp *c, const struct tcp_segment *seg)
{
	c->snd_wnd = seg->window;
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
	if (c->snd_wnd > c->snd_wnd_max)
		c->snd_wnd_max = c->snd_wnd;
}

/* Our SYN is acknowledged. */
static void established(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	c->state = TCP_ESTABLISHED;
	c->snd_una = seg->ack;
	c->snd_nxt = seg->ack;
	c->recover = c->snd_una - 1;
	c->resend_at = 0;
	c->rto = TCP_RTO_FIRST_MS;
	if (c->timing)
		tcp_rtt_sample(c, net->now - c->timed_at);
	c->timing = false;
	c->tries = 0;
	set_window(c, seg);
}

static void open_passive(struct net *net, uint32_t remote, const struct tcp_segment *seg)
{
	struct tcp *c = tcp_take(net, true);

	if (!c) {
		net->counters.refused++;
		return;
	}
	tcp_start(net, c, remote, seg->from_port, seg->to_port);
	c->state = TCP_SYN_RECEIVED;
	c->rcv_nxt = seg->seq + 1;
	c->rcv_edge = c->rcv_nxt;
	set_mss(net, c, seg);
	set_window(c, seg);
	tcp_output(net, c);
}

/* 3.10.7.3 */
static void in_syn_sent(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	bool acked = seg->flags & TCP_ACK;

	if (acked && seg->ack != c->snd_una + 1) {
		tcp_refuse(net, c->remote, seg);
		return;
	}
	if (seg->flags & TCP_RST) {
		if (acked)
			tcp_over(c, true);
		return;
	}
	/* Both sides opening at once is not for us: the timer tries again. */
	if (!acked || !(seg->flags & TCP_SYN))
		return;
	c->rcv_nxt = seg->seq + 1;
	c->rcv_edge = c->rcv_nxt;
	set_mss(net, c, seg);
	established(net, c, seg);
	c->ack_wanted = 2;
	tcp_output(net, c);
}

/* The four cases of 3.10.7.4; length counts SYN and FIN. */
static bool in_window(const struct tcp *c, const struct tcp_segment *seg)
{
	uint32_t len = seg->len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
	uint32_t window = c->rcv_edge - c->rcv_nxt, last = seg->seq + len - 1;

	if (!len)
		return seg->seq == c->rcv_nxt || seg->seq - c->rcv_nxt < window;
	return window && (seg->seq - c->rcv_nxt < window || last - c->rcv_nxt < window ||
			  (seq_after(c->rcv_nxt, seg->seq) > 0 &&
			   seq_after(last, c->rcv_nxt) >= 0));
}

/* Is our FIN acknowledged? */
static bool fin_acked(const struct tcp *c)
{
	return c->fin_sent && c->snd_una == c->snd_max;
}

/* RFC 5681, 3.1 and 3.2. */
static void open_cwnd(struct tcp *c, uint32_t acked)
{
	if (c->cwnd < c->ssthresh)
		c->cwnd += acked < c->mss ? acked : c->mss;
	else
		c->cwnd += c->mss * c->mss / c->cwnd ? c->mss * c->mss / c->cwnd : 1;
	if (c->cwnd > 4 * TCP_BUFFER)
		c->cwnd = 4 * TCP_BUFFER;
}

static void resend_first(struct net *net, struct tcp *c)
{
	uint32_t flight = tcp_flight(c);

	c->ssthresh = flight / 2 > 2u * c->mss ? flight / 2 : 2u * c->mss;
	c->cwnd = c->ssthresh;
	c->recover = c->snd_max;
	c->timing = false;
	c->snd_nxt = c->snd_una;
	net->counters.resent++;
}

static void advance(struct net *net, struct tcp *c, uint32_t ack)
{
	uint32_t acked = ack - c->snd_una;
	uint32_t data = acked < c->tx.len ? acked : c->tx.len;

	if (c->timing && seq_after(ack, c->timed_seq) >= 0) {
		tcp_rtt_sample(c, net->now - c->timed_at);
		c->timing = false;
	}
	ring_drop(&c->tx, data);
	c->snd_una = ack;
	if (seq_after(c->snd_nxt, ack) < 0)
		c->snd_nxt = ack;
	c->duplicates = 0;
	tcp_progress(c);
	open_cwnd(c, acked);
	c->resend_at = c->snd_una == c->snd_max ? 0 : net->now + c->rto;
}

static bool is_duplicate(const struct tcp *c, const struct tcp_segment *seg)
{
	return seg->ack == c->snd_una && c->snd_una != c->snd_max && !seg->len &&
	       !(seg->flags & TCP_FIN) && seg->window == c->snd_wnd;
}

/* False if the segment is not to be looked at any further. */
static bool take_ack(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	uint32_t behind = c->snd_una - seg->ack;

	if (c->state == TCP_SYN_RECEIVED) {
		if (seg->ack != c->snd_una + 1) {
			tcp_refuse(net, c->remote, seg);
			return false;
		}
		established(net, c, seg);
		return true;
	}
	/* RFC 5961, 5.2: neither of the future nor from long ago. */
	if (seq_after(seg->ack, c->snd_max) > 0 ||
	    (seq_after(seg->ack, c->snd_una) < 0 && behind > c->snd_wnd_max)) {
		challenge(net, c);
		return false;
	}
	if (seq_after(seg->ack, c->snd_una) > 0)
		advance(net, c, seg->ack);
	else if (is_duplicate(c, seg) && ++c->duplicates == 3 &&
		 seq_after(c->snd_una, c->recover) > 0)
		resend_first(net, c);
	/* A peer with a shut window that answers is alive, however long it takes. */
	if (seg->ack == c->snd_una && !c->snd_wnd)
		c->tries = 0;
	if (seq_after(seg->ack, c->snd_una) >= 0 &&
	    (seq_after(seg->seq, c->snd_wl1) > 0 ||
	     (seg->seq == c->snd_wl1 && seq_after(seg->ack, c->snd_wl2) >= 0)))
		set_window(c, seg);
	return true;
}

static void time_wait(struct net *net, struct tcp *c)
{
	c->state = TCP_TIME_WAIT;
	c->resend_at = 0;
	c->end_at = net->now + TIME_WAIT_MS;
}

/* What came early is kept if it joins the one range that is kept already. */
static void hold(struct tcp *c, uint32_t seq, const uint8_t *data, uint32_t len)
{
	uint32_t end = seq + len;

	if (c->held_start != c->held_end &&
	    (seq_after(seq, c->held_end) > 0 || seq_after(end, c->held_start) < 0))
		return;
	ring_put(&c->rx, c->rx.len + (seq - c->rcv_nxt), data, len);
	if (c->held_start == c->held_end) {
		c->held_start = seq;
		c->held_end = end;
		return;
	}
	if (seq_after(seq, c->held_start) < 0)
		c->held_start = seq;
	if (seq_after(end, c->held_end) > 0)
		c->held_end = end;
}

static void take_in_order(struct tcp *c, const uint8_t *data, uint32_t len)
{
	if (c->detached) {
		c->rcv_nxt += len;
		/* Nobody will read it: the window stays as it is, further on. */
		c->rcv_edge += len;
		return;
	}
	ring_put(&c->rx, c->rx.len, data, len);
	c->rx.len += len;
	c->rcv_nxt += len;
	if (c->held_start == c->held_end || seq_after(c->held_start, c->rcv_nxt) > 0)
		return;
	if (seq_after(c->held_end, c->rcv_nxt) > 0) {
		c->rx.len += c->held_end - c->rcv_nxt;
		c->rcv_nxt = c->held_end;
	}
	c->held_start = 0;
	c->held_end = 0;
}

/* The data of a segment in the window; whether all before its end has come. */
static bool take_data(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	uint32_t seq = seg->seq, len = seg->len, skip = 0;

	if (seq_after(c->rcv_nxt, seq) > 0) {
		skip = c->rcv_nxt - seq;
		if (skip > len)
			skip = len;
	}
	seq += skip;
	len -= skip;
	if (len > c->rcv_edge - seq)
		len = c->rcv_edge - seq;
	if (seq_after(seq, c->rcv_nxt) > 0) {
		if (len && !c->detached)
			hold(c, seq, seg->data + skip, len);
		/* At once, so that the peer can count three of them. */
		tcp_send_ack(net, c);
		return false;
	}
	if (len)
		take_in_order(c, seg->data + skip, len);
	if (seg->len)
		c->ack_wanted++;
	return seq_after(c->rcv_nxt, seg->seq + seg->len) >= 0;
}

static void take_fin(struct net *net, struct tcp *c)
{
	c->rcv_nxt++;
	if (c->rcv_edge == c->rcv_nxt - 1)
		c->rcv_edge++;
	c->held_start = 0;
	c->held_end = 0;
	c->ack_wanted = 2;
	switch (c->state) {
	case TCP_ESTABLISHED:
		c->state = TCP_CLOSE_WAIT;
		break;
	case TCP_FIN_WAIT_1:
		c->state = TCP_CLOSING;
		break;
	case TCP_FIN_WAIT_2:
		time_wait(net, c);
		break;
	default:
		break;
	}
}

/* RFC 5961, 3.2: only the very next number ends it. */
static void take_reset(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	if (c->state == TCP_TIME_WAIT)
		return;			/* RFC 1337 */
	if (seg->seq == c->rcv_nxt)
		tcp_over(c, c->state != TCP_LAST_ACK);
	else
		challenge(net, c);
}

static void in_synchronized(struct net *net, struct tcp *c, const struct tcp_segment *seg)
{
	if (!in_window(c, seg)) {
		if (seg->flags & TCP_RST)
			return;
		/*
		 * Data that we have, or have no room for, is answered at once; what could
		 * be an answer to such an answer is not.
		 */
		if (seg->len || seg->flags & TCP_FIN)
			tcp_send_ack(net, c);
		else
			challenge(net, c);
		if (c->state == TCP_TIME_WAIT && seg->flags & TCP_FIN)
			time_wait(net, c);
		/* The window that it tells of is good all the same (3.10.7.4). */
		if (!(seg->flags & TCP_ACK) || seg->seq != c->rcv_nxt ||
		    c->state == TCP_SYN_RECEIVED || c->state == TCP_TIME_WAIT)
			return;
		take_ack(net, c, seg);
		goto out;
	}
	if (seg->flags & TCP_RST) {
		take_reset(net, c, seg);
		return;
	}
	if (seg->flags & TCP_SYN) {
		challenge(net, c);
		return;
	}
	if (!(seg->flags & TCP_ACK) || !take_ack(net, c, seg))
		return;
	if (c->state == TCP_FIN_WAIT_1 && fin_acked(c)) {
		c->state = TCP_FIN_WAIT_2;
	} else if (c->state == TCP_CLOSING && fin_acked(c)) {
		time_wait(net, c);
	} else if (c->state == TCP_LAST_ACK && fin_acked(c)) {
		tcp_over(c, false);
		return;
	}
	if ((c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 ||
	     c->state == TCP_FIN_WAIT_2) && (seg->len || seg->flags & TCP_FIN) &&
	    take_data(net, c, seg) && seg->flags & TCP_FIN)
		take_fin(net, c);
out:
	if (c->ack_wanted >= 2 || c->tx.len || c->fin_queued)
		tcp_output(net, c);
}

void tcp_input(struct net *net, const struct ip_packet *ip)
{
	struct tcp_segment seg;
	struct tcp *c;

	if (!tcp_parse(ip, &seg)) {
		net->counters.dropped++;
		return;
	}
	c = tcp_find(net, ip->from, &seg);
	/* A new connection may begin where the last one has ended (RFC 6191). */
	if (c && c->state == TCP_TIME_WAIT && c->detached && tcp_listens(net, seg.to_port) &&
	    (seg.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
	    seq_after(seg.seq, c->rcv_nxt) > 0) {
		tcp_over(c, false);
		c = NULL;
	}
	if (!c) {
		if ((seg.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN &&
		    tcp_listens(net, seg.to_port))
			open_passive(net, ip->from, &seg);
		else
			tcp_refuse(net, ip->from, &seg);
		return;
	}
	if (c->state == TCP_SYN_SENT)
		in_syn_sent(net, c, &seg);
	else if (c->state == TCP_SYN_RECEIVED && (seg.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
		 seg.seq + 1 == c->rcv_nxt)
		challenge(net, c);	/* once more; the timer sends our SYN again */
	else
		in_synchronized(net, c, &seg);
}
