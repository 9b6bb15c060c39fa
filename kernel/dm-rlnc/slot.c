// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which slots are in use.
 *
 * The leaves of the space tree are bitmaps of the slots that the two trees
 * refer to; a bit changes in the same commit as the pointer that it stands for,
 * so that any checkpoint is consistent.  Besides that a slot can be busy: given
 * out for a write that has not been committed, or left by a pointer whose
 * successor is not durable.  Only a slot that is neither is free.
 */
#include "dm-rlnc.h"

/* There are so many slots now, not fewer than before; nothing else runs. */
void rlnc_slots_resize(struct rlnc_volume *v, u64 slots)
{
	v->slots = slots;
	/* Nodes, and the intent logs of this epoch and the last. */
	v->slots_reserved = rlnc_slots_meta(&v->geo, slots) + 2 * RLNC_LOG_SLOTS;
}

int rlnc_slots_init(struct rlnc_volume *v)
{
	mutex_init(&v->alloc_mutex);
	v->slots_used = v->sb->slots_used;
	rlnc_slots_resize(v, v->sb->slots);
	return 0;
}

void rlnc_slots_exit(struct rlnc_volume *v)
{
	if (v->cursor_node)
		rlnc_node_put(v, v->cursor_node);
	v->cursor_node = NULL;
}

static u32 slots_per_node(const struct rlnc_volume *v)
{
	return v->geo.gen_bytes * 8;
}

static u64 slots_free(struct rlnc_volume *v, bool and_busy)
{
	u64 taken;

	spin_lock(&v->node_lock);
	taken = v->slots_used + (and_busy ? 0 : v->slots_busy);
	spin_unlock(&v->node_lock);
	return taken < v->slots ? v->slots - taken : 0;
}

static void count_slots(struct rlnc_volume *v, int used, int busy)
{
	spin_lock(&v->node_lock);
	v->slots_used += used;
	v->slots_busy += busy;
	spin_unlock(&v->node_lock);
}

static u32 bit_of(const struct rlnc_volume *v, u64 slot)
{
	u32 bit;

	div_u64_rem(slot, slots_per_node(v), &bit);
	return bit;
}

/**
 * rlnc_slot_node - the leaf of the space tree that covers a slot
 * @v:		volume
 * @slot:	any slot
 *
 * Return: the node, pinned, or an error pointer; may sleep to read it.
 */
struct rlnc_node *rlnc_slot_node(struct rlnc_volume *v, u64 slot)
{
	return rlnc_node_get(v, RLNC_TREE_SPACE, 0, div_u64(slot, slots_per_node(v)));
}

/* The busy count went from 0 to 1, or back: the node is pinned meanwhile. */
static void busy_changed(struct rlnc_volume *v, struct rlnc_node *node, u32 before,
			 u32 after)
{
	if (!before && after)
		rlnc_node_pin(v, node);
	else if (before && !after)
		rlnc_node_put(v, node);
}

/* Take the first free slot of a node at or after @bit.  Return: bit or ~0. */
static u32 take_in_node(struct rlnc_volume *v, struct rlnc_node *node, u32 bit,
			u32 limit)
{
	struct rlnc_space *space = node->space;
	const __le64 *used = node->buf;
	u32 before, found = ~0u;
	u32 word;
	u64 free;

	spin_lock(&node->lock);
	before = space->busy_count;
	for (word = bit / 64; word * 64 < limit; word++) {
		free = ~(le64_to_cpu(used[word]) | space->busy[word]);
		if (word == bit / 64)
			free &= ~0ull << (bit % 64);
		if (!free)
			continue;
		found = word * 64 + __ffs64(free);
		if (found >= limit) {
			found = ~0u;
			break;
		}
		space->busy[word] |= 1ull << (found % 64);
		space->busy_count++;
		break;
	}
	spin_unlock(&node->lock);
	if (found != ~0u)
		busy_changed(v, node, before, before + 1);
	return found;
}

