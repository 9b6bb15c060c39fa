// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generation buffers and the member I/O that fills and drains them.  Two pools,
 * so that a write that holds a buffer can always read a map node; each has
 * elements of its own for when memory is short.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

#define POOL_RESERVE	4	/* buffers of each pool that never go away */
#define IDLE_MAX_PAGES	4096	/* pages kept in idle buffers: 16 MiB */

/* A bio and which fragment pages it moves. */
struct fragment_bio {
	struct rlnc_gbuf *gb;
	u32 row;
	u32 col;
	u32 cols;
	u64 start;			/* ns */
	struct bio bio;			/* last: its vectors follow */
};

static u32 pages_of(const struct rlnc_volume *v, u32 rows)
{
	return (rows + v->k) * v->pps;
}

static void gbuf_destroy(struct rlnc_gbuf *gb)
{
	u32 i, pages = pages_of(gb->v, gb->rows);

	for (i = 0; i < pages; i++)
		if (gb->page[i])
			__free_page(gb->page[i]);
	if (gb->scratch.req)
		rlnc_scratch_exit(&gb->scratch);
	kfree(gb->ptr);
	kfree(gb->next);
	kfree(gb->in);
	kfree(gb->incarnation);
	kfree(gb);
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
	init_waitqueue_head(&gb->wait);
	gb->ptr = kzalloc(v->geo.ptr_bytes, gfp);
	gb->next = kzalloc(v->geo.ptr_bytes, gfp);
	gb->in = kcalloc(v->k + rows, sizeof(void *), gfp);
	gb->incarnation = kcalloc(rows, sizeof(*gb->incarnation), gfp);
	if (!gb->ptr || !gb->next || !gb->in || !gb->incarnation)
		goto err;
	gb->out = (u8 **)gb->in + v->k;
	if (rlnc_scratch_init(&gb->scratch, &v->crypt, gfp))
		goto err;
	for (i = 0; i < pages; i++) {
		gb->page[i] = alloc_page(gfp);
		if (!gb->page[i])
			goto err;
	}
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
	int ret;

	spin_lock_init(&v->idle_lock);
	INIT_LIST_HEAD(&v->idle);
	ret = bioset_init(&v->bios, BIO_POOL_SIZE,
			  offsetof(struct fragment_bio, bio), BIOSET_NEED_BVECS);
	if (ret)
		return ret;
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
	if (!bioset_initialized(&v->bios))
		return;
	/*
	 * A bio that ended late may still be giving its buffer back; it does so
	 * as an RCU reader, the volume being what it reads.
	 */
	while (atomic_read(&v->live_gbufs))
		msleep(20);
	synchronize_rcu();
	empty_idle(v);
	mempool_destroy(v->data_pool);
	mempool_destroy(v->meta_pool);
	bioset_exit(&v->bios);
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
	struct rlnc_gbuf *gb;
	unsigned long flags;

	spin_lock_irqsave(&v->idle_lock, flags);
	gb = list_first_entry_or_null(&v->idle, struct rlnc_gbuf, link);
	if (gb) {
		list_del(&gb->link);
		v->idle_count--;
	}
	spin_unlock_irqrestore(&v->idle_lock, flags);
	if (!gb)
		gb = mempool_alloc(meta ? v->meta_pool : v->data_pool, gfp);
	if (!gb)
		return NULL;
	gb->meta = meta;
	refcount_set(&gb->ref, 1);
	bitmap_zero(gb->have, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(gb->bad, RLNC_MAX_FRAGMENT_PAGES);
	bitmap_zero(gb->row_error, RLNC_MAX_MEMBERS);
	bitmap_zero(gb->skipped, RLNC_MAX_MEMBERS);
	atomic_inc(&v->live_gbufs);
	gb->node = NULL;
	gb->slot = RLNC_SLOT_NONE;
	return gb;
}

/*
 * May run in interrupt context, from the last late bio; mempool_free() refills
 * a depleted pool first, so that waiters come before the idle list.
 */
static void gbuf_release(struct rlnc_gbuf *gb)
{
	struct rlnc_volume *v = gb->v;
	mempool_t *pool = gb->meta ? v->meta_pool : v->data_pool;
	unsigned long flags;
	bool keep = false;

	if (gb->rows != READ_ONCE(v->gbuf_rows)) {
		gbuf_destroy(gb);
		atomic_dec(&v->live_gbufs);
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
	atomic_dec(&v->live_gbufs);
}

void rlnc_gbuf_put(struct rlnc_gbuf *gb)
{
	if (refcount_dec_and_test(&gb->ref))
		gbuf_release(gb);
}

/* --- member I/O ----------------------------------------------------------- */

static void gbuf_io_done(struct rlnc_gbuf *gb)
{
	rcu_read_lock();
	if (atomic_dec_and_test(&gb->pending))
		wake_up(&gb->wait);
	rlnc_gbuf_put(gb);
	rcu_read_unlock();
}

static void fragment_endio(struct bio *bio)
{
	struct fragment_bio *fb = container_of(bio, struct fragment_bio, bio);
	struct rlnc_gbuf *gb = fb->gb;
	u32 first = fb->row * gb->v->pps + fb->col;
	u32 i;

	rlnc_member_account(&gb->v->member[fb->row], bio_op(bio),
			    fb->cols * RLNC_SECTOR_BYTES, fb->start, bio->bi_status);
	if (op_is_write(bio_op(bio))) {
		if (bio->bi_status)
			set_bit(fb->row, gb->row_error);
	} else {
		for (i = first; i < first + fb->cols; i++)
			set_bit(i, bio->bi_status ? gb->bad : gb->have);
	}
	bio_put(bio);
	gbuf_io_done(gb);
}

/* Begin a round of I/O; rlnc_gbuf_io_wait() ends it. */
void rlnc_gbuf_io_begin(struct rlnc_gbuf *gb)
{
	atomic_set(&gb->pending, 1);
	refcount_inc(&gb->ref);
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
 * Pages read show up in @gb->have or @gb->bad, failed writes in
 * @gb->row_error.
 */
void rlnc_gbuf_io(struct rlnc_gbuf *gb, blk_opf_t opf, u64 slot, u32 row, u32 col,
		  u32 cols)
{
	struct rlnc_volume *v = gb->v;
	struct fragment_bio *fb;
	struct bio *bio;
	u32 i;

	bio = bio_alloc_bioset(v->member[row].dev->bdev, cols, opf, GFP_NOIO, &v->bios);
	fb = container_of(bio, struct fragment_bio, bio);
	fb->gb = gb;
	fb->row = row;
	fb->col = col;
	fb->cols = cols;
	bio->bi_iter.bi_sector = (RLNC_SLOTS_OFFSET + slot * v->geo.symbol +
				  (u64)col * RLNC_SECTOR_BYTES) >> SECTOR_SHIFT;
	bio->bi_end_io = fragment_endio;
	for (i = col; i < col + cols; i++)
		__bio_add_page(bio, rlnc_fragment_page(gb, row, i), RLNC_SECTOR_BYTES, 0);
	atomic_inc(&gb->pending);
	refcount_inc(&gb->ref);
	fb->start = ktime_get_ns();
	submit_bio(bio);
}

/* Wait until every bio of the round has ended. */
void rlnc_gbuf_io_wait(struct rlnc_gbuf *gb)
{
	gbuf_io_done(gb);
	wait_event(gb->wait, !atomic_read(&gb->pending));
}
