// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices: the guest's pages go straight into a bio.
 *
 * A guest is killed in bounded time even when its device hangs: the request, with the
 * pages, is then left to its end_io, which gives them back whenever that comes.  The
 * device is closed by whoever is the last to need it: that may come first.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "hedge.h"

#define REQUEST_PAGES	(HEDGE_BLOCK_SLICE / PAGE_SIZE)
#define BOUNCE_PAGES	16
#define COPIED_MAX	1024		/* bytes: to copy them costs less than to pin their page */
#define FLUSH_SECONDS	10

enum request_state {
	SUBMITTED,
	WAITED_FOR,
	ABANDONED,
	DONE,
};

/* One request at a time: a guest has one processor. */
struct request {
	struct hedge_block *blk;
	atomic_t state;
	struct completion done;
	struct bio bio;
	struct bio_vec vec[REQUEST_PAGES];
	struct page *page[REQUEST_PAGES];
	u32 pages;			/* that are pinned */
	bool dirty;			/* the device has written to them */
	struct work_struct release;	/* of one that was abandoned */
};

struct hedge_block {
	refcount_t users;		/* the VM, and each request that was abandoned */
	struct block_device *bdev;
	fmode_t mode;
	u64 capacity;			/* bytes */
	u32 block_size;			/* bytes, of the guest's requests */
	u32 align_mask;			/* that pages of a bio must meet */
	bool written;			/* to be flushed at the end */
	struct request *req;		/* NULL: it was abandoned */
	struct request *flush;		/* the last one, whatever has become of .req */
	struct page *small;		/* for requests that are copied */
	struct page *bounce;		/* for buffers that are not aligned; NULL till then */
};

static struct workqueue_struct *release_wq;
static atomic_t abandoned;
static DECLARE_WAIT_QUEUE_HEAD(abandoned_wait);

/* --- opening and closing --------------------------------------------------------- */

static struct block_device *open_bdev(const char *path, bool readonly, fmode_t *mode,
				      struct hedge_block *holder)
{
	struct block_device *bdev;

	*mode = FMODE_READ | FMODE_EXCL | (readonly ? 0 : FMODE_WRITE);
	bdev = blkdev_get_by_path(path, *mode, holder);
	/* One that cannot be written to is a disk that is read-only, to the guest, too. */
	if (IS_ERR(bdev) && !readonly &&
	    (PTR_ERR(bdev) == -EACCES || PTR_ERR(bdev) == -EROFS)) {
		*mode &= ~FMODE_WRITE;
		bdev = blkdev_get_by_path(path, *mode, holder);
	}
	return bdev;
}

static int set_geometry(struct hedge_block *blk, u32 block_size, const char **why)
{
	u32 own = max_t(u32, bdev_logical_block_size(blk->bdev), SECTOR_SIZE);

	blk->block_size = block_size ?: own;
	blk->align_mask = max_t(u32, own - 1, bdev_dma_alignment(blk->bdev));
	blk->capacity = round_down(bdev_nr_bytes(blk->bdev), (u64)blk->block_size);
	if (blk->block_size < own)
		*why = "block_size is smaller than the blocks of the device";
	else if (!blk->capacity)
		*why = "the device is empty";
	else
		return 0;
	return -EINVAL;
}

static void free_block(struct hedge_block *blk)
{
	if (blk->bounce)
		__free_pages(blk->bounce, get_order(BOUNCE_PAGES * PAGE_SIZE));
	if (blk->small)
		__free_page(blk->small);
	kfree(blk->flush);
	kfree(blk->req);
	kfree(blk);
}

static void put_block(struct hedge_block *blk)
{
	if (!refcount_dec_and_test(&blk->users))
		return;
	blkdev_put(blk->bdev, blk->mode);
	free_block(blk);
}

static void release_abandoned(struct work_struct *work)
{
	struct request *req = container_of(work, struct request, release);
	struct hedge_block *blk = req->blk;

	unpin_user_pages_dirty_lock(req->page, req->pages, req->dirty);
	kfree(req);
	put_block(blk);
	if (atomic_dec_and_test(&abandoned))
		wake_up(&abandoned_wait);
}

static struct request *alloc_request(struct hedge_block *blk)
{
	struct request *req = kzalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return NULL;
	req->blk = blk;
	init_completion(&req->done);
	INIT_WORK(&req->release, release_abandoned);
	return req;
}

/**
 * hedge_block_open - open a device for a guest
 * @path:	of the device
 * @block_size:	bytes; 0: the device's own
 * @readonly:	even if it could be written to
 * @why:	says what is wrong
 *
 * Nobody else may have it open for himself.
 *
 * Return: a device, or an error.
 */
