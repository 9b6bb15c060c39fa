// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/report.h"
#include "base/size.h"
#include "open_volume.h"
#include "rlnc_dm.h"

#define DM_UUID_PREFIX	"RLNC-"

/* MAJ:MIN to /dev/NAME by sysfs, which needs no udev. */
static int device_path(const char *majmin, char path[256])
{
	char link[64], target[512];
	const char *base;
	ssize_t len;

	snprintf(link, sizeof(link), "/sys/dev/block/%.24s", majmin);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = 0;
	base = strrchr(target, '/');
	snprintf(path, 256, "/dev/%.200s", base ? base + 1 : target);
	return 0;
}

/* Which member a device is, as it says of itself. */
static int index_of_device(const char *path)
{
	CLEANUP_CLOSE int fd = member_open(path, O_RDONLY);
	struct member m;
	int index = -1;

	if (fd < 0)
		return -1;
	if (!member_load(&m, path, fd) && member_best(&m))
		index = member_best(&m)->member;
	member_unload(&m);
	return index;
}

/*
 * A volume that `open` opened lists its members by index; for one that dmsetup
 * made, the superblocks are asked.
 */
static int place_devices(struct open_volume *v, const char *const *device, bool in_order)
{
	char path[256];
	unsigned int i;
	int index;

	for (i = 0; i < v->status.n; i++) {
		if (!strcmp(device[i], "-"))
			continue;
		if (device_path(device[i], path))
			snprintf(path, sizeof(path), "%.200s", device[i]);
		index = in_order ? (int)i : index_of_device(path);
		if (index >= 0 && index < (int)v->status.n)
			memcpy(v->member[index].path, path, sizeof(path));
	}
	return 0;
}

static int find_devices(struct open_volume *v)
{
	CLEANUP_STATE struct state s = { .count = 0 };
	const char *device[RLNC_MAX_MEMBERS];
	char *params;
	bool known;
	unsigned int i;
	int rc = dm_device_table(v->name, RLNC_TARGET_NAME, &params);

	if (rc)
		return rc;
	known = !state_load(v->name, &s) && !strcmp(s.uuid, v->uuid) && s.count == v->status.n;
	rc = target_table_devices(params, device, RLNC_MAX_MEMBERS);
	if (rc == (int)v->status.n)
		rc = place_devices(v, device, known);
	else
		rc = fail(EPROTO, "%s: the table's members cannot be read", v->name);
	for (i = 0; known && i < s.count; i++)
		memcpy(v->member[i].name, s.member[i].name, sizeof(v->member[i].name));
	free(params);
	return rc;
}

static u64 sectors_of(const struct dm_device_info *info)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	unsigned long long sectors = 0;
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/size", info->major, info->minor);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llu", &sectors) != 1)
		return 0;
	return sectors;
}

/**
 * open_volume_get - ask the kernel about an open volume
 * @name:	below /dev/mapper; kept by reference
 * @v:		filled in; open_volume_free() it whatever is returned
 *
 * Return: 0 or -errno, reported.
 */
int open_volume_get(const char *name, struct open_volume *v)
{
	CLEANUP_FREE char *line = NULL;
	const char *uuid;
	int rc;

	memset(v, 0, sizeof(*v));
	v->name = name;
	if (!dm_name_ok(name))
		return fail(EINVAL, "\"%s\" cannot be the name of a device", name);
	rc = dm_device_info(name, &v->info);
	if (rc)
		return rc;
	if (!v->info.exists)
		return fail(ENODEV, "/dev/mapper/%s is not open", name);
	rc = dm_device_status(name, RLNC_TARGET_NAME, &line);
	if (rc)
		return rc;
	if (target_status_parse(line, &v->status))
		return fail(EPROTO, "%s: the status line is not understood: %s", name, line);
	uuid = v->info.uuid;
	if (!strncmp(uuid, DM_UUID_PREFIX, strlen(DM_UUID_PREFIX)))
		uuid += strlen(DM_UUID_PREFIX);
	snprintf(v->uuid, sizeof(v->uuid), "%s", uuid);
	v->sectors = sectors_of(&v->info);
	v->member = calloc(v->status.n, sizeof(*v->member));
	if (!v->member)
		return fail(ENOMEM, "out of memory");
	return find_devices(v);
}

/**
 * open_volume_free - release what open_volume_get() allocated
 */
void open_volume_free(struct open_volume *v)
{
	free(v->member);
	v->member = NULL;
}

/**
 * open_volume_find - a member by index, device, or the name it was given by
 *
 * Return: its index, or -EINVAL, reported.
 */
int open_volume_find(const struct open_volume *v, const char *member)
{
	struct stat a, b;
	uint64_t index;
	unsigned int i;

	if (!number_parse(member, 0, v->status.n - 1, &index))
		return (int)index;
	for (i = 0; i < v->status.n; i++) {
		const struct open_member *m = &v->member[i];

		if (*m->path && (!strcmp(m->path, member) || !strcmp(m->name, member)))
			return (int)i;
		if (*m->path && !stat(m->path, &a) && !stat(member, &b) &&
		    S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode) && a.st_rdev == b.st_rdev)
			return (int)i;
	}
	fail(EINVAL, "%s has no member %s", v->name, member);
	hint("`rlncsetup status %s` lists them", v->name);
	return -EINVAL;
}
