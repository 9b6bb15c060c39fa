// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes of the trees: reading them, and changing them beside a checkpoint.
 *
 * Freezing: the checkpoint marks a node FROZEN and copies it when its turn
 * comes.  Whoever changes it before that first leaves a copy in the shadow.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "map/node.h"

/**
 * rlnc_node_read_ptr - copy a child's pointer
 * @v:		volume
 * @node:	parent, or NULL for the root pointer of the map tree
 * @child:	index of the child within its level
 * @ptr:	receives ptr_bytes
 */
void rlnc_node_read_ptr(struct rlnc_volume *v, struct rlnc_node *node, u64 child,
			struct rlnc_ptr *ptr)
{
	u32 at;

	div_u64_rem(child, v->geo.fanout, &at);
	spin_lock(&node->lock);
	memcpy(ptr, node->buf + at * v->geo.ptr_bytes, v->geo.ptr_bytes);
	spin_unlock(&node->lock);
}

void rlnc_node_write_ptr(struct rlnc_volume *v, struct rlnc_node *node, u64 child,
			 const struct rlnc_ptr *ptr)
{
	u32 at;

	div_u64_rem(child, v->geo.fanout, &at);
	spin_lock(&node->lock);
	memcpy(node->buf + at * v->geo.ptr_bytes, ptr, v->geo.ptr_bytes);
	spin_unlock(&node->lock);
}

static void read_own_ptr(struct rlnc_volume *v, struct rlnc_node *node,
			 struct rlnc_ptr *ptr)
{
	if (node->parent) {
		rlnc_node_read_ptr(v, node->parent, node->index, ptr);
		return;
	}
	spin_lock(&v->node_lock);
	memcpy(ptr, v->root[node->tree], v->geo.ptr_bytes);
	spin_unlock(&v->node_lock);
}

static bool ptr_in_range(const struct rlnc_volume *v, const struct rlnc_ptr *ptr)
{
	return le64_to_cpu(ptr->slot) < v->slots;
}

/* Does what a node says stay within the volume? */
static bool node_in_range(const struct rlnc_volume *v, const struct rlnc_node *node)
{
	const struct rlnc_node_limits limits = {
		.slots = v->slots, .birth = v->sb->epoch + 1, .packs = v->sb->packs,
	};

	return rlnc_node_ok(node->buf, &v->geo, node->tree, node->level, &limits);
}

/* Read a node's contents; an unmapped one is all zeros already. */
static int node_fill(struct rlnc_volume *v, struct rlnc_node *node)
{
	struct rlnc_place place = {
		.index = node->index, .tree = node->tree, .level = node->level,
	};
	struct rlnc_gbuf *gb;
	int ret = 0;
	u32 i;

	gb = rlnc_gbuf_get(v, true, GFP_NOIO);
	read_own_ptr(v, node, gb->ptr);
	if (rlnc_ptr_mapped(gb->ptr)) {
		ret = ptr_in_range(v, gb->ptr) ?
		      rlnc_generation_load(v, gb, &place, gb->ptr, 0, v->geo.seals) :
		      -EBADMSG;
		if (!ret)
			node->slot = le64_to_cpu(gb->ptr->slot);
		for (i = 0; i < v->geo.seals && !ret; i++)
			memcpy_from_page(node->buf + i * RLNC_SECTOR_BYTES,
					 rlnc_plain_page(gb, i), 0, RLNC_SECTOR_BYTES);
		if (!ret && !node_in_range(v, node)) {
			DMERR_LIMIT("%s: node %llu of level %u of tree %u refers to what there is not",
				    rlnc_name(v), node->index, node->level, node->tree);
			ret = -EBADMSG;
		}
	}
	rlnc_gbuf_put(gb);
	return ret;
}

static int wait_ready(struct rlnc_volume *v, struct rlnc_node *node)
{
	int ret;

	wait_event(v->node_wait, READ_ONCE(node->flags) & (BIT(RLNC_NODE_READY) |
							    BIT(RLNC_NODE_ERROR)));
	smp_rmb();	/* pairs with the barrier in get_child() */
	if (!test_bit(RLNC_NODE_ERROR, &node->flags))
		return 0;
	ret = node->error;
	rlnc_node_put(v, node);
	return ret;
}

