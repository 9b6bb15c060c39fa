// SPDX-License-Identifier: GPL-2.0-or-later
/* TFTP: packets with every field wrong, whole transfers, and what the net does to them. */
#include <errno.h>
#include <stdio.h>

#include "format_util.h"
#include "proto/tftp.h"

/* A packet with NULs in it, from a string. */
struct bytes {
	const u8 *at;
	size_t len;
};

#define P(text)	((struct bytes){ (const u8 *)(text), sizeof(text) - 1 })
#define WRQ(options)	P("\0\2img\0octet\0" options)

static struct tftp_transfer t;
static struct tftp_step step;

static void receive(struct bytes p)
{
	u8 *edge = edge_copy(p.at, p.len);

	tftp_receive(&t, edge, p.len, &step);
	assert_true(step.answer_len <= p.len);
	edge_free(edge, p.len);
}

static void data(u16 number, size_t bytes)
{
	u8 packet[4 + 2000] = { 0, TFTP_DATA, number >> 8, number };

	receive((struct bytes){ packet, 4 + bytes });
}

static void answered(struct bytes expected)
{
	assert_int_equal(step.answer_len, expected.len);
	assert_memory_equal(step.answer, expected.at, expected.len);
}

static void acked(u16 number)
{
	u8 ack[4] = { 0, TFTP_ACK, number >> 8, number };

	answered((struct bytes){ ack, 4 });
}

static void silent(void)
{
	assert_int_equal(step.answer_len, 0);
	assert_null(step.data);
}

static void failed(u8 code)
{
	assert_int_equal(t.state, TFTP_OVER);
	assert_null(step.data);
	assert_true(step.answer_len > 4);
	assert_int_equal(step.answer[1], TFTP_ERROR);
	assert_int_equal(step.answer[3], code);
	assert_int_equal(step.answer[step.answer_len - 1], 0);
}

static int parse(struct bytes b, struct tftp_packet *p)
{
	return tftp_parse(b.at, b.len, p);
}

static void bad(struct bytes b)
{
	struct tftp_packet p;
	u8 *edge = edge_copy(b.at, b.len);

	assert_int_equal(tftp_parse(edge, b.len, &p), -EBADMSG);
	edge_free(edge, b.len);
	tftp_expect(&t, "img", 1000);
	receive(b);
	silent();
	assert_int_equal(t.state, TFTP_EXPECTED);
}

static void packets(void **state)
{
	struct tftp_packet p;

	(void)state;
	assert_int_equal(parse(P("\0\2a/b\0OcTeT\0BLKSIZE\0" "1400\0what\0\0tsize\0"
				      "18446744073709551615\0timeout\0" "255\0"), &p), 0);
	assert_int_equal(p.opcode, TFTP_WRQ);
	assert_string_equal(p.name, "a/b");
	assert_true(p.octet);
	assert_true(p.options.has_blksize && p.options.has_tsize && p.options.has_timeout);
	assert_int_equal(p.options.blksize, 1400);
	assert_true(p.options.tsize == ~0ull);
	assert_int_equal(p.options.timeout, 255);
	assert_int_equal(parse(P("\0\3\1\2xyz"), &p), 0);
	assert_int_equal(p.number, 0x102);
	assert_int_equal(p.len, 3);
	assert_int_equal(parse(P("\0\6blksize\0" "8\0"), &p), 0);
	assert_int_equal(p.options.blksize, 8);
	assert_int_equal(parse(P("\0\5\0\1no"), &p), 0);
	assert_int_equal(p.number, 1);
}

static void bad_packets(void **state)
{
	(void)state;
	bad(P(""));
	bad(P("\0"));
	bad(P("\0\2\0"));
	bad(P("\0\0\0\0"));
	bad(P("\0\7\0\0"));
	bad(P("\1\2img\0octet\0"));
	bad(P("\0\2img"));
	bad(P("\0\2img\0"));
	bad(P("\0\2img\0octet"));
	bad(P("\0\2\0octet\0"));
	bad(P("\0\4\0\1x"));
	bad(WRQ("blksize"));
	bad(WRQ("blksize\0"));
	bad(WRQ("blksize\0" "512"));
	bad(WRQ("\0" "512\0"));
	bad(WRQ("blksize\0\0"));
	bad(WRQ("blksize\0" "7\0"));
	bad(WRQ("blksize\0" "65465\0"));
	bad(WRQ("blksize\0" "-512\0"));
	bad(WRQ("blksize\0+512\0"));
	bad(WRQ("blksize\0 512\0"));
	bad(WRQ("blksize\0" "0x200\0"));
	bad(WRQ("blksize\0" "18446744073709552128\0"));
	bad(WRQ("timeout\0" "0\0"));
	bad(WRQ("timeout\0" "256\0"));
	bad(WRQ("tsize\0" "18446744073709551616\0"));
	bad(WRQ("tsize\0" "99999999999999999999999\0"));
	bad(WRQ("tsize\0" "1000\0TSIZE\0" "1000\0"));
}

