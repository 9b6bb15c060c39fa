/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Governance, as far as the vault goes: it has a state of its own (KEYS.governance), which only a
 * decision of a quorum moves on, and signs the PCRs that such a decision has approved with a key
 * that nobody else has (KEYS.pcr.pem, made when it is first needed).  So whoever has the backend
 * cannot have anything signed.
 *
 * The first state that it is told is the one that it believes from then on.
 */
#ifndef SKYD_VAULT_GOVERN_H
#define SKYD_VAULT_GOVERN_H

#include "govern/govern.h"
#include "vault.h"

#define VAULT_RELEASE_MAX	(128u << 10)	/* of GOVERN_ACTIONS over all PCRs */

/* VAULT_GOVERN: a question without a state asks only where the vault is. */
struct vault_step {
	struct rpc_bytes state;		/* the next one, or nothing */
};

struct vault_stepped {
	u64 versions;			/* that it has seen: its own is one less; 0: none */
	struct rpc_bytes hash;		/* of its state, in digits */
	struct rpc_bytes release;	/* signed PCR policies in JSON, or nothing */
	struct rpc_bytes public;	/* with these: the key in PEM */
};

extern const struct rpc_schema vault_step_schema, vault_stepped_schema;

/* The handler.  -EBADMSG: the state does not follow from the vault's. */
int vault_govern(struct link_request *request, const void *ask, void *give);

#endif /* SKYD_VAULT_GOVERN_H */
