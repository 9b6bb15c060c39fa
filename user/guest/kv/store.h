/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and values in a log on a disk.
 *
 * Blocks 0 and 1 of 4 KiB are superblocks, written in turns; the rest is two areas.  One
 * has the log: records one behind the other, the newest of a key counts.  When it is full,
 * what still counts is copied to the other area, and a superblock says that the log is
 * there now.
 *
 * A change is on the disk when kv_commit() has returned 0.  The disk may stop at any time,
 * in the middle of a write too: what the next kv_open() finds is the state after some
 * change, no earlier one than the last that was committed.
 */
#ifndef GUEST_KV_STORE_H
#define GUEST_KV_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KV_BLOCK	4096u
#define KV_KEY_MAX	256u		/* bytes, at least 1 */
#define KV_VALUE_MAX	8192u
#define KV_BUFFER	65536u
#define KV_BUCKETS	16384u
#define KV_CAPACITY_MIN	(10 * KV_BLOCK)

struct kv_disk {
	/* Whole blocks of KV_BLOCK; 0, or the disk has failed. */
	int (*read)(void *context, uint64_t at, void *data, uint64_t len);
	int (*write)(void *context, uint64_t at, const void *data, uint64_t len);
	void *context;
	uint64_t capacity;		/* bytes */
};

struct kv_entry {
	uint64_t at;			/* of its record, in the area */
	uint32_t next;			/* in the bucket, or of those that are free; + 1 */
	uint32_t value_len;
	uint16_t key_len;		/* 0: free */
	uint8_t key[KV_KEY_MAX];
};

struct kv {
	struct kv_disk disk;
	uint8_t secret[16];		/* for the buckets */
	struct kv_entry *entry;
	uint32_t entries;		/* room */
	uint32_t count;			/* used */
	uint32_t free;			/* + 1 */
	uint32_t bucket[KV_BUCKETS];	/* + 1 */

	uint64_t turn;			/* of the last superblock */
	uint64_t generation;		/* of the area: how often there was a new one */
	uint64_t epoch;			/* how often the store was opened */
	uint64_t sequence;		/* of the next record */
	uint64_t area;			/* where it begins on the disk */
	uint64_t area_size;
	uint64_t head;			/* end of the log in it */
	uint64_t live;			/* bytes of records that count */

	uint64_t buffer_at;		/* where the buffer belongs in the area */
	bool dirty;
	uint8_t buffer[KV_BUFFER];	/* the log from there to its end */
	uint8_t record[KV_BLOCK * 4] __attribute__((__aligned__(8)));	/* that is read */
	uint64_t compactions;
};

enum kv_result {
	KV_OK = 0,
	KV_NONE = -1,			/* no such key */
	KV_FULL = -2,			/* no room for it, in memory or on the disk */
	KV_IO = -3,			/* the disk has failed, or has not kept what it was given */
	KV_FOREIGN = -4,		/* neither a store nor empty */
	KV_RANGE = -5,			/* key or value too long, disk too small */
};

/* An empty disk, all zero in its first two blocks, becomes an empty store. */
enum kv_result kv_open(struct kv *kv, const struct kv_disk *disk, const uint8_t secret[16],
		       struct kv_entry *entry, uint32_t entries);
/* The length of the value, in @value with room for KV_VALUE_MAX; or KV_NONE, KV_IO. */
int kv_get(struct kv *kv, const void *key, size_t len, void *value);
bool kv_has(const struct kv *kv, const void *key, size_t len);
enum kv_result kv_set(struct kv *kv, const void *key, size_t len, const void *value,
		      size_t value_len);
enum kv_result kv_delete(struct kv *kv, const void *key, size_t len);
enum kv_result kv_commit(struct kv *kv);
/*
 * The next key from *@cursor, 0 at first; NULL at the end.  A key that is there all the
 * time is found exactly once, whatever else is changed meanwhile.
 */
const struct kv_entry *kv_next(const struct kv *kv, uint32_t *cursor);

uint32_t kv_crc32c(uint32_t crc, const void *data, size_t len);

#endif /* GUEST_KV_STORE_H */
