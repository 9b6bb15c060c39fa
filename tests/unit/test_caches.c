// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What gateways are told to throw out: nothing is missed, by whoever was away, and whatever died
 * in between.
 */
#include "../../user/skyd/caches.h"
#include "../../user/skyd/store_private.h"
#include "backend_util.h"

#define RUN(fn) \
	static void test_##fn(void **state) { assert_int_equal(on_loop(state, fn, NULL), 0); }

static struct home home;

/* One gateway, as it knows itself. */
struct teller {
	u8 first;
	u64 heard;
};

static struct meta_cache_order told(struct home *h, struct teller *t)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_cache ask = { .gateway = { t->first }, .heard = t->heard };
	struct meta_cache_order order = { 0 };

	must_equal(ASK(h, META_CACHE, cache, &ask, cache_order, &order, &answer), 0);
	must(order.number >= t->heard);
	t->heard = order.number;
	/* It lay in the answer. */
	order.bucket_name.data = NULL;
	order.name.data = NULL;
	return order;
}

static void started_anew(struct home *h)
{
	io_shutdown(h->backend_end.fd, SHUT_RDWR);
	while (h->served == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	backend_close(&h->b);
	must_equal(backend_open(&h->b, &h->run), 0);
	home_connect(h);
}

/* In their order, each once, to each; who has never heard anything empties what it may have. */
static int orders(void *arg)
{
	struct home *h = &home;
	struct teller one = { 1, 0 }, two = { 2, 0 };
	char name[8] = "key";
	const struct meta_cache_order policy = { .kind = META_CACHE_POLICY, .policy = 7 };
	const struct meta_cache_order object = {
		.kind = META_CACHE_OBJECT, .bucket_name = rtext("b"), .name = { name, 3 },
	};
	u64 first, second;

	(void)arg;
	home_open(h);
	must_equal(caches_count(&h->b), 0);
	must_equal(told(h, &one).kind, META_CACHE_ALL);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	first = caches_order(&h->b, &policy);
	second = caches_order(&h->b, &object);
	must(second > first);
	memset(name, 'x', sizeof(name));
	must_equal(caches_wait(&h->b, second, 0, 1), -ETIMEDOUT);
	must_equal(told(h, &one).policy, 7);
	must_equal(one.heard, first);
	must_equal(told(h, &one).kind, META_CACHE_OBJECT);
	must_equal(one.heard, second);
	/* It is done when it has been told of. */
	must_equal(caches_wait(&h->b, second, 0, 1), -ETIMEDOUT);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	must_equal(caches_wait(&h->b, second, 0, 1), 0);
	must_equal(told(h, &two).kind, META_CACHE_ALL);
	must_equal(caches_wait(&h->b, second, 0, 1), -ETIMEDOUT);
	must_equal(told(h, &two).kind, META_CACHE_NOTHING);
	must_equal(caches_wait(&h->b, second, 0, 1), 0);
	must_equal(caches_count(&h->b), 2);
	home_close(h);
	return 0;
}

RUN(orders)

/* The names arrive whole, also when those before them have been forgotten. */
static int names(void *arg)
{
	struct home *h = &home;
	struct teller one = { 1, 0 };
	char text[8];
	unsigned int i;

	(void)arg;
	home_open(h);
	told(h, &one);
	for (i = 0; i < CACHES_ORDERS + 3; i++) {
		const struct meta_cache_order order = {
			.kind = META_CACHE_OBJECT, .bucket_name = rtext("b"), .name = { text, 3 },
		};
		struct teller late = one;

		snprintf(text, sizeof(text), "k%02u", i);
		caches_order(&h->b, &order);
		/* Who is away for longer than orders are remembered empties all. */
		must_equal(told(h, &late).kind, i < CACHES_ORDERS ? META_CACHE_OBJECT :
								    META_CACHE_ALL);
	}
	for (i = 0; i < CACHES_ORDERS; i++) {
		const struct cache_order *o = &h->b.caches->order[i];

		snprintf(text, sizeof(text), "k%02u", i + 3);
		must(ris(o->say.name, text) && ris(o->say.bucket_name, "b"));
	}
	home_close(h);
	return 0;
}

RUN(names)

static u8 told_late(struct home *h)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_cache ask = { .gateway = { 2 }, .heard = ~0ull };
	struct meta_cache_order order = { 0 };

	must_equal(ASK(h, META_CACHE, cache, &ask, cache_order, &order, &answer), 0);
	must(order.number < ask.heard);
	return order.kind;
}

/* A backend that dies: who has heard all keeps what it has; else it is emptied. */
static int anew(void *arg)
{
	struct home *h = &home;
	struct teller one = { 1, 0 };
	u64 id, revision;

	(void)arg;
	home_open(h);
	told(h, &one);
	must_equal(store_policy_create(h->b.store, 0, stext("p"), stext("{}"), &id), 0);
	while (told(h, &one).kind)
		;
	started_anew(h);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	/* It died after the change, and before it could say so. */
	caches_hold(&h->b);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	must_equal(store_policy_edit(h->b.store, 0, id, stext("{}"), &revision), 0);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	started_anew(h);
	must_equal(told(h, &one).kind, META_CACHE_ALL);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	/* The clock was set back meanwhile: nobody can have heard of what is to come. */
	must_equal(told_late(h), META_CACHE_ALL);
	home_close(h);
	return 0;
}

