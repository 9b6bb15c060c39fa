// SPDX-License-Identifier: GPL-2.0-only
/* Members: their state, and I/O that does not belong to a generation. */
#include <linux/delay.h>
#include "dm-rlnc.h"

/* Read errors in a row after which a member is given up. */
#define MAX_READ_ERRORS	16

/* How long a return waits for requests of before. */
#define RETURN_WAIT_MS	1000

/*
 * A stale member has what was written before it went away and what has been
 * written since it came back.
 */
static bool holds(const struct rlnc_member *m, u64 birth)
{
	switch (m->state) {
	case RLNC_MEMBER_SYNC:
		return true;
	case RLNC_MEMBER_STALE:
		return birth <= m->info.valid_through || birth >= m->info.since;
	default:
		return false;
	}
}

/**
 * rlnc_member_readable - may a fragment be asked of this member
 * @v:		volume
 * @index:	the member
 * @birth:	of the generation
 */
bool rlnc_member_readable(struct rlnc_volume *v, u32 index, u64 birth)
{
	const struct rlnc_member *m = &v->member[index];

	return m->dev && holds(m, birth);
}

/* Does this member get its fragment of what is being written now? */
bool rlnc_member_writable(struct rlnc_volume *v, u32 index)
{
	const struct rlnc_member *m = &v->member[index];
	u8 state = READ_ONCE(m->state);

	return m->dev &&
	       (state == RLNC_MEMBER_SYNC || state == RLNC_MEMBER_STALE);
}

/* Does a member have, or will it have when it is back, what was born then? */
static bool holds_by_info(const struct rlnc_member *m, u64 birth)
{
	const struct rlnc_member_info *info = &m->info;

	if (info->state == RLNC_MEMBER_ABSENT)
		return false;
	return info->state == RLNC_MEMBER_SYNC || birth <= info->valid_through ||
	       (info->state == RLNC_MEMBER_STALE && birth >= info->since);
}

static bool is_present(const struct rlnc_member *m)
{
	return m->dev && READ_ONCE(m->state) != RLNC_MEMBER_FAILED;
}

static u32 count_holders(struct rlnc_volume *v, u64 birth, bool present)
{
	u32 i, count = 0;

	for (i = 0; i < v->n; i++)
		count += (!present || is_present(&v->member[i])) &&
			 holds_by_info(&v->member[i], birth);
	return count;
}

/**
 * rlnc_coverage - do at least k members hold everything up to an epoch
 * @v:		volume
 * @epoch:	the last one that matters
 * @present:	count only members that can be asked
 *
 * Who holds what changes only behind a valid_through, so that is where to look.
 */
bool rlnc_coverage(struct rlnc_volume *v, u64 epoch, bool present)
{
	u32 i;

	if (count_holders(v, epoch, present) < v->k)
		return false;
	for (i = 0; i < v->n; i++) {
		u64 at = v->member[i].info.valid_through;

		if (v->member[i].info.state != RLNC_MEMBER_SYNC && at < epoch &&
		    count_holders(v, at + 1, present) < v->k)
			return false;
	}
	return true;
}

u32 rlnc_members_writable(struct rlnc_volume *v)
{
	u32 i, count = 0;

	for (i = 0; i < v->n; i++)
		count += rlnc_member_writable(v, i);
	return count;
}

/**
 * rlnc_member_fail - give a member up for this activation
 * @v:		volume
 * @index:	the member
 * @why:	a static string, for the log and those who listen
 *
 * What the last durable checkpoint refers to, it still has; of anything newer,
 * that is not known.
 */
void rlnc_member_fail(struct rlnc_volume *v, u32 index, const char *why)
{
	struct rlnc_member *m = &v->member[index];
	bool changed = false;

	spin_lock(&v->member_lock);
	if (m->state == RLNC_MEMBER_SYNC || m->state == RLNC_MEMBER_STALE) {
		if (m->state == RLNC_MEMBER_SYNC)
			m->info.valid_through = READ_ONCE(v->sb->epoch);
		m->info.since = RLNC_EPOCH_NONE;
		m->info.state = RLNC_MEMBER_FAILED;
		WRITE_ONCE(m->state, RLNC_MEMBER_FAILED);
		WRITE_ONCE(v->members_changed, true);
		WRITE_ONCE(m->why, why);
		m->changes++;
		/* After the state; see rlnc_generation_store_begin(). */
		smp_store_release(&m->incarnation, m->incarnation + 1);
		changed = true;
	}
	spin_unlock(&v->member_lock);
	if (!changed)
		return;
	DMWARN("%s: member %u (%s) failed: %s; %u of %u left, %u needed",
	       rlnc_name(v), index, m->dev ? m->dev->name : "-", why,
	       rlnc_members_writable(v), v->n, v->k);
	rlnc_event_member(v, RLNC_EVENT_MEMBER_FAILED, index, why);
}

