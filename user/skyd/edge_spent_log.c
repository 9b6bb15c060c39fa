// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include <asm/byteorder.h>

#include "crypto/crc.h"
#include "edge_spent_log.h"

/* The sum of bytes in their place. */
static uint64_t sum(uint64_t salt, uint64_t number, uint64_t offset, const void *bytes, size_t len)
{
	const __le64 place[3] = { cpu_to_le64(salt), cpu_to_le64(number), cpu_to_le64(offset) };

	return crc_update(CRC_64NVME, crc_update(CRC_64NVME, 0, place, sizeof(place)), bytes, len);
}

static uint64_t header_sum(uint64_t salt, uint64_t number, const struct sky_edge_spent_hdr *header)
{
	return sum(salt, number, 0, header, offsetof(struct sky_edge_spent_hdr, crc));
}

void edge_spent_write_header(uint64_t salt, uint64_t number, int64_t created, int64_t floor,
			     struct sky_edge_spent_hdr *header)
{
	memset(header, 0, sizeof(*header));
	memcpy(header->magic, SKY_EDGE_SPENT_MAGIC, sizeof(header->magic));
	header->number = cpu_to_le64(number);
	header->created = cpu_to_le64(created);
	header->floor = cpu_to_le64(floor);
	header->crc = cpu_to_le64(header_sum(salt, number, header));
}

bool edge_spent_read_header(uint64_t salt, uint64_t number, const uint8_t *bytes,
			    struct edge_spent_head *head)
{
	struct sky_edge_spent_hdr have, want;

	memcpy(&have, bytes, sizeof(have));
	head->created = le64_to_cpu(have.created);
	head->floor = le64_to_cpu(have.floor);
	edge_spent_write_header(salt, number, head->created, head->floor, &want);
	if (!memcmp(have.magic, SKY_EDGE_SPENT_MAGIC_1, sizeof(have.magic))) {
		memcpy(want.magic, have.magic, sizeof(want.magic));
		want.crc = cpu_to_le64(header_sum(salt, number, &want));
	}
	return !memcmp(&have, &want, sizeof(want));
}

void edge_spent_write(uint64_t salt, uint64_t number, uint64_t offset, struct sky_edge_spent *one)
{
	one->crc = cpu_to_le64(sum(salt, number, offset, one,
				   offsetof(struct sky_edge_spent, crc)));
}

bool edge_spent_read(uint64_t salt, uint64_t number, uint64_t offset, const uint8_t *bytes,
		     struct edge_spent_one *one)
{
	struct sky_edge_spent have;

	memcpy(&have, bytes, sizeof(have));
	memcpy(one->nonce, have.nonce, sizeof(one->nonce));
	one->expires = le64_to_cpu(have.expires);
	return le64_to_cpu(have.crc) == sum(salt, number, offset, &have,
					    offsetof(struct sky_edge_spent, crc));
}
