// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family; include/uapi/hedge_event.h says what is in it. */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include "hedge.h"

/* Two paths and a reason, the longest of each, and the small ones. */
#define EVENT_BYTES	(2 * (HEDGE_PATH_MAX + 1) + HEDGE_REASON_SIZE + 512)

static struct genl_family family;

static struct {
	struct mutex lock;		/* held from the number to the end of the sending */
	u64 last;
} seq = {
	.lock = __MUTEX_INITIALIZER(seq.lock),
};

static int put_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, HEDGE_ATTR_PAD);
}

static int put_vm(struct sk_buff *skb, const struct hedge_vm *vm)
{
	const struct hedge_image *image = vm->image;
	int ret = nla_put_string(skb, HEDGE_ATTR_NAME, vm->name);

	if (!ret && vm->id)
		ret = nla_put_u32(skb, HEDGE_ATTR_ID, vm->id);
	if (!ret && image)
		ret = nla_put_string(skb, HEDGE_ATTR_PATH, image->path) ?:
		      nla_put(skb, HEDGE_ATTR_DIGEST, sizeof(image->digest), image->digest);
	return ret;
}

static int put_of_kind(struct sk_buff *skb, enum hedge_event_kind kind,
		       const struct hedge_vm *vm, const char *text)
{
	switch (kind) {
	case HEDGE_EVENT_ENDED:
		return nla_put_u32(skb, HEDGE_ATTR_STATUS, vm->status) ?:
		       nla_put_string(skb, HEDGE_ATTR_REASON, *vm->reason ? vm->reason : "exit");
	case HEDGE_EVENT_REFUSED:
		return nla_put_string(skb, HEDGE_ATTR_REASON, text);
	case HEDGE_EVENT_DUMPED:
	case HEDGE_EVENT_SNAPSHOT:
		return nla_put_string(skb, HEDGE_ATTR_FILE, text);
	default:
		return 0;
	}
}

static void send(enum hedge_event_kind kind, const struct hedge_vm *vm, const char *text)
{
	struct sk_buff *skb = genlmsg_new(EVENT_BYTES, GFP_KERNEL);
	void *head;
	int ret;

	lockdep_assert_held(&seq.lock);
	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &family, 0, HEDGE_GENL_EVENT);
	ret = head ? nla_put_u32(skb, HEDGE_ATTR_EVENT, kind) ?:
		     put_u64(skb, HEDGE_ATTR_SEQ, seq.last) ?:
		     put_u64(skb, HEDGE_ATTR_TIME, ktime_get_real_ns()) ?:
		     put_vm(skb, vm) ?:
		     put_of_kind(skb, kind, vm, text) : -EMSGSIZE;
	if (WARN_ON_ONCE(ret)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
}

/**
 * hedge_event - tell all who listen what has become of a VM
 * @kind:	what has happened
 * @vm:		to this one; of ENDED, nothing of it changes any more
 * @text:	the file of DUMPED and SNAPSHOT, the reason of REFUSED; else NULL
 *
 * May sleep; takes no lock that others know.  Without memory the event is not sent, and its
 * number is missing.
 */
void hedge_event(enum hedge_event_kind kind, const struct hedge_vm *vm, const char *text)
{
	mutex_lock(&seq.lock);
	seq.last++;
	if (genl_has_listeners(&family, &init_net, 0))
		send(kind, vm, text);
	mutex_unlock(&seq.lock);
}

static const struct genl_multicast_group groups[] = {
	{ .name = HEDGE_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name		= HEDGE_GENL_NAME,
	.version	= HEDGE_GENL_VERSION,
	.maxattr	= HEDGE_ATTR_MAX,
	.module		= THIS_MODULE,
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

int __init hedge_netlink_init(void)
{
	return genl_register_family(&family);
}

void hedge_netlink_exit(void)
{
	genl_unregister_family(&family);
}
