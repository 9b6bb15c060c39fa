// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generation buffers and the member I/O that fills and drains them.  Two pools,
 * so that a write that holds a buffer can always read a map node; each has
 * elements of its own for when memory is short.
 */
#include <linux/highmem.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

#define POOL_RESERVE	4	/* buffers of each pool that never go away */
#define IDLE_MAX_PAGES	4096	/* pages kept in idle buffers: 16 MiB */

static u32 pages_of(const struct rlnc_volume *v, u32 rows)
{
	return (rows + v->k + (v->dense ? v->k : 0)) * v->pps;
}

/* Plaintext goes to pages of the buffer's own. */
static void own_plain(struct rlnc_gbuf *gb)
{
	memcpy(gb->plain, &gb->page[gb->rows * gb->v->pps],
	       gb->v->k * gb->v->pps * sizeof(*gb->plain));
}

static void gbuf_destroy(struct rlnc_gbuf *gb)
{
	u32 i, pages = pages_of(gb->v, gb->rows);

	atomic64_sub(pages, &gb->v->gbuf_pages);
	for (i = 0; i < pages; i++)
		if (gb->page[i])
			__free_page(gb->page[i]);
	if (gb->scratch.req)
		rlnc_scratch_exit(&gb->scratch);
	kfree(gb->ptr);
	kfree(gb->next);
	kfree(gb->in);
	kfree(gb->plain);
	kfree(gb->incarnation);
	rlnc_mix_free(gb->mix);
	kfree(gb);
}

/* A request has ended in time; the round is locked. */
static void fragment_ended(struct rlnc_round *round, const struct rlnc_flight *f,
			   blk_status_t status)
{
	struct rlnc_gbuf *gb = container_of(round, struct rlnc_gbuf, round);
	u32 i;

	if (f->writes) {
		if (status)
			set_bit(f->row, gb->row_error);
		return;
	}
	for (i = f->first; i < f->first + f->count; i++)
		set_bit(i, status ? gb->bad : gb->have);
}

static struct rlnc_gbuf *gbuf_create(struct rlnc_volume *v, gfp_t gfp)
{
	u32 i, rows = v->gbuf_rows, pages = pages_of(v, rows);
	struct rlnc_gbuf *gb;

	gb = kzalloc(struct_size(gb, page, pages), gfp);
	if (!gb)
		return NULL;
	gb->v = v;
	gb->rows = rows;
	atomic64_add(pages, &v->gbuf_pages);
	rlnc_round_init(&gb->round, fragment_ended);
	INIT_LIST_HEAD(&gb->left);
	gb->ptr = kzalloc(v->geo.ptr_bytes, gfp);
	gb->next = kzalloc(v->geo.ptr_bytes, gfp);
	gb->in = kcalloc(v->k + rows, sizeof(void *), gfp);
	gb->plain = kcalloc(v->k * v->pps, sizeof(*gb->plain), gfp);
	gb->incarnation = kcalloc(rows, sizeof(*gb->incarnation), gfp);
	if (!gb->ptr || !gb->next || !gb->in || !gb->plain || !gb->incarnation)
		goto err;
	gb->out = (u8 **)gb->in + v->k;
	if (v->dense) {
		gb->symbols = (rows + v->k) * v->pps;
		gb->mix = rlnc_mix_alloc(v, rows, gfp);
		if (!gb->mix)
			goto err;
	}
	if (rlnc_scratch_init(&gb->scratch, &v->crypt, gfp))
		goto err;
	for (i = 0; i < pages; i++) {
		gb->page[i] = alloc_page(gfp);
		if (!gb->page[i])
			goto err;
	}
	own_plain(gb);
	return gb;

err:
	gbuf_destroy(gb);
	return NULL;
}

static void *pool_alloc(gfp_t gfp, void *data)
{
	return gbuf_create(data, gfp);
}

static void pool_free(void *element, void *data)
{
	gbuf_destroy(element);
}

/**
 * rlnc_gbuf_pools_init - set up both pools
 * @v:	volume with geometry and keys
 *
 * Return: 0 or -ENOMEM.
 */
int rlnc_gbuf_pools_init(struct rlnc_volume *v)
{
	spin_lock_init(&v->idle_lock);
	INIT_LIST_HEAD(&v->idle);
	return rlnc_gbuf_pools_resize(v, v->n);
}

static void empty_idle(struct rlnc_volume *v)
{
	struct rlnc_gbuf *gb, *next;
	LIST_HEAD(idle);

	spin_lock_irq(&v->idle_lock);
	list_splice_init(&v->idle, &idle);
	v->idle_count = 0;
	spin_unlock_irq(&v->idle_lock);
	list_for_each_entry_safe(gb, next, &idle, link)
		gbuf_destroy(gb);
}

/**
 * rlnc_gbuf_pools_resize - have buffers of so many rows from now on
 * @v:		volume; no buffer is in use but by I/O that its parent did not wait for
 * @rows:	fragments of a generation
 *
 * Return: 0, or -ENOMEM with the pools as they were.
 */
