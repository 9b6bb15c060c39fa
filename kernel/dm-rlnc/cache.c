// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which nodes of the trees are in memory.
 *
 * A node pins its parent, so that the way to the root of anything cached is cached
 * too.  A node is in exactly one of these conditions: unpinned and on the LRU list;
 * pinned; failed, and out of the hash.  Dirty lists, the running checkpoint and
 * unsettled slots each hold one pin.
 *
 * The limit is on bytes.  Above it unpinned nodes go, the oldest first, and a node
 * that comes in takes over the memory of one that goes.  Nodes that are dirty cannot
 * go; a checkpoint is due when they take a third of the limit, so that those that it
 * writes, the copies of those that change meanwhile, and those that have become dirty
 * since fit in it together.
 *
 * When the system is short of memory it asks for the unpinned nodes.  The least cache
 * stays: what reclaim may be waiting for goes through here, and then finds nodes to
 * take over rather than having to ask for memory itself.
 */
#include <linux/hash.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

#define HASH_BITS	12
#define MIN_NODES	64
#define SPACE_BITMAPS	3		/* that a leaf of the space tree has besides its own */

/* --- memory ----------------------------------------------------------------- */

/* Node memory must come without I/O through this very device. */
static void *alloc_noio(size_t bytes, gfp_t more)
{
	unsigned int flags = memalloc_noio_save();
	void *mem = kvzalloc(bytes, GFP_KERNEL | more);

	memalloc_noio_restore(flags);
	return mem;
}

static void space_destroy(struct rlnc_space *space)
{
	if (!space)
		return;
	kvfree(space->busy);
	kvfree(space->freed[0]);
	kvfree(space->freed[1]);
	kfree(space);
}

void rlnc_node_destroy(struct rlnc_node *node)
{
	kvfree(node->buf);
	kvfree(node->shadow);
	space_destroy(node->space);
	kfree(node);
}

/* What a node counts for in the limit; its few hundred bytes of state do not. */
u32 rlnc_node_bytes(const struct rlnc_volume *v, const struct rlnc_node *node)
{
	return v->geo.gen_bytes * (node->space ? 1 + SPACE_BITMAPS : 1);
}

/* Take the least recently used node out of the cache; its parent loses a pin. */
static struct rlnc_node *evict_locked(struct rlnc_volume *v)
{
	struct rlnc_node *node, *parent;

	node = list_first_entry_or_null(&v->node_lru, struct rlnc_node, lru);
	if (!node)
		return NULL;
	list_del_init(&node->lru);
	hlist_del_init(&node->hash);
	v->cache.idle--;
	v->cache.bytes -= rlnc_node_bytes(v, node);
	parent = node->parent;
	if (parent && !--parent->pins) {
		list_add_tail(&parent->lru, &v->node_lru);
		v->cache.idle++;
	}
	return node;
}

/* How much may be in memory just now? */
static u64 limit(const struct rlnc_cache *cache)
{
	return time_before(jiffies, READ_ONCE(cache->asked) + HZ) ? cache->min_bytes :
								    cache->max_bytes;
}

/* The memory of the node that goes for it, or NULL if none can. */
static void *take_over(struct rlnc_volume *v)
{
	struct rlnc_node *old;
	void *block;

	spin_lock(&v->node_lock);
	old = evict_locked(v);
	spin_unlock(&v->node_lock);
	if (!old)
		return NULL;
	block = old->buf;
	old->buf = NULL;
	rlnc_node_destroy(old);
	return memset(block, 0, v->geo.gen_bytes);
}

/**
 * rlnc_block_alloc - memory for what a generation holds
 * @v:	volume
 *
 * At the limit it is that of the node that goes for it, if one can.  So it is when the
 * system has none to give at once: reclaim may be waiting for this very volume.
 *
 * Return: gen_bytes of zeros, for kvfree(), or NULL.
 */
void *rlnc_block_alloc(struct rlnc_volume *v)
{
	size_t bytes = v->geo.gen_bytes;
	void *block = NULL;

	if (READ_ONCE(v->cache.bytes) + bytes > limit(&v->cache))
		block = take_over(v);
	if (!block)
		block = alloc_noio(bytes, __GFP_NORETRY | __GFP_NOWARN);
	if (!block)
		block = take_over(v);
	return block ?: alloc_noio(bytes, 0);
}

static struct rlnc_space *space_create(struct rlnc_volume *v)
{
	struct rlnc_space *space = alloc_noio(sizeof(*space), 0);

	if (!space)
		return NULL;
	INIT_LIST_HEAD(&space->freed_link[0]);
	INIT_LIST_HEAD(&space->freed_link[1]);
	space->busy = rlnc_block_alloc(v);
	space->freed[0] = rlnc_block_alloc(v);
	space->freed[1] = rlnc_block_alloc(v);
	if (space->busy && space->freed[0] && space->freed[1])
		return space;
	space_destroy(space);
	return NULL;
}

