// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop: order, time, posts from other threads, being stopped. */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "io/internal.h"
#include "io_util.h"

#define MS	1000000ll

/* --- order ----------------------------------------------------------------------------------- */

static int seven(void *arg)
{
	*(int *)arg += 1;
	return 7;
}

static void run_returns_what_was_returned(void **state)
{
	struct io_loop *loop = loop_of(state);
	int runs = 0;

	assert_string_equal(io_loop_backend(loop), *state);
	assert_null(io_loop_self());
	assert_int_equal(io_loop_run(loop, seven, &runs), 7);
	assert_int_equal(io_loop_run(loop, seven, &runs), 7);
	assert_int_equal(runs, 2);
	io_loop_close(loop);
}

static void back_ends_by_name(void **state)
{
	struct io_options options = { .backend = "select" };
	struct io_loop *loop;

	(void)state;
	assert_int_equal(io_loop_open(&loop, &options), -EINVAL);
	assert_null(loop);
	assert_int_equal(io_loop_open(&loop, NULL), 0);
	io_loop_close(loop);
	io_loop_close(NULL);
}

struct order {
	unsigned int turn[64];
	unsigned int count;
};

struct turns {
	struct order *order;
	unsigned int number;
};

static int three_turns(void *arg)
{
	struct turns *t = arg;
	int i;

	for (i = 0; i < 3; i++) {
		t->order->turn[t->order->count++] = t->number;
		io_yield();
	}
	return 0;
}

static int in_turns(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct turns turns[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		turns[i] = (struct turns){ arg, i };
		must_equal(io_spawn(&group, three_turns, &turns[i], NULL), 0);
	}
	return io_group_wait_all(&group, 0);
}

static void fibers_run_in_turns(void **state)
{
	struct order order = { 0 };
	unsigned int i;

	assert_int_equal(on_loop(state, in_turns, &order), 0);
	assert_int_equal(order.count, 12);
	for (i = 0; i < 12; i++)
		assert_int_equal(order.turn[i], i % 4);
}

/* --- time ------------------------------------------------------------------------------------ */

#define SLEEPERS	1000u

struct night {
	struct io_event go;
	int64_t start;
	int64_t last;		/* when the last one before was to wake */
	unsigned int late;	/* those that did not set their timers before the start */
	unsigned int disorder;
	unsigned int woken;
};

struct sleeper {
	struct night *night;
	int64_t after;		/* the start */
};

static int sleeper(void *arg)
{
	struct sleeper *s = arg;
	struct night *n = s->night;
	int64_t when;

	must_equal(io_event_wait(&n->go, 0), 0);
	when = n->start + s->after;
	n->late += io_now() >= n->start;
	must_equal(io_sleep_until(when), 0);
	must(io_now() >= when);
	n->disorder += n->last > when;
	n->last = when;
	n->woken++;
	return 0;
}

/* True if all of them set their timers in time, so that the order could be seen. */
static bool one_night(int64_t time_to_go_to_bed)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static struct sleeper s[SLEEPERS];
	struct night night = { .late = 0 };
	unsigned int i;

	io_event_init(&night.go);
	for (i = 0; i < SLEEPERS; i++) {
		s[i] = (struct sleeper){ &night, random() % (50 * MS) };
		must_equal(io_spawn(&group, sleeper, &s[i], NULL), 0);
	}
	io_yield();
	night.start = io_now() + time_to_go_to_bed;
	io_event_set(&night.go);
	must_equal(io_group_wait_all(&group, 0), 0);
	must_equal(night.woken, SLEEPERS);
	if (night.late)
		return false;
	must_equal(night.disorder, 0);
	return true;
}

static int many_sleep(void *arg)
{
	int64_t time = 100 * MS;

	(void)arg;
	srandom(1);
	/* A busy machine needs longer. */
	while (!one_night(time)) {
		time *= 2;
		must(time < 20000 * MS);
	}
	return 0;
}

static void deadlines_pass_in_order(void **state)
{
	assert_int_equal(on_loop(state, many_sleep, NULL), 0);
}

#define TIMERS	100u

