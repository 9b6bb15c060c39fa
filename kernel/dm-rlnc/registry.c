// SPDX-License-Identifier: GPL-2.0-only
/*
 * The volumes that are live, and can be seen: one for each mapped device.  A table that takes
 * another's place takes its place here as well, before the old one is destroyed.
 */
#include "dm-rlnc.h"

static DEFINE_MUTEX(registry_mutex);	/* inside everything of a volume */
static LIST_HEAD(registry);

/**
 * rlnc_registry_add - a volume goes live
 * @v:	volume; nothing happens when it is there already
 *
 * Return: true if it is new here, false if it was only suspended.
 */
bool rlnc_registry_add(struct rlnc_volume *v)
{
	struct mapped_device *md = dm_table_get_md(v->ti->table);
	struct rlnc_volume *other;
	bool added = false;

	mutex_lock(&registry_mutex);
	if (!list_empty(&v->registered))
		goto out;
	list_for_each_entry(other, &registry, registered) {
		if (dm_table_get_md(other->ti->table) != md)
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
