/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_NETLINK_NBD_CLIENT_H
#define SKY_NETLINK_NBD_CLIENT_H

#include <stdint.h>

#include "tls/ktls.h"
#include "nbd_url.h"

/* A connected, negotiated socket and what the server said of its export. */
struct nbd_session {
	int fd;
	uint64_t size;
	uint16_t flags;
	uint32_t min_block;
};

int nbd_client_connect(const struct nbd_url *url, const struct ktls_files *tls,
		       unsigned int timeout_s, struct nbd_session *session);

#endif /* SKY_NETLINK_NBD_CLIENT_H */
