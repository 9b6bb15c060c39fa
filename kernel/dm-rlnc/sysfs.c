// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters and latencies under the mapped device: /sys/block/dm-N/rlnc/.
 *
 * Targets have no folder of their own.  That of the device is where a volume is
 * looked for by its number, is named by udev's links, and lives as long as any table
 * of it; a folder of the module's would need names, and those of volumes change.
 *
 * A folder is there while its volume is live.  It has objects of its own: removing
 * them waits for whoever is reading just then, and a file that stays open gives
 * ENODEV, so that the volume may be freed afterwards.
 */
#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "dm-rlnc.h"

struct folder {
	struct kobject kobj;
	struct completion released;
	struct rlnc_volume *v;
	struct rlnc_member *m;		/* NULL: the volume's own */
};

struct rlnc_sysfs {
	u32 members;			/* that are there */
	struct folder volume;
	struct folder member[];
};

struct counter {
	struct attribute attr;
	ssize_t (*show)(struct rlnc_volume *v, struct rlnc_member *m, char *buf);
};

#define COUNTER(name) \
	static struct counter counter_##name = { { #name, 0444 }, show_##name }

/* --- of a volume ---------------------------------------------------------- */

static ssize_t show_corrected(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(m ? &m->corrected : &v->corrected));
}

COUNTER(corrected);

static ssize_t show_unrecoverable(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&v->unrecoverable));
}

COUNTER(unrecoverable);

static ssize_t show_auth_failures(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&v->auth_failures));
}

COUNTER(auth_failures);

static ssize_t show_stale_fragments(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(m ? &m->stale_fragments :
							  &v->stale_fragments));
}

COUNTER(stale_fragments);

static ssize_t show_hedged(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(m ? &m->hedged : &v->hedged));
}

COUNTER(hedged);

static ssize_t show_epoch(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%llu\n", rlnc_events_state(v, NULL));
}

COUNTER(epoch);

static u64 locked(struct rlnc_volume *v, const u64 *bytes)
{
	u64 value;

	spin_lock(&v->node_lock);
	value = *bytes;
	spin_unlock(&v->node_lock);
	return value;
}

static ssize_t show_cache_bytes(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%llu\n", locked(v, &v->cache.bytes));
}

COUNTER(cache_bytes);

static ssize_t show_cache_dirty_bytes(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%llu\n", locked(v, &v->cache.dirty_bytes));
}

COUNTER(cache_dirty_bytes);

static ssize_t show_cache_min_bytes(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%llu\n", v->cache.min_bytes);
}

COUNTER(cache_min_bytes);

static ssize_t show_cache_max_bytes(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%llu\n", v->cache.max_bytes);
}

COUNTER(cache_max_bytes);

static ssize_t show_buffer_bytes(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&v->gbuf_pages) * PAGE_SIZE);
}

COUNTER(buffer_bytes);

static struct attribute *volume_attrs[] = {
	&counter_corrected.attr,
	&counter_unrecoverable.attr,
	&counter_auth_failures.attr,
	&counter_stale_fragments.attr,
	&counter_hedged.attr,
	&counter_epoch.attr,
	&counter_cache_bytes.attr,
	&counter_cache_dirty_bytes.attr,
	&counter_cache_min_bytes.attr,
	&counter_cache_max_bytes.attr,
	&counter_buffer_bytes.attr,
	NULL,
};
ATTRIBUTE_GROUPS(volume);

/* --- of a member ---------------------------------------------------------- */

static ssize_t show_state(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%c\n", rlnc_member_letter(v, m - v->member));
}

COUNTER(state);

static ssize_t show_device(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	const struct dm_dev *dev = READ_ONCE(m->dev);

	return sysfs_emit(buf, "%s\n", dev ? dev->name : "-");
}

COUNTER(device);

static ssize_t show_timeouts(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&m->timeouts));
}

COUNTER(timeouts);

static ssize_t show_deadline_ms(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return sysfs_emit(buf, "%u\n", rlnc_member_deadline_ms(v, m->index));
}

COUNTER(deadline_ms);

/* One line: requests, bytes, errors. */
static ssize_t show_stat(const struct rlnc_member_stat *stat, char *buf)
{
	return sysfs_emit(buf, "%lld %lld %lld\n", atomic64_read(&stat->ios),
			  atomic64_read(&stat->bytes), atomic64_read(&stat->errors));
}

static ssize_t show_reads(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return show_stat(&m->stat[RLNC_STAT_READ], buf);
}

COUNTER(reads);

static ssize_t show_writes(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return show_stat(&m->stat[RLNC_STAT_WRITE], buf);
}

COUNTER(writes);

/* One line in microseconds: p50, p95, p99 of all answers, then of the recent ones. */
static ssize_t show_latency(const struct rlnc_latency *latency, char *buf)
{
	static const u32 percent[] = { 50, 95, 99 };
	int at = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(percent); i++)
		at += sysfs_emit_at(buf, at, "%llu ",
				    div_u64(rlnc_latency_overall(latency, percent[i]), 1000));
	for (i = 0; i < ARRAY_SIZE(percent); i++)
		at += sysfs_emit_at(buf, at, "%llu%c",
				    div_u64(rlnc_latency_recent(latency, percent[i]), 1000),
				    i + 1 < ARRAY_SIZE(percent) ? ' ' : '\n');
	return at;
}

