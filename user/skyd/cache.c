// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kernel.h>

#include "base/secret.h"
#include "cache_private.h"
#include "crypto/hash.h"

#define GRAIN		1024u
#define TYPE_MAX	256u

/* --- life -------------------------------------------------------------------------- */

static void move(void *arg, u64 to, u64 from, u32 len)
{
	u8 *arena = arg;

	memmove(arena + to, arena + from, len);
}

static int arena_open(struct cache *c, u64 size)
{
	int rc = ring_open(&c->ring, size, GRAIN);
	void *at;

	if (rc)
		return rc;
	at = mmap(NULL, c->ring.size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	c->arena = at;
	c->ring.move = move;
	c->ring.arg = at;
	return 0;
}

int cache_start(struct gateway *g, int disk)
{
	const struct config *config = g->config;
	struct cache *c;
	int rc;

	if (!config || !config->cache_memory) {
		if (disk >= 0)
			close(disk);
		return 0;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		if (disk >= 0)
			close(disk);
		return -ENOMEM;
	}
	g->cache = c;
	c->object_most = config->cache_object << 20;
	c->types_not = str_of(config->cache_types_not);
	c->buckets_not = str_of(config->cache_buckets_not);
	rc = disk_open(g, &c->disk, disk) ?: arena_open(c, config->cache_memory << 20) ?:
	     random_bytes(c->seed, sizeof(c->seed));
	if (rc)
		cache_stop(g);
	return rc;
}

void cache_stop(struct gateway *g)
{
	struct cache *c = g->cache;

	if (!c)
		return;
	disk_close(&c->disk);
	ring_close(&c->ring);
	if (c->arena)
		munmap(c->arena, (g->config->cache_memory << 20));
	free(c);
	g->cache = NULL;
}

/* Who is reading there now finds that it is wrong, and asks the locations. */
void cache_leave(struct gateway *g)
{
	struct cache *c = g->cache;

	if (!c || c->left)
		return;
	c->left = true;
	ring_drop_all(&c->ring);
	madvise(c->arena, c->ring.size, MADV_DONTNEED);
	c->disk.off = true;
	disk_empty(&c->disk);
}

void cache_sweep(struct gateway *g)
{
	if (g->cache)
		disk_sweep(&g->cache->disk);
}

/* --- objects ----------------------------------------------------------------------- */

u64 cache_place(const struct gateway *g, struct str bucket, struct str name)
{
	u8 text[32 + META_ID_MAX + 1 + META_NAME_MAX], digest[HASH_SHA256_BYTES];
	struct out o = OUT((char *)text, sizeof(text));
	u64 place = 0;

	if (!g->cache)
		return 0;
	out_bytes(&o, g->cache->seed, sizeof(g->cache->seed));
	out_str(&o, bucket);
	out_char(&o, '/');
	out_str(&o, name);
	if (!o.err && !hash_once(HASH_SHA256, text, o.len, digest))
		memcpy(&place, digest, sizeof(place));
	return place;
}

bool cache_knows(const struct gateway *g, u64 place)
{
	const struct cache *c = g->cache;

	return c && (ring_knows(&c->ring, place) || ring_knows(&c->disk.ring, place));
}

void cache_forget(struct gateway *g, u64 place, u64 body)
{
	struct cache *c = g->cache;

	if (!c)
		return;
	ring_drop_place(&c->ring, place, body);
	ring_drop_place(&c->disk.ring, place, body);
}

/* Patterns with blanks or commas between them. */
static bool is_listed(struct str list, struct str text)
{
	size_t i, from = 0;

	for (i = 0; i <= list.len; i++) {
		if (i < list.len && list.at[i] != ' ' && list.at[i] != ',')
			continue;
		if (i > from && str_match((struct str){ list.at + from, i - from }, text))
			return true;
		from = i + 1;
	}
	return false;
}

/* "Text/HTML; charset=x" is a text/html. */
static bool is_type_listed(struct str list, struct str type)
{
	char text[TYPE_MAX];
	struct str rest = type;
	size_t i;

	if (!list.len)
		return false;
	str_cut(&rest, ';', &type);
	type = str_head(str_trim(type), sizeof(text));
	for (i = 0; i < type.len; i++)
		text[i] = ascii_lower(type.at[i]);
	return is_listed(list, (struct str){ text, type.len });
}

struct cache_use cache_use_begin(const struct gateway *g, struct str bucket, struct str name)
{
	return (struct cache_use){
		.place = cache_place(g, bucket, name), .dropped = g->cache ? g->cache->dropped : 0,
	};
}

void cache_want(struct gateway *g, struct cache_use *use, const struct meta_policy *policy,
		struct str bucket, struct str type, u64 size)
{
	struct cache *c = g->cache;

	if (!c || c->left)
		return;
	use->bucket = policy->bucket;
	use->policy = policy->id;
	if (policy->uncached)
		cache_forget(g, use->place, 0);
	if (!size)
		return;
	if (policy->uncached)
		c->counts.refused[CACHE_BY_POLICY]++;
	else if (size > c->object_most)
		c->counts.refused[CACHE_BY_SIZE]++;
	else if (is_listed(c->buckets_not, bucket))
		c->counts.refused[CACHE_BY_BUCKET]++;
	else if (is_type_listed(c->types_not, type))
		c->counts.refused[CACHE_BY_TYPE]++;
	else
		use->wanted = true;
}

/* --- what is thrown out ------------------------------------------------------------ */

static void drop_all(struct cache *c)
{
	ring_drop_all(&c->ring);
	/* What is still being read goes when the circle comes by. */
	if (!c->ring.lowest)
		madvise(c->arena, c->ring.size, MADV_DONTNEED);
	disk_empty(&c->disk);
}

static void drop_owned(struct cache *c, u64 bucket, u64 policy)
{
	ring_drop_owned(&c->ring, bucket, policy);
	ring_drop_owned(&c->disk.ring, bucket, policy);
	if (!c->disk.ring.count && c->disk.high)
		disk_empty(&c->disk);
}

void cache_drop(struct gateway *g, const struct meta_cache_order *order)
{
	const struct str bucket = { order->bucket_name.data, order->bucket_name.len };
	const struct str name = { order->name.data, order->name.len };
	struct cache *c = g->cache;

	if (!c || c->left || !order->kind)
		return;
	c->dropped++;
	if (order->kind == META_CACHE_OBJECT)
		cache_forget(g, cache_place(g, bucket, name), 0);
	else if (order->kind == META_CACHE_BUCKET && order->bucket)
		drop_owned(c, order->bucket, 0);
	else if (order->kind == META_CACHE_POLICY && order->policy)
		drop_owned(c, 0, order->policy);
	else
		drop_all(c);
}

/* --- generations ------------------------------------------------------------------- */

bool cache_has(const struct gateway *g, const u8 id[RING_ID_BYTES])
{
	const struct cache *c = g->cache;

	return c && (ring_has(&c->ring, id) || ring_has(&c->disk.ring, id));
}

struct ring_entry *cache_begin(struct gateway *g, const struct cache_use *use,
			       const struct body_key *key, const u8 id[RING_ID_BYTES], u32 len)
{
	struct cache *c = g->cache;
	struct ring_entry *e;

	/* What the backend has said of it may have been old already. */
	if (!use->wanted || c->left || use->dropped != c->dropped || ring_has(&c->ring, id))
		return NULL;
	/* What had that name before is of no use to anybody. */
	if (use->alone)
		cache_forget(g, use->place, cache_body(key));
	e = ring_add(&c->ring, id, use->place, cache_body(key), len);
	if (!e) {
		c->counts.refused[len > c->ring.size / 4 ? CACHE_BY_SIZE : CACHE_NO_ROOM]++;
		return NULL;
	}
	e->bucket = use->bucket;
	e->policy = use->policy;
	return e;
}

void cache_fill(struct gateway *g, const struct ring_entry *e, const u8 *const symbols[],
		size_t symbol)
{
	u8 *to = g->cache->arena + e->at;
	size_t left = e->len, len;
	unsigned int j;

	for (j = 0; left; j++) {
		len = min_t(size_t, left, symbol);
		memcpy(to, symbols[j], len);
		to += len;
		left -= len;
	}
}

void cache_end(struct gateway *g, struct ring_entry *e, bool good)
{
	struct cache *c = g->cache;

	if (!e)
		return;
	if (good && !c->left && e->listed) {
		e->filled = true;
		c->counts.filled++;
		c->counts.filled_bytes += e->len;
		disk_write(&c->disk, e);
	} else {
		ring_drop(&c->ring, e);
	}
	ring_put(&c->ring, e);
}

/* --- for metrics ------------------------------------------------------------------- */

void cache_state(const struct gateway *g, struct cache_state *s)
{
	const struct cache *c = g->cache;

	*s = (struct cache_state){ 0 };
	if (!c)
		return;
	s->counts = c->counts;
	s->entries = c->ring.count;
	s->bytes = c->ring.used;
	s->size = c->ring.size;
	s->evicted = c->ring.evicted;
	s->disk = !c->disk.off;
	s->disk_entries = c->disk.ring.count;
	s->disk_bytes = c->disk.ring.used;
	s->disk_size = c->disk.ring.size;
	s->disk_evicted = c->disk.ring.evicted;
}
