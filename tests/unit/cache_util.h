/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world with a cache. */
#ifndef TEST_CACHE_UTIL_H
#define TEST_CACHE_UTIL_H

#include "data_util.h"

#include "../../user/skyd/cache_private.h"

#define MEMORY	(64u << 20)

/* How a test goes with the cache. */
#define USE(w, a, p)	((struct cache_use){ .wanted = (w), .alone = (a), .place = (p) })

/* As of a request that begins now. */
#define OWNED(p, b, of)	((struct cache_use){ .wanted = true, .alone = true, .place = (p), \
			 .bucket = (b), .policy = (of), .dropped = world.g.cache->dropped })

/* In memory of its own: too large for a fiber's stack. */
static struct world world;
static struct config config;
static char none[1];

int gateway_lease(struct gateway *g, const struct meta_policy *policy, u8 key[32],
		  int64_t deadline)
{
	(void)g;
	(void)deadline;
	memset(key, policy->bucket, 32);
	return 0;
}

static inline struct cache *cache_world(unsigned int n, int disk)
{
	config.cache_memory = config.cache_memory ? config.cache_memory : 8;
	config.cache_object = 64;
	if (!config.cache_types_not)
		config.cache_types_not = none;
	if (!config.cache_buckets_not)
		config.cache_buckets_not = none;
	world_open(&world, n, MEMORY);
	world.g.config = &config;
	must_equal(cache_start(&world.g, disk), 0);
	return world.g.cache;
}

static inline void cache_world_end(void)
{
	io_group_end(&world.repairs);
	cache_stop(&world.g);
	world_close(&world);
	memset(&config, 0, sizeof(config));
}

static inline unsigned int gets(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < world.n; i++)
		n += world.at[i].gets;
	return n;
}

/* An object that is in the locations; with @place, in the cache, too. */
static inline struct thing thing_of(u64 seed, u64 size, u64 place)
{
	struct thing t = { .policy = world_policy(4, 6, 6), .cache = USE(place, true, place) };
	struct body b = body_of(seed, size);

	must_equal(thing_put(&world, &t, &b), 0);
	t.cache = USE(true, true, place ? place : seed);
	return t;
}

/* What a world has of pages is that of the last thing: for others they are kept aside. */
struct aside {
	struct thing thing;
	struct page_kept page;
};

static inline struct aside *set_aside(struct thing t)
{
	struct aside *a = malloc(sizeof(*a));

	must_equal(world.pages, 1);
	a->thing = t;
	a->page = world.page[0];
	return a;
}

static inline int read_aside(struct aside *a)
{
	world.page[0] = a->page;
	world.pages = 1;
	return thing_read(&world, &a->thing);
}

#endif /* TEST_CACHE_UTIL_H */
