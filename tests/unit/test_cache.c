// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's cache in memory: what comes out of it, whatever happens to it. */
#include "cache_util.h"

/* --- it is there ------------------------------------------------------------------- */

static void ranges_of(struct thing *t)
{
	static const struct { u64 offset, length; } range[] = {
		{ 0, 1 }, { 262143, 2 }, { 262144, 262144 }, { 999999, 1 }, { 500000, 500000 },
		{ 300000, 10 }, { 100000, 600000 }, { 0, 1000000 },
	};
	struct body b = body_of(t->seed, t->size);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(range); i++)
		must_equal(thing_get(&world, t, range[i].offset, range[i].length, &b), 0);
}

/* What was written, or read once, needs no location any more; any range of it. */
static int hits(void *arg)
{
	struct cache *c = cache_world(6, -1);
	struct thing t = thing_of(3, 1000000, 5);
	unsigned int i, before;

	(void)arg;
	must(cache_knows(&world.g, 5));
	must_equal(c->counts.filled, 4);
	ranges_of(&t);
	must_equal(gets(), 0);
	t = thing_of(4, 1000000, 0);
	must_equal(c->counts.filled, 4);
	must_equal(thing_read(&world, &t), 0);
	must_equal(c->counts.filled, 8);
	must_equal(c->counts.misses, 4);
	before = gets();
	for (i = 0; i < 6; i++)
		location_kill(&world.at[i]);
	ranges_of(&t);
	must_equal(gets(), before);
	/* Who does not want it has nobody to ask. */
	t.cache.wanted = false;
	must(thing_read(&world, &t) < 0);
	cache_world_end();
	return 0;
}

static void test_hits(void **state)
{
	assert_int_equal(on_loop(state, hits, NULL), 0);
}

/* Put in by its writer, or by its first reader. */
static void shape_round(const struct meta_policy *policy, u64 seed, u64 size, bool text,
			bool writes)
{
	struct thing t = { .policy = *policy, .cache = USE(writes, true, seed) };
	struct body b = body_of(seed, size);
	unsigned int before = gets();

	b.text = text;
	must_equal(thing_put(&world, &t, &b), 0);
	t.cache.wanted = true;
	must_equal(thing_read(&world, &t), 0);
	must_equal(gets() == before, writes);
	before = gets();
	must_equal(thing_read(&world, &t), 0);
	must_equal(gets(), before);
}

static int shapes(void *arg)
{
	static const struct { u8 k, n, mode, flags; bool text; } shape[] = {
		{ 1, 1, SKY_SYSTEMATIC, 0, false },
		{ 2, 8, SKY_SYSTEMATIC, SKY_FRAGMENT_COEFFS, true },
		{ 4, 6, SKY_DENSE, 0, true }, { 4, 6, SKY_DENSE, SKY_FRAGMENT_COEFFS, false },
	};
	static const u64 size[] = { 1, 63, 4096, 16385, 262145, 700001 };
	unsigned int i, j;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(shape); i++) {
		struct meta_policy policy = world_policy(shape[i].k, shape[i].n, shape[i].n);

		policy.mode = shape[i].mode;
		policy.flags = shape[i].flags;
		policy.compression = shape[i].text ? SKY_DEFLATE_RAW : SKY_PLAIN;
		policy.level = 6;
		cache_world(shape[i].n, -1);
		for (j = 0; j < ARRAY_SIZE(size); j++) {
			shape_round(&policy, 2 * j + 1, size[j], shape[i].text, false);
			shape_round(&policy, 2 * j + 2, size[j], shape[i].text, true);
		}
		must_equal(world.g.cache->counts.wrong, 0);
		cache_world_end();
	}
	return 0;
}

static void test_shapes(void **state)
{
	assert_int_equal(on_loop(state, shapes, NULL), 0);
}

/* --- nothing is believed ----------------------------------------------------------- */

/* Each byte of an entry wrong, one after the other: the object is right, from the locations. */
static int flipped(void *arg)
{
	struct cache *c = cache_world(6, -1);
	struct thing t = thing_of(3, 200, 5);
	unsigned int i, before;

	(void)arg;
	for (i = 0; i < 200; i++) {
		must_equal(c->ring.count, 1);
		c->arena[c->ring.lowest->at + i] ^= 1u << i % 8;
		before = gets();
		must_equal(thing_read(&world, &t), 0);
		must_equal(c->counts.wrong, i + 1);
		must(gets() >= before + 4);
		before = gets();
		must_equal(thing_read(&world, &t), 0);
		must_equal(gets(), before);
	}
	cache_world_end();
	return 0;
}

