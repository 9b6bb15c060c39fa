// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's writes, discards and write-zeroes.
 *
 * A batch of bios for one generation that replaces part of it goes into the open
 * pack.  Otherwise, or when there is no pack to be had, it becomes one new
 * generation in a free slot: sectors that the batch does not cover are carried over
 * as ciphertext, once their seals have been verified, and what lay in packs is
 * sealed anew.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"

#define WRITERS_RESERVE	4

/* What becomes of a sector of the generation. */
enum fate {
	CARRY,				/* stays as it is */
	ZERO,				/* reads as zeros */
	REPLACE,			/* new data */
	UNPACK,				/* stays as it is, but lies in a pack */
};

struct rlnc_writer {
	struct rlnc_volume *v;
	struct rlnc_io *io;
	struct rlnc_gbuf *gb;
	struct rlnc_crypt_scratch scratch;
	struct rlnc_place place;
	struct rlnc_commit commit;
	u64 birth;			/* epoch that the seals are made in */
	u8 fate[RLNC_MAX_SEALS];
};

static bool is_write(const struct rlnc_io *io)
{
	return io->bio && bio_op(io->bio) == REQ_OP_WRITE;
}

/* A discard of part of a generation is not worth the reading: leave it. */
static bool skip_discard(const struct rlnc_volume *v, const struct rlnc_io *io)
{
	return bio_op(io->bio) == REQ_OP_DISCARD && io->count < v->geo.seals;
}

static void decide_fates(struct rlnc_writer *w)
{
	struct rlnc_io *io;

	memset(w->fate, CARRY, w->v->geo.seals);
	list_for_each_entry(io, &w->io->batch, link)
		if (io->bio && !skip_discard(w->v, io))
			memset(w->fate + io->first, is_write(io) ? REPLACE : ZERO, io->count);
}

static bool all_are(const struct rlnc_writer *w, enum fate fate)
{
	u32 i;

	for (i = 0; i < w->v->geo.seals; i++)
		if (w->fate[i] != fate)
			return false;
	return true;
}

/* --- into a pack ------------------------------------------------------------------- */

/* Does the batch put new data into part of the generation, and nothing else? */
static bool fits_pack(const struct rlnc_writer *w)
{
	struct rlnc_io *io;

	list_for_each_entry(io, &w->io->batch, link)
		if (!is_write(io))
			return false;
	return !all_are(w, REPLACE);
}

static int write_packed(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	struct rlnc_node *leaf;
	struct rlnc_io *io;
	int ret = 0;

	if (rlnc_members_writable(v) < v->writes_min)
		return -EIO;
	leaf = rlnc_node_get(v, RLNC_TREE_MAP, 1, div_u64(w->io->gen, v->geo.fanout));
	if (IS_ERR(leaf))
		return PTR_ERR(leaf);
	list_for_each_entry(io, &w->io->batch, link) {
		ret = rlnc_pack_write(v, &w->scratch, leaf, io);
		if (ret)
			break;
	}
	rlnc_node_put(v, leaf);
	return ret;
}

/* --- as a whole -------------------------------------------------------------------- */

/* Read and verify what is carried over; its seals move along. */
static int load_carried(struct rlnc_writer *w)
{
	DECLARE_BITMAP(carried, RLNC_MAX_SEALS);
	DECLARE_BITMAP(packed, RLNC_MAX_SEALS);
	struct rlnc_volume *v = w->v;
	u32 i;
	int ret;

	bitmap_zero(carried, RLNC_MAX_SEALS);
	bitmap_zero(packed, RLNC_MAX_SEALS);
	for (i = 0; i < v->geo.seals; i++) {
		if (w->fate[i] == CARRY)
			__set_bit(i, carried);
		else if (w->fate[i] == UNPACK)
			__set_bit(i, packed);
	}
	/* On its lane nobody else moves what the map refers to. */
	ret = rlnc_pack_load(v, w->gb, w->gb->ptr, packed);
	if (ret == -ESTALE)
		ret = -EBADMSG;
	ret = ret ?: rlnc_generation_load_set(v, w->gb, &w->place, w->gb->ptr, carried);
	if (ret)
		return ret;
	for_each_set_bit(i, carried, v->geo.seals)
		w->gb->next->seal[i] = w->gb->ptr->seal[i];
	return 0;
}

/**
 * rlnc_seal_from_bio - seal one sector at a bio's iterator
 * @v:		volume
 * @scratch:	working memory, not in use elsewhere
 * @place:	the generation's place
 * @sector:	within the generation
 * @birth:	low 32 bits of the epoch
 * @bio:	a write
 * @iter:	moved behind the sector
 * @gb:		receives the ciphertext, and the seal in @gb->next
 *
 * Straight from the writer's page when the sector lies in one: the cipher reads it
 * once, so that a writer who changes it meanwhile gets one or the other, sealed.
 *
 * Return: 0 or the crypto API's error.
 */
