// SPDX-License-Identifier: GPL-2.0-or-later
/* TCP of the guests, against itself over a bad wire, and against segments made by hand. */
#include "net_wire.h"

#define PORT	80

/* A connection that both sides have. */
static void connected(int *server, int *client)
{
	assert_true(tcp_listen(&wire.net[SERVER], PORT));
	*client = tcp_open(&wire.net[CLIENT], SERVER_IP, PORT);
	*server = -1;
	while (*server < 0) {
		wire_step();
		*server = tcp_accept(&wire.net[SERVER], PORT);
		assert_true(wire.now < 200000);
	}
}

static uint8_t pattern(unsigned int stream, uint32_t at)
{
	return (at * 167 + (at >> 8) * 31 + stream * 7) & 0xff;
}

/* One direction of a connection. */
struct stream {
	unsigned int from, id;
	int writer, reader;
	uint32_t total, written, got;
	bool closed, ended;
};

static void stream_step(struct stream *s)
{
	uint8_t data[3000];
	uint32_t i, len;
	int n;

	len = wire_random(sizeof(data));
	if (len > s->total - s->written)
		len = s->total - s->written;
	for (i = 0; i < len; i++)
		data[i] = pattern(s->id, s->written + i);
	if (len) {
		n = tcp_write(&wire.net[s->from], s->writer, data, len);
		assert_true(n >= 0);
		s->written += n;
	}
	n = tcp_read(&wire.net[!s->from], s->reader, data, 1 + wire_random(sizeof(data) - 1));
	for (i = 0; n > 0 && i < n; i++)
		if (data[i] != pattern(s->id, s->got + i))
			fail_msg("stream %u: byte %u of %u", s->id, s->got + i, s->total);
	s->got += n > 0 ? n : 0;
	s->ended |= n < 0;
}

/* Both directions at once; then both close, and both ends forget. */
static void transfer(uint64_t seed, uint32_t total, unsigned int bad)
{
	struct stream up, down;
	int server, client;

	wire_init(seed);
	wire.loss = bad;
	wire.repeat = bad;
	wire.damage = bad;
	wire.reorder = bad * 2;
	connected(&server, &client);
	up = (struct stream){ .from = CLIENT, .id = 1, .writer = client, .reader = server,
			      .total = total };
	down = (struct stream){ .from = SERVER, .id = 2, .writer = server, .reader = client,
				.total = total };
	while (up.got < total || down.got < total) {
		stream_step(&up);
		stream_step(&down);
		wire_step();
		if (wire.now > 4000000)
			fail_msg("seed %d: %u and %u of %u", (int)seed, up.got, down.got, total);
	}
	tcp_close(&wire.net[CLIENT], client);
	while (tcp_read(&wire.net[SERVER], server, &(uint8_t){ 0 }, 1) >= 0) {
		wire_step();
		if (wire.now >= 4000000)
			fail_msg("seed %d: server in state %u, client in %u", (int)seed,
				 wire.net[SERVER].tcp[server].state,
				 wire.net[CLIENT].tcp[client].state);
	}
	tcp_close(&wire.net[SERVER], server);
	wire_steps(200000);
	assert_int_equal(wire.net[SERVER].tcp[server].state, TCP_CLOSED);
	assert_int_equal(wire.net[CLIENT].tcp[client].state, TCP_CLOSED);
}

static void test_clean_wire(void **state)
{
	(void)state;
	transfer(1, 300000, 0);
	assert_int_equal(wire.net[SERVER].counters.resent, 0);
	assert_int_equal(wire.net[CLIENT].counters.resent, 0);
	assert_false(tcp_was_reset(&wire.net[SERVER], 0));
}

static void test_bad_wire(void **state)
{
	uint64_t seed, resent = 0;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		transfer(seed, 60000, 10 + 4 * seed);
		resent += wire.net[SERVER].counters.resent + wire.net[CLIENT].counters.resent;
	}
	assert_true(resent > 100);
}

