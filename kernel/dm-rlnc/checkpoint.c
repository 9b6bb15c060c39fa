// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checkpoints: make everything committed so far durable under a new epoch.
 *
 *  1. Freeze.  With commits held off, every dirty node and the nodes above it
 *     get new slots; nodes of the space tree last, since that changes them.
 *  2. Write.  Children before parents, for a parent holds its children's seals;
 *     and what is in memory still of packs.
 *  3. Flush all members, then write the superblocks: an epoch is durable when
 *     writes_min members have it, and no superblock exists whose tree is not.
 *  4. Release the slots that the last epoch alone referred to, once the readers
 *     that may still be at them are gone.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "trace.h"

static unsigned int checkpoint_ms = 5000;
module_param(checkpoint_ms, uint, 0644);
MODULE_PARM_DESC(checkpoint_ms, "Milliseconds between checkpoints that nobody asked for");

#define WINDOW		8		/* node writes in flight */

/* The running checkpoint: nodes to be written, by tree and level. */
struct checkpoint {
	struct list_head nodes[RLNC_TREES][RLNC_MAX_LEVELS + 1];
	struct list_head window;	/* buffers being written, oldest first */
	u32 in_flight;
	u32 taken;			/* nodes in all */
	u64 epoch;
	u32 phase;
	u64 slots_used;
	u64 log_slot;
	u64 pack_tail;
	u64 pack_head;
	u32 work;			/* background work, as far as it is flushed */
	u64 work_done;
	struct rlnc_log_slots old_log;
	int error;
};

/**
 * rlnc_volume_stop - take no more writes
 * @v:		volume
 * @why:	a static string, for the log
 *
 * What was durable stays readable.  Closing and opening the volume brings it
 * back at its last durable state.
 */
void rlnc_volume_stop(struct rlnc_volume *v, const char *why)
{
	if (cmpxchg(&v->stopped, NULL, why))
		return;
	DMERR("%s: writes stopped: %s; close the volume, mend its members and open it again",
	      rlnc_name(v), why);
	rlnc_event_volume(v, RLNC_EVENT_STOPPED, why);
	wake_up_all(&v->bg.wait);
}

/* --- freezing ---------------------------------------------------------------- */

/* Give a node the slot it is about to be written to; its old one is freed. */
static int assign_slot(struct rlnc_volume *v, struct rlnc_node *node)
{
	struct rlnc_node *space;
	u64 slot;

	slot = rlnc_slot_alloc_meta(v);
	if (slot == RLNC_SLOT_NONE)
		return -ENOSPC;
	space = rlnc_slot_node(v, slot);
	if (IS_ERR(space))
		return PTR_ERR(space);
	rlnc_slot_use(v, space, slot);
	rlnc_node_put(v, space);
	if (node->slot != RLNC_SLOT_NONE) {
		space = rlnc_slot_node(v, node->slot);
		if (IS_ERR(space))
			return PTR_ERR(space);
		rlnc_slot_free(v, space, node->slot);
		rlnc_node_put(v, space);
	}
	node->slot = slot;
	return 0;
}

/* Move a dirty node, with its pin, to the checkpoint. */
static void take_node(struct rlnc_volume *v, struct checkpoint *cp,
		      struct rlnc_node *node)
{
	spin_lock(&v->node_lock);
	list_del_init(&node->dirty);
	v->nodes_dirty--;
	v->cache.dirty_bytes -= rlnc_node_bytes(v, node);
	clear_bit(RLNC_NODE_DIRTY, &node->flags);
	set_bit(RLNC_NODE_CHECKPOINT, &node->flags);
	list_add_tail(&node->frozen, &cp->nodes[node->tree][node->level]);
	cp->taken++;
	spin_unlock(&v->node_lock);
}

static struct rlnc_node *first_dirty(struct rlnc_volume *v, u8 tree, u8 level)
{
	return list_first_entry_or_null(&v->dirty[tree][level], struct rlnc_node, dirty);
}

/*
 * Take all dirty nodes of a tree and those above them.  Assigning slots dirties
 * leaves of the space tree, so for that tree this goes on until nothing new
 * comes up.
 */
static int take_tree(struct rlnc_volume *v, struct checkpoint *cp, u8 tree)
{
	struct rlnc_node *node;
	bool again;
	int ret;
	u32 l;

	do {
		again = false;
		for (l = 0; l <= v->shape[tree].top; l++) {
			while ((node = first_dirty(v, tree, l))) {
				take_node(v, cp, node);
				if (node->parent)
					rlnc_node_dirty(v, node->parent);
				ret = assign_slot(v, node);
				if (ret)
					return ret;
				again = true;
			}
		}
	} while (again && tree == RLNC_TREE_SPACE);
	return 0;
}

