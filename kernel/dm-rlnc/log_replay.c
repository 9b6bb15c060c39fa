// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay of the intent log: at activation, what was flushed after the last checkpoint is
 * done again.
 *
 * Each member has its own copy of a record, and which of them have it says whether the
 * flush was finished.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"

static bool was_read(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 row, u32 col)
{
	return test_bit(row * v->pps + col, gb->have);
}

/*
 * Those that were given up have no log.
 * Return: how many have answered, or -ENODEV when there is nobody to ask.
 */
static int read_pages(struct rlnc_volume *v, struct rlnc_gbuf *gb, u64 slot, u32 col)
{
	u32 i, asked = 0;
	int answered = 0;

	rlnc_gbuf_io_begin(gb);
	for (i = 0; i < v->n; i++) {
		if (!v->member[i].dev || v->member[i].state == RLNC_MEMBER_FAILED)
			continue;
		asked++;
		rlnc_gbuf_io(gb, REQ_OP_READ, slot, i, col, 1);
	}
	rlnc_gbuf_io_wait(gb);
	for (i = 0; i < v->n; i++)
		answered += was_read(v, gb, i, col);
	return asked ? answered : -ENODEV;
}

/*
 * Which rows have an authentic record, opened where it lies?
 * Return: 0, or an error that says nothing about any record.
 */
static int open_records(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col, u64 seq,
			unsigned long *good)
{
	const struct rlnc_log_trailer *trailer;
	int ret;
	u32 i;

	bitmap_zero(good, RLNC_MAX_MEMBERS);
	for (i = 0; i < v->n; i++) {
		trailer = rlnc_log_trailer_of(gb, i, col);
		if (!was_read(v, gb, i, col) ||
		    le32_to_cpu(trailer->magic) != RLNC_LOG_MAGIC ||
		    !trailer->bytes || le32_to_cpu(trailer->bytes) > RLNC_LOG_PAYLOAD)
			continue;
		ret = rlnc_log_crypt(v, gb, i, col, seq, false);
		if (!ret)
			__set_bit(i, good);
		else if (ret != -EBADMSG)
			return ret;
	}
	return 0;
}

/*
 * Leave in @good the rows with the same record as most of them.  A crash during
 * recovery from a crash can leave two, of which one at most was finished.
 */
static u32 most_frequent(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
			 unsigned long *good)
{
	DECLARE_BITMAP(same, RLNC_MAX_MEMBERS);
	DECLARE_BITMAP(best, RLNC_MAX_MEMBERS);
	u32 i, j;

	bitmap_zero(best, RLNC_MAX_MEMBERS);
	for_each_set_bit(i, good, v->n) {
		bitmap_zero(same, RLNC_MAX_MEMBERS);
		for_each_set_bit(j, good, v->n)
			if (!memcmp(rlnc_log_trailer_of(gb, i, col)->tag,
				    rlnc_log_trailer_of(gb, j, col)->tag, RLNC_TAG_BYTES))
				__set_bit(j, same);
		if (bitmap_weight(same, v->n) > bitmap_weight(best, v->n))
			bitmap_copy(best, same, RLNC_MAX_MEMBERS);
	}
	bitmap_copy(good, best, RLNC_MAX_MEMBERS);
	return bitmap_weight(good, v->n);
}

/* A member that is in sync, can be read, and has not the record. */
static bool some_lack_it(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
			 const unsigned long *good)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (was_read(v, gb, i, col) && !test_bit(i, good) &&
		    v->member[i].state == RLNC_MEMBER_SYNC)
			return true;
	return false;
}

/* What was flushed may be there, and may not be.  Without it there is no way back. */
static int nobody_reads(struct rlnc_volume *v, u64 seq)
{
	if (!v->opt.accept_older) {
		DMERR("%s: no member can read log record %llu, and what was flushed since epoch %llu may be in it; try again, bring members that can, or give accept_older to go on without it",
		      rlnc_name(v), seq, v->sb->epoch);
		return -EIO;
	}
	DMWARN("%s: no member can read log record %llu; what was flushed since epoch %llu is given up",
	       rlnc_name(v), seq, v->sb->epoch);
	WRITE_ONCE(v->members_changed, true);	/* a checkpoint, before anything else */
	return -ENODATA;
}

/*
 * Read a record into @gb.  It counts as flushed only when every member in sync has
 * it, so one that is in sync, can be read, and has it not says that it was never
 * finished.  With fewer than k that have it, what it vouches for may not be there.
 *
 * Return: a row that it is in, with the members that have it in @good, which may be
 * too few for it to count; -ENODATA at the end of the log; -ENOTUNIQ when too few
 * members are here to tell; -EIO when none can be read, which is not the end.
 */
