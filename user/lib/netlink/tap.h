/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAP interfaces that stay when nobody has them open. */
#ifndef SKY_NETLINK_TAP_H
#define SKY_NETLINK_TAP_H

#include <stdbool.h>
#include <stdint.h>

struct tap_config {
	const char *bridge;		/* NULL: none */
	const uint8_t *mac;		/* NULL: what the kernel draws */
	uint64_t mtu;			/* bytes; 0: the default */
	bool has_owner;
	uint32_t owner;			/* uid */
};

int tap_add(const char *name, const struct tap_config *config);
int tap_delete(const char *name);

#endif /* SKY_NETLINK_TAP_H */