/* Sequence numbers that pass 2^32 in the middle. */
static void test_wraps(void **state)
{
	struct stream up;
	int server, client, i;

	(void)state;
	for (i = 0; i < 8; i++) {
		wire_init(i + 1);
		wire.loss = 30;
		connected(&server, &client);
		wire_steps(2000);
		/* As if 4 GB had gone by: both sides move at once, with nothing on the way. */
		struct tcp *c = &wire.net[CLIENT].tcp[client], *s = &wire.net[SERVER].tcp[server];
		uint32_t by = -(uint32_t)(1000 * i) - c->snd_nxt;

		c->snd_una += by;
		c->snd_nxt += by;
		c->snd_max += by;
		c->recover += by;
		c->snd_wl2 += by;
		s->rcv_nxt += by;
		s->rcv_edge += by;
		s->snd_wl1 += by;
		up = (struct stream){ .from = CLIENT, .id = 3, .writer = client, .reader = server,
				      .total = 50000 };
		while (up.got < up.total) {
			stream_step(&up);
			wire_step();
			assert_true(wire.now < 1000000);
		}
	}
}

/* Nobody reads: the window shuts, is probed, and opens again. */
static void test_shut_window(void **state)
{
	uint8_t data[4096] = { 0 };
	unsigned int sent;
	uint32_t written = 0, got = 0;
	int server, client, n;

	(void)state;
	wire_init(1);
	connected(&server, &client);
	for (n = 0; n < 100; n++) {
		written += tcp_write(&wire.net[CLIENT], client, data, sizeof(data));
		wire_steps(10);
	}
	assert_int_equal(written, 2 * TCP_BUFFER);
	assert_int_equal(wire.net[CLIENT].tcp[client].snd_wnd, 0);
	sent = wire.sent[CLIENT];
	wire_steps(600000);
	/* At most one a minute in the end, and not given up. */
	assert_in_range(wire.sent[CLIENT] - sent, 10, 30);
	assert_true(tcp_is_open(&wire.net[CLIENT], client));
	wire.cut = true;		/* and the news of the open window is lost */
	got = tcp_read(&wire.net[SERVER], server, data, sizeof(data));
	wire_steps(10);
	wire.cut = false;
	wire_steps(130000);
	while ((n = tcp_read(&wire.net[SERVER], server, data, sizeof(data))) > 0) {
		got += n;
		wire_steps(1000);
	}
	assert_int_equal(got, written);
}

/* A peer that is gone: tries that are farther and farther apart, then an end. */
static void test_gone(void **state)
{
	uint64_t begin, last = 0, gap, before = 0;
	unsigned int sent = 0, tries = 0;
	int server, client;

	(void)state;
	wire_init(1);
	connected(&server, &client);
	wire_steps(100);
	wire.cut = true;
	assert_int_equal(tcp_write(&wire.net[CLIENT], client, "x", 1), 1);
	begin = wire.now;
	sent = wire.sent[CLIENT];
	while (!tcp_was_reset(&wire.net[CLIENT], client)) {
		wire_step();
		assert_true(wire.now < begin + 600000);
		if (wire.sent[CLIENT] == sent || wire.last[CLIENT][12] != 8 ||
		    wire.last[CLIENT][13])
			continue;
		sent = wire.sent[CLIENT];
		gap = last ? wire.now - last : 0;
		/* ARP asks again beside it, so that not each is seen here. */
		assert_true(!before || gap >= before || tries > 7);
		before = gap;
		last = wire.now;
		tries++;
	}
	assert_in_range(tries, 5, 12);
	assert_true(wire.now - begin > 100000);
	assert_int_equal(tcp_read(&wire.net[CLIENT], client, &(uint8_t){ 0 }, 1), -1);
}

/* --- by hand ---------------------------------------------------------------------- */

/* A segment as if from @ip's port 5000, right into the server; the answer's length. */
static size_t inject(uint32_t ip, struct tcp_segment seg, struct tcp_segment *answer)
{
	uint8_t frame[NET_FRAME_MAX] = { 0 };
	struct ip_packet packet = { .from = ip, .to = SERVER_IP, .protocol = IP_TCP };
	struct eth_header eth = { .to = { 2, 0, 0, 0, 0, 2 }, .from = { 2, 0, 0, 0, 0, 1 },
				  .type = ETH_IPV4 };
	unsigned int before = wire.sent[SERVER];
	size_t header = TCP_HEADER + (seg.mss ? TCP_MSS_OPTION : 0);

	seg.to_port = PORT;
	if (seg.len)
		memcpy(frame + PAYLOAD_AT + header, seg.data, seg.len);
	tcp_build(frame + PAYLOAD_AT, &seg, ip, SERVER_IP);
	packet.len = header + seg.len;
	ip_build(frame + IP_AT, &packet, 1);
	eth_build(frame, &eth);
	net_input(&wire.net[SERVER], wire.now, frame, PAYLOAD_AT + packet.len);
	/* A question for an address that it does not know is no answer. */
	if (wire.sent[SERVER] == before || get_be16(wire.last[SERVER] + 12) != ETH_IPV4)
		return 0;
	assert_true(ip_parse(wire.last[SERVER] + IP_AT, wire.last_len[SERVER] - IP_AT, &packet));
	assert_true(tcp_parse(&packet, answer));
	return wire.last_len[SERVER];
}

