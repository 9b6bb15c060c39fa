// SPDX-License-Identifier: GPL-2.0-or-later
/* Nanoseconds of CPU time, of this thread, or of the process where others take part; memory. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "io/fiber.h"
#include "io/group.h"
#include "io/loop.h"
#include "io/sync.h"
#include "io/work.h"
#include "io_bench.h"

#define ROUNDS	7u
#define STACK	(64u << 10)

static uint64_t process_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* --- a switch -------------------------------------------------------------------------------- */

#define SWITCHES	200000u

static struct fiber own, *other;

static void switch_back(void *arg)
{
	(void)arg;
	for (;;)
		fiber_switch(other, &own);
}

static double fiber_switches(void)
{
	struct fiber_pool pool;
	uint64_t start;
	unsigned int i;

	fiber_pool_init(&pool, STACK, sizeof(struct fiber));
	fiber_thread(&own);
	other = fiber_get(&pool, switch_back, NULL);
	if (!other)
		failed("fiber");
	start = bench_cpu_ns();
	for (i = 0; i < SWITCHES / 2; i++)
		fiber_switch(&own, other);
	start = bench_cpu_ns() - start;
	fiber_put(&pool, other);
	fiber_pool_free(&pool);
	return (double)start / SWITCHES;
}

static ucontext_t own_context, other_context;

static void swap_back(void)
{
	for (;;)
		swapcontext(&other_context, &own_context);
}

static double context_switches(void)
{
	static char stack[STACK];
	uint64_t start;
	unsigned int i;

	getcontext(&other_context);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = sizeof(stack);
	makecontext(&other_context, swap_back, 0);
	start = bench_cpu_ns();
	for (i = 0; i < SWITCHES / 2; i++)
		swapcontext(&own_context, &other_context);
	return (double)(bench_cpu_ns() - start) / SWITCHES;
}

/* --- what a loop does ------------------------------------------------------------------------ */

#define YIELDS		100000u
#define SPAWNS		20000u
#define THREADS		500u
#define TIMERS		20000u
#define WAITERS		1000u
#define JOBS		2000u

static double on_loop(io_fn *fn)
{
	struct io_loop *loop;
	double result;

	if (io_loop_open(&loop, NULL))
		failed("io_loop_open");
	io_loop_run(loop, fn, &result);
	io_loop_close(loop);
	return result;
}

static int yielder(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < YIELDS / 10; i++)
		io_yield();
	return 0;
}

static int yields(void *result)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < 10; i++)
		if (io_spawn(&group, yielder, NULL, NULL))
			failed("io_spawn");
	io_group_drain(&group, 0);
	*(double *)result = (double)(bench_cpu_ns() - start) / YIELDS;
	return 0;
}

static double yield_cost(void)
{
	return on_loop(yields);
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int spawns(void *result)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < SPAWNS; i++) {
		if (io_spawn(&group, nothing, NULL, NULL))
			failed("io_spawn");
		if (i % 16 == 15)
			io_group_drain(&group, 0);
	}
	io_group_drain(&group, 0);
	*(double *)result = (double)(bench_cpu_ns() - start) / SPAWNS;
	return 0;
}

static double spawn_cost(void)
{
	return on_loop(spawns);
}

static void *nothing_thread(void *arg)
{
	return arg;
}

static double thread_cost(void)
{
	uint64_t start = process_ns();
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, nothing_thread, NULL) ||
		    pthread_join(thread, NULL))
			failed("pthread_create");
	return (double)(process_ns() - start) / THREADS;
}

/* A wait that ends in time, with a thousand others that have deadlines. */
static struct io_event never, turn[2];
static int64_t deadline;

static int idle(void *arg)
{
	(void)arg;
	return io_event_wait(&never, io_after_ms(60000));
}

static int answer(void *arg)
{
	(void)arg;
	for (;;) {
		if (io_event_wait(&turn[0], deadline))
			return -1;
		io_event_clear(&turn[0]);
		io_event_set(&turn[1]);
	}
}

static double event_trips(void)
{
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < TIMERS; i++) {
		io_event_set(&turn[0]);
		io_event_wait(&turn[1], deadline);
		io_event_clear(&turn[1]);
	}
	return (double)(bench_cpu_ns() - start) / TIMERS / 2;
}

static int timers(void *result)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	double without, with;
	unsigned int i;

	io_event_init(&never);
	io_event_init(&turn[0]);
	io_event_init(&turn[1]);
	for (i = 0; i < WAITERS; i++)
		if (io_spawn(&group, idle, NULL, NULL))
			failed("io_spawn");
	deadline = 0;
	if (io_spawn(&group, answer, NULL, NULL))
		failed("io_spawn");
	io_yield();
	without = event_trips();
	deadline = io_after_ms(59000);
	with = event_trips();
	*(double *)result = with > without ? with - without : 0;
	return 0;
}

