/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers and records of an edge's segments: bytes to structs and back. */
#ifndef SKYD_EDGE_RECORD_H
#define SKYD_EDGE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "sky_edge.h"

#define EDGE_SMALL_MAX	(1u << 20)	/* bytes: the most that small_max may be */
#define EDGE_LARGE_MAX	(1ull << 40)

/* Which store, for sums. */
struct edge_id {
	uint8_t store[16];
	uint64_t salt;
};

struct edge_record {
	enum sky_edge_kind kind;
	uint64_t seq;
	uint64_t segment;
	uint64_t offset;
	uint64_t durable;
	uint64_t len;
	uint64_t file;
	uint64_t data_crc;
	const uint8_t *sha256;		/* 32 bytes */
	struct str name;
};

static inline uint64_t edge_pad(uint64_t len)
{
	return (len + SKY_EDGE_ALIGN - 1) & ~(uint64_t)(SKY_EDGE_ALIGN - 1);
}

/* Bytes before the data. */
static inline uint64_t edge_record_head(const struct edge_record *r)
{
	return sizeof(struct sky_edge_record) + edge_pad(r->name.len);
}

/* Bytes in all. */
static inline uint64_t edge_record_bytes(const struct edge_record *r)
{
	return edge_record_head(r) + (r->kind == SKY_EDGE_SMALL ? edge_pad(r->len) : 0);
}

uint64_t edge_crc(const struct edge_id *id, const void *data, size_t len);

/* Write what comes before the data: edge_record_head() bytes, all of them. */
void edge_record_write(const struct edge_id *id, const struct edge_record *r, uint8_t *to);

/**
 * edge_record_parse - read a record
 * @id:		of the store
 * @segment:	where it was found
 * @offset:	and at which byte
 * @buf:	@len bytes from there on; the data need not be among them
 * @r:		filled in; its texts lie in @buf
 *
 * Return: 0; -EAGAIN when more bytes are needed to tell, at most
 * sizeof(struct sky_edge_record) + 256; -EBADMSG when this is no record.
 */
int edge_record_parse(const struct edge_id *id, uint64_t segment, uint64_t offset,
		      const uint8_t *buf, size_t len, struct edge_record *r);

void edge_segment_write(const struct edge_id *id, uint64_t number, struct sky_edge_segment *s);
bool edge_segment_ok(const struct edge_id *id, uint64_t number, const struct sky_edge_segment *s);
void edge_super_write(const struct edge_id *id, struct sky_edge_super *s);
bool edge_super_parse(const struct sky_edge_super *s, struct edge_id *id);

#endif /* SKYD_EDGE_RECORD_H */
