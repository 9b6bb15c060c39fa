// SPDX-License-Identifier: GPL-2.0-or-later
/* How what the runner is asked for is packed. */
#include "runner.h"
#include "vault_session.h"

static const struct rpc_field ask_fields[] = {
	RPC_BYTES(struct runner_ask, name, RUNNER_NAME_MAX),
	RPC_BYTES(struct runner_ask, image, RUNNER_TEXT_MAX),
	RPC_FIXED(struct runner_ask, digest),
	RPC_FIELD(RPC_VARINT64, struct runner_ask, team),
	RPC_FIELD(RPC_U8, struct runner_ask, tier),
	RPC_FIELD(RPC_VARINT32, struct runner_ask, mem),
	RPC_BYTES(struct runner_ask, block, 255),
	RPC_BYTES(struct runner_ask, net, 31),
	RPC_BYTES(struct runner_ask, command, RUNNER_COMMAND_MAX),
	RPC_BYTES(struct runner_ask, session, SESSION_MAX_BYTES),
	RPC_BYTES(struct runner_ask, bundle, VAULT_BUNDLE_MAX),
	RPC_LIST(struct runner_ask, secret, secrets, SESSION_SECRETS, &vault_wrapped_schema),
};

static const struct rpc_field row_fields[] = {
	RPC_BYTES(struct runner_row, name, RUNNER_NAME_MAX),
	RPC_BYTES(struct runner_row, image, RUNNER_TEXT_MAX),
	RPC_FIXED(struct runner_row, digest),
	RPC_FIELD(RPC_VARINT64, struct runner_row, team),
	RPC_FIELD(RPC_U8, struct runner_row, tier),
	RPC_FIELD(RPC_BOOL, struct runner_row, running),
	RPC_FIELD(RPC_VARINT64, struct runner_row, started),
	RPC_FIELD(RPC_VARINT32, struct runner_row, spawn_us),
	RPC_FIELD(RPC_VARINT64, struct runner_row, footprint),
};

static const struct rpc_schema row_schema =
	RPC_SCHEMA("runner-row", struct runner_row, row_fields);

static const struct rpc_field tier_fields[] = {
	RPC_BYTES(struct runner_tier, why, RUNNER_WHY),
	RPC_FIELD(RPC_VARINT32, struct runner_tier, spawn_us),
	RPC_FIELD(RPC_VARINT64, struct runner_tier, footprint),
};

static const struct rpc_schema tier_schema =
	RPC_SCHEMA("runner-tier", struct runner_tier, tier_fields);

static const struct rpc_field answer_fields[] = {
	RPC_FIELD(RPC_VARINT32, struct runner_answer, status),
	RPC_BYTES(struct runner_answer, why, RUNNER_WHY),
	RPC_LIST(struct runner_answer, row, rows, RUNNER_ROWS, &row_schema),
	RPC_LIST(struct runner_answer, tier, tiers, RUNNER_LEVELS, &tier_schema),
	RPC_FIELD(RPC_U8, struct runner_answer, release),
	RPC_FIELD(RPC_VARINT32, struct runner_answer, releases),
};

const struct rpc_schema runner_ask_schema =
	RPC_SCHEMA("runner-ask", struct runner_ask, ask_fields);
const struct rpc_schema runner_answer_schema =
	RPC_SCHEMA("runner-answer", struct runner_answer, answer_fields);
