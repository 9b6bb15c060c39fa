// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "rlncsetup.h"
#include "tpm_esys/anchor.h"

/**
 * cmd_anchor_list - rlncsetup anchor list
 */
int cmd_anchor_list(const struct options *o, int argc, char **argv)
{
	uint8_t id[ANCHOR_ID_BYTES];
	char uuid[UUID_TEXT_MAX];
	struct device *tpm;
	unsigned int i;
	uint64_t count;
	int rc = tpm2_open(o, &tpm);

	(void)argc;
	(void)argv;
	if (rc)
		return rc;
	for (i = 0; i < ANCHORS; i++) {
		rc = anchor_owner(tpm, i, id);
		if (rc)
			continue;
		if (nv_counter_read(tpm, ANCHOR_COUNTER(i), &count))
			count = 0;
		printf("%s  NV index 0x%08x  written %" PRIu64 " times\n", uuid_format(id, uuid),
		       ANCHOR_COUNTER(i), count);
	}
	device_close(tpm);
	return 0;
}

static int remove_named(struct device *tpm, const char *uuid)
{
	uint8_t id[ANCHOR_ID_BYTES];
	char found[UUID_TEXT_MAX];
	unsigned int i;
	int rc;

	for (i = 0; i < ANCHORS; i++) {
		if (anchor_owner(tpm, i, id) || strcmp(uuid_format(id, found), uuid))
			continue;
		rc = anchor_remove(tpm, i);
		return rc ? tpm2_trouble(tpm, rc, "the anchor cannot be removed") : 0;
	}
	return fail(ENODEV, "the TPM remembers no volume %s", uuid);
}

/**
 * cmd_anchor_remove - rlncsetup anchor remove
 */
int cmd_anchor_remove(const struct options *o, int argc, char **argv)
{
	struct device *tpm;
	int rc = tpm2_open(o, &tpm);

	(void)argc;
	if (rc)
		return rc;
	rc = remove_named(tpm, argv[0]);
	device_close(tpm);
	return rc;
}