static struct tcp_segment segment(uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack)
{
	return (struct tcp_segment){ .from_port = port, .flags = flags, .seq = seq, .ack = ack,
				     .window = 8192 };
}

/* The server knows the client's address, and has one connection: rcv_nxt 101. */
static struct tcp *by_hand(uint32_t *our_next)
{
	struct tcp_segment answer;
	int c;

	wire_init(1);
	assert_true(tcp_listen(&wire.net[SERVER], PORT));
	net_udp_send(&wire.net[CLIENT], SERVER_IP, 7, 7, "x", 1);
	wire_steps(20);
	wire.cut = true;
	assert_true(inject(CLIENT_IP, segment(5000, TCP_SYN, 100, 0), &answer));
	assert_int_equal(answer.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(answer.ack, 101);
	assert_int_equal(answer.mss, 1460);
	*our_next = answer.seq + 1;
	assert_int_equal(inject(CLIENT_IP, segment(5000, TCP_ACK, 101, *our_next), &answer), 0);
	c = tcp_accept(&wire.net[SERVER], PORT);
	assert_true(c >= 0);
	return &wire.net[SERVER].tcp[c];
}

/* RFC 5961: what a blind attacker can send ends nothing. */
static void test_blind(void **state)
{
	struct tcp_segment a;
	uint32_t ours;
	struct tcp *c = by_hand(&ours);

	(void)state;
	assert_true(inject(CLIENT_IP, segment(5000, TCP_RST, 200, 0), &a));	/* in the window */
	assert_int_equal(a.flags, TCP_ACK);
	assert_int_equal(a.ack, 101);
	assert_int_equal(inject(CLIENT_IP, segment(5000, TCP_RST, 300, 0), &a), 0);
	wire.now += 1000;
	assert_int_equal(inject(CLIENT_IP, segment(5000, TCP_RST, 99, 0), &a), 0);
	assert_int_equal(inject(CLIENT_IP, segment(5000, TCP_RST, 101 + TCP_BUFFER, 0), &a), 0);
	assert_true(inject(CLIENT_IP, segment(5000, TCP_SYN, 101, 0), &a));
	assert_int_equal(a.flags, TCP_ACK);
	wire.now += 1000;
	assert_true(inject(CLIENT_IP, segment(5000, TCP_ACK, 101, ours + 1), &a));	/* future */
	wire.now += 1000;
	assert_true(inject(CLIENT_IP, segment(5000, TCP_ACK, 101, ours - 100000), &a));
	assert_int_equal(c->state, TCP_ESTABLISHED);
	assert_int_equal(inject(CLIENT_IP, segment(5000, TCP_RST, 101, 0), &a), 0);
	assert_int_equal(c->state, TCP_CLOSED);
	assert_true(c->reset);
}

/* Ports that nobody listens at, and segments of no connection. */
static void test_refused(void **state)
{
	struct tcp_segment a;
	uint32_t ours;

	(void)state;
	by_hand(&ours);
	assert_true(inject(CLIENT_IP, segment(6000, TCP_ACK, 1, 77), &a));
	assert_int_equal(a.flags, TCP_RST);
	assert_int_equal(a.seq, 77);
	assert_true(inject(CLIENT_IP, segment(6000, TCP_FIN, 10, 0), &a));
	assert_int_equal(a.flags, TCP_RST | TCP_ACK);
	assert_int_equal(a.ack, 11);
	assert_int_equal(inject(CLIENT_IP, segment(6000, TCP_RST, 10, 0), &a), 0);
	assert_int_equal(inject(CLIENT_IP, segment(6000, 0x3f, 10, 0), &a), 0);
	assert_int_equal(inject(SERVER_IP, segment(6000, TCP_SYN, 10, 0), &a), 0);
	assert_int_equal(inject(0x7f000001, segment(6000, TCP_SYN, 10, 0), &a), 0);
	assert_int_equal(inject(0xe0000001, segment(6000, TCP_SYN, 10, 0), &a), 0);
	assert_int_equal(inject(0x0a0000ff, segment(6000, TCP_SYN, 10, 0), &a), 0);
	assert_true(inject(CLIENT_IP, segment(6001, TCP_SYN, 10, 0), &a));
	assert_int_equal(a.flags, TCP_SYN | TCP_ACK);
	assert_true(inject(CLIENT_IP, segment(6001, TCP_ACK, 11, a.seq + 2), &a));
	assert_int_equal(a.flags, TCP_RST);
}

/* Segments that overlap, come early, or partly lie outside the window. */
static void test_early(void **state)
{
	static const uint8_t text[] = "abcdefghijklmnopqrstuvwxyz";
	struct tcp_segment a, s;
	uint32_t ours;
	struct tcp *c = by_hand(&ours);
	uint8_t got[64];
	int n = c - wire.net[SERVER].tcp;

	(void)state;
#define SEND(from, count, flag) do {						\
	s = segment(5000, TCP_ACK | (flag), 101 + (from), ours);		\
	s.data = text + (from);							\
	s.len = (count);							\
	inject(CLIENT_IP, s, &a);						\
} while (0)
	SEND(10, 5, 0);
	assert_int_equal(a.ack, 101);
	SEND(15, 5, 0);
	SEND(24, 2, TCP_FIN);			/* does not join: dropped, and FIN with it */
	SEND(5, 7, 0);
	assert_int_equal(c->rcv_nxt, 101);
	SEND(0, 7, 0);
	assert_int_equal(c->rcv_nxt, 121);
	SEND(3, 6, 0);				/* old */
	SEND(18, 6, 0);
	assert_int_equal(c->rcv_nxt, 125);
	SEND(24, 2, TCP_FIN);
	assert_int_equal(c->rcv_nxt, 128);
	assert_int_equal(c->state, TCP_CLOSE_WAIT);
	SEND(24, 2, TCP_FIN);
	assert_int_equal(tcp_read(&wire.net[SERVER], n, got, sizeof(got)), 26);
	assert_memory_equal(got, text, 26);
	assert_int_equal(tcp_read(&wire.net[SERVER], n, got, sizeof(got)), -1);
	assert_int_equal(tcp_write(&wire.net[SERVER], n, "bye", 3), 3);
	tcp_close(&wire.net[SERVER], n);
	assert_int_equal(c->state, TCP_LAST_ACK);
	inject(CLIENT_IP, segment(5000, TCP_ACK, 128, ours + 4), &a);
	assert_int_equal(c->state, TCP_CLOSED);
	assert_false(c->reset);
#undef SEND
}