/* Timers that are set, moved and dropped at random, beside a plain list. */
static void timers_beside_a_plain_list(void **state)
{
	static struct io_task task[TIMERS];
	int64_t when[TIMERS] = { 0 };
	struct io_timers timers = { 0 };
	unsigned int i, seed = 1, step, count = 0, least;

	(void)state;
	assert_int_equal(io_timers_reserve(&timers, TIMERS), 0);
	for (step = 0; step < 20000; step++) {
		i = rand_r(&seed) % TIMERS;
		count -= !!when[i];
		if (rand_r(&seed) % 3) {
			when[i] = 1 + rand_r(&seed) % 1000;
			count++;
			io_timers_set(&timers, &task[i], when[i]);
		} else {
			when[i] = 0;
			io_timers_drop(&timers, &task[i]);
		}
		assert_int_equal(timers.count, count);
		for (i = 0, least = 0; i < TIMERS; i++)
			if (when[i] && (!least || when[i] < least))
				least = when[i];
		if (count)
			assert_int_equal(timers.heap[0].when, least);
	}
	free(timers.heap);
}

static int past_deadlines(void *arg)
{
	struct io_event event;
	int fd[2];
	char c = 0;

	(void)arg;
	stream_pair(fd);
	io_event_init(&event);
	must_equal(io_event_wait(&event, 1), -ETIMEDOUT);
	must_equal(io_send(fd[0], "x", 1, 0, 0), 0);
	/* Nothing is begun. */
	must_equal(io_recv(fd[1], &c, 1, 0, 1), -ETIMEDOUT);
	must_equal(io_recv(fd[1], &c, 1, 0, 0), 1);
	must_equal(c, 'x');
	must_equal(io_sleep_until(0), 0);
	must_equal(io_sleep_until(-5), 0);
	io_close(fd[0]);
	io_close(fd[1]);
	return 0;
}

static void a_deadline_in_the_past(void **state)
{
	assert_int_equal(on_loop(state, past_deadlines, NULL), 0);
}

/* --- turns of those that never wait ---------------------------------------------------------- */

static int never_waits(void *arg)
{
	const bool *done = arg;
	char c;

	while (!*done)
		must(io_recv(STDIN_FILENO, &c, 1, MSG_DONTWAIT, 0) < 0);
	return 0;
}

static int starve(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	bool done = false;

	(void)arg;
	must_equal(io_spawn(&group, never_waits, &done, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(5)), 0);
	done = true;
	return io_group_wait_all(&group, 0);
}

static void who_never_waits_starves_nobody(void **state)
{
	assert_int_equal(on_loop(state, starve, NULL), 0);
}

/* --- other threads --------------------------------------------------------------------------- */

#define THREADS	4u
#define POSTS	10000u

struct storm {
	struct io_loop *loop;
	struct io_event all;
	unsigned int seen;
	unsigned int next[THREADS];	/* number that has to come next, by thread */
};

struct stormy {
	struct io_post post;
	struct storm *storm;
	unsigned int thread;
	unsigned int number;
};

static void count_post(struct io_post *post)
{
	struct stormy *s = (struct stormy *)post;

	must(io_loop_self() == s->storm->loop);
	must_equal(s->number, s->storm->next[s->thread]++);
	if (++s->storm->seen == THREADS * POSTS)
		io_event_set(&s->storm->all);
}

static void *post_many(void *arg)
{
	struct stormy *s = arg;
	unsigned int i;

	for (i = 0; i < POSTS; i++) {
		io_post(s[i].storm->loop, &s[i].post);
		if (i % 1000 == 0)
			usleep(100);
	}
	return NULL;
}

static int wait_for_storm(void *arg)
{
	struct storm *storm = arg;

	return io_event_wait(&storm->all, io_after_ms(30000));
}

static void posts_come_in_order_and_none_is_lost(void **state)
{
	struct stormy *s = calloc(THREADS * POSTS, sizeof(*s));
	struct storm storm = { .loop = loop_of(state) };
	pthread_t thread[THREADS];
	unsigned int t, i;

	io_event_init(&storm.all);
	for (t = 0; t < THREADS; t++) {
		for (i = 0; i < POSTS; i++)
			s[t * POSTS + i] = (struct stormy){ { NULL, count_post }, &storm, t, i };
		assert_int_equal(pthread_create(&thread[t], NULL, post_many, &s[t * POSTS]), 0);
	}
	assert_int_equal(io_loop_run(storm.loop, wait_for_storm, &storm), 0);
	for (t = 0; t < THREADS; t++)
		pthread_join(thread[t], NULL);
	assert_int_equal(storm.seen, THREADS * POSTS);
	io_loop_close(storm.loop);
	free(s);
}

/* One at a time: each finds the loop asleep. */
static void *post_slowly(void *arg)
{
	struct stormy *s = arg;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		usleep(500);
		io_post(s[i].storm->loop, &s[i].post);
	}
	return NULL;
}

