// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile questions and answers of meta.h.  The first byte chooses the message. */
#include "fuzz_schema.h"
#include "../unit/meta_cases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u64 room[META_ROOM / 8], more[META_ROOM / 8];

	if (size)
		fuzz_schema(meta_schemas[data[0] % META_SCHEMAS], data + 1, size - 1, room, more,
			    sizeof(room));
	return 0;
}
