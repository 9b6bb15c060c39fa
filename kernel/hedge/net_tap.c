// SPDX-License-Identifier: GPL-2.0-only
/*
 * TAP interfaces, by the file that the tun driver has for user space.  A packet is
 * copied once, between the guest's memory and the network's own.
 */
#include <linux/cred.h>
#include <linux/etherdevice.h>
#include <linux/file.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <crypto/sha2.h>
#include "hedge.h"

struct hedge_net {
	struct file *file;
	char ifname[IFNAMSIZ];
	u8 mac[ETH_ALEN];		/* the guest's */
	u16 mtu;
	wait_queue_head_t *wait;	/* to be woken when there is something to be read */
	wait_queue_head_t *whead;	/* of the tun driver; NULL: nobody watches */
	wait_queue_entry_t watch;
};

/* One that does not change when the VM is started again. */
static void derive_mac(u8 *mac, const char *vm, const char *device)
{
	struct sha256_state sha;
	u8 digest[SHA256_DIGEST_SIZE];

	sha256_init(&sha);
	sha256_update(&sha, vm, strlen(vm) + 1);
	sha256_update(&sha, device, strlen(device));
	sha256_final(&sha, digest);
	memcpy(mac, digest, ETH_ALEN);
	mac[0] = (mac[0] & ~1) | 2;
}

static int look_at(struct hedge_net *net, const char **why)
{
	struct net_device *dev;
	int ret = -EINVAL;

	rtnl_lock();
	dev = __dev_get_by_name(current->nsproxy->net_ns, net->ifname);
	if (!dev) {
		*why = "there is no interface of this name";
		ret = -ENODEV;
	} else if (!dev->rtnl_link_ops || strcmp(dev->rtnl_link_ops->kind, "tun") ||
		   dev->type != ARPHRD_ETHER) {
		*why = "the interface is not a TAP";
	} else {
		net->mtu = min_t(u32, dev->mtu, U16_MAX);
		ret = 0;
	}
	rtnl_unlock();
	return ret;
}

/**
 * hedge_net_open - open a TAP interface for a guest
 * @ifname:	of one that is there, in the caller's network namespace
 * @mac:	the guest's; NULL: it follows from the names
 * @vm:		name of the VM
 * @device:	name in the manifest
 * @why:	says what is wrong
 *
 * hedge_net_connect() follows, by the task.
 *
 * Return: a network, or an error.
 */
struct hedge_net *hedge_net_open(const char *ifname, const u8 *mac, const char *vm,
				 const char *device, const char **why)
{
	struct hedge_net *net = kzalloc(sizeof(*net), GFP_KERNEL);
	int ret;

	*why = "out of memory";
	if (!net)
		return ERR_PTR(-ENOMEM);
	strscpy(net->ifname, ifname, sizeof(net->ifname));
	if (mac)
		memcpy(net->mac, mac, ETH_ALEN);
	else
		derive_mac(net->mac, vm, device);
	ret = look_at(net, why);
	if (ret)
		goto err_free;
	net->file = filp_open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
	if (IS_ERR(net->file)) {
		*why = "/dev/net/tun cannot be opened";
		ret = PTR_ERR(net->file);
		goto err_free;
	}
	return net;

err_free:
	kfree(net);
	return ERR_PTR(ret);
}

static int something_came(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	struct hedge_net *net = container_of(entry, struct hedge_net, watch);

	if (!key || (key_to_poll(key) & EPOLLIN))
		wake_up(net->wait);
	return 0;
}

struct watcher {
	poll_table table;
	struct hedge_net *net;
};

static void start_watching(struct file *file, wait_queue_head_t *whead, poll_table *table)
{
	struct hedge_net *net = container_of(table, struct watcher, table)->net;

	net->whead = whead;
	init_waitqueue_func_entry(&net->watch, something_came);
	add_wait_queue(whead, &net->watch);
}

/**
 * hedge_net_connect - attach to the interface
 * @net:	that was opened; the current task is the VM's
 * @wait:	woken from now on when something comes
 *
 * Return: 0; -EBUSY if somebody else has it; or another -errno.
 */
