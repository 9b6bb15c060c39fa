// SPDX-License-Identifier: GPL-2.0-only
/*
 * Superblocks that have to go: those on a device that is taken up, and those of one
 * that another has replaced.
 *
 * Whoever waits for that waits no longer than the deadline.  A write that is late
 * reads the zero page, which is nobody's, and its device stays open until the volume
 * is closed: nobody else can have it before the write has ended.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

/* How long a device that was replaced may take to end what it was asked before. */
#define QUIET_WAIT_MS	1000

struct clearing {
	struct rlnc_round round;
	blk_status_t status;
};

static void cleared(struct rlnc_round *round, const struct rlnc_flight *f,
		    blk_status_t status)
{
	if (status)
		container_of(round, struct clearing, round)->status = status;
}

static void clear_copy(struct rlnc_volume *v, struct dm_dev *dev, u32 copy,
		       struct rlnc_round *round)
{
	u32 i, pages = 1 << RLNC_SUPER_ORDER;
	struct rlnc_flight *f;

	f = rlnc_flight_new(v, dev, NULL, REQ_OP_WRITE | REQ_FUA | REQ_META,
			    copy * RLNC_SUPER_STRIDE, pages, GFP_NOIO);
	for (i = 0; i < pages; i++)
		__bio_add_page(&f->bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	rlnc_flight_send(f, round);
}

/*
 * Let nothing that is on a device be taken for a superblock.
 *
 * Return: 0; -EBUSY when it has not ended a write of before; -ETIMEDOUT when the
 * deadline passed, and the device has to be kept until the volume is closed; or the
 * error of writing.
 */
static int clear_supers(struct rlnc_volume *v, struct dm_dev *dev)
{
	struct clearing c = { .status = BLK_STS_OK };
	struct rlnc_late late;
	int ret = 0;
	u32 i;

	if (rlnc_flights_out(NULL, dev, true))
		return -EBUSY;
	rlnc_round_init(&c.round, cleared);
	for (i = 0; i < RLNC_SUPER_COPIES; i++)
		clear_copy(v, dev, i, &c.round);
	if (!rlnc_round_wait(&c.round, rlnc_deadline_ns(v), NULL, NULL))
		while (rlnc_round_leave(&c.round, &late))
			ret = -ETIMEDOUT;
	return ret ?: blk_status_to_errno(c.status);
}

/* A write that is late is still at it: nobody else shall have it before that ends. */
static void abandon(struct rlnc_volume *v, struct dm_dev *dev)
{
	v->abandoned[v->abandoned_count] = dev;
	/* Whoever sees the new number sees the device. */
	smp_store_release(&v->abandoned_count, v->abandoned_count + 1);
}

/**
 * rlnc_device_clear - a device that is taken up shall have no superblock of before
 * @v:		volume; message_mutex is held, and fewer than RLNC_SPARE_MEMBERS are abandoned
 * @dev:	a device that nothing else is written to; given back after an error, or kept
 *		until the volume is closed
 *
 * Return: 0; -EBUSY when it has not ended a write of before; -ETIMEDOUT when the deadline
 * passed; or the error of writing.  The log says so.
 */
int rlnc_device_clear(struct rlnc_volume *v, struct dm_dev *dev)
{
	int ret = clear_supers(v, dev);

	if (!ret)
		return 0;
	DMERR("%s: %s cannot be written (%d)", rlnc_name(v), dev->name, ret);
	if (ret == -ETIMEDOUT)
		abandon(v, dev);
	else
		dm_put_device(v->ti, dev);
	return ret;
}

/* A superblock that is under way would land over what is cleared. */
static int await_quiet(struct rlnc_volume *v, struct dm_dev *dev, struct rlnc_port *port)
{
	u32 tries;

	for (tries = 0; tries < QUIET_WAIT_MS / 20; tries++) {
		if (!atomic_read(&port->flights) && !rlnc_flights_out(NULL, dev, true) &&
		    !rlnc_flights_out(v, dev, false))
			return 0;
		msleep(20);
	}
	return -EBUSY;
}

/*
 * What its number stands for may be another disk by now, as with a server that was
 * started anew: only what is shown to be that member is written to.
 */
static int check_member(struct rlnc_volume *v, struct dm_dev *dev, u32 index, const u8 *id)
{
	enum rlnc_super_error err;
	struct rlnc_super *sb;
	int ret;

	sb = kvzalloc(sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return -ENOMEM;
	ret = rlnc_super_read(v, dev, RLNC_EPOCH_NONE, sb, &err);
	if (!ret && (memcmp(sb->volume_id, v->sb->volume_id, RLNC_ID_BYTES) ||
		     sb->member != index || memcmp(sb->members[index].id, id, RLNC_ID_BYTES)))
		ret = -EBADMSG;
	kvfree(sb);
	return ret;
}

/**
 * rlnc_member_retire - a device that was replaced shall not be taken for a member again
 * @v:		active volume; a checkpoint says that the member is another device
 * @index:	the member
 * @id:		what the superblocks knew the old device by
 *
 * Where it cannot be reached, that is told: a table that has it is refused all the same
 * by every set of members that knows of the replacement.
 *
 * Return: RLNC_RETIRED_ERASED, RLNC_RETIRED_NONE or RLNC_RETIRED_LEFT.
 */
const char *rlnc_member_retire(struct rlnc_volume *v, u32 index, const u8 *id)
{
	struct dm_dev *dev = v->retired[index];
	int ret;

	if (!dev)
		return RLNC_RETIRED_NONE;
	ret = await_quiet(v, dev, &v->port[index]) ?: check_member(v, dev, index, id) ?:
	      clear_supers(v, dev);
	if (!ret) {
		DMINFO("%s: %s was member %u; its superblocks are erased", rlnc_name(v),
		       dev->name, index);
		return RLNC_RETIRED_ERASED;
	}
	if (ret == -EBADMSG) {
		DMINFO("%s: %s has no superblock of member %u that could be erased",
		       rlnc_name(v), dev->name, index);
		return RLNC_RETIRED_NONE;
	}
	DMWARN("%s: %s was member %u, and its superblocks cannot be erased (%d); wipe it before it is used for anything else",
	       rlnc_name(v), dev->name, index, ret);
	return RLNC_RETIRED_LEFT;
}
