// SPDX-License-Identifier: GPL-2.0-or-later
#include "admin.h"

static const struct rpc_field ask_fields[] = {
	RPC_BYTES(struct admin_ask, verb, ADMIN_VERB_MAX),
	RPC_BYTES(struct admin_ask, body, ADMIN_ASK_MAX),
};

static const struct rpc_field give_fields[] = {
	RPC_FIELD(RPC_VARINT32, struct admin_give, status),
	RPC_BYTES(struct admin_give, body, ADMIN_GIVE_MAX),
};

const struct rpc_schema admin_ask_schema = RPC_SCHEMA("admin-ask", struct admin_ask, ask_fields);
const struct rpc_schema admin_give_schema = RPC_SCHEMA("admin-give", struct admin_give, give_fields);
