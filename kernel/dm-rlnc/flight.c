// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to members, and for how long somebody waits for them.
 *
 * Requests that are waited for together form a round.  One that has not ended
 * when its round must go on is late: the round forgets it, and what it still
 * reads or writes is pages that nobody else looks at any more.  Nothing that a
 * late request refers to goes away before it has ended: the volume, its bio
 * set and its devices wait for that in rlnc_flights_exit().
 *
 * Whether a request is late or has ended is settled once, by a compare and
 * exchange of its state.  A member has its own count of writes that are out;
 * as long as there are any it is not taken up again, since one could land over
 * something newer.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include "dm-rlnc.h"
#include "trace.h"

#define BIO_RESERVE	64	/* stuck members may hold this many at no cost */

enum flight_state {
	FLIGHT_WAITED_FOR,
	FLIGHT_ENDED,
	FLIGHT_LATE,
};

/* Late requests of all volumes: another table may have the same members. */
static DEFINE_SPINLOCK(late_lock);
static LIST_HEAD(late_flights);

int rlnc_flights_init(struct rlnc_volume *v)
{
	u32 i;

	v->port = kvcalloc(2 * v->members_room, sizeof(*v->port), GFP_KERNEL);
	if (!v->port)
		return -ENOMEM;
	for (i = 0; i < 2 * v->members_room; i++)
		init_waitqueue_head(&v->port[i].room);
	for (i = 0; i < v->members_room; i++)
		v->member[i].port = &v->port[i];
	return bioset_init(&v->bios, BIO_RESERVE, offsetof(struct rlnc_flight, bio),
			   BIOSET_NEED_BVECS);
}

/* Say now and then whom the volume's end waits for. */
static void name_late(struct rlnc_volume *v)
{
	struct rlnc_flight *f;

	spin_lock_irq(&late_lock);
	list_for_each_entry(f, &late_flights, link)
		if (f->v == v)
			DMWARN_LIMIT("%s: waiting for %pg to answer or fail a request",
				     rlnc_name(v), f->bdev);
	spin_unlock_irq(&late_lock);
}

/**
 * rlnc_flights_exit - wait until no member has anything of ours any more
 * @v:	volume that sends nothing more
 *
 * That takes as long as the members' own drivers take to give up.
 */
void rlnc_flights_exit(struct rlnc_volume *v)
{
	u32 rounds = 0;

	if (!v->port)
		return;
	while (atomic_read(&v->flights)) {
		if (rounds++ % 500 == 50)
			name_late(v);
		msleep(20);
	}
	/* The last one ended as an RCU reader, the volume being what it read. */
	synchronize_rcu();
	bioset_exit(&v->bios);
	kvfree(v->port);
}

/**
 * rlnc_flights_out - has a device a late request
 * @v:		of this volume, or NULL for any
 * @dev:	member
 * @writes:	count only what writes to it
 */
bool rlnc_flights_out(const struct rlnc_volume *v, const struct dm_dev *dev, bool writes)
{
	struct rlnc_flight *f;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&late_lock, flags);
	list_for_each_entry(f, &late_flights, link)
		if (f->bdev == dev->bdev && (!v || f->v == v) && (!writes || f->writes))
			found = true;
	spin_unlock_irqrestore(&late_lock, flags);
	return found;
}

/* --- rounds -------------------------------------------------------------------- */

/**
 * rlnc_round_init - begin a round
 * @round:	with nothing under way
 * @ended:	called for each request that ends in time, with the round locked
 */
void rlnc_round_init(struct rlnc_round *round,
		     void (*ended)(struct rlnc_round *round, const struct rlnc_flight *f,
				   blk_status_t status))
{
	spin_lock_init(&round->lock);
	INIT_LIST_HEAD(&round->flights);
	init_waitqueue_head(&round->wait);
	round->ended = ended;
	round->over = NULL;
	round->eager = false;
}

/*
 * Taking the lock here is what lets a round be freed when its last request has
 * ended: that one has then left flight_ended().
 */
static bool round_over(struct rlnc_round *round, bool (*enough)(void *arg), void *arg)
{
	unsigned long flags;
	bool over;

	spin_lock_irqsave(&round->lock, flags);
	over = list_empty(&round->flights);
	spin_unlock_irqrestore(&round->lock, flags);
	return over || (enough && enough(arg));
}

