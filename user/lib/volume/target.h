/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel target's lines of text (include/uapi/rlnc_dm.h): the table that
 * is given to it and the status that it gives.  Pure functions.
 */
#ifndef SKY_VOLUME_TARGET_H
#define SKY_VOLUME_TARGET_H

#include <linux/types.h>
#include <stdbool.h>

#include "disk/super.h"

/* The longest table: 255 paths do not fit in a kernel's ioctl page by far. */
#define TARGET_TABLE_MAX	65536

/* Options that a table may have: a few, and one for each member. */
#define TARGET_OPTIONS_MAX	(16 + RLNC_MAX_MEMBERS)

struct target_table {
	u32 k;
	u32 n;
	const char *key;		/* ":32:logon:..." or hexadecimal digits */
	const char *device[RLNC_MAX_MEMBERS];	/* NULL: absent */
	const char *const *option;
	u32 options;
};

#define TARGET_WORD_MAX	32

/* Fields as in rlnc_dm.h. */
struct target_status {
	char health[TARGET_WORD_MAX];
	u32 k;
	u32 n;
	char letters[RLNC_MAX_MEMBERS + 1];
	u64 epoch;
	char root[17];
	u64 used;
	u64 total;
	char work[TARGET_WORD_MAX];
	u64 work_done;			/* both 0 unless there is work */
	u64 work_total;
	u64 corrected;
	u64 unrecoverable;
	u64 authfail;
	u64 hedged;
	char scrubbed[TARGET_WORD_MAX];	/* how the last scrub ended */
	u64 lost;			/* generations that the last rebuild passed over */
	u64 stale;			/* fragments that were old ones */
};

int target_table_format(const struct target_table *table, char *text, size_t size);
int target_status_parse(const char *line, struct target_status *status);
int target_table_devices(char *params, const char **device, u32 max);
int target_table_deadlines(const char *params, u32 n, u32 ms[]);
bool target_table_has(const char *params, const char *option);
int target_table_rekey(const char *params, const char *key, char *text, size_t size);
const char *target_letter_word(char letter);
bool target_health_live(const char *health);
const char *target_health_words(const char *health);
const char *target_work_words(const char *work);

#endif /* SKY_VOLUME_TARGET_H */