/* All ways in which the two FINs and their acknowledgments can meet. */
static void test_ends(void **state)
{
	struct tcp_segment a;
	uint32_t ours;
	struct tcp *c = by_hand(&ours);

	(void)state;
	tcp_close(&wire.net[SERVER], c - wire.net[SERVER].tcp);
	assert_int_equal(c->state, TCP_FIN_WAIT_1);
	inject(CLIENT_IP, segment(5000, TCP_ACK, 101, ours + 1), &a);
	assert_int_equal(c->state, TCP_FIN_WAIT_2);
	inject(CLIENT_IP, segment(5000, TCP_ACK | TCP_FIN, 101, ours + 1), &a);
	assert_int_equal(c->state, TCP_TIME_WAIT);
	assert_int_equal(a.ack, 102);
	assert_int_equal(inject(CLIENT_IP, segment(5000, TCP_RST, 102, 0), &a), 0);
	assert_int_equal(c->state, TCP_TIME_WAIT);
	assert_true(inject(CLIENT_IP, segment(5000, TCP_ACK | TCP_FIN, 101, ours + 1), &a));
	/* A new connection from the same port, later than the old one. */
	wire.now += 100;
	assert_true(inject(CLIENT_IP, segment(5000, TCP_SYN, 1000, 0), &a));
	assert_int_equal(a.flags, TCP_SYN | TCP_ACK);
	assert_true(seq_after(a.seq, ours + 1) > 0);

	c = by_hand(&ours);			/* both at once */
	tcp_close(&wire.net[SERVER], c - wire.net[SERVER].tcp);
	inject(CLIENT_IP, segment(5000, TCP_ACK | TCP_FIN, 101, ours), &a);
	assert_int_equal(c->state, TCP_CLOSING);
	inject(CLIENT_IP, segment(5000, TCP_ACK, 102, ours + 1), &a);
	assert_int_equal(c->state, TCP_TIME_WAIT);
	wire_steps(40000);
	assert_int_equal(c->state, TCP_CLOSED);

	c = by_hand(&ours);			/* FIN and the acknowledgment of ours in one */
	tcp_close(&wire.net[SERVER], c - wire.net[SERVER].tcp);
	inject(CLIENT_IP, segment(5000, TCP_ACK | TCP_FIN, 101, ours + 1), &a);
	assert_int_equal(c->state, TCP_TIME_WAIT);

	c = by_hand(&ours);			/* the peer never closes */
	tcp_close(&wire.net[SERVER], c - wire.net[SERVER].tcp);
	inject(CLIENT_IP, segment(5000, TCP_ACK, 101, ours + 1), &a);
	wire_steps(70000);
	assert_int_equal(c->state, TCP_CLOSED);
}

