// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding, and the search for the right fragments of a column: those whose
 * combination gives what the seals vouch for.
 */
#include "dm-rlnc.h"
#include "trace.h"

/* Combinations of fragments tried for one column before it is given up. */
#define MAX_COMBINATIONS	65536

/* Of a fragment's page, in the bitmaps of a buffer. */
static u32 fragment_index(const struct rlnc_volume *v, u32 row, u32 col)
{
	return row * v->pps + col;
}

/* Is a fragment of the data such that no seal says whether it is right? */
static bool row_is_unsealed(const struct rlnc_volume *v, const struct rlnc_place *place,
			    const struct rlnc_ptr *ptr, u32 sector)
{
	return v->dense || rlnc_seal_is_packed(&ptr->seal[sector]) ||
	       (rlnc_seal_is_zero(&ptr->seal[sector]) &&
		!rlnc_row_is_zero(v, place, ptr, sector));
}

/* Tell the members whose pages were asked for how that went. */
void rlnc_note_read_errors(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			   const unsigned long *want)
{
	u32 i = 0, row, pages = v->n * v->pps;
	bool error, ok;

	/* Once a member, however many of its pages could not be read. */
	while ((i = find_next_bit(want, pages, i)) < pages) {
		row = i / v->pps;
		for (error = false, ok = false; i < (row + 1) * v->pps; i++) {
			error |= test_bit(i, want) && test_bit(i, gb->bad);
			ok |= test_bit(i, want) && test_bit(i, gb->have);
		}
		if (error)
			rlnc_member_read_error(v, row);
		else if (ok)
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
	u32 wanted;			/* data rows to compute and verify, or any to mend */
	u16 want[RLNC_MAX_N];
	bool doubtful;			/* dense: one row will tell, before the others */
};

/* Compute some of the wanted rows from s->have. */
static int compute_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s,
			u32 first, u32 count)
{
	struct rlnc_plan_entry *entry = NULL;
	const u16 *want = s->want + first;
	const struct rlnc_plan *plan;
	u32 i;

	if (gb->mix)
		plan = rlnc_mix_plan(gb, s->have, want, count);
	else
		plan = rlnc_codec_plan(v, s->have, want, count, &entry);
	if (!plan)
		return -ENOMEM;
	for (i = 0; i < v->k; i++)
		gb->in[i] = page_address(rlnc_fragment_page(gb, s->have[i], s->col));
	for (i = 0; i < count; i++)
		gb->out[i] = page_address(rlnc_symbol_page(gb, want[i] & 0xff, s->col));
	rlnc_plan_run(plan, gb->in, gb->out, RLNC_SECTOR_BYTES);
	if (entry)
		rlnc_codec_plan_put(entry);
	return 0;
}

/* Is a symbol without a seal what it may be?  In a pack anything: it was never noted. */
static bool unsealed_ok(const struct rlnc_gbuf *gb, const struct search *s, u32 row)
{
	return s->place->tree == RLNC_TREE_PACK ||
	       !memchr_inv(page_address(rlnc_symbol_page(gb, row, s->col)), 0,
			   RLNC_SECTOR_BYTES);
}

/* Open some of the wanted rows. */
static int open_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s,
		     u32 first, u32 count)
{
	u32 i, row, sector;
	int ret = 0;

	for (i = first; i < first + count && !ret; i++) {
		row = s->want[i] & 0xff;
		sector = fragment_index(v, row, s->col);
		if (rlnc_seal_is_zero(&s->ptr->seal[sector]))
			ret = unsealed_ok(gb, s, row) ? 0 : -EBADMSG;
		else
			ret = rlnc_open_sector(v, &gb->scratch, s->place, sector,
					       &s->ptr->seal[sector],
					       rlnc_symbol_page(gb, row, s->col),
					       rlnc_plain_page(gb, sector));
	}
	return ret;
}