static int read_copies(struct rlnc_volume *v, struct rlnc_gbuf *gb, u64 slot, u32 col,
		       u64 seq, unsigned long *good)
{
	int ret = read_pages(v, gb, slot, col);
	u32 found;

	/* An error may pass, and who has let a deadline pass is asked no more. */
	if (!ret && read_pages(v, gb, slot, col) <= 0)
		return nobody_reads(v, seq);
	ret = open_records(v, gb, col, seq, good);
	if (ret)
		return ret;
	found = most_frequent(v, gb, col, good);
	if (!found)
		return -ENODATA;
	if (found < v->k) {
		if (!v->opt.accept_older && !some_lack_it(v, gb, col, good))
			return -ENOTUNIQ;
		DMWARN("%s: %u members have log record %llu, and it takes %u: it was not finished, or members have changed theirs",
		       rlnc_name(v), found, seq, v->k);
	}
	return find_first_bit(good, v->n);
}

/* Where replay is, and the flush whose records it gathers in the first notes. */
struct replay {
	u64 slot;
	u64 next_slot;
	u64 seq;
	u32 col;
	u32 more;			/* records of this flush that are to follow */
	u32 changes;			/* made again */
	DECLARE_BITMAP(missing, RLNC_MAX_MEMBERS);	/* a record of this flush */
};

/* Does an authentic record continue what was gathered? */
static bool continues(const struct rlnc_log_notes *notes, const struct replay *r, u32 more)
{
	return notes->records ? more == r->more - 1 : more < RLNC_LOG_RECORDS;
}

/*
 * Read the next record.
 * Return: 0; -ENODATA at the end of the log, which may be a record that does not count.
 */
static int read_record(struct rlnc_volume *v, struct replay *r)
{
	struct rlnc_log_notes *notes = &v->log.notes[0];
	DECLARE_BITMAP(good, RLNC_MAX_MEMBERS);
	const struct rlnc_log_trailer *trailer;
	struct rlnc_gbuf *gb;
	bool counts;
	int ret;

	gb = rlnc_gbuf_get(v, true, GFP_NOIO);
	ret = read_copies(v, gb, r->slot, r->col, r->seq, good);
	if (ret < 0)
		goto out;
	counts = bitmap_weight(good, v->n) >= v->k;
	trailer = rlnc_log_trailer_of(gb, ret, r->col);
	if (!continues(notes, r, le32_to_cpu(trailer->more)) ||
	    le64_to_cpu(trailer->next_slot) >= v->slots) {
		ret = counts ? -EBADMSG : -ENODATA;
		goto out;
	}
	memcpy(notes->buf + notes->records * RLNC_LOG_PAYLOAD,
	       page_address(rlnc_fragment_page(gb, ret, r->col)),
	       le32_to_cpu(trailer->bytes));
	notes->len[notes->records++] = le32_to_cpu(trailer->bytes);
	r->more = le32_to_cpu(trailer->more);
	r->next_slot = le64_to_cpu(trailer->next_slot);
	ret = counts ? 0 : -ENODATA;
	bitmap_complement(good, good, v->n);
	bitmap_or(r->missing, r->missing, good, v->n);
out:
	rlnc_gbuf_put(gb);
	return ret;
}

/* Do again what the commit did that left this note. */
static int redo(struct rlnc_volume *v, const struct rlnc_log_entry *e,
		const unsigned long *missing, struct rlnc_ptr *old, struct rlnc_ptr *new)
{
	struct rlnc_commit c = {
		.gen = le64_to_cpu(e->index), .old = old, .new = new, .missing = missing,
	};
	int ret;

	ret = rlnc_commit_prepare(v, &c);
	if (ret)
		return ret;
	memset(new, 0, v->geo.ptr_bytes);
	if (e->birth) {
		memcpy(new, old, v->geo.ptr_bytes);
		new->slot = e->slot;
		new->birth = e->birth;
		c.first = le16_to_cpu(e->first);
		c.count = le16_to_cpu(e->count);
		memcpy(&new->seal[c.first], e->seal, c.count * sizeof(struct rlnc_seal));
		ret = rlnc_slot_reserve(v, le64_to_cpu(e->slot));
	}
	if (!ret)
		rlnc_commit(v, &c);
	rlnc_commit_end(v, &c);
	return ret;
}

static struct rlnc_log_limits limits_of(const struct rlnc_volume *v)
{
	return (struct rlnc_log_limits) {
		.generations = v->shape[RLNC_TREE_MAP].count[0],
		.slots = v->slots,
		.epoch = v->sb->epoch,
		.seals = v->geo.seals,
		.pack_tail = v->packs.tail,
		.packs = v->packs.count,
	};
}

