// SPDX-License-Identifier: GPL-2.0-only
/*
 * One generation: read and verify it, reconstruct what is wrong or missing,
 * encode it, store it.
 *
 * The seals in the pointer say which bytes are right.  In a systematic code
 * each of the first k fragments can be judged by its own seal; the others are
 * judged by what they decode to.
 */
#include "dm-rlnc.h"
#include "trace.h"

/* Combinations of fragments tried for one column before it is given up. */
#define MAX_COMBINATIONS	65536

static u32 fragment_page(const struct rlnc_volume *v, u32 row, u32 col)
{
	return row * v->pps + col;
}

/*
 * Verify the sector at (row, col) into its plain page.  A broken seal marks the
 * fragment's page as bad.
 */
static int open_one(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		    const struct rlnc_place *place, const struct rlnc_ptr *ptr,
		    u32 row, u32 col)
{
	u32 sector = fragment_page(v, row, col);
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
		atomic64_inc(&v->auth_failures);
		rlnc_event_auth_failed(v, row);
		trace_rlnc_sector_wrong(v, place, sector, row);
	}
	return ret;
}

/*
 * Does a data row have nothing but zeros there?  Not in a pack: what follows a crash
 * may not know of every sector that its column was encoded with.
 */
bool rlnc_row_is_zero(const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 sector)
{
	return place->tree != RLNC_TREE_PACK && rlnc_seal_is_zero(&ptr->seal[sector]);
}

/* Is a fragment of the data such that no seal says whether it is right? */
static bool row_is_unsealed(const struct rlnc_place *place, const struct rlnc_ptr *ptr,
			    u32 sector)
{
	return rlnc_seal_is_packed(&ptr->seal[sector]) ||
	       (rlnc_seal_is_zero(&ptr->seal[sector]) && !rlnc_row_is_zero(place, ptr, sector));
}

static void note_read_errors(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			     const unsigned long *want)
{
	u32 i = 0, row, pages = v->n * v->pps;
	bool error;

	/* Once a member, however many of its pages could not be read. */
	while ((i = find_next_bit(want, pages, i)) < pages) {
		row = i / v->pps;
		for (error = false; i < (row + 1) * v->pps; i++)
			error |= test_bit(i, want) && test_bit(i, gb->bad);
		if (error)
			rlnc_member_read_error(v, row);
		else
			rlnc_member_read_ok(v, row);
	}
}

/* State of the search for k right fragments of one column. */
struct search {
	const struct rlnc_place *place;
	const struct rlnc_ptr *ptr;
	u32 col;
	u32 fixed;			/* rows of have[] known to be right */
	u32 candidates;			/* rows that may be */
	u8 candidate[RLNC_MAX_N];
	u8 have[RLNC_MAX_K];
	u32 wanted;			/* data rows to compute and verify */
	u16 want[RLNC_MAX_K];
};