/* What was not announced is not answered. */
static void strangers(void **state)
{
	(void)state;
	tftp_expect(&t, "img", 1000);
	receive(P("\0\2img2\0octet\0"));
	silent();
	receive(P("\0\2IMG\0octet\0"));
	silent();
	receive(P("\0\1img\0octet\0"));
	silent();
	data(1, 512);
	silent();
	receive(P("\0\4\0\0"));
	silent();
	receive(P("\0\5\0\0x\0"));
	silent();
	assert_int_equal(t.state, TFTP_EXPECTED);
	receive(WRQ(""));
	acked(0);
}

static void requests(void **state)
{
	(void)state;
	tftp_expect(&t, "img", 1000);
	receive(WRQ("blksize\0" "65464\0timeout\0" "9\0tsize\0" "1000\0"));
	answered(P("\0\6blksize\0" "1468\0timeout\0" "9\0tsize\0" "1000\0"));
	assert_int_equal(t.blksize, 1468);
	assert_int_equal(tftp_patience(&t), 54);
	tftp_expect(&t, "img", 1000);
	receive(WRQ("other\0x\0blksize\0" "8\0"));
	answered(P("\0\6blksize\0" "8\0"));
	/* The answer was lost, and the client asks for something else now. */
	receive(WRQ(""));
	acked(0);
	assert_int_equal(t.blksize, 512);
	tftp_expect(&t, "img", 1000);
	receive(P("\0\2img\0netascii\0"));
	failed(TFTP_ILLEGAL);
	tftp_expect(&t, "img", 1000);
	receive(WRQ("tsize\0" "1001\0"));
	failed(TFTP_UNDEFINED);
	receive(WRQ(""));
	silent();
}

/* Every length about the ends of blocks arrives whole. */
static void lengths(void **state)
{
	u64 size;

	(void)state;
	for (size = 0; size < 60; size++) {
		u64 at, n = 1;

		tftp_expect(&t, "img", size);
		receive(WRQ("blksize\0" "8\0"));
		for (at = 0;; at += 8, n++) {
			size_t bytes = size - at < 8 ? size - at : 8;

			assert_int_equal(t.state, TFTP_RECEIVING);
			data(n, bytes);
			acked(n);
			assert_non_null(step.data);
			assert_int_equal(step.offset, at);
			assert_int_equal(step.len, bytes);
			if (bytes < 8)
				break;
		}
		assert_int_equal(t.state, TFTP_COMPLETE);
		assert_int_equal(t.received, size);
	}
}

static void sizes_kept(void **state)
{
	(void)state;
	tftp_expect(&t, "img", 600);
	receive(WRQ(""));
	data(1, 513);
	failed(TFTP_ILLEGAL);
	tftp_expect(&t, "img", 600);
	receive(WRQ(""));
	data(1, 512);
	data(2, 89);
	failed(TFTP_FULL);
	tftp_expect(&t, "img", 600);
	receive(WRQ(""));
	data(1, 512);
	data(2, 87);
	failed(TFTP_UNDEFINED);
	data(2, 88);
	silent();
	tftp_expect(&t, "img", 600);
	receive(WRQ(""));
	data(1, 0);
	/* There is no room for an error in the length of the block. */
	assert_int_equal(t.state, TFTP_OVER);
	silent();
	tftp_expect(&t, "img", 512);
	receive(WRQ(""));
	data(1, 512);
	assert_int_equal(t.state, TFTP_RECEIVING);
	data(2, 512);
	failed(TFTP_FULL);
}