struct hedge_block *hedge_block_open(const char *path, u32 block_size, bool readonly,
				     const char **why)
{
	struct hedge_block *blk = kzalloc(sizeof(*blk), GFP_KERNEL);
	int ret = -ENOMEM;

	*why = "out of memory";
	if (!blk)
		return ERR_PTR(-ENOMEM);
	refcount_set(&blk->users, 1);
	blk->req = alloc_request(blk);
	blk->flush = alloc_request(blk);
	blk->small = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!blk->req || !blk->flush || !blk->small)
		goto err_free;
	blk->bdev = open_bdev(path, readonly, &blk->mode, blk);
	if (IS_ERR(blk->bdev)) {
		ret = PTR_ERR(blk->bdev);
		*why = ret == -EBUSY ? "the device is in use" :
		       ret == -ENOTBLK ? "it is not a block device" :
					 "the device cannot be opened";
		goto err_free;
	}
	ret = set_geometry(blk, block_size, why);
	if (ret) {
		put_block(blk);
		return ERR_PTR(ret);
	}
	return blk;

err_free:
	free_block(blk);
	return ERR_PTR(ret);
}

u64 hedge_block_capacity(const struct hedge_block *blk)
{
	return blk->capacity;
}

u32 hedge_block_size(const struct hedge_block *blk)
{
	return blk->block_size;
}

bool hedge_block_readonly(const struct hedge_block *blk)
{
	return !(blk->mode & FMODE_WRITE);
}

/* --- requests -------------------------------------------------------------------- */

static void end_io(struct bio *bio)
{
	struct request *req = container_of(bio, struct request, bio);

	switch (atomic_xchg(&req->state, DONE)) {
	case WAITED_FOR:
		complete(&req->done);
		break;
	case ABANDONED:
		queue_work(release_wq, &req->release);
		break;
	}
}

static void submit(struct request *req)
{
	atomic_set(&req->state, SUBMITTED);
	req->bio.bi_end_io = end_io;
	submit_bio(&req->bio);
}

/*
 * Does it have to be waited for?  Memory, and what is near it, has done a request when
 * submit_bio() returns: nobody is put to sleep for that, or woken.
 */
static bool must_wait(struct request *req)
{
	if (atomic_read_acquire(&req->state) == DONE)
		return false;
	reinit_completion(&req->done);
	return atomic_cmpxchg(&req->state, SUBMITTED, WAITED_FOR) == SUBMITTED;
}

/*
 * The waiter gives up: the request, and all that it has, is left to end_io(); *@at becomes
 * NULL.  Returns 0 if it is done all the same.
 */
static int abandon(struct request **at)
{
	struct request *req = *at;

	atomic_inc(&abandoned);
	refcount_inc(&req->blk->users);
	if (atomic_cmpxchg(&req->state, WAITED_FOR, ABANDONED) != WAITED_FOR) {
		atomic_dec(&abandoned);
		refcount_dec(&req->blk->users);
		/* end_io() is at it: the request is ours when it has let go. */
		wait_for_completion(&req->done);
		return 0;
	}
	*at = NULL;
	return -EINTR;
}

/* Returns 0 when it is done, however it went, or -EINTR when it was abandoned. */
static int wait_for(struct hedge_block *blk)
{
	if (!must_wait(blk->req))
		return 0;
	return wait_for_completion_killable(&blk->req->done) ? abandon(&blk->req) : 0;
}

static void start_bio(struct hedge_block *blk, blk_opf_t op, u64 offset)
{
	bio_init(&blk->req->bio, blk->bdev, blk->req->vec, REQUEST_PAGES, op);
	blk->req->bio.bi_iter.bi_sector = offset >> SECTOR_SHIFT;
}

static int finish_bio(struct hedge_vm *vm, struct hedge_block *blk, u64 offset, bool write)
{
	int ret;

	submit(blk->req);
	ret = wait_for(blk);
	if (ret)
		return ret;
	ret = blk_status_to_errno(blk->req->bio.bi_status);
	bio_uninit(&blk->req->bio);
	if (ret)
		hedge_vm_die(vm, "%s of the block device fails at %llu: error %d",
			     write ? "write" : "read", offset, -ret);
	return ret;
}

