// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-rlnc: an encrypted, authenticated, network-coded block device over n
 * members, any k of which suffice.  See Documentation/dm-rlnc.rst.
 */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include "dm-rlnc.h"

static int rlnc_preresume(struct dm_target *ti)
{
	struct rlnc_volume *v = ti->private;
	unsigned int noio;
	int ret;

	mutex_lock(&v->message_mutex);
	/* The device is suspended: reclaim must not wait for it. */
	noio = memalloc_noio_save();
	/* A copy of this machine that was made meanwhile would go on with the same ones. */
	rlnc_renew_nonces(&v->crypt);
	ret = rlnc_activate(v);
	memalloc_noio_restore(noio);
	v->running = !ret;
	mutex_unlock(&v->message_mutex);
	return ret;
}

/* What was found out before anybody was told of anything. */
static void say_state(struct rlnc_volume *v)
{
	u32 i;

	rlnc_event_volume(v, RLNC_EVENT_ACTIVATED, NULL);
	if (v->stopped)
		rlnc_event_volume(v, RLNC_EVENT_STOPPED, v->stopped);
	for (i = 0; i < v->n; i++)
		if (rlnc_member_letter(v, i) == RLNC_LETTER_STALE)
			rlnc_event_member(v, RLNC_EVENT_MEMBER_STALE, i, "found stale");
}

static void rlnc_resume(struct dm_target *ti)
{
	struct rlnc_volume *v = ti->private;

	if (rlnc_registry_add(v)) {
		rlnc_events_live(v);
		say_state(v);
	} else if (v->suspended) {
		rlnc_event_volume(v, RLNC_EVENT_RESUMED, NULL);
	}
	rlnc_checkpoint_resume(v);
	rlnc_background_start(v);
	rlnc_merge_start(v);
}

/* Suspension is undone, or goes on: either way nothing may run beside it. */
static void rlnc_presuspend(struct dm_target *ti)
{
	rlnc_background_stop(ti->private);
	rlnc_merge_stop(ti->private);
}

/*
 * All user I/O has completed; leave everything durable and the tree whole.
 *
 * Device mapper calls the device suspended before this has begun.  A message that was
 * under way may have let things go on, and one that comes now must not: a key that is
 * wiped is needed to the end of this.
 */
static void rlnc_postsuspend(struct dm_target *ti)
{
	struct rlnc_volume *v = ti->private;

	mutex_lock(&v->message_mutex);
	v->running = false;
	rlnc_presuspend(ti);
	if (v->active) {
		rlnc_checkpoint_suspend(v);
		rlnc_event_volume(v, RLNC_EVENT_SUSPENDED, NULL);
	}
	mutex_unlock(&v->message_mutex);
}

static int rlnc_iterate_devices(struct dm_target *ti,
				iterate_devices_callout_fn fn, void *data)
{
	struct rlnc_volume *v = ti->private;
	sector_t len;
	int ret = 0;
	u32 i;

	for (i = 0; i < v->n && !ret; i++) {
		if (!v->devs[i])
			continue;
		/* Odd ends of a device are not used, and must not be complained of. */
		len = round_down(bdev_nr_sectors(v->devs[i]->bdev),
				 1 << SECTORS_512_SHIFT);
		ret = fn(ti, v->devs[i], 0, len, data);
	}
	return ret;
}

/*
 * The members' limits do not bind us: every member bio is made from our own
 * pages.  A write smaller than a generation has to read the rest of it.
 */
static void rlnc_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct rlnc_volume *v = ti->private;
	/* A bio counts its bytes in 32 bits, and is not split for us. */
	u32 most = rounddown(UINT_MAX >> SECTOR_SHIFT, v->geo.gen_bytes >> SECTOR_SHIFT);

	limits->logical_block_size = RLNC_SECTOR_BYTES;
	limits->physical_block_size = RLNC_SECTOR_BYTES;
	limits->max_sectors = BLK_DEF_MAX_SECTORS;
	limits->max_hw_sectors = UINT_MAX;
	limits->max_segments = BIO_MAX_VECS;
	limits->max_segment_size = UINT_MAX;
	limits->virt_boundary_mask = 0;
	limits->seg_boundary_mask = ULONG_MAX;
	blk_limits_io_min(limits, RLNC_SECTOR_BYTES);
	blk_limits_io_opt(limits, v->geo.gen_bytes);
	limits->max_write_zeroes_sectors = most;
	if (v->opt.allow_discards) {
		limits->discard_granularity = v->geo.gen_bytes;
		limits->discard_alignment = 0;
		limits->max_discard_sectors = most;
	}
}

static struct target_type rlnc_target = {
	.name		 = RLNC_TARGET_NAME,
	.version	 = { 1, 0, 0 },
	.module		 = THIS_MODULE,
	.ctr		 = rlnc_ctr,
	.dtr		 = rlnc_dtr,
	.map		 = rlnc_map,
	.end_io		 = rlnc_end_io,
	.preresume	 = rlnc_preresume,
	.resume		 = rlnc_resume,
	.presuspend	 = rlnc_presuspend,
	.presuspend_undo = rlnc_resume,
	.postsuspend	 = rlnc_postsuspend,
	.message	 = rlnc_message,
	.status		 = rlnc_status,
	.iterate_devices = rlnc_iterate_devices,
	.io_hints	 = rlnc_io_hints,
};

static int __init rlnc_module_init(void)
{
	int ret;

	ret = rlnc_init(NULL) ?: rlnc_selftest();
	if (ret) {
		DMERR("codec self-test failed (%d); not loading", ret);
		return ret;
	}
	DMINFO("codec self-test passed, back end %s", rlnc_backend_name());
	ret = rlnc_event_module_init();
	if (ret)
		return ret;
	ret = rlnc_netlink_init();
	if (ret)
		goto err_event;
	ret = dm_register_target(&rlnc_target);
	if (ret)
		goto err_netlink;
	return 0;

err_netlink:
	rlnc_netlink_exit();
err_event:
	rlnc_event_module_exit();
	return ret;
}

static void __exit rlnc_module_exit(void)
{
	dm_unregister_target(&rlnc_target);
	rlnc_netlink_exit();
	rlnc_event_module_exit();
}

module_init(rlnc_module_init);
module_exit(rlnc_module_exit);

MODULE_DESCRIPTION(DM_NAME " authenticated random linear network coding target");
MODULE_AUTHOR("The Skyhold developers");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: gcm(aes) hmac(sha256)");