static void freeze(struct rlnc_volume *v, struct checkpoint *cp)
{
	struct rlnc_node *node;
	u32 t, l;

	down_write(&v->commit_sem);
	v->assigning = true;
	rlnc_packs_freeze(v);
	cp->error = take_tree(v, cp, RLNC_TREE_MAP) ?:
		    take_tree(v, cp, RLNC_TREE_PACK) ?:
		    take_tree(v, cp, RLNC_TREE_SPACE);
	v->assigning = false;
	cp->log_slot = rlnc_log_restart(v, &cp->old_log);
	for (t = 0; t < RLNC_TREES; t++)
		for (l = 0; l <= v->shape[t].top; l++)
			list_for_each_entry(node, &cp->nodes[t][l], frozen)
				set_bit(RLNC_NODE_FROZEN, &node->flags);
	cp->epoch = v->birth++;
	cp->phase = v->phase;
	v->phase = v->birth & 1;
	cp->slots_used = v->slots_used;
	cp->pack_tail = v->packs.tail;
	cp->pack_head = v->packs.head;
	up_write(&v->commit_sem);
}

/* --- writing ------------------------------------------------------------------- */

static void finish_oldest(struct rlnc_volume *v, struct checkpoint *cp)
{
	struct rlnc_gbuf *gb = list_first_entry(&cp->window, struct rlnc_gbuf, link);
	DECLARE_BITMAP(missing, RLNC_MAX_MEMBERS);
	int ret = rlnc_generation_store_end(v, gb);
	u32 i;

	rlnc_generation_missing(v, gb, missing);
	for_each_set_bit(i, missing, v->n)
		rlnc_member_missed(v, i, cp->epoch);
	list_del(&gb->link);
	cp->in_flight--;
	if (ret && !cp->error)
		cp->error = ret;
	rlnc_node_put(v, gb->node);
	rlnc_gbuf_put(gb);
}

/* A buffer; our own writes may hold all there are, so end those first. */
static struct rlnc_gbuf *window_get(struct rlnc_volume *v, struct checkpoint *cp)
{
	struct rlnc_gbuf *gb;

	while (cp->in_flight >= WINDOW)
		finish_oldest(v, cp);
	for (;;) {
		gb = rlnc_gbuf_get(v, true, cp->in_flight ? GFP_NOWAIT : GFP_NOIO);
		if (gb)
			return gb;
		finish_oldest(v, cp);
	}
}

