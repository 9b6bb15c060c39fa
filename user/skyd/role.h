/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What processes there are. */
#ifndef SKYD_ROLE_H
#define SKYD_ROLE_H

#include <stdbool.h>

enum role {
	ROLE_PARENT,
	ROLE_GATEWAY,
	ROLE_BACKEND,
	ROLE_VAULT,
	ROLE_EDGE,
	ROLE_ATTESTER,		/* of this machine, to the backend */
	ROLE_RELAY,		/* to other machines */
	ROLE_RESOLVER,		/* of names of hosts */
	ROLE_RUNNER,		/* of workloads */
	ROLE_VERIFIER,		/* of machines that attest, for the vault */
	ROLES,
};

#define ROLE_BIT(role)	(1u << (role))
#define ROLE_HOST	64u		/* bytes of a machine's name, its NUL included */
#define ROLE_PLACES	74u		/* one for each role, and for each edge */

/* May it be on another machine than who it asks, or is asked by? */
static inline bool role_is_far(enum role role)
{
	return (role >= ROLE_GATEWAY && role <= ROLE_ATTESTER) || role == ROLE_RUNNER;
}

static inline const char *role_name(enum role role)
{
	static const char *const names[ROLES] = {
		"parent", "gateway", "backend", "vault", "edge", "attester", "relay",
		"resolver", "runner", "verifier",
	};

	return role < ROLES ? names[role] : "nobody";
}

/*
 * Does one ask the other?  All that serve ask the vault, and the runner, for secrets; the gateway
 * and the attester the backend, the backend the edges, the runner and the verifier, and who makes
 * connections the resolver.
 */
static inline bool role_asks(enum role one, enum role other)
{
	return (other == ROLE_VAULT && one >= ROLE_GATEWAY && one <= ROLE_EDGE && one != other) ||
	       (other == ROLE_VAULT && one == ROLE_RUNNER) ||
	       ((one == ROLE_GATEWAY || one == ROLE_ATTESTER) && other == ROLE_BACKEND) ||
	       (one == ROLE_BACKEND && (other == ROLE_EDGE || other == ROLE_RUNNER ||
					other == ROLE_VERIFIER)) ||
	       (other == ROLE_RESOLVER &&
		(one == ROLE_GATEWAY || one == ROLE_BACKEND || one == ROLE_RELAY));
}

#endif /* SKYD_ROLE_H */
