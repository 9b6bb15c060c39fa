// SPDX-License-Identifier: GPL-2.0-or-later
/* The checks of S3: known values, every way to cut, and sums of sums. */
#include "crypto/crc.h"
#include "rlnc_util.h"

/* Bit by bit, most significant coefficient first: shares nothing with the library. */
static uint64_t naive(enum crc_kind kind, const uint8_t *p, size_t len)
{
	static const uint64_t polynomial[CRC_KINDS] = {
		0x04c11db7, 0x1edc6f41, 0xad93d23594c93659,
	};
	const unsigned int width = 8 * crc_bytes(kind);
	const uint64_t top = 1ull << (width - 1), all = top | (top - 1);
	uint64_t r = all, reflected = 0;
	unsigned int bit;

	for (; len--; p++)
		for (bit = 0; bit < 8; bit++) {
			uint64_t in = (uint64_t)(*p >> bit & 1) << (width - 1);

			r ^= in;
			r = r & top ? r << 1 ^ polynomial[kind] : r << 1;
		}
	for (bit = 0; bit < width; bit++)
		if (r >> bit & 1)
			reflected |= top >> bit;
	return ~reflected & all;
}

/* The catalogue of parametrised CRCs: CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME */
static void check_values(void **state)
{
	static const uint64_t check[CRC_KINDS] = { 0xcbf43926, 0xe3069283, 0xae8b14860a799888 };
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < CRC_KINDS; kind++) {
		assert_true(crc_update(kind, 0, "123456789", 9) == check[kind]);
		assert_true(naive(kind, (const uint8_t *)"123456789", 9) == check[kind]);
		assert_true(crc_update(kind, 0, "", 0) == 0);
	}
	assert_int_equal(crc_bytes(CRC_32), 4);
	assert_int_equal(crc_bytes(CRC_64NVME), 8);
	assert_int_equal(crc_bytes(CRC_KINDS), 0);
}

/* Every length up to several folds, at every alignment, at the end of a page. */
static void lengths(void **state)
{
	unsigned int kind;
	size_t len;

	(void)state;
	for (len = 0; len < 400; len++) {
		struct guarded g;

		guarded_alloc(&g, len, 1);
		random_fill(g.data, len);
		for (kind = 0; kind < CRC_KINDS; kind++)
			assert_true(crc_update(kind, 0, g.data, len) == naive(kind, g.data, len));
		guarded_free(&g);
	}
}

static void pieces(void **state)
{
	static uint8_t data[70000];
	unsigned int round, kind;

	(void)state;
	random_fill(data, sizeof(data));
	for (kind = 0; kind < CRC_KINDS; kind++) {
		uint64_t whole = crc_update(kind, 0, data, sizeof(data));

		assert_true(whole == naive(kind, data, sizeof(data)));
		for (round = 0; round < 50; round++) {
			size_t cut = random_below(sizeof(data) + 1);
			uint64_t a = crc_update(kind, 0, data, cut);
			uint64_t b = crc_update(kind, 0, data + cut, sizeof(data) - cut);

			assert_true(crc_update(kind, a, data + cut, sizeof(data) - cut) == whole);
			assert_true(crc_combine(kind, a, b, sizeof(data) - cut) == whole);
		}
	}
	assert_true(crc64nvme_table(0, data, sizeof(data)) ==
		    crc_update(CRC_64NVME, 0, data, sizeof(data)));
}

/* Pieces too long to be held: their sums are combined from halves. */
static void long_pieces(void **state)
{
	static uint8_t zeros[4096];
	unsigned int kind, i;

	(void)state;
	for (kind = 0; kind < CRC_KINDS; kind++) {
		uint64_t sum = crc_update(kind, 0, zeros, sizeof(zeros)), len = sizeof(zeros);
		uint64_t slow = sum, one = sum;

		for (i = 0; i < 4; i++, len *= 2)
			sum = crc_combine(kind, sum, sum, len);
		for (i = 1; i < 16; i++)
			slow = crc_combine(kind, slow, one, sizeof(zeros));
		assert_true(sum == slow);
		/* Associative at lengths that no memory has. */
		assert_true(crc_combine(kind, crc_combine(kind, 1, 2, 1ull << 50), 3, 1ull << 51) ==
			    crc_combine(kind, 1, crc_combine(kind, 2, 3, 1ull << 51),
					(1ull << 50) + (1ull << 51)));
		assert_true(crc_combine(kind, sum, 0, 0) == sum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_values), cmocka_unit_test(lengths),
		cmocka_unit_test(pieces), cmocka_unit_test(long_pieces),
	};

	return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