/* Decode the wanted rows from s->have; they are right when all seals open. */
static int try_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s)
{
	u32 done, count, most = s->wanted;
	int ret = 0;

	if (gb->mix)
		most = s->doubtful ? 1 : RLNC_MIX_OUTPUTS;
	for (done = 0; done < s->wanted && !ret; done += count) {
		count = min(s->wanted - done, most);
		ret = compute_rows(v, gb, s, done, count) ?: open_rows(v, gb, s, done, count);
		if (gb->mix)
			most = RLNC_MIX_OUTPUTS;
	}
	return ret;
}

/*
 * Every fragment of a dense volume has a part in every symbol, so that most of the
 * combinations have all that is wrong.  Runs of k candidates, the last followed by the
 * first, so far apart that each candidate is left out by one: that finds one that is
 * wrong, or up to n - k neighbours, at once.
 */
static int try_runs(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s)
{
	u32 step = s->candidates - v->k;
	u32 first, i;
	int ret;

	for (first = 0; first < s->candidates; first += step) {
		for (i = 0; i < v->k; i++)
			s->have[i] = s->candidate[(first + i) % s->candidates];
		ret = try_rows(v, gb, s);
		if (ret != -EBADMSG || !step)
			return ret;
		atomic64_inc(&v->auth_failures);
		cond_resched();
	}
	return -EBADMSG;
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

	if (gb->mix) {
		ret = try_runs(v, gb, s);
		if (ret != -EBADMSG)
			return ret;
	}
	for (i = 0; i < need; i++)
		pick[i] = i;
	for (tries = 0; tries < MAX_COMBINATIONS; tries++) {
		for (i = 0; i < need; i++)
			s->have[s->fixed + i] = s->candidate[pick[i]];
		ret = try_rows(v, gb, s);
		if (ret != -EBADMSG)
			return ret;
		atomic64_inc(&v->auth_failures);
		cond_resched();
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

/* What is done to have k right fragments of a column. */
enum effort {
	ENOUGH,				/* those of k members, slow ones only if need be */
	ALL,				/* whatever can be asked at once */
	PATIENCE,			/* and those with full queues, one after the other */
};

/*
 * Bring what is needed of a column into the buffer.
 *
 * Return: whether anything was asked for.
 */
static bool gather_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			  const struct rlnc_place *place, const struct rlnc_ptr *ptr,
			  u32 col, enum effort effort)
{
	DECLARE_BITMAP(want, RLNC_MAX_FRAGMENT_PAGES);
	u32 at_hand = rlnc_column_usable(v, gb, place, ptr, col);
	u32 first;

	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	if (effort != ENOUGH || at_hand < v->k)
		rlnc_want_column(v, gb, place, ptr, col, effort != ENOUGH, want);
	if (at_hand + bitmap_weight(want, RLNC_MAX_FRAGMENT_PAGES) < v->k)
		rlnc_want_column(v, gb, place, ptr, col, true, want);
	if (bitmap_empty(want, RLNC_MAX_FRAGMENT_PAGES))
		return false;
	if (effort == PATIENCE) {
		first = find_first_bit(want, RLNC_MAX_FRAGMENT_PAGES);
		bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
		__set_bit(first, want);
	}
	if (effort == ENOUGH) {
		rlnc_read_hedged(v, gb, place, ptr, want);
	} else {
		rlnc_gbuf_io_begin(gb);
		rlnc_ask(v, gb, ptr, want, effort == PATIENCE);
		rlnc_gbuf_io_wait(gb);
	}
	rlnc_note_read_errors(v, gb, want);
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
		page = fragment_index(v, row, s->col);
		if (row >= v->k || row_is_unsealed(v, s->place, s->ptr, page)) {
			if (test_bit(page, gb->have) && !test_bit(page, gb->bad))
				s->candidate[s->candidates++] = row;
			continue;
		}
		ret = rlnc_open_own(v, gb, s->place, s->ptr, row, s->col);
		if (!ret && s->fixed < v->k)
			s->have[s->fixed++] = row;
		else if (ret == -EBADMSG || ret == -EIO)
			s->want[s->wanted++] = RLNC_DATA(row);
		else if (ret)
			return ret;
	}
	return 0;
}

/*
 * What is to be computed of a dense volume's column, all of it or the sectors @of: the
 * symbols that are sealed; and after them those that are not, since they belong to the
 * code word all the same.  What lies in a pack by now, nothing vouches for.
 */