int rlnc_gbuf_pools_resize(struct rlnc_volume *v, u32 rows)
{
	mempool_t *data, *meta;
	u32 before = v->gbuf_rows;

	WRITE_ONCE(v->gbuf_rows, rows);
	data = mempool_create(POOL_RESERVE, pool_alloc, pool_free, v);
	meta = mempool_create(POOL_RESERVE, pool_alloc, pool_free, v);
	if (!data || !meta) {
		mempool_destroy(data);
		mempool_destroy(meta);
		WRITE_ONCE(v->gbuf_rows, before);
		return -ENOMEM;
	}
	/* A buffer that comes back late is of the old size, and goes away by itself. */
	swap(v->data_pool, data);
	swap(v->meta_pool, meta);
	synchronize_rcu();
	empty_idle(v);
	mempool_destroy(data);
	mempool_destroy(meta);
	return 0;
}

void rlnc_gbuf_pools_exit(struct rlnc_volume *v)
{
	if (!v->data_pool)
		return;
	empty_idle(v);
	mempool_destroy(v->data_pool);
	mempool_destroy(v->meta_pool);
}

static struct rlnc_gbuf *take_idle(struct rlnc_volume *v)
{
	struct rlnc_gbuf *gb;
	unsigned long flags;

	spin_lock_irqsave(&v->idle_lock, flags);
	gb = list_first_entry_or_null(&v->idle, struct rlnc_gbuf, link);
	if (gb) {
		list_del(&gb->link);
		v->idle_count--;
	}
	spin_unlock_irqrestore(&v->idle_lock, flags);
	return gb;
}

