// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/kmsg.h"
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

static int index_in_state(const struct state *s, const char *majmin)
{
	unsigned int i, major_nr, minor_nr;
	struct stat st;

	if (sscanf(majmin, "%u:%u", &major_nr, &minor_nr) != 2)
		return -1;
	for (i = 0; i < s->count; i++)
		if (*s->member[i].path && !stat(s->member[i].path, &st) && S_ISBLK(st.st_mode) &&
		    st.st_rdev == makedev(major_nr, minor_nr))
			return (int)i;
	return -1;
}

/*
 * Which member each device of the table is.  The order says nothing.  What
 * `open` or `replace` noted is right; for a device that dmsetup brought, its
 * superblock is asked.
 */
static void place_devices(struct open_volume *v, const char *const *device,
			  const struct state *s)
{
	char path[256];
	unsigned int i;
	int index;

	for (i = 0; i < v->status.n; i++) {
		if (!strcmp(device[i], "-"))
			continue;
		if (device_path(device[i], path))
			snprintf(path, sizeof(path), "%.200s", device[i]);
		index = index_in_state(s, device[i]);
		if (index >= 0)
			strcpy(v->member[index].name, s->member[index].name);
		else
			index = index_of_device(path);
		if (index >= 0 && index < (int)v->status.n)
			memcpy(v->member[index].path, path, sizeof(path));
	}
}

static int find_devices(struct open_volume *v)
{
	CLEANUP_STATE struct state s = { .count = 0 };
	const char *device[RLNC_MAX_MEMBERS];
	CLEANUP_FREE char *params = NULL;
	u32 i, ms[RLNC_MAX_MEMBERS];
	int rc = dm_device_table(v->name, RLNC_TARGET_NAME, &params);

	if (rc)
		return rc;
	if (state_load(v->name, &s) || strcmp(s.uuid, v->uuid) || s.count != v->status.n)
		state_free(&s);
	v->dense = target_table_has(params, RLNC_OPT_DENSE);
	if (target_table_deadlines(params, v->status.n, ms) ||
	    target_table_devices(params, device, RLNC_MAX_MEMBERS) != (int)v->status.n)
		return fail(EPROTO, "%s: the table's members cannot be read", v->name);
	for (i = 0; i < v->status.n; i++)
		v->member[i].deadline_ms = ms[i];
	place_devices(v, device, &s);
	return 0;
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
 * open_volume_status - the status line of an open volume, and no more
 * @name:	below /dev/mapper
 * @info:	filled in
 * @status:	filled in
 *
 * Return: 0 or -errno, reported.
 */
int open_volume_status(const char *name, struct dm_device_info *info,
		       struct target_status *status)
{
	CLEANUP_FREE char *line = NULL;
	int rc;

	if (!dm_name_ok(name))
		return fail(EINVAL, "\"%s\" cannot be the name of a device", name);
	rc = dm_device_info(name, info);
	if (rc)
		return rc;
	if (!info->exists)
		return fail(ENODEV, "/dev/mapper/%s is not open", name);
	rc = dm_device_status(name, RLNC_TARGET_NAME, &line);
	if (rc)
		return rc;
	if (target_status_parse(line, status))
		return fail(EPROTO, "%s: the status line is not understood: %s", name, line);
	return 0;
}

/**
 * open_volume_message - send a message to the kernel's target
 * @name:	below /dev/mapper
 * @message:	words separated by spaces
 * @answer:	receives what it says, or "" for nothing; or NULL
 * @size:	of @answer
 *
 * Return: 0 or -errno, reported with the kernel's reasons.
 */
int open_volume_message(const char *name, const char *message, char *answer, size_t size)
{
	CLEANUP_CLOSE int mark = kmsg_mark();
	int rc = dm_device_message(name, message, answer, size);

	if (!rc)
		return 0;
	fail(-rc, "%s: \"%s\" is refused: %s", name, message, strerror(-rc));
	if (!kmsg_show_since(mark, "rlnc"))
		hint("the kernel's log may say why: dmesg | grep rlnc");
	return rc;
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
	const char *uuid;
	int rc;

	memset(v, 0, sizeof(*v));
	v->name = name;
	rc = open_volume_status(name, &v->info, &v->status);
	if (rc)
		return rc;
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

/**
 * open_volume_members - what can be read of the members that are in use
 * @v:		open volume
 * @set:	receives the members, open for reading; members_close() it
 * @others:	receives what they say, identified; volume_free() it
 *
 * Return: 0 or -errno, reported.
 */
int open_volume_members(const struct open_volume *v, struct tool_members *set,
			struct volume *others)
{
	char uuid[UUID_TEXT_MAX];
	unsigned int i;

	set->member = calloc(v->status.n, sizeof(*set->member));
	if (!set->member || volume_init(others, v->status.n))
		return fail(ENOMEM, "out of memory");
	for (i = 0; i < v->status.n; i++) {
		struct tool_member *m = &set->member[set->count++];
		char letter = v->status.letters[i];
		const struct rlnc_super *sb;

		*m = (struct tool_member){ .name = v->member[i].path, .fd = -1 };
		if (letter != RLNC_LETTER_SYNC && letter != RLNC_LETTER_STALE)
			continue;
		m->fd = member_open(m->name, O_RDONLY);
		if (m->fd < 0 || volume_add(others, m->name, m->fd))
			continue;
		sb = member_best(&others->member[others->count - 1]);
		if (!sb || strcmp(uuid_format(sb->volume_id, uuid), v->uuid))
			member_unload(&others->member[--others->count]);
	}
	return volume_identify(others);
}
