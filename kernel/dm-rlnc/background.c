// SPDX-License-Identifier: GPL-2.0-only
/*
 * Background work: rebuilding stale members, and scrubbing.  One at a time a
 * volume; rebuilding goes first.  How far it has come is in the superblock, so
 * that it goes on after a reload or a reboot.  What could not be done is counted in
 * memory: a scrub that has such counts goes on with them after the volume was
 * suspended, and begins again after a reload or a reboot.
 */
#include <linux/delay.h>
#include "dm-rlnc.h"

static const char *const names[] = {
	[RLNC_WORK_NONE]	= "idle",
	[RLNC_WORK_REBUILD]	= "rebuild",
	[RLNC_WORK_SCRUB]	= "scrub",
};

/* What the status line calls a kind of work, of enum rlnc_disk_work. */
const char *rlnc_work_name(u32 kind)
{
	return names[kind];
}

/* Generations that the work under way could not deal with as it should. */
u64 rlnc_work_failures(const struct rlnc_volume *v)
{
	return v->bg.errors + (v->bg.kind == RLNC_WORK_REBUILD ? v->bg.lost : 0);
}

/* How the last scrub ended, as the status line has it. */
const char *rlnc_scrub_end_name(enum rlnc_scrub_end end)
{
	static const char *const ends[] = {
		[RLNC_SCRUB_NONE]	= RLNC_SCRUBBED_NONE,
		[RLNC_SCRUB_FINISHED]	= RLNC_SCRUBBED_FINISHED,
		[RLNC_SCRUB_FAILED]	= RLNC_SCRUBBED_FAILED,
		[RLNC_SCRUB_STOPPED]	= RLNC_SCRUBBED_STOPPED,
	};

	return ends[end];
}

/**
 * rlnc_background_state - what is under way, and how the last scrub ended
 * @v:		volume
 * @state:	filled in; all of one moment
 */
void rlnc_background_state(struct rlnc_volume *v, struct rlnc_background_state *state)
{
	spin_lock(&v->bg.lock);
	state->kind = v->bg.kind;
	state->done = READ_ONCE(v->bg.done);
	state->scrub_end = v->bg.scrub_end;
	spin_unlock(&v->bg.lock);
}

/*
 * Nothing is under way any more.  That it was asked for, that it is under way, and how it
 * ended change at once: a scrub that is asked for is either this one, or another, which
 * has not ended when that is seen.
 */
static void ended(struct rlnc_volume *v, enum rlnc_scrub_end end)
{
	lockdep_assert_held(&v->bg.lock);
	if (v->bg.kind == RLNC_WORK_SCRUB) {
		v->bg.scrub_wanted = false;
		v->bg.scrub_end = end;
	}
	WRITE_ONCE(v->bg.kind, RLNC_WORK_NONE);
	WRITE_ONCE(v->bg.done, 0);
	WRITE_ONCE(v->members_changed, true);	/* the superblocks shall say so */
}

static bool stopping(struct rlnc_volume *v)
{
	return READ_ONCE(v->bg.stop) || READ_ONCE(v->stopped);
}

/* Take the time that what was asked of the members may take. */
static void throttle(struct rlnc_volume *v)
{
	u64 ms;

	if (!v->opt.rebuild_kbps) {
		v->bg.debt = 0;
		cond_resched();
		return;
	}
	ms = div64_u64(v->bg.debt * 1000, (u64)v->opt.rebuild_kbps * 1024);
	if (ms < 10)
		return;
	v->bg.debt = 0;
	wait_event_interruptible_timeout(v->bg.wait, stopping(v), msecs_to_jiffies(ms));
}

static bool too_old(struct rlnc_volume *v, void *arg, const struct rlnc_ptr *ptr)
{
	u64 birth = le64_to_cpu(ptr->birth);
	u32 i;

	/* The youngest of a subtree is as old as its node: did all have that? */
	for (i = 0; i < v->n; i++)
		if (READ_ONCE(v->member[i].state) == RLNC_MEMBER_STALE &&
		    birth > v->member[i].info.valid_through)
			return false;
	return true;
}

/* Changes whenever a member fails, comes back or is replaced. */
static u32 incarnations(struct rlnc_volume *v)
{
	u32 i, sum = 0;

	for (i = 0; i < v->n; i++)
		sum += READ_ONCE(v->member[i].incarnation);
	return sum;
}

/*
 * Count what could not be done.  A rebuild passes over data that cannot be read though
 * enough members are there for any of it: more than n - k of its fragments are wrong
 * or missing, and a member that waited for it would wait for ever.  What cannot be read
 * because members are away can wait for them.
 */
