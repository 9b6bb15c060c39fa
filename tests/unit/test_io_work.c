// SPDX-License-Identifier: GPL-2.0-or-later
/* Worker threads: every job is run once, or not at all and its fiber is told. */
#include <pthread.h>
#include <stdatomic.h>

#include "io_util.h"

static struct io_pool *pool;

static void pool_start(unsigned int threads)
{
	assert_int_equal(io_pool_open(&pool, threads), 0);
}

static void pool_stop(void)
{
	assert_int_equal(io_pool_waiting(pool), 0);
	io_pool_close(pool);
	pool = NULL;
}

static void pools_of_impossible_sizes(void **state)
{
	(void)state;
	assert_int_equal(io_pool_open(&pool, 0), -EINVAL);
	assert_int_equal(io_pool_open(&pool, 1000000), -EINVAL);
	assert_null(pool);
	io_pool_close(NULL);
}

/* --- many ------------------------------------------------------------------------------------ */

#define FIBERS	100u
#define JOBS	50u

static atomic_uint ran;

struct sum {
	unsigned int in;
	unsigned int out;
	pthread_t fiber;
};

static int square(void *arg)
{
	struct sum *s = arg;

	must(!pthread_equal(s->fiber, pthread_self()));
	must(!io_loop_self());
	s->out = s->in * s->in;
	atomic_fetch_add(&ran, 1);
	return s->in % 1000;
}

static int ask_many(void *arg)
{
	struct sum s = { .fiber = pthread_self() };
	unsigned int i;

	(void)arg;
	for (i = 0; i < JOBS; i++) {
		s.in = i * 7;
		must_equal(io_work(pool, square, &s, 0), s.in % 1000);
		must_equal(s.out, s.in * s.in);
		must(pthread_equal(s.fiber, pthread_self()));
	}
	return 0;
}

static int many(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int i;

	(void)arg;
	for (i = 0; i < FIBERS; i++)
		must_equal(io_spawn(&group, ask_many, NULL, NULL), 0);
	return io_group_wait_all(&group, 0);
}

static void *other_loop(void *name)
{
	struct io_options options = { .backend = name };
	struct io_loop *loop;

	must_equal(io_loop_open(&loop, &options), 0);
	must_equal(io_loop_run(loop, many, NULL), 0);
	io_loop_close(loop);
	return NULL;
}

/* Two loops share a pool of three. */
static void every_job_runs_once(void **state)
{
	pthread_t thread;

	io_loop_close(loop_of(state));
	ran = 0;
	pool_start(3);
	assert_int_equal(pthread_create(&thread, NULL, other_loop, *state), 0);
	assert_int_equal(on_loop(state, many, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(ran, 2 * FIBERS * JOBS);
	pool_stop();
}

/* --- one thread that is held ----------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool held;

static int hold(void *arg)
{
	(void)arg;
	held = true;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return 42;
}

struct ask {
	io_fn *fn;
	int64_t deadline;
	int rc;
	bool ended;
};

static int ask(void *arg)
{
	struct ask *a = arg;

	a->rc = io_work(pool, a->fn, NULL, a->deadline);
	a->ended = true;
	return 0;
}

static int count(void *arg)
{
	(void)arg;
	atomic_fetch_add(&ran, 1);
	return 0;
}

static void until_held(void)
{
	while (!held)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
}

static int full(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct ask first = { hold, 0, 0, false }, a[10];
	struct io_task *task[10], *holder;
	unsigned int i;

	(void)arg;
	held = false;
	ran = 0;
	pthread_mutex_lock(&gate);
	must_equal(io_spawn(&group, ask, &first, &holder), 0);
	until_held();
	for (i = 0; i < 10; i++) {
		a[i] = (struct ask){ count, i == 4 ? io_after_ms(2) : 0, 1, false };
		must_equal(io_spawn(&group, ask, &a[i], &task[i]), 0);
	}
	io_yield();
	must_equal(io_pool_waiting(pool), 10);
	io_cancel(task[0]);
	io_cancel(task[9]);
	io_cancel(task[6]);
	must_equal(io_work(pool, count, NULL, io_after_ms(5)), -ETIMEDOUT);
	must_equal(io_pool_waiting(pool), 6);
	must(a[0].ended && a[4].ended && a[9].ended && !a[1].ended);
	must_equal(a[0].rc, -ECANCELED);
	must_equal(a[4].rc, -ETIMEDOUT);

	/* What has begun is waited for, though its fiber is cancelled more than once. */
	io_cancel(holder);
	io_sleep_until(io_after_ms(50));
	must(!first.ended);
	pthread_mutex_unlock(&gate);
	must_equal(io_group_drain(&group, 0), 0);
	must_equal(first.rc, 42);
	must_equal(ran, 6);
	return 0;
}

static void a_full_pool_holds_back_who_asks(void **state)
{
	pool_start(1);
	assert_int_equal(on_loop(state, full, NULL), 0);
	pool_stop();
}

/* --- at random ------------------------------------------------------------------------------- */

static atomic_int inside;

/* Uses what lies on the fiber's stack; the address sanitizer sees it if the fiber has gone. */
static int touch(void *arg)
{
	volatile char *buf = arg;
	int i;

	inside++;
	for (i = 0; i < 64; i++)
		buf[i] = i;
	inside--;
	return 1;
}

static int ask_until_cancelled(void *arg)
{
	int rc;

	(void)arg;
	do {
		char *buf = calloc(1, 64);

		rc = io_work(pool, touch, buf, io_now() + 100000);
		must(rc == 1 || rc == -ETIMEDOUT || rc == -ECANCELED);
		must_equal(buf[63], rc == 1 ? 63 : 0);
		free(buf);
	} while (rc != -ECANCELED);
	return rc;
}

static int cancel_at_random(void *arg)
{
	unsigned int round, i, seed = 3;

	(void)arg;
	for (round = 0; round < 150; round++) {
		CLEANUP_GROUP struct io_group group = IO_GROUP(group);

		for (i = 0; i < 20; i++)
			must_equal(io_spawn(&group, ask_until_cancelled, NULL, NULL), 0);
		must_equal(io_sleep_until(io_now() + rand_r(&seed) % 500000), 0);
		io_group_end(&group);
		must_equal(inside, 0);
		must_equal(io_pool_waiting(pool), 0);
	}
	return 0;
}

static void jobs_are_cancelled_at_any_moment(void **state)
{
	pool_start(2);
	assert_int_equal(on_loop(state, cancel_at_random, NULL), 0);
	pool_stop();
}

/* Stacks of a size that no process can have. */
static void open_without_room(void *arg)
{
	pthread_attr_t attr;

	(void)arg;
	pthread_attr_init(&attr);
	must_equal(pthread_attr_setstacksize(&attr, 1ull << 46), 0);
	must_equal(pthread_setattr_default_np(&attr), 0);
	must_equal(io_pool_open(&pool, 8), -EAGAIN);
	must(!pool);
}

static void threads_that_cannot_be_had(void **state)
{
	(void)state;
	assert_int_equal(in_child(open_without_room, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_of_impossible_sizes),
		ON_BOTH(every_job_runs_once),
		ON_BOTH(a_full_pool_holds_back_who_asks),
		ON_BOTH(jobs_are_cancelled_at_any_moment),
		cmocka_unit_test(threads_that_cannot_be_had),
	};

	return cmocka_run_group_tests_name("io work", tests, NULL, NULL);
}