/**
 * rlnc_round_wait - wait until all have ended, or enough of them, or time is up
 * @round:	the round
 * @ns:		how long
 * @enough:	asked whenever one has ended; or NULL
 * @arg:	for @enough
 *
 * Return: false when time was up first.
 */
bool rlnc_round_wait(struct rlnc_round *round, u64 ns, bool (*enough)(void *arg), void *arg)
{
	WRITE_ONCE(round->eager, enough);
	return wait_event_timeout(round->wait, round_over(round, enough, arg),
				  nsecs_to_jiffies(ns) + 1);
}

/**
 * rlnc_round_take - let over() not be called any more
 * @round:	to which rlnc_flight_send_last() may have sent the last request
 *
 * Return: false when that was not sent yet, or over() is being called, or was; the
 * round is not the caller's then.
 */
bool rlnc_round_take(struct rlnc_round *round)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&round->lock, flags);
	taken = round->over;
	round->over = NULL;
	spin_unlock_irqrestore(&round->lock, flags);
	return taken;
}

static void hold_pages(struct rlnc_flight *f)
{
	u32 i;

	for (i = 0; f->owns_pages && i < f->bio.bi_vcnt; i++)
		get_page(f->bio.bi_io_vec[i].bv_page);
}

static void release_pages_of(struct rlnc_flight *f)
{
	u32 i;

	for (i = 0; f->owns_pages && i < f->bio.bi_vcnt; i++)
		put_page(f->bio.bi_io_vec[i].bv_page);
}

static bool make_late(struct rlnc_flight *f)
{
	bool late;

	spin_lock(&late_lock);
	late = atomic_cmpxchg(&f->state, FLIGHT_WAITED_FOR, FLIGHT_LATE) ==
	       FLIGHT_WAITED_FOR;
	if (late)
		list_move_tail(&f->link, &late_flights);
	spin_unlock(&late_lock);
	return late;
}

/* Give up one request that has had its time, if any has.  Those that are ending have not. */
static bool leave_one(struct rlnc_round *round, u64 waited, struct rlnc_late *late)
{
	struct rlnc_flight *f, *next;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&round->lock, flags);
	list_for_each_entry_safe(f, next, &round->flights, link) {
		if (waited < f->deadline)
			continue;
		hold_pages(f);
		late->row = f->row;
		late->first = f->first;
		late->count = f->count;
		late->write = f->writes;
		late->bdev = f->bdev;
		found = make_late(f);
		if (found)
			break;
		release_pages_of(f);	/* it is ending, and waits for the lock */
	}
	spin_unlock_irqrestore(&round->lock, flags);
	return found;
}

/**
 * rlnc_round_leave - give up one of the requests that have not ended
 * @round:	the round
 * @late:	receives what it was
 *
 * The pages of a request that owns them are its own from now on, but for one
 * reference, which is the caller's, so that it can still copy what is in them.
 *
 * Return: false when none is left; the round is then over.
 */
bool rlnc_round_leave(struct rlnc_round *round, struct rlnc_late *late)
{
	bool found = leave_one(round, U64_MAX, late);

	if (!found)
		wait_event(round->wait, round_over(round, NULL, NULL));
	return found;
}

/* The time that the next of those who have not answered will have had. */
static u64 next_deadline(struct rlnc_round *round)
{
	struct rlnc_flight *f;
	unsigned long flags;
	u64 next = U64_MAX;

	spin_lock_irqsave(&round->lock, flags);
	list_for_each_entry(f, &round->flights, link)
		next = min(next, f->deadline);
	spin_unlock_irqrestore(&round->lock, flags);
	return next;
}

/**
 * rlnc_round_overdue - wait until all have ended, or enough, or one has had its time
 * @round:	the round; nothing more is sent
 * @since:	ktime_get_ns() when the waiting began
 * @enough:	asked whenever one has ended; or NULL
 * @arg:	for @enough
 * @late:	receives what the one was, which is given up as by rlnc_round_leave()
 *
 * Return: false when all have ended, or enough.
 */
