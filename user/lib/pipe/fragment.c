// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "crypto/crc.h"
#include "fragment.h"

static size_t coeff_bytes(unsigned int k, unsigned int flags)
{
	return flags & SKY_FRAGMENT_COEFFS ? ALIGN(k, SKY_FRAGMENT_ALIGN) : 0;
}

size_t fragment_head_bytes(unsigned int k, unsigned int flags)
{
	return sizeof(struct sky_fragment_hdr) + coeff_bytes(k, flags);
}

uint32_t fragment_symbol_bytes(uint32_t stored, unsigned int k)
{
	return ALIGN(DIV_ROUND_UP(stored, k), SKY_FRAGMENT_ALIGN);
}

/* Over the header, whose own field is made zero here, and the coefficients behind it. */
static uint32_t head_crc(struct sky_fragment_hdr *hdr, const uint8_t *coeffs, size_t len)
{
	uint64_t crc;

	hdr->crc = 0;
	crc = crc_update(CRC_32C, 0, hdr, sizeof(*hdr));
	return (uint32_t)(len ? crc_update(CRC_32C, crc, coeffs, len) : crc);
}

static bool header_ok(const struct sky_fragment_hdr *hdr)
{
	const uint32_t symbol_bytes = le32_to_cpu(hdr->symbol_bytes);

	if (hdr->mode != SKY_SYSTEMATIC && hdr->mode != SKY_DENSE)
		return false;
	if (hdr->flags & ~SKY_FRAGMENT_COEFFS)
		return false;
	if (hdr->k < 1 || hdr->k > SKY_MAX_K)
		return false;
	if (hdr->n < hdr->k)
		return false;
	if (hdr->row >= hdr->n)
		return false;
	if (!symbol_bytes || symbol_bytes > SKY_MAX_SYMBOL)
		return false;
	if (symbol_bytes % SKY_FRAGMENT_ALIGN)
		return false;
	if (memchr_inv(hdr->reserved0, 0, sizeof(hdr->reserved0)))
		return false;
	return !memchr_inv(hdr->reserved1, 0, sizeof(hdr->reserved1));
}

int fragment_parse(struct fragment *f, const void *buf, size_t len)
{
	const uint8_t *coeffs = (const uint8_t *)buf + sizeof(struct sky_fragment_hdr);
	struct sky_fragment_hdr hdr;
	uint32_t crc;
	size_t extra;

	if (len < sizeof(hdr))
		return -EBADMSG;
	memcpy(&hdr, buf, sizeof(hdr));
	if (le32_to_cpu(hdr.magic) != SKY_FRAGMENT_MAGIC)
		return -EBADMSG;
	if (hdr.version != SKY_FRAGMENT_VERSION)
		return -EPROTONOSUPPORT;
	if (!header_ok(&hdr))
		return -EBADMSG;
	extra = coeff_bytes(hdr.k, hdr.flags);
	if (len != sizeof(hdr) + extra + le32_to_cpu(hdr.symbol_bytes))
		return -EBADMSG;
	crc = le32_to_cpu(hdr.crc);
	if (head_crc(&hdr, coeffs, extra) != crc)
		return -EBADMSG;
	if (extra && memchr_inv(coeffs + hdr.k, 0, extra - hdr.k))
		return -EBADMSG;

	f->mode = hdr.mode;
	f->flags = hdr.flags;
	f->row = hdr.row;
	f->k = hdr.k;
	f->n = hdr.n;
	f->symbol_bytes = le32_to_cpu(hdr.symbol_bytes);
	f->symbol_crc = le32_to_cpu(hdr.symbol_crc);
	f->generation = (const uint8_t *)buf + offsetof(struct sky_fragment_hdr, generation);
	f->coeffs = extra ? coeffs : NULL;
	f->symbol = coeffs + extra;
	return 0;
}

bool fragment_symbol_ok(const struct fragment *f)
{
	return crc_update(CRC_32C, 0, f->symbol, f->symbol_bytes) == f->symbol_crc;
}

void fragment_format(void *buf, const struct fragment *f)
{
	struct sky_fragment_hdr hdr = {
		.magic		= cpu_to_le32(SKY_FRAGMENT_MAGIC),
		.version	= SKY_FRAGMENT_VERSION,
		.mode		= f->mode,
		.flags		= f->flags,
		.row		= f->row,
		.k		= f->k,
		.n		= f->n,
		.symbol_bytes	= cpu_to_le32(f->symbol_bytes),
	};
	const size_t extra = coeff_bytes(f->k, f->flags);
	uint8_t *coeffs = (uint8_t *)buf + sizeof(hdr);

	if (extra) {
		memmove(coeffs, f->coeffs, f->k);
		memset(coeffs + f->k, 0, extra - f->k);
	}
	memcpy(hdr.generation, f->generation, sizeof(hdr.generation));
	hdr.symbol_crc = cpu_to_le32((uint32_t)crc_update(CRC_32C, 0, coeffs + extra,
							  f->symbol_bytes));
	hdr.crc = cpu_to_le32(head_crc(&hdr, coeffs, extra));
	memcpy(buf, &hdr, sizeof(hdr));
}
