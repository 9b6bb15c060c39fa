// SPDX-License-Identifier: GPL-2.0-or-later
/* Nonces: none comes twice, above all where the counter ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "disk/nonce.h"

#define ID	0x1122334455667788ull
#define OTHER	0x99aabbccddeeff00ull

/* A nonce has to be taken, and be this id and this counter. */
static void takes(struct rlnc_nonces *n, u64 id, u32 counter)
{
	u8 nonce[RLNC_NONCE_BYTES], want[RLNC_NONCE_BYTES];

	memset(nonce, 0xaa, sizeof(nonce));
	memcpy(want, &id, 8);
	memcpy(want + 8, &counter, 4);
	assert_true(rlnc_nonces_take(n, nonce));
	assert_memory_equal(nonce, want, sizeof(want));
}

static void takes_none(struct rlnc_nonces *n)
{
	u8 nonce[RLNC_NONCE_BYTES], want[RLNC_NONCE_BYTES];

	memset(nonce, 0xaa, sizeof(nonce));
	memset(want, 0xaa, sizeof(want));
	assert_false(rlnc_nonces_take(n, nonce));
	assert_memory_equal(nonce, want, sizeof(want));
}

/* Zeros, as a volume begins with, have no id; nor have 64 random bits that are none. */
static void begins(void **state)
{
	struct rlnc_nonces n = { 0 };
	u32 i;

	(void)state;
	takes_none(&n);
	rlnc_nonces_begin(&n, 0);
	takes_none(&n);
	rlnc_nonces_begin(&n, ID);
	for (i = 0; i < 100000; i++)
		takes(&n, ID, i);
}

/* All counters of an id are used, and the one after the last has another id. */
static void wraps(void **state)
{
	struct rlnc_nonces n = { .id = ID, .counter = 0xfffffffe };

	(void)state;
	takes(&n, ID, 0xfffffffe);
	takes(&n, ID, 0xffffffff);
	takes_none(&n);
	takes_none(&n);
	rlnc_nonces_begin(&n, 0);
	takes_none(&n);
	rlnc_nonces_begin(&n, OTHER);
	takes(&n, OTHER, 0);
	takes(&n, OTHER, 1);
	n.counter = 0xffffffff;
	takes(&n, OTHER, 0xffffffff);
	takes_none(&n);
}

/* Who gives an id up takes nothing more of it, and begins another one from its first. */
static void ends(void **state)
{
	struct rlnc_nonces n = { .id = ID, .counter = 77 };

	(void)state;
	takes(&n, ID, 77);
	rlnc_nonces_end(&n);
	takes_none(&n);
	rlnc_nonces_begin(&n, OTHER);
	takes(&n, OTHER, 0);
}

/* Bits of the counter and of the id are in places of their own. */
static void apart(void **state)
{
	struct rlnc_nonces n = { 0 };
	u32 bit;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		memset(&n, 0, sizeof(n));
		rlnc_nonces_begin(&n, 1ull << bit);
		takes(&n, 1ull << bit, 0);
	}
	for (bit = 0; bit < 31; bit++) {
		n.counter = 1u << bit;
		takes(&n, 1ull << 63, 1u << bit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins), cmocka_unit_test(wraps), cmocka_unit_test(ends),
		cmocka_unit_test(apart),
	};

	return cmocka_run_group_tests_name("nonces", tests, NULL, NULL);
}