/* Next-fit over the whole volume, starting at the cursor. */
static u64 take_slot(struct rlnc_volume *v)
{
	u32 per_node = slots_per_node(v);
	u64 nodes = v->shape[RLNC_TREE_SPACE].count[0];
	u64 index = div_u64(v->cursor, per_node);
	u32 bit = bit_of(v, v->cursor);
	struct rlnc_node *node;
	u64 i, base;
	u32 found;

	lockdep_assert_held(&v->alloc_mutex);
	/* One more than there are: the first may have its free slots below. */
	for (i = 0; i <= nodes; i++) {
		base = index * per_node;
		if (!v->cursor_node || v->cursor_node->index != index) {
			node = rlnc_slot_node(v, base);
			if (IS_ERR(node))
				return RLNC_SLOT_NONE;
			rlnc_slots_exit(v);
			v->cursor_node = node;
		}
		found = take_in_node(v, v->cursor_node, bit,
				     min_t(u64, per_node, v->slots - base));
		if (found != ~0u) {
			v->cursor = base + found + 1;
			if (v->cursor >= v->slots)
				v->cursor = 0;
			return base + found;
		}
		bit = 0;
		if (++index == nodes)
			index = 0;
	}
	return RLNC_SLOT_NONE;
}

/*
 * A slot that is free at once, if more than @reserved are.  @some is set if so, even if
 * the bitmap that shows them cannot be read.
 */
static u64 take_free(struct rlnc_volume *v, u64 reserved, bool *some)
{
	u64 slot = RLNC_SLOT_NONE;

	mutex_lock(&v->alloc_mutex);
	*some = slots_free(v, false) > reserved;
	if (*some)
		slot = take_slot(v);
	if (slot != RLNC_SLOT_NONE)
		count_slots(v, 0, 1);
	mutex_unlock(&v->alloc_mutex);
	return slot;
}

/**
 * rlnc_slot_alloc - a free slot for data, busy from now on
 * @v:	volume; checkpoint_mutex is not held
 *
 * When there are none, checkpoints until there are: what is busy comes free that way.
 *
 * Return: the slot, or %RLNC_SLOT_NONE when none can be had.
 */
u64 rlnc_slot_alloc(struct rlnc_volume *v)
{
	bool some;
	u64 slot;

	for (;;) {
		slot = take_free(v, v->slots_reserved, &some);
		if (some)
			return slot;
		if (slots_free(v, true) <= v->slots_reserved || rlnc_checkpoint(v))
			return RLNC_SLOT_NONE;
	}
}

/**
 * rlnc_slot_alloc_meta - a free slot for a node or the log, busy from now on
 * @v:	volume
 *
 * May be one of those that are reserved.  Waits for no checkpoint: it is part of one.
 *
 * Return: the slot, or %RLNC_SLOT_NONE when none can be had.
 */
u64 rlnc_slot_alloc_meta(struct rlnc_volume *v)
{
	bool some;

	return take_free(v, 0, &some);
}

/**
 * rlnc_slot_try - a free slot for data, if there is one at hand
 * @v:	volume
 *
 * Waits for no checkpoint, and so can be called where one would wait.
 *
 * Return: the slot, busy from now on, or %RLNC_SLOT_NONE.
 */
u64 rlnc_slot_try(struct rlnc_volume *v)
{
	bool some;

	return take_free(v, v->slots_reserved, &some);
}

/**
 * rlnc_slot_reserve - make a given slot busy
 * @v:		volume
 * @slot:	free
 *
 * For replay: a log refers to it, though no tree does.
 *
 * Return: 0, -EBADMSG when it is not free, or an error of reading the bitmap.
 */
int rlnc_slot_reserve(struct rlnc_volume *v, u64 slot)
{
	struct rlnc_node *node = rlnc_slot_node(v, slot);
	u32 bit = bit_of(v, slot), taken;

	if (IS_ERR(node))
		return PTR_ERR(node);
	taken = take_in_node(v, node, bit, bit + 1);
	if (taken == bit)
		count_slots(v, 0, 1);
	rlnc_node_put(v, node);
	return taken == bit ? 0 : -EBADMSG;
}

static void clear_busy(struct rlnc_volume *v, struct rlnc_node *node, u64 slot,
		       bool use)
{
	struct rlnc_space *space = node->space;
	u32 bit = bit_of(v, slot);
	u32 before;

	spin_lock(&node->lock);
	before = space->busy_count--;
	space->busy[bit / 64] &= ~(1ull << (bit % 64));
	if (use)
		__set_bit_le(bit, node->buf);
	spin_unlock(&node->lock);
	if (use)
		rlnc_node_dirty(v, node);
	count_slots(v, use ? 1 : 0, -1);
	busy_changed(v, node, before, before - 1);
}

