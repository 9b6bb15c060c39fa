/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message with every type of field, for the tests, the fuzzer and the benchmark. */
#ifndef TEST_RPC_CASES_H
#define TEST_RPC_CASES_H

#include "rpc/rpc.h"

struct rpc_tag {
	struct rpc_bytes key, value;
};

struct rpc_record {
	u8 id[16];
	u32 plain;
	bool coded;
	const struct rpc_tag *tag;
	u32 tags;
};

struct rpc_sample {
	u8 small;
	u16 port;
	u32 flags;
	u64 time;
	u32 count;
	u64 size;
	bool latest;
	u8 id[16];
	struct rpc_bytes name, etag;
	const struct rpc_record *record;
	u32 records;
};

static const struct rpc_field rpc_tag_fields[] = {
	RPC_BYTES(struct rpc_tag, key, 128),
	RPC_BYTES(struct rpc_tag, value, 256),
};

static const struct rpc_schema rpc_tag_schema =
	RPC_SCHEMA("tag", struct rpc_tag, rpc_tag_fields);

static const struct rpc_field rpc_record_fields[] = {
	RPC_FIXED(struct rpc_record, id),
	RPC_FIELD(RPC_VARINT32, struct rpc_record, plain),
	RPC_FIELD(RPC_BOOL, struct rpc_record, coded),
	RPC_LIST(struct rpc_record, tag, tags, 4, &rpc_tag_schema),
};

static const struct rpc_schema rpc_record_schema =
	RPC_SCHEMA("record", struct rpc_record, rpc_record_fields);

static const struct rpc_field rpc_sample_fields[] = {
	RPC_FIELD(RPC_U8, struct rpc_sample, small),
	RPC_FIELD(RPC_U16, struct rpc_sample, port),
	RPC_FIELD(RPC_U32, struct rpc_sample, flags),
	RPC_FIELD(RPC_U64, struct rpc_sample, time),
	RPC_FIELD(RPC_VARINT32, struct rpc_sample, count),
	RPC_FIELD(RPC_VARINT64, struct rpc_sample, size),
	RPC_FIELD(RPC_BOOL, struct rpc_sample, latest),
	RPC_FIXED(struct rpc_sample, id),
	RPC_BYTES(struct rpc_sample, name, 1024),
	RPC_BYTES(struct rpc_sample, etag, 64),
	RPC_LIST(struct rpc_sample, record, records, 64, &rpc_record_schema),
};

static const struct rpc_schema rpc_sample_schema =
	RPC_SCHEMA("sample", struct rpc_sample, rpc_sample_fields);

/* The same message as a program from before its last two fields knows it. */
static const struct rpc_schema rpc_old_schema = {
	.name = "old sample", .field = rpc_sample_fields, .fields = 9,
	.size = sizeof(struct rpc_sample),
};

#endif /* TEST_RPC_CASES_H */
