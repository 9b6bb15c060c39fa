// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "dm/dm.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"
#include "volume/target.h"

#define DM_UUID_PREFIX	"RLNC-"
#define BUSY_POLLS	25u

/* What we connected; all are tried. */
static int disconnect(const struct state_member *m, unsigned int count)
{
	unsigned int i;
	int rc, worst = 0;

	for (i = 0; i < count; i++) {
		rc = remote_disconnect(m[i].name, &m[i].remote);
		if (rc)
			worst = rc;
	}
	return worst;
}

/* What is in use is not suspended.  Whoever looks at new devices has them open for a moment. */
static int wait_unused(const char *name)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	struct dm_device_info info;
	unsigned int i;
	int rc;

	for (i = 0; i < BUSY_POLLS; i++) {
		rc = dm_device_info(name, &info);
		if (rc || !info.open_count)
			return rc;
		nanosleep(&pause, NULL);
	}
	fail(EBUSY, "%s is in use", name);
	hint("unmount what is on it, or see who has it open: lsblk /dev/mapper/%s", name);
	return -EBUSY;
}

/* Suspended, a volume has written its last checkpoint. */
static int last_epoch(const char *name, uint64_t *epoch)
{
	CLEANUP_FREE char *line = NULL;
	struct target_status status;
	int rc = dm_device_suspend(name);

	if (rc)
		return rc;
	rc = dm_device_status(name, RLNC_TARGET_NAME, &line);
	if (!rc && target_status_parse(line, &status))
		rc = fail(EPROTO, "%s: its status cannot be read", name);
	if (rc)
		dm_device_resume(name);
	else
		*epoch = status.epoch;
	return rc;
}

/* What the TPM accepts from now on is the epoch at which the volume was closed, and no other. */
static int remove_anchored(const struct options *o, const char *name, const char *uuid)
{
	uint64_t epoch = 0;
	int rc = wait_unused(name);

	if (!rc)
		rc = last_epoch(name, &epoch);
	if (rc)
		return rc;
	rc = dm_device_remove(name);
	if (rc) {
		dm_device_resume(name);
		return rc;
	}
	if (anchor_end(o, uuid, epoch))
		hint("/dev/mapper/%s is closed; when it is opened again, it is as after a crash",
		     name);
	return 0;
}

static int remove_device(const struct options *o, const char *name,
			 const struct dm_device_info *info)
{
	char *params;
	int rc = dm_device_table(name, RLNC_TARGET_NAME, &params);

	if (rc)
		return rc;
	explicit_bzero(params, strlen(params));
	free(params);
	if (!strncmp(info->uuid, DM_UUID_PREFIX, strlen(DM_UUID_PREFIX)) &&
	    anchor_has(info->uuid + strlen(DM_UUID_PREFIX)))
		return remove_anchored(o, name, info->uuid + strlen(DM_UUID_PREFIX));
	return dm_device_remove(name);
}

/**
 * cmd_close - rlncsetup close
 */
int cmd_close(const struct options *o, int argc, char **argv)
{
	CLEANUP_STATE struct state s = { .count = 0 };
	struct dm_device_info info;
	const char *name = argv[0];
	int rc, known, retired;

	(void)argc;
	if (!dm_name_ok(name))
		return fail(EINVAL, "\"%s\" cannot be the name of a device", name);
	known = state_load(name, &s);
	rc = dm_device_info(name, &info);
	if (rc)
		return rc;
	if (!info.exists && known)
		return fail(ENODEV, "/dev/mapper/%s is not open", name);
	if (info.exists)
		rc = remove_device(o, name, &info);
	else
		note("/dev/mapper/%s is gone already", name);
	if (rc)
		return rc;
	rc = disconnect(s.member, s.count);
	retired = disconnect(s.retired, s.retired_count);
	if (!rc)
		rc = retired;
	if (!rc)
		state_remove(name);
	return rc;
}
