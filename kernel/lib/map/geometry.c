// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include "geometry.h"

/* The least number of slots kept free, however small the volume is. */
#define MIN_RESERVED_SLOTS	256

/* Packs: one slot in 16, which is 1 GiB at most with generations of 64 KiB. */
#define PACKS_SHIFT	4
#define MIN_PACKS	16
#define MAX_PACKS	16384

/**
 * rlnc_geometry_init - derive the shape of a generation
 * @geo:	filled in
 * @k:		data symbols, 1..128
 * @symbol:	bytes of a symbol: a power of two, 4 KiB..512 KiB, and
 *		k * symbol at most 512 KiB
 *
 * Return: 0, or -EINVAL when a parameter is out of range.
 */
int rlnc_geometry_init(struct rlnc_geometry *geo, u32 k, u32 symbol)
{
	if (k < 1 || k > 128)
		return -EINVAL;
	if (symbol < RLNC_MIN_SYMBOL || symbol > RLNC_MAX_SYMBOL)
		return -EINVAL;
	if (symbol & (symbol - 1))
		return -EINVAL;
	if (symbol > RLNC_MAX_GENERATION / k)
		return -EINVAL;
	geo->k = k;
	geo->symbol = symbol;
	geo->gen_bytes = k * symbol;
	geo->seals = geo->gen_bytes >> RLNC_SECTOR_SHIFT;
	geo->ptr_bytes = RLNC_PTR_BYTES(geo->seals);
	geo->fanout = geo->gen_bytes / geo->ptr_bytes;
	return 0;
}

/**
 * rlnc_tree_shape_init - derive the levels of a tree
 * @shape:	filled in
 * @geo:	from rlnc_geometry_init()
 * @leaves:	generations at level 0, at least 1
 *
 * The root is at level 1 at least, so that every leaf has a pointer in a node.
 *
 * Return: 0, or -EINVAL for no leaves, -E2BIG when %RLNC_MAX_LEVELS would not
 * do.
 */
int rlnc_tree_shape_init(struct rlnc_tree_shape *shape,
			 const struct rlnc_geometry *geo, u64 leaves)
{
	unsigned int level = 0;

	if (!leaves)
		return -EINVAL;
	memset(shape, 0, sizeof(*shape));
	shape->count[0] = leaves;
	do {
		if (level == RLNC_MAX_LEVELS)
			return -E2BIG;
		shape->count[level + 1] =
			div_u64(shape->count[level] - 1, geo->fanout) + 1;
		level++;
	} while (shape->count[level] > 1);
	shape->top = level;
	return 0;
}

/**
 * rlnc_data_generations - generations that hold so many sectors
 * @geo:	from rlnc_geometry_init()
 * @logical_sectors: size of the volume in 4 KiB sectors
 */
u64 rlnc_data_generations(const struct rlnc_geometry *geo, u64 logical_sectors)
{
	return div_u64(logical_sectors + geo->seals - 1, geo->seals);
}

/**
 * rlnc_space_generations - leaves of the space tree: one bit per slot
 * @geo:	from rlnc_geometry_init()
 * @slots:	slots on each member
 */
u64 rlnc_space_generations(const struct rlnc_geometry *geo, u64 slots)
{
	u64 bits = (u64)geo->gen_bytes * 8;

	return div64_u64(slots + bits - 1, bits);
}

/**
 * rlnc_packs_max - packs that a volume can have
 * @slots:	slots on each member
 */
u32 rlnc_packs_max(u64 slots)
{
	return min_t(u64, max_t(u64, slots >> PACKS_SHIFT, MIN_PACKS), MAX_PACKS);
}

/* Packs whose entries one leaf of the pack tree holds. */
static u32 packs_per_leaf(const struct rlnc_geometry *geo)
{
	return geo->fanout / 2;
}

/**
 * rlnc_pack_entries - entries that so many packs take in the pack tree
 * @geo:	from rlnc_geometry_init()
 * @packs:	at least 1
 */
