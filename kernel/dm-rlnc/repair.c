// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making fragments right: those that a member lacks or has wrong, from those
 * that the seals vouch for.
 */
#include "dm-rlnc.h"
#include "trace.h"

/* The pointer to a generation as it is now; the caller is a reader of slots. */
static int current_ptr(struct rlnc_volume *v, const struct rlnc_place *place,
		       struct rlnc_ptr *ptr)
{
	struct rlnc_node *parent;

	if (place->level == v->shape[place->tree].top) {
		spin_lock(&v->node_lock);
		memcpy(ptr, v->root[place->tree], v->geo.ptr_bytes);
		spin_unlock(&v->node_lock);
		return 0;
	}
	parent = rlnc_node_get(v, place->tree, place->level + 1,
			       div_u64(place->index, v->geo.fanout));
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	rlnc_node_read_ptr(v, parent, place->index, ptr);
	rlnc_node_put(v, parent);
	return 0;
}

/*
 * A node of the checkpoint being written, or a pack that may be in memory: who
 * writes it sees to all its fragments.
 */
static bool unsettled(struct rlnc_volume *v, const struct rlnc_place *place,
		      const struct rlnc_ptr *ptr)
{
	return (place->tree != RLNC_TREE_MAP || place->level) &&
	       le64_to_cpu(ptr->birth) > READ_ONCE(v->sb->epoch);
}

/*
 * The slot of a generation some of whose sectors are in packs holds what these were
 * before, and nothing vouches for that: it is not mended, but left for a new one.
 */
static bool must_merge(struct rlnc_volume *v, const struct rlnc_place *place,
		       const struct rlnc_ptr *ptr)
{
	return place->tree == RLNC_TREE_MAP && !place->level && rlnc_ptr_packed(v, ptr);
}

/* What that asks of the members is not known here: about as much as is in two slots. */
static int merge_instead(struct rlnc_volume *v, const struct rlnc_place *place)
{
	v->bg.debt += 2ull * v->n * v->geo.symbol;
	return rlnc_merge_generation(v, place->index);
}

/* Write columns of the fragments over what the members of @rows have. */
static int write_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		      const unsigned long *rows, u32 col, u32 cols)
{
	u64 slot = le64_to_cpu(gb->ptr->slot);
	u32 i;
	int ret = 0;

	rlnc_gbuf_io_begin(gb);
	for_each_set_bit(i, rows, v->n)
		if (rlnc_member_writable(v, i))
			rlnc_gbuf_io(gb, REQ_OP_WRITE, slot, i, col, cols);
	rlnc_gbuf_io_wait(gb);
	for_each_set_bit(i, gb->row_error, v->n) {
		rlnc_member_fail(v, i, "write error");
		ret = -EIO;
	}
	return ret;
}

/* Who is being written to, but lacks what was born then? */
static void find_lacking(struct rlnc_volume *v, u64 birth, unsigned long *rows)
{
	u32 i;

	bitmap_zero(rows, RLNC_MAX_MEMBERS);
	for (i = 0; i < v->n; i++)
		if (rlnc_member_writable(v, i) && !rlnc_member_readable(v, i, birth))
			__set_bit(i, rows);
}

/*
 * Those columns of a generation that can be read: one that cannot be is no reason to
 * leave its neighbours with a fragment less.  Their members keep what they have of it,
 * which no seal vouches for.
 */
static int rebuild_columns(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			   const struct rlnc_place *place, const unsigned long *rows)
{
	DECLARE_BITMAP(sectors, RLNC_MAX_SEALS);
	int ret, lost = 0;
	u32 i, col;

	for (col = 0; col < v->pps; col++) {
		bitmap_zero(sectors, RLNC_MAX_SEALS);
		for (i = 0; i < v->k; i++)
			__set_bit(i * v->pps + col, sectors);
		ret = rlnc_generation_load_set(v, gb, place, gb->ptr, sectors);
		if (rlnc_cannot_be_read(v, ret)) {
			lost = ret;
			continue;
		}
		if (ret)
			return ret;
		rlnc_mix_set(gb, gb->ptr);
		rlnc_generation_encode_column(v, gb, col, v->k);
		write_rows(v, gb, rows, col, 1);
	}
	return lost;
}

/**
 * rlnc_rebuild_generation - give members the fragments that they lack
 * @v:		volume
 * @place:	of the generation
 *
 * A member that cannot be written is given up, and the others get theirs.
 *
 * Return: 1 when something was written, 0 when there was nothing to do, or a
 * negative error; after -EBADMSG and -EIO, what can be read of it has been written.
 */
int rlnc_rebuild_generation(struct rlnc_volume *v, const struct rlnc_place *place)
{
	DECLARE_BITMAP(rows, RLNC_MAX_MEMBERS);
	struct rlnc_gbuf *gb = rlnc_gbuf_get(v, true, GFP_NOIO);
	bool merge = false;
	int section, ret;

	section = srcu_read_lock(&v->readers);
	ret = current_ptr(v, place, gb->ptr);
	if (ret || !rlnc_ptr_has_slot(gb->ptr) || unsettled(v, place, gb->ptr))
		goto out;
	find_lacking(v, le64_to_cpu(gb->ptr->birth), rows);
	if (bitmap_empty(rows, v->n))
		goto out;
	merge = must_merge(v, place, gb->ptr);
	if (merge)
		goto out;
	ret = rlnc_generation_load(v, gb, place, gb->ptr, 0, v->geo.seals);
	if (rlnc_cannot_be_read(v, ret)) {
		ret = rebuild_columns(v, gb, place, rows);
	} else if (!ret) {
		rlnc_mix_set(gb, gb->ptr);
		rlnc_generation_encode(v, gb);
		write_rows(v, gb, rows, 0, v->pps);
	}
	ret = ret ?: 1;
out:
	srcu_read_unlock(&v->readers, section);
	v->bg.debt += gb->asked_for;
	rlnc_gbuf_put(gb);
	return merge ? merge_instead(v, place) ?: 1 : ret;
}

