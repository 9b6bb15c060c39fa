// SPDX-License-Identifier: GPL-2.0-or-later
#include "edge_link.h"

static const struct rpc_field hello_fields[] = {
	RPC_FIXED(struct edge_hello, id),
	RPC_FIXED(struct edge_hello, point),
	RPC_BYTES(struct edge_hello, host, EDGE_TEXT_MAX),
	RPC_BYTES(struct edge_hello, url, EDGE_TEXT_MAX),
	RPC_BYTES(struct edge_hello, name, EDGE_TEXT_MAX),
	RPC_FIELD(RPC_VARINT64, struct edge_hello, fragments),
	RPC_FIELD(RPC_VARINT64, struct edge_hello, bytes),
	RPC_FIELD(RPC_VARINT64, struct edge_hello, disk_total),
	RPC_FIELD(RPC_VARINT64, struct edge_hello, disk_free),
	RPC_FIELD(RPC_VARINT64, struct edge_hello, damaged),
	RPC_FIELD(RPC_BOOL, struct edge_hello, failed),
	RPC_FIELD(RPC_BOOL, struct edge_hello, signer),
};

const struct rpc_schema edge_hello_schema =
	RPC_SCHEMA("edge-hello", struct edge_hello, hello_fields);

int edge_hello(struct link *link, struct edge_hello *hello, struct link_answer *answer,
	       int64_t deadline)
{
	const struct link_call call = {
		EDGE_HELLO, NULL, NULL, -1, &edge_hello_schema, hello, 0,
	};

	return link_do(link, &call, answer, deadline);
}