/* Up to REQUEST_PAGES pages of the guest: bytes that were moved, or -errno. */
static ssize_t transfer_pages(struct hedge_vm *vm, struct hedge_block *blk, u64 offset, u64 gpa,
			      u64 len, bool write)
{
	struct request *req = blk->req;
	u32 head = offset_in_page(gpa), i, n;
	u64 left;
	int ret;

	/* Both the pages and @head are of whole blocks of the device, and so is the rest. */
	len = min_t(u64, len, REQUEST_PAGES * PAGE_SIZE - head);
	n = DIV_ROUND_UP(head + len, PAGE_SIZE);
	ret = pin_user_pages_fast(HEDGE_GUEST_ADDR + gpa - head, n, write ? 0 : FOLL_WRITE,
				  req->page);
	if (ret != n) {
		if (ret > 0)
			unpin_user_pages(req->page, ret);
		return hedge_guest_refuse(vm, write ? "read" : "written", gpa, len);
	}
	req->pages = n;
	req->dirty = !write;
	start_bio(blk, write ? REQ_OP_WRITE | REQ_SYNC | REQ_IDLE : REQ_OP_READ, offset);
	for (i = 0, left = len; i < n; i++, head = 0) {
		u32 part = min_t(u64, left, PAGE_SIZE - head);

		__bio_add_page(&req->bio, req->page[i], part, head);
		left -= part;
	}
	ret = finish_bio(vm, blk, offset, write);
	if (ret == -EINTR)
		return ret;
	unpin_user_pages_dirty_lock(req->page, n, !write);
	req->pages = 0;
	return ret ?: len;
}

/* By way of pages of our own, which have room for it. */
static ssize_t transfer_copied(struct hedge_vm *vm, struct hedge_block *blk, struct page *page,
			       u64 offset, u64 gpa, u64 len, bool write)
{
	void *buf = page_address(page);
	int ret;

	if (write && hedge_guest_read(vm, buf, gpa, len))
		return -EFAULT;
	start_bio(blk, write ? REQ_OP_WRITE | REQ_SYNC | REQ_IDLE : REQ_OP_READ, offset);
	__bio_add_page(&blk->req->bio, page, len, 0);
	ret = finish_bio(vm, blk, offset, write);
	if (ret)
		return ret;
	if (!write && hedge_guest_write(vm, gpa, buf, len))
		return -EFAULT;
	return len;
}

/* A buffer that the device cannot take as it is. */
static ssize_t transfer_bounced(struct hedge_vm *vm, struct hedge_block *blk, u64 offset, u64 gpa,
				u64 len, bool write)
{
	if (!blk->bounce)
		blk->bounce = alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_NORETRY,
					  get_order(BOUNCE_PAGES * PAGE_SIZE));
	/* What there is otherwise is slow, and good enough. */
	if (!blk->bounce)
		return transfer_copied(vm, blk, blk->small, offset, gpa,
				       min_t(u64, len, PAGE_SIZE), write);
	return transfer_copied(vm, blk, blk->bounce, offset, gpa,
			       min_t(u64, len, BOUNCE_PAGES * PAGE_SIZE), write);
}

/**
 * hedge_block_transfer - move blocks between a device and the guest
 * @vm:		VM of the current task
 * @blk:	device
 * @offset:	bytes on it; this and @len are multiples of its block size and on it
 * @gpa:	buffer; was found to be in memory
 * @len:	bytes
 * @write:	to the device
 *
 * Return: 0, or -errno and the VM ends.
 */
int hedge_block_transfer(struct hedge_vm *vm, struct hedge_block *blk, u64 offset, u64 gpa,
			 u64 len, bool write)
{
	ssize_t done;

	blk->written |= write;
	while (len) {
		/* What was given up took its request with it. */
		if (!blk->req)
			return -EINTR;
		if (len <= COPIED_MAX)
			done = transfer_copied(vm, blk, blk->small, offset, gpa, len, write);
		else if ((gpa & blk->align_mask) == 0)
			done = transfer_pages(vm, blk, offset, gpa, len, write);
		else
			done = transfer_bounced(vm, blk, offset, gpa, len, write);
		if (done < 0)
			return done;
		offset += done;
		gpa += done;
		len -= done;
	}
	return 0;
}

/*
 * What was written, and answered, is to be durable before the VM is told to have ended; a
 * request that was abandoned has not been answered.
 */
static void flush(struct hedge_block *blk)
{
	struct request *req = blk->flush;

	bio_init(&req->bio, blk->bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	submit(req);
	if (must_wait(req) &&
	    !wait_for_completion_timeout(&req->done, FLUSH_SECONDS * HZ) && abandon(&blk->flush)) {
		pr_warn("%pg is not flushed after %u s\n", blk->bdev, FLUSH_SECONDS);
		return;
	}
	if (req->bio.bi_status)
		pr_warn("%pg cannot be flushed: error %d\n", blk->bdev,
			-blk_status_to_errno(req->bio.bi_status));
	bio_uninit(&req->bio);
}

/**
 * hedge_block_close - flush what was written, and close
 */
void hedge_block_close(struct hedge_block *blk)
{
	if (blk->written)
		flush(blk);
	put_block(blk);
}

int hedge_block_module_init(void)
{
	release_wq = alloc_workqueue("hedge-release", WQ_UNBOUND, 0);
	return release_wq ? 0 : -ENOMEM;
}

/* Waits for what was abandoned: its end_io is ours. */
void hedge_block_module_exit(void)
{
	wait_event(abandoned_wait, !atomic_read(&abandoned));
	destroy_workqueue(release_wq);
}