/* A node of zeros that is not in the cache yet, with one pin; or NULL. */
struct rlnc_node *rlnc_node_create(struct rlnc_volume *v, u8 tree, u8 level, u64 index)
{
	struct rlnc_node *node = alloc_noio(sizeof(*node), 0);

	if (!node)
		return NULL;
	INIT_HLIST_NODE(&node->hash);
	INIT_LIST_HEAD(&node->lru);
	INIT_LIST_HEAD(&node->dirty);
	INIT_LIST_HEAD(&node->frozen);
	spin_lock_init(&node->lock);
	node->tree = tree;
	node->level = level;
	node->index = index;
	node->slot = RLNC_SLOT_NONE;
	node->pins = 1;
	node->buf = rlnc_block_alloc(v);
	if (!node->buf)
		goto err;
	if (tree == RLNC_TREE_SPACE && !level) {
		node->space = space_create(v);
		if (!node->space)
			goto err;
		node->space->node = node;
	}
	return node;
err:
	rlnc_node_destroy(node);
	return NULL;
}

/* --- finding and pinning ------------------------------------------------------ */

static struct hlist_head *bucket(struct rlnc_volume *v, u8 tree, u8 level, u64 index)
{
	return &v->node_hash[hash_64(index ^ ((u64)level << 56) ^ ((u64)tree << 60),
				     HASH_BITS)];
}

void rlnc_node_pin_locked(struct rlnc_volume *v, struct rlnc_node *node)
{
	lockdep_assert_held(&v->node_lock);
	if (node->pins++)
		return;
	list_del_init(&node->lru);
	v->cache.idle--;
}

void rlnc_node_pin(struct rlnc_volume *v, struct rlnc_node *node)
{
	spin_lock(&v->node_lock);
	rlnc_node_pin_locked(v, node);
	spin_unlock(&v->node_lock);
}

/* The node, pinned, though it may not be READY; or NULL.  node_lock is held. */
struct rlnc_node *rlnc_cache_find(struct rlnc_volume *v, u8 tree, u8 level, u64 index)
{
	struct rlnc_node *node;

	lockdep_assert_held(&v->node_lock);
	hlist_for_each_entry(node, bucket(v, tree, level, index), hash) {
		if (node->index == index && node->level == level && node->tree == tree) {
			rlnc_node_pin_locked(v, node);
			return node;
		}
	}
	return NULL;
}

/* node_lock is held, and no such node is there. */
void rlnc_cache_insert(struct rlnc_volume *v, struct rlnc_node *node)
{
	lockdep_assert_held(&v->node_lock);
	hlist_add_head(&node->hash, bucket(v, node->tree, node->level, node->index));
	v->cache.bytes += rlnc_node_bytes(v, node);
}

/* A pinned node is not to be found any more; node_lock is held. */
void rlnc_cache_drop(struct rlnc_volume *v, struct rlnc_node *node)
{
	lockdep_assert_held(&v->node_lock);
	hlist_del_init(&node->hash);
	v->cache.bytes -= rlnc_node_bytes(v, node);
}

/* Drop a pin; returns a node for the caller to destroy, or NULL. */
static struct rlnc_node *unpin_locked(struct rlnc_volume *v, struct rlnc_node *node)
{
	if (--node->pins)
		return NULL;
	if (test_bit(RLNC_NODE_ERROR, &node->flags))
		return node;
	list_add_tail(&node->lru, &v->node_lru);
	v->cache.idle++;
	return NULL;
}

static u32 destroy_all(struct list_head *nodes)
{
	struct rlnc_node *node, *next;
	u32 count = 0;

	list_for_each_entry_safe(node, next, nodes, lru) {
		rlnc_node_destroy(node);
		count++;
	}
	return count;
}

/* Move nodes to @gone until there are no more bytes than that, or @most have gone. */
static void evict_down_to(struct rlnc_volume *v, u64 bytes, u32 most, struct list_head *gone)
{
	struct rlnc_node *node;

	while (v->cache.bytes > bytes && most--) {
		node = evict_locked(v);
		if (!node)
			return;
		list_add(&node->lru, gone);
	}
}

/**
 * rlnc_node_put - drop a pin
 * @v:		volume
 * @node:	pinned, or NULL
 */
void rlnc_node_put(struct rlnc_volume *v, struct rlnc_node *node)
{
	struct rlnc_node *parent, *dead;
	LIST_HEAD(gone);

	/* Only for a node that could not be read again: its parent has a pin less. */
	for (; node; node = parent) {
		spin_lock(&v->node_lock);
		dead = unpin_locked(v, node);
		parent = dead ? dead->parent : NULL;
		evict_down_to(v, v->cache.max_bytes, U32_MAX, &gone);
		spin_unlock(&v->node_lock);
		if (dead)
			rlnc_node_destroy(dead);
		destroy_all(&gone);
		INIT_LIST_HEAD(&gone);
	}
}

