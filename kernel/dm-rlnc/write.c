// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's writes, discards and write-zeroes.
 *
 * A batch of bios for one generation becomes one new generation in a free slot.
 * Sectors that the batch does not cover are carried over as ciphertext, once
 * their seals have been verified.
 */
#include "dm-rlnc.h"

/* What becomes of a sector of the generation. */
enum fate {
	CARRY,				/* stays as it is */
	ZERO,				/* reads as zeros */
	REPLACE,			/* new data */
};

struct writer {
	struct rlnc_volume *v;
	struct rlnc_io *io;
	struct rlnc_gbuf *gb;
	struct rlnc_place place;
	struct rlnc_commit commit;
	u64 birth;			/* epoch that the seals are made in */
	u8 fate[RLNC_MAX_SEALS];
};

static bool is_fua(const struct bio *bio)
{
	return bio_op(bio) == REQ_OP_WRITE && bio->bi_opf & REQ_FUA;
}

/* A discard of part of a generation is not worth the reading: leave it. */
static bool skip_discard(const struct rlnc_volume *v, const struct rlnc_io *io)
{
	return bio_op(io->bio) == REQ_OP_DISCARD && io->count < v->geo.seals;
}

static void decide_fates(struct writer *w)
{
	struct bio *bio;

	memset(w->fate, CARRY, w->v->geo.seals);
	bio_list_for_each(bio, &w->io->batch) {
		struct rlnc_io *io = rlnc_io_of(bio);

		if (!skip_discard(w->v, io))
			memset(w->fate + io->first,
			       bio_op(bio) == REQ_OP_WRITE ? REPLACE : ZERO, io->count);
	}
}

static bool all_are(const struct writer *w, enum fate fate)
{
	u32 i;

	for (i = 0; i < w->v->geo.seals; i++)
		if (w->fate[i] != fate)
			return false;
	return true;
}

/* Read and verify what is carried over; its seals move along. */
static int load_carried(struct writer *w)
{
	struct rlnc_volume *v = w->v;
	u32 i, end;
	int ret;

	for (i = 0; i < v->geo.seals; i = end) {
		end = i + 1;
		if (w->fate[i] != CARRY)
			continue;
		while (end < v->geo.seals && w->fate[end] == CARRY)
			end++;
		ret = rlnc_generation_load(v, w->gb, &w->place, w->gb->ptr, i, end - i);
		if (ret)
			return ret;
		memcpy(&w->gb->next->seal[i], &w->gb->ptr->seal[i],
		       (end - i) * sizeof(struct rlnc_seal));
	}
	return 0;
}

/*
 * Seal one sector at the bio's iterator.  Straight from the writer's page when
 * the sector lies in one: the cipher reads it once, so that a writer who
 * changes it meanwhile gets one or the other, sealed.
 */
