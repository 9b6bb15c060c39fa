// SPDX-License-Identifier: GPL-2.0-or-later
/* Events, semaphores and queues: nobody is passed over, nothing is lost when one gives up. */
#include "io_util.h"

/* --- events ---------------------------------------------------------------------------------- */

struct waits {
	struct io_event *event;
	int64_t deadline;
	int rc;
};

static int wait_event(void *arg)
{
	struct waits *w = arg;

	w->rc = io_event_wait(w->event, w->deadline);
	return 0;
}

static int events(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct io_task *task[10];
	struct io_event event;
	struct waits w[10];
	unsigned int i;

	(void)arg;
	io_event_init(&event);
	for (i = 0; i < 10; i++) {
		w[i] = (struct waits){ &event, i == 3 ? io_after_ms(1) : 0, 1 };
		must_equal(io_spawn(&group, wait_event, &w[i], &task[i]), 0);
	}
	io_sleep_until(io_after_ms(3));
	io_cancel(task[5]);
	io_event_set(&event);
	/* What has been set is not undone for those that waited. */
	io_event_clear(&event);
	must_equal(io_group_drain(&group, 0), 0);
	for (i = 0; i < 10; i++)
		must_equal(w[i].rc, i == 3 ? -ETIMEDOUT : i == 5 ? -ECANCELED : 0);
	must_equal(io_event_wait(&event, io_after_ms(1)), -ETIMEDOUT);
	io_event_set(&event);
	must_equal(io_event_wait(&event, 0), 0);
	return 0;
}

static void an_event_lets_all_go(void **state)
{
	assert_int_equal(on_loop(state, events, NULL), 0);
}

/* --- semaphores ------------------------------------------------------------------------------ */

struct takes {
	struct io_semaphore *semaphore;
	uint64_t units;
	unsigned int *turn;
	unsigned int got;	/* in which turn */
	int rc;
};

static int take(void *arg)
{
	struct takes *t = arg;

	t->rc = io_acquire(t->semaphore, t->units, 0);
	t->got = ++*t->turn;
	return t->rc;
}

static int in_order(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	const uint64_t units[5] = { 3, 1, 8, 1, 2 };
	struct io_semaphore semaphore;
	struct io_task *task[5];
	struct takes t[5];
	unsigned int i, turn = 0;

	(void)arg;
	io_semaphore_init(&semaphore, 10);
	must_equal(io_acquire(&semaphore, 10, 0), 0);
	must(!io_try_acquire(&semaphore, 1));
	must_equal(io_acquire(&semaphore, 1, io_after_ms(1)), -ETIMEDOUT);
	for (i = 0; i < 5; i++) {
		t[i] = (struct takes){ &semaphore, units[i], &turn, 0, 1 };
		must_equal(io_spawn(&group, take, &t[i], &task[i]), 0);
	}
	io_yield();
	io_release(&semaphore, 2);
	io_yield();
	/* The second could have its one, and who comes now too, but the first is before them. */
	must_equal(turn, 0);
	must(!io_try_acquire(&semaphore, 1));
	must_equal(io_acquire(&semaphore, 1, io_after_ms(1)), -ETIMEDOUT);
	io_release(&semaphore, 2);
	io_yield();
	must_equal(turn, 2);
	must(t[0].got == 1 && t[1].got == 2);
	io_release(&semaphore, 5);
	io_yield();
	must_equal(turn, 2);
	/* The third gives up: the two after it no longer have to wait. */
	io_cancel(task[2]);
	must_equal(io_group_drain(&group, 0), 0);
	must_equal(t[2].rc, -ECANCELED);
	must(!t[3].rc && !t[4].rc);
	must_equal(semaphore.free, 2);
	must(io_try_acquire(&semaphore, 2));
	must(!io_try_acquire(&semaphore, 1));
	return 0;
}

static void units_go_to_who_came_first(void **state)
{
	assert_int_equal(on_loop(state, in_order, NULL), 0);
}

#define TAKERS	50u

struct crowd {
	struct io_semaphore semaphore;
	unsigned int seed;
	uint64_t taken;
};

static int come_and_go(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		uint64_t units = 1 + rand_r(&c->seed) % 7;
		int64_t patience = rand_r(&c->seed) % 3;

		if (io_acquire(&c->semaphore, units, patience ? io_now() + patience * 20000 : 0))
			continue;
		c->taken += units;
		must(c->taken <= 7);
		if (rand_r(&c->seed) % 2)
			io_yield();
		else
			io_sleep_until(io_now() + 1000);
		c->taken -= units;
		io_release(&c->semaphore, units);
	}
	return 0;
}

static int crowd(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct crowd c = { .seed = 5 };
	struct io_task *task[TAKERS];
	unsigned int i;

	(void)arg;
	io_semaphore_init(&c.semaphore, 7);
	for (i = 0; i < TAKERS; i++)
		must_equal(io_spawn(&group, come_and_go, &c, &task[i]), 0);
	for (i = 0; i < TAKERS; i += 5) {
		io_sleep_until(io_now() + 500000);
		io_cancel(task[i]);
	}
	must_equal(io_group_drain(&group, io_after_ms(30000)), 0);
	must_equal(c.semaphore.free, 7);
	return 0;
}

