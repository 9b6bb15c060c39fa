/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device-mapper devices of one target.  The only place that knows
 * libdevmapper.  DM_DISABLE_UDEV in the environment is respected, and nobody
 * is waited for where udev does not run.
 */
#ifndef SKY_DM_DM_H
#define SKY_DM_DM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dm_device_info {
	bool exists;
	bool suspended;
	bool read_only;
	uint32_t open_count;
	uint32_t events;	/* counter */
	uint32_t major;
	uint32_t minor;
	char uuid[130];
};

/* One table of one target. */
struct dm_table {
	const char *target;
	uint64_t sectors;	/* of 512 bytes */
	const char *params;	/* may hold a key: never printed */
	bool read_only;
};

void dm_start(void);
bool dm_name_ok(const char *name);
const char *dm_name_of(const char *path);
int dm_device_list(const char *target, int (*each)(const char *name, void *arg), void *arg);
int dm_device_create(const char *name, const char *uuid, const struct dm_table *table);
int dm_device_reload(const char *name, const struct dm_table *table);
int dm_device_suspend(const char *name);
int dm_device_resume(const char *name);
int dm_device_remove(const char *name);
int dm_device_info(const char *name, struct dm_device_info *info);
int dm_device_status(const char *name, const char *target, char **params);
int dm_device_table(const char *name, const char *target, char **params);
int dm_device_message(const char *name, const char *message, char *answer, size_t size);
int dm_device_wait_node(const char *name, unsigned int timeout_ms);

#endif /* SKY_DM_DM_H */
