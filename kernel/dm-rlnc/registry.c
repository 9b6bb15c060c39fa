// SPDX-License-Identifier: GPL-2.0-only
/*
 * The volumes that are live, and can be seen: one for each mapped device.  A table that takes
 * another's place takes its place here as well, before the old one is destroyed.
 */
#include "dm-rlnc.h"

static DEFINE_MUTEX(registry_mutex);	/* inside everything of a volume */
static LIST_HEAD(registry);
static LIST_HEAD(claims);		/* volumes that write, or may have begun to */

static struct mapped_device *md_of(const struct rlnc_volume *v)
{
	return dm_table_get_md(v->ti->table);
}

/* Has a volume this device, or had it before a replacement, or was to have it? */
static bool has_device(const struct rlnc_volume *v, const struct block_device *bdev)
{
	const struct dm_dev *now, *before;
	u32 i, given_up;

	for (i = 0; i < v->members_room; i++) {
		now = READ_ONCE(v->devs[i]);
		before = READ_ONCE(v->retired[i]);
		if ((now && now->bdev == bdev) || (before && before->bdev == bdev))
			return true;
	}
	given_up = smp_load_acquire(&v->abandoned_count);	/* pairs with abandon() */
	for (i = 0; i < given_up; i++)
		if (v->abandoned[i]->bdev == bdev)
			return true;
	return false;
}

/* Will it be gone, or is it suspended, when @v is live? */
static bool makes_way(const struct rlnc_volume *other, const struct rlnc_volume *v)
{
	return other == v || (md_of(other) == md_of(v) && other->ti->table != v->ti->table);
}

static int check_device(const struct rlnc_volume *v, const struct dm_dev *dev)
{
	const struct rlnc_volume *other;

	lockdep_assert_held(&registry_mutex);
	list_for_each_entry(other, &claims, claimed) {
		if (makes_way(other, v) || !has_device(other, dev->bdev))
			continue;
		DMERR("%s: %s is a member of %s, which is open; close that first",
		      rlnc_name(v), dev->name, rlnc_name(other));
		return -EBUSY;
	}
	return 0;
}

/**
 * rlnc_registry_claim - let no other mapped device have the same members
 * @v:	volume that is about to go live
 *
 * Device mapper lets any number of its devices have a device open.  Two that write to the
 * same members would destroy both.  Another table of the same mapped device is no
 * other: it has been suspended.
 *
 * Return: 0, or -EBUSY; the log says whose the member is.
 */
int rlnc_registry_claim(struct rlnc_volume *v)
{
	int ret = 0;
	u32 i;

	mutex_lock(&registry_mutex);
	for (i = 0; i < v->n && !ret; i++)
		if (v->devs[i])
			ret = check_device(v, v->devs[i]);
	if (!ret && list_empty(&v->claimed))
		list_add_tail(&v->claimed, &claims);
	mutex_unlock(&registry_mutex);
	return ret;
}

/**
 * rlnc_registry_check_device - is a device free to become a member
 * @v:		volume that it is meant for
 * @dev:	the device
 *
 * Return: 0, or -EBUSY; the log says whose member it is.
 */
int rlnc_registry_check_device(const struct rlnc_volume *v, const struct dm_dev *dev)
{
	int ret;

	mutex_lock(&registry_mutex);
	ret = check_device(v, dev);
	mutex_unlock(&registry_mutex);
	return ret;
}

/**
 * rlnc_registry_add - a volume goes live
 * @v:	volume; nothing happens when it is there already
 *
 * Return: true if it is new here, false if it was only suspended.
 */
bool rlnc_registry_add(struct rlnc_volume *v)
{
	struct mapped_device *md = md_of(v);
	struct rlnc_volume *other;
	bool added = false;

	mutex_lock(&registry_mutex);
	if (!list_empty(&v->registered))
		goto out;
	list_for_each_entry(other, &registry, registered) {
		if (md_of(other) != md)
			continue;
		list_del_init(&other->registered);
		rlnc_sysfs_remove(other);
		break;
	}
	list_add_tail(&v->registered, &registry);
	rlnc_sysfs_add(v);
	added = true;
out:
	mutex_unlock(&registry_mutex);
	return added;
}

/**
 * rlnc_registry_remove - a volume is being destroyed
 * @v:	volume
 *
 * When this returns nobody who found it here is still at it.
 *
 * Return: true if it was here: not if it never went live, or if another table
 * has taken its place.
 */
bool rlnc_registry_remove(struct rlnc_volume *v)
{
	bool was;

	mutex_lock(&registry_mutex);
	was = !list_empty(&v->registered);
	list_del_init(&v->registered);
	list_del_init(&v->claimed);
	rlnc_sysfs_remove(v);
	mutex_unlock(&registry_mutex);
	return was;
}

/**
 * rlnc_registry_lock - look at a volume
 * @index:	in the order in which they went live
 *
 * Return: the volume, which stays until rlnc_registry_unlock(), or NULL if there
 * are no more; unlock in either case.
 */
struct rlnc_volume *rlnc_registry_lock(unsigned long index)
{
	struct rlnc_volume *v;

	mutex_lock(&registry_mutex);
	list_for_each_entry(v, &registry, registered)
		if (!index--)
			return v;
	return NULL;
}

void rlnc_registry_unlock(void)
{
	mutex_unlock(&registry_mutex);
}