static int seal_from_bio(struct writer *w, struct bio *bio, struct bvec_iter *iter,
			 u32 sector)
{
	struct rlnc_volume *v = w->v;
	struct bio_vec vec = bio_iter_iovec(bio, *iter);
	struct page *plain = vec.bv_page;
	u32 offset = vec.bv_offset, left = RLNC_SECTOR_BYTES, len;

	if (vec.bv_len >= RLNC_SECTOR_BYTES) {
		bio_advance_iter(bio, iter, RLNC_SECTOR_BYTES);
		left = 0;
	} else {
		plain = rlnc_plain_page(w->gb, sector);
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
	return rlnc_seal_sector(v, &w->gb->scratch, &w->place, sector, w->birth, plain,
				offset,
				rlnc_fragment_page(w->gb, rlnc_row(v, sector),
						   rlnc_col(v, sector)),
				&w->gb->next->seal[sector]);
}

/* Later bios of the batch win where they overlap earlier ones. */
static int seal_batch(struct writer *w)
{
	struct rlnc_volume *v = w->v;
	struct bvec_iter iter;
	struct bio *bio;
	u32 i;
	int ret;

	for (i = 0; i < v->geo.seals; i++) {
		if (w->fate[i] != ZERO)
			continue;
		memset(&w->gb->next->seal[i], 0, sizeof(struct rlnc_seal));
		clear_highpage(rlnc_fragment_page(w->gb, rlnc_row(v, i), rlnc_col(v, i)));
	}
	bio_list_for_each(bio, &w->io->batch) {
		struct rlnc_io *io = rlnc_io_of(bio);

		if (bio_op(bio) != REQ_OP_WRITE)
			continue;
		iter = bio->bi_iter;
		for (i = io->first; i < io->first + io->count; i++) {
			if (w->fate[i] != REPLACE) {
				bio_advance_iter(bio, &iter, RLNC_SECTOR_BYTES);
				continue;
			}
			ret = seal_from_bio(w, bio, &iter, i);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int store(struct writer *w)
{
	struct rlnc_volume *v = w->v;
	int ret;

	if (rlnc_members_writable(v) < v->writes_min)
		return -EIO;
	w->gb->slot = rlnc_slot_alloc(v, false);
	if (w->gb->slot == RLNC_SLOT_NONE)
		return v->stopped ? -EIO : -ENOSPC;
	rlnc_generation_encode(v, w->gb);
	rlnc_generation_store_begin(v, w->gb);
	ret = rlnc_generation_store_end(v, w->gb);
	if (ret)
		rlnc_slot_cancel(v, w->gb->slot);
	return ret;
}

/* The smallest run of seals that holds all that were not carried over. */
static void changed_seals(struct writer *w)
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

static void commit_slot(struct writer *w)
{
	w->gb->next->slot = cpu_to_le64(w->gb->slot);
	w->gb->next->birth = cpu_to_le64(~0ull);	/* the commit says which */
	w->commit.stored = w->gb;
	changed_seals(w);
	rlnc_commit(w->v, &w->commit);
}

static void commit_unmapped(struct writer *w)
{
	memset(w->gb->next, 0, w->v->geo.ptr_bytes);
	rlnc_commit(w->v, &w->commit);
}

static int write_batch(struct writer *w)
{
	struct rlnc_volume *v = w->v;
	bool was_mapped;
	u32 i;
	int ret;

	ret = rlnc_commit_prepare(v, &w->commit);
	if (ret)
		return ret;
	decide_fates(w);
	was_mapped = rlnc_ptr_mapped(w->gb->ptr);
	if (all_are(w, CARRY))
		return 0;
	if (!was_mapped)
		for (i = 0; i < v->geo.seals; i++)
			if (w->fate[i] == CARRY)
				w->fate[i] = ZERO;
	if (all_are(w, ZERO)) {
		if (was_mapped)
			commit_unmapped(w);
		return 0;
	}
	w->birth = READ_ONCE(v->birth);
	ret = load_carried(w) ?: seal_batch(w) ?: store(w);
	if (!ret)
		commit_slot(w);
	return ret;
}

static void end_batch(struct rlnc_volume *v, struct bio_list *batch, int ret)
{
	struct bio *bio;

	while ((bio = bio_list_pop(batch))) {
		if (ret)
			bio->bi_status = rlnc_blk_status(ret);
		if (!ret && is_fua(bio))
			rlnc_checkpoint_flush(v, bio);
		else
			bio_endio(bio);
	}
}

/**
 * rlnc_write - do a lane's batch
 * @io:	leader of the lane; may sleep
 */
void rlnc_write(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	struct bio_list batch;
	struct writer *w;
	int ret;

	if (READ_ONCE(v->nodes_dirty) > v->nodes_max / 2)
		rlnc_checkpoint(v);
	w = mempool_alloc(&v->writers, GFP_NOIO);
	memset(w, 0, sizeof(*w));
	rlnc_lane_take(io);
	w->v = v;
	w->io = io;
	w->place.index = io->gen;
	w->place.tree = RLNC_TREE_MAP;
	w->gb = rlnc_gbuf_get(v, false, GFP_NOIO);
	w->commit.gen = io->gen;
	w->commit.old = w->gb->ptr;
	w->commit.new = w->gb->next;
	ret = READ_ONCE(v->stopped) ? -EIO : write_batch(w);
	rlnc_commit_end(v, &w->commit);
	rlnc_gbuf_put(w->gb);
	mempool_free(w, &v->writers);

	batch = io->batch;
	rlnc_lane_done(io);
	end_batch(v, &batch, ret);
}

size_t rlnc_writer_bytes(void)
{
	return sizeof(struct writer);
}