/* Decode the wanted rows from s->have; they are right when all seals open. */
static int try_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s)
{
	struct rlnc_plan_entry *entry;
	const struct rlnc_plan *plan;
	u32 i, row, sector;
	int ret;

	plan = rlnc_codec_plan(v, s->have, s->want, s->wanted, &entry);
	if (!plan)
		return -ENOMEM;
	for (i = 0; i < v->k; i++)
		gb->in[i] = page_address(rlnc_fragment_page(gb, s->have[i], s->col));
	for (i = 0; i < s->wanted; i++)
		gb->out[i] = page_address(rlnc_fragment_page(gb, s->want[i] & 0xff,
							     s->col));
	rlnc_plan_run(plan, gb->in, gb->out, RLNC_SECTOR_BYTES);
	rlnc_codec_plan_put(entry);
	for (i = 0; i < s->wanted; i++) {
		row = s->want[i] & 0xff;
		sector = fragment_page(v, row, s->col);
		ret = rlnc_open_sector(v, &gb->scratch, s->place, sector,
				       &s->ptr->seal[sector],
				       rlnc_fragment_page(gb, row, s->col),
				       rlnc_plain_page(gb, sector));
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Try the ways to choose the missing rows from the candidates, in
 * lexicographic order.  Each of @pick is an index into s->candidate.
 */
static int try_combinations(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			    struct search *s)
{
	u32 need = v->k - s->fixed;
	u32 tries, i;
	u8 pick[RLNC_MAX_K];
	int ret;

	for (i = 0; i < need; i++)
		pick[i] = i;
	for (tries = 0; tries < MAX_COMBINATIONS; tries++) {
		for (i = 0; i < need; i++)
			s->have[s->fixed + i] = s->candidate[pick[i]];
		ret = try_rows(v, gb, s);
		if (ret != -EBADMSG)
			return ret;
		atomic64_inc(&v->auth_failures);
		for (i = need; i > 0; i--)
			if (pick[i - 1] < s->candidates - need + i - 1)
				break;
		if (!i)
			break;
		pick[i - 1]++;
		for (; i < need; i++)
			pick[i] = pick[i - 1] + 1;
	}
	return -EBADMSG;
}

/*
 * Bring what is needed of a column into the buffer: from the members that are
 * not slow, as long as those are k; or @all that there is.
 *
 * Return: whether anything was asked for.
 */
static bool gather_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			  const struct rlnc_place *place, const struct rlnc_ptr *ptr,
			  u32 col, bool all)
{
	DECLARE_BITMAP(want, RLNC_MAX_FRAGMENT_PAGES);
	u32 at_hand = rlnc_column_usable(v, gb, place, ptr, col);

	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	if (all || at_hand < v->k)
		rlnc_want_column(v, gb, place, ptr, col, all, want);
	if (at_hand + bitmap_weight(want, RLNC_MAX_FRAGMENT_PAGES) < v->k)
		rlnc_want_column(v, gb, place, ptr, col, true, want);
	if (bitmap_empty(want, RLNC_MAX_FRAGMENT_PAGES))
		return false;
	if (all) {
		rlnc_gbuf_io_begin(gb);
		rlnc_ask(v, gb, ptr, want);
		rlnc_gbuf_io_wait(gb);
	} else {
		rlnc_read_hedged(v, gb, place, ptr, want);
	}
	note_read_errors(v, gb, want);
	return true;
}

/* Sort the rows of a column into right, possible and wanted. */
static int survey_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			 struct search *s)
{
	u32 row, page;
	int ret;

	s->fixed = 0;
	s->candidates = 0;
	s->wanted = 0;
	for (row = 0; row < v->n; row++) {
		page = fragment_page(v, row, s->col);
		if (row >= v->k || row_is_unsealed(s->place, s->ptr, page)) {
			if (test_bit(page, gb->have) && !test_bit(page, gb->bad))
				s->candidate[s->candidates++] = row;
			continue;
		}
		ret = open_one(v, gb, s->place, s->ptr, row, s->col);
		if (!ret && s->fixed < v->k)
			s->have[s->fixed++] = row;
		else if (ret == -EBADMSG || ret == -EIO)
			s->want[s->wanted++] = RLNC_DATA(row);
		else if (ret)
			return ret;
	}
	return 0;
}

/* Fewer than k fragments may be right: are the others wrong, or missing? */
static int too_few(struct rlnc_volume *v, const struct rlnc_gbuf *gb, const struct search *s)
{
	u32 row, missing = 0;

	for (row = 0; row < v->n; row++)
		missing += !test_bit(fragment_page(v, row, s->col), gb->have);
	return missing > v->n - v->k ? -EIO : -EBADMSG;
}

/* Find the right data rows of a column among what its members have. */
static int find_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s)
{
	bool all = false;
	int ret;

	gather_column(v, gb, s->place, s->ptr, s->col, false);
	for (;;) {
		ret = survey_column(v, gb, s);
		if (ret || !s->wanted)
			return ret;
		ret = s->fixed + s->candidates < v->k ? too_few(v, gb, s) :
							try_combinations(v, gb, s);
		if ((ret != -EBADMSG && ret != -EIO) || all)
			return ret;
		all = true;
		if (!gather_column(v, gb, s->place, s->ptr, s->col, true))
			return ret;
	}
}

/*
 * Make every data row of a column right.  Any n - k wrong or missing fragments
 * are overcome, and those of the data that were wrong written back.
 */
