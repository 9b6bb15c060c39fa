// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merging: sectors that lie in packs go back to where their generations are, the
 * oldest pack first, once packs begin to run out.  A generation that gathered many
 * small writes meanwhile is read and written once for all of them.
 *
 * A thread of its own does it, so that it can be nicer than those who wait for data;
 * not much nicer, for it may hold the lane of a generation that is written to.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "trace.h"

#define MERGE_NICE	5

static u64 live(const struct rlnc_volume *v)
{
	return READ_ONCE(v->packs.head) - READ_ONCE(v->packs.tail);
}

static bool must_begin(const struct rlnc_volume *v)
{
	return live(v) > v->packs.count - v->packs.count / 4;
}

static bool may_end(const struct rlnc_volume *v)
{
	return live(v) <= v->packs.count / 2;
}

/**
 * rlnc_merge_generation - write a generation with all its sectors in one slot
 * @v:		volume
 * @gen:	generation of the map tree
 *
 * Takes its turn among the writes to it.
 *
 * Return: 0, -ENOMEM, or the error of reading or writing it.
 */
int rlnc_merge_generation(struct rlnc_volume *v, u64 gen)
{
	DECLARE_COMPLETION_ONSTACK(merged);
	struct rlnc_io *io = kzalloc(sizeof(*io), GFP_NOIO);
	int ret;

	if (!io)
		return -ENOMEM;
	io->v = v;
	io->gen = gen;
	io->merged = &merged;
	/* Here, rather than with the priority of the user's writes. */
	if (rlnc_lane_enter(io))
		rlnc_write(io);
	wait_for_completion(&merged);
	ret = io->error;
	kfree(io);
	return ret;
}

/* Does the map say that this sector lies there? */
static int refers(struct rlnc_volume *v, u64 owner, u32 pack, u32 sector)
{
	const struct rlnc_packed *packed;
	struct rlnc_node *leaf;
	struct rlnc_ptr *ptr;
	u32 at, in_gen;
	u64 gen;
	bool is;

	gen = div_u64_rem(owner, v->geo.seals, &in_gen);
	if (gen >= v->shape[RLNC_TREE_MAP].count[0])
		return -EBADMSG;
	leaf = rlnc_node_get(v, RLNC_TREE_MAP, 1, div_u64_rem(gen, v->geo.fanout, &at));
	if (IS_ERR(leaf))
		return PTR_ERR(leaf);
	ptr = leaf->buf + at * v->geo.ptr_bytes;
	packed = (const struct rlnc_packed *)&ptr->seal[in_gen];
	spin_lock(&leaf->lock);
	is = rlnc_seal_is_packed(&ptr->seal[in_gen]) && le32_to_cpu(packed->pack) == pack &&
	     le32_to_cpu(packed->sector) == sector;
	spin_unlock(&leaf->lock);
	rlnc_node_put(v, leaf);
	return is;
}

/**
 * rlnc_cannot_be_read - is it for the data itself that something has failed
 * @v:		volume
 * @ret:	0 or a negative error of reading, merging or rebuilding a generation
 *
 * Return: true when something that is needed has been damaged or lost, and all else
 * is as it should be.
 */
bool rlnc_cannot_be_read(struct rlnc_volume *v, int ret)
{
	return (ret == -EBADMSG || ret == -EIO) && !READ_ONCE(v->stopped) &&
	       rlnc_members_writable(v) >= v->writes_min;
}

/*
 * Merge what lies in a pack.  A generation that cannot be read is left, since its
 * members may come back.
 *
 * Return: 0, -EBADMSG or -EIO when something was left, or another error.
 */
static int merge_sectors(struct rlnc_volume *v, u64 number, struct rlnc_ptr *ptr,
			 __le64 *owners)
{
	int ret, left = 0;
	u32 i, index;
	u64 owner;

	ret = rlnc_pack_read(v, number, ptr, owners);
	if (ret)
		return ret;
	index = rlnc_pack_index(v, number);
	for (i = 0; i < v->geo.seals; i++) {
		if (READ_ONCE(v->packs.stop))
			return -EINTR;
		if (rlnc_seal_is_zero(&ptr->seal[i]))
			continue;
		owner = le64_to_cpu(owners[i]);
		ret = refers(v, owner, index, i);
		if (ret > 0)
			ret = rlnc_merge_generation(v, div_u64(owner, v->geo.seals));
		if (rlnc_cannot_be_read(v, ret))
			left = ret;
		else if (ret)
			return ret;
	}
	return left ?: rlnc_pack_free(v, number);
}

static int merge_oldest(struct rlnc_volume *v)
{
	struct rlnc_ptr *ptr = kvzalloc(2 * v->geo.ptr_bytes, GFP_NOIO);
	u64 number;
	int ret;

	if (!ptr)
		return -ENOMEM;
	number = v->packs.tail;
	ret = merge_sectors(v, number, ptr, (void *)ptr + v->geo.ptr_bytes);
	if (rlnc_cannot_be_read(v, ret)) {
		DMWARN_LIMIT("%s: pack %llu stays, since something in it, or of the generations that it has sectors of, cannot be read (%d)",
			     rlnc_name(v), number, ret);
		rlnc_pack_leave(v, number);
		ret = 0;
	}
	trace_rlnc_pack_merge(v, number, ret);
	kvfree(ptr);
	return ret;
}

/* Packs that were freed can be used again only after a checkpoint. */
static bool checkpoint_is_due(const struct rlnc_volume *v)
{
	return v->packs.tail - READ_ONCE(v->packs.tail_durable) > v->packs.count / 8;
}

static void merge_work(struct kthread_work *work)
{
	struct rlnc_volume *v = container_of(work, struct rlnc_volume, packs.merge_work);
	int ret = 0;

	while (!ret && !may_end(v) && !READ_ONCE(v->packs.stop) && !READ_ONCE(v->stopped)) {
		ret = merge_oldest(v);
		if (!ret && checkpoint_is_due(v))
			ret = rlnc_checkpoint(v);
	}
	if (ret && ret != -EINTR && ret != -EBUSY)
		DMWARN_LIMIT("%s: small writes cannot be merged (%d)", rlnc_name(v), ret);
}

/* A pack was opened: is it time? */
void rlnc_merge_kick(struct rlnc_volume *v)
{
	if (must_begin(v) && !READ_ONCE(v->packs.stop))
		kthread_queue_work(v->packs.merger, &v->packs.merge_work);
}

void rlnc_merge_start(struct rlnc_volume *v)
{
	WRITE_ONCE(v->packs.stop, false);
	rlnc_merge_kick(v);
}

/* Have nothing under way. */
void rlnc_merge_stop(struct rlnc_volume *v)
{
	WRITE_ONCE(v->packs.stop, true);
	kthread_cancel_work_sync(&v->packs.merge_work);
}

int rlnc_merge_init(struct rlnc_volume *v)
{
	struct kthread_worker *merger;

	kthread_init_work(&v->packs.merge_work, merge_work);
	v->packs.stop = true;
	merger = kthread_create_worker(0, "rlnc-merge");
	if (IS_ERR(merger))
		return PTR_ERR(merger);
	set_user_nice(merger->task, MERGE_NICE);
	v->packs.merger = merger;
	return 0;
}

void rlnc_merge_exit(struct rlnc_volume *v)
{
	if (!v->packs.merger)
		return;
	rlnc_merge_stop(v);
	kthread_destroy_worker(v->packs.merger);
}
