// SPDX-License-Identifier: GPL-2.0-only
/*
 * Short reads without a worker.
 *
 * To go to a worker and back takes longer than to decipher 4 KiB.  A read of a few
 * sectors of one fragment, of which the pointer is cached, is sent to its member, or
 * to k others where that one is away or slow, by whoever asked for it; and where the
 * answer arrives in a process, it is decoded and verified there, too.  Everything
 * else, and whatever does not turn out right, is read by a worker, from the
 * beginning (read.c).
 *
 * Nobody waits for such a read, so that there is a watch, which gives those to a
 * worker that take too long.  A read's round settles once whether it has ended or
 * is late.
 *
 * A checkpoint waits for all readers, and those who wait for a checkpoint may have all
 * workers there are: what ends a quick read, or gives it up, has a queue of its own,
 * where nothing waits for anybody.
 */
#include <linux/jiffies.h>
#include "dm-rlnc.h"
#include "trace.h"

#define QUICK_SECTORS	4	/* that may be deciphered where the answer arrives */
#define QUICK_MAX	64	/* each holds a buffer */

/* How long a member may take: as for any read. */
static unsigned long patience(struct rlnc_volume *v)
{
	return nsecs_to_jiffies(rlnc_hedge_ns(v)) + 1;
}

static void look_again(struct rlnc_volume *v)
{
	queue_delayed_work(v->quick.wq, &v->quick.watch, patience(v));
}

static bool enlist(struct rlnc_io *io)
{
	struct rlnc_quick *quick = &io->v->quick;
	bool watch = false, room;
	unsigned long flags;

	io->since = jiffies;
	spin_lock_irqsave(&quick->lock, flags);
	room = quick->count < QUICK_MAX;
	if (room) {
		list_add_tail(&io->link, &quick->reads);
		quick->count++;
		watch = !quick->watched;
		quick->watched = true;
	}
	spin_unlock_irqrestore(&quick->lock, flags);
	if (watch)
		look_again(io->v);
	return room;
}

static void delist(struct rlnc_io *io)
{
	struct rlnc_quick *quick = &io->v->quick;
	unsigned long flags;

	spin_lock_irqsave(&quick->lock, flags);
	list_del(&io->link);
	quick->count--;
	spin_unlock_irqrestore(&quick->lock, flags);
}

/* --- the answer ------------------------------------------------------------------ */

/* Did every member that was asked answer? */
static bool all_here(const struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	u32 i, col, row;

	for (i = 0; i < io->asked; i++) {
		row = io->rows[i];
		for (col = rlnc_col(v, io->first); col < rlnc_col(v, io->first) + io->count; col++)
			if (!test_bit(row * v->pps + col, io->gb->have))
				return false;
		rlnc_member_read_ok(v, row);
	}
	return true;
}

/* Compute the fragment's pages from those of k others, if that was done before. */
static bool decode(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	struct rlnc_gbuf *gb = io->gb;
	u32 i, row = rlnc_row(v, io->first), col = rlnc_col(v, io->first);
	const u16 want = RLNC_DATA(row);
	struct rlnc_plan_entry *entry;
	const struct rlnc_plan *plan;
	u32 end = col + io->count;

	plan = rlnc_codec_plan_kept(v, io->rows, &want, 1, &entry);
	if (!plan)
		return false;
	for (; col < end; col++) {
		for (i = 0; i < v->k; i++)
			gb->in[i] = page_address(rlnc_fragment_page(gb, io->rows[i], col));
		gb->out[0] = page_address(rlnc_fragment_page(gb, row, col));
		rlnc_plan_run(plan, gb->in, gb->out, RLNC_SECTOR_BYTES);
	}
	rlnc_codec_plan_put(entry);
	return true;
}

