/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines that attest, as the backend's store has them. */
#ifndef SKYD_STORE_HOST_H
#define SKYD_STORE_HOST_H

#include "store.h"

enum store_host_state {
	STORE_HOST_WAITING,		/* has shown a TPM that nobody has named yet */
	STORE_HOST_EXPECTED,		/* may enrol */
	STORE_HOST_ENROLLED,
	STORE_HOST_REVOKED,		/* by the administrator: may not enrol again */
};

struct store_host {
	struct store_text name;
	enum store_host_state state;
	struct store_text ek;		/* Name of its endorsement key; none: any with a maker */
	struct store_text ak;		/* TPM2B_PUBLIC; none: not activated */
	struct store_text signer;	/* qualified Name of that */
	u64 clock;			/* what its TPM has counted last */
	u32 resets, restarts;
	u64 enrolled, judged;		/* when; 0: never */
	bool trusted;			/* the last verdict */
	u64 lease;			/* when it ends; 0: there is none */
	struct store_text policy;	/* digest of that of the last verdict */
	struct store_text verdict;	/* what it has found, in JSON */
	struct store_text shown;	/* Name of the key that was last refused */
	struct store_text refused;	/* and why */
	u64 team;			/* that is given its tokens; 0: only the administrator */
	struct store_text token;	/* the last verdict for others; none: it was not good */
	bool named;			/* not kept: by the administrator, now */
};

/* A lease, as long as it is the only thing that is wanted. */
struct store_host_lease {
	struct store_text name;
	u64 lease;
	struct store_text policy;	/* digest of that of the last verdict */
};

/*
 * Make a row, or replace it.  -EEXIST: another one is enrolled with that endorsement key;
 * -EKEYREJECTED: it has been revoked meanwhile, and this would let it in without ->named.
 */
int store_host_put(struct store *s, const struct store_host *host);
/* -ENOENT: there is no such. */
int store_host_get(struct store *s, struct store_text name, struct store_arena *a,
		   struct store_host *host);
/* By name above @after, at most @max (STORE_LIST_MAX).  Return: how many. */
int store_host_list(struct store *s, struct store_text after, unsigned int max,
		    struct store_arena *a, struct store_host **hosts);
int store_host_leases(struct store *s, struct store_text after, unsigned int max,
		      struct store_arena *a, struct store_host_lease **leases);

#endif /* SKYD_STORE_HOST_H */
