// SPDX-License-Identifier: GPL-2.0-only
/*
 * The intent log: between checkpoints it makes flushes cheap.
 *
 * Every commit leaves a note of the pointer that it changed.  A flush writes the
 * notes taken since the last one as records, each with one 4 KiB write a member
 * that carries PREFLUSH and FUA: whoever has its fragment of a record has all
 * that was written before it.  A flush that the log cannot serve, or that would
 * not reach every member the superblocks count on, becomes a checkpoint, which
 * starts the log anew.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"

static u32 record_bytes(const struct rlnc_volume *v)
{
	return v->k * RLNC_LOG_PAYLOAD;
}

int rlnc_log_init(struct rlnc_volume *v)
{
	struct rlnc_log *log = &v->log;
	u32 i;

	spin_lock_init(&log->lock);
	log->slot = RLNC_SLOT_NONE;
	log->req = aead_request_alloc(v->crypt.log, GFP_KERNEL);
	log->sg = kvcalloc(v->k + 3, sizeof(*log->sg), GFP_KERNEL);
	log->scratch = kzalloc(sizeof(*log->scratch), GFP_KERNEL);
	if (!log->req || !log->sg || !log->scratch)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(log->notes); i++) {
		log->notes[i].buf = kvzalloc(RLNC_LOG_RECORDS * record_bytes(v), GFP_KERNEL);
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
	kvfree(log->sg);
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
	u8 *at = notes->buf + (notes->records - 1) * record_bytes(v) + *len;
	size_t room = record_bytes(v) - *len, took;

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

static void fill_aad(struct rlnc_volume *v, u32 row, u64 seq)
{
	struct rlnc_log_aad *aad = &v->log.scratch->aad;

	memset(aad, 0, sizeof(*aad));
	memcpy(aad->volume_id, v->sb->volume_id, sizeof(aad->volume_id));
	aad->row = cpu_to_le32(row);
	aad->epoch = cpu_to_le64(v->sb->epoch);
	aad->seq = cpu_to_le64(seq);
}

static int run_aead(struct rlnc_volume *v, bool encrypt, u32 assoc, u32 len,
		    const u8 *nonce)
{
	struct rlnc_log *log = &v->log;
	DECLARE_CRYPTO_WAIT(wait);

	memcpy(log->scratch->iv, nonce, sizeof(log->scratch->iv));
	aead_request_set_tfm(log->req, v->crypt.log);
	aead_request_set_callback(log->req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &wait);
	aead_request_set_ad(log->req, assoc);
	aead_request_set_crypt(log->req, log->sg, log->sg, len, log->scratch->iv);
	return crypto_wait_req(encrypt ? crypto_aead_encrypt(log->req) :
			       crypto_aead_decrypt(log->req), &wait);
}

static struct rlnc_log_trailer *trailer_of(struct rlnc_gbuf *gb, u32 row, u32 col)
{
	return page_address(rlnc_fragment_page(gb, row, col)) + RLNC_LOG_PAYLOAD;
}

/*
 * The contents, which lie in the first @payload bytes of each of the first k
 * fragments.
 */
static int crypt_record(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col, u64 seq,
			u32 payload, bool encrypt, const u8 *nonce)
{
	struct rlnc_log *log = &v->log;
	u32 i;

	fill_aad(v, RLNC_LOG_ROW_RECORD, seq);
	sg_init_table(log->sg, v->k + 2);
	sg_set_buf(&log->sg[0], &log->scratch->aad, sizeof(log->scratch->aad));
	for (i = 0; i < v->k; i++)
		sg_set_page(&log->sg[i + 1], rlnc_fragment_page(gb, i, col), payload, 0);
	sg_set_buf(&log->sg[v->k + 1], log->scratch->tag, RLNC_TAG_BYTES);
	return run_aead(v, encrypt, sizeof(log->scratch->aad),
			v->k * payload + (encrypt ? 0 : RLNC_TAG_BYTES), nonce);
}

