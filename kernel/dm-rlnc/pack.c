// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packs: slots that gather sectors of many generations.
 *
 * A write of part of a generation need not read the rest of it: its sectors are
 * sealed into the open pack, the map refers to them there, and the write is done.
 * The pack is in memory until it is full or somebody asks for durability; then it
 * is encoded and goes to the members, column by column, each column once.  The
 * seals of a pack are in the pack tree, so that to whoever reads, rebuilds or
 * scrubs it, it is a generation like any other.
 *
 * Packs are numbered on and on, and merge.c empties them in that order.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "trace.h"

#define MAX_IN_FLIGHT	4	/* packs on their way to the members */

struct rlnc_pack {
	struct list_head link;		/* rlnc_packs.lock */
	struct rlnc_gbuf *gb;		/* the fragments; gb->next is the pointer */
	struct rlnc_node *node;		/* pinned: the leaf with both entries */
	struct rlnc_place place;
	u64 number;
	u32 taken;			/* positions given out: rlnc_packs.lock */
	atomic_t filling;		/* writers that have positions and are not done */
	u32 sent;			/* columns: rlnc_packs.mutex */
	bool sending;			/* rlnc_packs.mutex */
};

/* --- to the members ------------------------------------------------------------ */

/* Wait for the columns under way.  Too few members: what was promised is lost. */
static void wait_sent(struct rlnc_volume *v, struct rlnc_pack *pack)
{
	DECLARE_BITMAP(missing, RLNC_MAX_MEMBERS);
	u32 i;

	lockdep_assert_held(&v->packs.mutex);
	if (!pack->sending)
		return;
	pack->sending = false;
	if (rlnc_generation_store_end(v, pack->gb))
		rlnc_volume_stop(v, "too few members for a write");
	rlnc_generation_missing(v, pack->gb, missing);
	for_each_set_bit(i, missing, v->n)
		rlnc_member_missed(v, i, le64_to_cpu(pack->gb->next->birth));
	/* The next columns may be more fortunate. */
	bitmap_zero(pack->gb->skipped, RLNC_MAX_MEMBERS);
	bitmap_zero(pack->gb->row_error, RLNC_MAX_MEMBERS);
}

/* Encode a column that may have been filled in part, with zeros where it was not. */
static void encode_column(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col)
{
	u32 row, rows = 0;

	for (row = 0; row < v->k; row++) {
		if (rlnc_seal_is_zero(&gb->next->seal[row * v->pps + col]))
			clear_highpage(rlnc_symbol_page(gb, row, col));
		else
			rows = row + 1;
	}
	rlnc_generation_encode_column(v, gb, col, rows);
}

/* Send the columns below @cols that were not sent; nobody fills them any more. */
static void send(struct rlnc_volume *v, struct rlnc_pack *pack, u32 cols)
{
	struct rlnc_gbuf *gb = pack->gb;
	u32 col;

	if (pack->sent >= cols)
		return;
	wait_sent(v, pack);
	trace_rlnc_pack_flush(v, pack->number, gb->slot, pack->sent, cols - pack->sent);
	rlnc_mix_set(gb, gb->next);
	trace_rlnc_encode(v, gb->slot, pack->sent, cols - pack->sent);
	for (col = pack->sent; col < cols; col++)
		encode_column(v, gb, col);
	rlnc_generation_store_columns(v, gb, pack->sent, cols - pack->sent);
	pack->sending = true;
	pack->sent = cols;
}

static void wait_filled(struct rlnc_volume *v, struct rlnc_pack *pack)
{
	wait_event(v->packs.wait, !atomic_read(&pack->filling));
}

/* Send the rest of a pack that takes no more. */
static void complete_pack(struct rlnc_volume *v, struct rlnc_pack *pack)
{
	wait_filled(v, pack);
	send(v, pack, v->pps);
}

/* Readers go to the members from now on. */
static void forget_pack(struct rlnc_volume *v, struct rlnc_pack *pack)
{
	spin_lock(&v->packs.lock);
	list_del(&pack->link);
	spin_unlock(&v->packs.lock);
	rlnc_node_put(v, pack->node);
	rlnc_gbuf_put(pack->gb);
	kfree(pack);
}

/* Have all of it on the members. */
static void end_pack(struct rlnc_volume *v, struct rlnc_pack *pack)
{
	complete_pack(v, pack);
	wait_sent(v, pack);
	forget_pack(v, pack);
}

