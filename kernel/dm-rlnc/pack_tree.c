// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pack tree: which packs there are, their seals and their owners; and the other
 * side of it, what the map says of sectors in packs.  The two change together.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"

u32 rlnc_pack_index(const struct rlnc_volume *v, u64 number)
{
	u32 index;

	div_u64_rem(number, v->packs.count, &index);
	return index;
}

/* The leaf of the pack tree that holds both entries of a pack. */
struct rlnc_node *rlnc_pack_leaf(struct rlnc_volume *v, u32 index)
{
	return rlnc_node_get(v, RLNC_TREE_PACK, 1,
			     div_u64(rlnc_pack_entry(&v->geo, index), v->geo.fanout));
}

/* Both entries in a leaf, which is locked. */
static struct rlnc_ptr *ptr_in(struct rlnc_volume *v, struct rlnc_node *leaf, u32 index)
{
	u32 at;

	div_u64_rem(rlnc_pack_entry(&v->geo, index), v->geo.fanout, &at);
	return leaf->buf + at * v->geo.ptr_bytes;
}

static __le64 *owners_in(struct rlnc_volume *v, struct rlnc_node *leaf, u32 index)
{
	return (void *)ptr_in(v, leaf, index) + v->geo.ptr_bytes;
}

/* Is any sector of a generation in a pack? */
bool rlnc_ptr_packed(const struct rlnc_volume *v, const struct rlnc_ptr *ptr)
{
	u32 i;

	for (i = 0; i < v->geo.seals; i++)
		if (rlnc_seal_is_packed(&ptr->seal[i]))
			return true;
	return false;
}

/* --- the map's side ---------------------------------------------------------- */

static void refer(struct rlnc_seal *seal, u32 index, u32 sector)
{
	struct rlnc_packed *packed = (struct rlnc_packed *)seal;

	memset(packed, 0, sizeof(*packed));
	packed->mark = cpu_to_le32(RLNC_PACKED_MARK);
	packed->pack = cpu_to_le32(index);
	packed->sector = cpu_to_le32(sector);
}

/* Let the map refer to the pack. */
static void refer_in_map(struct rlnc_volume *v, struct rlnc_node *leaf,
			 const struct rlnc_pack_run *r)
{
	struct rlnc_ptr *ptr;
	u32 at, i;

	div_u64_rem(r->gen, v->geo.fanout, &at);
	ptr = leaf->buf + at * v->geo.ptr_bytes;
	rlnc_node_prepare_update(v, leaf);
	spin_lock(&leaf->lock);
	if (!ptr->birth) {
		ptr->slot = cpu_to_le64(RLNC_PTR_NO_SLOT);
		ptr->birth = cpu_to_le64(v->birth);
	}
	for (i = 0; i < r->count; i++)
		refer(&ptr->seal[r->first + i], r->index,
		      rlnc_pack_sector(&v->geo, r->position + i));
	spin_unlock(&leaf->lock);
	rlnc_node_dirty(v, leaf);
}

u64 rlnc_pack_owner(const struct rlnc_volume *v, const struct rlnc_pack_run *r)
{
	return r->gen * v->geo.seals + r->first;
}

/* Enter the run's seals, which are those of @from, and its owners in the pack tree. */
static void enter_in_tree(struct rlnc_volume *v, struct rlnc_node *node,
			  const struct rlnc_ptr *from, const struct rlnc_pack_run *r)
{
	__le64 *owners = owners_in(v, node, r->index);
	struct rlnc_ptr *ptr = ptr_in(v, node, r->index);
	u32 i, sector;

	rlnc_node_prepare_update(v, node);
	spin_lock(&node->lock);
	for (i = 0; i < r->count; i++) {
		sector = rlnc_pack_sector(&v->geo, r->position + i);
		ptr->seal[sector] = from->seal[sector];
		owners[sector] = cpu_to_le64(rlnc_pack_owner(v, r) + i);
	}
	spin_unlock(&node->lock);
	rlnc_node_dirty(v, node);
}

/**
 * rlnc_pack_enter - let tree and map say that a run lies in a pack
 * @v:		volume; commit_sem is held for reading
 * @node:	pinned: the leaf of the pack tree
 * @leaf:	pinned: the leaf of the map
 * @from:	pointer that has the seals
 * @r:		the run
 */
void rlnc_pack_enter(struct rlnc_volume *v, struct rlnc_node *node, struct rlnc_node *leaf,
		     const struct rlnc_ptr *from, const struct rlnc_pack_run *r)
{
	enter_in_tree(v, node, from, r);
	refer_in_map(v, leaf, r);
}

