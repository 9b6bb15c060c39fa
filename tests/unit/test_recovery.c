// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shares of a key: the field is the codec's, any threshold of them joins, fewer say nothing, and
 * one that is wrong is known by itself.
 */
#include <errno.h>
#include <stdio.h>

#include "text_util.h"

#include "crypto/shamir.h"
#include "govern/bech32.h"
#include "govern/recovery.h"
#include "rlnc/gf256.h"

static void field(void **state)
{
	unsigned int a, b;

	(void)state;
	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++)
			assert_int_equal(shamir_mul(a, b), gf_mul(a, b));
}

static int join(const uint8_t *share, size_t len, unsigned int set, uint8_t *secret)
{
	const uint8_t *at[8];
	uint8_t index[8];
	unsigned int i, n = 0;

	for (i = 0; i < 8; i++)
		if (set >> i & 1) {
			index[n] = i + 1;
			at[n++] = share + i * len;
		}
	return shamir_join(index, at, n, len, secret);
}

/* All sets of shares of all small groups. */
static void joins(void **state)
{
	uint8_t secret[33], share[6 * sizeof(secret)], again[sizeof(secret)];
	unsigned int k, n, set;

	(void)state;
	assert_int_equal(random_bytes(secret, sizeof(secret)), 0);
	for (n = 1; n <= 6; n++)
		for (k = 1; k <= n; k++) {
			assert_int_equal(shamir_split(secret, sizeof(secret), k, n, share), 0);
			for (set = 1; set < 1u << n; set++) {
				assert_int_equal(join(share, sizeof(secret), set, again), 0);
				if ((unsigned int)__builtin_popcount(set) >= k)
					assert_memory_equal(again, secret, sizeof(secret));
				else
					assert_memory_not_equal(again, secret, sizeof(secret));
			}
		}
	assert_int_equal(shamir_split(secret, 1, 0, 3, share), -EINVAL);
	assert_int_equal(shamir_split(secret, 1, 4, 3, share), -EINVAL);
	assert_int_equal(shamir_split(secret, 1, 2, 256, share), -EINVAL);
	assert_int_equal(shamir_split(secret, 0, 2, 3, share), -EINVAL);
}

static void indexes(void **state)
{
	const uint8_t one[4] = { 1 }, *const at[] = { one, one };
	uint8_t secret[4];

	(void)state;
	assert_int_equal(shamir_join((const uint8_t[]){ 1, 1 }, at, 2, 4, secret), -EINVAL);
	assert_int_equal(shamir_join((const uint8_t[]){ 0, 1 }, at, 2, 4, secret), -EINVAL);
	assert_int_equal(shamir_join((const uint8_t[]){ 1, 0 }, at, 2, 4, secret), -EINVAL);
	assert_int_equal(shamir_join((const uint8_t[]){ 1 }, at, 0, 4, secret), -EINVAL);
}

/*
 * Two shares of three: for each value of the secret there is exactly one third share that fits, so
 * that all 256 are as likely as before.
 */
static void two_say_nothing(void **state)
{
	uint8_t secret = 0x5a, share[5], got;
	const uint8_t *at[3];
	const uint8_t index[3] = { 1, 3, 5 };
	unsigned int third, seen[256] = { 0 }, i;
	uint8_t last;

	(void)state;
	assert_int_equal(shamir_split(&secret, 1, 3, 5, share), 0);
	at[0] = &share[0];
	at[1] = &share[2];
	at[2] = &last;
	for (third = 0; third < 256; third++) {
		last = third;
		assert_int_equal(shamir_join(index, at, 3, 1, &got), 0);
		seen[got]++;
	}
	for (i = 0; i < 256; i++)
		assert_int_equal(seen[i], 1);
}

/*
 * Shares of two secrets look the same: each pair of bytes of the first two shares, folded to 64
 * values, comes as often of one as of the other.  64 cells of 1000 each: the sum of squares has
 * 63 degrees of freedom, and is above 150 once in 10^8 runs.
 */
static void no_statistics(void **state)
{
	static const uint8_t secrets[] = { 0x00, 0xff };
	unsigned int i, j, which;

	(void)state;
	for (which = 0; which < 2; which++) {
		unsigned int count[64] = { 0 };
		double sum = 0;
		uint8_t secret[1000], share[3 * sizeof(secret)];

		memset(secret, secrets[which], sizeof(secret));
		for (i = 0; i < 64; i++) {
			assert_int_equal(shamir_split(secret, sizeof(secret), 3, 3, share), 0);
			for (j = 0; j < sizeof(secret); j++)
				count[(share[j] & 7) | (share[sizeof(secret) + j] & 7) << 3]++;
		}
		for (i = 0; i < 64; i++)
			sum += (count[i] - 1000.0) * (count[i] - 1000.0) / 1000.0;
		if (sum > 150)
			fail_msg("%f", sum);
	}
}

/* --- bech32m --------------------------------------------------------------------------- */

