// SPDX-License-Identifier: GPL-2.0-or-later
/* How what the verifier is asked is packed. */
#include "role.h"
#include "verifier_link.h"

static const struct rpc_field ask_fields[] = {
	RPC_BYTES(struct verifier_ask, host, ROLE_HOST - 1),
	RPC_BYTES(struct verifier_ask, ek, ATTEST_KEY_MAX),
	RPC_BYTES(struct verifier_ask, ak, ATTEST_KEY_MAX),
	RPC_FIELD(RPC_U8, struct verifier_ask, log),
	RPC_FIELD(RPC_VARINT64, struct verifier_ask, offset),
	RPC_BYTES(struct verifier_ask, data, ATTEST_PIECE_MAX),
};

static const struct rpc_field begun_fields[] = {
	RPC_FIELD(RPC_BOOL, struct verifier_begun, enrol),
	RPC_FIXED(struct verifier_begun, nonce),
	RPC_FIELD(RPC_VARINT64, struct verifier_begun, have[ATTEST_LOG_BOOT]),
	RPC_FIELD(RPC_VARINT64, struct verifier_begun, have[ATTEST_LOG_IMA]),
};

static const struct rpc_field evidence_fields[] = {
	RPC_BYTES(struct verifier_evidence, host, ROLE_HOST - 1),
	RPC_FIXED(struct verifier_evidence, said.nonce),
	RPC_BYTES(struct verifier_evidence, said.message, ATTEST_QUOTE_MAX),
	RPC_BYTES(struct verifier_evidence, said.signature, ATTEST_QUOTE_MAX),
	RPC_BYTES(struct verifier_evidence, said.pcrs, ATTEST_PCRS_MAX),
};

static const struct rpc_field judged_fields[] = {
	RPC_FIELD(RPC_BOOL, struct verifier_judged, trusted),
	RPC_BYTES(struct verifier_judged, statement, VERIFIER_STATEMENT_MAX),
	RPC_BYTES(struct verifier_judged, why, VERIFIER_WHY_MAX),
};

const struct rpc_schema verifier_ask_schema =
	RPC_SCHEMA("verifier-ask", struct verifier_ask, ask_fields);
const struct rpc_schema verifier_begun_schema =
	RPC_SCHEMA("verifier-begun", struct verifier_begun, begun_fields);
const struct rpc_schema verifier_evidence_schema =
	RPC_SCHEMA("verifier-evidence", struct verifier_evidence, evidence_fields);
const struct rpc_schema verifier_judged_schema =
	RPC_SCHEMA("verifier-judged", struct verifier_judged, judged_fields);