/* The tag over a fragment's payload and trailer; there is nothing to encrypt in it. */
static int crypt_fragment(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 row, u32 col,
			  u64 seq, u32 payload, bool encrypt)
{
	u32 covered = payload + sizeof(struct rlnc_log_trailer) - RLNC_TAG_BYTES;
	struct rlnc_log_trailer *trailer = trailer_of(gb, row, col);
	struct rlnc_log *log = &v->log;

	fill_aad(v, row, seq);
	sg_init_table(log->sg, 4);
	sg_set_buf(&log->sg[0], &log->scratch->aad, sizeof(log->scratch->aad));
	sg_set_page(&log->sg[1], rlnc_fragment_page(gb, row, col), payload, 0);
	sg_set_buf(&log->sg[2], trailer, sizeof(*trailer) - RLNC_TAG_BYTES);
	sg_set_buf(&log->sg[3], trailer->tag, RLNC_TAG_BYTES);
	return run_aead(v, encrypt, sizeof(log->scratch->aad) + covered,
			encrypt ? 0 : RLNC_TAG_BYTES, trailer->nonce);
}

static void code_payloads(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col, u32 payload)
{
	u32 i;

	if (!v->encode)
		return;
	for (i = 0; i < v->n; i++) {
		u8 *page = page_address(rlnc_fragment_page(gb, i, col));

		if (i < v->k)
			gb->in[i] = page;
		else
			gb->out[i - v->k] = page;
	}
	rlnc_plan_run(v->encode, gb->in, gb->out, payload);
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
	log->next_slot = rlnc_slot_alloc(v, true);
	if (log->next_slot == RLNC_SLOT_NONE)
		return false;
	log->used[log->slots++] = log->next_slot;
	return true;
}

static int make_record(struct rlnc_volume *v, struct rlnc_gbuf *gb, const u8 *contents,
		       u32 bytes)
{
	struct rlnc_log *log = &v->log;
	struct rlnc_log_trailer trailer = {
		.magic = cpu_to_le32(RLNC_LOG_MAGIC),
		.bytes = cpu_to_le32(bytes),
		.next_slot = cpu_to_le64(log->next_slot),
	};
	u32 payload = rlnc_log_payload(v->k, bytes);
	u32 i, at, part;
	int ret;

	for (i = 0, at = 0; i < v->k; i++, at += part) {
		u8 *page = page_address(rlnc_fragment_page(gb, i, log->col));

		part = min(bytes - at, payload);
		memcpy(page, contents + at, part);
		memset(page + part, 0, payload - part);
	}
	rlnc_next_nonce(&v->crypt, trailer.record_nonce);
	ret = crypt_record(v, gb, log->col, log->seq, payload, true, trailer.record_nonce);
	if (ret)
		return ret;
	memcpy(trailer.record_tag, log->scratch->tag, RLNC_TAG_BYTES);
	code_payloads(v, gb, log->col, payload);
	for (i = 0; i < v->n && !ret; i++) {
		rlnc_next_nonce(&v->crypt, trailer.nonce);
		memcpy(trailer_of(gb, i, log->col), &trailer, sizeof(trailer));
		ret = crypt_fragment(v, gb, i, log->col, log->seq, payload, true);
	}
	return ret;
}

