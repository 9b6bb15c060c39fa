// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile compressed bytes: never more than the recorded length comes out.  The first
 * byte chooses the scheme, the next two the length.
 */
#include <stdlib.h>

#include "pipe/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct compressor *c;
	size_t plain;
	uint8_t *out;

	if (!c)
		c = compressor_new();
	if (!c || size < 3)
		return 0;
	plain = 1 + data[1] + 256 * data[2];
	out = malloc(plain);
	if (out)
		compress_undo(c, data[0] % SKY_COMPRESSIONS, data + 3, size - 3, out, plain);
	free(out);
	return 0;
}