/* --- limits --------------------------------------------------------------------- */

static bool too_many_dirty(struct rlnc_volume *v)
{
	return READ_ONCE(v->cache.dirty_bytes) > v->cache.max_bytes / 3;
}

/**
 * rlnc_cache_relieve - have a checkpoint when dirty nodes take too much
 * @v:	volume; checkpoint_mutex is not held
 *
 * Of those who wait for it, only the first still finds that there is need.
 */
void rlnc_cache_relieve(struct rlnc_volume *v)
{
	if (likely(!too_many_dirty(v)))
		return;
	mutex_lock(&v->checkpoint_mutex);
	if (too_many_dirty(v))
		rlnc_checkpoint_locked(v);
	mutex_unlock(&v->checkpoint_mutex);
}

static struct rlnc_volume *volume_of(struct shrinker *shrinker)
{
	return container_of(shrinker, struct rlnc_volume, cache.shrinker);
}

static unsigned long count_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct rlnc_volume *v = volume_of(shrinker);
	u64 bytes = READ_ONCE(v->cache.bytes);
	u32 most;

	if (bytes <= v->cache.min_bytes)
		return 0;
	most = div_u64(bytes - v->cache.min_bytes, v->geo.gen_bytes);
	return min(READ_ONCE(v->cache.idle), most);
}

/* Waits for nothing but the spinlock: unpinned nodes are clean. */
static unsigned long scan_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct rlnc_volume *v = volume_of(shrinker);
	LIST_HEAD(gone);

	WRITE_ONCE(v->cache.asked, jiffies);
	spin_lock(&v->node_lock);
	evict_down_to(v, v->cache.min_bytes, min_t(u64, sc->nr_to_scan, U32_MAX), &gone);
	spin_unlock(&v->node_lock);
	return destroy_all(&gone) ?: SHRINK_STOP;
}

/* --- life --------------------------------------------------------------------------- */

/**
 * rlnc_cache_init - set up an empty cache
 * @v:	volume with geometry
 *
 * Return: 0 or -ENOMEM.
 */
int rlnc_cache_init(struct rlnc_volume *v)
{
	struct rlnc_cache *cache = &v->cache;
	u32 i, l;

	spin_lock_init(&v->node_lock);
	INIT_LIST_HEAD(&v->node_lru);
	INIT_LIST_HEAD(&v->freed[0]);
	INIT_LIST_HEAD(&v->freed[1]);
	init_waitqueue_head(&v->node_wait);
	for (i = 0; i < RLNC_TREES; i++)
		for (l = 0; l <= RLNC_MAX_LEVELS; l++)
			INIT_LIST_HEAD(&v->dirty[i][l]);
	v->node_hash = kvcalloc(1 << HASH_BITS, sizeof(*v->node_hash), GFP_KERNEL);
	v->root[0] = kvcalloc(RLNC_TREES, v->geo.ptr_bytes, GFP_KERNEL);
	if (!v->node_hash || !v->root[0])
		return -ENOMEM;
	for (i = 1; i < RLNC_TREES; i++)
		v->root[i] = (void *)v->root[0] + i * v->geo.ptr_bytes;
	cache->min_bytes = (u64)MIN_NODES * v->geo.gen_bytes;
	cache->max_bytes = max_t(u64, cache->min_bytes, (u64)v->opt.cache_mb << 20);
	cache->asked = jiffies - HZ;
	cache->shrinker.count_objects = count_objects;
	cache->shrinker.scan_objects = scan_objects;
	cache->shrinker.seeks = DEFAULT_SEEKS;
	return register_shrinker(&cache->shrinker, "dm-rlnc:%s", rlnc_name(v));
}

/* Everything cached goes, pinned or not: nothing else runs, and nothing is dirty. */
void rlnc_cache_forget(struct rlnc_volume *v)
{
	struct hlist_node *next;
	struct rlnc_node *node;
	LIST_HEAD(gone);
	u32 i;

	spin_lock(&v->node_lock);
	for (i = 0; i < 1 << HASH_BITS; i++)
		hlist_for_each_entry_safe(node, next, &v->node_hash[i], hash) {
			hlist_del_init(&node->hash);
			list_move(&node->lru, &gone);
		}
	v->cache.bytes = 0;
	v->cache.idle = 0;
	spin_unlock(&v->node_lock);
	destroy_all(&gone);
}

void rlnc_cache_exit(struct rlnc_volume *v)
{
	unregister_shrinker(&v->cache.shrinker);
	if (v->node_hash)
		rlnc_cache_forget(v);
	kvfree(v->node_hash);
	kvfree(v->root[0]);
}
