// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>

#include <asm/byteorder.h>

#include "crypto/crc.h"
#include "edge_record.h"
#include "edge_store.h"

static bool is_zero(const void *at, size_t len)
{
	const uint8_t *p = at;

	while (len--)
		if (*p++)
			return false;
	return true;
}

static uint64_t salted(const struct edge_id *id)
{
	uint8_t salt[8];

	memcpy(salt, &(__le64){ cpu_to_le64(id->salt) }, sizeof(salt));
	return crc_update(CRC_64NVME, 0, salt, sizeof(salt));
}

uint64_t edge_crc(const struct edge_id *id, const void *data, size_t len)
{
	return crc_update(CRC_64NVME, salted(id), data, len);
}

static uint64_t header_crc(const struct edge_id *id, const struct sky_edge_record *h,
			   const void *name, size_t len)
{
	return crc_update(CRC_64NVME, edge_crc(id, h, offsetof(struct sky_edge_record, crc)), name,
			  len);
}

void edge_record_write(const struct edge_id *id, const struct edge_record *r, uint8_t *to)
{
	struct sky_edge_record h = {
		.magic = cpu_to_le32(SKY_EDGE_RECORD_MAGIC),
		.kind = r->kind,
		.name_len = cpu_to_le16(r->name.len),
		.seq = cpu_to_le64(r->seq),
		.segment = cpu_to_le64(r->segment),
		.offset = cpu_to_le64(r->offset),
		.durable = cpu_to_le64(r->durable),
		.len = cpu_to_le64(r->len),
		.file = cpu_to_le64(r->file),
		.data_crc = cpu_to_le64(r->data_crc),
	};
	uint8_t *name = to + sizeof(h);

	if (r->sha256)
		memcpy(h.sha256, r->sha256, sizeof(h.sha256));
	if (r->name.len)
		memcpy(name, r->name.at, r->name.len);
	memset(name + r->name.len, 0, edge_pad(r->name.len) - r->name.len);
	h.crc = cpu_to_le64(header_crc(id, &h, name, r->name.len));
	memcpy(to, &h, sizeof(h));
}

/* What a record of that kind may say. */
static bool plausible(const struct edge_record *r)
{
	switch (r->kind) {
	case SKY_EDGE_SMALL:
		return r->len <= EDGE_SMALL_MAX && !r->file && edge_name_ok(r->name);
	case SKY_EDGE_LARGE:
		return r->len <= EDGE_LARGE_MAX && r->file && edge_name_ok(r->name);
	case SKY_EDGE_DELETE:
		return !r->len && !r->data_crc && is_zero(r->sha256, 32) && edge_name_ok(r->name);
	case SKY_EDGE_SEAL:
		return !r->len && !r->data_crc && !r->file && is_zero(r->sha256, 32) &&
		       !r->name.len;
	default:
		return false;
	}
}

int edge_record_parse(const struct edge_id *id, uint64_t segment, uint64_t offset,
		      const uint8_t *buf, size_t len, struct edge_record *r)
{
	struct sky_edge_record h;

	if (len < sizeof(h.magic))
		return -EAGAIN;
	memcpy(&h.magic, buf, sizeof(h.magic));
	if (le32_to_cpu(h.magic) != SKY_EDGE_RECORD_MAGIC)
		return -EBADMSG;
	if (len < sizeof(h))
		return -EAGAIN;
	memcpy(&h, buf, sizeof(h));
	*r = (struct edge_record){
		.kind = h.kind,
		.seq = le64_to_cpu(h.seq),
		.segment = le64_to_cpu(h.segment),
		.offset = le64_to_cpu(h.offset),
		.durable = le64_to_cpu(h.durable),
		.len = le64_to_cpu(h.len),
		.file = le64_to_cpu(h.file),
		.data_crc = le64_to_cpu(h.data_crc),
		.sha256 = buf + offsetof(struct sky_edge_record, sha256),
		.name = { (const char *)buf + sizeof(h), le16_to_cpu(h.name_len) },
	};
	if (r->name.len > SKY_EDGE_NAME_MAX || h.reserved || r->segment != segment ||
	    r->offset != offset || r->durable > offset)
		return -EBADMSG;
	if (len < edge_record_head(r))
		return -EAGAIN;
	if (le64_to_cpu(h.crc) != header_crc(id, &h, r->name.at, r->name.len) || !plausible(r) ||
	    !is_zero(r->name.at + r->name.len, edge_pad(r->name.len) - r->name.len))
		return -EBADMSG;
	return 0;
}

void edge_segment_write(const struct edge_id *id, uint64_t number, struct sky_edge_segment *s)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->magic, SKY_EDGE_SEGMENT_MAGIC, sizeof(s->magic));
	s->number = cpu_to_le64(number);
	memcpy(s->store, id->store, sizeof(s->store));
	s->crc = cpu_to_le64(edge_crc(id, s, offsetof(struct sky_edge_segment, crc)));
}

bool edge_segment_ok(const struct edge_id *id, uint64_t number, const struct sky_edge_segment *s)
{
	struct sky_edge_segment want;

	edge_segment_write(id, number, &want);
	return !memcmp(&want, s, sizeof(want));
}

void edge_super_write(const struct edge_id *id, struct sky_edge_super *s)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->magic, SKY_EDGE_SUPER_MAGIC, sizeof(s->magic));
	memcpy(s->store, id->store, sizeof(s->store));
	s->salt = cpu_to_le64(id->salt);
	s->crc = cpu_to_le64(crc_update(CRC_64NVME, 0, s, offsetof(struct sky_edge_super, crc)));
}

bool edge_super_parse(const struct sky_edge_super *s, struct edge_id *id)
{
	struct sky_edge_super want;

	memcpy(id->store, s->store, sizeof(id->store));
	id->salt = le64_to_cpu(s->salt);
	edge_super_write(id, &want);
	return !memcmp(&want, s, sizeof(want));
}

bool edge_name_ok(struct str name)
{
	struct str part;
	size_t i;

	if (!name.len || name.len > SKY_EDGE_NAME_MAX)
		return false;
	for (i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (!((c >= '-' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || c == '~' ||
		      (c >= 'a' && c <= 'z')))
			return false;
	}
	while (str_cut(&name, '/', &part))
		if (str_is(part, ".") || str_is(part, ".."))
			return false;
	return true;
}