u64 rlnc_pack_entries(const struct rlnc_geometry *geo, u32 packs)
{
	return (u64)((packs - 1) / packs_per_leaf(geo) + 1) * geo->fanout;
}

/**
 * rlnc_pack_entry - where in the pack tree the pointer of a pack is
 * @geo:	from rlnc_geometry_init()
 * @pack:	its index
 *
 * Its owners are in the entry after that, which is in the same leaf.
 */
u64 rlnc_pack_entry(const struct rlnc_geometry *geo, u32 pack)
{
	u32 per_leaf = packs_per_leaf(geo);

	return (u64)(pack / per_leaf) * geo->fanout + 2 * (pack % per_leaf);
}

/* Is this entry of the pack tree the place of a pointer, rather than of owners? */
bool rlnc_pack_entry_is_ptr(const struct rlnc_geometry *geo, u64 entry)
{
	u32 at;

	div_u64_rem(entry, geo->fanout, &at);
	return !(at & 1);
}

/**
 * rlnc_pack_sector - where the sector at a position of a pack lies
 * @geo:	from rlnc_geometry_init()
 * @position:	below the number of seals
 *
 * A pack is filled column by column, each of which is a code word of its own.
 *
 * Return: the sector within the pack, as its seals count them.
 */
u32 rlnc_pack_sector(const struct rlnc_geometry *geo, u32 position)
{
	return position % geo->k * (geo->symbol >> RLNC_SECTOR_SHIFT) + position / geo->k;
}

/**
 * rlnc_slots_for_bytes - slots that fit on a member
 * @geo:	from rlnc_geometry_init()
 * @member_bytes: size of the device
 */
u64 rlnc_slots_for_bytes(const struct rlnc_geometry *geo, u64 member_bytes)
{
	if (member_bytes <= RLNC_SLOTS_OFFSET)
		return 0;
	return div_u64(member_bytes - RLNC_SLOTS_OFFSET, geo->symbol);
}

/* Nodes of a tree above so many leaves. */
static u64 inner_nodes(const struct rlnc_geometry *geo, u64 leaves)
{
	struct rlnc_tree_shape shape;
	unsigned int level;
	u64 sum = 0;

	if (!rlnc_tree_shape_init(&shape, geo, leaves))
		for (level = 1; level <= shape.top; level++)
			sum += shape.count[level];
	return sum;
}

/**
 * rlnc_slots_meta - slots that the nodes of the trees can take
 * @geo:	from rlnc_geometry_init()
 * @slots:	slots on each member
 *
 * An upper bound: as if every slot held data.
 */
u64 rlnc_slots_meta(const struct rlnc_geometry *geo, u64 slots)
{
	u64 space = rlnc_space_generations(geo, slots);

	return space + inner_nodes(geo, slots) + inner_nodes(geo, space) +
	       inner_nodes(geo, rlnc_pack_entries(geo, rlnc_packs_max(slots)));
}

/**
 * rlnc_slots_reserved - slots that must stay free of user data
 * @geo:	from rlnc_geometry_init()
 * @slots:	slots on each member
 *
 * Room for every node twice, since a checkpoint writes new copies before the
 * old ones are free; for the packs; and for data and intent log between two
 * checkpoints one slot in 32, 256 at least.
 */
u64 rlnc_slots_reserved(const struct rlnc_geometry *geo, u64 slots)
{
	u64 spare = max_t(u64, slots >> 5, MIN_RESERVED_SLOTS);

	if (!slots)
		return 0;
	return min_t(u64, slots, 2 * rlnc_slots_meta(geo, slots) + rlnc_packs_max(slots) +
				 spare);
}

/**
 * rlnc_logical_max - largest volume that so many slots carry
 * @geo:	from rlnc_geometry_init()
 * @slots:	slots on each member
 *
 * Return: size in 4 KiB sectors; 0 when the members are too small.
 */
u64 rlnc_logical_max(const struct rlnc_geometry *geo, u64 slots)
{
	return (slots - rlnc_slots_reserved(geo, slots)) * geo->seals;
}