static void no_unit_is_lost(void **state)
{
	assert_int_equal(on_loop(state, crowd, NULL), 0);
}

/* --- queues ---------------------------------------------------------------------------------- */

struct pipe {
	struct io_queue queue;
	void *slot[4];
	uintptr_t put;		/* items, from 1 */
	uintptr_t got;
	uintptr_t most;		/* that were in it, or in hand, at once */
};

static int put_many(void *arg)
{
	struct pipe *p = arg;
	int rc;

	do {
		if (p->put - p->got > p->most)
			p->most = p->put - p->got;
		rc = io_put(&p->queue, (void *)(p->put + 1), 0);
		p->put += !rc;
	} while (!rc && p->put < 1000);
	io_queue_close(&p->queue);
	return rc;
}

static int pipe_through(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct pipe p = { .put = 0 };
	unsigned int seed = 1;
	void *item;
	int rc;

	(void)arg;
	io_queue_init(&p.queue, p.slot, 4);
	must_equal(io_get(&p.queue, &item, io_after_ms(1)), -ETIMEDOUT);
	must_equal(io_spawn(&group, put_many, &p, NULL), 0);
	while (!(rc = io_get(&p.queue, &item, 0))) {
		must_equal((uintptr_t)item, ++p.got);
		if (rand_r(&seed) % 4 == 0)
			io_yield();
	}
	must_equal(rc, -EPIPE);
	must_equal(p.got, 1000);
	must(p.most <= 5);
	must_equal(io_put(&p.queue, NULL, 0), -EPIPE);
	io_queue_close(&p.queue);
	return io_group_wait_all(&group, 0);
}

static void a_full_queue_holds_back_who_puts(void **state)
{
	assert_int_equal(on_loop(state, pipe_through, NULL), 0);
}

struct putter {
	struct io_queue *queue;
	uintptr_t item;
	int rc;
};

static int put_one(void *arg)
{
	struct putter *p = arg;

	p->rc = io_put(p->queue, (void *)p->item, 0);
	return p->rc;
}

static int give_up(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct io_task *task[5];
	struct io_queue queue;
	struct putter p[5];
	void *slot[1], *item;
	uintptr_t i;

	(void)arg;
	io_queue_init(&queue, slot, 1);
	for (i = 0; i < 5; i++) {
		p[i] = (struct putter){ &queue, i, 1 };
		must_equal(io_spawn(&group, put_one, &p[i], &task[i]), 0);
	}
	io_yield();
	must(!task[0]);
	must_equal(io_put(&queue, NULL, io_after_ms(1)), -ETIMEDOUT);
	io_cancel(task[2]);
	io_yield();
	must_equal(p[2].rc, -ECANCELED);
	/* Cancelled when its item has been taken over already: that stands. */
	must(!io_get(&queue, &item, 0) && item == (void *)0);
	io_cancel(task[1]);
	must(!io_get(&queue, &item, 0) && item == (void *)1);
	must(!io_get(&queue, &item, 0) && item == (void *)3);
	must(!io_get(&queue, &item, 0) && item == (void *)4);
	must_equal(io_group_drain(&group, 0), 0);
	must(!p[1].rc && !p[3].rc && !p[4].rc);
	must_equal(io_get(&queue, &item, io_after_ms(1)), -ETIMEDOUT);
	return 0;
}

static void who_gives_up_takes_his_item_along(void **state)
{
	assert_int_equal(on_loop(state, give_up, NULL), 0);
}

static int get_one(void *arg)
{
	void *item;

	return io_get(arg, &item, 0);
}

static int close_on_waiters(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct io_queue queue;
	struct putter p[2];
	void *slot[1], *item;
	unsigned int i;

	(void)arg;
	io_queue_init(&queue, slot, 1);
	for (i = 0; i < 3; i++)
		must_equal(io_spawn(&group, get_one, &queue, NULL), 0);
	io_yield();
	must_equal(io_put(&queue, NULL, 0), 0);
	io_queue_close(&queue);
	must_equal(io_group_drain(&group, 0), 0);
	must_equal(group.good, 1);
	must_equal(group.error, -EPIPE);

	io_queue_init(&queue, slot, 1);
	for (i = 0; i < 2; i++) {
		p[i] = (struct putter){ &queue, i, 1 };
		must_equal(io_spawn(&group, put_one, &p[i], NULL), 0);
	}
	io_yield();
	io_queue_close(&queue);
	must_equal(io_group_drain(&group, 0), 0);
	must_equal(p[1].rc, -EPIPE);
	must_equal(io_get(&queue, &item, 0), 0);
	must_equal(io_get(&queue, &item, 0), -EPIPE);
	return 0;
}

static void closing_wakes_all_that_wait(void **state)
{
	assert_int_equal(on_loop(state, close_on_waiters, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(an_event_lets_all_go),
		ON_BOTH(units_go_to_who_came_first),
		ON_BOTH(no_unit_is_lost),
		ON_BOTH(a_full_queue_holds_back_who_puts),
		ON_BOTH(who_gives_up_takes_his_item_along),
		ON_BOTH(closing_wakes_all_that_wait),
	};

	return cmocka_run_group_tests_name("io sync", tests, NULL, NULL);
}
