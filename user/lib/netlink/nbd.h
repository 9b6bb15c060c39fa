/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's NBD devices by their generic netlink family.
 */
#ifndef SKY_NETLINK_NBD_H
#define SKY_NETLINK_NBD_H

#include <stdint.h>

#include "nbd_client.h"

#define NBD_BLOCK_BYTES	4096u	/* logical block size of the devices we make */

/* How patient the kernel is with a server. */
struct nbd_patience {
	unsigned int timeout_s;		/* for one request; never 0 */
	unsigned int dead_conn_s;	/* requests wait so long for a new connection */
};

#define NBD_OWNER_MAX	256u	/* with the NUL */

int nbd_device_connect(const struct nbd_session *session, const struct nbd_patience *patience,
		       const char *owner, int *index);
int nbd_device_reconnect(int index, const struct nbd_session *session,
			 const struct nbd_patience *patience, const char *owner);
int nbd_device_disconnect(int index, const char *owner);

#endif /* SKY_NETLINK_NBD_H */
