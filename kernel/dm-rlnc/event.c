// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to a volume is queued here, from any context, and told by a worker:
 * as a device-mapper event and by generic netlink.
 *
 * The queue has room for RLNC_EVENTS; when a burst exceeds that, the newest are
 * dropped and counted.  What a sick member can cause without end, wrong fragments
 * above all, has a few tokens a second; without one it is added up, and the sum is
 * sent when the second is over.
 */
#include <linux/ktime.h>
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "trace.h"

#define RLNC_EVENTS	64

static struct workqueue_struct *event_wq;

static const struct {
	u32 kind;
	u32 tokens;			/* a second */
} limits[RLNC_EVENT_SUMS] = {
	{ RLNC_EVENT_DATA_LOST, 16 },
	{ RLNC_EVENT_AUTH_FAILED, 1 },
	{ RLNC_EVENT_CORRECTED, 1 },
};

/* --- queueing ------------------------------------------------------------- */

static void append(struct rlnc_events *events, const struct rlnc_event *event)
{
	struct rlnc_event *slot;

	lockdep_assert_held(&events->lock);
	events->seq++;
	if (events->count == RLNC_EVENTS) {
		events->lost++;
		return;
	}
	slot = &events->ring[(events->first + events->count++) % RLNC_EVENTS];
	*slot = *event;
	slot->seq = events->seq;
	slot->lost = events->lost;
	events->lost = 0;
}

static void queue(struct rlnc_volume *v, struct rlnc_event *event)
{
	struct rlnc_events *events = &v->events;
	unsigned long flags;

	if (!READ_ONCE(events->live))
		return;
	event->time = ktime_get_real_ns();
	spin_lock_irqsave(&events->lock, flags);
	event->epoch = events->epoch;
	memcpy(event->root, events->root, sizeof(event->root));
	append(events, event);
	spin_unlock_irqrestore(&events->lock, flags);
	mod_delayed_work(event_wq, &events->work, 0);
}

/* As queue(), of what may come in floods. */
static void queue_limited(struct rlnc_volume *v, u32 which, struct rlnc_event *event)
{
	struct rlnc_events *events = &v->events;
	struct rlnc_event_sum *sum = &events->sum[which];
	unsigned long flags;

	if (!READ_ONCE(events->live))
		return;
	event->kind = limits[which].kind;
	event->time = ktime_get_real_ns();
	spin_lock_irqsave(&events->lock, flags);
	event->epoch = events->epoch;
	if (time_after_eq(jiffies, sum->refill)) {
		sum->tokens = limits[which].tokens;
		sum->refill = jiffies + HZ;
	}
	bitmap_or(event->members, event->members, sum->event.members, RLNC_MAX_MEMBERS);
	event->n += sum->event.n;
	event->stale += sum->event.stale;
	if (sum->tokens) {
		sum->tokens--;
		append(events, event);
		memset(&sum->event, 0, sizeof(sum->event));
		mod_delayed_work(event_wq, &events->work, 0);
	} else {
		sum->event = *event;
		/* Does not put off what is to be sent at once. */
		queue_delayed_work(event_wq, &events->work, HZ);
	}
	spin_unlock_irqrestore(&events->lock, flags);
}

/**
 * rlnc_event_durable - what is said of a volume is what its superblock says now
 * @v:	volume, which has just been read or written; checkpoint_mutex is held, or
 *	nothing else runs
 *
 * From the moment that a checkpoint begins to write superblocks, v->sb has an epoch
 * that may never be durable.  A keeper who was told of it would refuse the volume.
 *
 * Return: 0 or the crypto API's error.
 */
int rlnc_event_durable(struct rlnc_volume *v)
{
	struct rlnc_events *events = &v->events;
	u8 root[RLNC_DIGEST_BYTES];
	unsigned long flags;
	int ret;

	ret = rlnc_crypt_digest(&v->crypt, v->root[0], RLNC_TREES * v->geo.ptr_bytes, root);
	if (ret)
		return ret;
	spin_lock_irqsave(&events->lock, flags);
	events->epoch = v->sb->epoch;
	memcpy(events->root, root, sizeof(events->root));
	spin_unlock_irqrestore(&events->lock, flags);
	return 0;
}

/**
 * rlnc_events_state - the last checkpoint that is durable
 * @v:		volume
 * @root:	receives the digest of its root pointers, or NULL
 *
 * Return: its epoch.
 */
