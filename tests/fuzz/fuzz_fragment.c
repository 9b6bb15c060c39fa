// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile fragments.  The sum of the head is made right first, since a fuzzer would
 * never get past it; what parses is written again and must be the same.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "crypto/crc.h"
#include "pipe/fragment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *buf = malloc(size), *again = malloc(size);
	struct sky_fragment_hdr *hdr = (void *)buf;
	struct fragment f;
	size_t head;

	require((buf && again) || !size);
	if (size)
		memcpy(buf, data, size);
	if (size >= sizeof(*hdr)) {
		head = fragment_head_bytes(hdr->k, hdr->flags);
		hdr->crc = 0;
		if (head <= size)
			hdr->crc = cpu_to_le32((uint32_t)crc_update(CRC_32C, 0, buf, head));
	}
	if (!fragment_parse(&f, buf, size)) {
		require(f.row < f.n && f.k && f.k <= f.n);
		require(f.symbol + f.symbol_bytes == buf + size);
		hdr->symbol_crc = cpu_to_le32((uint32_t)crc_update(CRC_32C, 0, f.symbol,
								   f.symbol_bytes));
		memcpy(again, buf, size);
		fragment_format(again, &f);
		hdr->crc = ((struct sky_fragment_hdr *)again)->crc;
		require(!memcmp(again, buf, size));
	}
	free(buf);
	free(again);
	return 0;
}
