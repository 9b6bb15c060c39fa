// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Collecting garbage.  A page is done when all of its fragments are gone; those of a location that
 * does not answer become a page of their own, for later.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "care.h"
#include "log.h"
#include "pipe/manifest.h"
#include "plan_private.h"
#include "store_move.h"

#define LEASE_US	(600ull * 1000000)
#define ITEMS		16u
#define LEFTOVERS	64u
#define MOVED		64u
#define LATER_MIN	(60ull * 1000000)
#define LATER_MAX	(3600ull * 1000000)

struct fragment {
	u8 generation[SKY_GENERATION_ID_BYTES];
	u16 location;
	u8 slot, row;			/* in the page */
	bool gone;
};

struct work {
	struct backend *b;
	struct record *record;		/* of the generations in the mask */
	unsigned int records;
	struct fragment *fragment;	/* by location */
	unsigned int fragments;
	u64 first, offset;		/* of the page */
};

static void work_free(struct work *w)
{
	free(w->record);
	free(w->fragment);
}

/* --- taking a page apart -------------------- */

static int by_location(const void *a, const void *b)
{
	const struct fragment *x = a, *y = b;

	return (int)x->location - y->location;
}

static void add_fragments(struct work *w, const struct record *r, unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < r->n; i++) {
		struct fragment *f = &w->fragment[w->fragments];

		if (!r->location[i] || r->location[i] == SKY_NO_LOCATION)
			continue;
		*f = (struct fragment){ .location = r->location[i], .slot = slot, .row = i };
		memcpy(f->generation, r->generation, sizeof(f->generation));
		w->fragments++;
	}
}

static int read_page(struct work *w, const struct store_garbage_page *g)
{
	uint64_t number, offset;
	struct page page;
	unsigned int i, most = STORE_PAGE_GENERATIONS;

	if (page_parse(&page, g->page.records.data, g->page.records.len))
		return -EUCLEAN;
	most = page.count < most ? page.count : most;
	w->first = page.first;
	w->offset = page.offset;
	w->record = calloc(most, sizeof(*w->record));
	w->fragment = calloc(most * SKY_MAX_N, sizeof(*w->fragment));
	if (!w->record || !w->fragment)
		return -ENOMEM;
	for (i = 0; i < most && page_next(&page, &w->record[w->records], &number, &offset); i++)
		if (g->mask >> i & 1) {
			add_fragments(w, &w->record[w->records], w->records);
			w->records++;
		}
	qsort(w->fragment, w->fragments, sizeof(*w->fragment), by_location);
	return 0;
}

/* --- deleting -------------------- */

/* Those of one location, one after the other. */
struct share {
	struct work *work;
	struct fragment *fragment;
	unsigned int count;
};

static int remove_share(void *arg)
{
	struct share *s = arg;
	struct backend *b = s->work->b;
	struct backend_care *care = b->care;
	/* What the operator has taken away is not asked any more. */
	bool removed = plan_is_removed(b, s->fragment->location);
	char name[META_FRAGMENT_NAME_MAX];
	unsigned int i;
	int rc = 0;

	if (!removed && plan_is_down(b, s->fragment->location))
		return -EHOSTUNREACH;
	for (i = 0; !rc && i < s->count; i++) {
		struct fragment *f = &s->fragment[i];

		meta_fragment_name(f->generation, f->row, name);
		rc = removed ? -ENOENT : care->remove(b, f->location, str_of(name));
		if (!removed)
			plan_note(b, f->location, rc);
		rc = rc == -ENOENT ? 0 : rc;
		f->gone = !rc;
		care->counts.deleted += f->gone;
	}
	return rc;
}

static int remove_all(struct work *w)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	CLEANUP_FREE struct share *shares = calloc(w->fragments + 1, sizeof(*shares));
	unsigned int i, n, count = 0;
	int rc = shares ? 0 : -ENOMEM;

	for (i = 0; !rc && i < w->fragments; i += n) {
		for (n = 1; i + n < w->fragments; n++)
			if (w->fragment[i + n].location != w->fragment[i].location)
				break;
		shares[count] = (struct share){ w, &w->fragment[i], n };
		rc = io_spawn(&group, remove_share, &shares[count++], NULL);
	}
	/* What fails is seen by what is not gone. */
	if (!rc)
		rc = io_group_drain(&group, 0);
	io_group_end(&group);
	return rc;
}

/* --- the rest of a page -------------------- */

static void forget_gone(struct work *w)
{
	unsigned int i;

	for (i = 0; i < w->fragments; i++)
		if (w->fragment[i].gone)
			w->record[w->fragment[i].slot].location[w->fragment[i].row] =
				SKY_NO_LOCATION;
}

static bool all_nowhere(const struct record *r)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		if (r->location[i] && r->location[i] != SKY_NO_LOCATION)
			return false;
	return true;
}