/* End the oldest closed packs, until @keep of them are left. */
static void end_closed(struct rlnc_volume *v, u32 keep)
{
	struct rlnc_pack *pack, *next;
	u32 count = 0;

	list_for_each_entry(pack, &v->packs.list, link)
		count += pack != v->packs.open;
	list_for_each_entry_safe(pack, next, &v->packs.list, link) {
		if (pack == v->packs.open || count <= keep)
			break;
		end_pack(v, pack);
		count--;
	}
}

/* Let nobody begin to fill the open pack; returns it, or NULL. */
static struct rlnc_pack *detach_open(struct rlnc_volume *v)
{
	struct rlnc_pack *pack;

	spin_lock(&v->packs.lock);
	pack = v->packs.open;
	v->packs.open = NULL;
	spin_unlock(&v->packs.lock);
	return pack;
}

/* --- opening and filling --------------------------------------------------------- */

/* Take up to @want positions of the open pack; NULL if it has none. */
static struct rlnc_pack *take_positions(struct rlnc_volume *v, u32 want, u32 *position,
					u32 *count)
{
	struct rlnc_pack *pack;

	spin_lock(&v->packs.lock);
	pack = v->packs.open;
	if (pack && pack->taken == v->geo.seals)
		pack = NULL;
	if (pack) {
		*position = pack->taken;
		*count = min(want, v->geo.seals - pack->taken);
		pack->taken += *count;
		atomic_inc(&pack->filling);
	}
	spin_unlock(&v->packs.lock);
	return pack;
}

static bool has_room(struct rlnc_volume *v)
{
	bool room;

	spin_lock(&v->packs.lock);
	room = v->packs.open && v->packs.open->taken < v->geo.seals;
	spin_unlock(&v->packs.lock);
	return room;
}

static int enlist(struct rlnc_volume *v, struct rlnc_pack *pack, u32 index)
{
	int ret;

	down_read(&v->commit_sem);
	ret = rlnc_pack_map(v, pack->node, index, pack->gb->slot);
	if (!ret) {
		memset(pack->gb->next, 0, v->geo.ptr_bytes);
		pack->gb->next->slot = cpu_to_le64(pack->gb->slot);
		pack->gb->next->birth = cpu_to_le64(v->birth);
		spin_lock(&v->packs.lock);
		list_add_tail(&pack->link, &v->packs.list);
		v->packs.open = pack;
		spin_unlock(&v->packs.lock);
		v->packs.head++;
	}
	up_read(&v->commit_sem);
	return ret;
}

/*
 * The leaf for the next pack.  A number whose index an older pack has kept, since it
 * could not be merged, is passed over; so is one whose leaf cannot be read.
 */
static struct rlnc_node *next_leaf(struct rlnc_volume *v)
{
	struct rlnc_node *node;
	u32 index;

	while (v->packs.head - READ_ONCE(v->packs.tail_durable) < v->packs.count) {
		index = rlnc_pack_index(v, v->packs.head);
		node = rlnc_pack_leaf(v, index);
		if (PTR_ERR_OR_ZERO(node) == -ENOMEM)
			return node;
		if (!IS_ERR(node)) {
			if (!rlnc_pack_mapped(v, node, index))
				return node;
			rlnc_node_put(v, node);
		}
		down_read(&v->commit_sem);
		v->packs.head++;
		up_read(&v->commit_sem);
	}
	return ERR_PTR(-ENOSPC);
}

/* A new open pack, without waiting for memory or for slots. */
static int begin_pack(struct rlnc_volume *v)
{
	struct rlnc_node *node = next_leaf(v);
	struct rlnc_pack *pack;
	int ret = -ENOMEM;
	u32 index;

	if (IS_ERR(node))
		return PTR_ERR(node);
	pack = kzalloc(sizeof(*pack), GFP_NOWAIT | __GFP_NOWARN);
	if (!pack)
		goto err_pack;
	pack->node = node;
	pack->number = v->packs.head;
	index = rlnc_pack_index(v, pack->number);
	pack->place.tree = RLNC_TREE_PACK;
	pack->place.index = rlnc_pack_entry(&v->geo, index);
	pack->gb = rlnc_gbuf_try(v);
	if (!pack->gb)
		goto err_gbuf;
	ret = -ENOSPC;
	pack->gb->slot = rlnc_slot_try(v);
	if (pack->gb->slot == RLNC_SLOT_NONE)
		goto err_slot;
	ret = enlist(v, pack, index);
	if (!ret)
		return 0;
	rlnc_slot_cancel(v, pack->gb->slot);
err_slot:
	rlnc_gbuf_put(pack->gb);
err_gbuf:
	kfree(pack);
err_pack:
	rlnc_node_put(v, node);
	return ret;
}