static int search_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			 const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 col)
{
	DECLARE_BITMAP(mended, RLNC_MAX_FRAGMENT_PAGES);
	DECLARE_BITMAP(members, RLNC_MAX_MEMBERS);
	struct search *s;
	u32 i, count = 0;
	int ret;

	bitmap_zero(mended, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(members, RLNC_MAX_MEMBERS);
	s = kzalloc(sizeof(*s), GFP_NOIO);
	if (!s)
		return -ENOMEM;
	s->place = place;
	s->ptr = ptr;
	s->col = col;
	ret = find_rows(v, gb, s);
	if (ret)
		goto out;
	for (i = 0; i < s->wanted; i++) {
		u32 page = fragment_page(v, s->want[i] & 0xff, col);

		/* Sought after and wrong, rather than known to be away. */
		if (test_bit(page, gb->bad)) {
			__set_bit(page, mended);
			__set_bit(page, gb->mended);
			__set_bit(page / v->pps, members);
			atomic64_inc(&v->member[page / v->pps].corrected);
			count++;
		}
		set_bit(page, gb->have);
		clear_bit(page, gb->bad);
	}
	if (count) {
		atomic64_add(count, &v->corrected);
		rlnc_event_corrected(v, members, count);
		trace_rlnc_corrected(v, place, count, members);
		rlnc_write_back(v, gb, ptr, mended);
	}
out:
	kfree(s);
	return ret;
}

/*
 * Choose k fragments of a column, those that are in the buffer before others, which
 * are added to @want; those of slow members last.
 */
static bool choose_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s,
			unsigned long *want)
{
	u64 birth = le64_to_cpu(s->ptr->birth);
	u32 i, row, page;
	bool second;

	s->fixed = 0;
	for (row = 0; row < v->n && s->fixed < v->k; row++) {
		page = fragment_page(v, row, s->col);
		if (row < v->k && rlnc_row_is_zero(s->place, s->ptr, page)) {
			clear_highpage(rlnc_fragment_page(gb, row, s->col));
			set_bit(page, gb->have);
			s->have[s->fixed++] = row;
		} else if (test_bit(page, gb->have) && !test_bit(page, gb->bad)) {
			s->have[s->fixed++] = row;
		}
	}
	for (i = 0; i < 2 * v->n && s->fixed < v->k; i++) {
		row = i % v->n;
		second = i >= v->n;
		page = fragment_page(v, row, s->col);
		if (test_bit(page, gb->have) || test_bit(page, gb->bad) ||
		    rlnc_member_slow(v, row) != second ||
		    !rlnc_member_readable(v, row, birth))
			continue;
		__set_bit(page, want);
		s->have[s->fixed++] = row;
	}
	return s->fixed == v->k;
}

/*
 * Decode the sectors of @lacking in one column from any k fragments, in the hope
 * that these are right.  Return: 0 if they were.
 */
static int decode_column(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s,
			 const unsigned long *lacking)
{
	u32 i, row;
	int ret;

	for (i = 0; i < v->k; i++)
		if (!test_bit(fragment_page(v, s->have[i], s->col), gb->have))
			return -EIO;
	s->wanted = 0;
	for (row = 0; row < v->k; row++)
		if (test_bit(fragment_page(v, row, s->col), lacking))
			s->want[s->wanted++] = RLNC_DATA(row);
	ret = try_rows(v, gb, s);
	for (i = 0; i < s->wanted && !ret; i++)
		set_bit(fragment_page(v, s->want[i] & 0xff, s->col), gb->have);
	return ret;
}

static void clear_column(struct rlnc_volume *v, unsigned long *sectors, u32 col)
{
	u32 row;

	for (row = 0; row < v->k; row++)
		__clear_bit(fragment_page(v, row, col), sectors);
}

/*
 * Compute the sectors of @lacking, whose members are away, with as few reads as it
 * takes.  What turns out right is cleared in @lacking.
 */
