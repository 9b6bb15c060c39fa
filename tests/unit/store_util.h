/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the store share: a store in a folder, a team, a bucket, a clock. */
#ifndef TEST_STORE_UTIL_H
#define TEST_STORE_UTIL_H

#include "db_util.h"

#include "../../user/skyd/store.h"

#define ASSERT_OK(call)		assert_int_equal((call), 0)
#define ASSERT_ERR(call, e)	assert_int_equal((call), -(e))

static u64 clock_us = 1700000000000000ull;

static inline u64 test_now(void)
{
	return clock_us;
}

struct shop {
	struct place place;
	struct store_config config;
	struct store *store;
	struct store_arena arena;
	u64 team, other;	/* teams */
	u64 policy;
	u64 bucket;		/* of team */
};

static inline struct store_text str(const char *s)
{
	return (struct store_text){ s, strlen(s) };
}

static inline bool text_is(struct store_text t, const char *s)
{
	return t.len == strlen(s) && !memcmp(t.data, s, t.len);
}

static inline u64 make_bucket(struct shop *shop, u64 team, const char *name)
{
	struct store_bucket b = {
		.team = team, .name = str(name), .policy = shop->policy, .key = str("wrapped"),
	};

	ASSERT_OK(store_bucket_create(shop->store, &b));
	return b.id;
}

static inline int shop_setup(void **state)
{
	struct shop *shop = calloc(1, sizeof(*shop));

	place_init(&shop->place);
	shop->config = (struct store_config){
		.path = shop->place.path, .now = test_now, .grace_us = 1000000,
		.tell = place_tell, .tell_ctx = &shop->place,
	};
	ASSERT_OK(store_open(&shop->config, &shop->store));
	ASSERT_OK(store_team_create(shop->store, str("blue"), &shop->team));
	ASSERT_OK(store_team_create(shop->store, str("red"), &shop->other));
	ASSERT_OK(store_policy_create(shop->store, 0, str("default"), str("{}"), &shop->policy));
	shop->bucket = make_bucket(shop, shop->team, "bucket");
	*state = shop;
	return 0;
}

static inline int shop_teardown(void **state)
{
	struct shop *shop = *state;

	ASSERT_OK(store_usage_check(shop->store));
	ASSERT_OK(db_check(store_db(shop->store)));
	store_close(shop->store);
	store_arena_free(&shop->arena);
	remove_folder(shop->place.dir);
	free(shop);
	return 0;
}

/* An object of one generation, whose record is its etag. */
static inline int put_object(struct shop *shop, u64 bucket, const char *name, const char *etag,
			     struct store_result *result)
{
	struct store_page page = { .length = 100, .generations = 1, .records = str(etag) };
	struct store_put put = {
		.team = shop->team, .bucket = bucket, .name = str(name), .etag = str(etag),
		.body = { .size = 100, .page = &page },
	};
	struct store_result none;

	return store_object_put(shop->store, &put, result ? result : &none);
}

static inline int get_object(struct shop *shop, u64 team, u64 bucket, const char *name,
			     const struct store_version *version, struct store_object *o)
{
	return store_object_get(shop->store, team, bucket, str(name), version, &shop->arena, o);
}

#define STORE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, shop_setup, shop_teardown)

#endif /* TEST_STORE_UTIL_H */
