// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adding a member: n becomes n + 1.
 *
 * The code has a row for it already, so that nothing that was written changes.
 * Buffers and plans are made for one row more while user I/O waits.  Then two
 * checkpoints.  The first goes to the old members only, needs the quorum that
 * they had, and says that there is one member more, which has failed and holds
 * nothing: as soon as a superblock is on the new device, no set of old members
 * that could be taken for the whole volume is without one that knows of it.  The
 * second takes the new member up, as one that returns; a rebuild does the rest.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

static int check_shape(struct rlnc_volume *v)
{
	if (v->n == RLNC_MAX_N || (v->n + 1) * v->pps > RLNC_MAX_FRAGMENT_PAGES) {
		DMERR("%s: %u members are the most that there can be", rlnc_name(v), v->n);
		return -E2BIG;
	}
	if (v->n == v->members_room || v->abandoned_count == RLNC_SPARE_MEMBERS) {
		DMERR("%s: no more than %u members can be added before the volume is opened again",
		      rlnc_name(v), RLNC_SPARE_MEMBERS);
		return -EBUSY;
	}
	if (READ_ONCE(v->stopped)) {
		DMERR("%s: no member can be added: %s", rlnc_name(v), v->stopped);
		return -EROFS;
	}
	return 0;
}

static int open_device(struct rlnc_volume *v, const char *path, struct rlnc_member *m)
{
	struct dm_dev *dev;
	int ret = dm_get_device(v->ti, path, dm_table_get_mode(v->ti->table), &dev);

	if (ret) {
		DMERR("%s: %s cannot be opened (%d); a member is a block device", rlnc_name(v),
		      path, ret);
		return ret;
	}
	ret = rlnc_member_check_device(v, dev);
	if (!ret && !m->super_pages) {
		m->super_pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, RLNC_SUPER_ORDER);
		ret = m->super_pages ? 0 : -ENOMEM;
	}
	if (ret)
		dm_put_device(v->ti, dev);
	else
		ret = rlnc_device_clear(v, dev);
	if (!ret)
		m->dev = dev;
	return ret;
}

/* What the superblocks are to say from the next checkpoint on. */
static void enter_member(struct rlnc_volume *v, struct rlnc_member *m)
{
	struct rlnc_super *sb = v->sb;
	bool by_default = sb->writes_min == rlnc_default_writes_min(v->k, v->n);

	m->index = v->n;
	m->state = RLNC_MEMBER_FAILED;
	m->info.state = RLNC_MEMBER_FAILED;
	m->info.valid_through = 0;
	m->info.since = RLNC_EPOCH_NONE;
	get_random_bytes(m->info.id, sizeof(m->info.id));
	v->devs[v->n] = m->dev;
	sb->n = v->n + 1;
	if (by_default)
		sb->writes_min = rlnc_default_writes_min(v->k, sb->n);
	/* Whoever sees the new number sees the member. */
	smp_store_release(&v->n, sb->n);
	WRITE_ONCE(v->members_changed, true);
}

/* User I/O waits outside, and nothing runs in the background. */
static int reshape(struct rlnc_volume *v, struct rlnc_member *m)
{
	struct rlnc_codec codec;
	int ret;

	mutex_lock(&v->checkpoint_mutex);
	/* Packs and the log are of the old shape: end them. */
	ret = v->suspended ? -EBUSY : rlnc_checkpoint_locked(v);
	if (!ret) {
		rlnc_packs_drop(v);
		ret = rlnc_codec_make(v, v->n + 1, &codec);
	}
	if (!ret) {
		ret = rlnc_gbuf_pools_resize(v, v->n + 1);
		if (ret)
			rlnc_codec_free(&codec);
	}
	if (!ret) {
		swap(v->codec, codec);
		rlnc_codec_free(&codec);
		enter_member(v, m);
		ret = rlnc_checkpoint_locked(v);
		v->writes_min = max(v->opt.writes_min, v->sb->writes_min);
		if (v->opt.writes_min)
			v->opt.writes_min = v->writes_min;
		if (!ret)
			ret = rlnc_member_make_stale(v, m);
	}
	mutex_unlock(&v->checkpoint_mutex);
	return ret;
}

/**
 * rlnc_member_add - take a device up as one member more
 * @v:		active volume
 * @path:	of the device; what is on it is lost
 *
 * Return: 0; -EBUSY when @path is a member, or nothing more can be added in this
 * activation; -E2BIG when there are as many as there can be; -ENOSPC when it is
 * too small; -EROFS or -EIO when the volume takes no writes, or no more after
 * this; -ETIMEDOUT when it has not answered by the deadline; or the error of opening or
 * writing it.
 */
int rlnc_member_add(struct rlnc_volume *v, const char *path)
{
	struct rlnc_member *m = &v->member[v->n];
	u32 n = v->n;
	int ret;

	ret = check_shape(v) ?: open_device(v, path, m);
	if (ret)
		return ret;
	rlnc_background_stop(v);
	rlnc_gate_close(&v->gate);
	rlnc_merge_stop(v);
	ret = rlnc_stages_settle(v) ?: reshape(v, m);
	rlnc_merge_start(v);
	rlnc_map_reopen(v);
	rlnc_background_start(v);
	if (v->n == n) {
		dm_put_device(v->ti, m->dev);
		m->dev = NULL;
		return ret;
	}
	if (!ret)
		DMINFO("%s: member %u is %s; %u of %u members suffice, a commit needs %u",
		       rlnc_name(v), n, m->dev->name, v->k, v->n, v->writes_min);
	dm_table_event(v->ti->table);
	return ret;
}
