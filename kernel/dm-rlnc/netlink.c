// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family; include/uapi/rlnc_event.h says what is in it. */
#include <linux/module.h>
#include <net/genetlink.h>
#include "dm-rlnc.h"

/* A member's message, or the state of a volume with the longest lines. */
#define DUMP_BYTES	4096

static struct genl_family family;

/* --- pieces that messages are made of -------------------------------------- */

static int put_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, RLNC_ATTR_PAD);
}

static int put_numbers(struct sk_buff *skb, struct rlnc_volume *v)
{
	dev_t dev = disk_devt(dm_disk(dm_table_get_md(v->ti->table)));

	return nla_put_u32(skb, RLNC_ATTR_MAJOR, MAJOR(dev)) ?:
	       nla_put_u32(skb, RLNC_ATTR_MINOR, MINOR(dev));
}

static int put_name(struct sk_buff *skb, struct rlnc_volume *v)
{
	char name[DM_NAME_LEN];

	rlnc_events_name(v, name);
	return nla_put_string(skb, RLNC_ATTR_NAME, name);
}

static int put_letters(struct sk_buff *skb, struct rlnc_volume *v)
{
	char letters[RLNC_MAX_MEMBERS + 1];
	u32 i;

	for (i = 0; i < v->n; i++)
		letters[i] = rlnc_member_letter(v, i);
	letters[i] = '\0';
	return nla_put_string(skb, RLNC_ATTR_LETTERS, letters);
}

static int put_members(struct sk_buff *skb, struct rlnc_volume *v,
		       const unsigned long *members)
{
	char letters[RLNC_MAX_MEMBERS + 1];
	u32 i;

	for (i = 0; i < v->n; i++)
		letters[i] = test_bit(i, members) ? 'x' : '.';
	letters[i] = '\0';
	return nla_put_string(skb, RLNC_ATTR_MEMBERS, letters);
}

static int put_volume(struct sk_buff *skb, struct rlnc_volume *v)
{
	return put_numbers(skb, v) ?:
	       put_name(skb, v) ?:
	       nla_put(skb, RLNC_ATTR_VOLUME_ID, RLNC_ID_BYTES, v->sb->volume_id) ?:
	       put_letters(skb, v);
}

static int put_shape(struct sk_buff *skb, struct rlnc_volume *v, const u8 *root)
{
	return nla_put_u32(skb, RLNC_ATTR_K, v->k) ?:
	       nla_put_u32(skb, RLNC_ATTR_N, v->n) ?:
	       nla_put(skb, RLNC_ATTR_ROOT, RLNC_DIGEST_BYTES, root);
}

/* --- events --------------------------------------------------------------- */

static int put_of_member(struct sk_buff *skb, struct rlnc_volume *v,
			 const struct rlnc_event *event)
{
	int ret = nla_put_u32(skb, RLNC_ATTR_MEMBER, event->member);

	if (!ret && event->device[0])
		ret = nla_put_string(skb, RLNC_ATTR_DEVICE, event->device);
	return ret ?: put_u64(skb, RLNC_ATTR_VALID_THROUGH, event->valid_through);
}

static int put_of_work(struct sk_buff *skb, struct rlnc_volume *v,
		       const struct rlnc_event *event)
{
	return nla_put_u32(skb, RLNC_ATTR_WORK, event->work) ?:
	       put_u64(skb, RLNC_ATTR_DONE, event->done) ?:
	       put_u64(skb, RLNC_ATTR_TOTAL, v->shape[RLNC_TREE_MAP].count[0]) ?:
	       put_u64(skb, RLNC_ATTR_MENDED, event->mended) ?:
	       put_u64(skb, RLNC_ATTR_ERRORS, event->errors);
}

static int put_of_checkpoint(struct sk_buff *skb, struct rlnc_volume *v,
			     const struct rlnc_event *event)
{
	return nla_put(skb, RLNC_ATTR_ROOT, RLNC_DIGEST_BYTES, event->root);
}

static int put_of_fragments(struct sk_buff *skb, struct rlnc_volume *v,
			    const struct rlnc_event *event)
{
	return put_members(skb, v, event->members) ?:
	       put_u64(skb, RLNC_ATTR_COUNT, event->n);
}

