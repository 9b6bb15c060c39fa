/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A good fragment and a good record, to be damaged. */
#ifndef TESTS_PIPE_UTIL_H
#define TESTS_PIPE_UTIL_H

#include <stddef.h>

#include "crypto/crc.h"
#include "pipe/fragment.h"
#include "pipe/manifest.h"
#include "rlnc_util.h"
#include <asm/byteorder.h>

/* For the sum that tests/unit/run prints: each kind has a generator of its own. */
static inline void report_kinds(const char *header, unsigned int kinds)
{
	print_message("# damaged %s: %u kinds, each refused\n", header, kinds);
}

#define GOOD_SYMBOL	192u
#define GOOD_K		4u
#define GOOD_MAX	(64 + 64 + GOOD_SYMBOL)

/* Row 5 of a dense four out of six; every field has a value of its own. */
static inline size_t good_fragment(uint8_t *buf, unsigned int flags)
{
	static const uint8_t id[SKY_GENERATION_ID_BYTES] = "generation 12345";
	static const uint8_t coeffs[GOOD_K] = { 7, 8, 0, 9 };
	struct fragment f = {
		.mode = SKY_DENSE, .flags = flags, .row = 5, .k = GOOD_K, .n = 6,
		.symbol_bytes = GOOD_SYMBOL, .generation = id, .coeffs = coeffs,
	};
	uint8_t *symbol = buf + fragment_head_bytes(GOOD_K, flags);
	unsigned int i;

	for (i = 0; i < GOOD_SYMBOL; i++)
		symbol[i] = i * 7;
	fragment_format(buf, &f);
	return fragment_head_bytes(GOOD_K, flags) + GOOD_SYMBOL;
}

/* The sum over a damaged head made right, so that the damage itself is judged. */
static inline void fragment_resum(uint8_t *buf, size_t head)
{
	struct sky_fragment_hdr *hdr = (struct sky_fragment_hdr *)buf;

	hdr->crc = 0;
	hdr->crc = cpu_to_le32((uint32_t)crc_update(CRC_32C, 0, buf, head));
}

static inline void page_resum(uint8_t *buf, size_t len)
{
	struct sky_page_hdr *hdr = (struct sky_page_hdr *)buf;

	hdr->crc = 0;
	hdr->crc = cpu_to_le32((uint32_t)crc_update(CRC_32C, 0, buf, len));
}

/* Different for each @i. */
static inline struct record good_record(unsigned int i, unsigned int k, unsigned int n)
{
	struct record r = {
		.plain_bytes = 1000000 + i, .stored_bytes = 900000 + i,
		.compression = SKY_DEFLATE_RAW, .mode = SKY_DENSE, .flags = SKY_FRAGMENT_COEFFS,
		.k = k, .n = n,
	};
	unsigned int row;

	memset(r.generation, 0x10 + i, sizeof(r.generation));
	memset(r.iv, 0x20 + i, sizeof(r.iv));
	memset(r.tag, 0x30 + i, sizeof(r.tag));
	for (row = 0; row < n; row++)
		r.location[row] = row == 2 ? SKY_NO_LOCATION : 100 * i + row;
	return r;
}

#endif
