// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "dm/dm.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"

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

static int remove_device(const char *name)
{
	char *params;
	int rc = dm_device_table(name, RLNC_TARGET_NAME, &params);

	if (rc)
		return rc;
	explicit_bzero(params, strlen(params));
	free(params);
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

	(void)o;
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
		rc = remove_device(name);
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