/* Insert @node unless another is there by now, which is then returned pinned. */
static struct rlnc_node *insert(struct rlnc_volume *v, struct rlnc_node *node)
{
	struct rlnc_node *other;

	spin_lock(&v->node_lock);
	other = rlnc_cache_find(v, node->tree, node->level, node->index);
	if (!other)
		rlnc_cache_insert(v, node);
	spin_unlock(&v->node_lock);
	return other;
}

/* Get a node whose parent is at hand.  Takes over the caller's pin on @parent. */
static struct rlnc_node *get_child(struct rlnc_volume *v, u8 tree, u8 level,
				   u64 index, struct rlnc_node *parent)
{
	struct rlnc_node *node, *other;
	int ret;

	spin_lock(&v->node_lock);
	node = rlnc_cache_find(v, tree, level, index);
	spin_unlock(&v->node_lock);
	if (node)
		goto found;
	node = rlnc_node_create(v, tree, level, index);
	if (!node) {
		rlnc_node_put(v, parent);
		return ERR_PTR(-ENOMEM);
	}
	node->parent = parent;
	other = insert(v, node);
	if (other) {
		rlnc_node_destroy(node);
		node = other;
		goto found;
	}
	ret = node_fill(v, node);
	node->error = ret;
	smp_mb__before_atomic();	/* contents before the flag; see wait_ready() */
	if (ret) {
		spin_lock(&v->node_lock);
		rlnc_cache_drop(v, node);
		set_bit(RLNC_NODE_ERROR, &node->flags);
		spin_unlock(&v->node_lock);
	} else {
		set_bit(RLNC_NODE_READY, &node->flags);
	}
	wake_up_all(&v->node_wait);
	if (!ret)
		return node;
	rlnc_node_put(v, node);
	return ERR_PTR(ret);

found:
	rlnc_node_put(v, parent);
	ret = wait_ready(v, node);
	return ret ? ERR_PTR(ret) : node;
}

/**
 * rlnc_node_get - a node of a tree, read and verified
 * @v:		volume
 * @tree:	enum rlnc_tree_id
 * @level:	0 for leaves; only the space tree caches those
 * @index:	within the level
 *
 * Sleeps when the node, or one above it, is not cached.
 *
 * Return: the node, pinned; -EBADMSG, -EIO or -ENOMEM.
 */
struct rlnc_node *rlnc_node_get(struct rlnc_volume *v, u8 tree, u8 level, u64 index)
{
	struct rlnc_node *node;
	u32 below, l;
	u64 at;
	int ret;

	spin_lock(&v->node_lock);
	node = rlnc_cache_find(v, tree, level, index);
	spin_unlock(&v->node_lock);
	if (node) {
		ret = wait_ready(v, node);
		return ret ? ERR_PTR(ret) : node;
	}
	for (l = v->shape[tree].top + 1; l-- > level;) {
		at = index;
		for (below = level; below < l; below++)
			at = div_u64(at, v->geo.fanout);
		node = get_child(v, tree, l, at, node);
		if (IS_ERR(node))
			return node;
	}
	return node;
}

/* As rlnc_node_get(), but NULL when that would sleep. */
struct rlnc_node *rlnc_node_cached(struct rlnc_volume *v, u8 tree, u8 level, u64 index)
{
	struct rlnc_node *node;

	spin_lock(&v->node_lock);
	node = rlnc_cache_find(v, tree, level, index);
	spin_unlock(&v->node_lock);
	if (!node)
		return NULL;
	if (test_bit(RLNC_NODE_READY, &node->flags)) {
		smp_rmb();	/* pairs with the barrier in get_child() */
		return node;
	}
	rlnc_node_put(v, node);
	return NULL;
}

/* Put a node above the root, whose first child that is from now on. */
static int raise_root(struct rlnc_volume *v, u8 tree)
{
	u8 top = v->shape[tree].top;
	struct rlnc_node *old, *node;

	old = rlnc_node_get(v, tree, top, 0);
	if (IS_ERR(old))
		return PTR_ERR(old);
	node = rlnc_node_create(v, tree, top + 1, 0);
	if (!node) {
		rlnc_node_put(v, old);
		return -ENOMEM;
	}
	rlnc_node_write_ptr(v, node, 0, v->root[tree]);
	set_bit(RLNC_NODE_READY, &node->flags);
	insert(v, node);
	memset(v->root[tree], 0, v->geo.ptr_bytes);
	old->parent = node;		/* takes over the pin that it was made with */
	rlnc_node_dirty(v, node);
	rlnc_node_put(v, old);
	return 0;
}

