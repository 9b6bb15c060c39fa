// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile questions and answers of meta.h.  The first byte chooses the message.  What is
 * accepted can be packed, and then unpacks to the same bytes again.
 */
#include "fuzz_util.h"
#include "../unit/meta_cases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union { u8 bytes[4096]; u64 align; } one, two;
	static u64 room[META_ROOM / 8], more[META_ROOM / 8];
	const struct rpc_schema *schema;
	struct str copy;
	char *packed, *again;
	size_t most;
	int len;

	if (!size)
		return 0;
	schema = meta_schemas[data[0] % META_SCHEMAS];
	copy = own_copy(data + 1, size - 1);
	/* Fields that an older version left out, of each element of a list. */
	most = 64 * size + 256;
	packed = malloc(most);
	again = malloc(most);
	require(packed && again);
	if (!rpc_decode(schema, copy.at, copy.len, &one, room, sizeof(room))) {
		len = rpc_encode(schema, &one, packed, most);
		require(len > 0);
		require(!rpc_decode(schema, packed, len, &two, more, sizeof(more)));
		require(rpc_encode(schema, &two, again, most) == len);
		require(!memcmp(packed, again, len));
	}
	free(packed);
	free(again);
	free((char *)copy.at);
	return 0;
}