/* Is there a pack at an index? */
bool rlnc_pack_mapped(struct rlnc_volume *v, struct rlnc_node *node, u32 index)
{
	bool mapped;

	spin_lock(&node->lock);
	mapped = rlnc_ptr_mapped(ptr_in(v, node, index));
	spin_unlock(&node->lock);
	return mapped;
}

/**
 * rlnc_pack_map - make a pack part of the pack tree, empty as yet
 * @v:		volume; commit_sem is held for reading
 * @node:	pinned: the leaf for it
 * @index:	of the pack
 * @slot:	busy, and in use from now on
 *
 * Return: 0, -EBADMSG when the index is in use, or the error of reading the bitmap.
 */
int rlnc_pack_map(struct rlnc_volume *v, struct rlnc_node *node, u32 index, u64 slot)
{
	struct rlnc_ptr *ptr = ptr_in(v, node, index);
	struct rlnc_node *space = rlnc_slot_node(v, slot);
	int ret = 0;

	if (IS_ERR(space))
		return PTR_ERR(space);
	rlnc_node_prepare_update(v, node);
	rlnc_node_prepare_update(v, space);
	spin_lock(&node->lock);
	if (rlnc_ptr_mapped(ptr))
		ret = -EBADMSG;
	else
		memset(ptr, 0, 2 * v->geo.ptr_bytes);
	if (!ret) {
		ptr->slot = cpu_to_le64(slot);
		ptr->birth = cpu_to_le64(v->birth);
	}
	spin_unlock(&node->lock);
	if (!ret) {
		rlnc_node_dirty(v, node);
		rlnc_slot_use(v, space, slot);
	}
	rlnc_node_put(v, space);
	return ret;
}

/* --- the oldest pack, for merging --------------------------------------------------- */

static bool in_memory(struct rlnc_volume *v, u32 index)
{
	struct rlnc_gbuf *gb = rlnc_pack_in_memory(v, index);

	if (gb)
		rlnc_gbuf_put(gb);
	return gb;
}

/**
 * rlnc_pack_read - what a pack was given
 * @v:		volume
 * @number:	of the pack, which lives
 * @ptr:	receives its pointer: a sector that has no seal was not filled
 * @owners:	receives, by sector, what was written there; ptr_bytes
 *
 * Return: 0; -EBUSY while it is in memory; or the error of reading the tree.
 */
int rlnc_pack_read(struct rlnc_volume *v, u64 number, struct rlnc_ptr *ptr, __le64 *owners)
{
	u32 index = rlnc_pack_index(v, number);
	struct rlnc_node *node;

	if (in_memory(v, index))
		return -EBUSY;
	node = rlnc_pack_leaf(v, index);
	if (IS_ERR(node))
		return PTR_ERR(node);
	spin_lock(&node->lock);
	memcpy(ptr, ptr_in(v, node, index), v->geo.ptr_bytes);
	memcpy(owners, owners_in(v, node, index), v->geo.ptr_bytes);
	spin_unlock(&node->lock);
	rlnc_node_put(v, node);
	return 0;
}

static void unmap_pack(struct rlnc_volume *v, struct rlnc_node *node, u32 index,
		       struct rlnc_node *space)
{
	const struct rlnc_place place = {
		.index = rlnc_pack_entry(&v->geo, index), .tree = RLNC_TREE_PACK,
	};
	struct rlnc_ptr *ptr = ptr_in(v, node, index);
	u64 slot = le64_to_cpu(ptr->slot);

	rlnc_node_prepare_update(v, node);
	rlnc_node_prepare_update(v, space);
	rlnc_history_note(v, &place, ptr);
	spin_lock(&node->lock);
	memset(ptr, 0, 2 * v->geo.ptr_bytes);
	spin_unlock(&node->lock);
	rlnc_node_dirty(v, node);
	rlnc_slot_free(v, space, slot);
}

/**
 * rlnc_pack_free - the map refers to the oldest pack no more
 * @v:		volume
 * @number:	of the oldest
 *
 * Its slot is free, and its index can be used again, after the next checkpoint.
 *
 * Return: 0, or the error of reading a tree.
 */
