// SPDX-License-Identifier: GPL-2.0-or-later
/* Shapes: every k and symbol size, from the smallest volume to 64 TiB. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "map/geometry.h"

#define TIB	(1ull << 40)

typedef void shape_fn(const struct rlnc_geometry *geo);

/* Call @fn for every shape there is. */
static void over_all_shapes(shape_fn *fn)
{
	struct rlnc_geometry geo;
	u32 k, symbol;

	for (k = 1; k <= 128; k++)
		for (symbol = RLNC_MIN_SYMBOL; symbol * k <= RLNC_MAX_GENERATION; symbol *= 2) {
			assert_int_equal(rlnc_geometry_init(&geo, k, symbol), 0);
			fn(&geo);
		}
}

static void refused(void **state)
{
	struct rlnc_geometry geo;
	u32 symbol;

	(void)state;
	assert_int_equal(rlnc_geometry_init(&geo, 0, 4096), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 129, 4096), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, ~0u, 4096), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 1, 0), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 1, 2048), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 1, 1u << 20), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 1, 1u << 31), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 2, 512u << 10), -EINVAL);
	assert_int_equal(rlnc_geometry_init(&geo, 128, 8192), -EINVAL);
	for (symbol = 4097; symbol < 8192; symbol++)
		assert_int_equal(rlnc_geometry_init(&geo, 1, symbol), -EINVAL);
}

static void check_numbers(const struct rlnc_geometry *geo)
{
	assert_int_equal(geo->gen_bytes, geo->k * geo->symbol);
	assert_int_equal(geo->seals * RLNC_SECTOR_BYTES, geo->gen_bytes);
	assert_int_equal(geo->ptr_bytes, 16 + 32 * geo->seals);
	assert_int_equal(geo->fanout, geo->gen_bytes / geo->ptr_bytes);
	/* A node has more than one child, or a tree would never end. */
	assert_in_range(geo->fanout, 85, 128);
}

static void numbers(void **state)
{
	(void)state;
	over_all_shapes(check_numbers);
}

/* A tree's counts, level by level, are those of a naive division. */
static void check_tree(const struct rlnc_geometry *geo, u64 leaves)
{
	struct rlnc_tree_shape shape;
	u64 expected = leaves;
	unsigned int level;

	assert_int_equal(rlnc_tree_shape_init(&shape, geo, leaves), 0);
	assert_in_range(shape.top, 1, RLNC_MAX_LEVELS);
	assert_int_equal(shape.count[0], leaves);
	for (level = 1; level <= shape.top; level++) {
		expected = expected / geo->fanout + !!(expected % geo->fanout);
		assert_int_equal(shape.count[level], expected);
		assert_true(level == 1 || shape.count[level - 1] > 1);
	}
	assert_int_equal(shape.count[shape.top], 1);
}

static void check_trees(const struct rlnc_geometry *geo)
{
	const u64 f = geo->fanout;
	const u64 interesting[] = {
		1, 2, f - 1, f, f + 1, f * f - 1, f * f, f * f + 1, f * f * f,
		f * f * f + 1, 64 * TIB / geo->gen_bytes,
	};
	unsigned int i;

	for (i = 0; i < sizeof(interesting) / sizeof(interesting[0]); i++)
		check_tree(geo, interesting[i]);
}

static void trees(void **state)
{
	(void)state;
	over_all_shapes(check_trees);
}

static void trees_refused(void **state)
{
	struct rlnc_tree_shape shape;
	struct rlnc_geometry geo;

	(void)state;
	assert_int_equal(rlnc_geometry_init(&geo, 4, 16384), 0);
	assert_int_equal(rlnc_tree_shape_init(&shape, &geo, 0), -EINVAL);
	assert_int_equal(rlnc_tree_shape_init(&shape, &geo, ~0ull), -E2BIG);
}

/* 64 TiB take five levels at most, whatever the shape: a bounded walk. */
static void check_64tib(const struct rlnc_geometry *geo)
{
	u64 leaves = rlnc_data_generations(geo, 64 * TIB / RLNC_SECTOR_BYTES);
	struct rlnc_tree_shape shape;

	assert_true(leaves * geo->gen_bytes >= 64 * TIB);
	assert_true((leaves - 1) * geo->gen_bytes < 64 * TIB);
	assert_int_equal(rlnc_tree_shape_init(&shape, geo, leaves), 0);
	assert_in_range(shape.top, 4, 6);
}

static void levels_of_64tib(void **state)
{
	(void)state;
	over_all_shapes(check_64tib);
}

static u64 nodes(const struct rlnc_geometry *geo, u64 leaves)
{
	struct rlnc_tree_shape shape;
	unsigned int level;
	u64 sum = 0;

	if (!leaves)
		return 0;
	assert_int_equal(rlnc_tree_shape_init(&shape, geo, leaves), 0);
	for (level = 1; level <= shape.top; level++)
		sum += shape.count[level];
	return sum;
}

/*
 * The data, two copies of every node of the trees and of the space tree's leaves,
 * the packs, and the spare slots fit together; no slot is promised twice.
 */
