// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backend under load: gateways that go at any moment, questions that are given up, many
 * writers of one key.  What was acknowledged is there, and nothing is left behind (the
 * sanitizer counts memory, the store its rows).
 */
#include "backend_util.h"

#include <time.h>

#define RUN(fn) \
	static void test_##fn(void **state) { assert_int_equal(on_loop(state, fn, NULL), 0); }

#define WRITERS		32u
#define KILLS		40u
#define QUESTIONS	1000u

static struct home home;

/* --- gateways that go --------------------------------------------------------------------- */

struct writer {
	unsigned int number;
	unsigned int acknowledged;	/* highest number that was put */
	bool stop;
};

static int write_on(void *arg)
{
	struct writer *w = arg;
	unsigned int i;
	char name[32], etag[32];

	for (i = 1; !w->stop; i++) {
		const struct put p = {
			.who = OWNER, .bucket = "b", .name = name, .etag = etag, .size = 100,
		};
		struct meta_result result;
		int rc;

		snprintf(name, sizeof(name), "%u", w->number);
		snprintf(etag, sizeof(etag), "%u", i);
		rc = put_object(&home, &p, &result);
		if (rc == -ECANCELED)
			break;
		must(!rc || rc == -ECONNRESET);
		if (!rc)
			w->acknowledged = i;
		rc = list_bucket(&home, OWNER, "b", "");
		must(!rc || rc == -ECONNRESET || rc == -ECANCELED);
	}
	return 0;
}

/* No older than what was acknowledged; newer where an answer was lost. */
static void check_writer(struct home *h, const struct writer *w)
{
	ANSWER answer = LINK_ANSWER_NONE;
	char name[32], etag[32];
	struct meta_read ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .generations = 1,
	};
	struct meta_object o;
	int rc;

	snprintf(name, sizeof(name), "%u", w->number);
	ask.name = rtext(name);
	rc = ASK(h, META_READ, read, &ask, object, &o, &answer);
	if (!w->acknowledged && rc == REFUSED(NO_SUCH_KEY))
		return;
	must_equal(rc, 0);
	must(str_copy(str_of_bytes(o.etag), etag, sizeof(etag)));
	must((unsigned int)atoi(etag) >= w->acknowledged);
	must_equal(o.size, 100);
	must_equal(o.page.urls, 4);
}

static unsigned int acknowledged(const struct writer *w)
{
	unsigned int i, n = 0;

	for (i = 0; i < WRITERS; i++)
		n += w[i].acknowledged;
	return n;
}

/* Somebody gets an answer, and then it goes on for a moment. */
static void let_run(const struct writer *w, unsigned int moment)
{
	unsigned int before = acknowledged(w);

	while (acknowledged(w) == before)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(io_sleep_until(io_now() + moment * 500000), 0);
}

static int kills(void *arg)
{
	static struct writer writer[WRITERS];
	static struct io_task *task[WRITERS];
	struct io_group group = IO_GROUP(group);
	struct home *h = &home;
	unsigned int i;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	for (i = 0; i < WRITERS; i++) {
		writer[i] = (struct writer){ .number = i };
		must_equal(io_spawn(&group, write_on, &writer[i], &task[i]), 0);
	}
	for (i = 0; i < KILLS; i++) {
		let_run(writer, i * 7919u % 40);
		must_equal(io_shutdown(h->backend_end.fd, SHUT_RDWR), 0);
		while (h->served == 1)
			must_equal(io_sleep_until(io_after_ms(1)), 0);
		home_connect(h);
	}
	/* And some that ask give up. */
	for (i = 0; i < WRITERS; i += 2)
		io_cancel(task[i]);
	for (i = 0; i < WRITERS; i++)
		writer[i].stop = true;
	must_equal(io_group_drain(&group, SOON), 0);
	for (i = 0; i < WRITERS; i++)
		check_writer(h, &writer[i]);
	printf("# %u gateways went, %u writes were acknowledged and are there\n", KILLS,
	       acknowledged(writer));
	home_close(h);
	return 0;
}

RUN(kills)

