// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images: files, read whole once, so that what was digested and checked is what runs.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel_read_file.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <crypto/sha2.h>
#include "hedge.h"

#define DIGEST_STEP	SZ_1M

static DEFINE_MUTEX(images_lock);	/* protects the list and its numbers */
static LIST_HEAD(images);
static u32 last_id;

static void image_free(struct kref *ref)
{
	kfree(container_of(ref, struct hedge_image, ref));
}

/**
 * hedge_image_done - its contents are not needed any more
 * @image:	with a reference; hedge_image_forget() drops that
 *
 * What is known of it stays.
 */
void hedge_image_done(struct hedge_image *image)
{
	if (!refcount_dec_and_test(&image->readers))
		return;
	hedge_snapshot_close(image);
	vfree(image->data);
	image->data = NULL;
	hedge_staging_uncharge(image->charged);
	image->charged = 0;
}

/* Drop a reference, after hedge_image_done(). */
void hedge_image_forget(struct hedge_image *image)
{
	kref_put(&image->ref, image_free);
}

/**
 * hedge_image_put - drop a reference, contents and all
 */
void hedge_image_put(struct hedge_image *image)
{
	if (!image)
		return;
	hedge_image_done(image);
	hedge_image_forget(image);
}

/* By who has one, and the contents with it. */
struct hedge_image *hedge_image_ref(struct hedge_image *image)
{
	kref_get(&image->ref);
	refcount_inc(&image->readers);
	return image;
}

/**
 * hedge_image_digest - SHA-256 of something large
 * @data:	bytes
 * @size:	of them
 * @digest:	receives it
 *
 * Other tasks have their turn meanwhile.
 */
void hedge_image_digest(const u8 *data, size_t size, u8 *digest)
{
	struct sha256_state sha;
	size_t at, len;

	sha256_init(&sha);
	for (at = 0; at < size; at += len) {
		len = min_t(size_t, size - at, DIGEST_STEP);
		sha256_update(&sha, data + at, len);
		cond_resched();
	}
	sha256_final(&sha, digest);
}

static int read_whole(struct hedge_image *image, const char **why)
{
	/* What is no regular file is not waited for, but refused. */
	struct file *file = filp_open(image->path, O_RDONLY | O_LARGEFILE | O_NONBLOCK | O_NOCTTY |
						   O_CLOEXEC, 0);
	ssize_t size;

	if (IS_ERR(file)) {
		size = PTR_ERR(file);
	} else {
		size = i_size_read(file_inode(file));
		/* An empty file is no error of reading: the image's parser says what it lacks. */
		if (size || !S_ISREG(file_inode(file)->i_mode))
			size = kernel_read_file(file, 0, &image->data, HEDGE_IMAGE_MAX, NULL,
						READING_UNKNOWN);
		fput(file);
	}
	if (size == -EFBIG)
		*why = "the file is too large for an image";
	else if (size == -EWOULDBLOCK)
		*why = "somebody has a lease on the file: try again";
	else if (size == -EINVAL)
		*why = "it is no regular file";
	else if (size < 0)
		*why = "the file cannot be read";
	if (size < 0)
		return size;
	image->size = size;
	hedge_image_digest(image->data, size, image->digest);
	return hvt_image_parse(image->data, size, &image->layout, why);
}

/* An image of which only the path is known. */
struct hedge_image *hedge_image_alloc(const char *path)
{
	size_t len = strlen(path) + 1;
	struct hedge_image *image = kzalloc(struct_size(image, path, len), GFP_KERNEL);

	if (!image)
		return NULL;
	kref_init(&image->ref);
	refcount_set(&image->readers, 1);
	INIT_LIST_HEAD(&image->link);
	memcpy(image->path, path, len);
	return image;
}

static struct hedge_image *image_read(const char *path, const char **why)
{
	struct hedge_image *image = hedge_image_alloc(path);
	int ret;

	if (!image) {
		*why = "out of memory";
		return ERR_PTR(-ENOMEM);
	}
	ret = read_whole(image, why);
	if (ret) {
		hedge_image_put(image);
		return ERR_PTR(ret);
	}
	return image;
}

static struct hedge_image *find_locked(const char *path)
{
	struct hedge_image *image;

	lockdep_assert_held(&images_lock);
	list_for_each_entry(image, &images, link)
		if (!strcmp(image->path, path))
			return image;
	return NULL;
}

/**
 * hedge_image_get - the image at a path
 * @path:	absolute
 * @why:	says what is wrong
 *
 * It is the one that was loaded from there, if there is one; otherwise the file is
 * read now, as the caller may.
 *
 * Return: an image with a reference, or an error.
 */
struct hedge_image *hedge_image_get(const char *path, const char **why)
{
	struct hedge_image *image;

	if (hedge_staging_has(path))
		return hedge_staging_get(path, why);
	mutex_lock(&images_lock);
	image = find_locked(path);
	if (image)
		hedge_image_ref(image);
	mutex_unlock(&images_lock);
	return image ?: image_read(path, why);
}

/**
 * hedge_image_load - keep the image at a path
 * @path:	absolute
 * @why:	says what is wrong
 *
 * It is read again if it was loaded before; VMs go on with what they have.
 *
 * Return: 0 or -errno.
 */
int hedge_image_load(const char *path, const char **why)
{
	struct hedge_image *image = hedge_staging_has(path) ? hedge_staging_get(path, why) :
							      image_read(path, why), *old;

	if (IS_ERR(image))
		return PTR_ERR(image);
	/* What was put here is kept already. */
	if (image->charged) {
		hedge_image_put(image);
		return 0;
	}
	mutex_lock(&images_lock);
	old = find_locked(path);
	image->id = old ? old->id : ++last_id;
	if (old)
		list_del_init(&old->link);
	list_add_tail(&image->link, &images);
	mutex_unlock(&images_lock);
	hedge_image_put(old);
	return 0;
}

/**
 * hedge_image_unload - keep it no longer
 *
 * Return: 0 or -ENOENT.
 */
int hedge_image_unload(const char *path)
{
	struct hedge_image *image;

	if (hedge_staging_has(path))
		return hedge_staging_remove(path);
	mutex_lock(&images_lock);
	image = find_locked(path);
	if (image)
		list_del_init(&image->link);
	mutex_unlock(&images_lock);
	if (!image)
		return -ENOENT;
	hedge_image_put(image);
	return 0;
}

void hedge_images_exit(void)
{
	struct hedge_image *image, *next;

	list_for_each_entry_safe(image, next, &images, link) {
		list_del(&image->link);
		hedge_image_put(image);
	}
}