static void test_flipped(void **state)
{
	assert_int_equal(on_loop(state, flipped, NULL), 0);
}

/* The bytes of one generation in the place of another; a length that is another's. */
static int exchanged(void *arg)
{
	struct cache *c = cache_world(6, -1);
	struct thing t = thing_of(3, 400000, 5);
	struct ring_entry *a = c->ring.lowest, *b = a->after;
	u8 id[RING_ID_BYTES];

	(void)arg;
	must_equal(a->len, 262144);
	memcpy(c->arena + a->at, c->arena + b->at, b->len);
	must_equal(thing_read(&world, &t), 0);
	must_equal(c->counts.wrong, 1);
	must_equal(c->ring.count, 2);
	a = c->ring.lowest;
	a->len = 1;
	c->ring.used -= 255 * 1024;
	memcpy(id, a->id, sizeof(id));
	must_equal(thing_read(&world, &t), 0);
	must_equal(c->counts.wrong, 2);
	must(cache_has(&world.g, id));
	cache_world_end();
	return 0;
}

static void test_exchanged(void **state)
{
	assert_int_equal(on_loop(state, exchanged, NULL), 0);
}

/* --- bounds ------------------------------------------------------------------------ */

static int bounded(void *arg)
{
	struct aside *things[60];
	struct cache *c;
	unsigned int i;

	(void)arg;
	config.cache_memory = 2;
	c = cache_world(6, -1);
	for (i = 0; i < ARRAY_SIZE(things); i++)
		things[i] = set_aside(thing_of(i + 1, 200000, i + 1));
	for (i = 0; i < 3 * ARRAY_SIZE(things); i++) {
		must_equal(read_aside(things[i * 7 % ARRAY_SIZE(things)]), 0);
		must(c->ring.used <= 2 << 20);
	}
	must(c->ring.evicted > 50);
	must(c->ring.used > 3 << 19);
	/* One that is too large for it goes by. */
	{
		struct thing t = { .policy = world_policy(4, 6, 6), .cache = USE(true, true, 99) };
		struct body b = body_of(1, 1 << 20);

		t.policy.generation_bytes = 1 << 20;
		must_equal(thing_put(&world, &t, &b), 0);
		must_equal(c->counts.refused[CACHE_BY_SIZE], 1);
		must_equal(thing_read(&world, &t), 0);
		must_equal(c->counts.refused[CACHE_BY_SIZE], 2);
	}
	for (i = 0; i < ARRAY_SIZE(things); i++)
		free(things[i]);
	cache_world_end();
	return 0;
}

static void test_bounded(void **state)
{
	assert_int_equal(on_loop(state, bounded, NULL), 0);
}

static bool may(const char *bucket, const char *type, u64 size)
{
	const struct meta_policy policy = { .bucket = 1, .id = 2 };
	struct cache_use use = cache_use_begin(&world.g, str_of(bucket), STR("name"));

	cache_want(&world.g, &use, &policy, str_of(bucket), str_of(type), size);
	return use.wanted;
}

static int admission(void *arg)
{
	char types[] = "video/*, audio/* text/x", buckets[] = "logs-* tmp";
	struct gateway *g = &world.g;

	(void)arg;
	config.cache_types_not = types;
	config.cache_buckets_not = buckets;
	cache_world(1, -1);
	must(may("pictures", "text/plain", 1));
	must(may("pictures", "", 64 << 20));
	must(!may("pictures", "", 0));
	must(!may("pictures", "", (64 << 20) + 1));
	must(!may("pictures", "", UINT64_MAX));
	must(!may("pictures", "Video/MP4; codecs=x", 1));
	must(!may("pictures", "audio/ogg", 1));
	must(!may("pictures", " text/X ", 1));
	must(!may("logs-2", "text/plain", 1));
	must(!may("tmp", "text/plain", 1));
	must(may("tmp2", "text/plain", 1));
	must_equal(g->cache->counts.refused[CACHE_BY_SIZE], 2);
	must_equal(g->cache->counts.refused[CACHE_BY_TYPE], 3);
	must_equal(g->cache->counts.refused[CACHE_BY_BUCKET], 2);
	must(cache_place(g, STR("a"), STR("b/c")) != cache_place(g, STR("a"), STR("b/d")));
	must(cache_place(g, STR("a"), STR("b/c")) == cache_place(g, STR("a"), STR("b/c")));
	cache_world_end();
	return 0;
}