static void check_reserve_of(const struct rlnc_geometry *geo, u64 slots)
{
	u64 reserved = rlnc_slots_reserved(geo, slots);
	u64 sectors = rlnc_logical_max(geo, slots);
	u64 data = rlnc_data_generations(geo, sectors);
	u64 space = rlnc_space_generations(geo, slots);
	u64 meta;

	assert_true(reserved <= slots);
	assert_int_equal(data, slots - reserved);
	assert_int_equal(sectors, data * geo->seals);
	if (!data)
		return;
	assert_true(space * geo->gen_bytes * 8 >= slots);
	meta = nodes(geo, data) + space + nodes(geo, space) +
	       nodes(geo, rlnc_pack_entries(geo, rlnc_packs_max(slots)));
	assert_true(rlnc_slots_meta(geo, slots) >= meta);
	assert_true(data + 2 * meta + rlnc_packs_max(slots) +
		    (slots >> 5 > 64 ? slots >> 5 : 64) <= slots);
}

static void check_reserve(const struct rlnc_geometry *geo)
{
	u64 slots;

	for (slots = 0; slots < 400; slots++)
		check_reserve_of(geo, slots);
	for (slots = 400; slots < 64 * TIB / geo->symbol; slots = slots * 3 / 2 + 1)
		check_reserve_of(geo, slots);
}

static void reserve(void **state)
{
	(void)state;
	over_all_shapes(check_reserve);
}

/* Every pack has two entries of its own, both in one leaf. */
static void check_packs(const struct rlnc_geometry *geo)
{
	const u32 packs = 1000;
	u64 entry, next = 0;
	u32 i;

	for (i = 0; i < packs; i++) {
		entry = rlnc_pack_entry(geo, i);
		assert_true(entry >= next);
		assert_true(entry + 1 < rlnc_pack_entries(geo, packs));
		assert_int_equal(entry / geo->fanout, (entry + 1) / geo->fanout);
		assert_true(rlnc_pack_entry_is_ptr(geo, entry));
		assert_false(rlnc_pack_entry_is_ptr(geo, entry + 1));
		next = entry + 2;
	}
	assert_true(next + geo->fanout > rlnc_pack_entries(geo, packs));
	assert_true(8 * geo->seals <= geo->ptr_bytes);
}

/* Every position is another sector, and k in a row make a column. */
static void check_positions(const struct rlnc_geometry *geo)
{
	u32 pps = geo->symbol / RLNC_SECTOR_BYTES, i;
	bool seen[RLNC_MAX_SEALS] = { false };

	for (i = 0; i < geo->seals; i++) {
		u32 sector = rlnc_pack_sector(geo, i);

		assert_true(sector < geo->seals && !seen[sector]);
		assert_int_equal(sector % pps, i / geo->k);
		seen[sector] = true;
	}
}

static void packs(void **state)
{
	(void)state;
	over_all_shapes(check_packs);
	over_all_shapes(check_positions);
}

/* The reserve is small: 94 of 100 slots of a large member hold data. */
static void check_overhead(const struct rlnc_geometry *geo)
{
	u64 slots = rlnc_slots_for_bytes(geo, TIB);

	assert_true(rlnc_slots_reserved(geo, slots) * 100 < slots * 6);
}

static void overhead(void **state)
{
	(void)state;
	over_all_shapes(check_overhead);
}

/* A larger member never holds less, but for the nodes that it takes. */
static void check_monotone(const struct rlnc_geometry *geo)
{
	u64 slots, before = 0, now;

	for (slots = 0; slots < 3000; slots++) {
		now = rlnc_logical_max(geo, slots);
		assert_true(now >= before || before - now <= 6 * geo->seals);
		before = now;
	}
}

static void monotone(void **state)
{
	(void)state;
	over_all_shapes(check_monotone);
}

static void slots_of_bytes(void **state)
{
	struct rlnc_geometry geo;

	(void)state;
	assert_int_equal(rlnc_geometry_init(&geo, 2, 8192), 0);
	assert_int_equal(rlnc_slots_for_bytes(&geo, 0), 0);
	assert_int_equal(rlnc_slots_for_bytes(&geo, RLNC_SLOTS_OFFSET), 0);
	assert_int_equal(rlnc_slots_for_bytes(&geo, RLNC_SLOTS_OFFSET + 8191), 0);
	assert_int_equal(rlnc_slots_for_bytes(&geo, RLNC_SLOTS_OFFSET + 8192), 1);
	assert_int_equal(rlnc_slots_for_bytes(&geo, RLNC_SLOTS_OFFSET + 16383), 1);
	assert_int_equal(rlnc_slots_for_bytes(&geo, ~0ull),
			 (~0ull - RLNC_SLOTS_OFFSET) / 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused), cmocka_unit_test(numbers), cmocka_unit_test(trees),
		cmocka_unit_test(trees_refused), cmocka_unit_test(levels_of_64tib),
		cmocka_unit_test(reserve), cmocka_unit_test(overhead),
		cmocka_unit_test(monotone), cmocka_unit_test(packs),
		cmocka_unit_test(slots_of_bytes),
	};

	return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