static int put_of_wrong(struct sk_buff *skb, struct rlnc_volume *v,
			const struct rlnc_event *event)
{
	return put_of_fragments(skb, v, event) ?:
	       put_u64(skb, RLNC_ATTR_STALE, event->stale);
}

static int put_of_lost_data(struct sk_buff *skb, struct rlnc_volume *v,
			    const struct rlnc_event *event)
{
	int ret;

	ret = put_of_fragments(skb, v, event) ?:
	      nla_put_u32(skb, RLNC_ATTR_TREE, event->tree) ?:
	      nla_put_u32(skb, RLNC_ATTR_LEVEL, event->level) ?:
	      put_u64(skb, RLNC_ATTR_GENERATION, event->index);
	if (!ret && event->tree == RLNC_TREE_MAP && !event->level)
		ret = put_u64(skb, RLNC_ATTR_SECTOR,
			      rlnc_volume_sector(v, event->index, event->sector));
	return ret;
}

static int put_of_activation(struct sk_buff *skb, struct rlnc_volume *v,
			     const struct rlnc_event *event)
{
	return put_shape(skb, v, event->root);
}

static int (*const put_of[__RLNC_EVENT_MAX])(struct sk_buff *skb, struct rlnc_volume *v,
					     const struct rlnc_event *event) = {
	[RLNC_EVENT_MEMBER_FAILED]	= put_of_member,
	[RLNC_EVENT_MEMBER_STALE]	= put_of_member,
	[RLNC_EVENT_MEMBER_RETURNED]	= put_of_member,
	[RLNC_EVENT_MEMBER_REPLACED]	= put_of_member,
	[RLNC_EVENT_MEMBER_REBUILT]	= put_of_member,
	[RLNC_EVENT_WORK_STARTED]	= put_of_work,
	[RLNC_EVENT_WORK_PROGRESS]	= put_of_work,
	[RLNC_EVENT_WORK_FINISHED]	= put_of_work,
	[RLNC_EVENT_WORK_STOPPED]	= put_of_work,
	[RLNC_EVENT_CHECKPOINT]		= put_of_checkpoint,
	[RLNC_EVENT_DATA_LOST]		= put_of_lost_data,
	[RLNC_EVENT_AUTH_FAILED]	= put_of_wrong,
	[RLNC_EVENT_CORRECTED]		= put_of_fragments,
	[RLNC_EVENT_ACTIVATED]		= put_of_activation,
};

static int put_event(struct sk_buff *skb, struct rlnc_volume *v,
		     const struct rlnc_event *event)
{
	int ret;

	ret = put_volume(skb, v) ?:
	      nla_put_u32(skb, RLNC_ATTR_EVENT, event->kind) ?:
	      put_u64(skb, RLNC_ATTR_SEQ, event->seq) ?:
	      put_u64(skb, RLNC_ATTR_TIME, event->time) ?:
	      put_u64(skb, RLNC_ATTR_EPOCH, event->epoch);
	if (!ret && event->lost)
		ret = nla_put_u32(skb, RLNC_ATTR_LOST, event->lost);
	if (!ret && event->reason)
		ret = nla_put_string(skb, RLNC_ATTR_REASON, event->reason);
	if (!ret && put_of[event->kind])
		ret = put_of[event->kind](skb, v, event);
	return ret;
}

/**
 * rlnc_netlink_event - send an event to all who listen
 * @v:		volume
 * @event:	what happened
 *
 * May sleep, but never waits for a block device.  Without memory the event is not
 * sent, and its number is missing.
 */
void rlnc_netlink_event(struct rlnc_volume *v, const struct rlnc_event *event)
{
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&family, &init_net, 0))
		return;
	skb = genlmsg_new(DUMP_BYTES, GFP_NOIO);
	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &family, 0, RLNC_CMD_EVENT);
	if (!head || WARN_ON_ONCE(put_event(skb, v, event))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&family, skb, 0, 0, GFP_NOIO);
}

/* --- the state ------------------------------------------------------------- */