/**
 * rlnc_member_silent - a member has let a deadline pass
 * @v:		volume
 * @index:	the member
 * @bdev:	its device at that time; if that was replaced it says nothing
 */
void rlnc_member_silent(struct rlnc_volume *v, u32 index, struct block_device *bdev)
{
	struct rlnc_member *m = &v->member[index];

	if (READ_ONCE(m->dev)->bdev != bdev)
		return;
	atomic64_inc(&m->timeouts);
	rlnc_member_fail(v, index, "it does not answer");
}

/**
 * rlnc_member_missed - a member did not get its fragment
 * @v:		volume
 * @index:	the member
 * @birth:	that the generation was committed with
 *
 * The write may have begun before the member came back: it must not be said to
 * hold what was born then.
 */
void rlnc_member_missed(struct rlnc_volume *v, u32 index, u64 birth)
{
	struct rlnc_member *m = &v->member[index];
	bool stale = false;

	spin_lock(&v->member_lock);
	if (m->state == RLNC_MEMBER_SYNC) {
		stale = true;
		m->info.valid_through = min(READ_ONCE(v->sb->epoch), birth - 1);
		m->info.since = birth + 1;
		m->info.state = RLNC_MEMBER_STALE;
		WRITE_ONCE(m->state, RLNC_MEMBER_STALE);
	} else if (m->state == RLNC_MEMBER_STALE) {
		m->info.since = max(m->info.since, birth + 1);
	} else {
		goto out;
	}
	m->changes++;
	WRITE_ONCE(v->members_changed, true);
out:
	spin_unlock(&v->member_lock);
	if (!stale)
		return;
	rlnc_event_member(v, RLNC_EVENT_MEMBER_STALE, index, "missed a write");
	rlnc_background_kick(v);
}

/**
 * rlnc_member_make_stale - write to a member again
 * @v:		volume; checkpoint_mutex is held
 * @m:		a member that has failed; what it misses is to be rebuilt
 *
 * Return: as rlnc_checkpoint().
 */
int rlnc_member_make_stale(struct rlnc_volume *v, struct rlnc_member *m)
{
	lockdep_assert_held(&v->checkpoint_mutex);
	down_write(&v->commit_sem);
	spin_lock(&v->member_lock);
	m->info.since = v->birth + 1;
	m->info.state = RLNC_MEMBER_STALE;
	WRITE_ONCE(m->state, RLNC_MEMBER_STALE);
	WRITE_ONCE(v->members_changed, true);
	m->changes++;
	/* After the state; see rlnc_generation_store_begin(). */
	smp_store_release(&m->incarnation, m->incarnation + 1);
	atomic_set(&m->read_errors, 0);
	spin_unlock(&v->member_lock);
	up_write(&v->commit_sem);
	return rlnc_checkpoint_locked(v);
}

/*
 * What was being written when the member failed must not land over what it is
 * given from now on.
 */
static int await_requests(struct rlnc_volume *v, struct rlnc_member *m)
{
	u32 tries;

	for (tries = 0; tries < RETURN_WAIT_MS / 20; tries++) {
		if (!atomic_read(&m->port->writes) &&
		    !rlnc_flights_out(NULL, m->dev, true) &&
		    !rlnc_flights_out(v, m->dev, false))
			return 0;
		msleep(20);
	}
	DMWARN("%s: member %u (%s) has not answered all requests of before; try again when it has",
	       rlnc_name(v), m->index, m->dev->name);
	return -EBUSY;
}

