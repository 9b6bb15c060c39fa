// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving a pointer of the map tree.  The pointer, the bits of both slots and the
 * note for the intent log change together, as far as any checkpoint can see.
 */
#include "dm-rlnc.h"

/**
 * rlnc_commit_prepare - pin what a commit will change
 * @v:	volume
 * @c:	with gen, old and new set; receives the pointer as it is in @c->old
 *
 * The caller sees to it that nobody else changes this pointer.  Sleeps.
 *
 * Return: 0 or an error of reading the trees; rlnc_commit_end() either way.
 */
int rlnc_commit_prepare(struct rlnc_volume *v, struct rlnc_commit *c)
{
	struct rlnc_node *node;

	node = rlnc_node_get(v, RLNC_TREE_MAP, 1, div_u64(c->gen, v->geo.fanout));
	if (IS_ERR(node))
		return PTR_ERR(node);
	c->leaf = node;
	rlnc_node_read_ptr(v, node, c->gen, c->old);
	if (!rlnc_ptr_has_slot(c->old))
		return 0;
	if (le64_to_cpu(c->old->slot) >= v->slots)
		return -EBADMSG;
	node = rlnc_slot_node(v, le64_to_cpu(c->old->slot));
	if (IS_ERR(node))
		return PTR_ERR(node);
	c->old_space = node;
	return 0;
}

/**
 * rlnc_commit - move the pointer
 * @v:	volume
 * @c:	prepared; @c->new is complete but for its birth, which is the epoch being
 *	built now, whenever the seals were made
 *
 * Return: 0, or -EAGAIN, with nothing done, when a checkpoint has begun since the
 * generation was coded for its birth, as @c->birth says.
 */
int rlnc_commit(struct rlnc_volume *v, struct rlnc_commit *c)
{
	DECLARE_BITMAP(missing, RLNC_MAX_MEMBERS);
	bool mapped = rlnc_ptr_mapped(c->new);
	u32 i;
	struct rlnc_node *space = NULL;
	u64 slot = le64_to_cpu(c->new->slot);
	const struct rlnc_place place = { .tree = RLNC_TREE_MAP, .index = c->gen };
	int ret = 0;

	if (mapped)
		space = rlnc_slot_node(v, slot);	/* busy, and so pinned */
	if (!c->held)
		down_read(&v->commit_sem);
	if (c->birth && c->birth != v->birth) {
		ret = -EAGAIN;
		goto out;
	}
	rlnc_node_prepare_update(v, c->leaf);
	if (space)
		rlnc_node_prepare_update(v, space);
	if (c->old_space)
		rlnc_node_prepare_update(v, c->old_space);
	if (mapped)
		c->new->birth = cpu_to_le64(v->birth);
	rlnc_node_write_ptr(v, c->leaf, c->gen, c->new);
	rlnc_node_dirty(v, c->leaf);
	if (space)
		rlnc_slot_use(v, space, slot);
	if (c->old_space) {
		rlnc_slot_free(v, c->old_space, le64_to_cpu(c->old->slot));
		rlnc_history_note(v, &place, c->old);
	}
	bitmap_zero(missing, RLNC_MAX_MEMBERS);
	if (mapped && c->stored)
		rlnc_generation_missing(v, c->stored, missing);
	else if (mapped && c->missing)
		bitmap_copy(missing, c->missing, v->n);
	for_each_set_bit(i, missing, v->n)
		rlnc_member_missed(v, i, v->birth);
	rlnc_log_note(v, c->gen, c->new, c->first, c->count);
out:
	if (!c->held)
		up_read(&v->commit_sem);
	rlnc_node_put(v, space);
	return ret;
}

void rlnc_commit_end(struct rlnc_volume *v, struct rlnc_commit *c)
{
	rlnc_node_put(v, c->old_space);
	rlnc_node_put(v, c->leaf);
}
