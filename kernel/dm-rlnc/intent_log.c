// SPDX-License-Identifier: GPL-2.0-only
/*
 * The intent log: between checkpoints it makes flushes cheap.
 *
 * Every commit leaves a note of the pointer that it changed.  A flush writes the
 * notes taken since the last one as records, each with one 4 KiB write a member
 * that carries PREFLUSH and FUA: whoever has a record has all that was written
 * before it.  A flush that the log cannot serve, or that would
 * not reach every member the superblocks count on, becomes a checkpoint, which
 * starts the log anew.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "trace.h"

int rlnc_log_init(struct rlnc_volume *v)
{
	struct rlnc_log *log = &v->log;
	u32 i;

	spin_lock_init(&log->lock);
	log->slot = RLNC_SLOT_NONE;
	log->req = aead_request_alloc(v->crypt.log, GFP_KERNEL);
	log->scratch = kzalloc(sizeof(*log->scratch), GFP_KERNEL);
	if (!log->req || !log->scratch)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(log->notes); i++) {
		log->notes[i].buf = kvzalloc(RLNC_LOG_RECORDS * RLNC_LOG_PAYLOAD, GFP_KERNEL);
		if (!log->notes[i].buf)
			return -ENOMEM;
	}
	return 0;
}

void rlnc_log_exit(struct rlnc_volume *v)
{
	struct rlnc_log *log = &v->log;

	if (log->req)
		aead_request_free(log->req);
	kfree(log->scratch);
	kvfree(log->notes[0].buf);
	kvfree(log->notes[1].buf);
}

/* --- notes --------------------------------------------------------------------- */

/* What a note says; a pack's has an owner and no generation. */
struct note {
	u64 index;			/* generation, or number of the pack */
	const struct rlnc_ptr *ptr;
	u32 first;
	u32 count;
	bool pack;
	u64 owner;
};

static bool append(struct rlnc_volume *v, struct rlnc_log_notes *notes,
		   const struct note *n)
{
	u32 *len = &notes->len[notes->records - 1];
	u8 *at = notes->buf + (notes->records - 1) * RLNC_LOG_PAYLOAD + *len;
	size_t room = RLNC_LOG_PAYLOAD - *len, took;

	if (n->pack)
		took = rlnc_log_append_pack(at, room, n->index, n->ptr, &v->geo, n->first,
					    n->count, n->owner);
	else
		took = rlnc_log_append(at, room, n->index, n->ptr, n->first, n->count);
	*len += took;
	return took;
}

static void take_note(struct rlnc_volume *v, const struct note *n)
{
	struct rlnc_log *log = &v->log;
	struct rlnc_log_notes *notes;

	spin_lock(&log->lock);
	notes = &log->notes[log->current_notes];
	if (notes->overflow)
		goto out;
	if (notes->records && append(v, notes, n))
		goto out;
	if (notes->records < RLNC_LOG_RECORDS) {
		notes->len[notes->records++] = 0;
		if (append(v, notes, n))
			goto out;
	}
	notes->overflow = true;
out:
	spin_unlock(&log->lock);
}

/**
 * rlnc_log_note - a commit has changed a pointer
 * @v:		volume; commit_sem is held for reading
 * @gen:	generation of the map tree
 * @ptr:	its new pointer
 * @first:	first seal that changed
 * @count:	how many
 */
void rlnc_log_note(struct rlnc_volume *v, u64 gen, const struct rlnc_ptr *ptr,
		   u32 first, u32 count)
{
	const struct note note = { .index = gen, .ptr = ptr, .first = first, .count = count };

	take_note(v, &note);
}

/**
 * rlnc_log_note_pack - a pack was given sectors, and the map refers to them
 * @v:		volume; commit_sem is held for reading
 * @number:	of the pack
 * @ptr:	its pointer, with the seals of these sectors
 * @position:	where in the pack
 * @count:	how many
 * @owner:	which 4 KiB sector of the volume the first of them is
 */
void rlnc_log_note_pack(struct rlnc_volume *v, u64 number, const struct rlnc_ptr *ptr,
			u32 position, u32 count, u64 owner)
{
	const struct note note = {
		.index = number, .ptr = ptr, .first = position, .count = count,
		.pack = true, .owner = owner,
	};

	take_note(v, &note);
}

static void clear_notes(struct rlnc_log_notes *notes)
{
	notes->records = 0;
	notes->overflow = false;
}

/* --- sealing and opening ----------------------------------------------------------- */

