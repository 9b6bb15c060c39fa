// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's data path, all being well: sizes, shapes, ranges, pages, keys. */
#include "data_util.h"

#define MEMORY	(64u << 20)

/* In memory of its own: too large for a fiber's stack. */
static struct world world;

int gateway_lease(struct gateway *g, const struct meta_policy *policy, u8 key[32],
		  int64_t deadline)
{
	(void)g;
	(void)deadline;
	memset(key, policy->bucket, 32);
	return 0;
}

/* --- round trips ------------------------------------------------------------------- */

static void round_trip(struct world *w, struct meta_policy policy, u64 size, bool text, bool hint)
{
	struct thing t = { .policy = policy };
	struct body b = body_of(size + text, size);
	u8 md5[16], *all = malloc(size + 1);

	b.text = text;
	t.put.size_hint = hint ? 0 : UINT64_MAX;
	t.put.checksum = S3_CRC32C;
	must_equal(thing_put(w, &t, &b), 0);
	must_equal(t.size, size);
	body_bytes(t.seed, 0, all, size, text);
	hash_once(HASH_MD5, all, size, md5);
	must(!memcmp(md5, t.put.md5, 16));
	must_equal(crc_update(CRC_32C, 0, all, size) >> 24, t.put.value.bytes[0]);
	free(all);
	must_equal(thing_read(w, &t), 0);
}

static int sizes(void *arg)
{
	static const u64 size[] = {
		0, 1, 4096, 16384, 16385, 100000, 262143, 262144, 262145, 1 << 20, 3000000,
	};
	struct meta_policy policy = world_policy(4, 6, 5);
	unsigned int i;

	(void)arg;
	world_open(&world, 6, MEMORY);
	for (i = 0; i < ARRAY_SIZE(size); i++) {
		round_trip(&world, policy, size[i], false, true);
		round_trip(&world, policy, size[i], false, false);
	}
	policy.compression = SKY_DEFLATE_RAW;
	policy.level = 6;
	policy.revision++;
	for (i = 0; i < ARRAY_SIZE(size); i++)
		round_trip(&world, policy, size[i], true, true);
	must_equal(world.replayed, 0);
	must_equal(world.lists, 1);
	world_close(&world);
	return 0;
}

static void test_sizes(void **state)
{
	assert_int_equal(on_loop(state, sizes, NULL), 0);
}

static int shapes(void *arg)
{
	static const struct { u8 k, n, mode, flags; } shape[] = {
		{ 1, 1, SKY_SYSTEMATIC, 0 }, { 1, 3, SKY_SYSTEMATIC, 0 },
		{ 4, 4, SKY_SYSTEMATIC, 0 }, { 2, 8, SKY_SYSTEMATIC, SKY_FRAGMENT_COEFFS },
		{ 4, 6, SKY_DENSE, 0 }, { 4, 6, SKY_DENSE, SKY_FRAGMENT_COEFFS },
	};
	unsigned int i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(shape); i++) {
		struct meta_policy policy = world_policy(shape[i].k, shape[i].n, shape[i].n);

		world_open(&world, shape[i].n, MEMORY);
		policy.mode = shape[i].mode;
		policy.flags = shape[i].flags;
		round_trip(&world, policy, 4096, false, true);
		round_trip(&world, policy, 1000000, true, true);
		world_close(&world);
	}
	return 0;
}

static void test_shapes(void **state)
{
	assert_int_equal(on_loop(state, shapes, NULL), 0);
}

