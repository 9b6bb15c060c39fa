// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include "base/cleanup.h"
#include "base/modprobe.h"
#include "base/report.h"
#include "tap.h"

#define TUN_DEVICE	"/dev/net/tun"

static void close_socket(struct nl_sock **sk)
{
	nl_socket_free(*sk);
}

static void put_link(struct rtnl_link **link)
{
	if (*link)
		rtnl_link_put(*link);
}

#define CLEANUP_SOCKET	CLEANUP(close_socket)
#define CLEANUP_LINK	CLEANUP(put_link)

static int nl_fail(int rc, const char *name, const char *what)
{
	int err = rc == -NLE_PERM || rc == -NLE_NOACCESS ? EPERM : rc == -NLE_BUSY ? EBUSY :
		  rc == -NLE_NODEV || rc == -NLE_OBJ_NOTFOUND ? ENODEV : EIO;

	return fail(err, "%s: %s: %s", name, what, nl_geterror(rc));
}

static int open_route(struct nl_sock **sk)
{
	int rc;

	*sk = nl_socket_alloc();
	if (!*sk)
		return fail(ENOMEM, "out of memory");
	rc = nl_connect(*sk, NETLINK_ROUTE);
	return rc ? fail(EIO, "no netlink socket: %s", nl_geterror(rc)) : 0;
}

static int check_name(const char *name)
{
	/* A percent sign would have the kernel choose a number. */
	if (!*name || strlen(name) >= IFNAMSIZ || strpbrk(name, "/: \t\n%") ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return fail(EINVAL, "\"%s\" cannot be the name of an interface", name);
	return 0;
}

static int open_tun(void)
{
	int fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENODEV)) {
		modprobe("tun");
		fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);
	}
	return fd < 0 ? fail_errno(TUN_DEVICE) : fd;
}

/* The interface, there as long as @fd is open, or as it was told to stay. */
static int make(int fd, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	strcpy(ifr.ifr_name, name);
	if (!ioctl(fd, TUNSETIFF, &ifr))
		return 0;
	if (errno == EPERM)
		return fail(EPERM, "%s: permission denied; this needs root", name);
	return fail_errno("%s: cannot be made", name);
}

static int configure(struct nl_sock *sk, const char *name, const struct tap_config *config)
{
	CLEANUP_LINK struct rtnl_link *link = NULL;
	CLEANUP_LINK struct rtnl_link *change = rtnl_link_alloc();
	CLEANUP_LINK struct rtnl_link *bridge = NULL;
	int rc;

	if (!change)
		return fail(ENOMEM, "out of memory");
	rc = rtnl_link_get_kernel(sk, 0, name, &link);
	if (rc)
		return nl_fail(rc, name, "cannot be found");
	if (config->bridge) {
		rc = rtnl_link_get_kernel(sk, 0, config->bridge, &bridge);
		if (rc)
			return nl_fail(rc, config->bridge, "no such bridge");
		if (!rtnl_link_get_type(bridge) || strcmp(rtnl_link_get_type(bridge), "bridge"))
			return fail(EINVAL, "%s: not a bridge", config->bridge);
		rtnl_link_set_master(change, rtnl_link_get_ifindex(bridge));
	}
	if (config->mac) {
		struct nl_addr *addr = nl_addr_build(AF_LLC, config->mac, 6);

		if (!addr)
			return fail(ENOMEM, "out of memory");
		rtnl_link_set_addr(change, addr);
		nl_addr_put(addr);
	}
	if (config->mtu)
		rtnl_link_set_mtu(change, config->mtu);
	rtnl_link_set_flags(change, IFF_UP);
	rc = rtnl_link_change(sk, link, change, 0);
	return rc ? nl_fail(rc, name, "cannot be set up") : 0;
}

/**
 * tap_add - make a TAP interface that stays, and set it up
 * @name:	of the interface
 * @config:	what it shall be like
 *
 * It carries Ethernet frames without a header of its own (IFF_NO_PI).  Either all of it is
 * done, or there is no interface afterwards.
 *
 * Return: 0; -EEXIST if there is an interface of that name; or -errno; reported.
 */
int tap_add(const char *name, const struct tap_config *config)
{
	CLEANUP_CLOSE int fd = -1;
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_LINK struct rtnl_link *old = NULL;
	int rc = check_name(name) ?: open_route(&sk);

	if (rc)
		return rc;
	/* One that stays would be taken over instead, as nobody has it open. */
	if (!rtnl_link_get_kernel(sk, 0, name, &old))
		return fail(EEXIST, "%s: there is an interface of that name", name);
	fd = open_tun();
	if (fd < 0)
		return fd;
	rc = make(fd, name);
	if (rc)
		return rc;
	if (config->has_owner && ioctl(fd, TUNSETOWNER, (unsigned long)config->owner))
		return fail_errno("%s: owner", name);
	rc = configure(sk, name, config);
	if (rc)
		return rc;
	return ioctl(fd, TUNSETPERSIST, 1ul) ? fail_errno("%s: cannot stay", name) : 0;
}

/**
 * tap_delete - take a TAP interface away
 * @name:	of the interface; others than TUN and TAP ones are refused
 *
 * Return: 0 or -errno, reported.
 */
int tap_delete(const char *name)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_LINK struct rtnl_link *link = NULL;
	int rc = check_name(name) ?: open_route(&sk);

	if (rc)
		return rc;
	rc = rtnl_link_get_kernel(sk, 0, name, &link);
	if (rc)
		return nl_fail(rc, name, "no such interface");
	if (!rtnl_link_get_type(link) || strcmp(rtnl_link_get_type(link), "tun"))
		return fail(EINVAL, "%s: not a TAP interface", name);
	rc = rtnl_link_delete(sk, link);
	return rc ? nl_fail(rc, name, "cannot be taken away") : 0;
}
