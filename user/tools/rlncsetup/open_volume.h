/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A volume that is open: its status line, and which device is which member. */
#ifndef RLNCSETUP_OPEN_VOLUME_H
#define RLNCSETUP_OPEN_VOLUME_H

#include "dm/dm.h"
#include "rlncsetup.h"
#include "volume/target.h"

struct open_member {
	char path[256];		/* device, or "" */
	char name[4096];	/* as it was given to `open`, or "" */
	u32 deadline_ms;	/* how long it may take to answer */
};

struct open_volume {
	const char *name;		/* not owned */
	char uuid[130];
	struct dm_device_info info;
	u64 sectors;			/* of 512 bytes */
	struct target_status status;
	bool dense;
	struct open_member *member;	/* status.n, by index */
};

int open_volume_status(const char *name, struct dm_device_info *info,
		       struct target_status *status);
int open_volume_message(const char *name, const char *message, char *answer, size_t size);
int open_volume_get(const char *name, struct open_volume *v);
void open_volume_free(struct open_volume *v);
int open_volume_members(const struct open_volume *v, struct tool_members *set,
			struct volume *others);
int open_volume_find(const struct open_volume *v, const char *member);

#define CLEANUP_OPEN_VOLUME	CLEANUP(open_volume_free)

#endif /* RLNCSETUP_OPEN_VOLUME_H */
