// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "dm.h"

/* Anything more talkative than this is for the library's authors. */
#define LOG_LEVEL_SHOWN	4	/* _LOG_WARN of libdevmapper */

static void destroy_task(struct dm_task **task)
{
	if (*task)
		dm_task_destroy(*task);
}

#define CLEANUP_TASK	CLEANUP(destroy_task)

/* libdevmapper's own words: our messages say it better, but -v shows them. */
PRINTF(5, 6)
static void on_log(int level, const char *file, int line, int err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	(void)file;
	(void)line;
	(void)err;
	if ((level & 7) > LOG_LEVEL_SHOWN)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note("libdevmapper: %s", text);
}

/**
 * dm_start - call once before anything else here
 */
void dm_start(void)
{
	dm_log_with_errno_init(on_log);
}

/**
 * dm_name_ok - whether a name may be that of a device
 * @name:	checked for length and for what would leave /dev/mapper
 */
bool dm_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len < DM_NAME_LEN && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..") && strcmp(name, "control");
}

/**
 * dm_name_of - the name of a device that is given as its path
 * @path:	/dev/mapper/NAME, or anything else
 *
 * Return: what follows /dev/mapper/, or @path.
 */
const char *dm_name_of(const char *path)
{
	size_t len = strlen(dm_dir());

	return strncmp(path, dm_dir(), len) || path[len] != '/' ? path : path + len + 1;
}

/* Run a task that changes devices: 0 or a positive errno. */
static int run_with_udev(struct dm_task *task)
{
	bool sync = dm_udev_get_sync_support();
	uint32_t cookie = 0;
	int err = 0;

	if (sync && !dm_task_set_cookie(task, &cookie, 0))
		return ENOMEM;
	if (!dm_task_run(task))
		err = dm_task_get_errno(task) ? dm_task_get_errno(task) : EIO;
	if (sync)
		dm_udev_wait(cookie);
	else
		dm_task_update_nodes();
	return err;
}

static struct dm_task *new_task(int type, const char *name)
{
	struct dm_task *task = dm_task_create(type);

	if (task && (!dm_task_set_name(task, name) || !dm_task_secure_data(task))) {
		dm_task_destroy(task);
		return NULL;
	}
	return task;
}

/* The library gives no task, and no reason either: a positive errno. */
static int why_no_task(void)
{
	char path[128];
	CLEANUP_CLOSE int fd = -1;

	snprintf(path, sizeof(path), "%s/control", dm_dir());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return ENOMEM;
	return geteuid() || errno == EACCES || errno == EPERM ? EPERM : ENODEV;
}

static int explain_no_task(const char *name)
{
	switch (why_no_task()) {
	case EPERM:
		return fail(EPERM, "%s: permission denied; this needs root", name);
	case ENODEV:
		fail(ENODEV, "%s: no device mapper in this kernel", name);
		hint("modprobe dm-mod");
		return -ENODEV;
	default:
		return fail(ENOMEM, "out of memory");
	}
}

static int explain(int err, const char *name, const char *what)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return fail(EPERM, "%s: not allowed to use device-mapper; are you root?", name);
	case ENXIO:
	case ENODEV:
		return fail(ENODEV, "%s: no such device-mapper device", name);
	default:
		return fail(err, "%s: %s: %s", name, what, strerror(err));
	}
}

static int put_table(struct dm_task *task, const struct dm_table *table)
{
	if (table->read_only && !dm_task_set_ro(task))
		return -ENOMEM;
	return dm_task_add_target(task, 0, table->sectors, table->target, table->params) ?
	       0 : -ENOMEM;
}

/* 0 or a positive errno of a task that udev does not hear of. */
static int run(struct dm_task *task)
{
	if (dm_task_run(task))
		return 0;
	return dm_task_get_errno(task) ? dm_task_get_errno(task) : EIO;
}

/**
 * dm_device_reload - load another table and make it live
 *
 * Return: 0 or -errno, not reported.
 */
int dm_device_reload(const char *name, const struct dm_table *table)
{
	CLEANUP_TASK struct dm_task *load = new_task(DM_DEVICE_RELOAD, name);
	CLEANUP_TASK struct dm_task *resume = new_task(DM_DEVICE_RESUME, name);
	int err;

	if (!load || !resume || put_table(load, table))
		return -why_no_task();
	err = run(load);
	return err ? -err : -run_with_udev(resume);
}

