// SPDX-License-Identifier: GPL-2.0-or-later
/* Verbs that are one message to the kernel's target. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/kmsg.h"
#include "base/report.h"
#include "open_volume.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"

static int send(const char *name, const char *message)
{
	CLEANUP_CLOSE int mark = kmsg_mark();
	int rc = dm_device_message(name, message);

	if (!rc)
		return 0;
	fail(-rc, "%s: \"%s\" is refused: %s", name, message, strerror(-rc));
	if (!kmsg_show_since(mark, "rlnc"))
		hint("the kernel's log may say why: dmesg | grep rlnc");
	return rc;
}

/**
 * cmd_fail - rlncsetup fail
 */
int cmd_fail(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	char message[32];
	int index, rc = open_volume_get(argv[0], &v);

	(void)o;
	(void)argc;
	if (rc)
		return rc;
	index = open_volume_find(&v, argv[1]);
	if (index < 0)
		return index;
	snprintf(message, sizeof(message), "%s %d", RLNC_MSG_FAIL, index);
	return send(argv[0], message);
}

/**
 * cmd_checkpoint - rlncsetup checkpoint
 */
int cmd_checkpoint(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	int rc = open_volume_get(argv[0], &v);

	(void)o;
	(void)argc;
	return rc ? rc : send(argv[0], RLNC_MSG_CHECKPOINT);
}