int hedge_net_connect(struct hedge_net *net, wait_queue_head_t *wait)
{
	struct watcher watcher = { .net = net };
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int ret;

	strscpy(ifr.ifr_name, net->ifname, sizeof(ifr.ifr_name));
	ret = hedge_kvm_privileged_ioctl(net->file, TUNSETIFF, &ifr, sizeof(ifr));
	if (ret)
		return ret;
	/* One that was deleted meanwhile has been made anew, and nobody has set it up. */
	ret = hedge_kvm_privileged_ioctl(net->file, TUNGETIFF, &ifr, sizeof(ifr));
	if (!ret && !(ifr.ifr_flags & IFF_PERSIST))
		ret = -ENODEV;
	if (ret)
		return ret;
	net->wait = wait;
	init_poll_funcptr(&watcher.table, start_watching);
	vfs_poll(net->file, &watcher.table);
	return 0;
}

void hedge_net_describe(const struct hedge_net *net, struct hvt_manifest_entry *e)
{
	memcpy(e->u.net.mac, net->mac, ETH_ALEN);
	e->u.net.mtu = net->mtu;
}

struct closing {
	struct work_struct work;
	struct file *file;
};

static void close_now(struct work_struct *work)
{
	__fput_sync(container_of(work, struct closing, work)->file);
}

/**
 * hedge_net_close - let go of the interface
 *
 * When it returns somebody else can have it.  A task's own fput() would wait until the
 * task returns to user space; that of a worker need not.
 */
void hedge_net_close(struct hedge_net *net)
{
	struct closing closing = { .file = net->file };

	if (net->whead)
		remove_wait_queue(net->whead, &net->watch);
	INIT_WORK_ONSTACK(&closing.work, close_now);
	schedule_work(&closing.work);
	flush_work(&closing.work);
	destroy_work_on_stack(&closing.work);
	kfree(net);
}

/* Whether there is a packet to be read. */
bool hedge_net_ready(struct hedge_net *net)
{
	return vfs_poll(net->file, NULL) & EPOLLIN;
}

/**
 * hedge_net_read - receive one packet
 * @gpa:	buffer; was found to be in memory
 * @len:	bytes of it; what is longer is cut off
 *
 * Return: bytes; -EAGAIN if there is none, or the interface has an error, which is counted; or
 * another -errno, and the VM ends.
 */
ssize_t hedge_net_read(struct hedge_vm *vm, struct hedge_net *net, u64 gpa, u64 len)
{
	struct iov_iter iter;
	struct kiocb kiocb;
	struct iovec iov;
	ssize_t done;

	done = import_single_range(READ, (void __user *)(HEDGE_GUEST_ADDR + gpa),
				   min_t(u64, len, net->mtu + ETH_HLEN), &iov, &iter);
	if (done)
		return done;
	init_sync_kiocb(&kiocb, net->file);
	done = call_read_iter(net->file, &kiocb, &iter);
	if (done == -EFAULT)
		return hedge_guest_refuse(vm, "written", gpa, len);
	if (done >= 0 || done == -EAGAIN)
		return done;
	hedge_vm_count_error(vm, HVT_HC_NET_READ, -done);
	return -EAGAIN;
}

/* Whether there are packets of @len bytes, with the Ethernet header. */
bool hedge_net_fits(const struct hedge_net *net, u64 len)
{
	return len >= ETH_HLEN && len <= net->mtu + ETH_HLEN;
}

/**
 * hedge_net_write - send one packet
 * @gpa:	the packet; was found to be in memory
 * @len:	bytes, with the Ethernet header
 *
 * What the interface does not take, since it is down or full, is lost, as it would be
 * further on, and counted.
 *
 * Return: bytes; -EINVAL for a length that no packet has; or -EFAULT, and the VM ends.
 */
ssize_t hedge_net_write(struct hedge_vm *vm, struct hedge_net *net, u64 gpa, u64 len)
{
	struct iov_iter iter;
	struct kiocb kiocb;
	struct iovec iov;
	ssize_t done;

	if (!hedge_net_fits(net, len))
		return -EINVAL;
	done = import_single_range(WRITE, (void __user *)(HEDGE_GUEST_ADDR + gpa), len, &iov,
				   &iter);
	if (done)
		return done;
	init_sync_kiocb(&kiocb, net->file);
	done = call_write_iter(net->file, &kiocb, &iter);
	if (done == -EFAULT)
		return hedge_guest_refuse(vm, "read", gpa, len);
	if (done < 0)
		hedge_vm_count_error(vm, HVT_HC_NET_WRITE, -done);
	return len;
}