u64 rlnc_events_state(struct rlnc_volume *v, u8 root[RLNC_DIGEST_BYTES])
{
	struct rlnc_events *events = &v->events;
	unsigned long flags;
	u64 epoch;

	spin_lock_irqsave(&events->lock, flags);
	epoch = events->epoch;
	if (root)
		memcpy(root, events->root, sizeof(events->root));
	spin_unlock_irqrestore(&events->lock, flags);
	return epoch;
}

/**
 * rlnc_event_volume - something happened to the volume as a whole
 * @v:		volume
 * @kind:	ACTIVATED, RESUMED, SUSPENDED, STOPPED, KEY_SET or KEY_WIPED
 * @reason:	static string, or NULL
 */
void rlnc_event_volume(struct rlnc_volume *v, enum rlnc_event_kind kind,
		       const char *reason)
{
	struct rlnc_event event = { .kind = kind, .reason = reason };

	queue(v, &event);
}

/**
 * rlnc_event_member - something happened to a member
 * @v:		volume
 * @kind:	one of RLNC_EVENT_MEMBER_*
 * @index:	the member
 * @reason:	static string, or NULL
 */
void rlnc_event_member(struct rlnc_volume *v, enum rlnc_event_kind kind, u32 index,
		       const char *reason)
{
	const struct rlnc_member *m = &v->member[index];
	const struct dm_dev *dev = READ_ONCE(m->dev);
	struct rlnc_event event = { .kind = kind, .reason = reason, .member = index };

	event.valid_through = READ_ONCE(m->info.valid_through);
	trace_rlnc_member_state(v, kind, index, event.valid_through, reason);
	if (dev)
		strscpy(event.device, dev->name, sizeof(event.device));
	queue(v, &event);
}

/**
 * rlnc_event_work - background work has come to a point
 * @v:		volume
 * @kind:	one of RLNC_EVENT_WORK_*
 */
void rlnc_event_work(struct rlnc_volume *v, enum rlnc_event_kind kind)
{
	struct rlnc_event event = {
		.kind = kind,
		.work = v->bg.kind,
		.done = v->bg.done,
		.mended = v->bg.mended,
		.errors = rlnc_work_failures(v),
	};

	trace_rlnc_work(v, kind, rlnc_work_name(v->bg.kind));
	if (kind == RLNC_EVENT_WORK_FINISHED)
		event.done = v->shape[RLNC_TREE_MAP].count[0];
	queue(v, &event);
}

/* An epoch is durable; the caller holds checkpoint_mutex. */
void rlnc_event_checkpoint(struct rlnc_volume *v)
{
	struct rlnc_event event = { .kind = RLNC_EVENT_CHECKPOINT };

	queue(v, &event);
}

/**
 * rlnc_event_auth_failed - a fragment was not what was written
 * @v:		volume
 * @index:	whose it is
 * @stale:	but had been written once
 */
void rlnc_event_auth_failed(struct rlnc_volume *v, u32 index, bool stale)
{
	struct rlnc_event event = { .n = 1, .stale = stale };

	__set_bit(index, event.members);
	queue_limited(v, RLNC_EVENT_SUM_AUTH, &event);
}

/**
 * rlnc_event_corrected - pages of fragments were put right
 * @v:		volume
 * @members:	whose they are
 * @count:	how many pages
 */
void rlnc_event_corrected(struct rlnc_volume *v, const unsigned long *members, u32 count)
{
	struct rlnc_event event = { .n = count };

	bitmap_copy(event.members, members, v->n);
	queue_limited(v, RLNC_EVENT_SUM_CORRECTED, &event);
}

/**
 * rlnc_event_data_lost - a sector of a generation cannot be had from the members
 * @v:		volume
 * @place:	of the generation
 * @sector:	of it
 * @members:	whose fragments are wrong or missing
 */
void rlnc_event_data_lost(struct rlnc_volume *v, const struct rlnc_place *place,
			  u32 sector, const unsigned long *members)
{
	struct rlnc_event event = {
		.n = 1, .tree = place->tree, .level = place->level,
		.index = place->index, .sector = sector,
	};

	bitmap_copy(event.members, members, v->n);
	queue_limited(v, RLNC_EVENT_SUM_LOST, &event);
}

/* --- telling -------------------------------------------------------------- */

