// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "open_volume.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"
#include "work.h"

/**
 * cmd_scrub - rlncsetup scrub
 */
int cmd_scrub(const struct options *o, int argc, char **argv)
{
	const char *name = argv[0], *verb = argc > 1 ? argv[1] : "start";
	struct target_status status;
	struct dm_device_info info;
	bool start = !strcmp(verb, "start");
	int rc;

	if (!start && strcmp(verb, "stop"))
		return fail(EINVAL, "scrub %s %s: start or stop", name, verb);
	if (!start && o->wait)
		return fail(EINVAL, "scrub %s stop: there is nothing to --wait for", name);
	rc = open_volume_status(name, &info, &status);
	if (!rc)
		rc = open_volume_message(name, start ? RLNC_MSG_SCRUB " start" :
						       RLNC_MSG_SCRUB " stop", NULL, 0);
	if (rc || !o->wait)
		return rc;
	return work_wait_scrub(name, &status);
}
