/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shapes: how many sectors, pointers and levels a volume has.  Pure arithmetic
 * on validated parameters.
 */
#ifndef RLNC_MAP_GEOMETRY_H
#define RLNC_MAP_GEOMETRY_H

#include <linux/types.h>
#include "rlnc_disk.h"

/**
 * struct rlnc_geometry - what follows from k and the symbol size
 * @k:		data symbols of a generation
 * @symbol:	bytes of a symbol
 * @gen_bytes:	bytes of a generation: k * symbol
 * @seals:	4 KiB sectors of a generation
 * @ptr_bytes:	bytes of a pointer with its seals
 * @fanout:	pointers in one map node
 */
struct rlnc_geometry {
	u32 k;
	u32 symbol;
	u32 gen_bytes;
	u32 seals;
	u32 ptr_bytes;
	u32 fanout;
};

/**
 * struct rlnc_tree_shape - a tree over a known number of leaves
 * @top:	level of the root node, at least 1
 * @count:	nodes of each level; count[top] is 1
 */
struct rlnc_tree_shape {
	unsigned int top;
	u64 count[RLNC_MAX_LEVELS + 1];
};

int rlnc_geometry_init(struct rlnc_geometry *geo, u32 k, u32 symbol);
int rlnc_tree_shape_init(struct rlnc_tree_shape *shape,
			 const struct rlnc_geometry *geo, u64 leaves);
u64 rlnc_data_generations(const struct rlnc_geometry *geo, u64 logical_sectors);
u64 rlnc_space_generations(const struct rlnc_geometry *geo, u64 slots);
u32 rlnc_packs_max(u64 slots);
u64 rlnc_pack_entries(const struct rlnc_geometry *geo, u32 packs);
u64 rlnc_pack_entry(const struct rlnc_geometry *geo, u32 pack);
bool rlnc_pack_entry_is_ptr(const struct rlnc_geometry *geo, u64 entry);
u32 rlnc_pack_sector(const struct rlnc_geometry *geo, u32 position);
u64 rlnc_slots_for_bytes(const struct rlnc_geometry *geo, u64 member_bytes);
u64 rlnc_slots_meta(const struct rlnc_geometry *geo, u64 slots);
u64 rlnc_slots_reserved(const struct rlnc_geometry *geo, u64 slots);
u64 rlnc_logical_max(const struct rlnc_geometry *geo, u64 slots);

#endif /* RLNC_MAP_GEOMETRY_H */
