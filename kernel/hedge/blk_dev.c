// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices: the guest's pages go straight into a bio.
 *
 * A guest is killed in bounded time even when its device hangs: the request, with the
 * pages and the device, is then left to its end_io, which gives them back whenever that
 * comes.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "hedge.h"

#define REQUEST_PAGES	64
#define BOUNCE_PAGES	16
#define FLUSH_SECONDS	10

enum request_state {
	IN_FLIGHT,
	DONE,
	ABANDONED,
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
	struct block_device *bdev;
	fmode_t mode;
	u64 capacity;			/* bytes */
	u32 block_size;			/* bytes, of the guest's requests */
	u32 align_mask;			/* that pages of a bio must meet */
	bool written;			/* since the last flush */
	struct request *req;		/* NULL: it was abandoned */
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

static void release_bdev(struct hedge_block *blk)
{
	blkdev_put(blk->bdev, blk->mode);
	if (blk->bounce)
		__free_pages(blk->bounce, get_order(BOUNCE_PAGES * PAGE_SIZE));
	kfree(blk->req);
	kfree(blk);
}

static void release_abandoned(struct work_struct *work)
{
	struct request *req = container_of(work, struct request, release);
	struct hedge_block *blk = req->blk;

	unpin_user_pages_dirty_lock(req->page, req->pages, req->dirty);
	blk->req = req;
	release_bdev(blk);
	if (atomic_dec_and_test(&abandoned))
		wake_up(&abandoned_wait);
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
	blk->req = kzalloc(sizeof(*blk->req), GFP_KERNEL);
	if (!blk->req)
		goto err_free;
	blk->req->blk = blk;
	init_completion(&blk->req->done);
	INIT_WORK(&blk->req->release, release_abandoned);
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
		release_bdev(blk);
		return ERR_PTR(ret);
	}
	return blk;

err_free:
	kfree(blk->req);
	kfree(blk);
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

	if (atomic_cmpxchg(&req->state, IN_FLIGHT, DONE) == IN_FLIGHT)
		complete(&req->done);
	else
		queue_work(release_wq, &req->release);
}

static void submit(struct request *req)
{
	reinit_completion(&req->done);
	atomic_set(&req->state, IN_FLIGHT);
	req->bio.bi_end_io = end_io;
	submit_bio(&req->bio);
}

/* The waiter gives up: the device and all that the request has are left to end_io(). */
static int abandon(struct hedge_block *blk)
{
	struct request *req = blk->req;

	atomic_inc(&abandoned);
	if (atomic_cmpxchg(&req->state, IN_FLIGHT, ABANDONED) != IN_FLIGHT) {
		atomic_dec(&abandoned);
		return 0;
	}
	blk->req = NULL;
	return -EINTR;
}

/* Returns 0 when it is done, however it went, or -EINTR when it was abandoned. */
static int wait_for(struct hedge_block *blk)
{
	return wait_for_completion_killable(&blk->req->done) ? abandon(blk) : 0;
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

	len = min_t(u64, len, REQUEST_PAGES * PAGE_SIZE - head);
	len = round_down(len, blk->align_mask + 1);
	n = DIV_ROUND_UP(head + len, PAGE_SIZE);
	ret = pin_user_pages_fast(HEDGE_GUEST_ADDR + gpa - head, n, write ? 0 : FOLL_WRITE,
				  req->page);
	if (ret != n) {
		if (ret > 0)
			unpin_user_pages(req->page, ret);
		hedge_vm_die(vm, "host/guest translation fault: %llu bytes at %#llx cannot be %s",
			     len, gpa, write ? "read" : "written");
		return -EFAULT;
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

/* A buffer that the device cannot take as it is. */
static ssize_t transfer_bounced(struct hedge_vm *vm, struct hedge_block *blk, u64 offset, u64 gpa,
				u64 len, bool write)
{
	void *buf;
	int ret;

	if (!blk->bounce)
		blk->bounce = alloc_pages(GFP_KERNEL_ACCOUNT,
					  get_order(BOUNCE_PAGES * PAGE_SIZE));
	if (!blk->bounce) {
		hedge_vm_die(vm, "out of memory for a buffer that is not aligned");
		return -ENOMEM;
	}
	buf = page_address(blk->bounce);
	len = min_t(u64, len, BOUNCE_PAGES * PAGE_SIZE);
	if (write && hedge_guest_read(vm, buf, gpa, len))
		return -EFAULT;
	start_bio(blk, write ? REQ_OP_WRITE | REQ_SYNC | REQ_IDLE : REQ_OP_READ, offset);
	__bio_add_page(&blk->req->bio, blk->bounce, len, 0);
	ret = finish_bio(vm, blk, offset, write);
	if (ret)
		return ret;
	if (!write && hedge_guest_write(vm, gpa, buf, len))
		return -EFAULT;
	return len;
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
		if ((gpa & blk->align_mask) == 0)
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

/* What was written is to be durable before the VM is told to have ended. */
static int flush(struct hedge_block *blk)
{
	if (!blk->written)
		return 0;
	bio_init(&blk->req->bio, blk->bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	blk->req->pages = 0;
	submit(blk->req);
	if (!wait_for_completion_timeout(&blk->req->done, FLUSH_SECONDS * HZ) && abandon(blk)) {
		pr_warn("%pg is not flushed after %u s\n", blk->bdev, FLUSH_SECONDS);
		return -EINTR;
	}
	if (blk->req->bio.bi_status)
		pr_warn("%pg cannot be flushed: error %d\n", blk->bdev,
			-blk_status_to_errno(blk->req->bio.bi_status));
	bio_uninit(&blk->req->bio);
	return 0;
}

/**
 * hedge_block_close - flush and close
 */
void hedge_block_close(struct hedge_block *blk)
{
	if (blk->req && !flush(blk))
		release_bdev(blk);
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