static void count_failure(struct rlnc_volume *v, int error, u32 seen)
{
	v->bg.passed_over = v->bg.kind == RLNC_WORK_REBUILD &&
			    rlnc_cannot_be_read(v, error) &&
			    rlnc_coverage(v, READ_ONCE(v->birth), true) &&
			    incarnations(v) == seen;
	if (v->bg.passed_over)
		WRITE_ONCE(v->bg.lost, v->bg.lost + 1);
	else
		WRITE_ONCE(v->bg.errors, v->bg.errors + 1);
	v->bg.failed_in_map += v->bg.in_map;
}

/* What is lost with a node is not known, and counts as one with it. */
static int unreadable(struct rlnc_volume *v, void *arg, int error)
{
	if (!v->bg.passed_over)
		count_failure(v, error, incarnations(v));
	return 0;
}

static int visit(struct rlnc_volume *v, void *arg, const struct rlnc_place *place,
		 const struct rlnc_ptr *ptr)
{
	u32 seen = incarnations(v);
	int ret;

	if (stopping(v))
		return -EINTR;
	v->bg.passed_over = false;
	v->bg.in_map = place->tree == RLNC_TREE_MAP;
	ret = v->bg.kind == RLNC_WORK_SCRUB ? rlnc_scrub_generation(v, place) :
					      rlnc_rebuild_generation(v, place);
	if (ret < 0)
		count_failure(v, ret, seen);
	else
		v->bg.mended += ret;
	if (v->bg.in_map && !place->level)
		/* Whoever sees how far it has come sees what could not be done up to there. */
		smp_store_release(&v->bg.done, place->index + 1);
	if (time_after_eq(jiffies, v->bg.next_word)) {
		v->bg.next_word = jiffies + HZ;
		rlnc_event_work(v, RLNC_EVENT_WORK_PROGRESS);
	}
	/* What is below a node is found by the cache, which reads it once more. */
	if (place->level)
		v->bg.debt += (u64)v->k * v->geo.symbol;
	throttle(v);
	return 0;
}

/* Has the set of fragments to be written grown since the walk began? */
static bool set_grown(struct rlnc_volume *v)
{
	u32 i;

	lockdep_assert_held(&v->member_lock);

	for (i = 0; i < v->n; i++)
		if (v->member[i].state == RLNC_MEMBER_STALE &&
		    v->member[i].changes != v->member[i].changes_seen)
			return true;
	return false;
}

static bool walk_outdated(struct rlnc_volume *v)
{
	return set_grown(v) || READ_ONCE(v->bg.errors);
}

/**
 * rlnc_background_done - how far the work has come, for the superblocks
 * @v:		volume; to be called before the members are flushed
 * @kind:	receives enum rlnc_disk_work
 */
u64 rlnc_background_done(struct rlnc_volume *v, u32 *kind)
{
	u64 done = smp_load_acquire(&v->bg.done);	/* before the errors up to there */

	*kind = READ_ONCE(v->bg.kind);
	spin_lock(&v->member_lock);
	/* A scrub that goes on from there would say at its end that all was well. */
	if (*kind == RLNC_WORK_NONE || READ_ONCE(v->bg.errors) ||
	    (*kind == RLNC_WORK_REBUILD && set_grown(v)))
		done = 0;
	spin_unlock(&v->member_lock);
	return done;
}

/* Every stale member that was there throughout has everything now. */
static void declare_in_sync(struct rlnc_volume *v)
{
	struct rlnc_member *m;
	u32 i;

	lockdep_assert_held(&v->checkpoint_mutex);

	down_write(&v->commit_sem);
	spin_lock(&v->member_lock);
	for (i = 0; i < v->n; i++) {
		m = &v->member[i];
		if (m->state != RLNC_MEMBER_STALE || m->changes != m->changes_seen)
			continue;
		m->info.state = RLNC_MEMBER_SYNC;
		m->info.valid_through = RLNC_EPOCH_NONE;
		m->info.since = RLNC_EPOCH_NONE;
		WRITE_ONCE(m->state, RLNC_MEMBER_SYNC);
		WRITE_ONCE(v->members_changed, true);
		rlnc_event_member(v, RLNC_EVENT_MEMBER_REBUILT, i, NULL);
	}
	spin_unlock(&v->member_lock);
	up_write(&v->commit_sem);
}

static bool any_stale(struct rlnc_volume *v)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (READ_ONCE(v->member[i].state) == RLNC_MEMBER_STALE)
			return true;
	return false;
}