int rlnc_pack_free(struct rlnc_volume *v, u64 number)
{
	u32 index = rlnc_pack_index(v, number);
	struct rlnc_node *node, *space = NULL;
	struct rlnc_ptr *ptr;

	node = rlnc_pack_leaf(v, index);
	if (IS_ERR(node))
		return PTR_ERR(node);
	ptr = ptr_in(v, node, index);
	if (rlnc_ptr_mapped(ptr)) {
		space = le64_to_cpu(ptr->slot) < v->slots ?
			rlnc_slot_node(v, le64_to_cpu(ptr->slot)) : ERR_PTR(-EBADMSG);
		if (IS_ERR(space)) {
			rlnc_node_put(v, node);
			return PTR_ERR(space);
		}
	}
	down_read(&v->commit_sem);
	if (space)
		unmap_pack(v, node, index, space);
	v->packs.tail = number + 1;
	up_read(&v->commit_sem);
	rlnc_node_put(v, space);
	rlnc_node_put(v, node);
	return 0;
}

/**
 * rlnc_pack_leave - go on to the next pack, and leave the oldest as it is
 * @v:		volume
 * @number:	of the oldest
 *
 * The map still refers to it.  It keeps its index until it is merged, which is tried
 * again when the numbers have come round to it.
 */
void rlnc_pack_leave(struct rlnc_volume *v, u64 number)
{
	down_read(&v->commit_sem);
	v->packs.tail = number + 1;
	up_read(&v->commit_sem);
}

/* --- replay ------------------------------------------------------------------------ */

/* The pack that a change in the log speaks of, in the tree: begun, if it is new. */
static int adopt(struct rlnc_volume *v, struct rlnc_node *node, u64 number, u64 slot)
{
	u32 index = rlnc_pack_index(v, number);
	struct rlnc_ptr *ptr = ptr_in(v, node, index);
	int ret;

	if (rlnc_ptr_mapped(ptr))
		return le64_to_cpu(ptr->slot) == slot ? 0 : -EBADMSG;
	ret = rlnc_slot_reserve(v, slot);
	if (ret)
		return ret;
	down_read(&v->commit_sem);
	ret = rlnc_pack_map(v, node, index, slot);
	v->packs.head = max(v->packs.head, number + 1);
	up_read(&v->commit_sem);
	return ret;
}

static void redo_run(struct rlnc_volume *v, struct rlnc_node *node, struct rlnc_node *leaf,
		     const struct rlnc_log_entry *e, struct rlnc_ptr *from,
		     const struct rlnc_pack_run *r, const unsigned long *missing)
{
	u32 i;

	for (i = 0; i < r->count; i++)
		from->seal[rlnc_pack_sector(&v->geo, r->position + i)] = e->seal[i];
	down_read(&v->commit_sem);
	rlnc_pack_enter(v, node, leaf, from, r);
	for_each_set_bit(i, missing, v->n)
		rlnc_member_missed(v, i, v->birth);
	up_read(&v->commit_sem);
}

/**
 * rlnc_pack_redo - do again what a note of a pack says
 * @v:		volume being activated
 * @e:		from rlnc_log_next(), of kind RLNC_LOG_PACK
 * @missing:	members that may not have it
 *
 * Return: 0, -EBADMSG when it does not fit the trees, -ENOMEM, or the error of
 * reading them.
 */
int rlnc_pack_redo(struct rlnc_volume *v, const struct rlnc_log_entry *e,
		   const unsigned long *missing)
{
	u64 number = le64_to_cpu(e->index);
	struct rlnc_pack_run r = {
		.count = le16_to_cpu(e->count),
		.index = rlnc_pack_index(v, number),
		.position = le16_to_cpu(e->first),
	};
	struct rlnc_node *node, *leaf;
	struct rlnc_ptr *from;
	int ret;

	r.gen = div_u64_rem(rlnc_log_owner(e), v->geo.seals, &r.first);
	from = kvzalloc(v->geo.ptr_bytes, GFP_KERNEL);
	if (!from)
		return -ENOMEM;
	node = rlnc_pack_leaf(v, r.index);
	ret = PTR_ERR_OR_ZERO(node);
	if (ret)
		goto out;
	leaf = rlnc_node_get(v, RLNC_TREE_MAP, 1, div_u64(r.gen, v->geo.fanout));
	ret = PTR_ERR_OR_ZERO(leaf);
	if (ret)
		goto out_node;
	ret = adopt(v, node, number, le64_to_cpu(e->slot));
	if (!ret)
		redo_run(v, node, leaf, e, from, &r, missing);
	rlnc_node_put(v, leaf);
out_node:
	rlnc_node_put(v, node);
out:
	kvfree(from);
	return ret;
}

