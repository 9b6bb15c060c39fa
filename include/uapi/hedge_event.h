/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hedge: what VMs say of themselves by generic netlink.
 *
 * Family "hedge", in the initial network namespace.  Its multicast group "events" gets a
 * message for every change in the life of a VM.  Joining the group takes CAP_NET_ADMIN.
 * There is nothing to ask for: what is so now is in /proc/monitor and /proc/vmstats.
 *
 * The one command is EVENT.  It always has EVENT, SEQ, TIME and NAME; and ID, DIGEST and
 * PATH as soon as there are such.  What else belongs to each event:
 *
 *   STARTED				a task is about to be made for it
 *   BOOTED				the first instruction follows
 *   PAUSED, RESUMED
 *   ENDED	STATUS REASON		it runs no more; also of one that was never BOOTED
 *   DUMPED	FILE			a core of it was written; it goes on
 *   SNAPSHOT	FILE			likewise
 *   REFUSED	REASON			nobody vouches for its image; it was not STARTED
 *
 * SEQ counts the events of all VMs from 1, as long as the module is loaded.  A gap says
 * that there were more than could be kept: look at the files.
 */
#ifndef _UAPI_HEDGE_EVENT_H
#define _UAPI_HEDGE_EVENT_H

#define HEDGE_GENL_NAME		"hedge"
#define HEDGE_GENL_VERSION	1
#define HEDGE_GENL_GROUP	"events"

enum hedge_genl_command {
	HEDGE_GENL_UNSPEC,
	HEDGE_GENL_EVENT,
};

enum hedge_genl_attribute {
	HEDGE_ATTR_UNSPEC,
	HEDGE_ATTR_PAD,
	HEDGE_ATTR_EVENT,		/* u32: enum hedge_event_kind */
	HEDGE_ATTR_SEQ,			/* u64 */
	HEDGE_ATTR_TIME,		/* u64: ns since 1970 */
	HEDGE_ATTR_ID,			/* u32: as in /proc/monitor */
	HEDGE_ATTR_NAME,		/* string: of the VM */
	HEDGE_ATTR_PATH,		/* string: of its image */
	HEDGE_ATTR_DIGEST,		/* 32 bytes: SHA-256 of that */
	HEDGE_ATTR_STATUS,		/* u32: exit status */
	HEDGE_ATTR_REASON,		/* string, for people */
	HEDGE_ATTR_FILE,		/* string: path of what was written */
	__HEDGE_ATTR_MAX,
};

#define HEDGE_ATTR_MAX	(__HEDGE_ATTR_MAX - 1)

enum hedge_event_kind {
	HEDGE_EVENT_UNSPEC,
	HEDGE_EVENT_STARTED,
	HEDGE_EVENT_BOOTED,
	HEDGE_EVENT_PAUSED,
	HEDGE_EVENT_RESUMED,
	HEDGE_EVENT_ENDED,
	HEDGE_EVENT_DUMPED,
	HEDGE_EVENT_SNAPSHOT,
	HEDGE_EVENT_REFUSED,
	__HEDGE_EVENT_MAX,
};

#endif /* _UAPI_HEDGE_EVENT_H */
