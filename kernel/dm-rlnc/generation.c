// SPDX-License-Identifier: GPL-2.0-only
/*
 * One generation: read and verify it, have reconstructed what is wrong or missing,
 * encode it, store it.
 *
 * The seals in the pointer say which bytes are right.  In a systematic code
 * each of the first k fragments can be judged by its own seal; the others are
 * judged by what they decode to.  In a dense one that goes for all of them.
 */
#include "dm-rlnc.h"
#include "trace.h"

static void count_stale(struct rlnc_volume *v, u32 row)
{
	atomic64_inc(&v->stale_fragments);
	atomic64_inc(&v->member[row].stale_fragments);
}

/**
 * rlnc_coded_is_stale - a coded fragment is wrong: is it what the member had before?
 * @v:		volume
 * @row:	the member
 * @col:	page of its fragment
 * @wrong:	what it has
 * @right:	what it should have
 *
 * Counts it if so.
 */
bool rlnc_coded_is_stale(struct rlnc_volume *v, u32 row, u32 col, struct page *wrong,
			 struct page *right)
{
	bool stale = rlnc_history_given(v, row * v->pps + col, wrong, right);

	if (stale)
		count_stale(v, row);
	return stale;
}

/* A seal does not open what a member has: is that what it had before? */
static void tell_wrong(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		       const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 row,
		       u32 col)
{
	u32 sector = row * v->pps + col;
	bool stale = rlnc_history_knows(v, &gb->scratch, place, le64_to_cpu(ptr->slot), sector,
					rlnc_fragment_page(gb, row, col));

	atomic64_inc(&v->auth_failures);
	if (stale)
		count_stale(v, row);
	rlnc_event_auth_failed(v, row, stale);
	trace_rlnc_sector_wrong(v, place, sector, row);
}

/*
 * Verify the sector at (row, col) into its plain page.  A broken seal marks the
 * fragment's page as bad.
 */
int rlnc_open_own(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		  const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 row, u32 col)
{
	u32 sector = row * v->pps + col;
	int ret;

	if (rlnc_seal_is_zero(&ptr->seal[sector])) {
		clear_highpage(rlnc_fragment_page(gb, row, col));
		clear_highpage(rlnc_plain_page(gb, sector));
		set_bit(sector, gb->have);
		return 0;
	}
	if (!test_bit(sector, gb->have) || test_bit(sector, gb->bad))
		return -EIO;
	ret = rlnc_open_sector(v, &gb->scratch, place, sector, &ptr->seal[sector],
			       rlnc_fragment_page(gb, row, col),
			       rlnc_plain_page(gb, sector));
	if (ret == -EBADMSG) {
		set_bit(sector, gb->bad);
		tell_wrong(v, gb, place, ptr, row, col);
	}
	return ret;
}

/*
 * Does a data row have nothing but zeros there?  Not in a pack: what follows a crash
 * may not know of every sector that its column was encoded with.  Nor in a dense
 * volume, whose rows are not the data's.
 */
bool rlnc_row_is_zero(const struct rlnc_volume *v, const struct rlnc_place *place,
		      const struct rlnc_ptr *ptr, u32 sector)
{
	return !v->dense && place->tree != RLNC_TREE_PACK &&
	       rlnc_seal_is_zero(&ptr->seal[sector]);
}

/* A column that holds nothing but zeros may never have been written. */
bool rlnc_column_is_zero(const struct rlnc_volume *v, const struct rlnc_ptr *ptr, u32 col)
{
	u32 row;

	for (row = 0; row < v->k; row++)
		if (!rlnc_seal_is_zero(&ptr->seal[row * v->pps + col]))
			return false;
	return true;
}

/* Count and tell that a sector is lost, and who should have had a part of it. */
static void tell_unrecoverable(struct rlnc_volume *v, const struct rlnc_gbuf *gb,
			       const struct rlnc_place *place, u32 sector)
{
	DECLARE_BITMAP(members, RLNC_MAX_MEMBERS);
	u32 row, page;

	bitmap_zero(members, RLNC_MAX_MEMBERS);
	for (row = 0; row < v->n; row++) {
		page = row * v->pps + rlnc_col(v, sector);
		if (!test_bit(page, gb->have) || test_bit(page, gb->bad))
			__set_bit(row, members);
	}
	atomic64_inc(&v->unrecoverable);
	rlnc_event_data_lost(v, place, sector, members);
	if (place->tree == RLNC_TREE_MAP && !place->level)
		DMERR_LIMIT("%s: sector %llu of the volume, generation %llu: more than %u fragments are wrong or missing; known of members %*pbl",
			    rlnc_name(v), rlnc_volume_sector(v, place->index, sector),
			    place->index, v->n - v->k, v->n, members);
	else
		DMERR_LIMIT("%s: tree %u level %u generation %llu block %u: more than %u fragments are wrong or missing; known of members %*pbl",
			    rlnc_name(v), place->tree, place->level, place->index, sector,
			    v->n - v->k, v->n, members);
}

