// SPDX-License-Identifier: GPL-2.0-only
/*
 * Constructing a volume: who the members are, and that they belong together.
 * Only what never changes is read here; the state is read when the table goes
 * live, since an old table may be writing until then.
 */
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

/* What `dmsetup table` shows in place of a key given in hexadecimal. */
#define HIDDEN_KEY	"0000000000000000000000000000000000000000000000000000000000000000"

static int get_devices(struct rlnc_volume *v, const struct rlnc_table *table)
{
	struct dm_target *ti = v->ti;
	u32 i, j;
	int ret;

	for (i = 0; i < v->n; i++) {
		if (!strcmp(table->dev[i], "-"))
			continue;
		ret = dm_get_device(ti, table->dev[i], dm_table_get_mode(ti->table),
				    &v->devs[i]);
		if (ret) {
			v->devs[i] = NULL;
			DMERR("%s: cannot be opened (%d)", table->dev[i], ret);
			ti->error = "A member cannot be opened; see the kernel log";
			return ret;
		}
		if (bdev_is_zoned(v->devs[i]->bdev)) {
			DMERR("%s: zoned devices cannot be members", table->dev[i]);
			ti->error = "A member is a zoned device";
			return -EINVAL;
		}
		for (j = 0; j < i; j++) {
			if (v->devs[j] != v->devs[i])
				continue;
			DMERR("%s: given twice", table->dev[i]);
			ti->error = "A member is given twice; see the kernel log";
			return -EINVAL;
		}
	}
	return 0;
}

static int load_key(struct rlnc_volume *v, const char *word, u8 *key)
{
	int ret = rlnc_key_load(word, key);

	if (ret == -ENOKEY)
		v->ti->error = "No such key in the caller's keyrings";
	else if (ret)
		v->ti->error = "Key: expected 64 hexadecimal digits or :32:TYPE:DESCRIPTION";
	if (ret)
		return ret;
	v->key_word = kstrdup(*word == ':' ? word : HIDDEN_KEY, GFP_KERNEL);
	return v->key_word ? 0 : -ENOMEM;
}

static int set_up(struct rlnc_volume *v)
{
	int ret;

	v->events.epoch = v->sb->epoch;		/* as long as it is not live */
	v->geo = v->sb->geo;
	v->pps = v->geo.symbol >> RLNC_SECTOR_SHIFT;
	if (v->n * v->pps > RLNC_MAX_FRAGMENT_PAGES) {
		v->ti->error = "n symbols must not exceed 4 MiB";
		return -EINVAL;
	}
	v->dense = v->sb->mode == RLNC_DISK_DENSE;
	if (v->opt.dense && !v->dense) {
		v->ti->error = "dense: this volume is not, it is systematic";
		return -EINVAL;
	}
	if (v->ti->len & ((1 << SECTORS_512_SHIFT) - 1)) {
		v->ti->error = "Length: not a multiple of 4 KiB";
		return -EINVAL;
	}
	if (rlnc_grow_check(v)) {
		v->ti->error = "Length: beyond the volume's size, and it cannot grow; see the kernel log";
		return -ENOSPC;
	}
	if (v->opt.writes_min && v->opt.writes_min < v->sb->writes_min) {
		v->ti->error = "writes_min: below what the volume was formatted with";
		return -EINVAL;
	}
	v->writes_min = v->opt.writes_min ?: v->sb->writes_min;
	ret = rlnc_gate_init(&v->gate) ?:
	      rlnc_history_init(v) ?:
	      rlnc_codec_init(v) ?:
	      rlnc_gbuf_pools_init(v) ?:
	      rlnc_cache_init(v) ?:
	      rlnc_log_init(v) ?:
	      rlnc_checkpoint_init(v) ?:
	      rlnc_background_init(v) ?:
	      rlnc_packs_init(v) ?:
	      rlnc_stages_init(v) ?:
	      rlnc_writers_init(v) ?:
	      rlnc_quick_init(v);
	if (ret)
		goto err;
	v->io_wq = alloc_workqueue("rlnc-io", WQ_MEM_RECLAIM | WQ_UNBOUND, 64);
	if (v->io_wq)
		return 0;
	ret = -ENOMEM;
err:
	v->ti->error = ret == -ENOMEM ? "Out of memory" : "The volume cannot be set up";
	return ret;
}

static void set_target_limits(struct rlnc_volume *v)
{
	struct dm_target *ti = v->ti;

	ti->private = v;
	ti->max_io_len = v->geo.gen_bytes >> SECTOR_SHIFT;
	ti->per_io_data_size = sizeof(struct rlnc_io);
	ti->num_flush_bios = 1;
	ti->flush_supported = true;
	ti->num_write_zeroes_bios = 1;
	if (v->opt.allow_discards) {
		ti->num_discard_bios = 1;
		ti->discards_supported = true;
	}
}