static void want_symbols(struct rlnc_volume *v, struct search *s, const unsigned long *of)
{
	const struct rlnc_seal *seal = s->ptr->seal;
	u32 row, page;

	s->wanted = 0;
	for (row = 0; row < v->k; row++) {
		page = fragment_index(v, row, s->col);
		if ((!of || test_bit(page, of)) && !rlnc_seal_is_packed(&seal[page]) &&
		    !rlnc_seal_is_zero(&seal[page]))
			s->want[s->wanted++] = RLNC_DATA(row);
	}
	for (row = 0; row < v->k; row++) {
		page = fragment_index(v, row, s->col);
		if ((!of || test_bit(page, of)) && rlnc_seal_is_zero(&seal[page]))
			s->want[s->wanted++] = RLNC_DATA(row);
	}
}

/* Fewer than k fragments may be right: are the others wrong, or missing? */
static int too_few(struct rlnc_volume *v, const struct rlnc_gbuf *gb, const struct search *s)
{
	u32 row, missing = 0;

	for (row = 0; row < v->n; row++)
		missing += !test_bit(fragment_index(v, row, s->col), gb->have);
	return missing > v->n - v->k ? -EIO : -EBADMSG;
}

/* Find the right data rows of a column among what its members have. */
static int find_rows(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s)
{
	enum effort effort = ENOUGH;
	int ret;

	gather_column(v, gb, s->place, s->ptr, s->col, effort);
	for (;;) {
		ret = survey_column(v, gb, s);
		if (gb->mix)
			want_symbols(v, s, NULL);
		if (ret || !s->wanted)
			return ret;
		ret = s->fixed + s->candidates < v->k ? too_few(v, gb, s) :
							try_combinations(v, gb, s);
		if (ret != -EBADMSG && ret != -EIO)
			return ret;
		if (effort != PATIENCE)
			effort++;
		if (!gather_column(v, gb, s->place, s->ptr, s->col, effort))
			return ret;
	}
}

/* Has every symbol of a column a seal, or is it known to be zeros? */
static bool all_vouched(const struct rlnc_volume *v, const struct search *s)
{
	const struct rlnc_seal *seal;
	u32 row;

	for (row = 0; row < v->k; row++) {
		seal = &s->ptr->seal[fragment_index(v, row, s->col)];
		if (rlnc_seal_is_packed(seal) ||
		    (rlnc_seal_is_zero(seal) && s->place->tree == RLNC_TREE_PACK))
			return false;
	}
	return true;
}

/*
 * A dense volume's column was decoded: make those other fragments that are wrong, or
 * could not be read, what they should be; these are the wanted ones then.  With a symbol
 * that nothing vouches for, one of those it was decoded from may be wrong, and by chance
 * have no part in the others: no fragment is measured by it.
 */
static void mend_fragments(struct rlnc_volume *v, struct rlnc_gbuf *gb, struct search *s)
{
	struct page *seen, *right = alloc_page(GFP_NOIO | __GFP_NOWARN);
	u32 i, page;
	u16 row;
	u8 *out;

	s->wanted = 0;
	if (!right)
		return;		/* a scrub will find them */
	out = page_address(right);
	for (i = 0; i < v->k; i++)
		gb->in[i] = page_address(rlnc_fragment_page(gb, s->have[i], s->col));
	for (row = 0; row < v->n; row++) {
		page = fragment_index(v, row, s->col);
		if (memchr(s->have, row, v->k) ||
		    (!test_bit(page, gb->have) && !test_bit(page, gb->bad)))
			continue;
		rlnc_plan_run(rlnc_mix_plan(gb, s->have, &row, 1), gb->in, &out,
			      RLNC_SECTOR_BYTES);
		if (!test_bit(page, gb->bad)) {
			seen = rlnc_fragment_page(gb, row, s->col);
			if (!memcmp(out, page_address(seen), RLNC_SECTOR_BYTES))
				continue;
			set_bit(page, gb->bad);
			rlnc_event_auth_failed(v, row,
					       rlnc_coded_is_stale(v, row, s->col, seen, right));
		}
		copy_highpage(rlnc_fragment_page(gb, row, s->col), right);
		s->want[s->wanted++] = row;
	}
	__free_page(right);
}