/* Is the device still the member that it was?  Lowers what it can be said to hold. */
static int check_returning(struct rlnc_volume *v, struct rlnc_member *m)
{
	enum rlnc_super_error err;
	struct rlnc_super *sb;
	int ret;

	sb = kvzalloc(sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return -ENOMEM;
	ret = rlnc_super_read(v, m->dev, RLNC_EPOCH_NONE, sb, &err);
	if (ret == -EBADMSG)
		DMERR("%s: member %u (%s): superblock: %s", rlnc_name(v), m->index,
		      m->dev->name, rlnc_super_strerror(err));
	if (ret)
		goto out;
	if (memcmp(sb->volume_id, v->sb->volume_id, RLNC_ID_BYTES) ||
	    sb->member != m->index ||
	    memcmp(sb->members[m->index].id, m->info.id, RLNC_ID_BYTES)) {
		DMERR("%s: %s is not the member %u that failed", rlnc_name(v),
		      m->dev->name, m->index);
		ret = -EINVAL;
		goto out;
	}
	/* It was given up before this epoch ended, and nobody else writes to it. */
	if (sb->epoch > READ_ONCE(v->sb->epoch)) {
		DMERR("%s: member %u (%s) has epoch %llu, and this volume has come to %llu: it was part of a copy of the volume; open that with all its members, or replace this one",
		      rlnc_name(v), m->index, m->dev->name, sb->epoch,
		      READ_ONCE(v->sb->epoch));
		ret = -EINVAL;
		goto out;
	}
	spin_lock(&v->member_lock);
	m->info.valid_through = min(m->info.valid_through, sb->epoch);
	spin_unlock(&v->member_lock);
out:
	kvfree(sb);
	return ret;
}

/**
 * rlnc_member_return - take a failed member up again
 * @v:		active volume
 * @index:	the member; its device must be the one that failed
 *
 * Return: 0; -ENODEV when it has no device; -EBUSY when it has not failed, has not
 * answered what it was asked before, or the volume is being suspended; -EINVAL or
 * -EBADMSG when the device is not that member any more; -EIO when the volume takes no
 * writes, or no more after this: the member is read from, for what it has, but no
 * superblock says so; or another error when it still cannot be read.
 */
int rlnc_member_return(struct rlnc_volume *v, u32 index)
{
	struct rlnc_member *m = &v->member[index];
	int ret;

	if (!m->dev) {
		DMWARN("%s: member %u has no device to return with; replace it", rlnc_name(v),
		       index);
		return -ENODEV;
	}
	if (READ_ONCE(m->state) != RLNC_MEMBER_FAILED) {
		DMWARN("%s: member %u (%s) has not failed: there is nothing to return",
		       rlnc_name(v), index, m->dev->name);
		return -EBUSY;
	}
	ret = await_requests(v, m) ?: check_returning(v, m);
	if (ret)
		return ret;
	mutex_lock(&v->checkpoint_mutex);
	if (v->suspended) {
		mutex_unlock(&v->checkpoint_mutex);
		return -EBUSY;
	}
	rlnc_member_well(m);
	DMINFO("%s: member %u (%s) returns; it has what was written up to epoch %llu",
	       rlnc_name(v), index, m->dev->name, m->info.valid_through);
	ret = rlnc_member_make_stale(v, m);
	mutex_unlock(&v->checkpoint_mutex);
	rlnc_event_member(v, RLNC_EVENT_MEMBER_RETURNED, index, NULL);
	rlnc_background_kick(v);
	return ret;
}

/**
 * rlnc_member_check_device - can a device become a member
 * @v:		volume
 * @dev:	the device
 *
 * Return: 0, -EBUSY when it is one, -EINVAL or -ENOSPC; the log says why.
 */
int rlnc_member_check_device(struct rlnc_volume *v, const struct dm_dev *dev)
{
	u32 i;

	for (i = 0; i < v->n; i++) {
		if (v->member[i].dev == dev || v->devs[i] == dev || v->retired[i] == dev) {
			DMERR("%s: %s is a member already", rlnc_name(v), dev->name);
			return -EBUSY;
		}
	}
	if (rlnc_registry_check_device(v, dev))
		return -EBUSY;
	if (bdev_is_zoned(dev->bdev) ||
	    dev->bdev->bd_disk == dm_disk(dm_table_get_md(v->ti->table))) {
		DMERR("%s: %s cannot be a member", rlnc_name(v), dev->name);
		return -EINVAL;
	}
	if (rlnc_slots_for_bytes(&v->geo, bdev_nr_bytes(dev->bdev)) < v->slots) {
		DMERR("%s: %s is too small to be a member", rlnc_name(v), dev->name);
		return -ENOSPC;
	}
	return 0;
}

char rlnc_member_letter(struct rlnc_volume *v, u32 index)
{
	const struct rlnc_member *m = &v->member[index];

	if (!m->dev)
		return RLNC_LETTER_ABSENT;
	switch (READ_ONCE(m->state)) {
	case RLNC_MEMBER_SYNC:
		return RLNC_LETTER_SYNC;
	case RLNC_MEMBER_STALE:
		return RLNC_LETTER_STALE;
	default:
		return RLNC_LETTER_FAILED;
	}
}

/* A read that does not belong to a generation. */
struct member_read {
	struct rlnc_round round;
	blk_status_t status;
};

static void read_ended(struct rlnc_round *round, const struct rlnc_flight *f,
		       blk_status_t status)
{
	container_of(round, struct member_read, round)->status = status;
}

/* Of a member, or of what may become one. */
static u64 device_deadline_ns(const struct rlnc_volume *v, const struct dm_dev *dev)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (v->member[i].dev == dev)
			return rlnc_member_deadline_ns(v, i);
	return rlnc_deadline_ns(v);
}