static int verify(struct rlnc_io *io)
{
	struct rlnc_place place = { .index = io->gen, .tree = RLNC_TREE_MAP };
	struct rlnc_volume *v = io->v;
	struct rlnc_gbuf *gb = io->gb;
	int ret = 0;
	u32 i;

	if (!all_here(io) || (io->rows[0] != rlnc_row(v, io->first) && !decode(io)))
		return -EIO;
	rlnc_read_into_bio(gb, io->bio, io->first);
	for (i = io->first; i < io->first + io->count && !ret; i++)
		ret = rlnc_open_sector(v, &gb->scratch, &place, i, &gb->ptr->seal[i],
				       rlnc_fragment_page(gb, rlnc_row(v, i),
							  rlnc_col(v, i)),
				       rlnc_plain_page(gb, i));
	return ret;
}

/* Leave the readers' section, which is the bio's rather than the task's. */
static void leave_section(struct rlnc_io *io)
{
	__acquire(&io->v->readers);
	__srcu_read_unlock(&io->v->readers, io->section);
}

/* All have answered.  What they say will do, or a worker begins anew. */
static void finish(struct rlnc_io *io)
{
	int ret = verify(io);

	leave_section(io);
	if (!ret) {
		rlnc_read_end(io, io->gb, 0);
		return;
	}
	rlnc_gbuf_put(io->gb);
	rlnc_read_later(io);
}

static void finish_work(struct work_struct *work)
{
	finish(container_of(work, struct rlnc_io, work));
}

/*
 * The cipher runs at once, and does not sleep, where it may have the FPU and
 * preemption is on; anywhere else it may want to.
 */
static void answered(struct rlnc_round *round)
{
	struct rlnc_io *io = container_of(round, struct rlnc_gbuf, round)->reader;

	delist(io);
	if (preemptible() && !rcu_preempt_depth()) {
		finish(io);
		return;
	}
	INIT_WORK(&io->work, finish_work);
	queue_work(io->v->quick.wq, &io->work);
}

/* --- those that are late ----------------------------------------------------------- */

/*
 * They have had their time: let a worker read it.  On a busy machine whoever asked may
 * not have come to sending it, which says nothing of the member: whether that is slow,
 * the worker will find out, who waits for what it has sent itself.
 */
static void give_up(struct rlnc_io *io)
{
	rlnc_gbuf_io_leave(io->gb);
	leave_section(io);
	rlnc_gbuf_put(io->gb);
	rlnc_read_later(io);
}

/* Give up those that have waited for longer than a worker would have. */
static void watch(struct work_struct *work)
{
	struct rlnc_volume *v = container_of(to_delayed_work(work), struct rlnc_volume,
					     quick.watch);
	unsigned long limit = patience(v);
	struct rlnc_quick *quick = &v->quick;
	struct rlnc_io *io, *next;
	LIST_HEAD(late);
	bool again;

	spin_lock_irq(&quick->lock);
	list_for_each_entry_safe(io, next, &quick->reads, link) {
		if (time_before(jiffies, io->since + limit))
			break;
		if (rlnc_round_take(&io->gb->round)) {
			list_move_tail(&io->link, &late);
			quick->count--;
		}
	}
	again = !list_empty(&quick->reads);
	quick->watched = again;
	spin_unlock_irq(&quick->lock);
	list_for_each_entry_safe(io, next, &late, link)
		give_up(io);
	if (again)
		look_again(v);
}

/* --- the question ------------------------------------------------------------------ */

/* Is the pointer at hand, and do all sectors lie in its slot? */
static bool look_up(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	struct rlnc_ptr *ptr = io->gb->ptr;
	struct rlnc_node *leaf;
	u32 i;

	leaf = rlnc_node_cached(v, RLNC_TREE_MAP, 1, div_u64(io->gen, v->geo.fanout));
	if (!leaf)
		return false;
	rlnc_node_read_ptr(v, leaf, io->gen, ptr);
	rlnc_node_put(v, leaf);
	if (!rlnc_ptr_has_slot(ptr) || le64_to_cpu(ptr->slot) >= v->slots)
		return false;
	for (i = io->first; i < io->first + io->count; i++)
		if (rlnc_seal_is_zero(&ptr->seal[i]) || rlnc_seal_is_packed(&ptr->seal[i]))
			return false;
	return true;
}