bool rlnc_round_overdue(struct rlnc_round *round, u64 since, bool (*enough)(void *arg),
			void *arg, struct rlnc_late *late)
{
	u64 waited = ktime_get_ns() - since, next = next_deadline(round);

	while (!rlnc_round_wait(round, next > waited ? next - waited : 0, enough, arg)) {
		waited = ktime_get_ns() - since;
		if (leave_one(round, waited, late))
			return true;
		next = next_deadline(round);
	}
	return false;
}

/**
 * rlnc_round_rows - who has not answered yet
 * @round:	the round
 * @rows:	receives the members
 */
void rlnc_round_rows(struct rlnc_round *round, unsigned long *rows)
{
	struct rlnc_flight *f;
	unsigned long flags;

	bitmap_zero(rows, RLNC_MAX_MEMBERS);
	spin_lock_irqsave(&round->lock, flags);
	list_for_each_entry(f, &round->flights, link)
		__set_bit(f->row, rows);
	spin_unlock_irqrestore(&round->lock, flags);
}

/* --- flights -------------------------------------------------------------------- */

static void flight_ended(struct rlnc_flight *f)
{
	void (*over)(struct rlnc_round *round) = NULL;
	struct rlnc_round *round = f->round;
	unsigned long flags;

	spin_lock_irqsave(&round->lock, flags);
	list_del(&f->link);
	round->ended(round, f, f->bio.bi_status);
	if (list_empty(&round->flights))
		swap(over, round->over);
	if (list_empty(&round->flights) || READ_ONCE(round->eager))
		wake_up(&round->wait);
	spin_unlock_irqrestore(&round->lock, flags);
	/* Where there is none, the round may be gone by now. */
	if (over)
		over(round);
}

static void flight_landed_late(struct rlnc_flight *f)
{
	unsigned long flags;

	spin_lock_irqsave(&late_lock, flags);
	list_del(&f->link);
	spin_unlock_irqrestore(&late_lock, flags);
	if (f->probe)
		rlnc_probe_answered(f->v, f->m, f->bdev, ktime_get_ns() - f->start,
				    f->bio.bi_status);
	release_pages_of(f);
}

static void flight_endio(struct bio *bio)
{
	struct rlnc_flight *f = container_of(bio, struct rlnc_flight, bio);
	struct rlnc_volume *v = f->v;
	struct rlnc_port *port = f->port;
	bool writes = f->writes;

	if (f->m && bio->bi_status)
		trace_rlnc_member_error(f);
	if (f->m)
		rlnc_member_account(f->m, bio_op(bio), f->bytes, f->start, bio->bi_status);
	if (atomic_cmpxchg(&f->state, FLIGHT_WAITED_FOR, FLIGHT_ENDED) == FLIGHT_LATE)
		flight_landed_late(f);
	else
		flight_ended(f);
	bio_put(bio);
	rcu_read_lock();
	if (port) {
		if (writes)
			atomic_dec(&port->writes);
		atomic_dec(&port->flights);
		if (wq_has_sleeper(&port->room))
			wake_up(&port->room);
	}
	atomic_dec(&v->flights);
	rcu_read_unlock();
}

/**
 * rlnc_flight_new - a request, to be given its pages
 * @v:		volume
 * @dev:	member's device
 * @m:		the member, or NULL while that is not known
 * @opf:	operation and flags
 * @offset:	byte offset on the device
 * @pages:	how many there will be
 * @gfp:	GFP_NOIO, or less to have NULL rather than wait
 *
 * Writes are marked as direct I/O is.  Others the block layer would throttle as
 * writeback (blk-wbt.c): submit_bio() of a write to a member that hangs would wait for
 * its answers, and has no deadline.
 */
struct rlnc_flight *rlnc_flight_new(struct rlnc_volume *v, struct dm_dev *dev,
				    struct rlnc_member *m, blk_opf_t opf, u64 offset,
				    u32 pages, gfp_t gfp)
{
	struct rlnc_flight *f;
	struct bio *bio;

	if (op_is_write(opf))
		opf |= REQ_SYNC | REQ_IDLE;
	bio = bio_alloc_bioset(dev->bdev, pages, opf, gfp, &v->bios);
	if (!bio)
		return NULL;
	bio->bi_iter.bi_sector = offset >> SECTOR_SHIFT;
	bio->bi_end_io = flight_endio;
	f = container_of(bio, struct rlnc_flight, bio);
	memset(f, 0, offsetof(struct rlnc_flight, bio));
	f->v = v;
	f->m = m;
	f->port = m ? READ_ONCE(m->port) : NULL;
	f->bdev = dev->bdev;
	f->writes = op_is_write(opf);
	return f;
}

