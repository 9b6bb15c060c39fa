/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hedge says of its VMs by generic netlink; see hedge_event.h.
 */
#ifndef SKY_NETLINK_HEDGE_EVENTS_H
#define SKY_NETLINK_HEDGE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "hedge_event.h"
#include "watch.h"

/* One message.  What was not in it is 0 or NULL. */
struct hedge_notice {
	uint32_t event;		/* enum hedge_event_kind, or one of a newer kernel */
	uint64_t seq;
	uint64_t time;		/* ns since 1970 */
	uint32_t id;
	const char *name;
	const char *path;
	const uint8_t *digest;	/* 32 bytes */
	bool has_status;
	uint32_t status;
	const char *reason;
	const char *file;
};

extern const struct genl_watched hedge_watched;

int hedge_notice_read(struct nlmsghdr *header, struct hedge_notice *n);
const char *hedge_event_word(uint32_t event);

#endif /* SKY_NETLINK_HEDGE_EVENTS_H */
