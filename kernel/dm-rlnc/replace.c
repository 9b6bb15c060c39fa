// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing a member: another device takes its place.
 *
 * Whatever superblock the device has is cleared first.  Then two checkpoints: the first
 * goes to the others, and says that the member is another one, which holds nothing; the
 * second takes it up, as one that returns.  A rebuild does the rest, and the old device
 * is retired.
 */
#include <linux/random.h>
#include "dm-rlnc.h"

static bool is_member(const struct rlnc_volume *v, const struct dm_dev *dev)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (v->member[i].dev == dev)
			return true;
	return false;
}

/*
 * The word of the table that stands for a member.  For one without a device: that
 * of a device that could not be read, or a "-".
 */
static struct dm_dev **table_place(struct rlnc_volume *v, const struct dm_dev *old)
{
	struct dm_dev **place = NULL;
	u32 i;

	for (i = 0; i < v->n; i++) {
		if (v->devs[i] == old && old)
			return &v->devs[i];
		if (v->devs[i] && !is_member(v, v->devs[i]))
			place = &v->devs[i];
	}
	for (i = 0; i < v->n && !place; i++)
		if (!v->devs[i])
			place = &v->devs[i];
	return place;
}

/* As rlnc_coverage(), of members of which some may be absent, if one had nothing. */
static bool coverage_without(struct rlnc_volume *v, u32 index)
{
	struct rlnc_member_info *info = &v->member[index].info;
	bool covered;
	u8 state;

	spin_lock(&v->member_lock);
	state = info->state;
	info->state = RLNC_MEMBER_ABSENT;
	covered = rlnc_coverage(v, READ_ONCE(v->birth), false);
	info->state = state;
	spin_unlock(&v->member_lock);
	return covered;
}

/* Would a checkpoint that goes to the others only count? */
static int check_others(struct rlnc_volume *v, u32 index)
{
	u32 others = rlnc_members_writable(v) - rlnc_member_writable(v, index);

	if (!coverage_without(v, index)) {
		DMERR("%s: member %u cannot be replaced now: without it fewer than %u members have everything; let a rebuild end, or return those that failed first",
		      rlnc_name(v), index, v->k);
		return -EBUSY;
	}
	/* It takes all of them: there is none that does not know. */
	if (v->writes_min == v->n || others >= v->writes_min)
		return 0;
	DMERR("%s: member %u cannot be replaced now: a commit takes %u members, and without it there are %u; return or replace those that failed first",
	      rlnc_name(v), index, v->writes_min, others);
	return -EBUSY;
}

/*
 * Have the others say that this member is another one from now on.  A commit may then
 * count the new device.  Were that the first to tell of it, the old device and those that
 * this commit did not reach could be as many as it takes to be sure of the newest state.
 */
static int tell_of_replacement(struct rlnc_volume *v, struct rlnc_member *m)
{
	spin_lock(&v->member_lock);
	get_random_bytes(m->info.id, sizeof(m->info.id));
	m->info.valid_through = 0;
	WRITE_ONCE(v->members_changed, true);
	spin_unlock(&v->member_lock);
	return v->writes_min == v->n ? 0 : rlnc_checkpoint_locked(v);
}

/* May another device take a member's place now? */
static int may_replace(struct rlnc_volume *v, u32 index)
{
	lockdep_assert_held(&v->checkpoint_mutex);
	if (v->suspended)
		return -EBUSY;
	if (READ_ONCE(v->stopped))
		return -EROFS;
	return check_others(v, index);
}

/*
 * Is the device good for it?  Then it is cleared: a superblock that it has of this volume,
 * from another branch of its history, must not be found before all copies are written over.
 * After an error the device is given back, or kept.
 */
static int prepare_device(struct rlnc_volume *v, u32 index, struct dm_dev *dev)
{
	int ret = rlnc_member_check_device(v, dev);

	if (!ret && v->abandoned_count == RLNC_SPARE_MEMBERS) {
		DMERR("%s: too many devices did not answer; close the volume and open it first",
		      rlnc_name(v));
		ret = -EBUSY;
	}
	if (!ret) {
		mutex_lock(&v->checkpoint_mutex);
		ret = may_replace(v, index);
		mutex_unlock(&v->checkpoint_mutex);
	}
	if (!ret)
		return rlnc_device_clear(v, dev);
	dm_put_device(v->ti, dev);
	return ret;
}

/**
 * rlnc_member_replace - put another device in a member's place
 * @v:		active volume
 * @index:	the member
 * @path:	of the device; what is on it is lost
 * @retired:	receives what became of the old one's superblocks, if 0 is returned:
 *		RLNC_RETIRED_...
 *
 * The old device stays open until the volume is closed: a request may still be
 * at it.  Its superblocks are erased where it answers; this waits for that, a few
 * deadlines at most, while the new device is being rebuilt.
 *
 * Return: 0; -EBUSY when @path is a member, @index was replaced before in this
 * activation, the others are too few for a commit or lack what it has, or the volume is
 * being suspended;
 * -ENOSPC when it is too small; -EROFS when the volume takes no writes; or the error of
 * opening it: nothing has changed then.  -EIO when the volume takes no more writes after
 * this: when it is opened again, it may have the one device or the other, or neither.
 */
int rlnc_member_replace(struct rlnc_volume *v, u32 index, const char *path,
			const char **retired)
{
	struct rlnc_member *m = &v->member[index];
	struct dm_dev *dev, **place = table_place(v, m->dev);
	u8 id[RLNC_ID_BYTES];
	struct page *pages;
	int ret;

	if (v->retired[index] || !place) {
		DMERR("%s: member %u was replaced since the volume was opened; close it and open it first",
		      rlnc_name(v), index);
		return -EBUSY;
	}
	ret = dm_get_device(v->ti, path, dm_table_get_mode(v->ti->table), &dev);
	if (ret) {
		DMERR("%s: %s cannot be opened (%d); a member is a block device", rlnc_name(v),
		      path, ret);
		return ret;
	}
	ret = prepare_device(v, index, dev);
	if (ret)
		return ret;
	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, RLNC_SUPER_ORDER);
	if (!pages) {
		dm_put_device(v->ti, dev);
		return -ENOMEM;
	}
	mutex_lock(&v->checkpoint_mutex);
	ret = may_replace(v, index);
	if (ret) {
		mutex_unlock(&v->checkpoint_mutex);
		__free_pages(pages, RLNC_SUPER_ORDER);
		dm_put_device(v->ti, dev);
		return ret;
	}
	rlnc_member_fail(v, index, RLNC_REASON_REPLACE);
	memcpy(id, m->info.id, sizeof(id));
	ret = tell_of_replacement(v, m);
	v->retired[index] = *place;
	*place = dev;
	v->retired_pages[index] = m->super_pages;
	m->super_pages = pages;
	WRITE_ONCE(m->port, &v->port[v->members_room + index]);
	smp_store_release(&m->dev, dev);	/* the port first; see rlnc_gbuf_io() */
	rlnc_member_well(m);
	DMINFO("%s: member %u is %s now", rlnc_name(v), index, dev->name);
	if (!ret)
		ret = rlnc_member_make_stale(v, m);
	mutex_unlock(&v->checkpoint_mutex);
	rlnc_event_member(v, RLNC_EVENT_MEMBER_REPLACED, index, NULL);
	rlnc_background_kick(v);
	/* Before a checkpoint says so, it may still be the member when the volume is opened. */
	if (!ret)
		*retired = rlnc_member_retire(v, index, id);
	return ret;
}