static void test_admission(void **state)
{
	assert_int_equal(on_loop(state, admission, NULL), 0);
}

/* --- what is thrown out ------------------------------------------------------------ */

static void drop(u8 kind, u64 bucket, u64 policy)
{
	const struct meta_cache_order order = { .kind = kind, .bucket = bucket, .policy = policy };

	cache_drop(&world.g, &order);
}

static struct thing thing_in(u64 seed, u64 bucket, u64 policy)
{
	struct thing t = { .policy = world_policy(4, 6, 6) };
	struct body b = body_of(seed, 300000);

	t.cache = OWNED(seed, bucket, policy);
	must_equal(thing_put(&world, &t, &b), 0);
	return t;
}

/* Of one bucket, one policy, one object, and all; what nothing names is left. */
static int thrown_out(void *arg)
{
	static const u64 owner[][2] = { { 1, 7 }, { 2, 7 }, { 3, 8 }, { 4, 8 } };
	struct cache *c = cache_world(6, -1);
	u64 place = cache_place(&world.g, STR("b"), STR("o"));
	unsigned int i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		thing_in(10 + i, owner[i][0], owner[i][1]);
	thing_in(place, 5, 9);
	must_equal(c->ring.count, 10);
	drop(META_CACHE_NOTHING, 1, 7);
	drop(META_CACHE_POLICY, 1, 6);
	drop(META_CACHE_BUCKET, 7, 7);
	must_equal(c->ring.count, 10);
	drop(META_CACHE_BUCKET, 1, 8);
	must_equal(c->ring.count, 8);
	must(!cache_knows(&world.g, 10) && cache_knows(&world.g, 11));
	drop(META_CACHE_POLICY, 0, 8);
	must_equal(c->ring.count, 4);
	must(!cache_knows(&world.g, 12) && !cache_knows(&world.g, 13));
	cache_drop(&world.g, &(struct meta_cache_order){
		.kind = META_CACHE_OBJECT, .bucket_name = { "b", 1 }, .name = { "p", 1 } });
	must_equal(c->ring.count, 4);
	cache_drop(&world.g, &(struct meta_cache_order){
		.kind = META_CACHE_OBJECT, .bucket_name = { "b", 1 }, .name = { "o", 1 } });
	must_equal(c->ring.count, 2);
	/* One that says less than it has to, or that only a later version knows, means all. */
	drop(META_CACHE_BUCKET, 0, 0);
	must_equal(c->ring.count, 0);
	thing_in(20, 1, 7);
	drop(200, 0, 0);
	must_equal(c->ring.count, 0);
	must(!c->ring.lowest);
	cache_world_end();
	return 0;
}

static void test_thrown_out(void **state)
{
	assert_int_equal(on_loop(state, thrown_out, NULL), 0);
}

/* Whose request began before keeps nothing: what it knows of the policy may be old. */
static int too_late(void *arg)
{
	struct cache *c = cache_world(6, -1);
	struct thing t = thing_in(3, 1, 7);
	struct meta_policy policy = { .bucket = 1, .id = 7, .uncached = true };
	struct cache_use use;

	(void)arg;
	drop(META_CACHE_POLICY, 0, 7);
	must_equal(thing_read(&world, &t), 0);
	must_equal(c->ring.count, 0);
	must_equal(c->counts.wrong, 0);
	t.cache.dropped = c->dropped;
	must_equal(thing_read(&world, &t), 0);
	must_equal(c->ring.count, 2);
	/* One that is not wanted is not looked for, either, and what is there of it goes. */
	use = (struct cache_use){ .place = 3, .dropped = c->dropped };
	cache_want(&world.g, &use, &policy, STR("b"), STR_NONE, 300000);
	must(!use.wanted);
	must_equal(c->counts.refused[CACHE_BY_POLICY], 1);
	must_equal(c->ring.count, 0);
	cache_world_end();
	return 0;
}