/* --- writers of one key --------------------------------------------------------------------- */

static unsigned int won;

static int put_first(void *arg)
{
	const struct put p = {
		.who = OWNER, .bucket = "b", .name = "one", .etag = "e", .size = 10,
		.if_none_match = "*",
	};
	struct meta_result result;
	int rc = put_object(&home, &p, &result);

	(void)arg;
	must(!rc || rc == REFUSED(PRECONDITION_FAILED));
	won += !rc;
	return 0;
}

static int one_wins(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct home *h = &home;
	unsigned int i;

	(void)arg;
	home_open(h);
	won = 0;
	must_equal(make_bucket(h, OWNER, "b"), 0);
	for (i = 0; i < 100; i++)
		must_equal(io_spawn(&group, put_first, NULL, NULL), 0);
	must_equal(io_group_wait_all(&group, SOON), 0);
	must_equal(won, 1);
	home_close(h);
	return 0;
}

RUN(one_wins)

/* A bucket's key is made once, whoever comes first. */
static struct rpc_bytes first_key;
static u8 key_bytes[256];

static int see_key(void *arg)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_open ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"),
	};
	struct meta_opened give;

	(void)arg;
	must_equal(ASK(&home, META_OPEN, open, &ask, opened, &give, &answer), 0);
	must(give.policy.key.len && give.policy.key.len <= sizeof(key_bytes));
	if (!first_key.len) {
		memcpy(key_bytes, give.policy.key.data, give.policy.key.len);
		first_key = (struct rpc_bytes){ key_bytes, give.policy.key.len };
	}
	must(str_equal(str_of_bytes(first_key), str_of_bytes(give.policy.key)));
	return 0;
}

static int one_key(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct home *h = &home;
	STORE_ARENA arena = { 0 };
	struct store_policy policy;
	struct store_bucket row = { .name = stext("b") };
	unsigned int i;

	(void)arg;
	home_open(h);
	first_key = (struct rpc_bytes){ 0 };
	must_equal(store_policy_find(h->b.store, h->team, stext("default"), &arena, &policy), 0);
	row.team = h->team;
	row.policy = policy.id;
	must_equal(store_bucket_create(h->b.store, &row), 0);
	for (i = 0; i < 100; i++)
		must_equal(io_spawn(&group, see_key, NULL, NULL), 0);
	must_equal(io_group_wait_all(&group, SOON), 0);
	home_close(h);
	return 0;
}

RUN(one_key)

/* --- figures -------------------------------------------------------------------------- */

static unsigned int left;

static int read_on(void *arg)
{
	(void)arg;
	while (left && left--)
		must_equal(read_object(&home, OWNER, "b", "o", META_HEAD), 0);
	return 0;
}

static int put_on(void *arg)
{
	char name[32];

	(void)arg;
	while (left && left--) {
		snprintf(name, sizeof(name), "o%u", left);
		must_equal(put_simple(&home, OWNER, "b", name), 0);
	}
	return 0;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Both ends of the link, all threads: more than the backend alone needs. */
static void measure(const char *what, io_fn *fn)
{
	struct io_group group = IO_GROUP(group);
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	unsigned int i;

	left = QUESTIONS;
	for (i = 0; i < 64; i++)
		must_equal(io_spawn(&group, fn, NULL, NULL), 0);
	must_equal(io_group_wait_all(&group, 0), 0);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("# %s: %.0f a second, %.0f us of CPU each\n", what, QUESTIONS / wall,
	       cpu / QUESTIONS * 1e6);
}

static int figures(void *arg)
{
	struct home *h = &home;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_simple(h, OWNER, "b", "o"), 0);
	measure("HEAD (META_READ)", read_on);
	measure("PUT (META_OPEN, META_COMMIT)", put_on);
	home_close(h);
	return 0;
}

RUN(figures)

int main(void)
{
	static const struct config config = { .level = LEVEL_ERROR };
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_kills), ON_BOTH(test_one_wins), ON_BOTH(test_one_key),
		ON_BOTH(test_figures),
	};

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
