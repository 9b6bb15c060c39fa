// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "crypto/crc.h"
#include "manifest.h"

/* An object's length is a positive number of 63 bits. */
#define MAX_OFFSET	(UINT64_MAX >> 1)

size_t record_bytes(unsigned int n)
{
	return sizeof(struct sky_record) + ALIGN(n * sizeof(__le16), 8);
}

bool record_valid(const struct record *r)
{
	if (!r->plain_bytes || r->plain_bytes > SKY_MAX_GENERATION)
		return false;
	if (!r->stored_bytes || r->stored_bytes > r->plain_bytes)
		return false;
	if (r->compression >= SKY_COMPRESSIONS)
		return false;
	if (r->compression == SKY_PLAIN && r->stored_bytes != r->plain_bytes)
		return false;
	if (r->mode != SKY_SYSTEMATIC && r->mode != SKY_DENSE)
		return false;
	if (r->flags & ~SKY_FRAGMENT_COEFFS)
		return false;
	if (r->k < 1 || r->k > SKY_MAX_K)
		return false;
	return r->n >= r->k;
}

static uint32_t page_crc(const uint8_t *buf, size_t bytes)
{
	const size_t at = offsetof(struct sky_page_hdr, crc);
	static const uint8_t zero[4];
	uint64_t crc;

	crc = crc_update(CRC_32C, 0, buf, at);
	crc = crc_update(CRC_32C, crc, zero, sizeof(zero));
	return (uint32_t)crc_update(CRC_32C, crc, buf + at + sizeof(zero),
				    bytes - at - sizeof(zero));
}

void page_begin(struct page_writer *w, void *buf, uint64_t first, uint64_t offset)
{
	*w = (struct page_writer){
		.buf = buf, .used = sizeof(struct sky_page_hdr), .first = first, .offset = offset,
	};
}

int page_add(struct page_writer *w, const struct record *r)
{
	struct sky_record d = {
		.plain_bytes	= cpu_to_le32(r->plain_bytes),
		.stored_bytes	= cpu_to_le32(r->stored_bytes),
		.compression	= r->compression,
		.mode		= r->mode,
		.k		= r->k,
		.n		= r->n,
		.flags		= r->flags,
	};
	const size_t bytes = record_bytes(r->n);
	uint8_t *p = w->buf + w->used;
	unsigned int i;
	__le16 number;

	if (!record_valid(r))
		return -EINVAL;
	if (bytes > SKY_PAGE_MAX_BYTES - w->used)
		return -ENOSPC;
	memcpy(d.generation, r->generation, sizeof(d.generation));
	memcpy(d.iv, r->iv, sizeof(d.iv));
	memcpy(d.tag, r->tag, sizeof(d.tag));
	memset(p, 0, bytes);
	memcpy(p, &d, sizeof(d));
	for (i = 0; i < r->n; i++) {
		number = cpu_to_le16(r->location[i]);
		memcpy(p + sizeof(d) + i * sizeof(number), &number, sizeof(number));
	}
	w->used += bytes;
	w->plain_bytes += r->plain_bytes;
	w->count++;
	return 0;
}

size_t page_end(struct page_writer *w)
{
	struct sky_page_hdr hdr = {
		.magic		= cpu_to_le32(SKY_PAGE_MAGIC),
		.version	= SKY_PAGE_VERSION,
		.count		= cpu_to_le32(w->count),
		.bytes		= cpu_to_le32(w->used),
		.first		= cpu_to_le64(w->first),
		.offset		= cpu_to_le64(w->offset),
		.plain_bytes	= cpu_to_le64(w->plain_bytes),
	};

	if (!w->count)
		return 0;
	memcpy(w->buf, &hdr, sizeof(hdr));
	hdr.crc = cpu_to_le32(page_crc(w->buf, w->used));
	memcpy(w->buf, &hdr, sizeof(hdr));
	return w->used;
}

