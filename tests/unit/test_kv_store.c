// SPDX-License-Identifier: GPL-2.0-or-later
/* The key-value store of the guests, on a disk that stops in the middle of a write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kv/store.h"

#define DISK_SIZE	(40u * KV_BLOCK)
#define SECTOR		512u
#define ENTRIES		64u
#define KEYS		24u
#define STEPS		400u

static uint8_t disk[DISK_SIZE];
static uint64_t random_state, writes, stop_at;	/* the write that is the last */
static uint64_t kept_sectors;			/* of the last write; 0: by chance */
static bool failing;
static struct kv kv;
static struct kv_entry entries[ENTRIES];
static const uint8_t secret[16] = "sixteen bytes...";

static unsigned int random_below(unsigned int n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1d >> 33) % n;
}

static int disk_read(void *context, uint64_t at, void *data, uint64_t len)
{
	(void)context;
	assert_true(at % KV_BLOCK == 0 && len % KV_BLOCK == 0 && len && at + len <= DISK_SIZE);
	memcpy(data, disk + at, len);
	return failing;
}

/* The last write is torn: each of its sectors is there, or is not. */
static int disk_write(void *context, uint64_t at, const void *data, uint64_t len)
{
	uint64_t i;

	(void)context;
	assert_true(at % KV_BLOCK == 0 && len % KV_BLOCK == 0 && len && at + len <= DISK_SIZE);
	if (stop_at && writes >= stop_at)
		return -1;
	if (++writes != stop_at) {
		memcpy(disk + at, data, len);
		return failing;
	}
	for (i = 0; i < len; i += SECTOR)
		if (kept_sectors ? kept_sectors >> i / SECTOR & 1 : random_below(2))
			memcpy(disk + at + i, (const uint8_t *)data + i, SECTOR);
	return -1;
}

static const struct kv_disk the_disk = { .read = disk_read, .write = disk_write,
					 .capacity = DISK_SIZE };

static enum kv_result reopen(void)
{
	return kv_open(&kv, &the_disk, secret, entries, ENTRIES);
}

static void new_disk(uint64_t seed)
{
	memset(disk, 0, sizeof(disk));
	random_state = seed * 0x9e3779b97f4a7c15 + 1;
	writes = 0;
	stop_at = 0;
	kept_sectors = 0;
	failing = false;
	assert_int_equal(reopen(), KV_OK);
}

static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(kv_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(kv_crc32c(0, "", 0), 0);
}

static void test_basic(void **state)
{
	uint8_t value[KV_VALUE_MAX], big[KV_VALUE_MAX + 1], key[KV_KEY_MAX + 1];

	(void)state;
	new_disk(1);
	memset(big, 0xa5, sizeof(big));
	memset(key, 'k', sizeof(key));
	assert_int_equal(kv_get(&kv, "a", 1, value), KV_NONE);
	assert_int_equal(kv_delete(&kv, "a", 1), KV_NONE);
	assert_int_equal(kv_set(&kv, "a", 1, "one", 3), KV_OK);
	assert_int_equal(kv_set(&kv, "empty", 5, "", 0), KV_OK);
	assert_int_equal(kv_set(&kv, key, KV_KEY_MAX, big, KV_VALUE_MAX), KV_OK);
	assert_int_equal(kv_set(&kv, key, KV_KEY_MAX + 1, "", 0), KV_RANGE);
	assert_int_equal(kv_set(&kv, "", 0, "", 0), KV_RANGE);
	assert_int_equal(kv_set(&kv, "b", 1, big, KV_VALUE_MAX + 1), KV_RANGE);
	assert_int_equal(kv_get(&kv, "a", 1, value), 3);
	assert_memory_equal(value, "one", 3);
	assert_int_equal(kv_get(&kv, "empty", 5, value), 0);
	assert_int_equal(kv_commit(&kv), KV_OK);
	assert_int_equal(kv_set(&kv, "a", 1, "lost", 4), KV_OK);
	assert_int_equal(reopen(), KV_OK);		/* what was not committed is gone */
	assert_int_equal(kv.count, 3);
	assert_int_equal(kv_get(&kv, "a", 1, value), 3);
	assert_int_equal(kv_get(&kv, key, KV_KEY_MAX, value), KV_VALUE_MAX);
	assert_memory_equal(value, big, KV_VALUE_MAX);
	assert_int_equal(kv_delete(&kv, "a", 1), KV_OK);
	assert_false(kv_has(&kv, "a", 1));
	assert_int_equal(kv_commit(&kv), KV_OK);
	assert_int_equal(reopen(), KV_OK);
	assert_int_equal(kv.count, 2);
}

/* Full: of keys, then of bytes; what there is can be deleted, and there is room again. */
static void test_full(void **state)
{
	uint8_t value[KV_VALUE_MAX] = { 0 };
	char key[16];
	unsigned int i, n;

	(void)state;
	new_disk(1);
	for (i = 0; i < ENTRIES; i++) {
		snprintf(key, sizeof(key), "key%u", i);
		assert_int_equal(kv_set(&kv, key, strlen(key), "v", 1), KV_OK);
	}
	assert_int_equal(kv_set(&kv, "more", 4, "v", 1), KV_FULL);
	assert_int_equal(kv_set(&kv, "key1", 4, "w", 1), KV_OK);
	for (n = 0; n < 2; n++) {
		for (i = 0; i < ENTRIES; i++) {
			snprintf(key, sizeof(key), "key%u", i);
			if (kv_set(&kv, key, strlen(key), value, sizeof(value)))
				break;
		}
		assert_in_range(i, 5, 12);
		assert_int_equal(kv_set(&kv, key, strlen(key), value, sizeof(value)), KV_FULL);
		while (i--) {
			snprintf(key, sizeof(key), "key%u", i);
			assert_int_equal(kv_delete(&kv, key, strlen(key)), KV_OK);
		}
	}
	assert_int_equal(kv_commit(&kv), KV_OK);
	assert_int_equal(reopen(), KV_OK);
}

