// SPDX-License-Identifier: GPL-2.0-or-later
/* What this machine's TPM keeps for volumes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "rlncsetup.h"
#include "tpm/boot_policy.h"
#include "tpm_esys/nv.h"

static int no_counter(void)
{
	fail(ENODEV, "the TPM has no counter of epochs");
	hint("the first `rlncsetup key add --tpm2` makes it");
	return -ENODEV;
}

/**
 * cmd_tpm_epoch - rlncsetup tpm epoch
 */
int cmd_tpm_epoch(const struct options *o, int argc, char **argv)
{
	struct device *tpm;
	uint64_t epoch = 0, last = 0;
	int rc = 0;

	if (argc && strcmp(argv[0], "bump"))
		return fail(EINVAL, "the epoch can be ended with \"bump\"; \"%s\" is not known",
			    argv[0]);
	if (argc)
		rc = tpm2_last_epoch(o, &last);
	/* What lies about does not keep anybody from ending an epoch. */
	if (!rc || !o->tpm2_signature)
		rc = tpm2_open(o, &tpm);
	if (rc)
		return rc;
	if (argc)
		rc = nv_counter_increment(tpm, BOOT_POLICY_EPOCH);
	if (!rc)
		rc = nv_counter_read(tpm, BOOT_POLICY_EPOCH, &epoch);
	if (rc == -ENOENT)
		no_counter();
	else if (rc)
		tpm2_trouble(tpm, rc, argc ? "the epoch cannot be ended" :
					     "the epoch cannot be read");
	else
		printf("%" PRIu64 "\n", epoch);
	if (!rc && last >= epoch)
		warn("policies of epoch %" PRIu64 " are signed, and good until that is ended, too",
		     last);
	device_close(tpm);
	return rc;
}

/**
 * cmd_tpm_cap - rlncsetup tpm cap
 */
int cmd_tpm_cap(const struct options *o, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tpm2_cap(o);
}