static void a_post_wakes_a_loop_that_sleeps(void **state)
{
	struct storm storm = { .loop = loop_of(state), .seen = THREADS * POSTS - 50 };
	static struct stormy s[50];
	pthread_t thread;
	unsigned int i;

	io_event_init(&storm.all);
	for (i = 0; i < 50; i++)
		s[i] = (struct stormy){ { NULL, count_post }, &storm, 0, i };
	assert_int_equal(pthread_create(&thread, NULL, post_slowly, s), 0);
	assert_int_equal(io_loop_run(storm.loop, wait_for_storm, &storm), 0);
	pthread_join(thread, NULL);
	io_loop_close(storm.loop);
}

/* Between the loop's look at its posts and its sleep. */
static int post_to_itself(void *arg)
{
	struct storm *storm = arg;
	struct stormy s = { { NULL, count_post }, storm, 0, 0 };
	int64_t deadline = io_after_ms(3000);

	io_post(storm->loop, &s.post);
	must_equal(io_event_wait(&storm->all, deadline), 0);
	must(io_now() < deadline);
	return 0;
}

static void a_fiber_posts_to_its_own_loop(void **state)
{
	struct storm storm = { .loop = loop_of(state), .seen = THREADS * POSTS - 1 };

	io_event_init(&storm.all);
	assert_int_equal(io_loop_run(storm.loop, post_to_itself, &storm), 0);
	io_loop_close(storm.loop);
}

/* --- stopping -------------------------------------------------------------------------------- */

static int forever(void *arg)
{
	int fd[2], rc;
	char c;

	(void)arg;
	stream_pair(fd);
	rc = io_recv(fd[0], &c, 1, 0, 0);
	/* For good. */
	must_equal(io_recv(fd[0], &c, 1, 0, 0), -ECANCELED);
	must_equal(io_sleep_until(io_after_ms(1000)), -ECANCELED);
	must(io_cancelled());
	io_shield();
	must_equal(io_sleep_until(io_after_ms(1)), 0);
	io_unshield();
	io_close(fd[0]);
	io_close(fd[1]);
	return rc;
}

static void *stop_soon(void *arg)
{
	usleep(2000);
	io_loop_stop(arg);
	return NULL;
}

static void a_thread_stops_a_loop(void **state)
{
	struct io_loop *loop = loop_of(state);
	pthread_t thread;
	int i;

	for (i = 0; i < 20; i++) {
		assert_int_equal(pthread_create(&thread, NULL, stop_soon, loop), 0);
		assert_int_equal(io_loop_run(loop, forever, NULL), -ECANCELED);
		pthread_join(thread, NULL);
	}
	/* Before it runs, and twice. */
	io_loop_stop(loop);
	io_loop_stop(loop);
	assert_int_equal(io_loop_run(loop, forever, NULL), -ECANCELED);
	assert_int_equal(io_loop_run(loop, seven, &i), 7);
	io_loop_close(loop);
}

static struct io_loop *signalled;

static void on_alarm(int sig)
{
	(void)sig;
	io_loop_stop(signalled);
}

static void a_signal_stops_a_loop(void **state)
{
	const struct itimerval soon = { .it_value.tv_usec = 3000 };

	not_under_tsan();
	signalled = loop_of(state);
	signal(SIGALRM, on_alarm);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(io_loop_run(signalled, forever, NULL), -ECANCELED);
	signal(SIGALRM, SIG_DFL);
	io_loop_close(signalled);
}

/* A storm of signals interrupts what the loop waits for, and nothing notices. */
static void ignore(int sig)
{
	(void)sig;
}

static int undisturbed(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 50; i++)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	return 0;
}

static void signals_disturb_nothing(void **state)
{
	const struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { 0 };
	struct sigaction action = { .sa_handler = ignore };

	sigaction(SIGALRM, &action, NULL);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_int_equal(on_loop(state, undisturbed, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	signal(SIGALRM, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(run_returns_what_was_returned),
		cmocka_unit_test(back_ends_by_name),
		ON_BOTH(fibers_run_in_turns),
		ON_BOTH(deadlines_pass_in_order),
		cmocka_unit_test(timers_beside_a_plain_list),
		ON_BOTH(a_deadline_in_the_past),
		ON_BOTH(who_never_waits_starves_nobody),
		ON_BOTH(posts_come_in_order_and_none_is_lost),
		ON_BOTH(a_post_wakes_a_loop_that_sleeps),
		ON_BOTH(a_fiber_posts_to_its_own_loop),
		ON_BOTH(a_thread_stops_a_loop),
		ON_BOTH(a_signal_stops_a_loop),
		ON_BOTH(signals_disturb_nothing),
	};

	return cmocka_run_group_tests_name("io loop", tests, NULL, NULL);
}
