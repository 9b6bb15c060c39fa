// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile pages of records.  Sum and length are made right first; what parses is read
 * record by record, written again, and must be the same.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "crypto/crc.h"
#include "pipe/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void round_trip(struct page *p, const uint8_t *buf, size_t size)
{
	static uint8_t again[SKY_PAGE_MAX_BYTES];
	uint64_t number, offset, end = p->offset;
	struct page_writer w;
	struct record r;

	page_begin(&w, again, p->first, p->offset);
	while (page_next(p, &r, &number, &offset)) {
		require(offset == end);
		end += r.plain_bytes;
		require(!page_add(&w, &r));
	}
	require(end == p->offset + p->plain_bytes);
	require(page_end(&w) == size && !memcmp(again, buf, size));
	require(page_seek(p, end) && !page_seek(p, end - 1));
	require(page_next(p, &r, &number, &offset) && offset + r.plain_bytes == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *buf = malloc(size);
	struct sky_page_hdr *hdr = (void *)buf;
	struct page p;

	require(buf || !size);
	if (size)
		memcpy(buf, data, size);
	if (size >= sizeof(*hdr)) {
		hdr->bytes = cpu_to_le32(size);
		hdr->crc = 0;
		hdr->crc = cpu_to_le32((uint32_t)crc_update(CRC_32C, 0, buf, size));
	}
	if (!page_parse(&p, buf, size))
		round_trip(&p, buf, size);
	free(buf);
	return 0;
}