int rlnc_seal_from_bio(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		       const struct rlnc_place *place, u32 sector, u32 birth,
		       struct bio *bio, struct bvec_iter *iter, struct rlnc_gbuf *gb)
{
	struct bio_vec vec = bio_iter_iovec(bio, *iter);
	struct page *plain = vec.bv_page;
	u32 offset = vec.bv_offset, left = RLNC_SECTOR_BYTES, len;

	if (vec.bv_len >= RLNC_SECTOR_BYTES) {
		bio_advance_iter(bio, iter, RLNC_SECTOR_BYTES);
		left = 0;
	} else {
		plain = rlnc_plain_page(gb, sector);
		offset = 0;
	}
	while (left) {
		vec = bio_iter_iovec(bio, *iter);
		len = min(left, vec.bv_len);
		memcpy_page(plain, RLNC_SECTOR_BYTES - left, vec.bv_page, vec.bv_offset,
			    len);
		bio_advance_iter(bio, iter, len);
		left -= len;
	}
	return rlnc_seal_sector(v, scratch, place, sector, birth, plain, offset,
				rlnc_symbol_page(gb, rlnc_row(v, sector),
						 rlnc_col(v, sector)),
				&gb->next->seal[sector]);
}

static int seal_bio(struct rlnc_writer *w, struct rlnc_io *io)
{
	struct bvec_iter iter = io->bio->bi_iter;
	u32 i;
	int ret;

	for (i = io->first; i < io->first + io->count; i++) {
		/* Later bios of the batch win where they overlap earlier ones. */
		if (w->fate[i] != REPLACE) {
			bio_advance_iter(io->bio, &iter, RLNC_SECTOR_BYTES);
			continue;
		}
		ret = rlnc_seal_from_bio(w->v, &w->scratch, &w->place, i, w->birth, io->bio,
					 &iter, w->gb);
		if (ret)
			return ret;
	}
	return 0;
}

/* Everything that has no ciphertext of its own yet. */
static int seal_batch(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	struct page *cipher;
	struct rlnc_io *io;
	int ret = 0;
	u32 i;

	for (i = 0; i < v->geo.seals && !ret; i++) {
		cipher = rlnc_symbol_page(w->gb, rlnc_row(v, i), rlnc_col(v, i));
		if (w->fate[i] == ZERO) {
			memset(&w->gb->next->seal[i], 0, sizeof(struct rlnc_seal));
			clear_highpage(cipher);
		} else if (w->fate[i] == UNPACK) {
			ret = rlnc_seal_sector(v, &w->scratch, &w->place, i, w->birth,
					       rlnc_plain_page(w->gb, i), 0, cipher,
					       &w->gb->next->seal[i]);
		}
	}
	list_for_each_entry(io, &w->io->batch, link)
		if (!ret && is_write(io))
			ret = seal_bio(w, io);
	return ret;
}

/* Encode, for the epoch that is being built, and have it on the members. */
static int store(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	struct rlnc_gbuf *gb = w->gb;

	gb->next->slot = cpu_to_le64(gb->slot);
	gb->next->birth = cpu_to_le64(READ_ONCE(v->birth));
	if (v->dense)
		w->commit.birth = le64_to_cpu(gb->next->birth);
	rlnc_mix_set(gb, gb->next);
	rlnc_generation_encode(v, gb);
	rlnc_generation_store_begin(v, gb);
	return rlnc_generation_store_end(v, gb);
}

/* The smallest run of seals that holds all that were not carried over. */
static void changed_seals(struct rlnc_writer *w)
{
	u32 i, first = w->v->geo.seals, end = 0;

	for (i = 0; i < w->v->geo.seals; i++) {
		if (w->fate[i] == CARRY)
			continue;
		first = min(first, i);
		end = i + 1;
	}
	w->commit.first = first;
	w->commit.count = end - first;
}

/*
 * A checkpoint has begun since a dense generation was coded: code it anew, into the
 * same slot, which nothing refers to yet.  The next checkpoint waits for that.
 */
static int store_again(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	int ret;

	bitmap_zero(w->gb->row_error, RLNC_MAX_MEMBERS);
	bitmap_zero(w->gb->skipped, RLNC_MAX_MEMBERS);
	down_read(&v->commit_sem);
	w->commit.held = true;
	ret = store(w) ?: rlnc_commit(v, &w->commit);
	up_read(&v->commit_sem);
	return ret;
}

static int commit_slot(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	int ret;

	if (rlnc_members_writable(v) < v->writes_min)
		return -EIO;
	w->gb->slot = rlnc_slot_alloc(v);
	if (w->gb->slot == RLNC_SLOT_NONE)
		return v->stopped ? -EIO : -ENOSPC;
	w->commit.stored = w->gb;
	changed_seals(w);
	ret = store(w) ?: rlnc_commit(v, &w->commit);
	if (ret == -EAGAIN)
		ret = store_again(w);
	if (ret)
		rlnc_slot_cancel(v, w->gb->slot);
	return ret;
}

static void commit_unmapped(struct rlnc_writer *w)
{
	memset(w->gb->next, 0, w->v->geo.ptr_bytes);
	rlnc_commit(w->v, &w->commit);
}

