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

static void refused(int err, uint64_t before, char *why, size_t size)
{
	CLEANUP_FREE char *text = NULL;
	uint64_t seq;

	if (read_file(ERRORS_FILE, &text) ||
	    !monitor_last_error(text, getuid(), before, &seq, why, size))
		snprintf(why, size, "the monitor refused the command: %s", strerror(err));
}

/* One write is one command: what was interrupted was not carried out. */
static int write_command(int fd, const char *line, char *why, size_t size)
{
	uint64_t before = refusals();
	size_t len = strlen(line);
	ssize_t put = write(fd, line, len);
	int err = put < 0 ? errno : EIO;

	if (put == (ssize_t)len)
		return 0;
	if (put < 0)
		refused(err, before, why, size);
	else
		snprintf(why, size, "the monitor took a part of the command only");
	return -err;
}

/**
 * monitor_command_why - have a command carried out, for who reports himself
 * @line:	the command, as in include/uapi/hedge_proc.h
 * @why:	receives what is against it
 *
 * Return: 0 or -errno.
 */
int monitor_command_why(const char *line, char *why, size_t size)
{
	CLEANUP_CLOSE int fd = -1;
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s" HEDGE_MONITOR, root);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		return write_command(fd, line, why, size);
	err = errno;
	snprintf(why, size, "%s: %s", path, strerror(err));
	return -err;
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
	char why[512];
	int rc;

	if (fd < 0)
		return fd;
	rc = write_command(fd, line, why, sizeof(why));
	return rc ? fail(-rc, "%s", why) : 0;
}

/* Others that start by digest wait.  Return: a descriptor, to be closed, or -errno. */
static int lock(char *why, size_t size)
{
	CLEANUP_CLOSE int fd = -1;
	char path[PATH_MAX];
	int err = 0;

	snprintf(path, sizeof(path), "%s" HEDGE_MONITOR, root);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		err = errno;
	while (!err && flock(fd, LOCK_EX))
		err = errno == EINTR ? 0 : errno;
	if (!err)
		return TAKE_FD(fd);
	snprintf(why, size, "%s: %s%s", path, strerror(err),
		 err == ENOENT ? "; `modprobe hedge` loads the monitor" : "");
	return -err;
}

static int about_digest(const char *verb, const char *digest, char *why, size_t size)
{
	char line[96];

	snprintf(line, sizeof(line), "%s|%.64s", verb, digest);
	return monitor_command_why(line, why, size);
}

/* Another image may have been loaded under this path before: then it is that which runs. */
static int check_runs(const char *name, const char *digest, char *why, size_t size)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_MAX], ran[80] = "unknown", line[HEDGE_NAME_MAX + 8], ignored[256];

	snprintf(path, sizeof(path), HEDGE_STATS "/%.*s", HEDGE_NAME_MAX, name);
	if (!read_file(path, &text) && monitor_stat(text, "digest", ran, sizeof(ran)) &&
	    !strcmp(ran, digest))
		return 0;
	snprintf(line, sizeof(line), "stop|%.*s", HEDGE_NAME_MAX, name);
	monitor_command_why(line, ignored, sizeof(ignored));
	snprintf(why, size, "VM \"%s\" had another image (%s), and was stopped", name, ran);
	return -EKEYREJECTED;
}

/**
 * monitor_start_digest - have an image with a certain digest started, and no other
 * @line:	a start with verify=enforce
 * @name:	of the VM
 * @digest:	SHA-256 in 64 hexadecimal digits
 * @why:	receives what is against it
 *
 * The monitor runs what is on its list.  This digest is on it for as long as the start takes; if
 * somebody has put it there before, it stays.  One at a time, as all have one list.
 *
 * Return: 0; -EKEYREJECTED: another image ran, and was stopped; -errno.
 */
int monitor_start_digest(const char *line, const char *name, const char *digest, char *why,
			 size_t size)
{
	CLEANUP_CLOSE int held = lock(why, size);
	char ignored[256];
	bool before;
	int rc;

	if (held < 0)
		return held;
	before = !about_digest("disallow", digest, ignored, sizeof(ignored));
	rc = about_digest("allow", digest, why, size);
	if (rc)
		return rc;
	rc = monitor_command_why(line, why, size);
	if (!before)
		about_digest("disallow", digest, ignored, sizeof(ignored));
	return rc ? rc : check_runs(name, digest, why, size);
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
