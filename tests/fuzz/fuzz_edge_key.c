// SPDX-License-Identifier: GPL-2.0-or-later
/* An edge's key file and a point in the configuration: any bytes, and those with a good sum. */
#include <asm/byteorder.h>

#include "../../user/skyd/edge_identity.h"
#include "crypto/crc.h"
#include "fuzz_util.h"

static void read_key(const uint8_t *data, size_t size)
{
	struct sky_edge_key file = { 0 };
	struct edge_identity who;
	struct ecdsa_key *key;

	memcpy(&file, data, size < sizeof(file) ? size : sizeof(file));
	edge_identity_parse(&file, &who);
	memcpy(file.magic, SKY_EDGE_KEY_MAGIC, sizeof(file.magic));
	memset(file.reserved, 0, sizeof(file.reserved));
	file.crc = cpu_to_le64(crc_update(CRC_64NVME, 0, &file,
					  offsetof(struct sky_edge_key, crc)));
	if (!edge_identity_parse(&file, &who))
		return;
	require(!memcmp(who.id, file.edge, sizeof(who.id)));
	key = ecdsa_public(who.point);
	require(!!key);
	ecdsa_free(key);
	file.crc ^= 1;
	require(!edge_identity_parse(&file, &who));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);
	uint8_t point[P256_POINT_BYTES];

	if (edge_point_parse(text, point))
		require(text.len == 2 * sizeof(point) && point[0] == 4);
	read_key(data, size);
	free((char *)text.at);
	return 0;
}