/* The sectors' own pages, but for those that slow members have. */
static void want_sectors(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			 const struct rlnc_ptr *ptr, const unsigned long *sectors,
			 unsigned long *want)
{
	DECLARE_BITMAP(passed_over, RLNC_MAX_MEMBERS);
	u64 birth = le64_to_cpu(ptr->birth);
	u32 i, row;

	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(passed_over, RLNC_MAX_MEMBERS);
	for_each_set_bit(i, sectors, v->geo.seals) {
		row = rlnc_row(v, i);
		if (test_bit(i, gb->have) || rlnc_seal_is_zero(&ptr->seal[i]) ||
		    rlnc_seal_is_packed(&ptr->seal[i]) ||
		    !rlnc_member_readable(v, row, birth))
			continue;
		if (rlnc_member_slow(v, row))
			__set_bit(row, passed_over);
		else
			__set_bit(i, want);
	}
	for_each_set_bit(row, passed_over, v->n)
		rlnc_member_passed_over(v, row);
	if (!bitmap_empty(passed_over, v->n))
		atomic64_inc(&v->hedged);
}

/* Read and open sectors where they lie in fragments of their own. */
static int load_own(struct rlnc_volume *v, struct rlnc_gbuf *gb, const struct rlnc_place *place,
		    const struct rlnc_ptr *ptr, const unsigned long *sectors,
		    unsigned long *lacking)
{
	DECLARE_BITMAP(want, RLNC_MAX_FRAGMENT_PAGES);
	u32 i;
	int ret;

	want_sectors(v, gb, ptr, sectors, want);
	rlnc_read_hedged(v, gb, place, ptr, want);
	rlnc_note_read_errors(v, gb, want);
	for_each_set_bit(i, sectors, v->geo.seals) {
		if (rlnc_seal_is_packed(&ptr->seal[i]))
			continue;
		ret = rlnc_open_own(v, gb, place, ptr, rlnc_row(v, i), rlnc_col(v, i));
		if (ret == -EBADMSG || ret == -EIO)
			__set_bit(i, lacking);
		else if (ret)
			return ret;
	}
	return 0;
}

/* In a dense volume whatever is not known to be zeros is lacking at first. */
static void find_mixed(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		       const struct rlnc_place *place, const struct rlnc_ptr *ptr,
		       const unsigned long *sectors, unsigned long *lacking)
{
	u32 i;

	for_each_set_bit(i, sectors, v->geo.seals) {
		if (rlnc_seal_is_packed(&ptr->seal[i]))
			continue;
		if (!rlnc_seal_is_zero(&ptr->seal[i]) ||
		    (place->tree == RLNC_TREE_PACK &&
		     !rlnc_column_is_zero(v, ptr, rlnc_col(v, i)))) {
			__set_bit(i, lacking);
			continue;
		}
		clear_highpage(rlnc_symbol_page(gb, rlnc_row(v, i), rlnc_col(v, i)));
		clear_highpage(rlnc_plain_page(gb, i));
	}
	if (!bitmap_empty(lacking, v->geo.seals))
		rlnc_mix_set(gb, ptr);
}

/**
 * rlnc_generation_load_set - read sectors of a generation and verify them
 * @v:		volume
 * @gb:		buffer; may hold pages of the same generation already
 * @place:	the generation's place, as its seals bind it
 * @ptr:	its pointer; must be mapped
 * @sectors:	which; those that lie in packs are left out
 *
 * On success the ciphertext is in the symbol pages and the plaintext in the plain
 * pages of these sectors.
 *
 * Return: 0, -EBADMSG or -EIO when more than n - k fragments are wrong or
 * missing, -ENOMEM.
 */
int rlnc_generation_load_set(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			     const struct rlnc_place *place,
			     const struct rlnc_ptr *ptr, const unsigned long *sectors)
{
	DECLARE_BITMAP(lacking, RLNC_MAX_SEALS);
	int ret = 0;
	u32 i;

	bitmap_zero(lacking, RLNC_MAX_SEALS);
	if (gb->mix)
		find_mixed(v, gb, place, ptr, sectors, lacking);
	else
		ret = load_own(v, gb, place, ptr, sectors, lacking);
	if (ret)
		return ret;
	if (bitmap_empty(lacking, v->geo.seals))
		return 0;
	if (bitmap_empty(gb->bad, v->k * v->pps)) {
		ret = rlnc_decode_lacking(v, gb, place, ptr, lacking);
		if (ret)
			return ret;
	}
	for_each_set_bit(i, lacking, v->geo.seals) {
		ret = rlnc_search_column(v, gb, place, ptr, rlnc_col(v, i));
		if (ret == -EBADMSG || ret == -EIO)
			tell_unrecoverable(v, gb, place, i);
		if (ret)
			return ret;
		rlnc_clear_column(v, lacking, rlnc_col(v, i));
	}
	return 0;
}

