/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dm-rlnc: what volumes say of themselves by generic netlink.
 *
 * Family "dm_rlnc", in the initial network namespace.  Its multicast group
 * "events" gets a message for every change of a volume's state; each of them is a
 * device-mapper event as well.  Joining the group and asking for the state take
 * CAP_NET_ADMIN.
 *
 * Commands:
 *   EVENT	multicast only: something has changed.  Always has MAJOR, MINOR, NAME,
 *		VOLUME_ID, SEQ, TIME, EVENT, LETTERS and EPOCH; what else, see below.
 *   GET	request, as a dump: the state of every volume.  For each one comes a
 *		VOLUME and then, by index, a MEMBER for each of its members.
 *   VOLUME	MAJOR, MINOR, NAME, VOLUME_ID, SEQ (of the last event so far), K, N,
 *		LETTERS, EPOCH, ROOT, COUNT (fragments corrected), WORK; DONE and TOTAL
 *		with work under way; REASON when no writes are taken
 *   MEMBER	MAJOR, MINOR, NAME, MEMBER, LETTER, VALID_THROUGH; DEVICE when it has
 *		one; REASON when it was given up
 *
 * Events, and what belongs to each:
 *   MEMBER_FAILED	MEMBER DEVICE REASON VALID_THROUGH	given up
 *   MEMBER_STALE	MEMBER DEVICE REASON VALID_THROUGH	lacks what is newer than that
 *   MEMBER_RETURNED	MEMBER DEVICE VALID_THROUGH	written to again; to be rebuilt
 *   MEMBER_REPLACED	MEMBER DEVICE			the device is another; to be rebuilt
 *   MEMBER_REBUILT	MEMBER DEVICE			in sync
 *   WORK_STARTED	WORK DONE TOTAL
 *   WORK_PROGRESS	WORK DONE TOTAL			once a second at most
 *   WORK_FINISHED	WORK DONE TOTAL MENDED ERRORS
 *   WORK_STOPPED	WORK DONE TOTAL MENDED ERRORS	interrupted or abandoned
 *   CHECKPOINT		ROOT				EPOCH is the one that is durable now
 *   DATA_LOST		TREE LEVEL GENERATION MEMBERS COUNT; SECTOR if it is the user's data
 *   AUTH_FAILED	MEMBERS COUNT STALE		seals of theirs that did not open
 *   CORRECTED		MEMBERS COUNT			pages of theirs that were put right
 *   ACTIVATED		K N ROOT			the volume goes live
 *   RESUMED, SUSPENDED, CLOSED				SUSPENDED comes before CLOSED, too
 *   STOPPED		REASON				takes no more writes
 *   KEY_SET, KEY_WIPED
 *
 * Of DATA_LOST at most 16 a second are sent, of AUTH_FAILED and CORRECTED one;
 * those beyond that are put together into one that follows, which has the sum in
 * COUNT, all their MEMBERS, and the place of the last.
 *
 * SEQ counts the events of a volume while it is open.  A gap, or LOST, says that
 * there were more than could be kept: ask for the state.
 */
#ifndef _UAPI_RLNC_EVENT_H
#define _UAPI_RLNC_EVENT_H

#define RLNC_GENL_NAME		"dm_rlnc"
#define RLNC_GENL_VERSION	1
#define RLNC_GENL_GROUP		"events"

/* Reasons of MEMBER_FAILED that are nobody's fault: the owner has asked for it. */
#define RLNC_REASON_REQUEST	"by request"
#define RLNC_REASON_REPLACE	"being replaced"

enum rlnc_genl_command {
	RLNC_CMD_UNSPEC,
	RLNC_CMD_EVENT,
	RLNC_CMD_GET,
	RLNC_CMD_VOLUME,
	RLNC_CMD_MEMBER,
};

enum rlnc_genl_attribute {
	RLNC_ATTR_UNSPEC,
	RLNC_ATTR_PAD,
	RLNC_ATTR_MAJOR,		/* u32: of the mapped device */
	RLNC_ATTR_MINOR,		/* u32 */
	RLNC_ATTR_NAME,			/* string: below /dev/mapper */
	RLNC_ATTR_VOLUME_ID,		/* 16 bytes */
	RLNC_ATTR_SEQ,			/* u64 */
	RLNC_ATTR_TIME,			/* u64: ns since 1970 */
	RLNC_ATTR_EVENT,		/* u32: enum rlnc_event_kind */
	RLNC_ATTR_LOST,			/* u32: events lost just before this one */
	RLNC_ATTR_LETTERS,		/* string: as in the status line, as it is now */
	RLNC_ATTR_EPOCH,		/* u64: of the last checkpoint */
	RLNC_ATTR_ROOT,			/* 32 bytes: SHA-256 over its root pointers */
	RLNC_ATTR_K,			/* u32 */
	RLNC_ATTR_N,			/* u32 */
	RLNC_ATTR_MEMBER,		/* u32: index */
	RLNC_ATTR_LETTER,		/* u8: one of LETTERS */
	RLNC_ATTR_DEVICE,		/* string: MAJ:MIN of a member */
	RLNC_ATTR_VALID_THROUGH,	/* u64: epoch; all ones if in sync */
	RLNC_ATTR_REASON,		/* string, for people */
	RLNC_ATTR_WORK,			/* u32: enum rlnc_disk_work */
	RLNC_ATTR_DONE,			/* u64: generations */
	RLNC_ATTR_TOTAL,		/* u64 */
	RLNC_ATTR_MENDED,		/* u64 */
	RLNC_ATTR_ERRORS,		/* u64 */
	RLNC_ATTR_COUNT,		/* u64 */
	RLNC_ATTR_TREE,			/* u32: enum rlnc_tree_id */
	RLNC_ATTR_LEVEL,		/* u32: 0 is the leaves */
	RLNC_ATTR_GENERATION,		/* u64: index at that level */
	RLNC_ATTR_SECTOR,		/* u64: of 512 bytes, on the volume */
	RLNC_ATTR_MEMBERS,		/* string, a letter each: x concerned, . not */
	RLNC_ATTR_STALE,		/* u64: of COUNT, what had been right once */
	__RLNC_ATTR_MAX,
};

#define RLNC_ATTR_MAX	(__RLNC_ATTR_MAX - 1)

enum rlnc_event_kind {
	RLNC_EVENT_UNSPEC,
	RLNC_EVENT_MEMBER_FAILED,
	RLNC_EVENT_MEMBER_STALE,
	RLNC_EVENT_MEMBER_RETURNED,
	RLNC_EVENT_MEMBER_REPLACED,
	RLNC_EVENT_MEMBER_REBUILT,
	RLNC_EVENT_WORK_STARTED,
	RLNC_EVENT_WORK_PROGRESS,
	RLNC_EVENT_WORK_FINISHED,
	RLNC_EVENT_WORK_STOPPED,
	RLNC_EVENT_CHECKPOINT,
	RLNC_EVENT_DATA_LOST,
	RLNC_EVENT_AUTH_FAILED,
	RLNC_EVENT_CORRECTED,
	RLNC_EVENT_ACTIVATED,
	RLNC_EVENT_RESUMED,
	RLNC_EVENT_SUSPENDED,
	RLNC_EVENT_CLOSED,
	RLNC_EVENT_STOPPED,
	RLNC_EVENT_KEY_SET,
	RLNC_EVENT_KEY_WIPED,
	__RLNC_EVENT_MAX,
};

#endif /* _UAPI_RLNC_EVENT_H */
