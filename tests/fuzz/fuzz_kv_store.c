// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile disk below the store of guests: nothing is read or written outside, and what
 * opens can be used.
 *
 * The input is a sequence of changes to a disk with a few records: two bytes say where (two
 * bits in which superblock or area), one how many, then what.  So that they come past the
 * checksums, those of superblocks and of whatever begins like a record are put right, unless
 * the first byte is odd.
 */
#include <stdlib.h>
#include <string.h>

#include "kv/store.h"

#define DISK_SIZE	KV_CAPACITY_MIN
#define ENTRIES		16u
#define SUPER_CRC_AT	60u		/* user/guest/kv/store.c: struct super */
#define RECORD_HEADER	40u		/* and struct record: */
#define RECORD_CRC_AT	4u
#define RECORD_VALUE_AT	32u
#define RECORD_KEY_AT	36u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t disk[DISK_SIZE];
static uint8_t fresh[DISK_SIZE];
static struct kv kv;
static struct kv_entry entries[ENTRIES];
static const uint8_t secret[16] = "sixteen bytes...";

static void require(int condition)
{
	if (!condition)
		abort();
}

static void require_inside(uint64_t at, uint64_t len)
{
	require(at % KV_BLOCK == 0 && len % KV_BLOCK == 0 && len);
	require(at < DISK_SIZE && len <= DISK_SIZE - at);
}

static int disk_read(void *context, uint64_t at, void *data, uint64_t len)
{
	(void)context;
	require_inside(at, len);
	memcpy(data, disk + at, len);
	return 0;
}

static int disk_write(void *context, uint64_t at, const void *data, uint64_t len)
{
	(void)context;
	require_inside(at, len);
	memcpy(disk + at, data, len);
	return 0;
}

static enum kv_result open_it(void)
{
	static const struct kv_disk the_disk = {
		.read = disk_read, .write = disk_write, .capacity = DISK_SIZE,
	};

	return kv_open(&kv, &the_disk, secret, entries, ENTRIES);
}

static void use(void)
{
	uint8_t value[KV_VALUE_MAX] = "";
	const struct kv_entry *e;
	uint32_t cursor = 0, found = 0;

	while ((e = kv_next(&kv, &cursor))) {
		require(e->key_len && e->key_len <= KV_KEY_MAX && e->value_len <= KV_VALUE_MAX);
		require(kv_get(&kv, e->key, e->key_len, value) <= (int)KV_VALUE_MAX);
		require(++found <= ENTRIES);
	}
	if (kv_set(&kv, "new", 3, "value", 5) == KV_OK && kv_commit(&kv) == KV_OK)
		require(kv_get(&kv, "new", 3, value) == 5 && !memcmp(value, "value", 5));
	while (!kv.compactions && kv_set(&kv, "new", 3, value, sizeof(value)) == KV_OK)
		;
	kv_delete(&kv, "new", 3);
	kv_commit(&kv);
}

static void make_fresh(void)
{
	uint8_t value[300] = "";

	require(open_it() == KV_OK);
	require(kv_set(&kv, "a", 1, "one", 3) == KV_OK);
	require(kv_set(&kv, "b", 1, value, sizeof(value)) == KV_OK);
	require(kv_set(&kv, "a", 1, "two", 3) == KV_OK && kv_delete(&kv, "b", 1) == KV_OK);
	require(kv_commit(&kv) == KV_OK);
	memcpy(fresh, disk, sizeof(fresh));
}

static void sum_super(uint8_t *super)
{
	uint32_t crc = kv_crc32c(0, super, SUPER_CRC_AT);

	memcpy(super + SUPER_CRC_AT, &crc, sizeof(crc));
}

static void sum_records(uint8_t *p, const uint8_t *end)
{
	for (; p + RECORD_HEADER <= end; p += 8) {
		uint32_t value, crc;
		size_t size, room = end - p;
		uint16_t key;

		if (memcmp(p, "KVCR", 4))
			continue;
		memcpy(&value, p + RECORD_VALUE_AT, sizeof(value));
		memcpy(&key, p + RECORD_KEY_AT, sizeof(key));
		size = (RECORD_HEADER + (size_t)key + value + 7) & ~(size_t)7;
		if (size > room)
			continue;
		crc = kv_crc32c(0, p + 8, size - 8);
		memcpy(p + RECORD_CRC_AT, &crc, sizeof(crc));
	}
}

static void change(const uint8_t *data, size_t size)
{
	static const size_t base[4] = {
		0, KV_BLOCK, 2 * KV_BLOCK, (2 * KV_BLOCK + DISK_SIZE) / 2,
	};

	while (size > 3) {
		size_t at = base[data[0] & 3] + (data[0] >> 2 << 8) + data[1], len = data[2];

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		if (len > DISK_SIZE - at)
			len = DISK_SIZE - at;
		memcpy(disk + at, data, len);
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;

	if (!made)
		make_fresh();
	made = true;
	memcpy(disk, fresh, sizeof(disk));
	if (size) {
		change(data + 1, size - 1);
		if (!(data[0] & 1)) {
			sum_super(disk);
			sum_super(disk + KV_BLOCK);
			sum_records(disk + 2 * KV_BLOCK, disk + DISK_SIZE);
		}
	}
	if (open_it() == KV_OK)
		use();
	return 0;
}
