// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets on the wire: one golden image per kind, and one bad one per rule. */
#include <errno.h>

#include "rlnc_util.h"

/* k = 3, generation 0x1122334455667788, five bytes of symbol. */
static const uint8_t vector_image[] = {
	'R', 'L', 'N', 'C', 1, 1, 1, 3, 0, 0, 0, 0, 5, 0, 0, 0,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0, 0, 0, 0, 0,
	9, 0, 7, 0, 0, 0, 0, 0,
	'h', 'e', 'l', 'l', 'o',
};

/* The same as row 254 of a systematic code. */
static const uint8_t row_image[] = {
	'R', 'L', 'N', 'C', 1, 0, 0, 3, 254, 0, 0, 0, 5, 0, 0, 0,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0, 0, 0, 0, 0,
	'h', 'e', 'l', 'l', 'o',
};

/* A packet with its coefficients is taken apart. */
static void parse_vector(void **state)
{
	struct rlnc_packet pkt;

	(void)state;
	assert_int_equal(rlnc_packet_parse(&pkt, vector_image, sizeof(vector_image)), 0);
	assert_int_equal(pkt.kind, RLNC_PACKET_VECTOR);
	assert_int_equal(pkt.mode, RLNC_DENSE);
	assert_int_equal(pkt.k, 3);
	assert_int_equal(pkt.generation, 0x1122334455667788);
	assert_ptr_equal(pkt.coeffs, vector_image + 32);
	assert_ptr_equal(pkt.symbol, vector_image + 40);
	assert_int_equal(pkt.symbol_len, 5);
}

/* A packet that names its row is taken apart. */
static void parse_row(void **state)
{
	struct rlnc_packet pkt;

	(void)state;
	assert_int_equal(rlnc_packet_parse(&pkt, row_image, sizeof(row_image)), 0);
	assert_int_equal(pkt.kind, RLNC_PACKET_ROW);
	assert_int_equal(pkt.mode, RLNC_SYSTEMATIC);
	assert_int_equal(pkt.row, 254);
	assert_null(pkt.coeffs);
	assert_ptr_equal(pkt.symbol, row_image + 32);
}

/* What is written is the golden image. */
static void format_golden(void **state)
{
	struct rlnc_packet pkt;
	uint8_t buf[64];

	(void)state;
	rlnc_packet_parse(&pkt, vector_image, sizeof(vector_image));
	memset(buf, 0xa5, sizeof(buf));
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &pkt), 40);
	assert_memory_equal(buf, vector_image, 40);
	assert_int_equal(buf[40], 0xa5);
	rlnc_packet_parse(&pkt, row_image, sizeof(row_image));
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &pkt), 32);
	assert_memory_equal(buf, row_image, 32);
}

/* A description that would not parse is not written; nor one without room. */
static void format_refuses(void **state)
{
	struct rlnc_packet good, bad;
	uint8_t buf[64], zero[3] = { 0 };

	(void)state;
	rlnc_packet_parse(&good, vector_image, sizeof(vector_image));
	assert_int_equal(rlnc_packet_format(buf, 39, &good), -ENOSPC);
	assert_int_equal(rlnc_packet_format(buf, 0, &good), -ENOSPC);
	bad = good;
	bad.k = 129;
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &bad), -EINVAL);
	bad = good;
	bad.row = 1;
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &bad), -EINVAL);
	bad = good;
	bad.symbol_len = 0;
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &bad), -EINVAL);
	bad = good;
	bad.coeffs = NULL;
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &bad), -EINVAL);
	bad = good;
	bad.coeffs = zero;
	assert_int_equal(rlnc_packet_format(buf, sizeof(buf), &bad), -EINVAL);
}

/* One change each to a good image, and the error that it must give. */
static const struct {
	const char *rule;
	const uint8_t *image;
	size_t len;
	size_t offset;
	uint8_t value;
	int err;
} bad[] = {
#define V(rule, offset, value) { rule, vector_image, sizeof(vector_image), offset, value, -EBADMSG }
#define R(rule, offset, value) { rule, row_image, sizeof(row_image), offset, value, -EBADMSG }
	V("magic, first byte", 0, 'r'),
	V("magic, last byte", 3, 'D'),
	V("kind", 5, 2),
	V("mode", 6, 2),
	V("no data symbols", 7, 0),
	V("too many data symbols", 7, 129),
	R("row out of range", 8, 255),
	V("row beside coefficients", 8, 1),
	V("reserved, first", 9, 1),
	V("reserved, last of the first part", 11, 0x80),
	V("symbol shorter than it says", 12, 6),
	V("symbol longer than it says", 12, 4),
	V("symbol of no bytes", 12, 0),
	V("symbol too long", 15, 1),
	V("reserved, second part", 24, 1),
	V("reserved, last", 31, 1),
	V("padding of coefficients, first", 35, 1),
	V("padding of coefficients, last", 39, 1),
	{ "version", vector_image, sizeof(vector_image), 4, 2, -EPROTONOSUPPORT },
	{ "version zero", vector_image, sizeof(vector_image), 4, 0, -EPROTONOSUPPORT },
};