/* Everything is still to be done. */
static void start_over(struct rlnc_volume *v)
{
	WRITE_ONCE(v->bg.done, 0);
	v->bg.mended = 0;
	v->bg.failed_in_map = 0;
}

/*
 * What lies outside the map is visited again, and counts anew.  So are those nodes of the
 * map that it was below: one of them that fails both times is counted twice.
 */
static void take_up_counts(struct rlnc_volume *v, u32 kind)
{
	if (kind == RLNC_WORK_REBUILD) {	/* one with errors starts over */
		WRITE_ONCE(v->bg.errors, 0);
		WRITE_ONCE(v->bg.lost, v->bg.failed_in_map);
	} else {
		WRITE_ONCE(v->bg.errors, v->bg.failed_in_map);
	}
}

/* From now on this is under way, unless it is a scrub that nobody wants any more. */
static bool claim(struct rlnc_volume *v, u32 kind)
{
	bool wanted;

	spin_lock(&v->bg.lock);
	wanted = kind != RLNC_WORK_SCRUB || v->bg.scrub_wanted;
	if (wanted && v->bg.kind != kind) {
		start_over(v);
		WRITE_ONCE(v->bg.kind, kind);
	}
	spin_unlock(&v->bg.lock);
	return wanted;
}

/* Begin, or go on with what was interrupted.  Return: is it still wanted? */
static bool begin(struct rlnc_volume *v, u32 kind)
{
	u32 i;

	mutex_lock(&v->checkpoint_mutex);
	if (!claim(v, kind)) {
		mutex_unlock(&v->checkpoint_mutex);
		return false;
	}
	spin_lock(&v->member_lock);
	if (kind == RLNC_WORK_REBUILD && walk_outdated(v))
		start_over(v);
	for (i = 0; i < v->n; i++)
		v->member[i].changes_seen = v->member[i].changes;
	spin_unlock(&v->member_lock);
	take_up_counts(v, kind);
	WRITE_ONCE(v->members_changed, true);	/* the superblocks shall say so */
	/* The walk judges subtrees by the births of written nodes. */
	rlnc_checkpoint_locked(v);
	mutex_unlock(&v->checkpoint_mutex);
	v->bg.next_word = jiffies + HZ;
	rlnc_event_work(v, RLNC_EVENT_WORK_STARTED);
	DMINFO("%s: %s begins at generation %llu of %llu", rlnc_name(v), names[kind],
	       v->bg.done, v->shape[RLNC_TREE_MAP].count[0]);
	return true;
}

/* Unless a member has come back meanwhile, which nobody will say again. */
static void give_up_rebuild(struct rlnc_volume *v)
{
	spin_lock(&v->member_lock);
	WRITE_ONCE(v->bg.rebuild_given_up, !set_grown(v));
	spin_unlock(&v->member_lock);
}

static void tell_lost(struct rlnc_volume *v)
{
	if (v->bg.kind == RLNC_WORK_REBUILD && v->bg.lost)
		DMERR("%s: %llu generations cannot be read: more than %u fragments of each are wrong or missing; members are rebuilt without them, and a scrub mends what becomes readable again",
		      rlnc_name(v), v->bg.lost, v->n - v->k);
}

static void finish(struct rlnc_volume *v)
{
	mutex_lock(&v->checkpoint_mutex);
	if (v->bg.kind == RLNC_WORK_REBUILD && v->bg.errors) {
		give_up_rebuild(v);
	} else if (v->bg.kind == RLNC_WORK_REBUILD) {
		/* Who fails after this is said to have all that was rebuilt. */
		rlnc_members_fan(v, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, "flush error");
		declare_in_sync(v);
	}
	tell_lost(v);
	DMINFO("%s: %s finished: %llu mended, %llu could not be", rlnc_name(v),
	       names[v->bg.kind], v->bg.mended, rlnc_work_failures(v));
	spin_lock(&v->bg.lock);
	rlnc_event_work(v, RLNC_EVENT_WORK_FINISHED);
	ended(v, v->bg.errors ? RLNC_SCRUB_FAILED : RLNC_SCRUB_FINISHED);
	spin_unlock(&v->bg.lock);
	rlnc_checkpoint_locked(v);
	mutex_unlock(&v->checkpoint_mutex);
}

static void interrupted(struct rlnc_volume *v)
{
	spin_lock(&v->bg.lock);
	rlnc_event_work(v, RLNC_EVENT_WORK_STOPPED);
	/* It goes on when the volume is resumed, or opened again. */
	if (READ_ONCE(v->stopped))
		ended(v, RLNC_SCRUB_STOPPED);
	else
		WRITE_ONCE(v->members_changed, true);
	spin_unlock(&v->bg.lock);
}