static struct rlnc_log_trailer *trailer_of(struct rlnc_gbuf *gb, u32 row, u32 col)
{
	return page_address(rlnc_fragment_page(gb, row, col)) + RLNC_LOG_PAYLOAD;
}

static void fill_aad(struct rlnc_volume *v, const struct rlnc_log_trailer *trailer, u64 seq)
{
	struct rlnc_log_aad *aad = &v->log.scratch->aad;

	memset(aad, 0, sizeof(*aad));
	memcpy(aad->volume_id, v->sb->volume_id, sizeof(aad->volume_id));
	aad->epoch = cpu_to_le64(v->sb->epoch);
	aad->seq = cpu_to_le64(seq);
	aad->next_slot = trailer->next_slot;
	aad->bytes = trailer->bytes;
	aad->more = trailer->more;
}

/* Seal or open a record where it lies; its trailer is complete but for the tag. */
static int crypt_record(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 row, u32 col,
			u64 seq, bool encrypt)
{
	struct rlnc_log_trailer *trailer = trailer_of(gb, row, col);
	struct rlnc_log_scratch *s = v->log.scratch;
	struct aead_request *req = v->log.req;
	u32 bytes = le32_to_cpu(trailer->bytes);
	DECLARE_CRYPTO_WAIT(wait);
	int ret;

	fill_aad(v, trailer, seq);
	memcpy(s->iv, trailer->nonce, sizeof(s->iv));
	memcpy(s->tag, trailer->tag, sizeof(s->tag));
	sg_init_table(s->sg, ARRAY_SIZE(s->sg));
	sg_set_buf(&s->sg[0], &s->aad, sizeof(s->aad));
	sg_set_page(&s->sg[1], rlnc_fragment_page(gb, row, col), bytes, 0);
	sg_set_buf(&s->sg[2], s->tag, sizeof(s->tag));
	aead_request_set_tfm(req, v->crypt.log);
	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG, crypto_req_done, &wait);
	aead_request_set_ad(req, sizeof(s->aad));
	aead_request_set_crypt(req, s->sg, s->sg, bytes + (encrypt ? 0 : RLNC_TAG_BYTES),
			       s->iv);
	ret = crypto_wait_req(encrypt ? crypto_aead_encrypt(req) : crypto_aead_decrypt(req),
			      &wait);
	memcpy(trailer->tag, s->tag, sizeof(s->tag));
	return ret;
}

/* --- writing ------------------------------------------------------------------------ */

/* The place of the next record; takes another slot when this one is full. */
static bool advance(struct rlnc_volume *v)
{
	struct rlnc_log *log = &v->log;

	if (log->slot == RLNC_SLOT_NONE)
		return false;
	if (log->col == v->pps) {
		log->slot = log->next_slot;
		log->next_slot = RLNC_SLOT_NONE;
		log->col = 0;
	}
	if (log->next_slot != RLNC_SLOT_NONE)
		return true;
	if (log->slots == ARRAY_SIZE(log->used))
		return false;
	log->next_slot = rlnc_slot_alloc_meta(v);
	if (log->next_slot == RLNC_SLOT_NONE)
		return false;
	log->used[log->slots++] = log->next_slot;
	return true;
}

/* Compose and seal a record in the first fragment, and copy it to the others. */
static int make_record(struct rlnc_volume *v, struct rlnc_gbuf *gb, const u8 *contents,
		       u32 bytes, u32 more)
{
	struct rlnc_log *log = &v->log;
	struct rlnc_log_trailer *trailer = trailer_of(gb, 0, log->col);
	void *page = page_address(rlnc_fragment_page(gb, 0, log->col));
	int ret;
	u32 i;

	memcpy(page, contents, bytes);
	/* What the page had before may be a record in clear that was replayed. */
	memset(page + bytes, 0, RLNC_SECTOR_BYTES - bytes);
	trailer->magic = cpu_to_le32(RLNC_LOG_MAGIC);
	trailer->bytes = cpu_to_le32(bytes);
	trailer->more = cpu_to_le32(more);
	trailer->next_slot = cpu_to_le64(log->next_slot);
	rlnc_next_nonce(&v->crypt, trailer->nonce);
	ret = crypt_record(v, gb, 0, log->col, log->seq, true);
	if (ret)
		return ret;
	for (i = 1; i < v->n; i++)
		copy_page(page_address(rlnc_fragment_page(gb, i, log->col)), page);
	return 0;
}

/*
 * Every member that counts must take the record; otherwise the log will not do.  After one
 * that was not written nothing may follow: a replay would end there.
 */
