// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile records of an edge's segments, and of its used nonces.  Sums are made right first,
 * unless the first byte is odd; what parses is written again, and must be the same.
 */
#include <stddef.h>

#include <asm/byteorder.h>

#include "../../user/skyd/edge_record.h"
#include "../../user/skyd/edge_spent_log.h"
#include "../../user/skyd/edge_store.h"
#include "crypto/crc.h"
#include "fuzz_util.h"

static const struct edge_id id = { .salt = 42 };

static void put_right(uint8_t *buf, size_t size)
{
	struct sky_edge_record h;
	size_t name;
	__le64 crc;

	if (size < sizeof(h))
		return;
	memcpy(&h, buf, sizeof(h));
	name = le16_to_cpu(h.name_len);
	if (name > size - sizeof(h))
		return;
	crc = cpu_to_le64(crc_update(CRC_64NVME,
				     edge_crc(&id, buf, offsetof(struct sky_edge_record, crc)),
				     buf + sizeof(h), name));
	memcpy(buf + offsetof(struct sky_edge_record, crc), &crc, sizeof(crc));
}

static void record(const uint8_t *buf, size_t size)
{
	uint8_t again[sizeof(struct sky_edge_record) + SKY_EDGE_NAME_MAX + 1];
	struct sky_edge_record h;
	struct edge_record r;

	memset(&h, 0, sizeof(h));
	if (size >= sizeof(h))
		memcpy(&h, buf, sizeof(h));
	if (edge_record_parse(&id, le64_to_cpu(h.segment), le64_to_cpu(h.offset), buf, size, &r))
		return;
	require(r.kind == SKY_EDGE_SEAL ? !r.name.len : edge_name_ok(r.name));
	require(r.kind != SKY_EDGE_SMALL || r.len <= EDGE_SMALL_MAX);
	require(edge_record_head(&r) <= size && edge_record_head(&r) <= sizeof(again));
	edge_record_write(&id, &r, again);
	require(!memcmp(again, buf, edge_record_head(&r)));
	/* It is one in its place only. */
	require(edge_record_parse(&id, r.segment + 1, r.offset, buf, size, &r));
}

static void spent(const uint8_t *buf, size_t size)
{
	struct sky_edge_spent one;
	struct edge_spent_head head;
	struct edge_spent_one read;

	if (size >= sizeof(struct sky_edge_spent_hdr))
		edge_spent_read_header(1, 2, buf, &head);
	if (size < sizeof(one))
		return;
	memcpy(&one, buf, sizeof(one));
	edge_spent_write(1, 2, 3, &one);
	require(edge_spent_read(1, 2, 3, (const uint8_t *)&one, &read));
	require(!memcmp(read.nonce, one.nonce, sizeof(read.nonce)));
	require(!edge_spent_read(1, 2, 4, (const uint8_t *)&one, &read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str copy = own_copy(data + !!size, size - !!size);

	if (size && !(data[0] & 1))
		put_right((uint8_t *)copy.at, copy.len);
	record((const uint8_t *)copy.at, copy.len);
	spent((const uint8_t *)copy.at, copy.len);
	free((char *)copy.at);
	return 0;
}
