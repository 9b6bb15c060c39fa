// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who runs when.  A fiber that suspends goes straight to the next one that is ready; when
 * there is none, or so many have run that the kernel should hear of what they began, the
 * loop's own stack runs: posts, timers, the back end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define SWITCHES_MAX	64u		/* before the back end is asked */
#define AT_ONCE_MAX	32u		/* calls that did not suspend, before others have a turn */
#define ASK_AGAIN_NS	20000000	/* after a cancellation that has not shown */

static __thread struct io_loop *this_loop;

static const struct io_backend *const backends[] = { &io_uring_backend, &io_epoll_backend };

struct io_loop *io_loop_self(void)
{
	return this_loop;
}

void io_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: must hold, and does not: %s\n", file, line, what);
	abort();
}

int64_t io_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- opening --------------------------------------------------------------------------------- */

static int open_backend(struct io_loop *loop, const char *name)
{
	int rc = -EINVAL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (name && strcmp(name, backends[i]->name))
			continue;
		loop->backend = backends[i];
		rc = loop->backend->open(loop);
		if (!rc)
			return 0;
	}
	return rc;
}

int io_loop_open(struct io_loop **loop, const struct io_options *options)
{
	static const struct io_options usual;
	struct io_loop *l = calloc(1, sizeof(*l));
	int rc;

	*loop = NULL;
	if (!l)
		return -ENOMEM;
	if (!options)
		options = &usual;
	fiber_pool_init(&l->fibers, options->stack ? options->stack : IO_STACK,
			sizeof(struct io_task));
	list_init(&l->ready);
	l->posts_end = &l->posts;
	pthread_mutex_init(&l->lock, NULL);
	l->now = io_now();
	l->wake_fd = eventfd(0, EFD_CLOEXEC);
	rc = l->wake_fd < 0 ? -errno : open_backend(l, options->backend);
	if (rc) {
		l->backend = NULL;
		io_loop_close(l);
		return rc;
	}
	*loop = l;
	return 0;
}

