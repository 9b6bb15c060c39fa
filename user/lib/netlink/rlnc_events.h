/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dm-rlnc says of its volumes by generic netlink; see rlnc_event.h.
 */
#ifndef SKY_NETLINK_RLNC_EVENTS_H
#define SKY_NETLINK_RLNC_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rlnc_event.h"
#include "watch.h"

/* One message.  Only what has(RLNC_ATTR_...) says was in it. */
struct rlnc_notice {
	uint8_t command;	/* enum rlnc_genl_command */
	uint64_t has;		/* bit per attribute */
	uint64_t number[RLNC_ATTR_MAX + 1];	/* of every width */
	const char *text[RLNC_ATTR_MAX + 1];	/* NULL unless it is one */
	uint8_t volume_id[16];
	uint8_t root[32];
};

static inline bool rlnc_notice_has(const struct rlnc_notice *n, enum rlnc_genl_attribute a)
{
	return n->has >> a & 1;
}

/* What is in a notice is gone when this returns.  A negative value ends it all. */
typedef int rlnc_notice_fn(const struct rlnc_notice *n, void *arg);

int rlnc_notice_read(struct nlmsghdr *header, struct rlnc_notice *n);

int rlnc_watch_open(struct genl_watch **watch);
int rlnc_watch_read(struct genl_watch *watch, rlnc_notice_fn *fn, void *arg);
int rlnc_watch_state(struct genl_watch *watch, rlnc_notice_fn *fn, void *arg);

#endif /* SKY_NETLINK_RLNC_EVENTS_H */
