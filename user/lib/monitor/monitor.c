// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "monitor.h"

#define TEXT_MAX	(4 << 20)	/* bytes of the largest file */
#define ERRORS_FILE	HEDGE_STATS "/errors"

static const char *root = "";

/**
 * monitor_set_root - look for the files below another directory, as tests do
 * @dir:	kept by reference
 */
void monitor_set_root(const char *dir)
{
	root = dir;
}

/* Why a file of ours cannot be opened, in words that help. */
static int no_file(const char *path)
{
	int err = errno;

	if (err == ENOENT && access(path, F_OK)) {
		fail(ENODEV, "%s is not there", path);
		hint("`modprobe hedge` loads the monitor");
		return -ENODEV;
	}
	if (err == EACCES || err == EPERM)
		return fail(err, "%s: permission denied; this needs root", path);
	errno = err;
	return fail_errno("%s", path);
}

static int open_file(const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
		return fail(ENAMETOOLONG, "%s: name too long", name);
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? no_file(path) : fd;
}

static int read_file(const char *name, char **text)
{
	char path[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = file_read(path, TEXT_MAX, text, NULL);
	errno = -rc;
	return rc;
}

/* The number of the last refusal, of anybody. */
static uint64_t refusals(void)
{
	CLEANUP_FREE char *text = NULL;
	char why[256];
	uint64_t seq;

	if (read_file(ERRORS_FILE, &text))
		return 0;
	monitor_last_error(text, 0, 0, &seq, why, sizeof(why));
	return seq;
}

static int refused(int err, uint64_t before)
{
	CLEANUP_FREE char *text = NULL;
	char why[512];
	uint64_t seq;

	if (!read_file(ERRORS_FILE, &text) &&
	    monitor_last_error(text, getuid(), before, &seq, why, sizeof(why)))
		return fail(err, "%s", why);
	errno = err;
	return fail_errno("the monitor refused the command");
}

/**
 * monitor_command - have a command carried out
 * @line:	the command, as in include/uapi/hedge_proc.h
 *
 * What the kernel has against it is reported in its own words.
 *
 * Return: 0 or -errno, reported.
 */
int monitor_command(const char *line)
{
	CLEANUP_CLOSE int fd = open_file(HEDGE_MONITOR, O_WRONLY);
	uint64_t before;
	size_t len = strlen(line);
	ssize_t put;

	if (fd < 0)
		return fd;
	before = refusals();
	/* One write is one command: what was interrupted was not carried out. */
	put = write(fd, line, len);
	if (put < 0)
		return refused(errno, before);
	return put == (ssize_t)len ? 0 : fail(EIO, "the monitor took a part of the command only");
}

/**
 * monitor_command_quiet - the same, without a report of what the kernel has against it
 *
 * Return: 0 or -errno; what keeps it from being asked is reported.
 */
int monitor_command_quiet(const char *line)
{
	CLEANUP_CLOSE int fd = open_file(HEDGE_MONITOR, O_WRONLY);
	size_t len = strlen(line);
	ssize_t put;

	if (fd < 0)
		return fd;
	put = write(fd, line, len);
	return put < 0 ? -errno : put == (ssize_t)len ? 0 : -EIO;
}

/**
 * monitor_lock - keep others that ask for it waiting
 *
 * Return: a descriptor, to be closed, or -errno, reported.
 */
int monitor_lock(void)
{
	CLEANUP_CLOSE int fd = open_file(HEDGE_MONITOR, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return fd;
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return fail_errno("%s cannot be locked", HEDGE_MONITOR);
	return TAKE_FD(fd);
}

/**
 * monitor_list - what /proc/monitor says
 * @text:	receives it; free() it
 *
 * Return: 0 or -errno, reported.
 */
int monitor_list(char **text)
{
	return read_file(HEDGE_MONITOR, text) ? no_file(HEDGE_MONITOR) : 0;
}

/**
 * monitor_stats - what is counted of a VM
 * @name:	which; or "hedge", the totals
 * @text:	receives it; free() it
 *
 * Return: 0, -ENOENT if there is no such VM, or -errno; reported.
 */
int monitor_stats(const char *name, char **text)
{
	char path[PATH_MAX];
	int rc;

	if (strchr(name, '/') || *name == '.' || !*name)
		return fail(EINVAL, "\"%s\" cannot be the name of a VM", name);
	snprintf(path, sizeof(path), HEDGE_STATS "/%s", name);
	rc = read_file(path, text);
	if (!rc)
		return 0;
	snprintf(path, sizeof(path), "%s" HEDGE_MONITOR, root);
	if (rc == -ENOENT && !access(path, F_OK))
		return fail(ENOENT, "no VM \"%s\" runs, nor is remembered", name);
	errno = -rc;
	return no_file(HEDGE_STATS);
}

/**
 * monitor_console - open a console
 * @id:		the VM's number
 *
 * Return: a descriptor to read and poll, or -errno, reported.
 */
int monitor_console(uint32_t id)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), HEDGE_CONSOLES "/vm%u", id);
	return open_file(path, O_RDONLY);
}

/**
 * monitor_stats_each - every VM that runs, or whose record is still there
 * @fn:		called with the name of each; a value other than 0 ends the walk
 * @arg:	for @fn
 *
 * Return: 0, what @fn returned, or -errno, reported.
 */
int monitor_stats_each(int (*fn)(const char *name, void *arg), void *arg)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;
	int rc = 0;

	if (snprintf(path, sizeof(path), "%s%s", root, HEDGE_STATS) >= (int)sizeof(path))
		return fail(ENAMETOOLONG, "%s: name too long", HEDGE_STATS);
	dir = opendir(path);
	if (!dir)
		return no_file(path);
	while (!rc && (e = readdir(dir)))
		if (*e->d_name != '.' && strcmp(e->d_name, "hedge") &&
		    strcmp(e->d_name, "metrics") && strcmp(e->d_name, "errors"))
			rc = fn(e->d_name, arg);
	closedir(dir);
	return rc;
}
