// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile frames to a guest that listens, answers datagrams and sends back what it reads.
 *
 * The input is a sequence of: a byte of options, a length of one byte, that many bytes of a
 * frame.  So that inputs come past the checksums, those of IP and of what it carries are
 * put right, unless an option says otherwise; acknowledgments can be made to fit as well.
 */
#include <stdlib.h>
#include <string.h>

#include "net/stack.h"

#define KEEP_SUMS	1
#define FIT_NUMBERS	2
#define LONG_WAIT	4
#define CLOSE		8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct net net;
static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 };

static void require(int condition)
{
	if (!condition)
		abort();
}

static void sink(void *context, const uint8_t *frame, size_t len)
{
	struct ip_packet ip;

	(void)context;
	require(len >= ETH_HEADER && len <= NET_FRAME_MAX);
	/* Whatever came, what goes out is right. */
	if (get_be16(frame + 12) == ETH_IPV4)
		require(ip_parse(frame + IP_AT, len - IP_AT, &ip));
}

static void udp(void *context, struct net *n, uint32_t from, const struct udp_packet *packet)
{
	(void)context;
	net_udp_send(n, from, packet->from_port, packet->to_port, packet->data, packet->len);
}

static const struct net_ops ops = { .send = sink, .udp = udp };

static void put_right(uint8_t *ip, size_t len, unsigned int options)
{
	size_t header = (ip[0] & 15) * 4, total, rest;
	uint8_t *p = ip + header;
	struct tcp *c;

	put_be16(ip + 2, len);
	total = get_be16(ip + 2);
	if (header < IP_HEADER || header > total)
		return;
	put_be16(ip + 10, 0);
	put_be16(ip + 10, inet_fold(inet_sum(0, ip, header)));
	rest = total - header;
	if (ip[9] != IP_TCP || rest < TCP_HEADER)
		return;
	for (c = net.tcp; options & FIT_NUMBERS && c < net.tcp + TCP_CONNECTIONS; c++) {
		if (c->state == TCP_CLOSED || c->remote_port != get_be16(p))
			continue;
		/* Near what is expected. */
		put_be32(p + 4, c->rcv_nxt + (int8_t)p[7] * 64);
		put_be32(p + 8, c->snd_una + p[11]);
		break;
	}
	put_be16(p + 16, 0);
	put_be16(p + 16, inet_fold(inet_sum((uint32_t)IP_TCP + rest,
					    memcpy(ip + total, ip + 12, 8), 8) +
				   inet_sum(0, p, rest)));
}

static void one(const uint8_t *data, size_t len, unsigned int options)
{
	uint8_t *frame = calloc(1, len + 8), *exact = malloc(len ? len : 1);

	require(frame && exact);
	if (len)
		memcpy(frame, data, len);
	if (!(options & KEEP_SUMS) && len >= ETH_HEADER + IP_HEADER) {
		memcpy(frame, our_mac, 6);
		put_right(frame + IP_AT, len - IP_AT, options);
	}
	if (len)
		memcpy(exact, frame, len);
	net_input(&net, net.now + (options & LONG_WAIT ? 5000 : 1), exact, len);
	free(exact);
	free(frame);
}

static void invariants(void)
{
	const struct tcp *c;

	for (c = net.tcp; c < net.tcp + TCP_CONNECTIONS; c++) {
		if (c->state == TCP_CLOSED)
			continue;
		require(c->tx.len <= TCP_BUFFER && c->rx.len <= TCP_BUFFER);
		require(c->state <= TCP_SYN_RECEIVED ||
			c->rcv_edge - c->rcv_nxt <= TCP_BUFFER - c->rx.len);
		require(seq_after(c->snd_nxt, c->snd_una) >= 0);
		require(seq_after(c->snd_max, c->snd_nxt) >= 0);
		require(c->snd_max - c->snd_una <= TCP_BUFFER + 1);
		require(c->resend_at || c->snd_una == c->snd_max || c->state == TCP_TIME_WAIT);
	}
}

static void application(unsigned int options)
{
	uint8_t data[512];
	unsigned int i;
	int n;

	while (tcp_accept(&net, 80) >= 0)
		;
	for (i = 0; i < TCP_CONNECTIONS; i++) {
		if (!net.tcp[i].accepted || net.tcp[i].detached)
			continue;
		n = tcp_read(&net, i, data, sizeof(data));
		if (n > 0)
			tcp_write(&net, i, data, n);
		if (n < 0 || options & CLOSE)
			tcp_close(&net, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_config config = { .mac = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500, .prefix = 24,
				     .address = 0x0a000002, .gateway = 0x0a000001 };
	size_t len;

	require(net_init(&net, &config, &ops, NULL, 1));
	tcp_listen(&net, 80);
	while (size >= 2) {
		len = data[1] < size - 2 ? data[1] : size - 2;
		one(data + 2, len, data[0]);
		invariants();
		application(data[0]);
		net_run(&net, net.now);
		invariants();
		require(net_next(&net, 1000) <= net.now + 1000);
		data += 2 + len;
		size -= 2 + len;
	}
	return 0;
}