/* Every rule is enforced. */
static void bad_headers(void **state)
{
	struct rlnc_packet pkt;
	uint8_t buf[64];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memcpy(buf, bad[i].image, bad[i].len);
		buf[bad[i].offset] = bad[i].value;
		if (rlnc_packet_parse(&pkt, buf, bad[i].len) != bad[i].err)
			fail_msg("accepted, or for another reason: %s", bad[i].rule);
	}
	print_message("# damaged packets: %u kinds, each refused\n",
		      (unsigned int)ARRAY_SIZE(bad));
}

/* A packet whose coefficients are all zero carries nothing. */
static void zero_coefficients(void **state)
{
	uint8_t buf[sizeof(vector_image)];
	struct rlnc_packet pkt;

	(void)state;
	memcpy(buf, vector_image, sizeof(buf));
	memset(buf + 32, 0, 3);
	assert_int_equal(rlnc_packet_parse(&pkt, buf, sizeof(buf)), -EBADMSG);
}

/* Every byte cut off or added makes a packet bad, and none beyond it is read. */
static void every_length(void **state)
{
	struct rlnc_packet pkt;
	struct guarded g;
	size_t len;
	int at_end;

	(void)state;
	for (at_end = 0; at_end < 2; at_end++)
		for (len = 0; len <= sizeof(vector_image) + 1; len++) {
			guarded_alloc(&g, len, at_end);
			memcpy(g.data, vector_image, min(len, sizeof(vector_image)));
			assert_int_equal(rlnc_packet_parse(&pkt, g.data, len),
					 len == sizeof(vector_image) ? 0 : -EBADMSG);
			guarded_free(&g);
		}
}

/* The longest vector is read to its end and no further. */
static void longest_vector(void **state)
{
	const size_t len = 32 + 128 + 1;
	struct rlnc_packet pkt;
	struct guarded g;

	(void)state;
	guarded_alloc(&g, len, 1);
	memcpy(g.data, vector_image, 32);
	g.data[7] = 128;
	g.data[12] = 1;
	memset(g.data + 32, 0, 129);
	g.data[32 + 127] = 1;
	assert_int_equal(rlnc_packet_parse(&pkt, g.data, len), 0);
	assert_int_equal(pkt.k, 128);
	guarded_free(&g);
}

/* What is formatted parses to the same description. */
static void round_trip(void **state)
{
	uint8_t coeffs[128], buf[32 + 128 + 256];
	struct rlnc_packet in, out;
	unsigned int round;
	int front;

	(void)state;
	for (round = 0; round < 500; round++) {
		memset(&in, 0, sizeof(in));
		in.kind = random_below(2);
		in.mode = random_below(2);
		in.k = 1 + random_below(128);
		in.row = in.kind == RLNC_PACKET_ROW ? random_below(255) : 0;
		in.generation = (u64)random_u32() << 32 | random_u32();
		in.symbol_len = 1 + random_below(256);
		random_fill(coeffs, sizeof(coeffs));
		coeffs[0] |= 1;
		in.coeffs = coeffs;
		front = rlnc_packet_format(buf, sizeof(buf), &in);
		assert_int_equal(front, rlnc_packet_header_size(in.kind, in.k));
		assert_int_equal(rlnc_packet_parse(&out, buf, front + in.symbol_len), 0);
		assert_int_equal(out.kind, in.kind);
		assert_int_equal(out.mode, in.mode);
		assert_int_equal(out.k, in.k);
		assert_int_equal(out.row, in.row);
		assert_int_equal(out.generation, in.generation);
		assert_int_equal(out.symbol_len, in.symbol_len);
		if (in.kind == RLNC_PACKET_VECTOR)
			assert_memory_equal(out.coeffs, coeffs, in.k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_vector),
		cmocka_unit_test(parse_row),
		cmocka_unit_test(format_golden),
		cmocka_unit_test(format_refuses),
		cmocka_unit_test(bad_headers),
		cmocka_unit_test(zero_coefficients),
		cmocka_unit_test(every_length),
		cmocka_unit_test(longest_vector),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
