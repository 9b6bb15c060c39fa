/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contents of the trees' nodes: what the pointers in them may say. */
#ifndef RLNC_MAP_NODE_H
#define RLNC_MAP_NODE_H

#include <linux/types.h>
#include "geometry.h"

/**
 * struct rlnc_node_limits - what the pointers of a node may refer to
 * @slots:	slots on each member
 * @birth:	epoch being built: nothing is younger
 * @packs:	indices that packs have: 0 to @packs - 1
 */
struct rlnc_node_limits {
	u64 slots;
	u64 birth;
	u32 packs;
};

bool rlnc_node_ok(const void *buf, const struct rlnc_geometry *geo, u8 tree, u8 level,
		  const struct rlnc_node_limits *limits);

#endif /* RLNC_MAP_NODE_H */
