// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile nodes of the trees: nothing is read outside, and of what passes every
 * pointer stays within the volume. The first two bytes choose shape, tree and level.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "map/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rlnc_node_limits limits = { .slots = 300, .birth = 9, .packs = 16 };

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_seal(const struct rlnc_seal *seal, const struct rlnc_geometry *geo)
{
	const struct rlnc_packed *p = (const struct rlnc_packed *)seal;
	static const u8 none[RLNC_NONCE_BYTES];

	if (memcmp(seal->nonce, none, sizeof(none)) || !seal->birth)
		return;
	require(le32_to_cpu(p->mark) == RLNC_PACKED_MARK);
	require(le32_to_cpu(p->pack) < limits.packs && le32_to_cpu(p->sector) < geo->seals);
}

static void check_ptr(const struct rlnc_ptr *ptr, const struct rlnc_geometry *geo)
{
	u32 i;

	if (!ptr->birth)
		return;
	require(le64_to_cpu(ptr->slot) < limits.slots ||
		ptr->slot == cpu_to_le64(RLNC_PTR_NO_SLOT));
	require(le64_to_cpu(ptr->birth) <= limits.birth);
	for (i = 0; i < geo->seals; i++)
		check_seal(&ptr->seal[i], geo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u32 symbols[] = { 4096, 8192, 16384, 4096 };
	struct rlnc_geometry geo;
	u8 tree, level, *buf;
	u32 at;

	if (size < 2)
		return 0;
	require(!rlnc_geometry_init(&geo, 1 + data[0] % 8, symbols[data[0] >> 6]));
	tree = data[1] % RLNC_TREES;
	level = 1 + (data[1] >> 6);
	buf = calloc(1, geo.gen_bytes);
	require(buf);
	memcpy(buf, data + 2, size - 2 < geo.gen_bytes ? size - 2 : geo.gen_bytes);
	if (rlnc_node_ok(buf, &geo, tree, level, &limits) && tree != RLNC_TREE_PACK)
		for (at = 0; at < geo.fanout; at++)
			check_ptr((const void *)(buf + at * geo.ptr_bytes), &geo);
	free(buf);
	return 0;
}
