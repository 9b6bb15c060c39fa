// SPDX-License-Identifier: GPL-2.0-or-later
/* How what the vault is asked about sessions is packed. */
#include "vault_session.h"

static const struct rpc_field state_fields[] = {
	RPC_FIELD(RPC_VARINT32, struct vault_session_state, version),
	RPC_FIELD(RPC_VARINT32, struct vault_session_state, releases),
	RPC_FIELD(RPC_VARINT64, struct vault_session_state, number),
	RPC_FIELD(RPC_BOOL, struct vault_session_state, dropped),
	RPC_FIXED(struct vault_session_state, point),
};

static const struct rpc_field take_secret_fields[] = {
	RPC_FIELD(RPC_U8, struct vault_take_secret, how),
	RPC_BYTES(struct vault_take_secret, data, VAULT_SESSION_WRAPPED + BOX_OVERHEAD),
	RPC_FIELD(RPC_VARINT32, struct vault_take_secret, size),
};

static const struct rpc_schema take_secret_schema =
	RPC_SCHEMA("take-secret", struct vault_take_secret, take_secret_fields);

static const struct rpc_field take_fields[] = {
	RPC_FIELD(RPC_VARINT64, struct vault_take, owner),
	RPC_BYTES(struct vault_take, document, SESSION_MAX_BYTES),
	RPC_BYTES(struct vault_take, old, SESSION_MAX_BYTES),
	RPC_LIST(struct vault_take, secret, secrets, SESSION_SECRETS, &take_secret_schema),
};

static const struct rpc_field wrapped_fields[] = {
	RPC_BYTES(struct vault_wrapped, data, VAULT_SESSION_WRAPPED),
};

static const struct rpc_field taken_fields[] = {
	RPC_LIST(struct vault_taken, secret, secrets, SESSION_SECRETS, &vault_wrapped_schema),
	RPC_FIELD(RPC_VARINT64, struct vault_taken, number),
};

static const struct rpc_field release_fields[] = {
	RPC_FIELD(RPC_VARINT64, struct vault_release, owner),
	RPC_BYTES(struct vault_release, workload, SESSION_NAME_MAX),
	RPC_FIELD(RPC_U8, struct vault_release, tier),
	RPC_FIXED(struct vault_release, image),
	RPC_BYTES(struct vault_release, document, SESSION_MAX_BYTES),
	RPC_BYTES(struct vault_release, bundle, VAULT_BUNDLE_MAX),
	RPC_LIST(struct vault_release, secret, secrets, SESSION_SECRETS, &vault_wrapped_schema),
	RPC_FIXED(struct vault_release, point),
};

static const struct rpc_field released_fields[] = {
	RPC_FIELD(RPC_VARINT32, struct vault_released, error),
	RPC_BYTES(struct vault_released, why, SESSION_WHY),
	RPC_BYTES(struct vault_released, box, VAULT_SESSION_BOX),
	RPC_FIELD(RPC_VARINT32, struct vault_released, version),
	RPC_FIELD(RPC_VARINT32, struct vault_released, releases),
};

const struct rpc_schema vault_session_state_schema =
	RPC_SCHEMA("session-state", struct vault_session_state, state_fields);
const struct rpc_schema vault_take_schema = RPC_SCHEMA("take", struct vault_take, take_fields);
const struct rpc_schema vault_wrapped_schema =
	RPC_SCHEMA("wrapped", struct vault_wrapped, wrapped_fields);
const struct rpc_schema vault_taken_schema = RPC_SCHEMA("taken", struct vault_taken, taken_fields);
const struct rpc_schema vault_release_schema =
	RPC_SCHEMA("release", struct vault_release, release_fields);
const struct rpc_schema vault_released_schema =
	RPC_SCHEMA("released", struct vault_released, released_fields);