/* The longer a location is away, the longer it is left alone. */
static u64 down_for(const struct backend *b, u16 location)
{
	const struct plan_live *live = b->plan->live[location];
	const u64 now = plan_now();
	u64 down = live && live->down && live->down_since < now ? now - live->down_since : 0;

	down = down > LATER_MIN ? down : LATER_MIN;
	return down < LATER_MAX ? down : LATER_MAX;
}

static u64 wait_for(const struct work *w)
{
	u64 wait = LATER_MIN, one;
	unsigned int i;

	for (i = 0; i < w->fragments; i++) {
		one = w->fragment[i].gone ? 0 : down_for(w->b, w->fragment[i].location);
		wait = one > wait ? one : wait;
	}
	return wait;
}

static int put_off(struct work *w, const struct store_garbage *item,
		   const struct store_garbage_page *g)
{
	CLEANUP_FREE void *page = malloc(SKY_PAGE_MAX_BYTES);
	struct store_text records = { .data = page };
	struct page_writer writer;
	unsigned int i, count = 0;

	if (!page)
		return -ENOMEM;
	page_begin(&writer, page, w->first, w->offset);
	for (i = 0; i < w->records; i++) {
		if (all_nowhere(&w->record[i]))
			continue;
		if (page_add(&writer, &w->record[i]))
			return -EUCLEAN;
		count++;
	}
	records.len = page_end(&writer);
	w->b->care->counts.failed++;
	return store_garbage_later(w->b->store, item, g, records,
				   ~0ull >> (STORE_PAGE_GENERATIONS - count),
				   w->b->care->now() + wait_for(w));
}

static int collect_page(struct backend *b, const struct store_garbage *item,
			const struct store_garbage_page *g)
{
	struct work w = { .b = b };
	unsigned int i;
	bool all = true;
	int rc = 0;

	/* A part that has no bytes has no page. */
	if (g->page.generations)
		rc = read_page(&w, g);
	if (rc == -EUCLEAN) {
		log_line(LEVEL_ERROR, "garbage %llu cannot be read: what it names stays where it is",
			 (unsigned long long)item->id);
		rc = 0;
	} else if (!rc) {
		rc = remove_all(&w);
	}
	for (i = 0; i < w.fragments; i++)
		all &= w.fragment[i].gone;
	if (!rc)
		forget_gone(&w);
	if (!rc)
		rc = all ? store_garbage_page_done(b->store, item, g) : put_off(&w, item, g);
	work_free(&w);
	return rc;
}

static int collect_item(struct backend *b, const struct store_garbage *item)
{
	int rc = 0, more;

	do {
		STORE_ARENA a = { 0 };
		struct store_garbage_page page;

		more = store_garbage_next(b->store, item, &a, &page);
		if (more > 0)
			rc = collect_page(b, item, &page);
	} while (!rc && more > 0);
	if (!rc && !more)
		rc = store_garbage_done(b->store, item);
	return rc ? rc : more;
}

/* --- fragments that have been moved -------------------- */

static int remove_moved(struct backend *b, const struct store_move *move)
{
	struct backend_care *care = b->care;
	char name[META_FRAGMENT_NAME_MAX];
	int rc = plan_is_removed(b, move->location) ? -ENOENT :
		 plan_is_down(b, move->location) ? -EHOSTUNREACH : 0;
	u64 later = 0;

	meta_fragment_name(move->generation, move->row, name);
	if (!rc) {
		rc = care->remove(b, move->location, str_of(name));
		plan_note(b, move->location, rc);
	}
	if (rc == -ECANCELED)
		return rc;
	if (rc && rc != -ENOENT) {
		care->counts.failed++;
		later = care->now() + down_for(b, move->location);
	} else {
		care->counts.deleted++;
	}
	return store_move_done(b->store, move, later);
}

/* Return: how many there were, or an error. */
static int collect_moved(struct backend *b)
{
	STORE_ARENA a = { 0 };
	struct store_move *moves;
	int n = store_move_due(b->store, MOVED, &a, &moves), i, rc = 0;

	for (i = 0; !rc && i < n; i++)
		rc = remove_moved(b, &moves[i]);
	return rc ? rc : n;
}

int care_collect(struct backend *b)
{
	STORE_ARENA a = { 0 };
	struct store_garbage *items;
	int n, i, rc, moved = collect_moved(b);

	if (moved < 0)
		return moved;
	do
		n = store_leftovers(b->store, LEFTOVERS);
	while (n == LEFTOVERS);
	if (n < 0)
		return n;
	n = store_garbage_lease(b->store, LEASE_US, ITEMS, &a, &items);
	for (i = 0; i < n; i++) {
		rc = collect_item(b, &items[i]);
		if (rc == -ECANCELED)
			return rc;
		/* Its lease ends, and somebody tries again. */
		if (rc && rc != -STORE_LEASE_LOST)
			log_line(LEVEL_WARNING, "garbage %llu is left for later: %s",
				 (unsigned long long)items[i].id, store_s3_error(rc)->code);
	}
	return n < 0 ? n : n + moved;
}