/*
 * See to it that there is an open pack with room.  Return: 0, or an error if there
 * cannot be one now.
 */
static int open_pack(struct rlnc_volume *v)
{
	struct rlnc_pack *pack;
	int ret = 0;

	mutex_lock(&v->packs.mutex);
	if (!has_room(v)) {
		pack = detach_open(v);
		if (pack)
			complete_pack(v, pack);
		end_closed(v, MAX_IN_FLIGHT);
		ret = READ_ONCE(v->stopped) ? -EIO : begin_pack(v);
		rlnc_merge_kick(v);
	}
	mutex_unlock(&v->packs.mutex);
	return ret;
}

/* Seal part of a bio into positions that were taken, and let the map refer to them. */
static int fill(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		struct rlnc_pack *pack, struct rlnc_node *leaf, const struct rlnc_pack_run *r,
		struct bio *bio, struct bvec_iter *iter)
{
	struct rlnc_gbuf *gb = pack->gb;
	u32 birth = le64_to_cpu(gb->next->birth);
	u32 i, sector;
	int ret;

	for (i = 0; i < r->count; i++) {
		sector = rlnc_pack_sector(&v->geo, r->position + i);
		ret = rlnc_seal_from_bio(v, scratch, &pack->place, sector, birth, bio, iter,
					 gb);
		if (ret)
			goto err;
	}
	trace_rlnc_pack_seal(v, pack->number, r);
	rlnc_pack_enter(v, pack->node, leaf, gb->next, r);
	rlnc_log_note_pack(v, pack->number, gb->next, r->position, r->count, rlnc_pack_owner(v, r));
	return 0;

err:
	/* The column is coded with zeros where the tree has no seal. */
	do {
		sector = rlnc_pack_sector(&v->geo, r->position + i);
		memset(&gb->next->seal[sector], 0, sizeof(struct rlnc_seal));
	} while (i--);
	return ret;
}

/**
 * rlnc_pack_write - write part of a generation into the open pack
 * @v:		volume
 * @scratch:	working memory, not in use elsewhere
 * @leaf:	pinned: the leaf of the map that has the generation's pointer
 * @io:		a write, in its generation's lane
 *
 * When it returns 0 the data can be read; it is durable after rlnc_flush().
 *
 * Return: 0; -ENOSPC or -ENOMEM when there is no pack to be had, and the generation
 * has to be written as a whole; or the error of sealing or of reading a tree.
 */
int rlnc_pack_write(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		    struct rlnc_node *leaf, struct rlnc_io *io)
{
	struct bvec_iter iter = io->bio->bi_iter;
	struct rlnc_pack_run r = { .gen = io->gen, .first = io->first };
	u32 left = io->count;
	struct rlnc_pack *pack;
	int ret = 0;

	while (left && !ret) {
		down_read(&v->commit_sem);
		pack = take_positions(v, left, &r.position, &r.count);
		if (pack) {
			r.index = rlnc_pack_index(v, pack->number);
			ret = fill(v, scratch, pack, leaf, &r, io->bio, &iter);
			r.first += r.count;
			left -= r.count;
		}
		up_read(&v->commit_sem);
		if (!pack)
			ret = open_pack(v);
		else if (atomic_dec_and_test(&pack->filling))
			wake_up_all(&v->packs.wait);
	}
	return ret;
}

/* --- reading -------------------------------------------------------------------- */

/* The buffer of a pack that is in memory, with a reference; NULL if it is not. */
struct rlnc_gbuf *rlnc_pack_in_memory(struct rlnc_volume *v, u32 index)
{
	struct rlnc_gbuf *gb = NULL;
	struct rlnc_pack *pack;

	spin_lock(&v->packs.lock);
	list_for_each_entry(pack, &v->packs.list, link) {
		if (rlnc_pack_index(v, pack->number) != index)
			continue;
		gb = pack->gb;
		refcount_inc(&gb->ref);
		break;
	}
	spin_unlock(&v->packs.lock);
	return gb;
}

