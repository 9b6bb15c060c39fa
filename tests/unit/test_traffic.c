// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of teams on their way from gateways to the backend: each counted once, whatever is lost
 * and told again meanwhile.
 */
#include "../../user/skyd/traffic.h"
#include "backend_util.h"

#define RUN(fn) \
	static void test_##fn(void **state) { assert_int_equal(on_loop(state, fn, NULL), 0); }

static struct home home;

static void is(struct home *h, u64 team, u64 requests, u64 received, u64 sent)
{
	struct store_traffic t;

	must_equal(store_team_traffic(h->b.store, team, &t), 0);
	must_equal(t.requests, requests);
	must_equal(t.received, received);
	must_equal(t.sent, sent);
}

/* The same batch again, an older one, another gateway's, and teams that there are not. */
static int batches(void *arg)
{
	struct home *h = &home;
	struct meta_used used[] = { { 0, 3, 5, 7 }, { 1000, 1, 1, 1 }, { 0, 1, 0, 0 } };
	struct meta_traffic ask = { .gateway = "first", .number = 1, .used = used, .teams = 3 };

	(void)arg;
	home_open(h);
	used[0].team = h->team;
	used[2].team = h->other;
	is(h, h->team, 0, 0, 0);
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	is(h, h->team, 3, 5, 7);
	is(h, h->other, 1, 0, 0);
	ask.number = 9;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	ask.number = 8;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	is(h, h->team, 6, 10, 14);
	/* After the backend was started anew, too. */
	io_shutdown(h->backend_end.fd, SHUT_RDWR);
	while (h->served == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	backend_close(&h->b);
	must_equal(backend_open(&h->b, &h->run), 0);
	home_connect(h);
	ask.number = 9;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	is(h, h->team, 6, 10, 14);
	memcpy(ask.gateway, "other", 6);
	ask.number = 1;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	is(h, h->team, 9, 15, 21);
	ask.number = 0;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), -EINVAL);
	/* What nobody can have asked for; one of a batch is enough. */
	ask.number = 2;
	used[2].sent = 1ull << 52;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), -EINVAL);
	used[2].sent = 0;
	used[2].received = ~0ull;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), -EINVAL);
	used[2].received = 0;
	used[0].requests = 1ull << 63;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), -EINVAL);
	is(h, h->team, 9, 15, 21);
	used[0].requests = 3;
	used[0].sent = (1ull << 52) - 1;
	must_equal(TELL(h, META_TRAFFIC, traffic, &ask), 0);
	is(h, h->team, 12, 20, 20 + (1ull << 52));
	home_close(h);
	return 0;
}

RUN(batches)

/* The link breaks in the middle of it again and again; requests come meanwhile. */
static int broken(void *arg)
{
	struct home *h = &home;
	struct traffic *t;
	unsigned int i, failed = 0;
	int rc;

	(void)arg;
	home_open(h);
	t = traffic_open(h->link);
	must(t);
	for (i = 0; i < 200; i++) {
		traffic_count(t, h->team, 10, 1);
		traffic_count(t, h->other, 0, 1000);
		traffic_count(t, 0, 1, 1);
		/* What is asked may have been done, or not: the stream ends at some point. */
		if (i % 3 == 1)
			io_shutdown(h->backend_end.fd, i % 2 ? SHUT_RD : SHUT_RDWR);
		rc = traffic_tell(t, io_after_ms(i % 5 ? 20 : 0));
		failed += rc != 0;
		if (h->served != 1)
			home_connect(h);
		must_equal(io_sleep_until(io_after_ms(1)), 0);
		if (h->served != 1)
			home_connect(h);
	}
	must(failed > 20);
	must_equal(traffic_tell(t, SOON), 0);
	must_equal(traffic_tell(t, SOON), 0);
	is(h, h->team, 200, 2000, 200);
	is(h, h->other, 200, 0, 200000);
	must_equal(traffic_lost(t), 0);
	traffic_close(t);
	home_close(h);
	return 0;
}

RUN(broken)

/* More teams than a batch has, and than there was room for at first. */
static int many(void *arg)
{
	struct home *h = &home;
	struct traffic *t;
	unsigned int i, round;
	char name[16];
	u64 team[2 * META_USED_MAX / 16];

	(void)arg;
	home_open(h);
	t = traffic_open(h->link);
	must(t);
	for (i = 0; i < ARRAY_SIZE(team); i++) {
		snprintf(name, sizeof(name), "t%u", i);
		must_equal(store_team_create(h->b.store, stext(name), &team[i]), 0);
	}
	for (round = 0; round < 2; round++) {
		/* Teams that there are not make three batches of it. */
		for (i = 0; i < 3 * META_USED_MAX; i++)
			traffic_count(t, 1000000 + i, 1, 1);
		for (i = 0; i < ARRAY_SIZE(team); i++)
			traffic_count(t, team[i], i, 2 * i);
		must_equal(traffic_tell(t, SOON), 0);
	}
	for (i = 0; i < ARRAY_SIZE(team); i++)
		is(h, team[i], 2, 2 * i, 4 * i);
	must_equal(store_team_delete(h->b.store, team[0]), 0);
	traffic_close(t);
	home_close(h);
	return 0;
}

RUN(many)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_batches), ON_BOTH(test_broken), ON_BOTH(test_many),
	};
	static const struct config config = { .level = LEVEL_ERROR };

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
