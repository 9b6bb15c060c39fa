// SPDX-License-Identifier: GPL-2.0-only
/* The user's reads. */
#include "dm-rlnc.h"

/* A generation's pointer, as it is now. */
static int lookup(struct rlnc_volume *v, u64 gen, struct rlnc_ptr *ptr)
{
	struct rlnc_node *leaf;

	leaf = rlnc_node_get(v, RLNC_TREE_MAP, 1, div_u64(gen, v->geo.fanout));
	if (IS_ERR(leaf))
		return PTR_ERR(leaf);
	rlnc_node_read_ptr(v, leaf, gen, ptr);
	rlnc_node_put(v, leaf);
	if (rlnc_ptr_has_slot(ptr) && le64_to_cpu(ptr->slot) >= v->slots)
		return -EBADMSG;
	return 0;
}

/* Is this piece of a bio, so far into it, one whole sector in a page of its own? */
static bool is_sector(const struct bio_vec *vec, u32 done)
{
	return vec->bv_len == RLNC_SECTOR_BYTES && !(done % RLNC_SECTOR_BYTES);
}

/**
 * rlnc_read_into_bio - let sectors be decrypted where the reader wants them
 * @gb:		buffer that will be loaded
 * @bio:	a read
 * @first:	the sector that it begins with
 *
 * What is verified is the ciphertext in the buffer, which nobody else can change:
 * a reader who looks at its page too early, or writes to it, harms itself alone.
 * A page whose seal did not open is written again, or the bio fails and has zeros.
 */
void rlnc_read_into_bio(struct rlnc_gbuf *gb, struct bio *bio, u32 first)
{
	struct bvec_iter iter;
	struct bio_vec vec;
	u32 done = 0;

	bio_for_each_segment(vec, bio, iter) {
		if (is_sector(&vec, done))
			gb->plain[first + done / RLNC_SECTOR_BYTES] = vec.bv_page;
		done += vec.bv_len;
	}
}

/* Hand the reader those sectors that do not lie in one page of its own each. */
static void copy_to_bio(struct rlnc_gbuf *gb, struct bio *bio, u32 first)
{
	struct bvec_iter iter;
	struct bio_vec vec;
	u32 done = 0, at, len, left;

	bio_for_each_segment(vec, bio, iter) {
		left = is_sector(&vec, done) ? 0 : vec.bv_len;
		for (at = 0; at < left; at += len) {
			u32 sector = first + (done + at) / RLNC_SECTOR_BYTES;
			u32 from = (done + at) % RLNC_SECTOR_BYTES;

			len = min_t(u32, left - at, RLNC_SECTOR_BYTES - from);
			memcpy_page(vec.bv_page, vec.bv_offset + at,
				    rlnc_plain_page(gb, sector), from, len);
		}
		flush_dcache_page(vec.bv_page);
		done += vec.bv_len;
	}
}

/* What a reader is told: wrong data is told apart from absent members. */
blk_status_t rlnc_blk_status(int ret)
{
	return ret == -EBADMSG ? BLK_STS_PROTECTION : errno_to_blk_status(ret);
}

static void end_read(struct rlnc_io *io, int ret)
{
	if (ret < 0) {
		zero_fill_bio(io->bio);
		io->bio->bi_status = rlnc_blk_status(ret);
	}
	bio_endio(io->bio);
}

static void hand_over(struct rlnc_io *io, struct rlnc_gbuf *gb, int ret)
{
	if (ret > 0)
		zero_fill_bio(io->bio);
	else if (!ret)
		copy_to_bio(gb, io->bio, io->first);
	rlnc_gbuf_put(gb);
}

/**
 * rlnc_read_end - complete a read
 * @io:		the read
 * @gb:		has what it asked for; is given back
 * @ret:	0; more for what reads as zeros; or an error
 *
 * After an error, what was decrypted but not verified is wiped.  The volume may go
 * away once the last bio has ended.
 */
void rlnc_read_end(struct rlnc_io *io, struct rlnc_gbuf *gb, int ret)
{
	hand_over(io, gb, ret);
	end_read(io, ret);
}

/* Return: 0; 1 when it reads as zeros; or an error. */
static int read_generation(struct rlnc_volume *v, struct rlnc_io *io,
			   struct rlnc_gbuf *gb)
{
	struct rlnc_place place = { .index = io->gen, .tree = RLNC_TREE_MAP };
	DECLARE_BITMAP(sectors, RLNC_MAX_SEALS);
	bool again = false;
	int ret;

	bitmap_zero(sectors, RLNC_MAX_SEALS);
	bitmap_set(sectors, io->first, io->count);
	rlnc_read_into_bio(gb, io->bio, io->first);
	for (;;) {
		ret = lookup(v, io->gen, gb->ptr);
		if (ret)
			return ret;
		if (!rlnc_ptr_mapped(gb->ptr))
			return 1;
		if (again && !memcmp(gb->next, gb->ptr, v->geo.ptr_bytes))
			return -EBADMSG;	/* it still refers to what is no more */
		ret = rlnc_pack_load(v, gb, gb->ptr, sectors);
		if (ret != -ESTALE)
			break;
		again = true;			/* merged meanwhile */
		memcpy(gb->next, gb->ptr, v->geo.ptr_bytes);
	}
	return ret ?: rlnc_generation_load_set(v, gb, &place, gb->ptr, sectors);
}

/**
 * rlnc_read - serve a read
 * @io:	located; may sleep
 *
 * The slot that the pointer names is not reused before the reader has left the
 * section: a checkpoint waits for that.
 */
void rlnc_read(struct rlnc_io *io)
{
	struct rlnc_volume *v = io->v;
	struct rlnc_stage *stage = NULL;
	struct rlnc_gbuf *gb;
	int section, ret;

	/* Before it holds a buffer: those that write what was gathered may need one. */
	if (rlnc_stage_read(io, &stage)) {
		end_read(io, 0);
		return;
	}
	gb = rlnc_gbuf_get(v, false, GFP_NOIO);
	section = srcu_read_lock(&v->readers);
	ret = read_generation(v, io, gb);
	srcu_read_unlock(&v->readers, section);
	hand_over(io, gb, ret);
	if (stage)
		rlnc_stage_overlay(stage, io);
	end_read(io, ret);
}
