// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include "node.h"

/* Only data are packed, so only pointers to them say so. */
static bool may_be_packed(u8 tree, u8 level)
{
	return tree == RLNC_TREE_MAP && level == 1;
}

static bool is_zero(const struct rlnc_seal *seal)
{
	return !memchr_inv(seal, 0, sizeof(*seal));
}

static bool packed_ok(const struct rlnc_packed *p, const struct rlnc_geometry *geo,
		      const struct rlnc_node_limits *limits)
{
	return le32_to_cpu(p->pack) < limits->packs && le32_to_cpu(p->sector) < geo->seals &&
	       !memchr_inv(p->zero2, 0, sizeof(p->zero2));
}

static bool seals_ok(const struct rlnc_ptr *ptr, const struct rlnc_geometry *geo,
		     bool packable, const struct rlnc_node_limits *limits)
{
	bool slotless = ptr->slot == cpu_to_le64(RLNC_PTR_NO_SLOT);
	u32 i;

	for (i = 0; i < geo->seals; i++) {
		const struct rlnc_seal *seal = &ptr->seal[i];

		/* A used nonce is never all zero. */
		if (memchr_inv(seal->nonce, 0, sizeof(seal->nonce))) {
			if (slotless)
				return false;
		} else if (!is_zero(seal)) {
			if (!packable || seal->birth != cpu_to_le32(RLNC_PACKED_MARK) ||
			    !packed_ok((const struct rlnc_packed *)seal, geo, limits))
				return false;
		}
	}
	return true;
}

static bool ptr_ok(const struct rlnc_ptr *ptr, const struct rlnc_geometry *geo,
		   bool packable, const struct rlnc_node_limits *limits)
{
	if (!ptr->birth)
		return !memchr_inv(ptr, 0, geo->ptr_bytes);
	if (le64_to_cpu(ptr->birth) > limits->birth)
		return false;
	if (le64_to_cpu(ptr->slot) >= limits->slots &&
	    !(packable && ptr->slot == cpu_to_le64(RLNC_PTR_NO_SLOT)))
		return false;
	return seals_ok(ptr, geo, packable, limits);
}

/**
 * rlnc_node_ok - does everything in a node stay within the volume?
 * @buf:	the node: gen_bytes, 8-byte aligned
 * @geo:	shape of the volume
 * @tree:	enum rlnc_tree_id
 * @level:	of the node; a leaf of the space tree, level 0, is a bitmap
 * @limits:	what may be referred to
 *
 * A node has been authenticated before it comes here, so that a wrong one is the
 * work of a bug or of someone who has the key. Neither is a reason to follow a
 * pointer to nowhere. Owners of packs are looked up by whoever uses them: they
 * count only where the map agrees.
 */
bool rlnc_node_ok(const void *buf, const struct rlnc_geometry *geo, u8 tree, u8 level,
		  const struct rlnc_node_limits *limits)
{
	bool packable = may_be_packed(tree, level);
	u32 at;

	if (!level)
		return true;
	for (at = 0; at < geo->fanout; at++) {
		if (tree == RLNC_TREE_PACK && level == 1 && !rlnc_pack_entry_is_ptr(geo, at))
			continue;
		if (!ptr_ok(buf + at * geo->ptr_bytes, geo, packable, limits))
			return false;
	}
	return true;
}
