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

/* Hand verified plaintext to the reader. */
static void copy_to_bio(struct rlnc_gbuf *gb, struct bio *bio, u32 first)
{
	struct bvec_iter iter;
	struct bio_vec vec;
	u32 done = 0;

	bio_for_each_segment(vec, bio, iter) {
		char *to = bvec_kmap_local(&vec);
		u32 left = vec.bv_len;

		while (left) {
			u32 at = done % RLNC_SECTOR_BYTES;
			u32 len = min_t(u32, left, RLNC_SECTOR_BYTES - at);

			memcpy_from_page(to + vec.bv_len - left,
					 rlnc_plain_page(gb, first + done / RLNC_SECTOR_BYTES),
					 at, len);
			done += len;
			left -= len;
		}
		flush_dcache_page(vec.bv_page);
		kunmap_local(to);
	}
}

static int read_generation(struct rlnc_volume *v, struct rlnc_io *io,
			   struct rlnc_gbuf *gb)
{
	struct rlnc_place place = { .index = io->gen, .tree = RLNC_TREE_MAP };
	DECLARE_BITMAP(sectors, RLNC_MAX_SEALS);
	bool again = false;
	int ret;

	bitmap_zero(sectors, RLNC_MAX_SEALS);
	bitmap_set(sectors, io->first, io->count);
	for (;;) {
		ret = lookup(v, io->gen, gb->ptr);
		if (ret)
			return ret;
		if (!rlnc_ptr_mapped(gb->ptr)) {
			zero_fill_bio(io->bio);
			return 0;
		}
		if (again && !memcmp(gb->next, gb->ptr, v->geo.ptr_bytes))
			return -EBADMSG;	/* it still refers to what is no more */
		ret = rlnc_pack_load(v, gb, gb->ptr, sectors);
		if (ret != -ESTALE)
			break;
		again = true;			/* merged meanwhile */
		memcpy(gb->next, gb->ptr, v->geo.ptr_bytes);
	}
	ret = ret ?: rlnc_generation_load_set(v, gb, &place, gb->ptr, sectors);
	if (!ret)
		copy_to_bio(gb, io->bio, io->first);
	return ret;
}

/* What a reader is told: wrong data is told apart from absent members. */
blk_status_t rlnc_blk_status(int ret)
{
	return ret == -EBADMSG ? BLK_STS_PROTECTION : errno_to_blk_status(ret);
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
	struct rlnc_gbuf *gb = rlnc_gbuf_get(v, false, GFP_NOIO);
	int section, ret;

	section = srcu_read_lock(&v->readers);
	ret = read_generation(v, io, gb);
	srcu_read_unlock(&v->readers, section);
	rlnc_gbuf_put(gb);
	if (ret)
		io->bio->bi_status = rlnc_blk_status(ret);
	bio_endio(io->bio);
}