static int write_record(struct rlnc_volume *v, const u8 *contents, u32 bytes, u32 more)
{
	struct rlnc_log *log = &v->log;
	struct rlnc_gbuf *gb;
	int ret;
	u32 i;

	if (!advance(v))
		return -EAGAIN;
	gb = rlnc_gbuf_get(v, true, GFP_NOIO);
	ret = make_record(v, gb, contents, bytes, more);
	if (!ret) {
		rlnc_gbuf_io_begin(gb);
		for (i = 0; i < v->n; i++)
			if (rlnc_member_writable(v, i))
				rlnc_gbuf_io(gb, REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA,
					     log->slot, i, log->col, 1);
		rlnc_gbuf_io_wait(gb);
		for_each_set_bit(i, gb->row_error, v->n)
			rlnc_member_fail(v, i, "log write error");
		if (!bitmap_empty(gb->row_error, v->n))
			ret = -EIO;
	}
	rlnc_gbuf_put(gb);
	trace_rlnc_log_record(v, log->seq, log->slot, log->col, bytes, ret);
	log->col++;
	log->seq++;
	return ret ? -EAGAIN : 0;
}

/**
 * rlnc_log_flush - make what was committed durable by the log
 * @v:	volume; checkpoint_mutex is held
 *
 * Return: 0, or -EAGAIN when it takes a checkpoint.
 */
int rlnc_log_flush(struct rlnc_volume *v)
{
	struct rlnc_log *log = &v->log;
	struct rlnc_log_notes *notes;
	struct rlnc_pack *open;
	int ret = 0, err;
	u32 i;

	lockdep_assert_held(&v->checkpoint_mutex);
	open = rlnc_packs_hold(v);
	spin_lock(&log->lock);
	notes = &log->notes[log->current_notes];
	if (!notes->overflow && log->slot != RLNC_SLOT_NONE)
		log->current_notes ^= 1;
	else
		ret = -EAGAIN;
	spin_unlock(&log->lock);
	err = rlnc_packs_sync(v, open);
	if (!notes->records && !notes->overflow && !READ_ONCE(v->members_changed))
		return 0;
	if (ret || READ_ONCE(v->members_changed))
		return -EAGAIN;
	ret = err;
	for (i = 0; i < notes->records && !ret; i++)
		ret = write_record(v, notes->buf + i * RLNC_LOG_PAYLOAD, notes->len[i],
				   notes->records - 1 - i);
	/* A member may have failed at some data that this flush vouches for. */
	if (!ret && READ_ONCE(v->members_changed))
		ret = -EAGAIN;
	clear_notes(notes);
	return ret;
}

/**
 * rlnc_log_restart - a checkpoint takes over all that was noted
 * @v:		volume; commit_sem is held for writing
 * @old:	receives the slots of the log so far, to be given back when the
 *		checkpoint is durable
 *
 * Return: the slot for the superblock, where the log goes on; or
 * %RLNC_SLOT_NONE, and every flush is a checkpoint until the next one.
 */
u64 rlnc_log_restart(struct rlnc_volume *v, struct rlnc_log_slots *old)
{
	struct rlnc_log *log = &v->log;

	old->count = log->slots;
	memcpy(old->slot, log->used, log->slots * sizeof(u64));
	clear_notes(&log->notes[0]);
	clear_notes(&log->notes[1]);
	log->slots = 0;
	log->seq = 0;
	log->col = 0;
	log->next_slot = RLNC_SLOT_NONE;
	log->slot = rlnc_slot_alloc_meta(v);
	if (log->slot != RLNC_SLOT_NONE)
		log->used[log->slots++] = log->slot;
	return log->slot;
}

/* Give the slots of an old log back. */
void rlnc_log_release(struct rlnc_volume *v, const struct rlnc_log_slots *old)
{
	u32 i;

	for (i = 0; i < old->count; i++)
		rlnc_slot_cancel(v, old->slot[i]);
}

/* --- replay ------------------------------------------------------------------------- */

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
		trailer = trailer_of(gb, i, col);
		if (!was_read(v, gb, i, col) ||
		    le32_to_cpu(trailer->magic) != RLNC_LOG_MAGIC ||
		    !trailer->bytes || le32_to_cpu(trailer->bytes) > RLNC_LOG_PAYLOAD)
			continue;
		ret = crypt_record(v, gb, i, col, seq, false);
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
			if (!memcmp(trailer_of(gb, i, col)->tag, trailer_of(gb, j, col)->tag,
				    RLNC_TAG_BYTES))
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
	trailer = trailer_of(gb, ret, r->col);
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
	clear_notes(&v->log.notes[0]);
	clear_notes(&v->log.notes[1]);
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
