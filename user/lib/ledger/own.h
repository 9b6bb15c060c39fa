/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ledger of this host's own: a folder, a file with its key, and one with its counter. */
#ifndef SKY_LEDGER_OWN_H
#define SKY_LEDGER_OWN_H

#include "ledger.h"
#include "note.h"

struct ledger_own {
	struct ledger *ledger;		/* NULL: none */
	struct note_signer signer;
	struct counter_file counter;
};

/**
 * ledger_own_open() - open it
 * @own: receives it; has to stay where it is until ledger_own_close()
 * @path: folder; NULL: there is to be none
 * @key: file of a signer key, made if it is not there, with KEY.pub beside it
 * @epoch: file of the counter
 * @why: receives what is wrong
 *
 * Return: 0; -EINVAL: no key or counter is named; -EACCES: others may read the key; as
 * ledger_open(); -errno.
 */
int ledger_own_open(struct ledger_own *own, const char *path, const char *key, const char *epoch,
		    char why[LEDGER_WHY]);
void ledger_own_close(struct ledger_own *own);

#endif /* SKY_LEDGER_OWN_H */
