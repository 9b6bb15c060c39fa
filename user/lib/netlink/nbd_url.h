/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_NETLINK_NBD_URL_H
#define SKY_NETLINK_NBD_URL_H

#include <stdbool.h>

#define NBD_DEFAULT_PORT	"10809"
#define NBD_EXPORT_MAX		4096	/* bytes; the protocol's limit on strings */

/* nbd://HOST[:PORT][/EXPORT], taken apart. */
struct nbd_url {
	char host[256];		/* name or address, without brackets */
	char port[6];
	char export_name[NBD_EXPORT_MAX + 1];
};

bool nbd_url_is(const char *text);
int nbd_url_parse(const char *text, struct nbd_url *url);

#endif /* SKY_NETLINK_NBD_URL_H */
