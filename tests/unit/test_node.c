// SPDX-License-Identifier: GPL-2.0-or-later
/* Nodes of the trees: one that is right, and every rule broken alone. */
#include <stdlib.h>

#include "format_util.h"
#include "map/node.h"

#define SLOTS	5000u
#define BIRTH	77u
#define PACKS	40u

static const struct rlnc_node_limits limits = {
	.slots = SLOTS, .birth = BIRTH, .packs = PACKS,
};

struct node {
	struct rlnc_geometry geo;
	u8 *buf;
};

static struct rlnc_ptr *ptr_at(struct node *n, u32 at)
{
	return (struct rlnc_ptr *)(n->buf + at * n->geo.ptr_bytes);
}

static void set_ptr(struct node *n, u32 at, u64 slot, u64 birth)
{
	struct rlnc_ptr *ptr = ptr_at(n, at);
	u32 i;

	ptr->slot = cpu_to_le64(slot);
	ptr->birth = cpu_to_le64(birth);
	for (i = 0; i < n->geo.seals; i += 2)
		memset(&ptr->seal[i], (int)i + 1, sizeof(ptr->seal[i]));
}

static void set_packed(struct node *n, u32 at, u32 i, u32 pack, u32 sector)
{
	struct rlnc_packed p = {
		.mark = cpu_to_le32(RLNC_PACKED_MARK),
		.pack = cpu_to_le32(pack), .sector = cpu_to_le32(sector),
	};

	memcpy(&ptr_at(n, at)->seal[i], &p, sizeof(p));
}

static int setup(void **state)
{
	struct node *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	assert_int_equal(rlnc_geometry_init(&n->geo, 4, 16384), 0);
	n->buf = calloc(1, n->geo.gen_bytes);
	assert_non_null(n->buf);
	*state = n;
	return 0;
}

static int teardown(void **state)
{
	struct node *n = *state;

	free(n->buf);
	free(n);
	return 0;
}

/* Checked where the page after it cannot be touched. */
static bool ok(const struct node *n, u8 tree, u8 level)
{
	uint8_t *edge = edge_copy(n->buf, n->geo.gen_bytes);
	bool is = rlnc_node_ok(edge, &n->geo, tree, level, &limits);

	edge_free(edge, n->geo.gen_bytes);
	return is;
}

static void good(void **state)
{
	struct node *n = *state;
	u32 at, i;
	u8 tree;

	for (tree = 0; tree < RLNC_TREES; tree++)
		assert_true(ok(n, tree, 1));
	for (at = 0; at < n->geo.fanout; at += 2)
		set_ptr(n, at, at ? at : SLOTS - 1, at % BIRTH ?: BIRTH);
	for (tree = 0; tree < RLNC_TREES; tree++)
		assert_true(ok(n, tree, 1) && ok(n, tree, 2));
	for (i = 1; i < n->geo.seals; i += 2)
		set_packed(n, 2, i, PACKS - 1, n->geo.seals - 1);
	set_packed(n, 4, 0, 0, 0);
	assert_true(ok(n, RLNC_TREE_MAP, 1));
	memset(ptr_at(n, 6), 0, n->geo.ptr_bytes);
	ptr_at(n, 6)->slot = cpu_to_le64(RLNC_PTR_NO_SLOT);
	ptr_at(n, 6)->birth = cpu_to_le64(1);
	set_packed(n, 6, 3, 1, 2);
	assert_true(ok(n, RLNC_TREE_MAP, 1));
}

/* Owners may be anything, a bitmap too: neither is followed as it is. */
static void free_form(void **state)
{
	struct node *n = *state;
	u32 at;

	for (at = 1; at < n->geo.fanout; at += 2)
		memset(ptr_at(n, at), 0xff, n->geo.ptr_bytes);
	assert_true(ok(n, RLNC_TREE_PACK, 1));
	assert_false(ok(n, RLNC_TREE_PACK, 2));
	assert_false(ok(n, RLNC_TREE_MAP, 1));
	memset(n->buf, 0xff, n->geo.gen_bytes);
	assert_true(ok(n, RLNC_TREE_SPACE, 0));
	assert_false(ok(n, RLNC_TREE_SPACE, 1));
}

/* What is wrong in the last pointer, which is the last that would be looked at. */
static void refuses(struct node *n, u8 tree, u8 level)
{
	u32 last = n->geo.fanout - 1;

	assert_false(ok(n, tree, level));
	memset(ptr_at(n, last), 0, n->geo.ptr_bytes);
	assert_true(ok(n, tree, level));
}

static void bad(void **state)
{
	struct node *n = *state;
	u32 last = n->geo.fanout - 1;
	struct rlnc_packed *p;

	set_ptr(n, last, SLOTS, BIRTH);
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, 1, BIRTH + 1);
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, 1, ~0ull);
	refuses(n, RLNC_TREE_MAP, 1);
	ptr_at(n, last)->slot = cpu_to_le64(1);
	refuses(n, RLNC_TREE_MAP, 1);
	ptr_at(n, last)->seal[n->geo.seals - 1].tag[RLNC_TAG_BYTES - 1] = 1;
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, RLNC_PTR_NO_SLOT, 1);
	refuses(n, RLNC_TREE_MAP, 1);
	memset(ptr_at(n, last), 0, n->geo.ptr_bytes);
	ptr_at(n, last)->slot = cpu_to_le64(RLNC_PTR_NO_SLOT);
	ptr_at(n, last)->birth = cpu_to_le64(1);
	refuses(n, RLNC_TREE_MAP, 2);

	set_ptr(n, last, 1, 1);
	set_packed(n, last, 1, PACKS, 0);
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, 1, 1);
	set_packed(n, last, 1, 0, n->geo.seals);
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, 1, 1);
	set_packed(n, last, 1, 0, 0);
	p = (struct rlnc_packed *)&ptr_at(n, last)->seal[1];
	p->mark ^= cpu_to_le32(1);
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, 1, 1);
	set_packed(n, last, 1, 0, 0);
	p->zero2[7] = 1;
	refuses(n, RLNC_TREE_MAP, 1);
	set_ptr(n, last, 1, 1);
	set_packed(n, last, 1, 0, 0);
	refuses(n, RLNC_TREE_MAP, 2);
	set_ptr(n, last, 1, 1);
	set_packed(n, last, 1, 0, 0);
	refuses(n, RLNC_TREE_SPACE, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, teardown),
		cmocka_unit_test_setup_teardown(free_form, setup, teardown),
		cmocka_unit_test_setup_teardown(bad, setup, teardown),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