static double timer_cost(void)
{
	return on_loop(timers);
}

/* To set one and to take it back: two system calls. */
static double timerfd_cost(void)
{
	const struct itimerspec later = { .it_value.tv_sec = 60 }, never_set = { 0 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < TIMERS; i++)
		if (timerfd_settime(fd, 0, &later, NULL) ||
		    timerfd_settime(fd, 0, &never_set, NULL))
			failed("timerfd");
	start = bench_cpu_ns() - start;
	close(fd);
	return (double)start / TIMERS;
}

/* --- memory of those that wait ---------------------------------------------------------------- */

#define IDLE	1000u

static double resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!f || fscanf(f, "%*d %ld", &pages) != 1)
		failed("statm");
	fclose(f);
	return pages * 4.0;
}

static int idle_memory(void *result)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	double before = resident_kib();
	unsigned int i;

	io_event_init(&never);
	for (i = 0; i < IDLE; i++)
		if (io_spawn(&group, idle, NULL, NULL))
			failed("io_spawn");
	io_yield();
	*(double *)result = (resident_kib() - before) / IDLE;
	return 0;
}

static double fiber_memory(void)
{
	return on_loop(idle_memory);
}

static void *idle_thread(void *barrier)
{
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

static double thread_memory(void)
{
	static pthread_t thread[IDLE];
	double before = resident_kib();
	pthread_barrier_t barrier;
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, IDLE + 1);
	for (i = 0; i < IDLE; i++)
		if (pthread_create(&thread[i], NULL, idle_thread, &barrier))
			failed("pthread_create");
	pthread_barrier_wait(&barrier);
	before = (resident_kib() - before) / IDLE;
	pthread_barrier_wait(&barrier);
	for (i = 0; i < IDLE; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&barrier);
	return before;
}

/* --- worker threads -------------------------------------------------------------------------- */

static struct io_pool *pool;

static int works(void *result)
{
	uint64_t start = process_ns();
	unsigned int i;

	for (i = 0; i < JOBS; i++)
		io_work(pool, nothing, NULL, 0);
	*(double *)result = (double)(process_ns() - start) / JOBS;
	return 0;
}

static double work_cost(void)
{
	double cost;

	if (io_pool_open(&pool, 1))
		failed("io_pool_open");
	cost = on_loop(works);
	io_pool_close(pool);
	return cost;
}

/* There and back between two threads that block, as one would write it. */
static struct handoff {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int asked, done;
} handoff = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 };

static void *hand_back(void *arg)
{
	struct handoff *h = &handoff;

	pthread_mutex_lock(&h->lock);
	while (h->done < JOBS) {
		while (h->asked == h->done)
			pthread_cond_wait(&h->changed, &h->lock);
		h->done++;
		pthread_cond_signal(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	return arg;
}

static double handoff_cost(void)
{
	struct handoff *h = &handoff;
	pthread_t thread;
	uint64_t start;

	h->asked = 0;
	h->done = 0;
	if (pthread_create(&thread, NULL, hand_back, NULL))
		failed("pthread_create");
	start = process_ns();
	pthread_mutex_lock(&h->lock);
	while (h->done < JOBS) {
		h->asked++;
		pthread_cond_signal(&h->changed);
		while (h->done < h->asked)
			pthread_cond_wait(&h->changed, &h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	start = process_ns() - start;
	pthread_join(thread, NULL);
	return (double)start / JOBS;
}

static const struct {
	const char *name;
	double (*ours)(void);
	const char *peer;
	double (*peers)(void);
	const char *unit;
} costs[] = {
	{ "fiber switch", fiber_switches, "swapcontext(3)", context_switches, "ns" },
	{ "turn of a fiber (io_yield)", yield_cost, "swapcontext(3)", context_switches, "ns" },
	{ "spawn, run and end", spawn_cost, "pthread_create and join", thread_cost, "ns" },
	{ "deadline among 1000 others", timer_cost, "timerfd set and unset", timerfd_cost, "ns" },
	{ "io_work there and back", work_cost, "mutex and condition", handoff_cost, "ns" },
	{ "memory of one that waits", fiber_memory, "thread", thread_memory, "KiB" },
};

void bench_costs(struct bench_report *report)
{
	double ours[ROUNDS], peers[ROUNDS];
	unsigned int i, round;

	for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		for (round = 0; round < ROUNDS; round++) {
			ours[round] = costs[i].ours();
			peers[round] = costs[i].peers();
		}
		bench_report_add(report, &(struct bench_result){
			.name = costs[i].name, .unit = costs[i].unit,
			.value = bench_median(ours, ROUNDS),
			.peer = costs[i].peer, .peer_value = bench_median(peers, ROUNDS),
		});
	}
}