static int decode_lacking(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			  const struct rlnc_place *place, const struct rlnc_ptr *ptr,
			  unsigned long *lacking)
{
	DECLARE_BITMAP(want, RLNC_MAX_FRAGMENT_PAGES);
	DECLARE_BITMAP(todo, RLNC_MAX_FRAGMENT_PAGES);
	struct search *s;
	u32 i;

	s = kzalloc(sizeof(*s), GFP_NOIO);
	if (!s)
		return -ENOMEM;
	s->place = place;
	s->ptr = ptr;
	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(todo, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_copy(todo, lacking, v->geo.seals);
	for_each_set_bit(i, todo, v->geo.seals) {
		s->col = rlnc_col(v, i);
		choose_rows(v, gb, s, want);
	}
	rlnc_read_hedged(v, gb, place, ptr, want);
	note_read_errors(v, gb, want);
	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	for_each_set_bit(i, todo, v->geo.seals) {
		s->col = rlnc_col(v, i);
		if (test_bit(i, lacking) && choose_rows(v, gb, s, want) &&
		    !decode_column(v, gb, s, lacking))
			clear_column(v, lacking, s->col);
	}
	kfree(s);
	return 0;
}

/* Count and tell that a sector is lost, and who should have had a part of it. */
static void tell_unrecoverable(struct rlnc_volume *v, const struct rlnc_gbuf *gb,
			       const struct rlnc_place *place, u32 sector)
{
	DECLARE_BITMAP(members, RLNC_MAX_MEMBERS);
	u32 row, page;

	bitmap_zero(members, RLNC_MAX_MEMBERS);
	for (row = 0; row < v->n; row++) {
		page = fragment_page(v, row, rlnc_col(v, sector));
		if (!test_bit(page, gb->have) || test_bit(page, gb->bad))
			__set_bit(row, members);
	}
	atomic64_inc(&v->unrecoverable);
	rlnc_event_data_lost(v, place, sector, members);
	DMERR_LIMIT("%s: tree %u level %u generation %llu sector %u: more than %u fragments are wrong or missing; known of members %*pbl",
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

/**
 * rlnc_generation_load_set - read sectors of a generation and verify them
 * @v:		volume
 * @gb:		buffer; may hold pages of the same generation already
 * @place:	the generation's place, as its seals bind it
 * @ptr:	its pointer; must be mapped
 * @sectors:	which; those that lie in packs are left out
 *
 * On success the ciphertext is in the fragment pages and the plaintext in the
 * plain pages of these sectors.
 *
 * Return: 0, -EBADMSG or -EIO when more than n - k fragments are wrong or
 * missing, -ENOMEM.
 */
int rlnc_generation_load_set(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			     const struct rlnc_place *place,
			     const struct rlnc_ptr *ptr, const unsigned long *sectors)
{
	DECLARE_BITMAP(want, RLNC_MAX_FRAGMENT_PAGES);
	DECLARE_BITMAP(lacking, RLNC_MAX_SEALS);
	u32 i;
	int ret;

	bitmap_zero(lacking, RLNC_MAX_SEALS);
	want_sectors(v, gb, ptr, sectors, want);
	rlnc_read_hedged(v, gb, place, ptr, want);
	note_read_errors(v, gb, want);
	for_each_set_bit(i, sectors, v->geo.seals) {
		if (rlnc_seal_is_packed(&ptr->seal[i]))
			continue;
		ret = open_one(v, gb, place, ptr, rlnc_row(v, i), rlnc_col(v, i));
		if (ret == -EBADMSG || ret == -EIO)
			__set_bit(i, lacking);
		else if (ret)
			return ret;
	}
	if (bitmap_empty(lacking, v->geo.seals))
		return 0;
	if (bitmap_empty(gb->bad, v->k * v->pps)) {
		ret = decode_lacking(v, gb, place, ptr, lacking);
		if (ret)
			return ret;
	}
	for_each_set_bit(i, lacking, v->geo.seals) {
		ret = search_column(v, gb, place, ptr, rlnc_col(v, i));
		if (ret == -EBADMSG || ret == -EIO)
			tell_unrecoverable(v, gb, place, i);
		if (ret)
			return ret;
		clear_column(v, lacking, rlnc_col(v, i));
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

/* Compute the coded fragments of a column; data rows from @rows on are zeros. */
void rlnc_generation_encode_column(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
				   u32 rows)
{
	u32 i;

	if (!v->codec.encode)
		return;
	for (i = 0; i < rows; i++)
		gb->in[i] = page_address(rlnc_fragment_page(gb, i, col));
	for (i = v->k; i < v->n; i++)
		gb->out[i - v->k] = page_address(rlnc_fragment_page(gb, i, col));
	rlnc_plan_run_first(v->codec.encode, rows, gb->in, gb->out, RLNC_SECTOR_BYTES);
}

/* Compute all coded fragments; those of the data are in place. */
void rlnc_generation_encode(struct rlnc_volume *v, struct rlnc_gbuf *gb)
{
	u32 col;

	trace_rlnc_encode(v, gb->slot, 0, v->pps);
	for (col = 0; col < v->pps; col++)
		rlnc_generation_encode_column(v, gb, col, v->k);
}

/* Send every writable member some columns of its fragment for gb->slot. */
void rlnc_generation_store_columns(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
				   u32 cols)
{
	u32 i;

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
 * A member that failed is given up: it lacks this fragment.
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
	bitmap_or(missing, gb->skipped, gb->row_error, RLNC_MAX_MEMBERS);
	return v->n - bitmap_weight(missing, v->n) >= v->writes_min ? 0 : -EIO;
}
