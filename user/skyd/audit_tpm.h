/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger's counter of epochs in this machine's TPM, where nobody puts it back.
 *
 * Counters of a TPM begin above all that were removed from it.  What the ledger's had when the
 * ledger was begun is in a file, under a key of the ledger's owner, so that another number is not
 * taken for it:
 *
 *	0	digits	16, hexadecimal: the value
 *	16	mac	64 digits of HMAC-SHA-256 of AUDIT_TPM_INDEX and these
 */
#ifndef SKYD_AUDIT_TPM_H
#define SKYD_AUDIT_TPM_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/hmac.h"

#define AUDIT_TPM_INDEX		0x01a5c002u	/* NV index of the counter */
#define AUDIT_TPM_WHY		256u

struct audit_tpm {
	const char *tcti;		/* how the TPM is reached */
	const char *path;		/* of the file */
	const struct hmac_key *key;
	uint64_t base;
};

/* Before rights are given up: what is needed to speak to it.  @tcti: NULL or empty: nothing. */
void audit_tpm_prepare(const char *tcti);

/**
 * audit_tpm_begin() - Find where the ledger began to count.
 * @t: tcti, path and key are given
 * @fresh: there is no ledger yet: it begins now, and the counter is made if there is none
 * @why: receives what is wrong
 *
 * Return: 0; -ESTALE: the ledger was not begun with this TPM, or the counter was removed;
 * -EBADMSG: the file is damaged, or of another key; -ENODEV: there is no TPM; -errno.
 */
int audit_tpm_begin(struct audit_tpm *t, bool fresh, char why[AUDIT_TPM_WHY]);

/* Both for struct ledger_counter, with a struct audit_tpm that was begun for ->ctx. */
int audit_tpm_read(void *ctx, uint64_t *value);
int audit_tpm_advance(void *ctx, uint64_t value);

#endif /* SKYD_AUDIT_TPM_H */