/* Every member that counts must take its fragment; otherwise the log will not do. */
static int write_record(struct rlnc_volume *v, const u8 *contents, u32 bytes)
{
	struct rlnc_log *log = &v->log;
	struct rlnc_gbuf *gb;
	int ret;
	u32 i;

	if (!advance(v))
		return -EAGAIN;
	gb = rlnc_gbuf_get(v, true, GFP_NOIO);
	ret = make_record(v, gb, contents, bytes);
	if (!ret) {
		rlnc_gbuf_io_begin(gb);
		for (i = 0; i < v->n; i++)
			if (rlnc_member_writable(v, i))
				rlnc_gbuf_io(gb, REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA |
					     REQ_SYNC, log->slot, i, log->col, 1);
		rlnc_gbuf_io_wait(gb);
		for_each_set_bit(i, gb->row_error, v->n)
			rlnc_member_fail(v, i, "log write error");
		if (!bitmap_empty(gb->row_error, v->n))
			ret = -EAGAIN;
	}
	rlnc_gbuf_put(gb);
	log->col++;
	log->seq++;
	return ret;
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
	int ret = 0;
	u32 i;

	lockdep_assert_held(&v->checkpoint_mutex);
	spin_lock(&log->lock);
	notes = &log->notes[log->current_notes];
	if (!notes->overflow && log->slot != RLNC_SLOT_NONE)
		log->current_notes ^= 1;
	else
		ret = -EAGAIN;
	spin_unlock(&log->lock);
	if (!notes->records && !notes->overflow && !READ_ONCE(v->members_changed))
		return 0;
	if (ret || READ_ONCE(v->members_changed))
		return -EAGAIN;
	ret = rlnc_packs_sync(v);
	for (i = 0; i < notes->records && !ret; i++)
		ret = write_record(v, notes->buf + i * record_bytes(v), notes->len[i]);
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
	log->slot = rlnc_slot_alloc(v, true);
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

/*
 * Read a record's fragments.  A record counts as flushed only when every member
 * in sync has its fragment, so one that is in sync, can be read, and has none
 * says that this one was never finished.
 *
 * Return: 0 with k authentic ones in @rows and the members that have none in
 * @missing; -ENODATA at the end of the log; -ENOTUNIQ when too few members are
 * here to tell.
 */
static int read_fragments(struct rlnc_volume *v, struct rlnc_gbuf *gb, u64 slot, u32 col,
			  u64 seq, u8 *rows, unsigned long *missing)
{
	struct rlnc_log_trailer *trailer;
	u32 i, found = 0, without = 0;

	rlnc_gbuf_io_begin(gb);
	for (i = 0; i < v->n; i++)
		if (v->member[i].dev)
			rlnc_gbuf_io(gb, REQ_OP_READ, slot, i, col, 1);
	rlnc_gbuf_io_wait(gb);
	bitmap_fill(missing, v->n);
	for (i = 0; i < v->n; i++) {
		trailer = trailer_of(gb, i, col);
		if (!test_bit(i * v->pps + col, gb->have))
			continue;
		if (le32_to_cpu(trailer->magic) != RLNC_LOG_MAGIC ||
		    le32_to_cpu(trailer->bytes) > record_bytes(v) ||
		    crypt_fragment(v, gb, i, col, seq,
				   rlnc_log_payload(v->k, le32_to_cpu(trailer->bytes)), false)) {
			without += v->member[i].state == RLNC_MEMBER_SYNC;
			continue;
		}
		__clear_bit(i, missing);
		if (found < v->k)
			rows[found] = i;
		found++;
	}
	if (found >= v->k)
		return 0;
	if (found && !without && !v->opt.accept_older)
		return -ENOTUNIQ;
	if (found)
		DMWARN("%s: log record %llu has %u of the %u fragments it takes: it was not finished, or members have changed theirs",
		       rlnc_name(v), seq, found, v->k);
	return -ENODATA;
}

/* Compute the payloads of the data fragments that are not among @rows. */
static int decode_payloads(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
			   u32 payload, const u8 *rows)
{
	struct rlnc_plan_entry *entry;
	const struct rlnc_plan *plan;
	u16 want[RLNC_MAX_K];
	u32 i, wanted = 0;

	for (i = 0; i < v->k; i++) {
		gb->in[i] = page_address(rlnc_fragment_page(gb, rows[i], col));
		if (memchr(rows, i, v->k))
			continue;
		gb->out[wanted] = page_address(rlnc_fragment_page(gb, i, col));
		want[wanted++] = RLNC_DATA(i);
	}
	if (!wanted)
		return 0;
	plan = rlnc_codec_plan(v, rows, want, wanted, &entry);
	if (!plan)
		return -ENOMEM;
	rlnc_plan_run(plan, gb->in, gb->out, payload);
	rlnc_codec_plan_put(entry);
	return 0;
}

/*
 * Read one record into the first notes' buffer.
 * Return: 0; -ENODATA at the end of the log.
 */
static int read_record(struct rlnc_volume *v, u64 slot, u32 col, u64 seq,
		       u32 *bytes, u64 *next_slot, unsigned long *missing)
{
	struct rlnc_log_trailer trailer;
	u8 *to = v->log.notes[0].buf;
	u8 rows[RLNC_MAX_K];
	struct rlnc_gbuf *gb;
	u32 i, payload;
	int ret;

	gb = rlnc_gbuf_get(v, true, GFP_NOIO);
	ret = read_fragments(v, gb, slot, col, seq, rows, missing);
	if (ret)
		goto out;
	trailer = *trailer_of(gb, rows[0], col);
	memcpy(v->log.scratch->tag, trailer.record_tag, RLNC_TAG_BYTES);
	payload = rlnc_log_payload(v->k, le32_to_cpu(trailer.bytes));
	ret = decode_payloads(v, gb, col, payload, rows) ?:
	      crypt_record(v, gb, col, seq, payload, false, trailer.record_nonce);
	if (ret == -EBADMSG)	/* fragments of two records that were never finished */
		ret = -ENODATA;
	*bytes = le32_to_cpu(trailer.bytes);
	*next_slot = le64_to_cpu(trailer.next_slot);
	if (!ret && *next_slot >= v->slots)
		ret = -EBADMSG;
	for (i = 0; i < v->k && !ret; i++)
		memcpy(to + i * payload, page_address(rlnc_fragment_page(gb, i, col)), payload);
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

static int redo_record(struct rlnc_volume *v, u32 bytes, const unsigned long *missing,
		       u32 *changes)
{
	struct rlnc_log_limits limits = {
		.generations = v->shape[RLNC_TREE_MAP].count[0],
		.slots = v->slots,
		.epoch = v->sb->epoch,
		.seals = v->geo.seals,
		.pack_tail = v->packs.tail,
		.packs = v->packs.count,
	};
	const struct rlnc_log_entry *e;
	struct rlnc_ptr *ptrs;
	size_t at = 0;
	int ret;

	ptrs = kvzalloc(2 * v->geo.ptr_bytes, GFP_KERNEL);
	if (!ptrs)
		return -ENOMEM;
	while ((ret = rlnc_log_next(v->log.notes[0].buf, bytes, &at, &limits, &e)) > 0) {
		if (le32_to_cpu(e->kind) == RLNC_LOG_PACK)
			ret = rlnc_pack_redo(v, e, missing);
		else
			ret = redo(v, e, missing, ptrs, (void *)ptrs + v->geo.ptr_bytes);
		if (ret)
			break;
		(*changes)++;
	}
	kvfree(ptrs);
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
 * checkpoint.  A member without its fragment of a record may have lost what the
 * record vouches for, and is stale from here.
 *
 * Return: number of changes made again, or a negative error.
 */
int rlnc_log_replay(struct rlnc_volume *v)
{
	DECLARE_BITMAP(missing, RLNC_MAX_MEMBERS);
	u64 slot = v->sb->log_slot, next = RLNC_SLOT_NONE, seq = 0;
	u32 col = 0, bytes, changes = 0;
	int ret;

	if (slot == RLNC_LOG_NONE)
		return 0;
	/* What is done again needs no notes, and their memory holds the record. */
	v->log.notes[v->log.current_notes].overflow = true;
	ret = keep_slot(v, slot);
	while (!ret) {
		ret = read_record(v, slot, col, seq++, &bytes, &next, missing);
		if (!ret)
			ret = redo_record(v, bytes, missing, &changes);
		if (!ret && col == 0)
			ret = keep_slot(v, next);
		if (++col == v->pps) {
			slot = next;
			col = 0;
		}
	}
	clear_notes(&v->log.notes[0]);
	clear_notes(&v->log.notes[1]);
	if (ret != -ENODATA) {
		DMERR("%s: the intent log of epoch %llu cannot be replayed at record %llu (%d)",
		      rlnc_name(v), v->sb->epoch, seq - 1, ret);
		return ret;
	}
	if (changes)
		DMINFO("%s: replayed %u changes from %llu log records", rlnc_name(v),
		       changes, seq - 1);
	return changes;
}