/* One record out of @room bytes; its size, or 0 when a rule is broken. */
static size_t record_parse(struct record *r, const uint8_t *p, size_t room)
{
	struct sky_record d;
	size_t bytes;
	unsigned int i;
	__le16 number;

	if (room < sizeof(d))
		return 0;
	memcpy(&d, p, sizeof(d));
	r->plain_bytes = le32_to_cpu(d.plain_bytes);
	r->stored_bytes = le32_to_cpu(d.stored_bytes);
	r->compression = d.compression;
	r->mode = d.mode;
	r->flags = d.flags;
	r->k = d.k;
	r->n = d.n;
	if (!record_valid(r))
		return 0;
	bytes = record_bytes(r->n);
	if (room < bytes)
		return 0;
	if (memchr_inv(d.reserved, 0, sizeof(d.reserved)))
		return 0;
	if (memchr_inv(p + sizeof(d) + 2 * r->n, 0, bytes - sizeof(d) - 2 * r->n))
		return 0;
	memcpy(r->generation, d.generation, sizeof(r->generation));
	memcpy(r->iv, d.iv, sizeof(r->iv));
	memcpy(r->tag, d.tag, sizeof(r->tag));
	for (i = 0; i < r->n; i++) {
		memcpy(&number, p + sizeof(d) + i * sizeof(number), sizeof(number));
		r->location[i] = le16_to_cpu(number);
	}
	return bytes;
}

static void page_rewind(struct page *p)
{
	p->at = sizeof(struct sky_page_hdr);
	p->seen = 0;
	p->next_offset = p->offset;
}

/* Do all records together make up the page? */
static bool records_ok(const struct page *p)
{
	uint32_t at = sizeof(struct sky_page_hdr), i;
	uint64_t plain = 0;
	struct record r;
	size_t bytes;

	for (i = 0; i < p->count; i++) {
		bytes = record_parse(&r, p->buf + at, p->bytes - at);
		if (!bytes)
			return false;
		at += bytes;
		plain += r.plain_bytes;
	}
	return at == p->bytes && plain == p->plain_bytes;
}

int page_parse(struct page *p, const void *buf, size_t len)
{
	struct sky_page_hdr hdr;

	if (len < sizeof(hdr) || len > SKY_PAGE_MAX_BYTES)
		return -EBADMSG;
	memcpy(&hdr, buf, sizeof(hdr));
	if (le32_to_cpu(hdr.magic) != SKY_PAGE_MAGIC)
		return -EBADMSG;
	if (hdr.version != SKY_PAGE_VERSION)
		return -EPROTONOSUPPORT;
	if (le32_to_cpu(hdr.bytes) != len || !hdr.count)
		return -EBADMSG;
	if (memchr_inv(hdr.reserved0, 0, sizeof(hdr.reserved0)))
		return -EBADMSG;
	if (memchr_inv(hdr.reserved1, 0, sizeof(hdr.reserved1)))
		return -EBADMSG;
	if (page_crc(buf, len) != le32_to_cpu(hdr.crc))
		return -EBADMSG;
	*p = (struct page){
		.buf = buf,
		.bytes = len,
		.count = le32_to_cpu(hdr.count),
		.first = le64_to_cpu(hdr.first),
		.offset = le64_to_cpu(hdr.offset),
		.plain_bytes = le64_to_cpu(hdr.plain_bytes),
	};
	if (p->offset > MAX_OFFSET || p->plain_bytes > MAX_OFFSET - p->offset)
		return -EBADMSG;
	if (p->first > p->offset)		/* no generation is empty */
		return -EBADMSG;
	if (!records_ok(p))
		return -EBADMSG;
	page_rewind(p);
	return 0;
}

bool page_next(struct page *p, struct record *r, uint64_t *number, uint64_t *offset)
{
	if (p->seen == p->count)
		return false;
	p->at += record_parse(r, p->buf + p->at, p->bytes - p->at);
	*number = p->first + p->seen++;
	*offset = p->next_offset;
	p->next_offset += r->plain_bytes;
	return true;
}

int page_seek(struct page *p, uint64_t offset)
{
	struct sky_record d;

	if (offset < p->offset || offset - p->offset >= p->plain_bytes)
		return -ERANGE;
	page_rewind(p);
	for (;;) {
		memcpy(&d, p->buf + p->at, sizeof(d));
		if (offset - p->next_offset < le32_to_cpu(d.plain_bytes))
			return 0;
		p->next_offset += le32_to_cpu(d.plain_bytes);
		p->at += record_bytes(d.n);
		p->seen++;
	}
}
