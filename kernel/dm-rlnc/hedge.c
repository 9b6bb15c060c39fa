// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom to ask, and for how long.
 *
 * A member that has not answered a read when the others would have is slow:
 * from then on reads go to the others, as long as there are enough of them.
 * Nobody waits to find out whether it is any better: a probe is sent beside a
 * read that would have gone to it, and its answer tells.
 */
#include <linux/jiffies.h>
#include "dm-rlnc.h"
#include "trace.h"

#define DEADLINE_FACTOR		4	/* times the recent p95 */
#define DEADLINE_MIN_NS		(10 * NSEC_PER_MSEC)
#define DEADLINE_MAX_NS		(NSEC_PER_SEC)
#define REVIEW_JIFFIES		(HZ / 10)
#define PROBE_MIN_MS		250
#define PROBE_MAX_MS		8000
#define RELAPSE_MS		10000	/* slow again so soon: probe it less often */

/* How many members are known to be faster than this, or as fast? */
static u32 rank(struct rlnc_volume *v, u64 p95)
{
	u32 i, count = 0;
	u64 other;

	for (i = 0; i < v->n; i++) {
		other = rlnc_latency_recent(&v->member[i].stat[RLNC_STAT_READ].latency, 95);
		count += other && other <= p95;
	}
	return count;
}

/* The lower median of what the members' recent p95 are; 0 when none is known. */
static u64 typical_p95(struct rlnc_volume *v)
{
	u32 i, known = rank(v, U64_MAX);
	u64 p95, best = 0;

	for (i = 0; i < v->n; i++) {
		p95 = rlnc_latency_recent(&v->member[i].stat[RLNC_STAT_READ].latency, 95);
		if (p95 && rank(v, p95) >= (known + 1) / 2 && (!best || p95 < best))
			best = p95;
	}
	return best;
}

/**
 * rlnc_hedge_ns - how long a read waits before others are asked
 * @v:	volume
 *
 * What a member's own p95 is says nothing once it has become slow, so that of
 * the others counts, reviewed a few times a second.
 */
u64 rlnc_hedge_ns(struct rlnc_volume *v)
{
	unsigned long due = READ_ONCE(v->hedge_due);
	u64 p95;

	if (v->opt.hedge_ms)
		return (u64)v->opt.hedge_ms * NSEC_PER_MSEC;
	if (READ_ONCE(v->hedge_ns) && time_before(jiffies, due))
		return READ_ONCE(v->hedge_ns);
	p95 = typical_p95(v);
	WRITE_ONCE(v->hedge_due, jiffies + REVIEW_JIFFIES);
	WRITE_ONCE(v->hedge_ns, p95 ? clamp_t(u64, p95 * DEADLINE_FACTOR, DEADLINE_MIN_NS,
					      DEADLINE_MAX_NS) : DEADLINE_MAX_NS);
	return READ_ONCE(v->hedge_ns);
}

/* How long a device may take to answer anything, as long as it is no member. */
u64 rlnc_deadline_ns(const struct rlnc_volume *v)
{
	return (u64)v->opt.deadline_ms * NSEC_PER_MSEC;
}

/* How long a member may take to answer anything before it has failed: milliseconds. */
u32 rlnc_member_deadline_ms(const struct rlnc_volume *v, u32 index)
{
	return READ_ONCE(v->opt.member_deadline_ms[index]) ?: v->opt.deadline_ms;
}

/* The same in nanoseconds. */
u64 rlnc_member_deadline_ns(const struct rlnc_volume *v, u32 index)
{
	return (u64)rlnc_member_deadline_ms(v, index) * NSEC_PER_MSEC;
}

/**
 * rlnc_member_set_deadline - let a member have another deadline from now on
 * @v:		volume
 * @index:	the member; or one that may be added
 * @ms:		%RLNC_DEADLINE_MS_MIN to %RLNC_DEADLINE_MS_MAX; 0 for the volume's
 *
 * Whoever is waiting for it already waits for as long as it was told to.
 */
void rlnc_member_set_deadline(struct rlnc_volume *v, u32 index, u32 ms)
{
	spin_lock(&v->member_lock);
	WRITE_ONCE(v->opt.member_deadline_ms[index], ms);
	spin_unlock(&v->member_lock);
}

static void next_probe(struct rlnc_member *m)
{
	WRITE_ONCE(m->probe_due, jiffies + msecs_to_jiffies(READ_ONCE(m->probe_ms)));
}

static void send_probe(struct rlnc_volume *v, struct rlnc_member *m, struct dm_dev *dev)
{
	struct rlnc_flight *f;
	struct page *page;

	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	f = page ? rlnc_flight_new(v, dev, m, REQ_OP_READ | REQ_META, 0, 1, GFP_NOWAIT) : NULL;
	if (!f) {
		if (page)
			__free_page(page);
		next_probe(m);
		return;
	}
	__bio_add_page(&f->bio, page, RLNC_SECTOR_BYTES, 0);
	f->owns_pages = true;
	f->probe = true;
	WRITE_ONCE(m->probe_sent, jiffies);
	smp_store_release(&m->probing, dev->bdev);	/* see probe_overdue() */
	rlnc_flight_send_alone(f);
}