/* As rlnc_generation_load_set(), with @count sectors from @first on. */
int rlnc_generation_load(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			 const struct rlnc_place *place,
			 const struct rlnc_ptr *ptr, u32 first, u32 count)
{
	DECLARE_BITMAP(sectors, RLNC_MAX_SEALS);

	bitmap_zero(sectors, RLNC_MAX_SEALS);
	bitmap_set(sectors, first, count);
	return rlnc_generation_load_set(v, gb, place, ptr, sectors);
}

/*
 * Compute the coded fragments of a column from its symbols, of which those from @rows on
 * are zeros.  In a dense volume that is all of them, and rlnc_mix_set() has said which
 * code.
 */
void rlnc_generation_encode_column(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
				   u32 rows)
{
	u32 i;

	if (gb->mix) {
		rlnc_mix_encode(gb, col, 1);
		return;
	}
	if (!v->codec.encode)
		return;
	for (i = 0; i < rows; i++)
		gb->in[i] = page_address(rlnc_fragment_page(gb, i, col));
	for (i = v->k; i < v->n; i++)
		gb->out[i - v->k] = page_address(rlnc_fragment_page(gb, i, col));
	rlnc_plan_run_first(v->codec.encode, rows, gb->in, gb->out, RLNC_SECTOR_BYTES);
}

/* Compute all coded fragments; the symbols are in place. */
void rlnc_generation_encode(struct rlnc_volume *v, struct rlnc_gbuf *gb)
{
	u32 col;

	trace_rlnc_encode(v, gb->slot, 0, v->pps);
	if (gb->mix) {
		rlnc_mix_encode(gb, 0, v->pps);
		return;
	}
	for (col = 0; col < v->pps; col++)
		rlnc_generation_encode_column(v, gb, col, v->k);
}

/* Send every writable member some columns of its fragment for gb->slot. */
void rlnc_generation_store_columns(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
				   u32 cols)
{
	u32 i;

	rlnc_history_print(v, gb, col, cols);
	rlnc_gbuf_io_begin(gb);
	for (i = 0; i < v->n; i++) {
		/* Before the state: an older state has an older number. */
		gb->incarnation[i] = smp_load_acquire(&v->member[i].incarnation);
		if (rlnc_member_writable(v, i))
			rlnc_gbuf_io(gb, REQ_OP_WRITE, gb->slot, i, col, cols);
		else
			__set_bit(i, gb->skipped);
	}
}

/* All of it. */
void rlnc_generation_store_begin(struct rlnc_volume *v, struct rlnc_gbuf *gb)
{
	rlnc_generation_store_columns(v, gb, 0, v->pps);
}

/**
 * rlnc_generation_missing - who did not get a fragment of what was stored
 * @v:		volume
 * @gb:		after rlnc_generation_store_end()
 * @missing:	receives the members that were away, failed, or have failed, come
 *		back or been replaced since the writing began
 */
void rlnc_generation_missing(struct rlnc_volume *v, const struct rlnc_gbuf *gb,
			     unsigned long *missing)
{
	u32 i;

	bitmap_or(missing, gb->skipped, gb->row_error, RLNC_MAX_MEMBERS);
	for (i = 0; i < v->n; i++)
		if (READ_ONCE(v->member[i].incarnation) != gb->incarnation[i])
			__set_bit(i, missing);
}

/**
 * rlnc_generation_store_end - wait for the members
 * @v:	volume
 * @gb:	after rlnc_generation_store_begin()
 *
 * A member that failed is given up: it lacks this fragment.  So does one that failed
 * and came back meanwhile.
 *
 * Return: 0 when writes_min members have their fragment, else -EIO.
 */
int rlnc_generation_store_end(struct rlnc_volume *v, struct rlnc_gbuf *gb)
{
	DECLARE_BITMAP(missing, RLNC_MAX_MEMBERS);
	u32 i;

	rlnc_gbuf_io_wait(gb);
	for_each_set_bit(i, gb->row_error, v->n) {
		/* An error of a device that was replaced meanwhile says nothing. */
		if (READ_ONCE(v->member[i].incarnation) == gb->incarnation[i])
			rlnc_member_fail(v, i, "write error");
	}
	rlnc_generation_missing(v, gb, missing);
	return v->n - bitmap_weight(missing, v->n) >= v->writes_min ? 0 : -EIO;
}
