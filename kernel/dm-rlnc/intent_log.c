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

/* --- sealing and opening ----------------------------------------------------------- */

struct rlnc_log_trailer *rlnc_log_trailer_of(struct rlnc_gbuf *gb, u32 row, u32 col)
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
int rlnc_log_crypt(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 row, u32 col, u64 seq,
		   bool encrypt)
{
	struct rlnc_log_trailer *trailer = rlnc_log_trailer_of(gb, row, col);
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
	struct rlnc_log_trailer *trailer = rlnc_log_trailer_of(gb, 0, log->col);
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
	ret = rlnc_log_crypt(v, gb, 0, log->col, log->seq, true);
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
	rlnc_log_clear(notes);
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
	rlnc_log_clear(&log->notes[0]);
	rlnc_log_clear(&log->notes[1]);
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