/*
 * A probe of @bdev has ended; may be in interrupt context.  If that was replaced
 * meanwhile, it says nothing of the member, which may have another probe out.
 */
void rlnc_probe_answered(struct rlnc_volume *v, struct rlnc_member *m,
			 struct block_device *bdev, u64 ns, blk_status_t status)
{
	if (READ_ONCE(m->dev)->bdev != bdev)
		return;
	if (!status && ns < rlnc_hedge_ns(v)) {
		WRITE_ONCE(m->well_since, jiffies);
		WRITE_ONCE(m->slow, false);
	}
	next_probe(m);
	smp_store_release(&m->probing, NULL);	/* the date first */
}

/*
 * Has the probe that is out had its time?  The date of the next one does not tell:
 * rlnc_member_late() may have set it just after that probe was sent.
 */
static bool probe_overdue(const struct rlnc_volume *v, struct rlnc_member *m,
			  unsigned long looked_again)
{
	unsigned long deadline = READ_ONCE(m->probe_sent) +
				 msecs_to_jiffies(rlnc_member_deadline_ms(v, m->index));

	if (!time_before(jiffies, deadline))
		return true;
	cmpxchg(&m->probe_due, looked_again, deadline);
	return false;
}

/**
 * rlnc_member_slow - should a read rather go to others
 * @v:		volume
 * @index:	the member
 *
 * Finds out now and then whether it is still so.  A member that has not even
 * answered that by the deadline has failed.
 */
bool rlnc_member_slow(struct rlnc_volume *v, u32 index)
{
	struct rlnc_member *m = &v->member[index];
	unsigned long due = READ_ONCE(m->probe_due), next;
	struct dm_dev *dev;

	if (likely(!READ_ONCE(m->slow)))
		return false;
	/* Whoever moves the date does what is due. */
	next = jiffies + msecs_to_jiffies(rlnc_member_deadline_ms(v, index));
	if (time_before(jiffies, due) || cmpxchg(&m->probe_due, due, next) != due)
		return true;
	dev = READ_ONCE(m->dev);
	/* See send_probe() and rlnc_probe_answered(). */
	if (smp_load_acquire(&m->probing) != dev->bdev)
		send_probe(v, m, dev);
	else if (probe_overdue(v, m, next))
		rlnc_member_silent(v, index, dev->bdev);
	return true;
}

/* A member has kept a read waiting for too long. */
void rlnc_member_late(struct rlnc_volume *v, u32 index)
{
	struct rlnc_member *m = &v->member[index];
	u32 ms = READ_ONCE(m->probe_ms);

	if (xchg(&m->slow, true))
		return;
	if (ms && time_before(jiffies, READ_ONCE(m->well_since) +
				       msecs_to_jiffies(RELAPSE_MS)))
		ms = min_t(u32, 2 * ms, PROBE_MAX_MS);
	else
		ms = PROBE_MIN_MS;
	WRITE_ONCE(m->probe_ms, ms);
	WRITE_ONCE(m->probe_due, jiffies + msecs_to_jiffies(ms));
	wake_up_all(&READ_ONCE(m->port)->room);	/* see rlnc_flight_room() */
	DMWARN_LIMIT("%s: member %u (%s) is slow; reads go to the others", rlnc_name(v),
		     index, m->dev->name);
}

/* A read went to others than this member. */
void rlnc_member_passed_over(struct rlnc_volume *v, u32 index)
{
	atomic64_inc(&v->member[index].hedged);
}

/* A member was taken up again: what was known of it is no longer so. */
void rlnc_member_well(struct rlnc_member *m)
{
	WRITE_ONCE(m->probe_ms, 0);
	WRITE_ONCE(m->slow, false);
}

/* --- hedged reads ------------------------------------------------------------- */

/*
 * Ask the members for the runs of pages that are set in @want; a slow one whose queue
 * is full only if @patient.
 */
void rlnc_ask(struct rlnc_volume *v, struct rlnc_gbuf *gb, const struct rlnc_ptr *ptr,
	      const unsigned long *want, bool patient)
{
	u64 slot = le64_to_cpu(ptr->slot);
	u32 pages = v->n * v->pps;
	u32 i = 0, end, row;

	while ((i = find_next_bit(want, pages, i)) < pages) {
		row = i / v->pps;
		end = min_t(u32, find_next_zero_bit(want, pages, i), (row + 1) * v->pps);
		if (patient)
			rlnc_gbuf_io(gb, REQ_OP_READ, slot, row, i % v->pps, end - i);
		else
			rlnc_gbuf_read_soon(gb, slot, row, i % v->pps, end - i);
		i = end;
	}
}