static int write_slot(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	bool was_mapped;
	u32 i;
	int ret;

	ret = rlnc_commit_prepare(v, &w->commit);
	if (ret)
		return ret;
	was_mapped = rlnc_ptr_mapped(w->gb->ptr);
	for (i = 0; i < v->geo.seals; i++) {
		if (w->fate[i] != CARRY)
			continue;
		if (!was_mapped)
			w->fate[i] = ZERO;
		else if (rlnc_seal_is_packed(&w->gb->ptr->seal[i]))
			w->fate[i] = UNPACK;
	}
	if (all_are(w, CARRY))
		return 0;
	if (all_are(w, ZERO)) {
		if (was_mapped)
			commit_unmapped(w);
		return 0;
	}
	w->birth = READ_ONCE(v->birth);
	return load_carried(w) ?: seal_batch(w) ?: commit_slot(w);
}

static int write_whole(struct rlnc_writer *w)
{
	struct rlnc_volume *v = w->v;
	int ret;

	w->place.index = w->io->gen;
	w->place.tree = RLNC_TREE_MAP;
	w->gb = rlnc_gbuf_get(v, false, GFP_NOIO);
	w->commit.gen = w->io->gen;
	w->commit.old = w->gb->ptr;
	w->commit.new = w->gb->next;
	ret = write_slot(w);
	rlnc_commit_end(v, &w->commit);
	rlnc_gbuf_put(w->gb);
	return ret;
}

/* --- the lane's leader --------------------------------------------------------------- */

static void end_io(struct rlnc_io *io, int ret)
{
	struct bio *bio = io->bio;

	if (!bio) {
		io->error = ret;
		complete(io->merged);
		return;
	}
	if (ret)
		bio->bi_status = rlnc_blk_status(ret);
	/* Of whatever kind: zeroes and discards are changes like any other. */
	if (!ret && bio->bi_opf & REQ_FUA)
		rlnc_checkpoint_flush(io->v, bio);
	else
		bio_endio(bio);
}

/**
 * rlnc_write_batch - write a batch into packs, or its generation as a whole
 * @w:		a writer, not in use
 * @leader:	has the batch; nobody else changes the pointer of its generation
 *
 * Ends no bio.
 *
 * Return: 0; -EIO when the volume has stopped or too few members can be written to; or
 * the error of reading or sealing.
 */
int rlnc_write_batch(struct rlnc_writer *w, struct rlnc_io *leader)
{
	int ret;

	w->v = leader->v;
	w->io = leader;
	memset(&w->place, 0, sizeof(w->place));
	memset(&w->commit, 0, sizeof(w->commit));
	if (READ_ONCE(w->v->stopped))
		return -EIO;
	decide_fates(w);
	if (!fits_pack(w))
		return write_whole(w);
	ret = write_packed(w);
	return ret == -ENOSPC || ret == -ENOMEM ? write_whole(w) : ret;
}

/* By way of a stage, if it is part of a stream. */
static int write_or_gather(struct rlnc_writer *w, struct rlnc_io *leader)
{
	bool taken;
	int ret = rlnc_stage_write(leader->v, w, leader, &taken);

	return ret || taken ? ret : rlnc_write_batch(w, leader);
}

/**
 * rlnc_write - do a lane's batch
 * @leader:	of the lane; may sleep
 */
void rlnc_write(struct rlnc_io *leader)
{
	struct rlnc_volume *v = leader->v;
	struct rlnc_io *io, *next;
	LIST_HEAD(batch);
	struct rlnc_writer *w;
	int ret;

	rlnc_cache_relieve(v);
	w = rlnc_writer_get(v);
	rlnc_lane_take(leader);
	ret = write_or_gather(w, leader);
	rlnc_writer_put(v, w);

	list_splice_init(&leader->batch, &batch);
	rlnc_lane_done(leader);
	list_for_each_entry_safe(io, next, &batch, link)
		end_io(io, ret);
}

/* One that nobody else uses; waits for it. */
struct rlnc_writer *rlnc_writer_get(struct rlnc_volume *v)
{
	return mempool_alloc(&v->writers, GFP_NOIO);
}

void rlnc_writer_put(struct rlnc_volume *v, struct rlnc_writer *w)
{
	mempool_free(w, &v->writers);
}

static void *writer_alloc(gfp_t gfp, void *data)
{
	struct rlnc_volume *v = data;
	struct rlnc_writer *w = kzalloc(sizeof(*w), gfp);

	if (!w)
		return NULL;
	if (!rlnc_scratch_init(&w->scratch, &v->crypt, gfp))
		return w;
	kfree(w);
	return NULL;
}

static void writer_free(void *element, void *data)
{
	struct rlnc_writer *w = element;

	rlnc_scratch_exit(&w->scratch);
	kfree(w);
}

int rlnc_writers_init(struct rlnc_volume *v)
{
	return mempool_init(&v->writers, WRITERS_RESERVE, writer_alloc, writer_free, v);
}
