// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments: golden bytes, there and back, every rule broken, every length. */
#include <errno.h>

#include "base/hex.h"
#include "pipe_util.h"

/* The format does not change without a new version. */
static void golden(void **state)
{
	static const char want[] =
		"534b59460101010504060000c000000067656e65726174696f6e203132333435c0431ce5000000000000000000000000000000000000000000000000743db4ef07080009000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
	uint8_t buf[GOOD_MAX];
	char text[2 * 128 + 1];

	(void)state;
	assert_int_equal(good_fragment(buf, SKY_FRAGMENT_COEFFS), sizeof(buf));
	hex_encode(buf, 128, text);
	assert_string_equal(text, want);
}

static void there_and_back(void **state)
{
	uint8_t buf[GOOD_MAX], again[GOOD_MAX];
	unsigned int flags;
	struct fragment f;

	(void)state;
	for (flags = 0; flags <= SKY_FRAGMENT_COEFFS; flags++) {
		size_t len = good_fragment(buf, flags);

		assert_int_equal(fragment_parse(&f, buf, len), 0);
		assert_int_equal(f.mode, SKY_DENSE);
		assert_int_equal(f.flags, flags);
		assert_int_equal(f.row, 5);
		assert_int_equal(f.k, GOOD_K);
		assert_int_equal(f.n, 6);
		assert_int_equal(f.symbol_bytes, GOOD_SYMBOL);
		assert_memory_equal(f.generation, "generation 12345", 16);
		assert_ptr_equal(f.symbol, buf + len - GOOD_SYMBOL);
		assert_true(flags ? !!f.coeffs && f.coeffs[3] == 9 : !f.coeffs);
		assert_true(fragment_symbol_ok(&f));
		memcpy(again, buf, len);
		memset(again, 0xee, fragment_head_bytes(GOOD_K, flags));
		fragment_format(again, &f);
		assert_memory_equal(again, buf, len);
		buf[len - 1] ^= 1;
		assert_int_equal(fragment_parse(&f, buf, len), 0);
		assert_false(fragment_symbol_ok(&f));
	}
}

static void symbols(void **state)
{
	(void)state;
	assert_int_equal(fragment_symbol_bytes(1, 1), 64);
	assert_int_equal(fragment_symbol_bytes(64, 1), 64);
	assert_int_equal(fragment_symbol_bytes(65, 1), 128);
	assert_int_equal(fragment_symbol_bytes(1, 128), 64);
	assert_int_equal(fragment_symbol_bytes(4 << 20, 4), 1 << 20);
	assert_int_equal(fragment_symbol_bytes((4 << 20) + 1, 4), (1 << 20) + 64);
	assert_int_equal(fragment_symbol_bytes(SKY_MAX_GENERATION, 1), SKY_MAX_SYMBOL);
}

#define RULE(name, change)							\
	static void name(struct sky_fragment_hdr *h) { h->change; }

RULE(magic, magic = cpu_to_le32(SKY_FRAGMENT_MAGIC + 1))
RULE(mode, mode = 2)
RULE(unknown_flag, flags |= 2)
RULE(k_zero, k = 0)
RULE(k_high, k = SKY_MAX_K + 1)
RULE(k_above_n, k = 7)
RULE(row_high, row = 6)
RULE(symbol_zero, symbol_bytes = 0)
RULE(symbol_odd, symbol_bytes = cpu_to_le32(GOOD_SYMBOL + 1))
RULE(symbol_long, symbol_bytes = cpu_to_le32(GOOD_SYMBOL + 64))
RULE(symbol_short, symbol_bytes = cpu_to_le32(GOOD_SYMBOL - 64))
RULE(symbol_huge, symbol_bytes = cpu_to_le32(0xffffffc0))
RULE(reserved0, reserved0[1] = 1)
RULE(reserved1, reserved1[23] = 1)
RULE(no_coeffs, flags = 0)

static void coeffs_padding(struct sky_fragment_hdr *h)
{
	((uint8_t *)(h + 1))[GOOD_K] = 1;
}

static void each_rule(void **state)
{
	static void (*const rules[])(struct sky_fragment_hdr *h) = {
		magic, mode, unknown_flag, k_zero, k_high, k_above_n, row_high, symbol_zero,
		symbol_odd, symbol_long, symbol_short, symbol_huge, reserved0, reserved1,
		no_coeffs, coeffs_padding,
	};
	_Alignas(8) uint8_t buf[GOOD_MAX];
	struct fragment f;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t len = good_fragment(buf, SKY_FRAGMENT_COEFFS);

		rules[i]((struct sky_fragment_hdr *)buf);
		fragment_resum(buf, 128);
		if (fragment_parse(&f, buf, len) != -EBADMSG)
			fail_msg("rule %u is not kept", i);
	}
	report_kinds("fragments", ARRAY_SIZE(rules));
}

/* Of the head every bit counts; another version is told apart. */
static void every_bit(void **state)
{
	uint8_t buf[GOOD_MAX];
	size_t len = good_fragment(buf, SKY_FRAGMENT_COEFFS), bit;
	struct fragment f;
	int want;

	(void)state;
	for (bit = 0; bit < 8 * 128; bit++) {
		buf[bit / 8] ^= 1 << bit % 8;
		want = bit / 8 == offsetof(struct sky_fragment_hdr, version) ?
		       -EPROTONOSUPPORT : -EBADMSG;
		assert_int_equal(fragment_parse(&f, buf, len), want);
		buf[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(fragment_parse(&f, buf, len), 0);
}

/* Cut off anywhere, at the end of a page; and with a byte too many. */
static void every_length(void **state)
{
	uint8_t buf[GOOD_MAX + 1] = { 0 };
	size_t len = good_fragment(buf, SKY_FRAGMENT_COEFFS), cut;
	struct fragment f;

	(void)state;
	for (cut = 0; cut <= len + 1; cut++) {
		struct guarded g;

		guarded_alloc(&g, cut, 1);
		memcpy(g.data, buf, cut);
		assert_int_equal(fragment_parse(&f, g.data, cut), cut == len ? 0 : -EBADMSG);
		guarded_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden), cmocka_unit_test(there_and_back),
		cmocka_unit_test(symbols), cmocka_unit_test(each_rule),
		cmocka_unit_test(every_bit), cmocka_unit_test(every_length),
	};

	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
