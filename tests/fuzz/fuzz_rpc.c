// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile messages.  The first byte chooses the schema and the room for lists.
 * What is accepted can be packed, and then unpacks to the same bytes again.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/rpc_cases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct rpc_schema *schema, const uint8_t *data, size_t size,
		  size_t room_size)
{
	struct rpc_sample first, second;
	u8 *room = malloc(room_size), *more = malloc(room_size), *packed, *again;
	size_t most = 32 * size + 64;
	int len, same;

	packed = malloc(most);
	again = malloc(most);
	require(room && more && packed && again);
	if (rpc_decode(schema, data, size, &first, room, room_size))
		goto out;
	/* It may be longer, by the fields that an older version left out. */
	len = rpc_encode(schema, &first, packed, most);
	require(len > 0);
	require(!rpc_decode(schema, packed, len, &second, more, room_size));
	same = rpc_encode(schema, &second, again, most);
	require(same == len && !memcmp(packed, again, len));
out:
	free(room);
	free(more);
	free(packed);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rpc_schema *const schemas[] = {
		&rpc_sample_schema, &rpc_old_schema, &rpc_sample_schema, &rpc_sample_schema,
	};
	struct rpc_frame frame;

	if (!size)
		return 0;
	if (rpc_frame_decode(data + 1, size - 1, RPC_BODY_MAX, &frame) > 0)
		require(frame.body <= RPC_BODY_MAX);
	check(schemas[data[0] % 4], data + 1, size - 1, 8 * (data[0] >> 2) * 16);
	return 0;
}