/* Ranges touch only what they need. */
static int ranges(void *arg)
{
	static const struct { u64 offset, length; } range[] = {
		{ 0, 1 }, { 262143, 2 }, { 262144, 262144 }, { 999999, 1 }, { 500000, 500000 },
		{ 0, 0 }, { 1000000, 0 }, { 300000, 10 },
	};
	struct thing t = { .policy = world_policy(4, 6, 6) };
	struct body b = body_of(9, 1000000);
	unsigned int i, j, gets = 0;

	(void)arg;
	world_open(&world, 6, MEMORY);
	must_equal(thing_put(&world, &t, &b), 0);
	for (i = 0; i < ARRAY_SIZE(range); i++)
		must_equal(thing_get(&world, &t, range[i].offset, range[i].length, &b), 0);
	for (j = 0; j < 6; j++)
		gets += world.at[j].gets;
	must(gets <= 9 * 6);
	must_equal(thing_get(&world, &t, 1000001, 0, &b), -EINVAL);
	must_equal(thing_get(&world, &t, 1, 1000000, &b), -EINVAL);
	world_close(&world);
	return 0;
}

static void test_ranges(void **state)
{
	assert_int_equal(on_loop(state, ranges, NULL), 0);
}

/* More than one page: pieces; and a part's numbers begin at its own place. */
static int pages(void *arg)
{
	struct thing t = { .policy = world_policy(2, 3, 2), .put.part = 7 };
	struct body b = body_of(5, 150 * 16384 + 5);

	(void)arg;
	world_open(&world, 3, MEMORY);
	t.policy.generation_bytes = 16384;
	must_equal(thing_put(&world, &t, &b), 0);
	must_equal(world.pages, 3);
	must_equal(world.pieces, 1);
	must_equal(t.put.generations, 151);
	must_equal(thing_read(&world, &t), 0);
	/* Pages of another part, or in another order, open nothing. */
	world.page[1].part = 6;
	must_equal(thing_read(&world, &t), -EBADMSG);
	must_equal(b.at, b.size);
	world.page[1].part = 7;
	world.page[0].start = world.page[1].length;
	world.page[1].start = 0;
	must(thing_read(&world, &t));
	world_close(&world);
	return 0;
}

static void test_pages(void **state)
{
	assert_int_equal(on_loop(state, pages, NULL), 0);
}

/* --- keys of bodies ---------------------------------------------------------------- */

static void test_body_key(void **state)
{
	struct meta_policy policy = world_policy(4, 6, 5), other = policy;
	u8 wrapped[BODY_KEY_WRAPPED_MAX], again[BODY_KEY_WRAPPED_MAX];
	struct body_key key, back;
	struct rpc_bytes bytes;
	int len, i;

	(void)state;
	len = body_key_make(NULL, &policy, STR("a/name"), &key, wrapped, 0);
	assert_true(len > 0 && len <= BODY_KEY_WRAPPED_MAX);
	bytes = (struct rpc_bytes){ wrapped, len };
	assert_int_equal(body_key_open(NULL, &policy, STR("a/name"), bytes, &back, 0), 0);
	assert_memory_equal(&key, &back, sizeof(key));
	assert_int_equal(body_key_open(NULL, &policy, STR("a/other"), bytes, &back, 0),
			 -EKEYREJECTED);
	other.team++;
	assert_int_equal(body_key_open(NULL, &other, STR("a/name"), bytes, &back, 0),
			 -EKEYREJECTED);
	for (i = 0; i < len; i++) {
		wrapped[i] ^= 1;
		assert_int_equal(body_key_open(NULL, &policy, STR("a/name"), bytes, &back, 0),
				 -EKEYREJECTED);
		wrapped[i] ^= 1;
		bytes.len = i;
		assert_int_equal(body_key_open(NULL, &policy, STR("a/name"), bytes, &back, 0),
				 -EKEYREJECTED);
		bytes.len = len;
	}
	assert_int_equal(body_key_make(NULL, &policy, STR("a/name"), &back, again, 0), len);
	assert_memory_not_equal(key.key, back.key, 32);
	assert_memory_not_equal(key.version, back.version, 16);
	assert_memory_equal(key.object, back.object, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_key),
		ON_BOTH(test_sizes),
		ON_BOTH(test_shapes),
		ON_BOTH(test_ranges),
		ON_BOTH(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
