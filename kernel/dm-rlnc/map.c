// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a bio goes.  Device mapper splits at generations; nothing here waits.
 * Writes to one generation form a lane and are taken one batch after the other;
 * reads go beside them, for nothing is ever changed in place.
 */
#include <linux/hash.h>
#include "dm-rlnc.h"
#include "trace.h"

static void read_work(struct work_struct *work)
{
	rlnc_read(container_of(work, struct rlnc_io, work));
}

/* Have a worker serve a read. */
void rlnc_read_later(struct rlnc_io *io)
{
	INIT_WORK(&io->work, read_work);
	queue_work(io->v->io_wq, &io->work);
}

static void write_work(struct work_struct *work)
{
	rlnc_write(container_of(work, struct rlnc_io, work));
}

static struct hlist_head *lane_bucket(struct rlnc_volume *v, u64 gen)
{
	return &v->lanes[hash_64(gen, RLNC_LANE_BITS)];
}

static struct rlnc_io *lane_leader(struct rlnc_volume *v, u64 gen)
{
	struct rlnc_io *io;

	lockdep_assert_held(&v->lane_lock);
	hlist_for_each_entry(io, lane_bucket(v, gen), lane)
		if (io->gen == gen)
			return io;
	return NULL;
}

/**
 * rlnc_lane_enter - lead a new lane, or wait in the one there is
 * @io:	a write or a merge: v and gen are set
 *
 * Return: whether it leads, and the caller has to see to it that rlnc_write() is
 * called; otherwise the leader will.
 */
bool rlnc_lane_enter(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	struct rlnc_io *leader;
	unsigned long flags;

	INIT_WORK(&io->work, write_work);
	INIT_HLIST_NODE(&io->lane);
	INIT_LIST_HEAD(&io->batch);
	INIT_LIST_HEAD(&io->waiting);
	spin_lock_irqsave(&v->lane_lock, flags);
	leader = lane_leader(v, io->gen);
	if (leader) {
		list_add_tail(&io->link, &leader->waiting);
	} else {
		hlist_add_head(&io->lane, lane_bucket(v, io->gen));
		list_add_tail(&io->link, &io->batch);
	}
	spin_unlock_irqrestore(&v->lane_lock, flags);
	return !leader;
}

/**
 * rlnc_lane_take - let the leader have what came in since
 * @io:	leader of a lane
 *
 * Writes that arrived before the work began are done together with it.
 */
void rlnc_lane_take(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	unsigned long flags;

	spin_lock_irqsave(&v->lane_lock, flags);
	list_splice_tail_init(&io->waiting, &io->batch);
	spin_unlock_irqrestore(&v->lane_lock, flags);
}

/**
 * rlnc_lane_done - the batch is finished
 * @io:	leader of a lane
 *
 * The first that waits leads from now on, if any; otherwise the lane is gone.
 * Call before anything of the batch is ended, since @io is part of it.
 */
void rlnc_lane_done(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	struct rlnc_io *next = NULL;
	unsigned long flags;

	spin_lock_irqsave(&v->lane_lock, flags);
	hlist_del_init(&io->lane);
	if (!list_empty(&io->waiting)) {
		next = list_first_entry(&io->waiting, struct rlnc_io, link);
		list_splice_init(&io->waiting, &next->batch);
		hlist_add_head(&next->lane, lane_bucket(v, io->gen));
	}
	spin_unlock_irqrestore(&v->lane_lock, flags);
	if (next)
		queue_work(v->io_wq, &next->work);
}

/* Fit a discard or write-zeroes, which are not split for us, to a generation. */
static void fit_to_generation(struct rlnc_volume *v, struct bio *bio)
{
	u32 gen_sectors = v->geo.gen_bytes >> SECTOR_SHIFT;
	sector_t offset = dm_target_offset(v->ti, bio->bi_iter.bi_sector);
	u32 left;

	left = gen_sectors - sector_div(offset, gen_sectors);
	if (bio_sectors(bio) > left)
		dm_accept_partial_bio(bio, left);
}

static void locate(struct rlnc_volume *v, struct rlnc_io *io)
{
	u64 sector = dm_target_offset(v->ti, io->bio->bi_iter.bi_sector) >>
		     SECTORS_512_SHIFT;

	io->gen = div_u64_rem(sector, v->geo.seals, &io->first);
	io->count = bio_sectors(io->bio) >> SECTORS_512_SHIFT;
}

/* Begin to serve a bio that is inside the gate. */
static int dispatch(struct rlnc_volume *v, struct bio *bio)
{
	struct rlnc_io *io = dm_per_bio_data(bio, sizeof(*io));

	io->v = v;
	io->bio = bio;
	io->start = trace_rlnc_io_end_enabled() ? ktime_get_ns() : 0;
	locate(v, io);
	trace_rlnc_io_begin(io);
	if (bio->bi_opf & REQ_PREFLUSH && !bio_sectors(bio)) {
		rlnc_checkpoint_flush(v, bio);
		return DM_MAPIO_SUBMITTED;
	}
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		if (!rlnc_read_quick(io))
			rlnc_read_later(io);
		return DM_MAPIO_SUBMITTED;
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
	case REQ_OP_WRITE:
		if (READ_ONCE(v->stopped))
			return DM_MAPIO_KILL;
		if (rlnc_lane_enter(io))
			queue_work(v->io_wq, &io->work);
		return DM_MAPIO_SUBMITTED;
	default:
		return DM_MAPIO_KILL;
	}
}

/* Device mapper's map function. */
int rlnc_map(struct dm_target *ti, struct bio *bio)
{
	struct rlnc_volume *v = ti->private;
	int ret;

	if (bio_op(bio) == REQ_OP_DISCARD || bio_op(bio) == REQ_OP_WRITE_ZEROES)
		fit_to_generation(v, bio);
	if (!rlnc_gate_enter(&v->gate, bio))
		return DM_MAPIO_SUBMITTED;
	ret = dispatch(v, bio);
	if (ret != DM_MAPIO_SUBMITTED)
		rlnc_gate_leave(&v->gate);
	return ret;
}

/* Device mapper's end_io function, for what was submitted. */
int rlnc_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct rlnc_volume *v = ti->private;

	trace_rlnc_io_end(dm_per_bio_data(bio, sizeof(struct rlnc_io)), *error);
	rlnc_gate_leave(&v->gate);
	return DM_ENDIO_DONE;
}

/**
 * rlnc_map_reopen - let I/O in again
 * @v:	volume with its gate closed
 */
void rlnc_map_reopen(struct rlnc_volume *v)
{
	struct bio_list bios;
	struct bio *bio;

	rlnc_gate_open(&v->gate, &bios);
	while ((bio = bio_list_pop(&bios)))
		if (rlnc_gate_enter(&v->gate, bio) && dispatch(v, bio) != DM_MAPIO_SUBMITTED)
			bio_io_error(bio);
}