static void test_too_late(void **state)
{
	assert_int_equal(on_loop(state, too_late, NULL), 0);
}

/* --- bodies that are gone ---------------------------------------------------------- */

/* Without versions the older body goes at once; with them both stay. */
static int replaced(void *arg)
{
	struct cache *c = cache_world(6, -1);
	struct body_key other = world_key;
	struct ring_entry *e;
	u8 id[RING_ID_BYTES] = { 1 };

	(void)arg;
	thing_of(3, 300000, 5);
	must_equal(c->ring.count, 2);
	memcpy(other.version, "another version", 16);
	e = cache_begin(&world.g, &USE(true, false, 5), &other, id, 100);
	cache_end(&world.g, e, true);
	must_equal(c->ring.count, 3);
	id[0]++;
	e = cache_begin(&world.g, &USE(true, true, 5), &other, id, 100);
	cache_end(&world.g, e, true);
	must_equal(c->ring.count, 2);
	cache_forget(&world.g, 5, cache_body(&other));
	must_equal(c->ring.count, 2);
	cache_forget(&world.g, 5, cache_body(&world_key));
	must_equal(c->ring.count, 0);
	must(!cache_knows(&world.g, 5));
	thing_of(4, 300000, 5);
	cache_forget(&world.g, 5, 0);
	must_equal(c->ring.count, 0);
	/* What goes while it is being written is not there afterwards. */
	e = cache_begin(&world.g, &USE(true, true, 5), &other, id, 100);
	cache_forget(&world.g, 5, 0);
	cache_end(&world.g, e, true);
	must(!cache_has(&world.g, id));
	must_equal(c->ring.count, 0);
	cache_world_end();
	return 0;
}

static void test_replaced(void **state)
{
	assert_int_equal(on_loop(state, replaced, NULL), 0);
}

/* Another gateway has written it anew: what is here of it is not looked at any more. */
static int elsewhere(void *arg)
{
	struct thing t = { .policy = world_policy(4, 6, 6), .cache = USE(false, true, 5) };
	struct cache *c = cache_world(6, -1);
	struct body b = body_of(4, 300000);
	unsigned int i;

	(void)arg;
	thing_of(3, 300000, 5);
	for (i = 4; i < 8; i++) {
		b = body_of(i, 300000);
		t.cache.wanted = false;
		must_equal(thing_put(&world, &t, &b), 0);
		must(cache_knows(&world.g, 5));
		t.cache.wanted = true;
		must_equal(thing_read(&world, &t), 0);
		must_equal(thing_read(&world, &t), 0);
	}
	must_equal(c->counts.misses, 8);
	must_equal(c->counts.wrong, 0);
	cache_world_end();
	return 0;
}

static void test_elsewhere(void **state)
{
	assert_int_equal(on_loop(state, elsewhere, NULL), 0);
}

/* --- many at once ------------------------------------------------------------------ */

static int read_fiber(void *arg)
{
	return thing_read(&world, arg);
}

/* Who comes while it is fetched waits for it: locations are asked once. */
static int shared(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct cache *c = cache_world(6, -1);
	struct thing t = thing_of(3, 200000, 0);
	unsigned int i;

	(void)arg;
	for (i = 0; i < 6; i++)
		world.at[i].mood = SLOW;
	for (i = 0; i < 12; i++)
		must_equal(io_spawn(&group, read_fiber, &t, NULL), 0);
	must_equal(io_group_wait_all(&group, io_after_ms(20000)), 0);
	must(gets() <= 6);
	must_equal(c->counts.misses, 1);
	must_equal(c->counts.shared, 11);
	cache_world_end();
	return 0;
}

static void test_shared(void **state)
{
	assert_int_equal(on_loop(state, shared, NULL), 0);
}

/* Who fetches is cancelled: another one takes over. */
static int leader_goes(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct cache *c = cache_world(6, -1);
	struct thing t = thing_of(3, 200000, 0);
	struct io_task *first;
	unsigned int i;

	(void)arg;
	for (i = 0; i < 6; i++)
		world.at[i].mood = SLOW;
	must_equal(io_spawn(&group, read_fiber, &t, &first), 0);
	for (i = 0; i < 4; i++)
		must_equal(io_spawn(&group, read_fiber, &t, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(100)), 0);
	io_cancel(first);
	must_equal(io_group_wait(&group, 4, io_after_ms(20000)), 0);
	must_equal(group.bad, 1);
	must_equal(c->counts.shared, 3);
	cache_world_end();
	return 0;
}

