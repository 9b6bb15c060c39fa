// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: what a guest is, in a file, and guests made of it.  Those have the file's
 * memory until they write to it: each page is copied when that happens.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <crypto/sha2.h>
#include "hedge.h"

/* --- writing --------------------------------------------------------------------- */

static void fill_layout(const struct hvt_image *layout, struct hedge_snapshot *head)
{
	u32 i;

	head->segments = layout->segments;
	for (i = 0; i < layout->segments; i++)
		head->segment[i] = (struct hedge_snapshot_segment){
			.start = layout->segment[i].start,
			.end = layout->segment[i].end,
			.prot = layout->segment[i].prot,
		};
}

static void fill_manifest(const struct hedge_vm *vm, struct hedge_snapshot *head)
{
	struct hvt_manifest *manifest = (void *)head->manifest;
	u32 i;

	BUILD_BUG_ON(offsetof(struct hedge_snapshot, manifest) % __alignof__(*manifest));
	head->manifest_size = vm->manifest_size;
	memcpy(head->manifest, vm->manifest, vm->manifest_size);
	for (i = 0; i < manifest->entries; i++)
		manifest->e[i].attached = 0;
}

static int fill_head(struct hedge_vm *vm, struct hedge_snapshot *head)
{
	memcpy(head->magic, HEDGE_SNAPSHOT_MAGIC, sizeof(head->magic));
	head->version = HEDGE_SNAPSHOT_VERSION;
	head->mem_size = vm->mem;
	head->tsc_hz = vm->tsc_hz;
	memcpy(head->image_digest, vm->image->digest, sizeof(head->image_digest));
	fill_layout(&vm->image->layout, head);
	fill_manifest(vm, head);
	return hedge_kvm_save(vm->kvm, head);
}

static int answer_snapshot(struct hedge_vm *vm, struct hedge_request *req)
{
	struct hedge_snapshot *head = kvzalloc(HEDGE_SNAPSHOT_HEAD_SIZE, GFP_KERNEL);
	struct file *file = req->arg;
	int ret;

	if (!head)
		return -ENOMEM;
	ret = hedge_vm_settle(vm) ?:
	      fill_head(vm, head) ?:
	      hedge_dump_memory(vm, file, HEDGE_SNAPSHOT_HEAD_SIZE, req) ?:
	      hedge_dump_write(file, head, HEDGE_SNAPSHOT_HEAD_SIZE, 0);
	kvfree(head);
	return ret;
}

/**
 * hedge_snapshot_to - write what a VM is; it goes on
 * @vm:		VM
 * @path:	of a file that is not there
 * @why:	says what is wrong
 *
 * The head comes last: what was interrupted is no snapshot.
 *
 * Return: 0 or -errno.
 */
int hedge_snapshot_to(struct hedge_vm *vm, const char *path, const char **why)
{
	return hedge_dump_ask(vm, path, answer_snapshot, why);
}

/* --- reading --------------------------------------------------------------------- */

static int read_head(struct hedge_image *image, const char **why)
{
	struct file *file = image->snapshot_file;
	loff_t pos = 0;
	ssize_t done;

	image->snapshot = kvzalloc(HEDGE_SNAPSHOT_HEAD_SIZE, GFP_KERNEL);
	*why = "out of memory";
	if (!image->snapshot)
		return -ENOMEM;
	done = kernel_read(file, image->snapshot, HEDGE_SNAPSHOT_HEAD_SIZE, &pos);
	if (done != HEDGE_SNAPSHOT_HEAD_SIZE) {
		*why = "the file is too short for a snapshot";
		return done < 0 ? done : -ENOEXEC;
	}
	return hvt_snapshot_check(image->snapshot, i_size_read(file_inode(file)), why);
}

/**
 * hedge_snapshot_open - a snapshot, in the place of an image
 * @path:	absolute
 * @why:	says what is wrong
 *
 * As long as it is used, nobody can write to the file.
 *
 * Return: an image without data, with a reference; or an error.
 */
struct hedge_image *hedge_snapshot_open(const char *path, const char **why)
{
	struct hedge_image *image = hedge_image_alloc(path);
	int ret;

	*why = "out of memory";
	if (!image)
		return ERR_PTR(-ENOMEM);
	image->snapshot_file = filp_open(path, O_RDONLY | O_LARGEFILE | O_NONBLOCK | O_NOCTTY |
							 O_CLOEXEC, 0);
	if (IS_ERR(image->snapshot_file)) {
		ret = PTR_ERR(image->snapshot_file);
		image->snapshot_file = NULL;
		*why = ret == -EWOULDBLOCK ? "somebody has a lease on the file: try again" :
					     "the file cannot be opened";
		goto err_put;
	}
	*why = "it is no regular file";
	ret = S_ISREG(file_inode(image->snapshot_file)->i_mode) ? 0 : -EINVAL;
	if (ret)
		goto err_close;
	*why = "somebody has it open for writing";
	ret = deny_write_access(image->snapshot_file);
	if (ret)
		goto err_close;
	ret = read_head(image, why);
	if (ret)
		goto err_put;
	memcpy(image->digest, image->snapshot->image_digest, sizeof(image->digest));
	hvt_snapshot_layout(image->snapshot, &image->layout);
	return image;

err_close:
	fput(image->snapshot_file);
	image->snapshot_file = NULL;
err_put:
	hedge_image_put(image);
	return ERR_PTR(ret);
}

/**
 * hedge_snapshot_close - what hedge_snapshot_open() has done, undone
 */
void hedge_snapshot_close(struct hedge_image *image)
{
	kvfree(image->snapshot);
	image->snapshot = NULL;
	if (!image->snapshot_file)
		return;
	allow_write_access(image->snapshot_file);
	fput(image->snapshot_file);
	image->snapshot_file = NULL;
}

/**
 * hedge_snapshot_digest - SHA-256 of all of the file
 * @image:	snapshot
 * @digest:	receives it
 *
 * Return: 0 or -errno.
 */
int hedge_snapshot_digest(const struct hedge_image *image, u8 *digest)
{
	struct sha256_state sha;
	void *buf = (void *)__get_free_page(GFP_KERNEL);
	loff_t pos = HEDGE_SNAPSHOT_HEAD_SIZE;
	ssize_t done;

	if (!buf)
		return -ENOMEM;
	sha256_init(&sha);
	/* The head that will be used: who has the disk could give another one now. */
	sha256_update(&sha, (const u8 *)image->snapshot, HEDGE_SNAPSHOT_HEAD_SIZE);
	do {
		done = kernel_read(image->snapshot_file, buf, PAGE_SIZE, &pos);
		if (done > 0)
			sha256_update(&sha, buf, done);
		if (fatal_signal_pending(current))
			done = -EINTR;
		cond_resched();
	} while (done > 0);
	sha256_final(&sha, digest);
	free_page((unsigned long)buf);
	return done;
}

/**
 * hedge_snapshot_load - give a VM the memory of its snapshot
 * @vm:	VM of the current task
 *
 * Return: 0 or -errno.
 */
int hedge_snapshot_load(struct hedge_vm *vm)
{
	hedge_guestmem_open(&vm->guestmem, vm->image->snapshot_file, HEDGE_SNAPSHOT_HEAD_SIZE,
			    vm->mem);
	return hedge_guestmem_map(&vm->guestmem, &vm->image->layout);
}