static bool take(struct rlnc_events *events, struct rlnc_event *event)
{
	unsigned long flags;
	bool some;

	spin_lock_irqsave(&events->lock, flags);
	some = events->count;
	if (some) {
		*event = events->ring[events->first];
		events->first = (events->first + 1) % RLNC_EVENTS;
		events->count--;
	}
	spin_unlock_irqrestore(&events->lock, flags);
	return some;
}

/* Queue the sums whose second is over.  Return: are there others? */
static bool settle_sums(struct rlnc_events *events, bool all)
{
	struct rlnc_event_sum *sum;
	unsigned long flags;
	bool later = false;
	u32 i;

	spin_lock_irqsave(&events->lock, flags);
	for (i = 0; i < RLNC_EVENT_SUMS; i++) {
		sum = &events->sum[i];
		if (!sum->event.n)
			continue;
		if (!all && time_before(jiffies, sum->refill)) {
			later = true;
			continue;
		}
		append(events, &sum->event);
		memset(&sum->event, 0, sizeof(sum->event));
		sum->refill = jiffies + HZ;
		sum->tokens = limits[i].tokens - 1;
	}
	spin_unlock_irqrestore(&events->lock, flags);
	return later;
}

/* A rename is nobody's event, so look now. */
static void look_up_name(struct rlnc_volume *v)
{
	char name[DM_NAME_LEN];
	unsigned long flags;

	if (dm_copy_name_and_uuid(dm_table_get_md(v->ti->table), name, NULL))
		return;
	spin_lock_irqsave(&v->events.lock, flags);
	strscpy(v->events.name, name, sizeof(v->events.name));
	spin_unlock_irqrestore(&v->events.lock, flags);
}

/**
 * rlnc_events_name - what the volume is called below /dev/mapper
 * @v:		volume
 * @name:	receives what it was called when the last event was told
 */
void rlnc_events_name(struct rlnc_volume *v, char name[DM_NAME_LEN])
{
	unsigned long flags;

	spin_lock_irqsave(&v->events.lock, flags);
	strscpy(name, v->events.name, DM_NAME_LEN);
	spin_unlock_irqrestore(&v->events.lock, flags);
}

static void tell(struct rlnc_volume *v, bool all)
{
	struct rlnc_event event;
	bool any = false;

	if (settle_sums(&v->events, all))
		queue_delayed_work(event_wq, &v->events.work, HZ / 4);
	look_up_name(v);
	while (take(&v->events, &event)) {
		rlnc_netlink_event(v, &event);
		any = true;
	}
	if (any)
		dm_table_event(v->ti->table);
}

static void tell_work(struct work_struct *work)
{
	tell(container_of(to_delayed_work(work), struct rlnc_volume, events.work), false);
}

/**
 * rlnc_events_init - prepare the queue
 * @v:	volume being constructed
 *
 * Until rlnc_events_live() everything is thrown away: nothing has happened to a
 * volume that never went live.
 *
 * Return: 0 or -ENOMEM.
 */
int rlnc_events_init(struct rlnc_volume *v)
{
	spin_lock_init(&v->events.lock);
	INIT_DELAYED_WORK(&v->events.work, tell_work);
	v->events.ring = kvcalloc(RLNC_EVENTS, sizeof(*v->events.ring), GFP_KERNEL);
	return v->events.ring ? 0 : -ENOMEM;
}

/* The volume goes live. */
void rlnc_events_live(struct rlnc_volume *v)
{
	look_up_name(v);
	WRITE_ONCE(v->events.live, true);
}

/**
 * rlnc_events_exit - tell what is left, and let go
 * @v:		volume that nothing happens to any more
 * @closed:	and that it is closed; not when another table has taken its place
 */
void rlnc_events_exit(struct rlnc_volume *v, bool closed)
{
	struct rlnc_event event = { .kind = RLNC_EVENT_CLOSED };

	if (!v->events.ring)
		return;
	if (closed)
		queue(v, &event);
	WRITE_ONCE(v->events.live, false);
	cancel_delayed_work_sync(&v->events.work);
	tell(v, true);
	/* Nothing is left to be added up, so it has not been queued again. */
	kvfree(v->events.ring);
}

int __init rlnc_event_module_init(void)
{
	event_wq = alloc_workqueue("rlnc-event", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return event_wq ? 0 : -ENOMEM;
}

void rlnc_event_module_exit(void)
{
	destroy_workqueue(event_wq);
}
