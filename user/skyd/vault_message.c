// SPDX-License-Identifier: GPL-2.0-or-later
/* How what the vault is asked for is packed. */
#include "crypto/hash.h"
#include "vault.h"

#define TEXT_MAX	256u
#define PATH_MAX_BYTES	4096u

static const struct rpc_field ask_fields[] = {
	RPC_FIELD(RPC_U8, struct vault_ask, kind),
	RPC_FIELD(RPC_VARINT64, struct vault_ask, owner),
	RPC_FIELD(RPC_VARINT64, struct vault_ask, number),
	RPC_BYTES(struct vault_ask, name, VAULT_NAME_MAX),
	RPC_BYTES(struct vault_ask, blob, VAULT_WRAPPED_MAX),
	RPC_FIELD(RPC_VARINT64, struct vault_ask, value),
	RPC_BYTES(struct vault_ask, date, 8),
	RPC_BYTES(struct vault_ask, region, TEXT_MAX),
	RPC_BYTES(struct vault_ask, service, TEXT_MAX),
	RPC_BYTES(struct vault_ask, text, VAULT_POLICY_MAX),
	RPC_BYTES(struct vault_ask, mac, HASH_MAX_BYTES),
};

static const struct rpc_field give_fields[] = {
	RPC_BYTES(struct vault_give, blob, VAULT_WRAPPED_MAX),
	RPC_BYTES(struct vault_give, secret, VAULT_SECRET_MAX),
	RPC_FIELD(RPC_VARINT64, struct vault_give, value),
};

static const struct rpc_field header_fields[] = {
	RPC_BYTES(struct vault_header, name, TEXT_MAX),
	RPC_BYTES(struct vault_header, value, PATH_MAX_BYTES),
};

static const struct rpc_schema header_schema =
	RPC_SCHEMA("header", struct vault_header, header_fields);

static const struct rpc_field url_fields[] = {
	RPC_BYTES(struct vault_url, method, 16),
	RPC_BYTES(struct vault_url, path, PATH_MAX_BYTES),
	RPC_BYTES(struct vault_url, query, VAULT_QUERY_MAX / 2),
	RPC_LIST(struct vault_url, headers, header_count, VAULT_HEADERS_MAX, &header_schema),
	RPC_FIELD(RPC_VARINT32, struct vault_url, expires),
	RPC_BYTES(struct vault_url, content_sha256, 64),
	RPC_BYTES(struct vault_url, access_key, TEXT_MAX),
	RPC_BYTES(struct vault_url, region, TEXT_MAX),
	RPC_FIELD(RPC_VARINT64, struct vault_url, owner),
	RPC_FIELD(RPC_VARINT64, struct vault_url, location),
	RPC_BYTES(struct vault_url, credential, VAULT_WRAPPED_MAX),
};

static const struct rpc_schema url_schema = RPC_SCHEMA("url", struct vault_url, url_fields);

static const struct rpc_field presign_fields[] = {
	RPC_LIST(struct vault_presign, urls, count, VAULT_URLS_MAX, &url_schema),
	RPC_FIELD(RPC_VARINT64, struct vault_presign, now),
};

static const struct rpc_field signed_fields[] = {
	RPC_FIELD(RPC_VARINT32, struct vault_signed, error),
	RPC_BYTES(struct vault_signed, query, VAULT_QUERY_MAX),
};

static const struct rpc_schema signed_schema =
	RPC_SCHEMA("signed", struct vault_signed, signed_fields);

static const struct rpc_field presigned_fields[] = {
	RPC_LIST(struct vault_presigned, urls, count, VAULT_URLS_MAX, &signed_schema),
};

static const struct rpc_field counts_fields[] = {
	RPC_FIELD(RPC_VARINT64, struct vault_counts, calls),
	RPC_FIELD(RPC_VARINT64, struct vault_counts, refused),
	RPC_FIELD(RPC_VARINT64, struct vault_counts, leases),
	RPC_FIELD(RPC_VARINT64, struct vault_counts, derived),
	RPC_FIELD(RPC_VARINT64, struct vault_counts, urls),
	RPC_FIELD(RPC_VARINT64, struct vault_counts, masters),
};

const struct rpc_schema vault_ask_schema =
	RPC_SCHEMA("vault-ask", struct vault_ask, ask_fields);
const struct rpc_schema vault_give_schema =
	RPC_SCHEMA("vault-give", struct vault_give, give_fields);
const struct rpc_schema vault_presign_schema =
	RPC_SCHEMA("vault-presign", struct vault_presign, presign_fields);
const struct rpc_schema vault_presigned_schema =
	RPC_SCHEMA("vault-presigned", struct vault_presigned, presigned_fields);
const struct rpc_schema vault_counts_schema =
	RPC_SCHEMA("vault-counts", struct vault_counts, counts_fields);
