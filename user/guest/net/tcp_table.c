// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of connections, and what an application does with them. */
#include <string.h>

#include "stack.h"

#define LINGER_MS	60000u		/* for a connection that the application has closed */

void ring_put(struct tcp_ring *ring, uint32_t at, const uint8_t *data, uint32_t len)
{
	uint32_t from = (ring->start + at) % TCP_BUFFER, first = TCP_BUFFER - from;

	if (first > len)
		first = len;
	memcpy(ring->data + from, data, first);
	memcpy(ring->data, data + first, len - first);
}

void ring_get(const struct tcp_ring *ring, uint32_t at, uint8_t *data, uint32_t len)
{
	uint32_t from = (ring->start + at) % TCP_BUFFER, first = TCP_BUFFER - from;

	if (first > len)
		first = len;
	memcpy(data, ring->data + from, first);
	memcpy(data + first, ring->data, len - first);
}

void ring_drop(struct tcp_ring *ring, uint32_t len)
{
	ring->start = (ring->start + len) % TCP_BUFFER;
	ring->len -= len;
}

/* One for which nobody has a number any more, or never had. */
static bool is_free(const struct tcp *c)
{
	return c->state == TCP_CLOSED && (!c->accepted || c->detached);
}

struct tcp *tcp_find(struct net *net, uint32_t remote, const struct tcp_segment *seg)
{
	struct tcp *c;

	for (c = net->tcp; c < net->tcp + TCP_CONNECTIONS; c++)
		if (c->state != TCP_CLOSED && c->remote == remote &&
		    c->remote_port == seg->from_port && c->local_port == seg->to_port)
			return c;
	return NULL;
}

struct tcp *tcp_take(struct net *net, bool half_open)
{
	struct tcp *c, *none = NULL, *oldest_half = NULL, *oldest_wait = NULL;
	unsigned int half = 0;

	for (c = net->tcp; c < net->tcp + TCP_CONNECTIONS; c++) {
		if (is_free(c)) {
			none = none ? none : c;
		} else if (c->state == TCP_SYN_RECEIVED) {
			half++;
			if (!oldest_half || c->opened_at < oldest_half->opened_at)
				oldest_half = c;
		} else if (c->state == TCP_TIME_WAIT && c->detached) {
			if (!oldest_wait || c->end_at < oldest_wait->end_at)
				oldest_wait = c;
		}
	}
	/* Those who open and say no more take turns in a part of the table. */
	if (half_open && half >= TCP_BACKLOG) {
		net->counters.evicted++;
		return oldest_half;
	}
	return none ? none : oldest_wait;
}

bool tcp_listens(const struct net *net, uint16_t port)
{
	unsigned int i;

	for (i = 0; i < NET_PORTS; i++)
		if (net->ports[i] == port)
			return true;
	return false;
}

/* RFC 6528: a clock of 4 us, and an offset for each pair of sockets. */
static uint32_t first_sequence(const struct net *net, const struct tcp *c)
{
	uint8_t key[12];

	put_be32(key, net->config.address);
	put_be32(key + 4, c->remote);
	put_be16(key + 8, c->local_port);
	put_be16(key + 10, c->remote_port);
	return (uint32_t)(net->now * 250) + (uint32_t)siphash(net->config.secret, key, sizeof(key));
}

void tcp_start(struct net *net, struct tcp *c, uint32_t remote, uint16_t remote_port,
	       uint16_t local_port)
{
	/* Not the data of the rings, which is long, and not read before it is written. */
	c->tx.start = 0;
	c->tx.len = 0;
	c->rx.start = 0;
	c->rx.len = 0;
	c->remote = remote;
	c->remote_port = remote_port;
	c->local_port = local_port;
	c->snd_una = first_sequence(net, c);
	c->snd_nxt = c->snd_una;
	c->snd_max = c->snd_una;
	c->recover = c->snd_una;
	c->snd_wnd = 0;
	c->snd_wnd_max = 0;
	c->fin_queued = false;
	c->fin_sent = false;
	c->held_start = 0;
	c->held_end = 0;
	c->ack_wanted = 0;
	c->mss = 536;
	c->cwnd = 4 * c->mss;
	c->ssthresh = ~0u;
	c->duplicates = 0;
	c->rto = TCP_RTO_FIRST_MS;
	c->srtt8 = 0;
	c->rttvar4 = 0;
	c->timing = false;
	c->tries = 0;
	c->resend_at = 0;
	c->end_at = 0;
	c->challenge_at = 0;
	c->opened_at = net->now;
	c->accepted = false;
	c->detached = false;
	c->reset = false;
}