static void send(struct rlnc_flight *f)
{
	atomic_inc(&f->v->flights);
	if (f->port) {
		atomic_inc(&f->port->flights);
		if (f->writes)
			atomic_inc(&f->port->writes);
	}
	f->bytes = f->bio.bi_iter.bi_size;
	f->start = ktime_get_ns();
	submit_bio(&f->bio);
}

static u64 deadline_of(const struct rlnc_flight *f)
{
	return f->m ? rlnc_member_deadline_ns(f->v, f->m - f->v->member) :
		      rlnc_deadline_ns(f->v);
}

/**
 * rlnc_flight_send_last - send the last request of a round that nobody waits for
 * @f:		the request
 * @round:	the others, if any, were sent before
 * @over:	called in any context when all have ended, unless rlnc_round_take()
 *		comes first; or NULL
 */
void rlnc_flight_send_last(struct rlnc_flight *f, struct rlnc_round *round,
			   void (*over)(struct rlnc_round *round))
{
	unsigned long flags;

	f->round = round;
	f->deadline = deadline_of(f);
	spin_lock_irqsave(&round->lock, flags);
	list_add_tail(&f->link, &round->flights);
	round->over = over;
	spin_unlock_irqrestore(&round->lock, flags);
	send(f);
}

/* Send a request as part of a round. */
void rlnc_flight_send(struct rlnc_flight *f, struct rlnc_round *round)
{
	rlnc_flight_send_last(f, round, NULL);
}

/* Let go of a request that was not sent. */
void rlnc_flight_drop(struct rlnc_flight *f)
{
	bio_put(&f->bio);
}

/* Send a request that nobody waits for. */
void rlnc_flight_send_alone(struct rlnc_flight *f)
{
	unsigned long flags;

	atomic_set(&f->state, FLIGHT_LATE);
	spin_lock_irqsave(&late_lock, flags);
	list_add_tail(&f->link, &late_flights);
	spin_unlock_irqrestore(&late_lock, flags);
	send(f);
}

/* Half of what its queue holds, so that submitting a bio never waits for one. */
static bool has_room(const struct rlnc_port *port, const struct dm_dev *dev)
{
	return atomic_read(&port->flights) <
	       max_t(int, bdev_get_queue(dev->bdev)->nr_requests / 2, 1);
}

/* Does a member's queue take one more at once? */
bool rlnc_flight_has_room(const struct rlnc_volume *v, u32 index)
{
	const struct rlnc_member *m = &v->member[index];

	return has_room(READ_ONCE(m->port), READ_ONCE(m->dev));
}

/**
 * rlnc_flight_room - wait until a member's queue takes one more
 * @v:		volume
 * @index:	the member
 * @patient:	nobody else will do: wait until the deadline
 *
 * A member that hangs fills its queue, and submit_bio() has no time limit.  Where
 * others will do, a read waits as long as for an answer; the member is slow then, and
 * nobody waits who could ask others.
 *
 * Return: whether there is room, or was a moment ago.
 */
bool rlnc_flight_room(struct rlnc_volume *v, u32 index, bool patient)
{
	u64 ns = patient ? rlnc_member_deadline_ns(v, index) : rlnc_hedge_ns(v);
	struct rlnc_member *m = &v->member[index];
	struct rlnc_port *port = READ_ONCE(m->port);
	struct dm_dev *dev = READ_ONCE(m->dev);
	bool room = has_room(port, dev);

	if (likely(room))
		return true;
	wait_event_timeout(port->room,
			   (room = has_room(port, dev)) || (!patient && READ_ONCE(m->slow)),
			   nsecs_to_jiffies(ns) + 1);
	if (!room && !patient)
		rlnc_member_late(v, index);
	return room;
}