/* Many SYNs from everywhere; those who mean it come through. */
static void test_flood(void **state)
{
	struct tcp_segment a;
	unsigned int i, half, ends;
	uint32_t ours;
	struct tcp *c = by_hand(&ours), *t;

	(void)state;
	for (i = 0; i < 5000; i++) {
		wire.now++;
		inject(0x0a000003 + i % 200, segment(1024 + i, TCP_SYN, i, 0), &a);
		inject(0xc6336400 + i % 200, segment(1024 + i, TCP_SYN, i, 0), &a);
	}
	for (t = wire.net[SERVER].tcp, half = 0; t < wire.net[SERVER].tcp + TCP_CONNECTIONS; t++)
		half += t->state == TCP_SYN_RECEIVED;
	assert_int_equal(half, TCP_BACKLOG);
	assert_int_equal(c->state, TCP_ESTABLISHED);
	assert_true(inject(CLIENT_IP, segment(5001, TCP_SYN, 500, 0), &a));
	inject(CLIENT_IP, segment(5001, TCP_ACK, 501, a.seq + 1), &a);
	assert_true(tcp_accept(&wire.net[SERVER], PORT) >= 0);
	wire_steps(100000);
	for (t = wire.net[SERVER].tcp, ends = 0; t < wire.net[SERVER].tcp + TCP_CONNECTIONS; t++)
		ends += t->state != TCP_CLOSED;
	assert_int_equal(ends, 2);
}

/* All connections in use: the next is refused without harm, and works when one has gone. */
static void test_full(void **state)
{
	int server[TCP_CONNECTIONS], client[TCP_CONNECTIONS], one;
	unsigned int i;

	(void)state;
	wire_init(1);
	for (i = 0; i < TCP_CONNECTIONS; i++)
		connected(&server[i], &client[i]);
	assert_int_equal(tcp_open(&wire.net[CLIENT], SERVER_IP, PORT), -1);
	tcp_abort(&wire.net[CLIENT], client[5]);
	wire_steps(10);
	for (i = 0; i < TCP_CONNECTIONS; i++)
		assert_int_equal(tcp_was_reset(&wire.net[SERVER], server[i]),
				 wire.net[SERVER].tcp[server[i]].state == TCP_CLOSED);
	one = tcp_open(&wire.net[CLIENT], SERVER_IP, PORT);
	assert_int_equal(one, client[5]);
	wire_steps(100);
	/* The application has not let go of the old one yet. */
	assert_true(wire.net[SERVER].counters.refused > 0);
	for (i = 0; i < TCP_CONNECTIONS; i++)
		if (tcp_was_reset(&wire.net[SERVER], server[i]))
			tcp_close(&wire.net[SERVER], server[i]);
	wire_steps(3000);
	assert_true(tcp_accept(&wire.net[SERVER], PORT) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_wire), cmocka_unit_test(test_bad_wire),
		cmocka_unit_test(test_wraps), cmocka_unit_test(test_shut_window),
		cmocka_unit_test(test_gone), cmocka_unit_test(test_blind),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_early),
		cmocka_unit_test(test_ends), cmocka_unit_test(test_flood),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