/* --- checkpoints and flushes ------------------------------------------------------ */

/**
 * rlnc_packs_freeze - begin no more sectors in packs of this epoch
 * @v:	volume; commit_sem is held for writing
 */
void rlnc_packs_freeze(struct rlnc_volume *v)
{
	detach_open(v);
}

/**
 * rlnc_packs_finish - have all packs that take no more on the members
 * @v:	volume; checkpoint_mutex is held
 *
 * Return: 0, or -EIO when the volume has stopped.
 */
int rlnc_packs_finish(struct rlnc_volume *v)
{
	struct rlnc_pack *pack;

	mutex_lock(&v->packs.mutex);
	list_for_each_entry(pack, &v->packs.list, link)
		if (pack != v->packs.open)
			complete_pack(v, pack);
	end_closed(v, 0);
	mutex_unlock(&v->packs.mutex);
	return READ_ONCE(v->stopped) ? -EIO : 0;
}

/**
 * rlnc_packs_hold - let everything that was begun in packs be noted, and no more
 * @v:	volume; checkpoint_mutex is held
 *
 * A flush takes its notes between this and rlnc_packs_sync(): a column whose sectors
 * were noted in part would go to the members as a code word that a replay does not
 * know all of, and could not decode.
 *
 * Return: the open pack or NULL, for rlnc_packs_sync().
 */
struct rlnc_pack *rlnc_packs_hold(struct rlnc_volume *v)
{
	struct rlnc_pack *open, *pack;

	lockdep_assert_held(&v->checkpoint_mutex);
	mutex_lock(&v->packs.mutex);
	open = detach_open(v);
	list_for_each_entry(pack, &v->packs.list, link)
		wait_filled(v, pack);
	return open;
}

/**
 * rlnc_packs_sync - have everything that was filled in on the members
 * @v:		volume; checkpoint_mutex is held
 * @open:	from rlnc_packs_hold(); it goes on with its next column
 *
 * Return: 0, or -EIO when the volume has stopped.
 */
int rlnc_packs_sync(struct rlnc_volume *v, struct rlnc_pack *open)
{
	struct rlnc_pack *pack;

	lockdep_assert_held(&v->packs.mutex);
	if (open) {
		open->taken = roundup(open->taken, v->k);
		send(v, open, open->taken / v->k);
		if (open->taken < v->geo.seals) {
			spin_lock(&v->packs.lock);
			v->packs.open = open;
			spin_unlock(&v->packs.lock);
		}
	}
	list_for_each_entry(pack, &v->packs.list, link)
		if (pack != v->packs.open)
			complete_pack(v, pack);
	end_closed(v, 0);
	if (v->packs.open)
		wait_sent(v, v->packs.open);
	mutex_unlock(&v->packs.mutex);
	return READ_ONCE(v->stopped) ? -EIO : 0;
}

/**
 * rlnc_packs_drop - leave nothing in memory, and nothing under way
 * @v:	volume that serves no I/O
 *
 * After a checkpoint there is nothing to be lost.  Where there could be none,
 * another table may own the members soon: they are not written to.
 */
void rlnc_packs_drop(struct rlnc_volume *v)
{
	struct rlnc_pack *pack, *next;

	mutex_lock(&v->packs.mutex);
	detach_open(v);
	list_for_each_entry_safe(pack, next, &v->packs.list, link) {
		if (pack->sending)
			rlnc_gbuf_io_wait(pack->gb);
		forget_pack(v, pack);
	}
	mutex_unlock(&v->packs.mutex);
}

/* --- life ------------------------------------------------------------------------- */

int rlnc_packs_init(struct rlnc_volume *v)
{
	mutex_init(&v->packs.mutex);
	spin_lock_init(&v->packs.lock);
	INIT_LIST_HEAD(&v->packs.list);
	init_waitqueue_head(&v->packs.wait);
	return rlnc_merge_init(v);
}

/* The state as the newest superblock has it. */
void rlnc_packs_activate(struct rlnc_volume *v)
{
	v->packs.count = v->sb->packs;
	v->packs.head = v->sb->pack_head;
	v->packs.tail = v->sb->pack_tail;
	v->packs.tail_durable = v->sb->pack_tail;
}

void rlnc_packs_exit(struct rlnc_volume *v)
{
	if (!v->packs.merger)
		return;
	rlnc_merge_exit(v);
	rlnc_packs_drop(v);
}