static int redo_record(struct rlnc_volume *v, u32 record, struct replay *r)
{
	const struct rlnc_log_limits limits = limits_of(v);
	const struct rlnc_log_notes *notes = &v->log.notes[0];
	const struct rlnc_log_entry *e;
	struct rlnc_ptr *ptrs;
	size_t at = 0;
	int ret;

	ptrs = kvzalloc(2 * v->geo.ptr_bytes, GFP_KERNEL);
	if (!ptrs)
		return -ENOMEM;
	while ((ret = rlnc_log_next(notes->buf + record * RLNC_LOG_PAYLOAD,
				    notes->len[record], &at, &limits, &e)) > 0) {
		if (le32_to_cpu(e->kind) == RLNC_LOG_PACK)
			ret = rlnc_pack_redo(v, e, r->missing);
		else
			ret = redo(v, e, r->missing, ptrs, (void *)ptrs + v->geo.ptr_bytes);
		if (ret)
			break;
		r->changes++;
	}
	kvfree(ptrs);
	return ret;
}

/* All records of a flush are there. */
static int redo_flush(struct rlnc_volume *v, struct replay *r)
{
	struct rlnc_log_notes *notes = &v->log.notes[0];
	int ret = 0;
	u32 i;

	for (i = 0; i < notes->records && !ret; i++)
		ret = redo_record(v, i, r);
	notes->records = 0;
	bitmap_zero(r->missing, RLNC_MAX_MEMBERS);
	return ret;
}

/*
 * The log ends with records that do not count.  If there is a power failure before the
 * next checkpoint, and other members are there after that, they may count then: their
 * slots must not have been used for anything else.
 */
static int drop_flush(struct rlnc_volume *v)
{
	const struct rlnc_log_limits limits = limits_of(v);
	struct rlnc_log_notes *notes = &v->log.notes[0];
	const struct rlnc_log_entry *e;
	size_t at;
	int ret = 0;
	u32 i;

	for (i = 0; i < notes->records && !ret; i++) {
		at = 0;
		while (!ret && rlnc_log_next(notes->buf + i * RLNC_LOG_PAYLOAD, notes->len[i],
					     &at, &limits, &e) > 0)
			if (e->birth)
				ret = rlnc_slot_withhold(v, le64_to_cpu(e->slot));
	}
	/* And that checkpoint is made before anything else. */
	if (notes->records)
		WRITE_ONCE(v->members_changed, true);
	return ret;
}

static int keep_slot(struct rlnc_volume *v, u64 slot)
{
	struct rlnc_log *log = &v->log;

	if (log->slots == ARRAY_SIZE(log->used))
		return -EBADMSG;
	log->used[log->slots++] = slot;
	return rlnc_slot_reserve(v, slot);
}

/**
 * rlnc_log_replay - take up what was flushed after the last checkpoint
 * @v:	volume at its last checkpoint; nothing else runs yet
 *
 * The log's own slots stay busy until the next checkpoint is durable, so that
 * a crash before that finds the log again.  The first flush after this is a
 * checkpoint.  A member without a record may have lost what that vouches for, and is
 * stale from here.
 *
 * Return: number of changes made again, or a negative error.
 */
int rlnc_log_replay(struct rlnc_volume *v)
{
	struct replay r = { .slot = v->sb->log_slot };
	int ret;

	if (r.slot == RLNC_LOG_NONE)
		return 0;
	/* What is done again needs no notes, and their memory holds the records. */
	v->log.notes[v->log.current_notes].overflow = true;
	ret = keep_slot(v, r.slot);
	while (!ret) {
		ret = read_record(v, &r);
		if (!ret && r.col == 0)
			ret = keep_slot(v, r.next_slot);
		if (!ret && !r.more)
			ret = redo_flush(v, &r);
		if (ret)
			break;
		r.seq++;
		if (++r.col == v->pps) {
			r.slot = r.next_slot;
			r.col = 0;
		}
	}
	if (ret == -ENODATA)
		ret = drop_flush(v);
	rlnc_log_clear(&v->log.notes[0]);
	rlnc_log_clear(&v->log.notes[1]);
	if (ret) {
		DMERR("%s: the intent log of epoch %llu cannot be replayed at record %llu (%d)",
		      rlnc_name(v), v->sb->epoch, r.seq, ret);
		return ret;
	}
	if (r.changes)
		DMINFO("%s: replayed %u changes from %llu log records", rlnc_name(v),
		       r.changes, r.seq);
	return r.changes;
}