/* What a hedged read waits for: @want, or k pages of each of its columns. */
struct hedge {
	struct rlnc_volume *v;
	struct rlnc_gbuf *gb;
	const struct rlnc_place *place;
	const struct rlnc_ptr *ptr;
	const unsigned long *want;
};

static bool known_zero(const struct rlnc_volume *v, const struct rlnc_place *place,
		       const struct rlnc_ptr *ptr, u32 row, u32 col)
{
	return row < v->k && rlnc_row_is_zero(v, place, ptr, row * v->pps + col);
}

/* Pages of a column that are at hand and may be right. */
u32 rlnc_column_usable(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		       const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 col)
{
	u32 row, page, count = 0;

	for (row = 0; row < v->n; row++) {
		page = row * v->pps + col;
		count += known_zero(v, place, ptr, row, col) ||
			 (test_bit(page, gb->have) && !test_bit(page, gb->bad));
	}
	return count;
}

static bool column_settled(const struct hedge *h, u32 col)
{
	struct rlnc_volume *v = h->v;
	bool answered = true;
	u32 row, page;

	for (row = 0; row < v->n && answered; row++) {
		page = row * v->pps + col;
		answered = !test_bit(page, h->want) || test_bit(page, h->gb->have) ||
			   test_bit(page, h->gb->bad);
	}
	return answered || rlnc_column_usable(v, h->gb, h->place, h->ptr, col) >= v->k;
}

static bool settled(void *arg)
{
	const struct hedge *h = arg;
	u32 col;

	for (col = 0; col < h->v->pps; col++)
		if (!column_settled(h, col))
			return false;
	return true;
}

/* Add to @want what else there is of a column; slow members only if need be. */
void rlnc_want_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		      const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 col,
		      bool from_slow, unsigned long *want)
{
	u64 birth = le64_to_cpu(ptr->birth);
	u32 row, page;

	for (row = 0; row < v->n; row++) {
		page = row * v->pps + col;
		if (!known_zero(v, place, ptr, row, col) && !test_bit(page, gb->have) &&
		    !test_bit(page, gb->bad) && rlnc_member_readable(v, row, birth) &&
		    (from_slow || !rlnc_member_slow(v, row)))
			__set_bit(page, want);
	}
}

/* Those of whom a read has waited in vain; in @noted are those that it knows of. */
static void note_late(struct rlnc_volume *v, struct rlnc_gbuf *gb, unsigned long *noted)
{
	DECLARE_BITMAP(rows, RLNC_MAX_MEMBERS);
	u32 i;

	rlnc_round_rows(&gb->round, rows);
	for_each_set_bit(i, rows, v->n) {
		if (__test_and_set_bit(i, noted))
			continue;
		trace_rlnc_member_late(v, i);
		rlnc_member_late(v, i);
		rlnc_member_passed_over(v, i);
	}
}

/**
 * rlnc_read_hedged - read pages of a generation, or what does as well
 * @v:		volume
 * @gb:		receives them
 * @place:	the generation's place
 * @ptr:	its pointer
 * @want:	which fragment pages
 *
 * When they take too long, whoever else has something of the same columns is asked,
 * too, slow members last; and the first k answers of a column will do.
 */
void rlnc_read_hedged(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		      const struct rlnc_place *place, const struct rlnc_ptr *ptr,
		      const unsigned long *want)
{
	struct hedge h = { .v = v, .gb = gb, .place = place, .ptr = ptr, .want = want };
	unsigned long *asked = gb->asked, *more = gb->more;
	DECLARE_BITMAP(noted, RLNC_MAX_MEMBERS);
	bool done, from_slow;
	u32 col;

	rlnc_gbuf_io_begin(gb);
	rlnc_ask(v, gb, ptr, want, false);
	if (rlnc_round_wait(&gb->round, rlnc_hedge_ns(v), NULL, NULL))
		return;
	atomic64_inc(&v->hedged);
	trace_rlnc_read_hedged(v, place, rlnc_hedge_ns(v));
	bitmap_copy(asked, want, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(noted, RLNC_MAX_MEMBERS);
	for (from_slow = false, done = false; !done; from_slow = true) {
		note_late(v, gb, noted);
		bitmap_zero(more, RLNC_MAX_FRAGMENT_PAGES);
		for (col = 0; col < v->pps; col++)
			if (!column_settled(&h, col))
				rlnc_want_column(v, gb, place, ptr, col, from_slow, more);
		bitmap_andnot(more, more, asked, RLNC_MAX_FRAGMENT_PAGES);
		bitmap_or(asked, asked, more, RLNC_MAX_FRAGMENT_PAGES);
		rlnc_ask(v, gb, ptr, more, false);
		if (from_slow)
			break;
		done = rlnc_round_wait(&gb->round, rlnc_hedge_ns(v), settled, &h);
	}
	if (!done)
		rlnc_gbuf_io_wait_for(gb, settled, &h);
	rlnc_gbuf_io_leave(gb);
}