static void test_leader_goes(void **state)
{
	assert_int_equal(on_loop(state, leader_goes, NULL), 0);
}

/* It cannot be had: nobody waits for one failure after the other. */
static int all_fail(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct thing t;
	unsigned int i;

	(void)arg;
	cache_world(6, -1);
	t = thing_of(3, 200000, 0);
	for (i = 0; i < 6; i++)
		world.at[i].mood = FORGETFUL;
	for (i = 0; i < 8; i++)
		must_equal(io_spawn(&group, read_fiber, &t, NULL), 0);
	must_equal(io_group_drain(&group, io_after_ms(20000)), 0);
	must_equal(group.bad, 8);
	for (i = 0; i < 6; i++)
		world.at[i].mood = GOOD;
	must_equal(thing_read(&world, &t), 0);
	cache_world_end();
	return 0;
}

static void test_all_fail(void **state)
{
	assert_int_equal(on_loop(state, all_fail, NULL), 0);
}

/* Readers and writers of more than there is room for, and one who leaves in the middle. */
static int crowd_fiber(void *arg)
{
	struct aside *a = arg;
	struct thing t = a->thing;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < 4; i++) {
		struct body b = body_of(t.seed, t.size);
		const u64 from = i * 7919 % (t.size - 1);

		rc = thing_get(&world, &t, from, (t.size - from) / (i % 3 + 1), &b);
	}
	return rc;
}

static int crowd(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct aside *a;
	struct cache *c;
	unsigned int i;

	(void)arg;
	config.cache_memory = 1;
	c = cache_world(6, -1);
	a = set_aside(thing_of(3, 1200000, 0));
	for (i = 0; i < 12; i++)
		must_equal(io_spawn(&group, crowd_fiber, a, NULL), 0);
	must_equal(io_group_wait(&group, 6, io_after_ms(200000)), 0);
	must(c->counts.hits + c->counts.misses > 0);
	cache_leave(&world.g);
	must_equal(io_group_wait_all(&group, io_after_ms(200000)), 0);
	must_equal(c->ring.count, 0);
	must_equal(c->counts.wrong, 0);
	must(!may("x", "", 1));
	free(a);
	cache_world_end();
	return 0;
}

/* All is thrown out again and again, while the same is read by many: what they get is right. */
static int flushed(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct aside *a;
	struct cache *c = cache_world(6, -1);
	unsigned int i;

	(void)arg;
	a = set_aside(thing_of(3, 1200000, 0));
	for (i = 0; i < 12; i++)
		must_equal(io_spawn(&group, crowd_fiber, a, NULL), 0);
	for (i = 0; i < 40; i++) {
		drop(META_CACHE_ALL, 0, 0);
		/* They go on to keep what they read. */
		a->thing.cache.dropped = c->dropped;
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	}
	must_equal(io_group_wait_all(&group, io_after_ms(200000)), 0);
	must(c->counts.misses > 0);
	must_equal(c->counts.wrong, 0);
	drop(META_CACHE_ALL, 0, 0);
	must_equal(c->ring.count, 0);
	must_equal(c->ring.used, 0);
	must(!c->ring.lowest);
	free(a);
	cache_world_end();
	return 0;
}

static void test_flushed(void **state)
{
	assert_int_equal(on_loop(state, flushed, NULL), 0);
}

static void test_crowd(void **state)
{
	assert_int_equal(on_loop(state, crowd, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_hits),
		ON_BOTH(test_shapes),
		ON_BOTH(test_flipped),
		ON_BOTH(test_exchanged),
		ON_BOTH(test_bounded),
		ON_BOTH(test_admission),
		ON_BOTH(test_thrown_out),
		ON_BOTH(test_too_late),
		ON_BOTH(test_flushed),
		ON_BOTH(test_replaced),
		ON_BOTH(test_elsewhere),
		ON_BOTH(test_shared),
		ON_BOTH(test_leader_goes),
		ON_BOTH(test_all_fail),
		ON_BOTH(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