/* The first k other members that have the generation and would answer soon. */
static bool choose_others(struct rlnc_io *io, u32 row)
{
	u64 birth = le64_to_cpu(io->gb->ptr->birth);
	struct rlnc_volume *v = io->v;
	u32 i;

	if (v->k > RLNC_QUICK_MAX_K)
		return false;
	for (i = 0; i < v->n && io->asked < v->k; i++)
		if (i != row && rlnc_member_readable(v, i, birth) &&
		    !READ_ONCE(v->member[i].slow) && rlnc_flight_has_room(v, i))
			io->rows[io->asked++] = i;
	return io->asked == v->k;
}

/* Choose the member that has the sectors, or k others if it is away or slow. */
static bool choose(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	u32 row = rlnc_row(v, io->first);
	bool here = rlnc_member_readable(v, row, le64_to_cpu(io->gb->ptr->birth));

	io->asked = 0;
	if (here && !rlnc_member_slow(v, row)) {
		io->rows[io->asked++] = row;
		return rlnc_flight_has_room(v, row);
	}
	if (!choose_others(io, row))
		return false;
	if (here) {
		rlnc_member_passed_over(v, row);
		atomic64_inc(&v->hedged);
	}
	return true;
}

static bool ask(struct rlnc_io *io)
{
	struct rlnc_flight *f[RLNC_QUICK_MAX_K];
	struct rlnc_gbuf *gb = io->gb;
	u32 i, made, count = io->asked;

	for (made = 0; made < count; made++) {
		f[made] = rlnc_gbuf_flight(gb, REQ_OP_READ, le64_to_cpu(gb->ptr->slot),
					   io->rows[made], rlnc_col(io->v, io->first),
					   io->count, GFP_NOWAIT | __GFP_NOWARN);
		if (!f[made])
			break;
	}
	if (made < count || !enlist(io)) {
		while (made)
			rlnc_flight_drop(f[--made]);
		return false;
	}
	rlnc_gbuf_io_begin(gb);
	for (i = 0; i < count - 1; i++)
		rlnc_flight_send(f[i], &gb->round);
	rlnc_flight_send_last(f[i], &gb->round, answered);
	return true;
}

/**
 * rlnc_read_quick - serve a read without a worker
 * @io:	located
 *
 * Does not sleep.
 *
 * Return: false when it has to be rlnc_read(); otherwise @io may be gone.
 */
bool rlnc_read_quick(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;

	if (v->dense || io->count > QUICK_SECTORS ||
	    rlnc_col(v, io->first) + io->count > v->pps || rlnc_stage_has(v, io->gen))
		return false;
	io->gb = rlnc_gbuf_try(v);
	if (!io->gb)
		return false;
	io->gb->reader = io;
	io->section = __srcu_read_lock(&v->readers);
	__release(&v->readers);
	if (look_up(io) && choose(io) && ask(io))
		return true;
	leave_section(io);
	rlnc_gbuf_put(io->gb);
	return false;
}

/* --- life -------------------------------------------------------------------------- */

int rlnc_quick_init(struct rlnc_volume *v)
{
	spin_lock_init(&v->quick.lock);
	INIT_LIST_HEAD(&v->quick.reads);
	INIT_DELAYED_WORK(&v->quick.watch, watch);
	v->quick.wq = alloc_workqueue("rlnc-quick", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return v->quick.wq ? 0 : -ENOMEM;
}

/* None is under way. */
void rlnc_quick_exit(struct rlnc_volume *v)
{
	if (!v->quick.wq)
		return;
	cancel_delayed_work_sync(&v->quick.watch);
	destroy_workqueue(v->quick.wq);
}