static int seal_node(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		     struct rlnc_node *node, u64 epoch)
{
	struct rlnc_place place = {
		.index = node->index, .tree = node->tree, .level = node->level,
	};
	int ret;
	u32 i;

	gb->next->slot = cpu_to_le64(node->slot);
	gb->next->birth = cpu_to_le64(epoch);
	for (i = 0; i < v->geo.seals; i++) {
		ret = rlnc_seal_sector(v, &gb->scratch, &place, i, epoch,
				       rlnc_plain_page(gb, i), 0,
				       rlnc_symbol_page(gb, rlnc_row(v, i), rlnc_col(v, i)),
				       &gb->next->seal[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/* The pointer to a node that was written becomes gb->next. */
static void put_own_ptr(struct rlnc_volume *v, struct rlnc_node *node, struct rlnc_gbuf *gb)
{
	const struct rlnc_place place = {
		.index = node->index, .tree = node->tree, .level = node->level,
	};

	if (node->parent) {
		rlnc_node_read_ptr(v, node->parent, node->index, gb->ptr);
		rlnc_node_write_ptr(v, node->parent, node->index, gb->next);
	} else {
		spin_lock(&v->node_lock);
		memcpy(gb->ptr, v->root[node->tree], v->geo.ptr_bytes);
		memcpy(v->root[node->tree], gb->next, v->geo.ptr_bytes);
		spin_unlock(&v->node_lock);
	}
	if (rlnc_ptr_mapped(gb->ptr))
		rlnc_history_note(v, &place, gb->ptr);
}

/*
 * Takes over the checkpoint's pin of the node.  After an error nothing more is
 * written: a node that got no new slot must not go over its old one.
 */
static void write_node(struct rlnc_volume *v, struct checkpoint *cp,
		       struct rlnc_node *node)
{
	struct rlnc_gbuf *gb = window_get(v, cp);

	rlnc_node_thaw(v, node, gb);
	clear_bit(RLNC_NODE_CHECKPOINT, &node->flags);
	gb->node = node;
	gb->slot = node->slot;
	if (!cp->error)
		cp->error = seal_node(v, gb, node, cp->epoch);
	if (cp->error) {
		rlnc_node_put(v, node);
		rlnc_gbuf_put(gb);
		return;
	}
	put_own_ptr(v, node, gb);
	rlnc_mix_set(gb, gb->next);
	rlnc_generation_encode(v, gb);
	rlnc_generation_store_begin(v, gb);
	list_add_tail(&gb->link, &cp->window);
	cp->in_flight++;
}

static void write_nodes(struct rlnc_volume *v, struct checkpoint *cp)
{
	struct rlnc_node *node, *next;
	u32 t, l;

	for (t = 0; t < RLNC_TREES; t++) {
		for (l = 0; l <= v->shape[t].top; l++) {
			list_for_each_entry_safe(node, next, &cp->nodes[t][l], frozen) {
				list_del_init(&node->frozen);
				write_node(v, cp, node);
			}
		}
	}
	while (cp->in_flight)
		finish_oldest(v, cp);
}

/* --- the whole ------------------------------------------------------------------ */

static bool nothing_to_do(struct rlnc_volume *v)
{
	return !READ_ONCE(v->nodes_dirty) && !READ_ONCE(v->members_changed);
}

static int commit_epoch(struct rlnc_volume *v, struct checkpoint *cp)
{
	cp->work_done = rlnc_background_done(v, &cp->work);
	if (rlnc_members_fan(v, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, "flush error") <
	    v->writes_min)
		return -EIO;
	/* Quorum or not, what is committed must be readable when all are back. */
	if (!rlnc_coverage(v, cp->epoch, false))
		return -EIO;
	v->sb->work = cp->work;
	v->sb->work_done = cp->work_done;
	v->sb->pack_tail = cp->pack_tail;
	v->sb->pack_head = cp->pack_head;
	if (rlnc_super_write_all(v, cp->epoch, cp->slots_used, cp->log_slot) <
	    v->writes_min)
		return -EIO;
	return rlnc_event_durable(v);
}

static const char *why_stopped(int ret)
{
	switch (ret) {
	case -ENOSPC:
		return "no slots left for a checkpoint";
	case -EIO:
		return "too few members for a checkpoint";
	case -EBADMSG:
		return "a map is damaged where a checkpoint needs it";
	default:
		return "the cipher failed at a checkpoint";
	}
}

/* As rlnc_checkpoint(), with checkpoint_mutex held. */
int rlnc_checkpoint_locked(struct rlnc_volume *v)
{
	struct checkpoint *cp;
	int ret;
	u32 t, l;

	lockdep_assert_held(&v->checkpoint_mutex);
	if (READ_ONCE(v->stopped))
		return -EIO;
	if (nothing_to_do(v))
		return 0;
	/* Suspended: another table may own the members by now. */
	if (v->suspended || !v->crypt.has_key)
		return -EBUSY;
	trace_rlnc_checkpoint_begin(v);
	cp = kzalloc(sizeof(*cp), GFP_NOIO | __GFP_NOFAIL);
	INIT_LIST_HEAD(&cp->window);
	for (t = 0; t < RLNC_TREES; t++)
		for (l = 0; l <= RLNC_MAX_LEVELS; l++)
			INIT_LIST_HEAD(&cp->nodes[t][l]);
	freeze(v, cp);
	write_nodes(v, cp);
	ret = cp->error ?: rlnc_packs_finish(v) ?: commit_epoch(v, cp);
	if (ret) {
		rlnc_volume_stop(v, why_stopped(ret));
	} else {
		synchronize_srcu_expedited(&v->readers);
		WRITE_ONCE(v->packs.tail_durable, cp->pack_tail);
		rlnc_slots_release(v, cp->phase);
		rlnc_log_release(v, &cp->old_log);
		rlnc_event_checkpoint(v);
	}
	trace_rlnc_checkpoint_end(v, cp->epoch, cp->taken, ret);
	kfree(cp);
	return ret;
}

/**
 * rlnc_checkpoint - write a checkpoint of all that was committed
 * @v:	active volume
 *
 * Return: 0; -EIO when fewer than writes_min members could take it, after which
 * the volume takes no more writes.
 */
int rlnc_checkpoint(struct rlnc_volume *v)
{
	int ret;

	mutex_lock(&v->checkpoint_mutex);
	ret = rlnc_checkpoint_locked(v);
	mutex_unlock(&v->checkpoint_mutex);
	return ret;
}

/**
 * rlnc_flush - make every write that has completed durable
 * @v:	active volume
 *
 * By the intent log where that does, otherwise by a checkpoint.
 *
 * Return: as rlnc_checkpoint().
 */
int rlnc_flush(struct rlnc_volume *v)
{
	int ret, settled = rlnc_stages_flush(v);

	mutex_lock(&v->checkpoint_mutex);
	ret = READ_ONCE(v->stopped) ? -EIO : rlnc_log_flush(v);
	if (ret == -EAGAIN)
		ret = rlnc_checkpoint_locked(v);
	mutex_unlock(&v->checkpoint_mutex);
	return ret ?: settled;
}

/* --- who asks for one ------------------------------------------------------------ */

static void serve_flushes(struct work_struct *work)
{
	struct rlnc_volume *v = container_of(work, struct rlnc_volume, flush_work);
	struct bio_list bios;
	struct bio *bio;
	int ret;

	spin_lock(&v->flush_lock);
	bios = v->flushes;
	bio_list_init(&v->flushes);
	spin_unlock(&v->flush_lock);
	ret = rlnc_flush(v);
	while ((bio = bio_list_pop(&bios))) {
		if (ret)
			bio->bi_status = errno_to_blk_status(ret);
		bio_endio(bio);
	}
}

/* Jiffies to the next one that nobody asked for: one at least, or it would be all there is. */
static unsigned long until_timer(void)
{
	return max(msecs_to_jiffies(READ_ONCE(checkpoint_ms)), 1ul);
}

static void serve_timer(struct work_struct *work)
{
	struct rlnc_volume *v = container_of(to_delayed_work(work), struct rlnc_volume,
					     timer_work);

	rlnc_stages_settle(v);
	rlnc_checkpoint(v);
	queue_delayed_work(v->checkpoint_wq, &v->timer_work, until_timer());
}

/**
 * rlnc_checkpoint_flush - complete a bio when what came before it is durable
 * @v:		active volume
 * @bio:	a flush, or a FUA write that has been committed
 */
void rlnc_checkpoint_flush(struct rlnc_volume *v, struct bio *bio)
{
	spin_lock(&v->flush_lock);
	bio_list_add(&v->flushes, bio);
	spin_unlock(&v->flush_lock);
	queue_work(v->checkpoint_wq, &v->flush_work);
}

/* Leave everything durable, and write nothing more until resumed. */
void rlnc_checkpoint_suspend(struct rlnc_volume *v)
{
	cancel_delayed_work_sync(&v->timer_work);
	rlnc_stages_settle(v);
	mutex_lock(&v->checkpoint_mutex);
	rlnc_checkpoint_locked(v);
	rlnc_packs_drop(v);
	v->suspended = true;
	mutex_unlock(&v->checkpoint_mutex);
	rlnc_stages_suspend(v);
}

/* From now on there is a checkpoint now and then without anybody asking. */
void rlnc_checkpoint_resume(struct rlnc_volume *v)
{
	mutex_lock(&v->checkpoint_mutex);
	v->suspended = false;
	mutex_unlock(&v->checkpoint_mutex);
	queue_delayed_work(v->checkpoint_wq, &v->timer_work, until_timer());
}

int rlnc_checkpoint_init(struct rlnc_volume *v)
{
	int ret;

	mutex_init(&v->checkpoint_mutex);
	init_rwsem(&v->commit_sem);
	spin_lock_init(&v->flush_lock);
	bio_list_init(&v->flushes);
	INIT_WORK(&v->flush_work, serve_flushes);
	INIT_DELAYED_WORK(&v->timer_work, serve_timer);
	ret = init_srcu_struct(&v->readers);
	if (ret)
		return ret;
	v->checkpoint_wq = alloc_ordered_workqueue("rlnc-checkpoint",
						   WQ_MEM_RECLAIM | WQ_HIGHPRI);
	if (!v->checkpoint_wq) {
		cleanup_srcu_struct(&v->readers);
		return -ENOMEM;
	}
	return 0;
}

void rlnc_checkpoint_exit(struct rlnc_volume *v)
{
	if (!v->checkpoint_wq)
		return;
	cancel_delayed_work_sync(&v->timer_work);
	destroy_workqueue(v->checkpoint_wq);
	cleanup_srcu_struct(&v->readers);
}