/*
 * Which members have something else than @good says?  @seen is as they have it.  What
 * was found wrong in reading @good has been mended, and is counted, already.
 *
 * Return: how many pages; those that are not counted yet are in @fresh.
 */
static u32 compare_rows(struct rlnc_volume *v, const struct rlnc_gbuf *good,
			const struct rlnc_gbuf *seen, const unsigned long *asked,
			unsigned long *wrong, u32 *fresh)
{
	u32 row, col, page, count = 0;

	*fresh = 0;
	bitmap_zero(wrong, RLNC_MAX_MEMBERS);
	for_each_set_bit(row, asked, v->n) {
		if (!rlnc_member_writable(v, row))	/* has failed meanwhile */
			continue;
		for (col = 0; col < v->pps; col++) {
			page = row * v->pps + col;
			if (rlnc_column_is_zero(v, good->ptr, col))
				continue;
			if (test_bit(page, seen->have) &&
			    !memcmp(page_address(rlnc_fragment_page(good, row, col)),
				    page_address(rlnc_fragment_page(seen, row, col)),
				    RLNC_SECTOR_BYTES))
				continue;
			count++;
			if (test_bit(page, good->mended))
				continue;
			if ((v->dense || row >= v->k) && test_bit(page, seen->have) &&
			    rlnc_coded_is_stale(v, row, col, rlnc_fragment_page(seen, row, col),
						rlnc_fragment_page(good, row, col)))
				rlnc_event_auth_failed(v, row, true);
			__set_bit(row, wrong);
			atomic64_inc(&v->member[row].corrected);
			(*fresh)++;
		}
	}
	return count;
}

static void read_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, u64 slot, u64 birth,
		      unsigned long *asked)
{
	u32 i;

	bitmap_zero(asked, RLNC_MAX_MEMBERS);
	rlnc_gbuf_io_begin(gb);
	for (i = 0; i < v->n; i++) {
		if (!rlnc_member_readable(v, i, birth))
			continue;
		__set_bit(i, asked);
		rlnc_gbuf_io(gb, REQ_OP_READ, slot, i, 0, v->pps);
	}
	rlnc_gbuf_io_wait(gb);
}

/**
 * rlnc_scrub_generation - read every fragment, and mend those that are wrong
 * @v:		volume
 * @place:	of the generation
 *
 * Return: number of fragment pages mended, or a negative error.
 */
int rlnc_scrub_generation(struct rlnc_volume *v, const struct rlnc_place *place)
{
	DECLARE_BITMAP(asked, RLNC_MAX_MEMBERS);
	DECLARE_BITMAP(wrong, RLNC_MAX_MEMBERS);
	struct rlnc_gbuf *good = rlnc_gbuf_get(v, true, GFP_NOIO);
	struct rlnc_gbuf *seen = rlnc_gbuf_get(v, false, GFP_NOIO);
	bool merge = false;
	int section, ret;
	u32 count = 0, fresh;

	section = srcu_read_lock(&v->readers);
	ret = current_ptr(v, place, good->ptr);
	if (ret || !rlnc_ptr_has_slot(good->ptr) || unsettled(v, place, good->ptr))
		goto out;
	merge = must_merge(v, place, good->ptr);
	if (merge)
		goto out;
	read_rows(v, seen, le64_to_cpu(good->ptr->slot), le64_to_cpu(good->ptr->birth),
		  asked);
	ret = rlnc_generation_load(v, good, place, good->ptr, 0, v->geo.seals);
	if (ret)
		goto out;
	rlnc_mix_set(good, good->ptr);
	rlnc_generation_encode(v, good);
	count = compare_rows(v, good, seen, asked, wrong, &fresh);
	if (fresh) {
		atomic64_add(fresh, &v->corrected);
		rlnc_event_corrected(v, wrong, fresh);
		trace_rlnc_corrected(v, place, fresh, wrong);
		ret = write_rows(v, good, wrong, 0, v->pps);
	}
out:
	srcu_read_unlock(&v->readers, section);
	v->bg.debt += seen->asked_for + good->asked_for;
	rlnc_gbuf_put(seen);
	rlnc_gbuf_put(good);
	return merge ? merge_instead(v, place) : ret ?: count;
}

/**
 * rlnc_write_back - put right pages in the place of those that were wrong
 * @v:		volume
 * @gb:		generation with reconstructed pages
 * @ptr:	its pointer; its slot cannot be reused meanwhile
 * @pages:	fragment pages to write
 */
void rlnc_write_back(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		     const struct rlnc_ptr *ptr, const unsigned long *pages)
{
	u32 i, row;

	if (READ_ONCE(v->stopped) || v->suspended)
		return;
	rlnc_gbuf_io_begin(gb);
	for_each_set_bit(i, pages, v->n * v->pps) {
		row = i / v->pps;
		if (rlnc_member_writable(v, row))
			rlnc_gbuf_io(gb, REQ_OP_WRITE, le64_to_cpu(ptr->slot), row,
				     i % v->pps, 1);
	}
	rlnc_gbuf_io_wait(gb);
	for_each_set_bit(row, gb->row_error, v->n)
		rlnc_member_fail(v, row, "write error");
	bitmap_zero(gb->row_error, RLNC_MAX_MEMBERS);
}