static ssize_t show_read_latency_us(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return show_latency(&m->stat[RLNC_STAT_READ].latency, buf);
}

COUNTER(read_latency_us);

static ssize_t show_write_latency_us(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return show_latency(&m->stat[RLNC_STAT_WRITE].latency, buf);
}

COUNTER(write_latency_us);

/* A line for each bucket that is not empty: where it ends in ns, and its count. */
static ssize_t show_histogram(const struct rlnc_latency *latency, char *buf)
{
	int at = 0;
	s64 count;
	u32 i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count = atomic64_read(&latency->count[i]);
		if (count)
			at += sysfs_emit_at(buf, at, "%llu %lld\n", histogram_end(i), count);
	}
	return at;
}

static ssize_t show_read_histogram(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return show_histogram(&m->stat[RLNC_STAT_READ].latency, buf);
}

COUNTER(read_histogram);

static ssize_t show_write_histogram(struct rlnc_volume *v, struct rlnc_member *m, char *buf)
{
	return show_histogram(&m->stat[RLNC_STAT_WRITE].latency, buf);
}

COUNTER(write_histogram);

static struct attribute *member_attrs[] = {
	&counter_state.attr,
	&counter_device.attr,
	&counter_reads.attr,
	&counter_writes.attr,
	&counter_timeouts.attr,
	&counter_deadline_ms.attr,
	&counter_hedged.attr,
	&counter_corrected.attr,
	&counter_stale_fragments.attr,
	&counter_read_latency_us.attr,
	&counter_write_latency_us.attr,
	&counter_read_histogram.attr,
	&counter_write_histogram.attr,
	NULL,
};
ATTRIBUTE_GROUPS(member);

/* --- folders -------------------------------------------------------------- */

static ssize_t show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct folder *folder = container_of(kobj, struct folder, kobj);
	struct counter *counter = container_of(attr, struct counter, attr);

	return counter->show(folder->v, folder->m, buf);
}

static const struct sysfs_ops folder_ops = { .show = show };

static void release(struct kobject *kobj)
{
	complete(&container_of(kobj, struct folder, kobj)->released);
}

static struct kobj_type volume_type = {
	.sysfs_ops	= &folder_ops,
	.release	= release,
	.default_groups	= volume_groups,
};

static struct kobj_type member_type = {
	.sysfs_ops	= &folder_ops,
	.release	= release,
	.default_groups	= member_groups,
};

/* Waits for readers, and for the last reference: our code may go away then. */
static void remove(struct folder *folder)
{
	kobject_del(&folder->kobj);
	kobject_put(&folder->kobj);
	wait_for_completion(&folder->released);
}

static int add(struct folder *folder, struct kobj_type *type, struct kobject *parent,
	       const char *name, u32 index)
{
	int ret;

	init_completion(&folder->released);
	kobject_init(&folder->kobj, type);
	ret = kobject_add(&folder->kobj, parent, name, index);
	if (ret) {
		kobject_put(&folder->kobj);
		wait_for_completion(&folder->released);
	}
	return ret;
}

/**
 * rlnc_sysfs_remove - take the folder of a volume away
 * @v:	volume; nothing happens when it has none
 */
void rlnc_sysfs_remove(struct rlnc_volume *v)
{
	struct rlnc_sysfs *sysfs = v->sysfs;

	if (!sysfs)
		return;
	while (sysfs->members)
		remove(&sysfs->member[--sysfs->members]);
	remove(&sysfs->volume);
	v->sysfs = NULL;
	kvfree(sysfs);
}

static int add_members(struct rlnc_volume *v, struct rlnc_sysfs *sysfs)
{
	struct folder *folder;
	u32 i;
	int ret;

	for (i = 0; i < v->n; i++) {
		folder = &sysfs->member[i];
		folder->v = v;
		folder->m = &v->member[i];
		ret = add(folder, &member_type, &sysfs->volume.kobj, "member%u", i);
		if (ret)
			return ret;
		sysfs->members++;
	}
	return 0;
}

static int add_all(struct rlnc_volume *v)
{
	struct kobject *disk = &disk_to_dev(dm_disk(dm_table_get_md(v->ti->table)))->kobj;
	struct rlnc_sysfs *sysfs;
	int ret;

	sysfs = kvzalloc(struct_size(sysfs, member, v->n), GFP_KERNEL);
	if (!sysfs)
		return -ENOMEM;
	sysfs->volume.v = v;
	ret = add(&sysfs->volume, &volume_type, disk, "rlnc", 0);
	if (ret) {
		kvfree(sysfs);
		return ret;
	}
	v->sysfs = sysfs;
	ret = add_members(v, sysfs);
	if (ret)
		rlnc_sysfs_remove(v);
	return ret;
}

/**
 * rlnc_sysfs_add - make the folder of a volume
 * @v:	volume that goes live; no other one of its device has a folder
 *
 * Without memory the volume does without.
 */
void rlnc_sysfs_add(struct rlnc_volume *v)
{
	/* The device is suspended: reclaim must not wait for it. */
	unsigned int noio = memalloc_noio_save();
	int ret = add_all(v);

	memalloc_noio_restore(noio);
	if (ret)
		DMWARN("%s: no counters in sysfs (%d)", rlnc_name(v), ret);
}
