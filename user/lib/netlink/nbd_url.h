/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_NETLINK_NBD_URL_H
#define SKY_NETLINK_NBD_URL_H

#include <stdbool.h>

#include "base/authority.h"

#define NBD_DEFAULT_PORT	"10809"
#define NBD_EXPORT_MAX		4096	/* bytes; the protocol's limit on strings */

/* nbd://HOST[:PORT][/EXPORT] or nbds://..., taken apart. */
struct nbd_url {
	bool tls;		/* nbds: TLS or nothing */
	struct authority at;
	char export_name[NBD_EXPORT_MAX + 1];
};

bool nbd_url_is(const char *text);
int nbd_url_parse(const char *text, struct nbd_url *url);

#endif /* SKY_NETLINK_NBD_URL_H */
