// SPDX-License-Identifier: GPL-2.0-or-later
/* Files for blocks, TAP interfaces for frames. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "peer.h"

#define BLOCK_SIZE_MIN	512u
#define BLOCK_SIZE_MAX	32768u

int peer_open_block(struct peer_device *d, const char *path)
{
	uint32_t size = d->block_size ? d->block_size : BLOCK_SIZE_MIN;
	off_t end;

	if (size < BLOCK_SIZE_MIN || size > BLOCK_SIZE_MAX || size & (size - 1))
		return fail(EINVAL, "%s: blocks of %u bytes", path, size);
	d->fd = open(path, (d->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (d->fd < 0)
		return fail_errno("%s", path);
	end = lseek(d->fd, 0, SEEK_END);
	if (end <= 0 || end % size)
		return fail(EINVAL, "%s: not of whole blocks of %u bytes", path, size);
	d->block_size = size;
	d->capacity = end;
	return 0;
}

static int mtu_of(const char *name)
{
	CLEANUP_CLOSE int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (s < 0 || ioctl(s, SIOCGIFMTU, &ifr))
		return fail_errno("%s: MTU", name);
	return ifr.ifr_mtu;
}

int peer_open_tap(struct peer_device *d, const char *name, struct hvt_manifest_entry *e)
{
	static const uint8_t mac[6] = { 0x02, 0x68, 0x76, 0x74, 0x00, 0x00 };
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int mtu;

	if (strlen(name) >= IFNAMSIZ)
		return fail(EINVAL, "%s: not the name of an interface", name);
	strcpy(ifr.ifr_name, name);
	mtu = mtu_of(name);
	if (mtu < 0)
		return mtu;
	d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		return fail_errno("/dev/net/tun");
	if (ioctl(d->fd, TUNSETIFF, &ifr))
		return fail_errno("%s", name);
	if (!d->has_mac) {
		memcpy(d->mac, mac, sizeof(mac));
		d->mac[5] = d->fd;
	}
	e->u.net.mtu = mtu;
	return 0;
}

/* Fill in the manifest for a device that was opened. */
int peer_attach(struct peer *p, struct hvt_manifest *m, unsigned int handle)
{
	struct hvt_manifest_entry *e = &m->e[handle];
	struct peer_device *d = &p->device[handle];
	uint16_t mtu = e->u.net.mtu;

	e->reserved = 0;
	memset(e->pad, 0, sizeof(e->pad));
	memset(&e->u, 0, sizeof(e->u));
	if (e->type == HVT_DEVICE_RESERVED_FIRST)
		return 0;
	if (d->fd < 0)
		return fail(ENODEV, "the guest wants a device %s", e->name);
	if (e->type == HVT_DEVICE_BLOCK) {
		e->u.block.capacity = d->capacity;
		e->u.block.block_size = d->block_size;
	} else {
		memcpy(e->u.net.mac, d->mac, sizeof(d->mac));
		e->u.net.mtu = mtu;
	}
	e->attached = 1;
	d->type = e->type;
	return 0;
}
