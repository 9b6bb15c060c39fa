/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What processes there are. */
#ifndef SKYD_ROLE_H
#define SKYD_ROLE_H

enum role {
	ROLE_PARENT,
	ROLE_GATEWAY,
	ROLE_BACKEND,
	ROLE_VAULT,
	ROLE_EDGE,
	ROLES,
};

#define ROLE_BIT(role)	(1u << (role))
#define ROLE_PLACES	69u		/* one for each role, and for each edge */

static inline const char *role_name(enum role role)
{
	static const char *const names[ROLES] = { "parent", "gateway", "backend", "vault", "edge" };

	return role < ROLES ? names[role] : "nobody";
}

#endif /* SKYD_ROLE_H */