/*
 * Make every data row of a column right.  Any n - k wrong or missing fragments
 * are overcome, and those of the data that were wrong written back.
 */
int rlnc_search_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
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
	s->doubtful = true;
	ret = find_rows(v, gb, s);
	if (ret)
		goto out;
	if (gb->mix && all_vouched(v, s))
		mend_fragments(v, gb, s);
	else if (gb->mix)
		s->wanted = 0;
	for (i = 0; i < s->wanted; i++) {
		u32 page = fragment_index(v, s->want[i] & 0xff, col);

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
	u32 i, row, page, from = 0;
	bool second;

	s->fixed = 0;
	for (row = 0; row < v->n && s->fixed < v->k; row++) {
		page = fragment_index(v, row, s->col);
		if (row < v->k && rlnc_row_is_zero(v, s->place, s->ptr, page)) {
			clear_highpage(rlnc_fragment_page(gb, row, s->col));
			set_bit(page, gb->have);
			s->have[s->fixed++] = row;
		} else if (test_bit(page, gb->have) && !test_bit(page, gb->bad)) {
			s->have[s->fixed++] = row;
		}
	}
	/* Where all rows are alike, each member has its turn. */
	if (gb->mix)
		div_u64_rem(le64_to_cpu(s->ptr->slot), v->n, &from);
	for (i = 0; i < 2 * v->n && s->fixed < v->k; i++) {
		row = (from + i) % v->n;
		second = i >= v->n;
		page = fragment_index(v, row, s->col);
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
		if (!test_bit(fragment_index(v, s->have[i], s->col), gb->have))
			return -EIO;
	if (gb->mix) {
		want_symbols(v, s, lacking);
		return try_rows(v, gb, s);
	}
	s->wanted = 0;
	for (row = 0; row < v->k; row++)
		if (test_bit(fragment_index(v, row, s->col), lacking))
			s->want[s->wanted++] = RLNC_DATA(row);
	ret = try_rows(v, gb, s);
	for (i = 0; i < s->wanted && !ret; i++)
		set_bit(fragment_index(v, s->want[i] & 0xff, s->col), gb->have);
	return ret;
}

static bool column_lacks(const struct rlnc_volume *v, const unsigned long *lacking, u32 col)
{
	u32 row;

	for (row = 0; row < v->k; row++)
		if (test_bit(fragment_index(v, row, col), lacking))
			return true;
	return false;
}

void rlnc_clear_column(const struct rlnc_volume *v, unsigned long *sectors, u32 col)
{
	u32 row;

	for (row = 0; row < v->k; row++)
		__clear_bit(fragment_index(v, row, col), sectors);
}

/*
 * Compute the sectors of @lacking, whose members are away, with as few reads as it
 * takes.  What turns out right is cleared in @lacking.
 */
int rlnc_decode_lacking(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			const struct rlnc_place *place, const struct rlnc_ptr *ptr,
			unsigned long *lacking)
{
	DECLARE_BITMAP(want, RLNC_MAX_FRAGMENT_PAGES);
	struct search *s;

	s = kzalloc(sizeof(*s), GFP_NOIO);
	if (!s)
		return -ENOMEM;
	s->place = place;
	s->ptr = ptr;
	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	for (s->col = 0; s->col < v->pps; s->col++)
		if (column_lacks(v, lacking, s->col))
			choose_rows(v, gb, s, want);
	rlnc_read_hedged(v, gb, place, ptr, want);
	rlnc_note_read_errors(v, gb, want);
	bitmap_zero(want, RLNC_MAX_FRAGMENT_PAGES);
	for (s->col = 0; s->col < v->pps; s->col++)
		if (column_lacks(v, lacking, s->col) && choose_rows(v, gb, s, want) &&
		    !decode_column(v, gb, s, lacking))
			rlnc_clear_column(v, lacking, s->col);
	kfree(s);
	return 0;
}
