// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "../net/packet.h"
#include "store.h"

#define SUPER_MAGIC	0x3153564b5953u		/* "SYKVS1" */
#define RECORD_MAGIC	0x5243564bu		/* "KVCR" */
#define DELETED		1u
#define AREAS_AT	(2ull * KV_BLOCK)

struct super {
	uint64_t magic;
	uint64_t turn;
	uint64_t generation;
	uint64_t epoch;
	uint64_t area;
	uint64_t area_size;
	uint64_t copied;		/* bytes that compaction has put there: must be good */
	uint32_t reserved;
	uint32_t crc;			/* of all before */
};

struct record {
	uint32_t magic;
	uint32_t crc;			/* of all behind it: header, key and value */
	uint64_t generation;
	uint64_t epoch;
	uint64_t sequence;
	uint32_t value_len;
	uint16_t key_len;
	uint16_t flags;
};

_Static_assert(sizeof(struct super) == 64 && sizeof(struct record) == 40, "as on the disk");
_Static_assert(sizeof(struct record) + KV_KEY_MAX + KV_VALUE_MAX + KV_BLOCK <= KV_BLOCK * 4,
	       "the largest record, wherever it begins");

/* Castagnoli's polynomial, four bits at a time. */
uint32_t kv_crc32c(uint32_t crc, const void *data, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *p = data;

	crc = ~crc;
	while (len--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static uint64_t record_size(size_t key_len, size_t value_len)
{
	return (sizeof(struct record) + key_len + value_len + 7) & ~7ull;
}

/* --- index ----------------------------------------------------------------------- */

static uint32_t *bucket_of(struct kv *kv, const void *key, size_t len)
{
	return &kv->bucket[siphash(kv->secret, key, len) % KV_BUCKETS];
}

static struct kv_entry *find(const struct kv *kv, const void *key, size_t len)
{
	uint32_t i = kv->bucket[siphash(kv->secret, key, len) % KV_BUCKETS];

	for (; i; i = kv->entry[i - 1].next)
		if (kv->entry[i - 1].key_len == len && !memcmp(kv->entry[i - 1].key, key, len))
			return &kv->entry[i - 1];
	return NULL;
}

static struct kv_entry *insert(struct kv *kv, const void *key, size_t len)
{
	uint32_t *bucket = bucket_of(kv, key, len), i = kv->free;
	struct kv_entry *e;

	if (!i)
		return NULL;
	e = &kv->entry[i - 1];
	kv->free = e->next;
	e->next = *bucket;
	*bucket = i;
	e->key_len = len;
	memcpy(e->key, key, len);
	kv->count++;
	return e;
}

static void remove_entry(struct kv *kv, struct kv_entry *e)
{
	uint32_t *link = bucket_of(kv, e->key, e->key_len), i = e - kv->entry + 1;

	while (*link != i)
		link = &kv->entry[*link - 1].next;
	*link = e->next;
	e->next = kv->free;
	e->key_len = 0;
	kv->free = i;
	kv->count--;
}

static void index_clear(struct kv *kv)
{
	uint32_t i;

	memset(kv->bucket, 0, sizeof(kv->bucket));
	for (i = 0; i < kv->entries; i++) {
		kv->entry[i].key_len = 0;
		kv->entry[i].next = i + 2 <= kv->entries ? i + 2 : 0;
	}
	kv->free = kv->entries ? 1 : 0;
	kv->count = 0;
	kv->live = 0;
}

/* What a record at @at says; false if there is no room for its key. */
static bool apply(struct kv *kv, const struct record *r, const uint8_t *key, uint64_t at)
{
	struct kv_entry *e = find(kv, key, r->key_len);

	if (e)
		kv->live -= record_size(e->key_len, e->value_len);
	if (r->flags & DELETED) {
		if (e)
			remove_entry(kv, e);
		return true;
	}
	if (!e)
		e = insert(kv, key, r->key_len);
	if (!e)
		return false;
	e->at = at;
	e->value_len = r->value_len;
	kv->live += record_size(e->key_len, e->value_len);
	return true;
}

/* --- log -------------------------------------------------------------------------- */

enum kv_result kv_commit(struct kv *kv)
{
	uint64_t len = kv->head - kv->buffer_at, whole = len & -(uint64_t)KV_BLOCK;
	uint64_t all = (len + KV_BLOCK - 1) & -(uint64_t)KV_BLOCK;

	if (!kv->dirty)
		return KV_OK;
	/*
	 * The last block is written again when more is known of it.  What it had before is
	 * the same in both, so that a torn write does no harm to it.
	 */
	memset(kv->buffer + len, 0, all - len);
	if (kv->disk.write(kv->disk.context, kv->area + kv->buffer_at, kv->buffer, all))
		return KV_IO;
	memmove(kv->buffer, kv->buffer + whole, len - whole);
	kv->buffer_at += whole;
	kv->dirty = false;
	return KV_OK;
}

/* Puts a record at the head, for which there is room; *@at is where. */
static enum kv_result append(struct kv *kv, struct record *r, const void *key, const void *value,
			     uint64_t *at)
{
	uint64_t size = record_size(r->key_len, r->value_len);
	enum kv_result ret;
	uint8_t *to;

	if (kv->head - kv->buffer_at + size > KV_BUFFER - KV_BLOCK) {
		ret = kv_commit(kv);
		if (ret)
			return ret;
	}
	r->magic = RECORD_MAGIC;
	r->generation = kv->generation;
	r->epoch = kv->epoch;
	r->sequence = kv->sequence++;
	to = kv->buffer + (kv->head - kv->buffer_at);
	memset(to, 0, size);
	memcpy(to + sizeof(*r), key, r->key_len);
	if (r->value_len)
		memcpy(to + sizeof(*r) + r->key_len, value, r->value_len);
	memcpy(to, r, sizeof(*r));
	r->crc = kv_crc32c(0, to + 8, size - 8);
	memcpy(to, r, sizeof(*r));
	*at = kv->head;
	kv->head += size;
	kv->dirty = true;
	return KV_OK;
}

/*
 * The record at @at, read into kv->record; NULL if there is none, *@failed if the disk
 * would not say.
 */
static const struct record *load(struct kv *kv, uint64_t at, bool *failed)
{
	uint64_t begin = at & -(uint64_t)KV_BLOCK, len = KV_BLOCK, size;
	const struct record *r;

	*failed = false;
	if (at % 8 || at > kv->area_size || kv->area_size - at < sizeof(*r))
		return NULL;
	if (at - begin + sizeof(*r) > KV_BLOCK)
		len *= 2;
	*failed = kv->disk.read(kv->disk.context, kv->area + begin, kv->record, len);
	if (*failed)
		return NULL;
	r = (const struct record *)(kv->record + (at - begin));
	if (r->magic != RECORD_MAGIC || !r->key_len || r->key_len > KV_KEY_MAX ||
	    r->value_len > KV_VALUE_MAX || r->flags & ~DELETED)
		return NULL;
	size = record_size(r->key_len, r->value_len);
	if (size > kv->area_size - at)
		return NULL;
	if (at - begin + size > len) {
		*failed = kv->disk.read(kv->disk.context, kv->area + begin + len, kv->record + len,
					((at - begin + size + KV_BLOCK - 1) &
					 -(uint64_t)KV_BLOCK) - len);
		if (*failed)
			return NULL;
	}
	if (r->crc != kv_crc32c(0, (const uint8_t *)r + 8, size - 8) ||
	    r->generation != kv->generation)
		return NULL;
	return r;
}

/* --- superblocks ------------------------------------------------------------------ */

static bool super_good(const struct kv *kv, const struct super *s)
{
	return s->magic == SUPER_MAGIC && s->crc == kv_crc32c(0, s, sizeof(*s) - 4) &&
	       s->area_size % KV_BLOCK == 0 && s->area_size <= kv->disk.capacity / 2 &&
	       s->copied <= s->area_size &&
	       (s->area == AREAS_AT || s->area == AREAS_AT + s->area_size) &&
	       AREAS_AT + 2 * s->area_size <= kv->disk.capacity;
}

static enum kv_result super_write(struct kv *kv, uint64_t copied)
{
	struct super s = {
		.magic = SUPER_MAGIC, .turn = ++kv->turn, .generation = kv->generation,
		.epoch = kv->epoch, .area = kv->area, .area_size = kv->area_size,
		.copied = copied,
	};

	s.crc = kv_crc32c(0, &s, sizeof(s) - 4);
	memset(kv->record, 0, KV_BLOCK);
	memcpy(kv->record, &s, sizeof(s));
	if (kv->disk.write(kv->disk.context, s.turn % 2 * KV_BLOCK, kv->record, KV_BLOCK))
		return KV_IO;
	return KV_OK;
}

/* Reads the log that @s tells of; false if what was copied is not all there. */
static bool replay(struct kv *kv, const struct super *s, enum kv_result *ret)
{
	uint64_t epoch = 0, begin, keep;
	const struct record *r;
	bool failed;

	index_clear(kv);
	kv->turn = s->turn;
	kv->generation = s->generation;
	kv->area = s->area;
	kv->area_size = s->area_size;
	kv->head = 0;
	kv->sequence = 1;
	*ret = KV_OK;
	while ((r = load(kv, kv->head, &failed))) {
		/* Not one that was written before a failure, behind what was written after. */
		if (r->sequence != kv->sequence || r->epoch < epoch || r->epoch > s->epoch)
			break;
		epoch = r->epoch;
		if (!apply(kv, r, (const uint8_t *)(r + 1), kv->head)) {
			*ret = KV_FULL;
			return true;
		}
		kv->sequence++;
		kv->head += record_size(r->key_len, r->value_len);
	}
	kv->epoch = s->epoch;
	begin = kv->head & -(uint64_t)KV_BLOCK;
	keep = kv->head - begin;
	if (!failed && keep)
		failed = kv->disk.read(kv->disk.context, kv->area + begin, kv->buffer, KV_BLOCK);
	kv->buffer_at = begin;
	kv->dirty = false;
	if (failed)
		*ret = KV_IO;
	return failed || kv->head >= s->copied;
}

static bool all_zero(const uint8_t *data, size_t len)
{
	while (len--)
		if (*data++)
			return false;
	return true;
}

static enum kv_result format(struct kv *kv)
{
	index_clear(kv);
	kv->generation = 1;
	kv->epoch = 1;
	kv->sequence = 1;
	kv->area = AREAS_AT;
	kv->area_size = (kv->disk.capacity - AREAS_AT) / 2 & -(uint64_t)KV_BLOCK;
	return super_write(kv, 0);
}

enum kv_result kv_open(struct kv *kv, const struct kv_disk *disk, const uint8_t secret[16],
		       struct kv_entry *entry, uint32_t entries)
{
	struct super s[2];
	unsigned int newer, i;
	enum kv_result ret;

	memset(kv, 0, sizeof(*kv));
	kv->disk = *disk;
	kv->entry = entry;
	kv->entries = entries;
	memcpy(kv->secret, secret, sizeof(kv->secret));
	if (disk->capacity < KV_CAPACITY_MIN)
		return KV_RANGE;
	if (disk->read(disk->context, 0, kv->record, 2 * KV_BLOCK))
		return KV_IO;
	memcpy(&s[0], kv->record, sizeof(s[0]));
	memcpy(&s[1], kv->record + KV_BLOCK, sizeof(s[1]));
	if (all_zero(kv->record, 2 * KV_BLOCK))
		return format(kv);
	newer = super_good(kv, &s[1]) && (!super_good(kv, &s[0]) || s[1].turn > s[0].turn);
	for (i = 0; i < 2; i++, newer = !newer) {
		if (!super_good(kv, &s[newer]) || !replay(kv, &s[newer], &ret))
			continue;
		if (ret)
			return ret;
		/* So that nothing of what failed before can be taken for what comes now. */
		kv->epoch++;
		return super_write(kv, s[newer].copied);
	}
	/* The very first superblock may have been torn, and nothing can have followed it. */
	return KV_FOREIGN;
}

/* --- changes ----------------------------------------------------------------------- */

/* All that counts goes to the other area. */
static enum kv_result compact(struct kv *kv)
{
	uint64_t from = kv->area, old = kv->generation, other, at;
	const struct record *r;
	struct record copy;
	enum kv_result ret;
	bool failed;
	uint32_t i;

	ret = kv_commit(kv);
	if (ret)
		return ret;
	other = from == AREAS_AT ? AREAS_AT + kv->area_size : AREAS_AT;
	kv->head = 0;
	kv->buffer_at = 0;
	kv->sequence = 1;
	for (i = 0; i < kv->entries; i++) {
		if (!kv->entry[i].key_len)
			continue;
		kv->area = from;
		kv->generation = old;
		r = load(kv, kv->entry[i].at, &failed);
		kv->area = other;
		kv->generation = old + 1;
		if (!r)
			return KV_IO;
		copy = *r;
		ret = append(kv, &copy, r + 1, (const uint8_t *)(r + 1) + r->key_len, &at);
		if (ret)
			return ret;
		kv->entry[i].at = at;
	}
	kv->area = other;
	kv->generation = old + 1;
	ret = kv_commit(kv);
	if (ret)
		return ret;
	kv->compactions++;
	return super_write(kv, kv->head);
}

/* A failure of the disk is for good: the caller ends. */
static enum kv_result change(struct kv *kv, struct record *r, const void *key, const void *value)
{
	uint64_t size = record_size(r->key_len, r->value_len), at;
	enum kv_result ret;

	/* A deletion needs room as well, so that a full store can be emptied. */
	if (!(r->flags & DELETED) &&
	    kv->live + size + record_size(KV_KEY_MAX, 0) > kv->area_size)
		return KV_FULL;
	if (size > kv->area_size - kv->head) {
		ret = compact(kv);
		if (ret)
			return ret;
		if (size > kv->area_size - kv->head)
			return KV_FULL;
	}
	ret = append(kv, r, key, value, &at);
	if (!ret && !apply(kv, r, key, at))
		return KV_FULL;
	return ret;
}

enum kv_result kv_set(struct kv *kv, const void *key, size_t len, const void *value,
		      size_t value_len)
{
	struct record r = { .key_len = len, .value_len = value_len };
	const struct kv_entry *e;

	if (!len || len > KV_KEY_MAX || value_len > KV_VALUE_MAX)
		return KV_RANGE;
	e = find(kv, key, len);
	if (!e && !kv->free)
		return KV_FULL;
	return change(kv, &r, key, value);
}

enum kv_result kv_delete(struct kv *kv, const void *key, size_t len)
{
	struct record r = { .key_len = len, .flags = DELETED };

	return kv_has(kv, key, len) ? change(kv, &r, key, NULL) : KV_NONE;
}

bool kv_has(const struct kv *kv, const void *key, size_t len)
{
	return len && len <= KV_KEY_MAX && find(kv, key, len);
}

int kv_get(struct kv *kv, const void *key, size_t len, void *value)
{
	const struct kv_entry *e = kv_has(kv, key, len) ? find(kv, key, len) : NULL;
	const struct record *r;
	bool failed;

	if (!e)
		return KV_NONE;
	/* A record that is only in the buffer is written first. */
	if (kv->dirty && e->at + record_size(e->key_len, e->value_len) > kv->buffer_at &&
	    kv_commit(kv))
		return KV_IO;
	r = load(kv, e->at, &failed);
	if (!r || r->key_len != len || memcmp(r + 1, key, len))
		return KV_IO;
	memcpy(value, (const uint8_t *)(r + 1) + len, r->value_len);
	return r->value_len;
}

const struct kv_entry *kv_next(const struct kv *kv, uint32_t *cursor)
{
	while (*cursor < kv->entries)
		if (kv->entry[(*cursor)++].key_len)
			return &kv->entry[*cursor - 1];
	return NULL;
}
