// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that other machines have put here: in memory, under staged:NAME, until nobody
 * has started them for HEDGE_STAGED_SECONDS, or nobody listens any more.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <crypto/sha2.h>
#include "hedge.h"

#define MAX_STAGED	64

static unsigned int staged_mb = 256;
module_param(staged_mb, uint, 0644);
MODULE_PARM_DESC(staged_mb, "memory for images that other machines put here, in MiB (256)");

static atomic64_t charged;		/* bytes, of transfers and of images until they are freed */

static DEFINE_MUTEX(staged_lock);	/* protects the list and what is in it */
static LIST_HEAD(staged_list);		/* the oldest first */
static u32 staged_count;

struct staged {
	struct list_head link;
	struct hedge_image *image;
	time64_t until;			/* seconds since boot */
};

/**
 * hedge_staging_charge - ask for room
 * @size:	bytes
 *
 * Return: 0, and hedge_staging_uncharge() follows; or -ENOSPC.
 */
int hedge_staging_charge(u64 size)
{
	u64 most = (u64)READ_ONCE(staged_mb) << 20;

	if (size <= most && atomic64_add_return(size, &charged) <= most)
		return 0;
	if (size <= most)
		atomic64_sub(size, &charged);
	return -ENOSPC;
}

void hedge_staging_uncharge(u64 size)
{
	atomic64_sub(size, &charged);
}

static struct staged *find_locked(const char *path)
{
	struct staged *s;

	lockdep_assert_held(&staged_lock);
	list_for_each_entry(s, &staged_list, link)
		if (!strcmp(s->image->path, path))
			return s;
	return NULL;
}

static void forget_locked(struct staged *s)
{
	lockdep_assert_held(&staged_lock);
	list_del(&s->link);
	staged_count--;
	hedge_image_put(s->image);
	kfree(s);
}

static void touch(struct staged *s)
{
	s->until = ktime_get_boottime_seconds() + HEDGE_STAGED_SECONDS;
}

static int check(struct hedge_image *image, const u8 *digest, const char **why)
{
	hedge_image_digest(image->data, image->size, image->digest);
	*why = "not the digest that was announced";
	if (memcmp(image->digest, digest, sizeof(image->digest)))
		return -EBADMSG;
	return hvt_image_parse(image->data, image->size, &image->layout, why);
}

static int insert(struct hedge_image *image, const char **why)
{
	struct staged *s = kzalloc(sizeof(*s), GFP_KERNEL), *old;
	int ret = 0;

	*why = "out of memory";
	if (!s)
		return -ENOMEM;
	s->image = image;
	touch(s);
	mutex_lock(&staged_lock);
	old = find_locked(image->path);
	if (!old && staged_count == MAX_STAGED) {
		*why = "too many images are staged";
		ret = -ENOSPC;
	} else {
		if (old)
			forget_locked(old);
		list_add_tail(&s->link, &staged_list);
		staged_count++;
		s = NULL;
	}
	mutex_unlock(&staged_lock);
	kfree(s);
	return ret;
}

/**
 * hedge_staging_add - an image has come, whole
 * @name:	of it
 * @data:	from vmalloc(); charged
 * @size:	bytes
 * @digest:	SHA-256 that it must have
 * @why:	says what is wrong
 *
 * One of this name is replaced; VMs go on with what they have.
 *
 * Return: 0, and data and charge are the image's; or -errno, and they are not.
 */
int hedge_staging_add(const char *name, void *data, size_t size, const u8 *digest,
		      const char **why)
{
	char path[sizeof(HEDGE_STAGED) + HEDGE_NAME_MAX];
	struct hedge_image *image;
	int ret;

	snprintf(path, sizeof(path), HEDGE_STAGED "%s", name);
	image = hedge_image_alloc(path);
	*why = "out of memory";
	if (!image)
		return -ENOMEM;
	image->data = data;
	image->size = size;
	image->charged = size;
	ret = check(image, digest, why) ?: insert(image, why);
	if (ret) {
		image->data = NULL;
		image->charged = 0;
		hedge_image_put(image);
	}
	return ret;
}

bool hedge_staging_has(const char *path)
{
	return !strncmp(path, HEDGE_STAGED, strlen(HEDGE_STAGED));
}

/**
 * hedge_staging_get - the image under staged:NAME
 *
 * Return: an image with a reference, or -ENOENT.
 */
struct hedge_image *hedge_staging_get(const char *path, const char **why)
{
	struct hedge_image *image = ERR_PTR(-ENOENT);
	struct staged *s;

	mutex_lock(&staged_lock);
	s = find_locked(path);
	if (s) {
		touch(s);
		image = hedge_image_ref(s->image);
	}
	mutex_unlock(&staged_lock);
	if (!s)
		*why = "no image of this name was put here";
	return image;
}

/* Return: 0 or -ENOENT. */
int hedge_staging_remove(const char *path)
{
	struct staged *s;

	mutex_lock(&staged_lock);
	s = find_locked(path);
	if (s)
		forget_locked(s);
	mutex_unlock(&staged_lock);
	return s ? 0 : -ENOENT;
}

/**
 * hedge_staging_expire - forget what nobody has wanted for long
 * @all:	or everything
 */
void hedge_staging_expire(bool all)
{
	time64_t now = ktime_get_boottime_seconds();
	struct staged *s, *next;

	mutex_lock(&staged_lock);
	list_for_each_entry_safe(s, next, &staged_list, link)
		if (all || now > s->until)
			forget_locked(s);
	mutex_unlock(&staged_lock);
}