/**
 * dm_device_create - create a device, load its table and resume it
 * @name:	below /dev/mapper
 * @uuid:	the kernel refuses a second device of the same UUID
 * @table:	what it shall be
 *
 * In three steps of our own, since the library's single one forgets why the
 * kernel refused.  On failure no device is left behind.  Why a target refused
 * its table stands in the kernel's log; the caller reports it.
 *
 * Return: 0, -EBUSY when the name or the UUID is taken, or -errno; not reported.
 */
int dm_device_create(const char *name, const char *uuid, const struct dm_table *table)
{
	CLEANUP_TASK struct dm_task *task = new_task(DM_DEVICE_CREATE, name);
	CLEANUP_TASK struct dm_task *undo = new_task(DM_DEVICE_REMOVE, name);
	int rc;

	if (!task || !undo || !dm_task_set_uuid(task, uuid))
		return -why_no_task();
	rc = -run(task);
	if (rc)
		return rc;
	rc = dm_device_reload(name, table);
	if (rc)
		run_with_udev(undo);
	return rc;
}

/* Return: 0 or -errno, reported. */
static int change_state(int type, const char *name, const char *what)
{
	CLEANUP_TASK struct dm_task *task = new_task(type, name);
	int err;

	if (!task)
		return explain_no_task(name);
	err = type == DM_DEVICE_RESUME ? run_with_udev(task) : run(task);
	return err ? explain(err, name, what) : 0;
}

/**
 * dm_device_suspend - let what is under way end, and begin nothing more
 *
 * Return: 0 or -errno, reported.
 */
int dm_device_suspend(const char *name)
{
	return change_state(DM_DEVICE_SUSPEND, name, "cannot be suspended");
}

/**
 * dm_device_resume - go on after dm_device_suspend()
 *
 * Return: 0 or -errno, reported.
 */
int dm_device_resume(const char *name)
{
	return change_state(DM_DEVICE_RESUME, name, "cannot be resumed");
}

/**
 * dm_device_remove - remove a device that nobody has open
 *
 * Return: 0 or -errno, reported.
 */
int dm_device_remove(const char *name)
{
	CLEANUP_TASK struct dm_task *task = new_task(DM_DEVICE_REMOVE, name);
	int err;

	if (!task || !dm_task_retry_remove(task))
		return explain_no_task(name);
	err = run_with_udev(task);
	if (err == EBUSY) {
		fail(EBUSY, "%s is in use", name);
		hint("unmount what is on it, or see who has it open: lsblk /dev/mapper/%s", name);
		return -EBUSY;
	}
	return err ? explain(err, name, "cannot be removed") : 0;
}

/**
 * dm_device_info - whether there is such a device, and how it is
 * @info:	filled in
 *
 * Return: 0 (also when there is none) or -errno, reported.
 */
int dm_device_info(const char *name, struct dm_device_info *info)
{
	CLEANUP_TASK struct dm_task *task = new_task(DM_DEVICE_INFO, name);
	struct dm_info raw;

	memset(info, 0, sizeof(*info));
	if (!task)
		return explain_no_task(name);
	if (!dm_task_run(task) || !dm_task_get_info(task, &raw)) {
		int err = dm_task_get_errno(task);

		return err == ENXIO ? 0 : explain(err ? err : ENODEV, name, "no information");
	}
	info->exists = raw.exists;
	info->suspended = raw.suspended;
	info->read_only = raw.read_only;
	info->open_count = raw.open_count > 0 ? raw.open_count : 0;
	info->events = raw.event_nr;
	info->major = raw.major;
	info->minor = raw.minor;
	snprintf(info->uuid, sizeof(info->uuid), "%s",
		 dm_task_get_uuid(task) ? dm_task_get_uuid(task) : "");
	return 0;
}

