/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds of every message that rpc.h packs: what is accepted unpacks to the same again. */
#ifndef TESTS_FUZZ_SCHEMA_H
#define TESTS_FUZZ_SCHEMA_H

#include "fuzz_util.h"
#include "rpc/rpc.h"

#define FUZZ_MESSAGE	4096u	/* bytes that the struct of a message has at most */

/* @room, @more: each of @room_bytes, for lists. */
static inline void fuzz_schema(const struct rpc_schema *schema, const uint8_t *data, size_t size,
			       u64 *room, u64 *more, size_t room_bytes)
{
	static union { u8 bytes[FUZZ_MESSAGE]; u64 align; } one, two;
	/* Fields that an older version left out, of each element of a list. */
	size_t most = 64 * (size + 1) + 256;
	struct str copy = own_copy(data, size);
	char *packed = malloc(most), *again = malloc(most);
	int len;

	require(packed && again && schema->size <= sizeof(one));
	if (!rpc_decode(schema, copy.at, copy.len, &one, room, room_bytes)) {
		len = rpc_encode(schema, &one, packed, most);
		require(len > 0);
		require(!rpc_decode(schema, packed, len, &two, more, room_bytes));
		require(rpc_encode(schema, &two, again, most) == len);
		require(!memcmp(packed, again, len));
	}
	free(packed);
	free(again);
	free((char *)copy.at);
}

#endif /* TESTS_FUZZ_SCHEMA_H */
