/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an administrator asks the backend over the control socket: a verb and its arguments in
 * JSON, an object, and an answer in JSON.  Verbs and arguments are those of skyctl(1).
 */
#ifndef SKYD_ADMIN_H
#define SKYD_ADMIN_H

#include "rpc/rpc.h"

#define ADMIN_VERB_MAX	64u
#define ADMIN_ASK_MAX	131072u
#define ADMIN_GIVE_MAX	1000000u

struct admin_ask {
	struct rpc_bytes verb;
	struct rpc_bytes body;		/* or nothing */
};

/* Of ADMIN_DO (role_run.h). */
struct admin_give {
	/*
	 * As of HTTP.  Above 399, body is {"error": TEXT}; with "missing": NAME where a member of
	 * what was asked is not there.
	 */
	u32 status;
	struct rpc_bytes body;		/* or nothing */
};

extern const struct rpc_schema admin_ask_schema, admin_give_schema;

#endif /* SKYD_ADMIN_H */