/* Give a slot back that rlnc_slot_alloc() gave and nothing refers to. */
void rlnc_slot_cancel(struct rlnc_volume *v, u64 slot)
{
	struct rlnc_node *node = rlnc_slot_node(v, slot);

	/* Cannot fail: a node with busy slots is pinned. */
	if (WARN_ON_ONCE(IS_ERR(node)))
		return;
	clear_busy(v, node, slot, false);
	rlnc_node_put(v, node);
}

/**
 * rlnc_slot_use - a pointer now refers to a slot
 * @v:		volume; commit_sem is held
 * @node:	rlnc_slot_node() of it, prepared for an update
 * @slot:	from rlnc_slot_alloc()
 */
void rlnc_slot_use(struct rlnc_volume *v, struct rlnc_node *node, u64 slot)
{
	clear_busy(v, node, slot, true);
}

/**
 * rlnc_slot_free - a pointer no longer refers to a slot
 * @v:		volume; commit_sem is held
 * @node:	rlnc_slot_node() of it, prepared for an update
 * @slot:	in use
 *
 * It is free again when the checkpoint of this phase is durable.
 */
void rlnc_slot_free(struct rlnc_volume *v, struct rlnc_node *node, u64 slot)
{
	struct rlnc_space *space = node->space;
	u32 bit = bit_of(v, slot);
	u64 mask = 1ull << (bit % 64);
	u32 phase = v->phase;
	u32 before;

	spin_lock(&node->lock);
	__clear_bit_le(bit, node->buf);
	before = space->busy_count++;
	space->busy[bit / 64] |= mask;
	space->freed[phase][bit / 64] |= mask;
	if (!space->freed_count[phase]++) {
		spin_lock(&v->node_lock);
		list_add_tail(&space->freed_link[phase], &v->freed[phase]);
		spin_unlock(&v->node_lock);
	}
	spin_unlock(&node->lock);
	rlnc_node_dirty(v, node);
	count_slots(v, -1, 1);
	busy_changed(v, node, before, before + 1);
}

/**
 * rlnc_slot_withhold - let nobody have a slot before the next checkpoint is durable
 * @v:		volume being activated
 * @slot:	any; one that is busy or in use is left as it is
 *
 * Return: 0, or an error of reading the bitmap.
 */
int rlnc_slot_withhold(struct rlnc_volume *v, u64 slot)
{
	struct rlnc_node *node = rlnc_slot_node(v, slot);
	int ret;

	if (IS_ERR(node))
		return PTR_ERR(node);
	ret = rlnc_slot_reserve(v, slot);
	if (!ret) {
		down_read(&v->commit_sem);
		rlnc_slot_use(v, node, slot);
		rlnc_slot_free(v, node, slot);
		up_read(&v->commit_sem);
	}
	rlnc_node_put(v, node);
	return ret == -EBADMSG ? 0 : ret;
}

static void release_in_node(struct rlnc_volume *v, struct rlnc_node *node, u32 phase)
{
	struct rlnc_space *space = node->space;
	u32 words = slots_per_node(v) / 64;
	u32 before, count, i;

	spin_lock(&node->lock);
	count = space->freed_count[phase];
	before = space->busy_count;
	space->busy_count -= count;
	space->freed_count[phase] = 0;
	for (i = 0; i < words; i++) {
		space->busy[i] &= ~space->freed[phase][i];
		space->freed[phase][i] = 0;
	}
	spin_unlock(&node->lock);
	count_slots(v, 0, -(int)count);
	busy_changed(v, node, before, before - count);
}

/**
 * rlnc_slots_release - free what was left before a checkpoint
 * @v:		volume; checkpoint_mutex is held
 * @phase:	of the checkpoint that is durable now
 */
void rlnc_slots_release(struct rlnc_volume *v, u32 phase)
{
	struct rlnc_space *space;
	struct rlnc_node *node;

	for (;;) {
		spin_lock(&v->node_lock);
		space = list_first_entry_or_null(&v->freed[phase], struct rlnc_space,
						 freed_link[phase]);
		if (space)
			list_del_init(&space->freed_link[phase]);
		spin_unlock(&v->node_lock);
		if (!space)
			return;
		node = space->node;
		release_in_node(v, node, phase);
	}
}