static void bech32_vectors(void **state)
{
	/* BIP 350: valid and not; with the prefix "a", and one whose data has a rest. */
	static const char *const bad[] = {
		"a1lqfn3b", "A1lqfn3a", "a1lqfn3", "1lqfn3a", "a2lqfn3a", "b1lqfn3a", "",
		"a1lqfn3a ", "a1bqfn3a",
	};
	uint8_t data[64], again[64];
	char text[BECH32_MAX + 1];
	struct out o;
	unsigned int i, j;

	(void)state;
	assert_int_equal(bech32_parse(STR("A1LQFN3A"), "a", data, sizeof(data)), 0);
	assert_int_equal(bech32_parse(STR("a1lqfn3a"), "a", data, sizeof(data)), 0);
	for (i = 0; i < COUNT(bad); i++)
		assert_true(bech32_parse(str_of(bad[i]), "a", data, sizeof(data)) < 0);
	for (i = 0; i < sizeof(data); i++)
		data[i] = 7 * i + 3;
	for (i = 0; i <= 45; i++) {
		o = OUT(text, sizeof(text));
		bech32_print(&o, "skyshare", data, i);
		assert_int_equal(o.err, 0);
		assert_int_equal(bech32_parse(out_written(&o), "skyshare", again, sizeof(again)), i);
		assert_memory_equal(data, again, i);
		/* Any one letter, each to the next. */
		for (j = 0; j < o.len; j++) {
			text[j]++;
			assert_true(bech32_parse(out_written(&o), "skyshare", again,
						 sizeof(again)) < 0);
			text[j]--;
		}
		assert_int_equal(bech32_parse(out_written(&o), "skyshare", again, i ? i - 1 : 0),
				 i ? -EINVAL : 0);
	}
	o = OUT(text, sizeof(text));
	bech32_print(&o, "skyshare", data, 60);
	assert_int_equal(o.err, -EMSGSIZE);
}

/* --- shares with a sheet --------------------------------------------------------------- */

static struct recovery_sheet sheet;
static struct recovery_share shares[5];
static uint8_t key[RECOVERY_KEY_BYTES];

static int split(void **state)
{
	(void)state;
	if (random_bytes(key, sizeof(key)) || recovery_split(key, 3, 5, &sheet, shares))
		return -1;
	memcpy(sheet.vault, "wrapped", 7);
	sheet.vault_len = 7;
	return 0;
}

static void lines(void **state)
{
	struct recovery_share again;
	char line[RECOVERY_LINE];
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(recovery_share_print(&shares[i], line), 0);
		assert_true(strlen(line) <= 90);
		assert_int_equal(recovery_share_parse(str_of(line), &again), 0);
		assert_memory_equal(&again, &shares[i], sizeof(again));
		assert_int_equal(recovery_share_check(&sheet, &again), 0);
	}
}

/* Changed with a right checksum, taken for another one, of another group. */
static void one_is_wrong(void **state)
{
	struct recovery_share use[3] = { shares[0], shares[2], shares[4] }, other[5];
	struct recovery_sheet foreign;
	uint8_t got[RECOVERY_KEY_BYTES];
	unsigned int bit;

	(void)state;
	assert_int_equal(recovery_join(&sheet, use, 3, got), 0);
	assert_memory_equal(got, key, sizeof(key));
	for (bit = 0; bit < 8 * RECOVERY_KEY_BYTES; bit++) {
		use[1].value[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(recovery_share_check(&sheet, &use[0]), 0);
		assert_int_equal(recovery_share_check(&sheet, &use[1]), -EKEYREJECTED);
		assert_int_equal(recovery_join(&sheet, use, 3, got), -EKEYREJECTED);
		use[1].value[bit / 8] ^= 1 << bit % 8;
	}
	use[1].index = 4;
	assert_int_equal(recovery_share_check(&sheet, &use[1]), -EKEYREJECTED);
	use[1].index = 6;
	assert_int_equal(recovery_share_check(&sheet, &use[1]), -EINVAL);
	use[1] = use[0];
	assert_int_equal(recovery_join(&sheet, use, 3, got), -EEXIST);
	assert_int_equal(recovery_join(&sheet, use, 1, got), -EAGAIN);
	assert_int_equal(recovery_split(key, 3, 5, &foreign, other), 0);
	assert_int_equal(recovery_share_check(&sheet, &other[0]), -EINVAL);
	assert_int_equal(recovery_join(&sheet, shares, 5, got), 0);
	assert_memory_equal(got, key, sizeof(key));
	assert_int_equal(recovery_split(key, 1, 5, &foreign, other), -EINVAL);
	assert_int_equal(recovery_split(key, 2, 33, &foreign, other), -EINVAL);
}

/* Whoever changes the sheet changes its group, which all shares name. */
static void sheets(void **state)
{
	struct recovery_sheet again;
	char *text = recovery_sheet_print(&sheet), why[GOVERN_WHY];
	size_t i, len = strlen(text), taken = 0;

	(void)state;
	assert_int_equal(recovery_sheet_parse(str_of(text), &again, why), 0);
	assert_memory_equal(&again, &sheet, sizeof(sheet));
	for (i = 0; i < len; i++) {
		assert_int_not_equal(recovery_sheet_parse((struct str){ text, i }, &again, why), 0);
		text[i] ^= 1;
		/* What is wrapped has a tag of its own. */
		if (!recovery_sheet_parse(str_of(text), &again, why))
			taken += memcmp(again.vault, sheet.vault, 7) ? 0 : 1;
		text[i] ^= 1;
	}
	assert_int_equal(taken, 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(field), cmocka_unit_test(joins), cmocka_unit_test(indexes),
		cmocka_unit_test(two_say_nothing), cmocka_unit_test(no_statistics),
		cmocka_unit_test(bech32_vectors), cmocka_unit_test(lines),
		cmocka_unit_test(one_is_wrong), cmocka_unit_test(sheets),
	};

	return cmocka_run_group_tests_name("recovery", tests, split, NULL);
}