static void test_foreign(void **state)
{
	uint8_t value[KV_VALUE_MAX];

	(void)state;
	new_disk(1);
	assert_int_equal(kv_set(&kv, "a", 1, "v", 1), KV_OK);
	assert_int_equal(kv_commit(&kv), KV_OK);
	disk[2 * KV_BLOCK + 41] ^= 1;			/* its value has changed on the disk */
	assert_int_equal(kv_get(&kv, "a", 1, value), KV_IO);
	assert_int_equal(reopen(), KV_OK);
	assert_int_equal(kv.count, 0);
	memset(disk, 0xff, 2 * KV_BLOCK);
	assert_int_equal(reopen(), KV_FOREIGN);
	failing = true;
	assert_int_equal(reopen(), KV_IO);
}

/* All keys are found once by a walk that others change. */
static void test_walk(void **state)
{
	const struct kv_entry *e;
	unsigned int seen = 0, i;
	uint32_t cursor = 0;
	char key[16];

	(void)state;
	new_disk(1);
	for (i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "key%02u", i);
		kv_set(&kv, key, 5, "v", 1);
	}
	for (i = 0; (e = kv_next(&kv, &cursor)); i++) {
		if (e->key_len == 5)
			seen++;
		kv_set(&kv, "other", 6, "v", 1);
		kv_delete(&kv, "other", 6);
	}
	assert_int_equal(seen, 20);
}

/*
 * A record that was lost before one that was not; then another in its place, and a second
 * failure that leaves the old one behind it.
 */
static void test_stale(void **state)
{
	uint8_t value[464] = { 0 };		/* with header and key: a sector */

	(void)state;
	new_disk(1);
	kv_set(&kv, "lost....", 8, value, sizeof(value));
	kv_set(&kv, "stale...", 8, value, sizeof(value));
	stop_at = writes + 1;
	kept_sectors = 2;
	assert_int_equal(kv_commit(&kv), KV_IO);
	stop_at = 0;
	assert_int_equal(reopen(), KV_OK);
	assert_int_equal(kv.count, 0);
	kv_set(&kv, "new.....", 8, value, sizeof(value));
	stop_at = writes + 1;
	kept_sectors = 1;
	assert_int_equal(kv_commit(&kv), KV_IO);
	stop_at = 0;
	assert_int_equal(reopen(), KV_OK);
	assert_true(kv_has(&kv, "new.....", 8));
	assert_false(kv_has(&kv, "stale...", 8));
}

/* --- power failures ------------------------------------------------------ */

/* The values of all keys after each step; 0: no such key. */
static uint32_t model[STEPS + 1][KEYS];

static size_t value_len(uint32_t v)
{
	return 4 + v * 37 % 900;
}

static bool is_state(const uint32_t *want)
{
	uint8_t value[KV_VALUE_MAX];
	unsigned int i, count = 0;
	uint32_t got;
	char key[8];
	int len;

	for (i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		len = kv_get(&kv, key, strlen(key), value);
		assert_true(len != KV_IO);
		got = 0;
		if (len >= 0) {
			memcpy(&got, value, 4);
			if (len != value_len(got))
				return false;
			count++;
		}
		if (got != want[i])
			return false;
	}
	return count == kv.count;
}

static int step(unsigned int n)
{
	uint8_t value[KV_VALUE_MAX];
	unsigned int i = random_below(KEYS);
	char key[8];
	int ret;

	memcpy(model[n], model[n - 1], sizeof(model[0]));
	memset(value, i, sizeof(value));
	memcpy(value, &n, 4);
	snprintf(key, sizeof(key), "k%u", i);
	if (random_below(4)) {
		model[n][i] = n;
		return kv_set(&kv, key, strlen(key), value, value_len(n));
	}
	model[n][i] = 0;
	ret = kv_delete(&kv, key, strlen(key));
	return ret == KV_NONE ? 0 : ret;
}

/*
 * Changes until the disk stops; then the store has the state after some change, at least
 * the last that was committed.  It goes on from there and is stopped again.
 */
static void power_failures(uint64_t seed)
{
	unsigned int n = 0, committed = 0, k;
	uint64_t compactions = 0;

	new_disk(seed);
	stop_at = 1 + random_below(60);
	while (n < STEPS) {
		n++;
		if (!step(n) && (random_below(3) || !kv_commit(&kv))) {
			if (!kv.dirty)
				committed = n;
			continue;
		}
		compactions += kv.compactions;
		stop_at = 0;
		assert_int_equal(reopen(), KV_OK);
		for (k = n; k > committed && !is_state(model[k]); k--)
			;
		if (!is_state(model[k]))
			fail_msg("seed %u: not a state between %u and %u", (unsigned int)seed,
				 committed, n);
		/* From here on this is what there is. */
		memcpy(model[n], model[k], sizeof(model[0]));
		committed = n;
		writes = 0;
		stop_at = 1 + random_below(60);
	}
	assert_true(compactions + kv.compactions > 0);
}

static void test_power_failures(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 300; seed++)
		power_failures(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc), cmocka_unit_test(test_basic),
		cmocka_unit_test(test_full), cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_walk), cmocka_unit_test(test_stale),
		cmocka_unit_test(test_power_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