RUN(anew)

static u64 hour_ahead(void)
{
	return backend_now() + 3600000000ull;
}

/* A start with a clock behind the newest policy: who has emptied his cache keeps what comes. */
static int behind(void *arg)
{
	struct home *h = &home;
	struct teller one = { 1, 0 };
	const struct meta_cache_order policy = { .kind = META_CACHE_POLICY, .policy = 7 };
	u64 id;

	(void)arg;
	home_open(h);
	h->b.store->config.now = hour_ahead;
	must_equal(store_policy_create(h->b.store, 0, stext("p"), stext("{}"), &id), 0);
	started_anew(h);
	must(h->b.caches->lost > backend_now());
	must_equal(told(h, &one).kind, META_CACHE_ALL);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	caches_order(&h->b, &policy);
	must_equal(told(h, &one).kind, META_CACHE_POLICY);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	home_close(h);
	return 0;
}

RUN(behind)

/* One policy again and again is one order, the last; those of others stay, whole. */
static int merged(void *arg)
{
	struct home *h = &home;
	struct teller one = { 1, 0 }, early;
	const struct meta_cache_order same = { .kind = META_CACHE_POLICY, .policy = 7 };
	const struct meta_cache_order other = { .kind = META_CACHE_POLICY, .policy = 8 };
	const struct meta_cache_order object = {
		.kind = META_CACHE_OBJECT, .bucket_name = rtext("b"), .name = rtext("key"),
	};
	const struct meta_cache_order bucket = { .kind = META_CACHE_BUCKET, .bucket = 9 };
	u64 last = 0;
	unsigned int i;

	(void)arg;
	home_open(h);
	told(h, &one);
	early = one;
	caches_order(&h->b, &same);
	must_equal(told(h, &early).policy, 7);
	caches_order(&h->b, &other);
	caches_order(&h->b, &object);
	caches_order(&h->b, &bucket);
	for (i = 0; i < CACHES_ORDERS + 3; i++)
		last = caches_order(&h->b, &same);
	must_equal(h->b.caches->orders, 4);
	must(ris(h->b.caches->order[1].say.name, "key"));
	must(ris(h->b.caches->order[1].say.bucket_name, "b"));
	must_equal(told(h, &one).policy, 8);
	must_equal(told(h, &one).kind, META_CACHE_OBJECT);
	must_equal(told(h, &one).kind, META_CACHE_BUCKET);
	must_equal(told(h, &one).policy, 7);
	must_equal(one.heard, last);
	must_equal(told(h, &one).kind, META_CACHE_NOTHING);
	/* Also who has heard of the first is told of the last. */
	while (early.heard < last)
		must(told(h, &early).kind != META_CACHE_ALL);
	must_equal(early.heard, last);
	home_close(h);
	return 0;
}

RUN(merged)

/* More gateways than there is room for, and those that leave. */
static int many(void *arg)
{
	struct home *h = &home;
	unsigned int i;

	(void)arg;
	home_open(h);
	for (i = 0; i < CACHES_MAX + 10; i++) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		const struct meta_cache ask = { .gateway = { i, i >> 8 } };
		struct meta_cache_order order;

		must_equal(ASK(h, META_CACHE, cache, &ask, cache_order, &order, &answer), 0);
	}
	must_equal(caches_count(&h->b), CACHES_MAX);
	for (i = 0; i < CACHES_MAX + 10; i++) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		const struct meta_cache ask = { .gateway = { i, i >> 8 }, .left = true };
		struct meta_cache_order order;

		must_equal(ASK(h, META_CACHE, cache, &ask, cache_order, &order, &answer), 0);
	}
	must_equal(caches_count(&h->b), 0);
	home_close(h);
	return 0;
}

RUN(many)

/* A bucket has what the newest revision says, though it keeps its own for all else. */
static int newest(void *arg)
{
	static const char on[] = "{\"name\":\"p\"}", off[] = "{\"name\":\"p\",\"cache\":false}";
	struct home *h = &home;
	const struct meta_bucket_make make = {
		.caller = caller_of(OWNER), .name = rtext("b"), .policy = rtext("p"),
	};
	const struct meta_open open = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"),
	};
	unsigned int i;
	u64 id, revision;

	(void)arg;
	home_open(h);
	must_equal(store_policy_create(h->b.store, h->team, stext("p"), stext(on), &id), 0);
	{
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		struct meta_bucket give;

		must_equal(ASK(h, META_BUCKET_CREATE, bucket_make, &make, bucket, &give, &answer),
			   0);
	}
	for (i = 0; i < 4; i++) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		struct meta_opened give;

		must_equal(ASK(h, META_OPEN, open, &open, opened, &give, &answer), 0);
		must_equal(give.policy.uncached, i % 2);
		must_equal(give.policy.revision, 1);
		must_equal(store_policy_edit(h->b.store, h->team, id, stext(i % 2 ? on : off),
					     &revision), 0);
		backend_forget(&h->b);
	}
	home_close(h);
	return 0;
}

RUN(newest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_orders), ON_BOTH(test_names),
		ON_BOTH(test_anew), ON_BOTH(test_many),
		ON_BOTH(test_behind), ON_BOTH(test_merged),
		ON_BOTH(test_newest),
	};
	static const struct config config = { .level = LEVEL_ERROR };

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