void io_loop_close(struct io_loop *loop)
{
	if (!loop)
		return;
	MUST(!loop->tasks);
	if (loop->backend)
		loop->backend->close(loop);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	fiber_pool_free(&loop->fibers);
	free(loop->timers.heap);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

const char *io_loop_backend(const struct io_loop *loop)
{
	return loop->backend->name;
}

/* --- fibers ---------------------------------------------------------------------------------- */

/* Take the next fiber that may run now; NULL: it is the loop's turn. */
static struct io_task *next_ready(struct io_loop *loop)
{
	struct io_task *task;

	if (list_empty(&loop->ready) || loop->switches >= SWITCHES_MAX)
		return NULL;
	task = list_entry(loop->ready.next, struct io_task, ready);
	list_del(&task->ready);
	loop->switches++;
	return task;
}

static void make_ready(struct io_task *task)
{
	list_add(&task->loop->ready, &task->ready);
}

/* Leave the running fiber for the next one; returns when it is its turn again. */
static void give_way(struct io_task *task)
{
	struct io_loop *loop = task->loop;
	struct io_task *next = next_ready(loop);

	loop->current = next;
	if (next != task)
		fiber_switch(&task->fiber, next ? &next->fiber : &loop->fiber);
}

static void task_main(void *arg)
{
	struct io_task *task = arg;
	struct io_loop *loop = task->loop;

	task->result = task->fn(task->arg);
	loop->ended = task;
	loop->current = NULL;
	fiber_exit(&task->fiber, &loop->fiber);
}

int io_task_make(struct io_loop *loop, struct io_group *group, io_fn *fn, void *arg,
		 struct io_task **handle)
{
	struct io_task *task;

	if (io_timers_reserve(&loop->timers, loop->tasks + 1))
		return -ENOMEM;
	task = (struct io_task *)fiber_get(&loop->fibers, task_main, NULL);
	if (!task)
		return -ENOMEM;
	task->fiber.arg = task;
	task->loop = loop;
	task->group = group;
	task->handle = handle;
	task->fn = fn;
	task->arg = arg;
	list_init(&task->sibling);
	loop->tasks++;
	make_ready(task);
	if (handle)
		*handle = task;
	return 0;
}

/* On the loop's own stack, after a fiber's last switch. */
static void bury(struct io_loop *loop)
{
	struct io_task *task = loop->ended;

	if (!task)
		return;
	loop->ended = NULL;
	if (task->handle)
		*task->handle = NULL;
	if (task->group)
		io_group_child_ended(task);
	fiber_put(&loop->fibers, &task->fiber);
	loop->tasks--;
	/* A group was left with children in it. */
	MUST(loop->first || !loop->tasks);
}

struct io_task *io_task_self(void)
{
	MUST(this_loop && this_loop->current);
	return this_loop->current;
}

void io_yield(void)
{
	struct io_task *task = io_task_self();

	make_ready(task);
	give_way(task);
}

/* --- waiting --------------------------------------------------------------------------------- */

int io_may_wait(struct io_task *task, int64_t deadline)
{
	if (task->cancelled && !task->shield)
		return -ECANCELED;
	if (deadline && deadline <= task->loop->now)
		return -ETIMEDOUT;
	return 0;
}

int io_suspend(struct io_wait *wait, int64_t deadline)
{
	struct io_task *task = io_task_self();
	int rc;

	wait->task = task;
	task->wait = wait;
	task->why = 0;
	task->loop->at_once = 0;
	if (deadline)
		io_timers_set(&task->loop->timers, task, deadline);
	give_way(task);
	rc = task->result;
	if (task->why && (rc == -ECANCELED || rc == -EINTR))
		rc = task->why;
	return rc;
}

void io_complete(struct io_wait *wait, int result)
{
	struct io_task *task = wait->task;

	MUST(task->wait == wait);
	task->wait = NULL;
	task->result = result;
	io_timers_drop(&task->loop->timers, task);
	make_ready(task);
}

/* Ask for the end of a wait, and see to it that this is asked again. */
static void cut_short(struct io_task *task, int why)
{
	if (!task->why)
		task->why = why;
	io_timers_set(&task->loop->timers, task, task->loop->now + ASK_AGAIN_NS);
	task->wait->cancel(task->wait);
}

void io_cancel(struct io_task *task)
{
	if (!task)
		return;
	task->cancelled = true;
	if (task->wait && !task->shield && !task->why)
		cut_short(task, -ECANCELED);
}

void io_hurry(struct io_task *task)
{
	if (task && task->wait && !task->why)
		cut_short(task, -ETIMEDOUT);
}

bool io_cancelled(void)
{
	return io_task_self()->cancelled;
}

void io_shield(void)
{
	io_task_self()->shield++;
}

void io_unshield(void)
{
	MUST(io_task_self()->shield);
	io_task_self()->shield--;
}

/* A fiber whose calls never have to wait must not keep the others from theirs. */
static void take_turns(struct io_loop *loop)
{
	if (++loop->at_once < AT_ONCE_MAX)
		return;
	loop->at_once = 0;
	io_yield();
}

int io_call(struct io_op *op, int64_t deadline)
{
	struct io_task *task = io_task_self();
	struct io_loop *loop = task->loop;
	int rc;

	op->wait.cancel = loop->backend->cancel;
	do {
		rc = io_may_wait(task, deadline);
		if (rc)
			return rc;
		if (!loop->backend->start(loop, op, &rc))
			rc = io_suspend(&op->wait, deadline);
		else
			take_turns(loop);
	} while (rc == -EINTR);
	return rc;
}

static void sleep_cancel(struct io_wait *wait)
{
	io_complete(wait, -ECANCELED);
}

int io_sleep_until(int64_t when)
{
	struct io_wait wait = { .cancel = sleep_cancel };
	int rc = io_may_wait(io_task_self(), 0);

	if (rc)
		return rc;
	/* Time may have passed by since the loop looked at the clock. */
	rc = io_suspend(&wait, max_t(int64_t, when, 1));
	return rc == -ETIMEDOUT ? 0 : rc;
}

/* --- running --------------------------------------------------------------------------------- */

static void run_timers(struct io_loop *loop)
{
	struct io_timers *t = &loop->timers;

	while (t->count && t->heap[0].when <= loop->now)
		cut_short(t->heap[0].task, -ETIMEDOUT);
}

static void run_fibers(struct io_loop *loop)
{
	struct io_task *task;

	loop->switches = 0;
	while ((task = next_ready(loop))) {
		loop->current = task;
		fiber_switch(&loop->fiber, &task->fiber);
		bury(loop);
	}
}

/* How long the back end may wait: until the next timer, if there is nothing to do. */
static int64_t idle_ns(struct io_loop *loop)
{
	if (!list_empty(&loop->ready))
		return 0;
	if (!loop->timers.count)
		return -1;
	return max_t(int64_t, loop->timers.heap[0].when - io_now(), 0);
}

static void turn(struct io_loop *loop)
{
	int64_t ns;

	if (atomic_load_explicit(&loop->stop, memory_order_relaxed) && loop->first)
		io_cancel(loop->first);
	io_posts_run(loop);
	run_timers(loop);
	run_fibers(loop);
	if (!loop->tasks)
		return;
	ns = idle_ns(loop);
	if (ns && io_fall_asleep(loop)) {
		loop->backend->wait(loop, ns);
		io_wake_up(loop);
	} else {
		loop->backend->wait(loop, 0);
	}
	loop->now = io_now();
}

/* What io_loop_run() was given, and what it returns. */
struct first {
	io_fn *fn;
	void *arg;
	int result;
};

static int first_main(void *arg)
{
	struct first *first = arg;

	first->result = first->fn(first->arg);
	return 0;
}

int io_loop_run(struct io_loop *loop, io_fn *fn, void *arg)
{
	struct first first = { .fn = fn, .arg = arg };
	int rc;

	MUST(!this_loop);
	rc = io_task_make(loop, NULL, first_main, &first, &loop->first);
	if (rc)
		return rc;
	this_loop = loop;
	fiber_thread(&loop->fiber);
	loop->now = io_now();
	while (loop->tasks)
		turn(loop);
	this_loop = NULL;
	atomic_store(&loop->stop, false);
	return first.result;
}