/**
 * rlnc_tree_grow - give a tree more leaves
 * @v:		volume; nothing else runs
 * @tree:	enum rlnc_tree_id
 * @leaves:	not fewer than it has
 *
 * The new leaves are unmapped.  Where the root has to be higher, nodes above the
 * old one are made, for the next checkpoint to write.
 *
 * Return: 0, -E2BIG when it would be too high, -ENOMEM, or the error of reading
 * the root; the volume is not to be used then.
 */
int rlnc_tree_grow(struct rlnc_volume *v, u8 tree, u64 leaves)
{
	struct rlnc_tree_shape shape;
	int ret = rlnc_tree_shape_init(&shape, &v->geo, leaves);

	while (!ret && v->shape[tree].top < shape.top) {
		ret = raise_root(v, tree);
		if (!ret)
			v->shape[tree].count[++v->shape[tree].top] = 1;
	}
	if (!ret)
		v->shape[tree] = shape;
	return ret;
}

/**
 * rlnc_node_dirty - see to it that the next checkpoint writes a node
 * @v:		volume; commit_sem is held
 * @node:	pinned
 *
 * While slots are being assigned, a node that the running checkpoint has
 * already taken is written by it, with the change.
 */
void rlnc_node_dirty(struct rlnc_volume *v, struct rlnc_node *node)
{
	spin_lock(&v->node_lock);
	if (!(v->assigning && test_bit(RLNC_NODE_CHECKPOINT, &node->flags)) &&
	    !test_and_set_bit(RLNC_NODE_DIRTY, &node->flags)) {
		rlnc_node_pin_locked(v, node);
		list_add_tail(&node->dirty, &v->dirty[node->tree][node->level]);
		v->nodes_dirty++;
		v->cache.dirty_bytes += rlnc_node_bytes(v, node);
	}
	spin_unlock(&v->node_lock);
}

static void count_bytes(struct rlnc_volume *v, s64 bytes)
{
	spin_lock(&v->node_lock);
	v->cache.bytes += bytes;
	spin_unlock(&v->node_lock);
}

/**
 * rlnc_node_prepare_update - let the checkpoint keep the contents it froze
 * @v:		volume; commit_sem is held for reading
 * @node:	about to be changed; must not be locked
 */
void rlnc_node_prepare_update(struct rlnc_volume *v, struct rlnc_node *node)
{
	void *shadow;

	if (!test_bit(RLNC_NODE_FROZEN, &node->flags))
		return;
	shadow = rlnc_block_alloc(v);
	if (!shadow) {
		wait_event(v->node_wait, !test_bit(RLNC_NODE_FROZEN, &node->flags));
		return;
	}
	spin_lock(&node->lock);
	if (test_bit(RLNC_NODE_FROZEN, &node->flags) && !node->shadow) {
		memcpy(shadow, node->buf, v->geo.gen_bytes);
		node->shadow = shadow;
		shadow = NULL;
		count_bytes(v, v->geo.gen_bytes);
	}
	spin_unlock(&node->lock);
	kvfree(shadow);
}

/**
 * rlnc_node_thaw - take a frozen node's contents for the checkpoint
 * @v:		volume
 * @node:	frozen
 * @gb:		receives the contents in its plain pages
 */
void rlnc_node_thaw(struct rlnc_volume *v, struct rlnc_node *node,
		    struct rlnc_gbuf *gb)
{
	void *shadow, *from;
	u32 i;

	spin_lock(&node->lock);
	from = node->shadow ?: node->buf;
	for (i = 0; i < v->geo.seals; i++)
		memcpy_to_page(rlnc_plain_page(gb, i), 0, from + i * RLNC_SECTOR_BYTES,
			       RLNC_SECTOR_BYTES);
	shadow = node->shadow;
	node->shadow = NULL;
	if (shadow)
		count_bytes(v, -(s64)v->geo.gen_bytes);
	clear_bit(RLNC_NODE_FROZEN, &node->flags);
	spin_unlock(&node->lock);
	kvfree(shadow);
	wake_up_all(&v->node_wait);
}