static u32 next_work(struct rlnc_volume *v)
{
	if (any_stale(v) && !READ_ONCE(v->bg.rebuild_given_up))
		return RLNC_WORK_REBUILD;
	return READ_ONCE(v->bg.scrub_wanted) ? RLNC_WORK_SCRUB : RLNC_WORK_NONE;
}

static void background_work(struct work_struct *work)
{
	struct rlnc_volume *v = container_of(work, struct rlnc_volume, bg.work);
	struct rlnc_walk walk = { .visit = visit, .unreadable = unreadable };
	u32 kind;
	int ret;

	while (!stopping(v) && (kind = next_work(v)) != RLNC_WORK_NONE) {
		if (!begin(v, kind))
			continue;
		walk.skip = kind == RLNC_WORK_REBUILD ? too_old : NULL;
		walk.from = v->bg.done;
		ret = rlnc_walk(v, &walk);
		if (ret == -EINTR) {
			interrupted(v);
			break;
		}
		if (ret)
			WRITE_ONCE(v->bg.errors, v->bg.errors + 1);
		finish(v);
	}
}

/* There may be something to do: a member came back, or the volume went live. */
void rlnc_background_kick(struct rlnc_volume *v)
{
	WRITE_ONCE(v->bg.rebuild_given_up, false);
	if (v->active && !READ_ONCE(v->bg.stop))
		queue_work(v->bg.wq, &v->bg.work);
}

void rlnc_background_start(struct rlnc_volume *v)
{
	WRITE_ONCE(v->bg.stop, false);
	rlnc_background_kick(v);
}

/* Interrupt what is under way, and wait until it has let go. */
void rlnc_background_stop(struct rlnc_volume *v)
{
	WRITE_ONCE(v->bg.stop, true);
	wake_up_all(&v->bg.wait);
	cancel_work_sync(&v->bg.work);
}

/* Return: has something to be interrupted? */
static bool abandon_scrub(struct rlnc_volume *v)
{
	bool under_way;

	spin_lock(&v->bg.lock);
	under_way = v->bg.kind == RLNC_WORK_SCRUB;
	if (v->bg.scrub_wanted && !under_way)	/* it waits for a rebuild */
		v->bg.scrub_end = RLNC_SCRUB_STOPPED;
	v->bg.scrub_wanted = false;
	spin_unlock(&v->bg.lock);
	return under_way;
}

/**
 * rlnc_scrub - begin or abandon a scrub
 * @v:		active volume; message_mutex is held
 * @wanted:	begin, or go on with one that was interrupted; else abandon it
 *
 * One that comes to its end while it is being abandoned has ended as it has ended.
 */
void rlnc_scrub(struct rlnc_volume *v, bool wanted)
{
	if (wanted) {
		spin_lock(&v->bg.lock);
		if (!v->bg.scrub_wanted) {
			v->bg.scrub_wanted = true;
			v->bg.scrub_end = RLNC_SCRUB_NONE;
		}
		spin_unlock(&v->bg.lock);
		rlnc_background_kick(v);
		return;
	}
	if (!abandon_scrub(v))
		return;
	rlnc_background_stop(v);
	spin_lock(&v->bg.lock);
	if (v->bg.kind == RLNC_WORK_SCRUB)
		ended(v, RLNC_SCRUB_STOPPED);
	spin_unlock(&v->bg.lock);
	rlnc_background_start(v);
}

/**
 * rlnc_background_resume - take up what the superblock says was under way
 * @v:		volume being activated
 * @same:	the members' states are as the superblock has them
 */
void rlnc_background_resume(struct rlnc_volume *v, bool same)
{
	v->bg.kind = v->sb->work;
	v->bg.done = v->sb->work_done;
	v->bg.scrub_wanted = v->bg.kind == RLNC_WORK_SCRUB;
	if (v->bg.kind == RLNC_WORK_REBUILD && !same)
		v->bg.done = 0;
}

int rlnc_background_init(struct rlnc_volume *v)
{
	spin_lock_init(&v->bg.lock);
	init_waitqueue_head(&v->bg.wait);
	INIT_WORK(&v->bg.work, background_work);
	v->bg.stop = true;
	v->bg.wq = alloc_ordered_workqueue("rlnc-background", WQ_MEM_RECLAIM);
	return v->bg.wq ? 0 : -ENOMEM;
}

void rlnc_background_exit(struct rlnc_volume *v)
{
	if (!v->bg.wq)
		return;
	rlnc_background_stop(v);
	destroy_workqueue(v->bg.wq);
}