/**
 * rlnc_member_read - read pages that follow each other, and wait
 * @v:		volume
 * @dev:	member
 * @offset:	byte offset on the device
 * @pages:	first of the pages; each with a reference count of its own
 * @count:	how many
 *
 * Return: 0; -ETIMEDOUT when the deadline passed, and the pages are no longer the
 * caller's; -EBUSY when a request is still out from the last time that it did; or
 * another negative error.
 */
int rlnc_member_read(struct rlnc_volume *v, struct dm_dev *dev, u64 offset,
		     struct page *pages, u32 count)
{
	struct member_read r;
	struct rlnc_flight *f;
	struct rlnc_late late;
	u32 i;

	if (rlnc_flights_out(v, dev, false))
		return -EBUSY;
	rlnc_round_init(&r.round, read_ended);
	f = rlnc_flight_new(v, dev, NULL, REQ_OP_READ | REQ_META, offset, count, GFP_NOIO);
	f->owns_pages = true;
	for (i = 0; i < count; i++)
		__bio_add_page(&f->bio, pages + i, PAGE_SIZE, 0);
	rlnc_flight_send(f, &r.round);
	if (rlnc_round_wait(&r.round, device_deadline_ns(v, dev), NULL, NULL) ||
	    !rlnc_round_leave(&r.round, &late))
		return blk_status_to_errno(r.status);
	for (i = 0; i < count; i++)
		put_page(pages + i);
	DMWARN("%s does not answer", dev->name);
	return -ETIMEDOUT;
}

/* One operation on every writable member at once. */
struct fan {
	struct rlnc_round round;
	DECLARE_BITMAP(done, RLNC_MAX_MEMBERS);
	DECLARE_BITMAP(failed, RLNC_MAX_MEMBERS);
};

static void fan_ended(struct rlnc_round *round, const struct rlnc_flight *f,
		      blk_status_t status)
{
	struct fan *fan = container_of(round, struct fan, round);

	__set_bit(f->row, status ? fan->failed : fan->done);
}

static void fan_out(struct rlnc_volume *v, struct fan *fan, blk_opf_t opf, u64 offset,
		    u32 bytes)
{
	struct rlnc_flight *f;
	struct rlnc_member *m;
	u32 i;

	for (i = 0; i < v->n; i++) {
		m = &v->member[i];
		if (!rlnc_member_writable(v, i))
			continue;
		if (!rlnc_flight_room(v, i, true)) {
			rlnc_member_silent(v, i, m->dev->bdev);
			continue;
		}
		f = rlnc_flight_new(v, m->dev, m, opf, offset, bytes ? 1 : 0, GFP_NOIO);
		if (bytes)
			__bio_add_page(&f->bio, m->super_pages, bytes, 0);
		f->row = i;
		rlnc_flight_send(f, &fan->round);
	}
}

/**
 * rlnc_members_fan - send one bio to every writable member, and wait
 * @v:		volume
 * @opf:	operation and flags
 * @offset:	byte offset on each device
 * @bytes:	of each member's super_pages to send; 0 for an empty flush
 * @why:	what to say of a member that fails, which is given up
 *
 * The caller holds checkpoint_mutex: there is one fan at a time.  A member that
 * has not answered by the deadline may still read its super_pages; they are not
 * touched before it is taken up again, which waits for that.
 *
 * Return: how many members have done it.
 */
u32 rlnc_members_fan(struct rlnc_volume *v, blk_opf_t opf, u64 offset, u32 bytes,
		     const char *why)
{
	struct rlnc_late late;
	struct fan fan;
	u64 since;
	u32 i;

	bitmap_zero(fan.done, RLNC_MAX_MEMBERS);
	bitmap_zero(fan.failed, RLNC_MAX_MEMBERS);
	rlnc_round_init(&fan.round, fan_ended);
	fan_out(v, &fan, opf, offset, bytes);
	since = ktime_get_ns();
	while (rlnc_round_overdue(&fan.round, since, NULL, NULL, &late))
		rlnc_member_silent(v, late.row, late.bdev);
	for_each_set_bit(i, fan.failed, v->n)
		rlnc_member_fail(v, i, why);
	return bitmap_weight(fan.done, v->n);
}

/* Called in process context for each read that a member could not answer. */
void rlnc_member_read_error(struct rlnc_volume *v, u32 index)
{
	if (atomic_inc_return(&v->member[index].read_errors) >= MAX_READ_ERRORS)
		rlnc_member_fail(v, index, "too many read errors");
}

/* A read was answered. */
void rlnc_member_read_ok(struct rlnc_volume *v, u32 index)
{
	if (atomic_read(&v->member[index].read_errors))
		atomic_set(&v->member[index].read_errors, 0);
}
