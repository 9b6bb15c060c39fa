/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of generations and the pages that hold them. */
#ifndef SKY_PIPE_MANIFEST_H
#define SKY_PIPE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sky_manifest.h"

/* struct sky_record in the CPU's order. */
struct record {
	uint8_t generation[SKY_GENERATION_ID_BYTES];
	uint32_t plain_bytes;
	uint32_t stored_bytes;
	uint8_t compression;		/* enum sky_compression */
	uint8_t mode;			/* enum sky_fragment_mode */
	uint8_t flags;			/* enum sky_fragment_flags */
	uint8_t k, n;
	uint8_t iv[SKY_IV_BYTES];
	uint8_t tag[SKY_TAG_BYTES];
	uint16_t location[SKY_MAX_N];	/* n of them; SKY_NO_LOCATION: nowhere */
};

/* Does every field keep the rules of sky_manifest.h? */
bool record_valid(const struct record *r);

/* Bytes of a record of @n rows in a page. */
size_t record_bytes(unsigned int n);

/* A page that is being written. */
struct page_writer {
	uint8_t *buf;			/* SKY_PAGE_MAX_BYTES, the caller's */
	size_t used;
	uint32_t count;
	uint64_t first, offset, plain_bytes;
};

/**
 * page_begin() - Start a page.
 * @w: filled in
 * @buf: SKY_PAGE_MAX_BYTES
 * @first: number of the first generation in the object
 * @offset: of its first byte in the object
 */
void page_begin(struct page_writer *w, void *buf, uint64_t first, uint64_t offset);

/* Return: 0, -ENOSPC when the page is full, -EINVAL for a record that is not valid. */
int page_add(struct page_writer *w, const struct record *r);

/* Return: bytes of the page, or 0 when no record was added. */
size_t page_end(struct page_writer *w);

/* A page that was checked as a whole, and the place of the next record in it. */
struct page {
	const uint8_t *buf;		/* the caller's */
	uint32_t bytes, count;
	uint64_t first, offset, plain_bytes;
	uint32_t at, seen;		/* of the next record */
	uint64_t next_offset;
};

/**
 * page_parse() - Check a page and every record in it.
 * @p: filled in on success; stands before the first record
 * @buf: untrusted bytes, which stay the caller's
 * @len: how many
 *
 * Return: 0, -EBADMSG for anything malformed, -EPROTONOSUPPORT for another version.
 */
int page_parse(struct page *p, const void *buf, size_t len);

/**
 * page_next() - The next record.
 * @p: from page_parse()
 * @r: receives it
 * @number: receives the generation's number in the object
 * @offset: receives the offset of its first byte in the object
 *
 * Return: true, or false at the end.
 */
bool page_next(struct page *p, struct record *r, uint64_t *number, uint64_t *offset);

/**
 * page_seek() - Stand before the record that holds a byte of the object.
 * @p: from page_parse()
 * @offset: of the byte in the object
 *
 * Return: 0, or -ERANGE when it is in another page.
 */
int page_seek(struct page *p, uint64_t offset);

#endif /* SKY_PIPE_MANIFEST_H */