static void destroy(struct rlnc_volume *v)
{
	bool closed = rlnc_registry_remove(v);
	u32 i;

	rlnc_background_exit(v);
	rlnc_stages_exit(v);
	rlnc_packs_exit(v);
	rlnc_gate_exit(&v->gate);
	rlnc_quick_exit(v);
	if (v->io_wq)
		destroy_workqueue(v->io_wq);
	rlnc_checkpoint_exit(v);
	rlnc_log_exit(v);
	mempool_exit(&v->writers);
	rlnc_slots_exit(v);
	rlnc_cache_exit(v);
	rlnc_flights_exit(v);
	rlnc_gbuf_pools_exit(v);
	rlnc_codec_exit(v);
	rlnc_history_exit(v);
	rlnc_events_exit(v, closed);
	rlnc_crypt_wipe_key(&v->crypt);
	rlnc_crypt_exit(&v->crypt);
	for (i = 0; i < v->members_room; i++) {
		if (v->member && v->member[i].super_pages)
			__free_pages(v->member[i].super_pages, RLNC_SUPER_ORDER);
		if (v->retired_pages && v->retired_pages[i])
			__free_pages(v->retired_pages[i], RLNC_SUPER_ORDER);
		if (v->devs && v->devs[i])
			dm_put_device(v->ti, v->devs[i]);
		if (v->retired && v->retired[i])
			dm_put_device(v->ti, v->retired[i]);
	}
	for (i = 0; i < v->abandoned_count; i++)
		dm_put_device(v->ti, v->abandoned[i]);
	kfree(v->key_word);
	kvfree(v->member);
	kvfree(v->devs);
	kvfree(v->retired);
	kvfree(v->retired_pages);
	kvfree(v->sb);
	kvfree(v->check_sb);
	kfree(v);
}

static struct rlnc_volume *create(struct dm_target *ti, const struct rlnc_table *table)
{
	struct rlnc_volume *v = kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v)
		return NULL;
	v->ti = ti;
	v->opt = *table;
	v->k = table->k;
	v->n = table->n;
	INIT_LIST_HEAD(&v->registered);
	INIT_LIST_HEAD(&v->claimed);
	mutex_init(&v->message_mutex);
	spin_lock_init(&v->member_lock);
	spin_lock_init(&v->lane_lock);
	v->members_room = min_t(u32, v->n + RLNC_SPARE_MEMBERS, RLNC_MAX_N);
	v->devs = kvcalloc(v->members_room, sizeof(*v->devs), GFP_KERNEL);
	v->retired = kvcalloc(v->members_room, sizeof(*v->retired), GFP_KERNEL);
	v->retired_pages = kvcalloc(v->members_room, sizeof(*v->retired_pages), GFP_KERNEL);
	v->member = kvcalloc(v->members_room, sizeof(*v->member), GFP_KERNEL);
	v->sb = kvzalloc(sizeof(*v->sb), GFP_KERNEL);
	v->check_sb = kvzalloc(sizeof(*v->check_sb), GFP_KERNEL);
	if (v->devs && v->retired && v->retired_pages && v->member && v->sb &&
	    v->check_sb && !rlnc_events_init(v) && !rlnc_flights_init(v))
		return v;
	v->members_room = 0;
	destroy(v);
	return NULL;
}

static int construct(struct dm_target *ti, unsigned int argc, char **argv,
		     struct rlnc_table *table)
{
	u8 key[RLNC_VOLUME_KEY_BYTES];
	struct rlnc_volume *v;
	int ret;

	ret = rlnc_table_parse(ti, argc, argv, table);
	if (ret)
		return ret;
	/* Nonces must not be those of another boot of a machine with nothing to draw from. */
	ret = wait_for_random_bytes();
	if (ret) {
		ti->error = "Interrupted while waiting for random numbers";
		return ret;
	}
	v = create(ti, table);
	if (!v) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	ret = rlnc_crypt_init(&v->crypt);
	if (ret) {
		ti->error = "AES-GCM is not available";
		goto err;
	}
	ret = load_key(v, table->key, key) ?:
	      get_devices(v, table) ?:
	      rlnc_identify(v, key) ?:
	      set_up(v);
	memzero_explicit(key, sizeof(key));
	v->opt.key = NULL;
	v->opt.dev = NULL;
	if (ret)
		goto err;
	set_target_limits(v);
	return 0;

err:
	destroy(v);
	return ret;
}

/* Device mapper's constructor. */
int rlnc_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct rlnc_table *table = kmalloc(sizeof(*table), GFP_KERNEL);
	int ret = -ENOMEM;

	if (table)
		ret = construct(ti, argc, argv, table);
	else
		ti->error = "Out of memory";
	kfree(table);
	if (argc > 2)
		memzero_explicit(argv[2], strlen(argv[2]));	/* the key's word */
	return ret;
}

void rlnc_dtr(struct dm_target *ti)
{
	destroy(ti->private);
}
