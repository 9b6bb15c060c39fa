/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dm-rlnc: names in tables, messages and status lines.
 *
 * Table:
 *   START LEN rlnc K N KEY #OPTS [OPT...] DEV_0 ... DEV_N-1
 *
 *   LEN	beyond the volume's size: the volume grows, if its members allow it
 *   KEY	64 hexadecimal digits, or :32:logon|user|encrypted:DESCRIPTION
 *   DEV	path or MAJ:MIN, or "-" for a member that is absent; any order
 *   OPT	allow_discards
 *		dense		refuse a volume that is not dense; whether it is, its
 *				superblocks say, and `dmsetup table` shows
 *		min_epoch=E	refuse a volume older than epoch E
 *		accept_older	activate with too few members to be sure that
 *				no newer state exists
 *		cache_mb=M	map cache, 1..65536, default 64
 *		writes_min=W	k..n: members that must hold a commit
 *		rebuild_kbps=R	KiB a second that rebuild and scrub may move; 0, the
 *				default, is no limit
 *		hedge_ms=H	1..60000: a read not answered by then goes to other
 *				members; by default as they have answered of late
 *		deadline_ms=D	100..600000, default 10000: a member that takes longer
 *				to answer has failed
 *		member_deadline_ms=I:D	the same for member I alone; once for each
 *
 * Status (INFO), one line; fields are only ever added at the end:
 *   HEALTH K N LETTERS EPOCH ROOT USED/TOTAL WORK CORRECTED UNRECOVERABLE
 *   AUTHFAIL HEDGED SCRUBBED LOST STALE
 *
 *   HEALTH	optimal | degraded | failed | read-only
 *   LETTERS	one a member by its index: A in sync, s stale, F failed, - absent
 *   EPOCH	of the last checkpoint
 *   ROOT	SHA-256 over both root pointers of that checkpoint, first 16 hex digits
 *   USED/TOTAL	slots
 *   WORK	idle, or rebuild or scrub with :DONE/TOTAL generations
 *   CORRECTED	fragments found wrong or missing and made good by decoding
 *   UNRECOVERABLE sectors that could not be returned
 *   AUTHFAIL	seals that did not open
 *   HEDGED	reads that went to a spare member
 *   SCRUBBED	how the last scrub of this activation ended: finished, failed (not all
 *		could be mended), stopped; none, also from when one is asked for
 *   LOST	generations that the last rebuild of this activation passed over, since
 *		more than n - k of their fragments are wrong or missing
 *   STALE	fragments that had been right once: older ones put back, or writes that
 *		were lost; only those that can be told
 */
#ifndef _UAPI_RLNC_DM_H
#define _UAPI_RLNC_DM_H

#define RLNC_TARGET_NAME	"rlnc"

#define RLNC_OPT_DISCARDS	"allow_discards"
#define RLNC_OPT_DENSE		"dense"
#define RLNC_OPT_MIN_EPOCH	"min_epoch"
#define RLNC_OPT_ACCEPT_OLDER	"accept_older"
#define RLNC_OPT_CACHE_MB	"cache_mb"
#define RLNC_OPT_WRITES_MIN	"writes_min"
#define RLNC_OPT_REBUILD_KBPS	"rebuild_kbps"
#define RLNC_OPT_HEDGE_MS	"hedge_ms"
#define RLNC_OPT_DEADLINE_MS	"deadline_ms"
#define RLNC_OPT_MEMBER_DEADLINE_MS	"member_deadline_ms"

/* Milliseconds to answer anything: the default, and the limits of both options. */
#define RLNC_DEADLINE_MS	10000
#define RLNC_DEADLINE_MS_MIN	100
#define RLNC_DEADLINE_MS_MAX	600000

#define RLNC_MSG_FAIL		"fail"
#define RLNC_MSG_RETURN		"return"
#define RLNC_MSG_REPLACE	"replace"
#define RLNC_MSG_ADD		"add"
#define RLNC_MSG_MEMBER		"member"
#define RLNC_MSG_SCRUB		"scrub"
#define RLNC_MSG_CHECKPOINT	"checkpoint"
#define RLNC_MSG_KEY		"key"

/* What `replace` answers: the superblocks of the device that was the member. */
#define RLNC_RETIRED_ERASED	"erased"
#define RLNC_RETIRED_NONE	"none"	/* there were none of this member, or no device */
#define RLNC_RETIRED_LEFT	"left"	/* it does not answer, or cannot be written */

#define RLNC_SCRUBBED_NONE	"none"
#define RLNC_SCRUBBED_FINISHED	"finished"
#define RLNC_SCRUBBED_FAILED	"failed"
#define RLNC_SCRUBBED_STOPPED	"stopped"

#define RLNC_LETTER_SYNC	'A'
#define RLNC_LETTER_STALE	's'
#define RLNC_LETTER_FAILED	'F'
#define RLNC_LETTER_ABSENT	'-'

/* HKDF-SHA-256 from the volume key, salt = volume id; one info string each. */
#define RLNC_KDF_DATA		"skyhold rlnc v1 data"
#define RLNC_KDF_SUPER		"skyhold rlnc v1 superblock"
#define RLNC_KDF_LOG		"skyhold rlnc v1 intent log"
#define RLNC_KDF_COEFF		"skyhold rlnc v1 coefficients"

#endif /* _UAPI_RLNC_DM_H */