void tcp_over(struct tcp *c, bool reset)
{
	c->state = TCP_CLOSED;
	c->reset |= reset;
	c->resend_at = 0;
	c->end_at = 0;
	c->ack_wanted = 0;
	if (reset)
		c->tx.len = 0;
}

bool tcp_listen(struct net *net, uint16_t port)
{
	unsigned int i;

	for (i = 0; port && i < NET_PORTS; i++) {
		if (!net->ports[i] || net->ports[i] == port) {
			net->ports[i] = port;
			return true;
		}
	}
	return false;
}

int tcp_accept(struct net *net, uint16_t port)
{
	struct tcp *c;

	for (c = net->tcp; c < net->tcp + TCP_CONNECTIONS; c++) {
		if (c->accepted || c->local_port != port)
			continue;
		if (c->state != TCP_ESTABLISHED && c->state != TCP_CLOSE_WAIT)
			continue;
		c->accepted = true;
		return c - net->tcp;
	}
	return -1;
}

int tcp_open(struct net *net, uint32_t to, uint16_t port)
{
	struct tcp *c = tcp_take(net, false);

	if (!c)
		return -1;
	net->next_port = net->next_port < 49152 || net->next_port == 65535 ? 49152 :
			 net->next_port + 1;
	tcp_start(net, c, to, port, net->next_port);
	c->state = TCP_SYN_SENT;
	c->accepted = true;
	c->rcv_nxt = 0;
	c->rcv_edge = 0;
	tcp_output(net, c);
	return c - net->tcp;
}

/* Will nothing come behind what the ring has? */
static bool at_end(const struct tcp *c)
{
	return c->state == TCP_CLOSE_WAIT || c->state == TCP_CLOSING ||
	       c->state == TCP_LAST_ACK || c->state == TCP_TIME_WAIT || c->state == TCP_CLOSED;
}

int tcp_peek(struct net *net, int c, void *data, size_t len)
{
	struct tcp *t = &net->tcp[c];

	if (!t->rx.len || t->reset)
		return at_end(t) || t->reset ? -1 : 0;
	if (len > t->rx.len)
		len = t->rx.len;
	ring_get(&t->rx, 0, data, len);
	return len;
}

int tcp_read(struct net *net, int c, void *data, size_t len)
{
	struct tcp *t = &net->tcp[c];
	int n = tcp_peek(net, c, data, len);

	if (n <= 0)
		return n;
	ring_drop(&t->rx, n);
	/* The peer may wait for a window that had no room (RFC 9293, 3.8.6.2.2). */
	if (!at_end(t) && t->rcv_nxt + TCP_BUFFER - t->rx.len - t->rcv_edge >= TCP_BUFFER / 2)
		t->ack_wanted++;
	return n;
}

bool tcp_is_open(const struct net *net, int c)
{
	const struct tcp *t = &net->tcp[c];

	return !t->fin_queued && (t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT ||
				  t->state == TCP_SYN_SENT);
}

bool tcp_was_reset(const struct net *net, int c)
{
	return net->tcp[c].reset;
}

size_t tcp_room(const struct net *net, int c)
{
	return tcp_is_open(net, c) ? TCP_BUFFER - net->tcp[c].tx.len : 0;
}

size_t tcp_unsent(const struct net *net, int c)
{
	return net->tcp[c].tx.len;
}

int tcp_write(struct net *net, int c, const void *data, size_t len)
{
	struct tcp *t = &net->tcp[c];

	if (!tcp_is_open(net, c))
		return -1;
	if (len > TCP_BUFFER - t->tx.len)
		len = TCP_BUFFER - t->tx.len;
	ring_put(&t->tx, t->tx.len, data, len);
	t->tx.len += len;
	return len;
}

void tcp_close(struct net *net, int c)
{
	struct tcp *t = &net->tcp[c];

	if (t->state == TCP_SYN_SENT)
		tcp_over(t, false);
	t->detached = true;
	t->fin_queued = true;
	if (t->state == TCP_CLOSED)
		return;
	/* What has come already is lost; it must not keep the window shut. */
	ring_drop(&t->rx, t->rx.len);
	if (!t->end_at)
		t->end_at = net->now + LINGER_MS;
	if (t->state == TCP_ESTABLISHED)
		t->state = TCP_FIN_WAIT_1;
	else if (t->state == TCP_CLOSE_WAIT)
		t->state = TCP_LAST_ACK;
	tcp_output(net, t);
}

void tcp_abort(struct net *net, int c)
{
	struct tcp *t = &net->tcp[c];

	t->detached = true;
	if (t->state != TCP_CLOSED && t->state != TCP_SYN_SENT && t->state != TCP_TIME_WAIT)
		tcp_send_reset(net, t);
	tcp_over(t, true);
}
