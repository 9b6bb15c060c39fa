// SPDX-License-Identifier: GPL-2.0-or-later
/* How what an attester asks is packed. */
#include "attest_link.h"

#define TABLE(name, title, type) \
	const struct rpc_schema attest_##name##_schema = RPC_SCHEMA(title, type, name##_fields)

static const struct rpc_field begin_fields[] = {
	RPC_BYTES(struct attest_begin, ak, ATTEST_KEY_MAX),
};
TABLE(begin, "attest-begin", struct attest_begin);

static const struct rpc_field begun_fields[] = {
	RPC_FIELD(RPC_BOOL, struct attest_begun, enrol),
	RPC_FIXED(struct attest_begun, nonce),
	RPC_FIELD(RPC_U16, struct attest_begun, bank),
	RPC_FIELD(RPC_U32, struct attest_begun, mask),
	RPC_FIELD(RPC_VARINT64, struct attest_begun, have[ATTEST_LOG_BOOT]),
	RPC_FIELD(RPC_VARINT64, struct attest_begun, have[ATTEST_LOG_IMA]),
	RPC_FIELD(RPC_VARINT32, struct attest_begun, lease_ms),
};
TABLE(begun, "attest-begun", struct attest_begun);

static const struct rpc_field enrol_fields[] = {
	RPC_BYTES(struct attest_enrol, ek, ATTEST_KEY_MAX),
	RPC_BYTES(struct attest_enrol, certificate, ATTEST_CERT_MAX),
	RPC_BYTES(struct attest_enrol, ak, ATTEST_KEY_MAX),
};
TABLE(enrol, "attest-enrol", struct attest_enrol);

static const struct rpc_field credential_fields[] = {
	RPC_BYTES(struct attest_credential, blob, ATTEST_KEY_MAX),
	RPC_BYTES(struct attest_credential, secret, ATTEST_KEY_MAX),
};
TABLE(credential, "attest-credential", struct attest_credential);

static const struct rpc_field secret_fields[] = {
	RPC_BYTES(struct attest_secret, secret, 64),
};
TABLE(secret, "attest-secret", struct attest_secret);

static const struct rpc_field piece_fields[] = {
	RPC_FIELD(RPC_U8, struct attest_piece, log),
	RPC_FIELD(RPC_VARINT64, struct attest_piece, offset),
	RPC_BYTES(struct attest_piece, data, ATTEST_PIECE_MAX),
};
TABLE(piece, "attest-piece", struct attest_piece);

static const struct rpc_field evidence_fields[] = {
	RPC_FIXED(struct attest_evidence_ask, nonce),
	RPC_BYTES(struct attest_evidence_ask, message, ATTEST_QUOTE_MAX),
	RPC_BYTES(struct attest_evidence_ask, signature, ATTEST_QUOTE_MAX),
	RPC_BYTES(struct attest_evidence_ask, pcrs, ATTEST_PCRS_MAX),
};
TABLE(evidence, "attest-evidence", struct attest_evidence_ask);

static const struct rpc_field judged_fields[] = {
	RPC_FIELD(RPC_BOOL, struct attest_judged, trusted),
	RPC_FIELD(RPC_VARINT32, struct attest_judged, lease_ms),
	RPC_BYTES(struct attest_judged, why, ATTEST_WHY_MAX),
};
TABLE(judged, "attest-judged", struct attest_judged);
