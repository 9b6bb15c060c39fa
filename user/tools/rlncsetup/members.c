// SPDX-License-Identifier: GPL-2.0-or-later
/* Members as a person names them, and the devices that they are. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "rlncsetup.h"

static bool means_absent(const char *name)
{
	return !strcmp(name, "missing") || !strcmp(name, "-");
}

static int explain_open(const struct tool_member *m, int err, unsigned int how)
{
	fail(err, "member %s: %s", m->name, strerror(err));
	if (err == EBUSY)
		hint("it is mounted or part of something that is open: lsblk %s", m->path);
	else if (err == ENOENT && (how & (MEMBERS_MAY_MISS | MEMBERS_MAY_BE_LEFT_OUT)))
		hint("write \"missing\" in its place to go on without it");
	else if (err == EACCES || err == EPERM)
		hint("are you root?");
	return -err;
}

/* It can be opened for writing all the same, and every write is "not permitted". */
static int check_writable(const struct tool_member *m)
{
	int read_only = 0;

	if (ioctl(m->fd, BLKROGET, &read_only) || !read_only)
		return 0;
	fail(EROFS, "member %s is read-only", m->name);
	if (m->remote.kind == REMOTE_NONE)
		hint("if it need not be: blockdev --setrw %s", m->path);
	else
		hint("its server does not let us write to it");
	return -EROFS;
}

static int check_kind(const struct tool_member *m, unsigned int how)
{
	struct stat st;

	if (fstat(m->fd, &st))
		return fail(errno, "member %s: %s", m->name, strerror(errno));
	if (S_ISBLK(st.st_mode) && (how & MEMBERS_WRITE) && check_writable(m))
		return -EROFS;
	if (S_ISBLK(st.st_mode) || (S_ISREG(st.st_mode) && !(how & MEMBERS_BLOCK_ONLY)))
		return 0;
	fail(ENOTBLK, "member %s is not a block device", m->name);
	if (S_ISREG(st.st_mode))
		hint("make it one: losetup --find --show %s", m->name);
	return -ENOTBLK;
}

static bool same_device(const struct stat *a, const struct stat *b)
{
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT))
		return false;
	if (S_ISBLK(a->st_mode))
		return a->st_rdev == b->st_rdev;
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * No device twice.  Two ways to one storage (loop devices of one file) are
 * found later, by what was written.
 */
static int check_distinct(const struct tool_members *set, const struct tool_member *m)
{
	struct stat a, b;
	unsigned int i;

	if (stat(m->path, &a))
		return 0;	/* opening it will say why */
	for (i = 0; &set->member[i] != m; i++) {
		if (set->member[i].fd < 0 || fstat(set->member[i].fd, &b) || !same_device(&a, &b))
			continue;
		return fail(EINVAL, "members %s and %s are the same device",
			    set->member[i].name, m->name);
	}
	return 0;
}

static int open_one(const struct tool_members *set, struct tool_member *m, unsigned int how,
		    const struct options *o)
{
	int flags = how & MEMBERS_WRITE ? O_RDWR : O_RDONLY;
	int rc;

	if (means_absent(m->name)) {
		if (how & (MEMBERS_MAY_MISS | MEMBERS_MAY_BE_LEFT_OUT))
			return 0;
		return fail(EINVAL, "\"%s\": this command needs the members themselves", m->name);
	}
	if (remote_is(m->name)) {
		rc = remote_connect(m->name, o, &m->remote, m->path);
		if (rc && rc != -EINVAL && rc != -ENOMEM && (how & MEMBERS_MAY_MISS)) {
			warn("member %s cannot be reached: going on without it", m->name);
			return 0;
		}
		if (rc)
			return rc;
	} else if (strlen(m->name) < sizeof(m->path)) {
		strcpy(m->path, m->name);
	} else {
		return fail(ENAMETOOLONG, "member %.40s...: name too long", m->name);
	}
	rc = check_distinct(set, m);
	if (rc)
		return rc;
	/* O_EXCL without O_CREAT is for block devices only. */
	if (how & MEMBERS_EXCLUSIVE) {
		struct stat st;

		if (!stat(m->path, &st) && S_ISBLK(st.st_mode))
			flags |= O_EXCL;
	}
	m->fd = member_open(m->path, flags);
	if (m->fd == -ENOENT && (how & MEMBERS_MAY_VANISH)) {
		m->fd = -1;
		warn("member %s is not there: going on without it", m->name);
		return 0;
	}
	if (m->fd < 0)
		return explain_open(m, -m->fd, how);
	return check_kind(m, how);
}

/**
 * members_open - open members, connecting those that are URLs
 * @set:	filled in; members_close() it whatever is returned
 * @name:	as on the command line
 * @count:	how many
 * @how:	MEMBERS_*
 * @o:		time-outs
 *
 * Return: 0 or -errno, reported.
 */
int members_open(struct tool_members *set, char **name, int count, unsigned int how,
		 const struct options *o)
{
	int i, rc;

	*set = (struct tool_members){ .count = 0 };
	set->member = calloc(count, sizeof(*set->member));
	if (!set->member)
		return fail(ENOMEM, "out of memory");
	for (i = 0; i < count; i++) {
		struct tool_member *m = &set->member[set->count++];

		m->name = name[i];
		m->fd = -1;
		rc = open_one(set, m, how, o);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * members_lock - keep others who do the same away until they are closed
 * @set:	open; those that are left out are skipped
 *
 * Two changes at a time would lose one; udev keeps away from locked devices too.
 *
 * Return: 0 or -EBUSY, reported.
 */
int members_lock(const struct tool_members *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->member[i].fd >= 0 &&
		    flock(set->member[i].fd, LOCK_EX | LOCK_NB))
			return fail(EBUSY, "member %s: another program is changing it",
				    set->member[i].name);
	return 0;
}

/**
 * members_close - close members, and disconnect unless @set->keep
 */
void members_close(struct tool_members *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		struct tool_member *m = &set->member[i];

		if (m->fd >= 0)
			close(m->fd);
		if (!set->keep)
			remote_disconnect(m->name, &m->remote);
	}
	free(set->member);
	*set = (struct tool_members){ .count = 0 };
}

/**
 * members_read - read the superblocks and key slots of all that are there
 * @set:	open
 * @v:		filled in; volume_free() it before members_close()
 * @may_miss:	a member that cannot be read is left out with a warning
 *
 * Return: 0 or -errno, reported.
 */
int members_read(const struct tool_members *set, struct volume *v, bool may_miss)
{
	unsigned int i;
	int rc;

	if (volume_init(v, set->count))
		return fail(ENOMEM, "out of memory");
	for (i = 0; i < set->count; i++) {
		const struct tool_member *m = &set->member[i];

		if (m->fd < 0)
			continue;
		rc = volume_add(v, m->name, m->fd);
		if (rc == -ENOSPC)
			return fail(ENODEV, "member %s is too small to be one", m->name);
		if (rc && rc != -ENOMEM && may_miss)
			warn("member %s cannot be read (%s): going on without it", m->name,
			     strerror(-rc));
		else if (rc)
			return fail(-rc, "member %s: %s", m->name, strerror(-rc));
	}
	return 0;
}
