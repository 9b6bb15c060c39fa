// SPDX-License-Identifier: GPL-2.0-only
/*
 * Growing: a table that is longer than the volume makes it as long, and gives it
 * all the slots that the smallest member has room for.
 *
 * Nothing on the members moves.  A tree that gets wider has pointers that were
 * never mapped; one that gets taller has new nodes above its old root.  The next
 * checkpoint writes those and the new sizes, so that a crash leaves the old shape
 * or the new one.
 */
#include "dm-rlnc.h"

static u64 device_slots(const struct rlnc_volume *v, const struct rlnc_member *m)
{
	return rlnc_slots_for_bytes(&v->geo, bdev_nr_bytes(m->dev->bdev));
}

/* How many slots do all members have room for?  0 when one of them cannot be asked. */
static u64 common_slots(struct rlnc_volume *v, const struct rlnc_member **smallest)
{
	u64 slots = ~0ull;
	u32 i;

	for (i = 0; i < v->n; i++) {
		const struct rlnc_member *m = &v->member[i];

		if (!m->dev) {
			DMERR("the volume cannot grow without member %u, which is absent", i);
			return 0;
		}
		if (device_slots(v, m) >= slots)
			continue;
		slots = device_slots(v, m);
		*smallest = m;
	}
	return slots;
}

/* The slots there are to be for so many logical sectors; 0 when there is no room. */
static u64 slots_for(struct rlnc_volume *v, u64 sectors)
{
	const struct rlnc_member *smallest = NULL;
	u64 slots, most;

	if (sectors > RLNC_MAX_LOGICAL_SECTORS) {
		DMERR("the volume cannot grow to %llu sectors: no volume has more than %llu",
		      sectors << SECTORS_512_SHIFT,
		      RLNC_MAX_LOGICAL_SECTORS << SECTORS_512_SHIFT);
		return 0;
	}
	slots = common_slots(v, &smallest);
	if (!slots)
		return 0;
	slots = max(slots, v->sb->slots);
	most = rlnc_logical_max(&v->geo, slots);
	if (sectors <= most)
		return slots;
	DMERR("the volume cannot grow to %llu sectors: member %lld (%s) is too small; with it there is room for %llu",
	      sectors << SECTORS_512_SHIFT, (long long)(smallest - v->member),
	      smallest->dev->name, most << SECTORS_512_SHIFT);
	return 0;
}

static u64 wanted_sectors(const struct rlnc_volume *v)
{
	return v->ti->len >> SECTORS_512_SHIFT;
}

/**
 * rlnc_grow_check - could the volume be as long as its table
 * @v:	volume with its members identified
 *
 * Return: 0, or -ENOSPC when a member is too small or absent; the log names it.
 */
int rlnc_grow_check(struct rlnc_volume *v)
{
	if (wanted_sectors(v) <= v->sb->logical_sectors || slots_for(v, wanted_sectors(v)))
		return 0;
	return -ENOSPC;
}

/**
 * rlnc_grow - make the volume as long as its table
 * @v:	volume at its newest state; nothing else runs yet
 *
 * Return: 0, also when there was nothing to do; -ENOSPC as rlnc_grow_check();
 * -ENOMEM; -EIO when no checkpoint could be written, and the volume is as it was.
 */
int rlnc_grow(struct rlnc_volume *v)
{
	u64 sectors = wanted_sectors(v), slots;
	int ret;

	if (sectors <= v->sb->logical_sectors)
		return 0;
	if (READ_ONCE(v->stopped)) {
		DMERR("%s: the volume cannot grow: %s", rlnc_name(v), v->stopped);
		return -EIO;
	}
	slots = slots_for(v, sectors);
	if (!slots)
		return -ENOSPC;
	ret = rlnc_tree_grow(v, RLNC_TREE_MAP, rlnc_data_generations(&v->geo, sectors)) ?:
	      rlnc_tree_grow(v, RLNC_TREE_SPACE, rlnc_space_generations(&v->geo, slots));
	if (ret)
		return ret;
	DMINFO("%s: growing from %llu to %llu sectors, from %llu to %llu slots",
	       rlnc_name(v), v->sb->logical_sectors << SECTORS_512_SHIFT,
	       sectors << SECTORS_512_SHIFT, v->slots, slots);
	v->sb->logical_sectors = sectors;
	v->sb->slots = slots;
	rlnc_slots_resize(v, slots);
	WRITE_ONCE(v->members_changed, true);	/* the superblocks shall say so */
	return rlnc_checkpoint(v);
}