/* A buffer as its next user expects it. */
static struct rlnc_gbuf *prepare(struct rlnc_gbuf *gb, bool meta)
{
	gb->meta = meta;
	bitmap_zero(gb->have, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(gb->bad, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(gb->mended, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(gb->row_error, RLNC_MAX_MEMBERS);
	bitmap_zero(gb->skipped, RLNC_MAX_MEMBERS);
	gb->node = NULL;
	gb->slot = RLNC_SLOT_NONE;
	gb->asked_for = 0;
	refcount_set(&gb->ref, 1);
	return gb;
}

/**
 * rlnc_gbuf_get - a buffer for one generation
 * @v:		volume
 * @meta:	for a map node rather than the user's data
 * @gfp:	GFP_NOIO to wait for one; without __GFP_DIRECT_RECLAIM never sleeps
 *
 * Return: the buffer with nothing in it, or NULL if @gfp does not wait.
 */
struct rlnc_gbuf *rlnc_gbuf_get(struct rlnc_volume *v, bool meta, gfp_t gfp)
{
	struct rlnc_gbuf *gb = take_idle(v);

	if (!gb)
		gb = mempool_alloc(meta ? v->meta_pool : v->data_pool, gfp);
	return gb ? prepare(gb, meta) : NULL;
}

/**
 * rlnc_gbuf_try - a buffer that may be kept for long
 * @v:	volume
 *
 * Never sleeps, and leaves the pools' reserves to those who wait for a buffer.
 *
 * Return: the buffer with nothing in it, or NULL.
 */
struct rlnc_gbuf *rlnc_gbuf_try(struct rlnc_volume *v)
{
	struct rlnc_gbuf *gb = take_idle(v) ?: gbuf_create(v, GFP_NOWAIT | __GFP_NOWARN);

	return gb ? prepare(gb, false) : NULL;
}

/* mempool_free() refills a depleted pool first: waiters come before the idle list. */
void rlnc_gbuf_put(struct rlnc_gbuf *gb)
{
	struct rlnc_volume *v = gb->v;
	mempool_t *pool = gb->meta ? v->meta_pool : v->data_pool;
	struct page *page, *next;
	unsigned long flags;
	bool keep = false;

	if (!refcount_dec_and_test(&gb->ref))
		return;
	list_for_each_entry_safe(page, next, &gb->left, lru) {
		list_del(&page->lru);
		put_page(page);
	}
	own_plain(gb);
	if (gb->rows != READ_ONCE(v->gbuf_rows)) {
		gbuf_destroy(gb);
		return;
	}
	if (READ_ONCE(pool->curr_nr) >= pool->min_nr) {
		spin_lock_irqsave(&v->idle_lock, flags);
		if ((v->idle_count + 1) * pages_of(v, gb->rows) <= IDLE_MAX_PAGES) {
			list_add(&gb->link, &v->idle);
			v->idle_count++;
			keep = true;
		}
		spin_unlock_irqrestore(&v->idle_lock, flags);
	}
	if (!keep)
		mempool_free(gb, pool);
}

/* --- member I/O ----------------------------------------------------------- */

/* Begin a round of I/O; rlnc_gbuf_io_wait() ends it. */
void rlnc_gbuf_io_begin(struct rlnc_gbuf *gb)
{
	gb->round.eager = false;
}

/**
 * rlnc_gbuf_flight - a request for part of a fragment
 * @gb:		buffer, whose pages it will read or write
 * @opf:	REQ_OP_READ or REQ_OP_WRITE, with flags
 * @slot:	which slot
 * @row:	member, and fragment
 * @col:	first page of the fragment
 * @cols:	how many
 * @gfp:	GFP_NOIO, or less to have NULL rather than wait
 */
struct rlnc_flight *rlnc_gbuf_flight(struct rlnc_gbuf *gb, blk_opf_t opf, u64 slot, u32 row,
				     u32 col, u32 cols, gfp_t gfp)
{
	struct rlnc_volume *v = gb->v;
	struct rlnc_member *m = &v->member[row];
	struct dm_dev *dev = smp_load_acquire(&m->dev);	/* before its port */
	struct rlnc_flight *f;
	u32 i;

	f = rlnc_flight_new(v, dev, m, opf, RLNC_SLOTS_OFFSET + slot * v->geo.symbol +
			    (u64)col * RLNC_SECTOR_BYTES, cols, gfp);
	if (!f)
		return NULL;
	f->owns_pages = true;
	f->row = row;
	f->first = row * v->pps + col;
	f->count = cols;
	gb->asked_for += cols * RLNC_SECTOR_BYTES;
	for (i = col; i < col + cols; i++)
		__bio_add_page(&f->bio, rlnc_fragment_page(gb, row, i), RLNC_SECTOR_BYTES, 0);
	return f;
}

/**
 * rlnc_gbuf_io - send one member its part of a round
 * @gb:		between rlnc_gbuf_io_begin() and rlnc_gbuf_io_wait()
 * @opf:	REQ_OP_READ or REQ_OP_WRITE, with flags
 * @slot:	which slot
 * @row:	member, and fragment
 * @col:	first page of the fragment
 * @cols:	how many
 *
 * Waits for room in the member's queue until the deadline.  Pages read show up in
 * @gb->have or @gb->bad, failed writes in @gb->row_error.
 */
void rlnc_gbuf_io(struct rlnc_gbuf *gb, blk_opf_t opf, u64 slot, u32 row, u32 col,
		  u32 cols)
{
	struct rlnc_volume *v = gb->v;
	struct dm_dev *dev = READ_ONCE(v->member[row].dev);

	if (!rlnc_flight_room(v, row, true)) {
		if (op_is_write(opf))
			set_bit(row, gb->row_error);
		rlnc_member_silent(v, row, dev->bdev);
		return;
	}
	rlnc_flight_send(rlnc_gbuf_flight(gb, opf, slot, row, col, cols, GFP_NOIO), &gb->round);
}

/*
 * As rlnc_gbuf_io() with REQ_OP_READ, but only if there is room in the queue or there
 * will be before the member is found slow.
 */
void rlnc_gbuf_read_soon(struct rlnc_gbuf *gb, u64 slot, u32 row, u32 col, u32 cols)
{
	if (rlnc_flight_room(gb->v, row, false))
		rlnc_flight_send(rlnc_gbuf_flight(gb, REQ_OP_READ, slot, row, col, cols,
						  GFP_NOIO), &gb->round);
}

/*
 * What a late request has taken along is put in its place anew.  Somebody may be
 * reading what is written from the buffer, by the page that was there.
 */
static void replace_pages(struct rlnc_gbuf *gb, const struct rlnc_late *late)
{
	struct page *old, *new;
	u32 i;

	for (i = late->first; i < late->first + late->count; i++) {
		old = gb->page[i];
		new = alloc_page(GFP_NOIO | __GFP_NOFAIL);
		if (late->write)
			copy_highpage(new, old);
		smp_store_release(&gb->page[i], new);	/* its contents first */
		list_add(&old->lru, &gb->left);
	}
}

/* A request is given up; if it has had all the time that there is, its member has failed. */
static void given_up(struct rlnc_gbuf *gb, const struct rlnc_late *late, bool silent)
{
	replace_pages(gb, late);
	if (late->write)
		set_bit(late->row, gb->row_error);
	if (silent || late->write)
		rlnc_member_silent(gb->v, late->row, late->bdev);
}

/**
 * rlnc_gbuf_io_leave - end a round without those that have not answered
 * @gb:		the buffer; does not have what they were asked for
 */
void rlnc_gbuf_io_leave(struct rlnc_gbuf *gb)
{
	struct rlnc_late late;

	while (rlnc_round_leave(&gb->round, &late))
		given_up(gb, &late, false);
}

/**
 * rlnc_gbuf_io_wait_for - wait until enough has ended, or each has had its member's time
 * @gb:		the buffer; does not have what those were asked for that have failed
 * @enough:	asked whenever a request has ended; or NULL: all of them
 * @arg:	for @enough
 */
void rlnc_gbuf_io_wait_for(struct rlnc_gbuf *gb, bool (*enough)(void *arg), void *arg)
{
	u64 since = ktime_get_ns();
	struct rlnc_late late;

	while (rlnc_round_overdue(&gb->round, since, enough, arg, &late))
		given_up(gb, &late, true);
}

/* Wait until every request of the round has ended, or had its time. */
void rlnc_gbuf_io_wait(struct rlnc_gbuf *gb)
{
	rlnc_gbuf_io_wait_for(gb, NULL, NULL);
}
