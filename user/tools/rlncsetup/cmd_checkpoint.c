// SPDX-License-Identifier: GPL-2.0-or-later
#include "open_volume.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"

/**
 * cmd_checkpoint - rlncsetup checkpoint
 */
int cmd_checkpoint(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	int rc = open_volume_get(argv[0], &v);

	(void)o;
	(void)argc;
	return rc ? rc : open_volume_message(argv[0], RLNC_MSG_CHECKPOINT, NULL, 0);
}
