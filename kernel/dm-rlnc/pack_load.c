// SPDX-License-Identifier: GPL-2.0-only
/* Reading sectors that lie in packs. */
#include "dm-rlnc.h"

static const struct rlnc_packed *packed_of(const struct rlnc_ptr *ptr, u32 sector)
{
	return (const struct rlnc_packed *)&ptr->seal[sector];
}

/* Open the sectors of @from that lie in a pack which is in memory. */
static int open_in_memory(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			  const struct rlnc_ptr *ptr, const unsigned long *from,
			  const struct rlnc_place *place, struct rlnc_gbuf *pack)
{
	u32 i, sector;
	int ret;

	for_each_set_bit(i, from, v->geo.seals) {
		sector = le32_to_cpu(packed_of(ptr, i)->sector);
		ret = rlnc_open_sector(v, &gb->scratch, place, sector,
				       &pack->next->seal[sector],
				       rlnc_symbol_page(pack, rlnc_row(v, sector),
							rlnc_col(v, sector)),
				       rlnc_plain_page(gb, i));
		if (ret)
			return ret;
	}
	return 0;
}

/* Load the sectors of @from that lie in a pack whose pointer is in its buffer. */
static int load_sectors(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			const struct rlnc_ptr *ptr, const unsigned long *from,
			const struct rlnc_place *place, struct rlnc_gbuf *pack)
{
	DECLARE_BITMAP(sectors, RLNC_MAX_SEALS);
	u32 i, sector;

	if (!rlnc_ptr_mapped(pack->ptr))
		return -ESTALE;
	if (le64_to_cpu(pack->ptr->slot) >= v->slots)
		return -EBADMSG;
	bitmap_zero(sectors, RLNC_MAX_SEALS);
	for_each_set_bit(i, from, v->geo.seals) {
		sector = le32_to_cpu(packed_of(ptr, i)->sector);
		if (__test_and_set_bit(sector, sectors))
			return -EBADMSG;
		pack->plain[sector] = rlnc_plain_page(gb, i);
	}
	return rlnc_generation_load_set(v, pack, place, pack->ptr, sectors);
}

/* Load the sectors of @from that lie in a pack which the members have. */
static int load_stored(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		       const struct rlnc_ptr *ptr, const unsigned long *from,
		       const struct rlnc_place *place)
{
	struct rlnc_node *leaf;
	struct rlnc_gbuf *pack;
	int ret;

	/* The node first: to read it takes a buffer of the same pool. */
	leaf = rlnc_node_get(v, RLNC_TREE_PACK, 1, div_u64(place->index, v->geo.fanout));
	if (IS_ERR(leaf))
		return PTR_ERR(leaf);
	pack = rlnc_gbuf_get(v, true, GFP_NOIO);
	rlnc_node_read_ptr(v, leaf, place->index, pack->ptr);
	rlnc_node_put(v, leaf);
	ret = load_sectors(v, gb, ptr, from, place, pack);
	rlnc_gbuf_put(pack);
	return ret;
}

/* Load those sectors of @todo that lie in the same pack as the first; they are done. */
static int load_from_one(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			 const struct rlnc_ptr *ptr, unsigned long *todo)
{
	DECLARE_BITMAP(from, RLNC_MAX_SEALS);
	struct rlnc_place place = { .tree = RLNC_TREE_PACK };
	struct rlnc_gbuf *pack;
	u32 i, index;
	int ret;

	index = le32_to_cpu(packed_of(ptr, find_first_bit(todo, v->geo.seals))->pack);
	if (index >= v->packs.count)
		return -EBADMSG;
	place.index = rlnc_pack_entry(&v->geo, index);
	bitmap_zero(from, RLNC_MAX_SEALS);
	for_each_set_bit(i, todo, v->geo.seals) {
		if (le32_to_cpu(packed_of(ptr, i)->pack) != index)
			continue;
		if (le32_to_cpu(packed_of(ptr, i)->sector) >= v->geo.seals)
			return -EBADMSG;
		__set_bit(i, from);
	}
	bitmap_andnot(todo, todo, from, v->geo.seals);
	pack = rlnc_pack_in_memory(v, index);
	if (!pack)
		return load_stored(v, gb, ptr, from, &place);
	ret = open_in_memory(v, gb, ptr, from, &place, pack);
	rlnc_gbuf_put(pack);
	return ret;
}

/**
 * rlnc_pack_load - read the sectors of a generation that lie in packs
 * @v:		volume
 * @gb:		receives their plaintext, in the plain pages
 * @ptr:	the generation's pointer
 * @sectors:	of these
 *
 * The caller is a reader of slots, or works on the generation's lane.
 *
 * Return: 0; -ESTALE when a pack is no more, and the map has to be asked again;
 * otherwise as rlnc_generation_load().
 */
int rlnc_pack_load(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		   const struct rlnc_ptr *ptr, const unsigned long *sectors)
{
	DECLARE_BITMAP(todo, RLNC_MAX_SEALS);
	int ret = 0;
	u32 i;

	bitmap_zero(todo, RLNC_MAX_SEALS);
	for_each_set_bit(i, sectors, v->geo.seals)
		if (rlnc_seal_is_packed(&ptr->seal[i]))
			__set_bit(i, todo);
	while (!ret && !bitmap_empty(todo, v->geo.seals))
		ret = load_from_one(v, gb, ptr, todo);
	return ret;
}