static int put_state(struct sk_buff *skb, struct rlnc_volume *v)
{
	struct rlnc_events *events = &v->events;
	const char *stopped = READ_ONCE(v->stopped);
	struct rlnc_background_state bg;
	u8 root[RLNC_DIGEST_BYTES];
	u64 epoch, seq;
	int ret;

	rlnc_background_state(v, &bg);
	spin_lock_irq(&events->lock);
	epoch = events->epoch;
	seq = events->seq;
	memcpy(root, events->root, sizeof(root));
	spin_unlock_irq(&events->lock);
	ret = put_volume(skb, v) ?:
	      put_u64(skb, RLNC_ATTR_SEQ, seq) ?:
	      put_u64(skb, RLNC_ATTR_EPOCH, epoch) ?:
	      put_shape(skb, v, root) ?:
	      put_u64(skb, RLNC_ATTR_COUNT, atomic64_read(&v->corrected)) ?:
	      nla_put_u32(skb, RLNC_ATTR_WORK, bg.kind);
	if (!ret && bg.kind != RLNC_WORK_NONE)
		ret = put_u64(skb, RLNC_ATTR_DONE, bg.done) ?:
		      put_u64(skb, RLNC_ATTR_TOTAL, v->shape[RLNC_TREE_MAP].count[0]);
	if (!ret && stopped)
		ret = nla_put_string(skb, RLNC_ATTR_REASON, stopped);
	return ret;
}

static int put_member_state(struct sk_buff *skb, struct rlnc_volume *v, u32 index)
{
	const struct rlnc_member *m = &v->member[index];
	const struct dm_dev *dev = READ_ONCE(m->dev);
	char letter = rlnc_member_letter(v, index);
	const char *why = READ_ONCE(m->why);
	int ret;

	ret = put_numbers(skb, v) ?:
	      put_name(skb, v) ?:
	      nla_put_u32(skb, RLNC_ATTR_MEMBER, index) ?:
	      nla_put_u8(skb, RLNC_ATTR_LETTER, letter) ?:
	      put_u64(skb, RLNC_ATTR_VALID_THROUGH, READ_ONCE(m->info.valid_through));
	if (!ret && dev)
		ret = nla_put_string(skb, RLNC_ATTR_DEVICE, dev->name);
	if (!ret && why && letter == RLNC_LETTER_FAILED)
		ret = nla_put_string(skb, RLNC_ATTR_REASON, why);
	return ret;
}

/* Part 0 of a volume is itself, the others are its members. */
static int dump_part(struct sk_buff *skb, struct netlink_callback *cb,
		     struct rlnc_volume *v, u32 part)
{
	void *head;
	int ret;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &family,
			   NLM_F_MULTI, part ? RLNC_CMD_MEMBER : RLNC_CMD_VOLUME);
	if (!head)
		return -EMSGSIZE;
	ret = part ? put_member_state(skb, v, part - 1) : put_state(skb, v);
	if (ret)
		genlmsg_cancel(skb, head);
	else
		genlmsg_end(skb, head);
	return ret;
}

/* Part args[1] and those that follow, as far as there is room. */
static int dump_volume(struct sk_buff *skb, struct netlink_callback *cb,
		       struct rlnc_volume *v)
{
	int ret;

	for (; cb->args[1] <= v->n; cb->args[1]++) {
		ret = dump_part(skb, cb, v, cb->args[1]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Goes on at volume args[0]. */
static int dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct rlnc_volume *v;
	int ret = 0;

	for (;;) {
		v = rlnc_registry_lock(cb->args[0]);
		if (v)
			ret = dump_volume(skb, cb, v);
		rlnc_registry_unlock();
		if (!v || ret)
			break;
		cb->args[0]++;
		cb->args[1] = 0;
	}
	return ret && !skb->len ? ret : skb->len;
}

static int dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_BYTES;
	return 0;
}

static const struct genl_ops ops[] = {
	{
		.cmd	= RLNC_CMD_GET,
		.flags	= GENL_ADMIN_PERM,
		.start	= dump_start,
		.dumpit	= dump,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = RLNC_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name		= RLNC_GENL_NAME,
	.version	= RLNC_GENL_VERSION,
	.maxattr	= RLNC_ATTR_MAX,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.resv_start_op	= RLNC_CMD_MEMBER + 1,
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

int __init rlnc_netlink_init(void)
{
	return genl_register_family(&family);
}

void rlnc_netlink_exit(void)
{
	genl_unregister_family(&family);
}
