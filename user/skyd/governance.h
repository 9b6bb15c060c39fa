/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Governance in the backend: the folder governance below state, whose changes are told to the
 * audit ledger, and what follows from them: storage policies in the store, and what the vault
 * releases.
 */
#ifndef SKYD_GOVERNANCE_H
#define SKYD_GOVERNANCE_H

#include "api.h"

/*
 * On a fiber, when store and ledger are open: complete what was begun, and bring about what
 * follows.  What is wrong with it is logged, and holds nobody else up.
 */
void governance_open(struct backend *b);
/* The same, for the vault, which need not answer yet: on a fiber of its own. */
int governance_start(struct backend *b, struct io_group *group);

/* The administrator's verbs. */
api_fn governance_init, governance_propose, governance_vote, governance_apply, governance_status,
	governance_verify;

#endif /* SKYD_GOVERNANCE_H */