/* The parameters of a device that is one target of the right kind. */
static int ask_target(int type, const char *name, const char *target, char **params)
{
	CLEANUP_TASK struct dm_task *task = new_task(type, name);
	uint64_t start, length;
	char *found, *text;

	if (!task || !dm_task_no_flush(task))
		return explain_no_task(name);
	if (!dm_task_run(task))
		return explain(dm_task_get_errno(task) ? dm_task_get_errno(task) : ENODEV, name,
			       "no status");
	dm_get_next_target(task, NULL, &start, &length, &found, &text);
	if (!found || strcmp(found, target))
		return fail(ENODEV, "%s is not a device of the target \"%s\"", name, target);
	*params = strdup(text ? text : "");
	return *params ? 0 : fail(ENOMEM, "out of memory");
}

/* Is it one target, and this? */
static bool has_target(const char *name, const char *target)
{
	CLEANUP_TASK struct dm_task *task = new_task(DM_DEVICE_STATUS, name);
	uint64_t start, length;
	char *found, *text;

	if (!task || !dm_task_no_flush(task) || !dm_task_run(task))
		return false;
	return !dm_get_next_target(task, NULL, &start, &length, &found, &text) && found &&
	       !strcmp(found, target);
}

/**
 * dm_device_list - call a function for each device of a target
 * @target:	of which kind
 * @each:	called with a name; what it returns but 0 ends the list
 * @arg:	passed on
 *
 * Return: 0, what @each returned, or -errno, reported.
 */
int dm_device_list(const char *target, int (*each)(const char *name, void *arg), void *arg)
{
	CLEANUP_TASK struct dm_task *task = dm_task_create(DM_DEVICE_LIST);
	struct dm_names *names;
	int rc = 0;

	if (!task)
		return explain_no_task("list of devices");
	if (!dm_task_run(task))
		return explain(dm_task_get_errno(task) ? dm_task_get_errno(task) : EIO,
			       "list of devices", "not to be had");
	names = dm_task_get_names(task);
	if (!names || !names->dev)
		return 0;
	for (;;) {
		if (has_target(names->name, target))
			rc = each(names->name, arg);
		if (rc || !names->next)
			return rc;
		names = (struct dm_names *)((char *)names + names->next);
	}
}

/**
 * dm_device_status - the target's INFO line
 * @name:	device
 * @target:	what it must be
 * @params:	receives the line; free() it
 *
 * Return: 0 or -errno, reported.
 */
int dm_device_status(const char *name, const char *target, char **params)
{
	return ask_target(DM_DEVICE_STATUS, name, target, params);
}

/**
 * dm_device_table - the target's parameters
 * @params:	receives them; free() them, and wipe them where they may hold a key
 *
 * Return: 0 or -errno, reported.
 */
int dm_device_table(const char *name, const char *target, char **params)
{
	return ask_target(DM_DEVICE_TABLE, name, target, params);
}

/**
 * dm_device_message - send a message to the target
 * @message:	words separated by spaces
 * @answer:	receives what it says, cut off where it does not fit, or "" for nothing; or
 *		NULL
 * @size:	of @answer
 *
 * Return: 0 or -errno, not reported.
 */
int dm_device_message(const char *name, const char *message, char *answer, size_t size)
{
	CLEANUP_TASK struct dm_task *task = new_task(DM_DEVICE_TARGET_MSG, name);
	const char *response;

	if (!task || !dm_task_set_sector(task, 0) || !dm_task_set_message(task, message))
		return -why_no_task();
	if (!dm_task_run(task))
		return dm_task_get_errno(task) ? -dm_task_get_errno(task) : -EIO;
	if (answer) {
		response = dm_task_get_message_response(task);
		snprintf(answer, size, "%s", response ? response : "");
	}
	return 0;
}

/**
 * dm_device_wait_node - wait until a device can be opened by its name
 * @timeout_ms:	for how long
 *
 * Return: 0 or -ETIMEDOUT, not reported.
 */
int dm_device_wait_node(const char *name, unsigned int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	unsigned int waited = 0;
	struct stat st;
	char path[128 + DM_NAME_LEN];

	snprintf(path, sizeof(path), "%s/%s", dm_dir(), name);
	while (stat(path, &st) || !S_ISBLK(st.st_mode)) {
		if (waited >= timeout_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		waited += 10;
	}
	return 0;
}
