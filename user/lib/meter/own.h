/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of this host: its own TPM, and a ledger of its own. */
#ifndef SKY_METER_OWN_H
#define SKY_METER_OWN_H

#include "keeper.h"
#include "ledger/own.h"
#include "tpm_esys/certify.h"

/* Where all lies. */
struct meter_own_config {
	const char *dir, *key_file;	/* as struct meter_keeper_config */
	const char *tcti, *ak_file;	/* as certify_open() */
	const char *ledger;		/* folder; NULL: none */
	const char *ledger_key;		/* file of a signer key, made if it is not there */
	const char *ledger_epoch;	/* file of the counter */
};

struct meter_own {
	struct meter_keeper *keeper;
	struct certify tpm;
	struct ledger_own ledger;
};

/**
 * meter_own_open() - go on with this host's chain
 * @own: receives it; meter_own_close() it
 * @config: has to live as long
 * @why: receives what is wrong
 *
 * The TPM is let go of when it has vouched for the key.
 *
 * Return: 0 or -errno; -ENODEV: there is no TPM.
 */
int meter_own_open(struct meter_own *own, const struct meter_own_config *config,
		   char why[METER_WHY]);
void meter_own_close(struct meter_own *own);

#endif /* SKY_METER_OWN_H */