/* Duplicates are answered again, late and early blocks are not; none is written. */
static void order(void **state)
{
	(void)state;
	tftp_expect(&t, "img", 2000);
	receive(WRQ(""));
	data(0, 512);
	silent();
	data(2, 512);
	silent();
	data(1, 512);
	acked(1);
	data(1, 512);
	acked(1);
	assert_null(step.data);
	receive(WRQ(""));
	silent();
	data(2, 512);
	data(1, 512);
	silent();
	data(4, 464);
	silent();
	data(3, 512);
	data(4, 464);
	acked(4);
	assert_int_equal(t.state, TFTP_COMPLETE);
	data(4, 464);
	acked(4);
	assert_null(step.data);
	data(5, 0);
	silent();
	data(3, 512);
	silent();
	receive(WRQ(""));
	silent();
	receive(P("\0\5\0\0x\0"));
	assert_int_equal(t.state, TFTP_COMPLETE);
}

/* 65535 is followed by 0, twice. */
static void wraps(void **state)
{
	u64 size = 8 * 140000ull + 3, n;

	(void)state;
	tftp_expect(&t, "img", size);
	receive(WRQ("blksize\0" "8\0"));
	for (n = 1; n <= 140001; n++) {
		u8 packet[12] = { 0, TFTP_DATA, n >> 8, n };
		size_t len = n == 140001 ? 7 : 12;

		tftp_receive(&t, packet, len, &step);
		acked(n);
		assert_int_equal(step.offset, 8 * (n - 1));
		if (n % 65536 < 2) {
			tftp_receive(&t, packet, len, &step);
			acked(n);
			assert_null(step.data);
		}
	}
	assert_int_equal(t.state, TFTP_COMPLETE);
}

static void peer_gives_up(void **state)
{
	(void)state;
	tftp_expect(&t, "img", 2000);
	receive(WRQ(""));
	data(1, 512);
	receive(P("\0\5\0\3full\0"));
	silent();
	assert_int_equal(t.state, TFTP_OVER);
	data(2, 512);
	silent();
}

static void errors_fit(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 300; len++) {
		tftp_expect(&t, "img", 1);
		tftp_fail(&t, len, TFTP_FULL, "a text that is longer than many packets are, and longer than any answer may be: it goes on and on, to no end", &step);
		assert_true(step.answer_len <= len && step.answer_len <= TFTP_ANSWER_MAX);
		if (len > 4)
			failed(TFTP_FULL);
		else
			silent();
	}
}

/*
 * A client that repeats, over a net that loses, doubles and reorders in a random way: the
 * image arrives, in order and once.
 */
static void bad_net(void **state)
{
	static u8 image[5000], got[5000];
	unsigned int round, i;

	(void)state;
	srandom(1);
	for (i = 0; i < sizeof(image); i++)
		image[i] = random();
	for (round = 0; round < 200; round++) {
		u64 size = random() % sizeof(image), blocks = size / 100 + 1, next = 0;
		unsigned int steps = 0;

		tftp_expect(&t, "img", size);
		memset(got, 0, sizeof(got));
		while (next <= blocks) {
			/* Now and then one of the past. */
			s64 n = random() % 4 ? (s64)next : (s64)next - random() % 4;
			u64 at = (n - 1) * 100, bytes;
			u8 packet[104] = { 0, TFTP_DATA, n >> 8, n };

			assert_true(++steps < 20000);
			if (n < 0)
				continue;
			if (!(random() % 3))
				continue;
			if (!n) {
				receive(WRQ("blksize\0" "100\0"));
			} else {
				bytes = size - at < 100 ? size - at : 100;
				memcpy(packet + 4, image + at, bytes);
				tftp_receive(&t, packet, 4 + bytes, &step);
			}
			if (step.data)
				memcpy(got + step.offset, step.data, step.len);
			/* Is it heard, and what was waited for? */
			if (!step.answer_len || !(random() % 3))
				continue;
			if (!next ? step.answer[1] == TFTP_OACK :
			    step.answer[1] == TFTP_ACK && step.answer[3] == (u8)next)
				next++;
		}
		assert_int_equal(t.state, TFTP_COMPLETE);
		assert_memory_equal(got, image, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets), cmocka_unit_test(bad_packets),
		cmocka_unit_test(strangers), cmocka_unit_test(requests),
		cmocka_unit_test(lengths), cmocka_unit_test(sizes_kept), cmocka_unit_test(order),
		cmocka_unit_test(wraps), cmocka_unit_test(peer_gives_up),
		cmocka_unit_test(errors_fit), cmocka_unit_test(bad_net),
	};

	return cmocka_run_group_tests_name("tftp", tests, NULL, NULL);
}
