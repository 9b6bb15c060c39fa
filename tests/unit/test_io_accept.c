// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One listening socket, two that accept at it, as while a daemon is replaced by its successor: who
 * stops waiting keeps no connection from who goes on.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "io_util.h"

#define PATIENCE_MS	5000
#define LATE_MS		30	/* deadline of a wait that is to be cut short by it */

enum end { CANCELLED, HURRIED, TOO_LATE, ENDS };

struct door {
	const char *backend;
	int listener;
	struct sockaddr_in at;
	sem_t waits;		/* the other loop does, in the kernel */
};

struct waiter {
	struct door *door;
	int64_t deadline;
	int fd;			/* that was accepted, or -errno */
};

static void open_door(struct door *d, int flags)
{
	socklen_t len = sizeof(d->at);

	d->at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	must(d->listener >= 0);
	must_equal(bind(d->listener, (struct sockaddr *)&d->at, sizeof(d->at)), 0);
	must_equal(listen(d->listener, 16), 0);
	must_equal(getsockname(d->listener, (struct sockaddr *)&d->at, &len), 0);
	must_equal(sem_init(&d->waits, 0, 0), 0);
}

/* The loop does not run meanwhile: what it has begun is as it was. */
static int knock(const struct door *d)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	must_equal(connect(fd, (const struct sockaddr *)&d->at, sizeof(d->at)), 0);
	return fd;
}

static int wait_at(void *arg)
{
	struct waiter *w = arg;

	w->fd = io_accept(w->door->listener, NULL, NULL, w->deadline);
	return 0;
}

/* Once a fiber has slept, the kernel has what others began before. */
static void begin(struct io_group *group, struct waiter *w, struct io_task **task)
{
	must_equal(io_spawn(group, wait_at, w, task), 0);
	io_sleep_until(io_after_ms(1));
}

/* --- the successor, on a loop of its own ----------------------------------------------------- */

static int successor(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct waiter *w = arg;

	w->deadline = io_after_ms(PATIENCE_MS);
	begin(&group, w, NULL);
	sem_post(&w->door->waits);
	return io_group_wait_all(&group, 0);
}

static void *other_loop(void *arg)
{
	struct waiter *w = arg;
	struct io_options options = { .backend = w->door->backend };
	struct io_loop *loop;

	must_equal(io_loop_open(&loop, &options), 0);
	must_equal(io_loop_run(loop, successor, w), 0);
	io_loop_close(loop);
	return NULL;
}

/* --- a connection that comes when one of them stops ------------------------------------------ */

struct change {
	struct door door;
	enum end end;
};

static void end_wait(struct io_task *task, const struct waiter *w, enum end end)
{
	if (end == CANCELLED)
		io_cancel(task);
	else if (end == HURRIED)
		io_hurry(task);
	while (end == TOO_LATE && io_now() < w->deadline)
		;
}

/* The one that waits first is the one whom a connection wakes; then it is told to stop. */
static int change_over(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct change *c = arg;
	struct waiter first = { .door = &c->door }, second = { .door = &c->door };
	struct io_task *task;
	pthread_t thread;
	int fd, more = -1;

	first.deadline = c->end == TOO_LATE ? io_after_ms(LATE_MS) : 0;
	begin(&group, &first, &task);
	must_equal(pthread_create(&thread, NULL, other_loop, &second), 0);
	while (sem_wait(&c->door.waits))
		must_equal(errno, EINTR);
	fd = knock(&c->door);
	end_wait(task, &first, c->end);
	must_equal(io_group_wait_all(&group, 0), 0);
	/* Whoever has it: the next one is the other's. */
	if (first.fd >= 0)
		more = knock(&c->door);
	else
		must_equal(first.fd, c->end == CANCELLED ? -ECANCELED : -ETIMEDOUT);
	must_equal(pthread_join(thread, NULL), 0);
	must(second.fd >= 0);
	close(fd);
	if (more >= 0) {
		close(more);
		close(first.fd);
	}
	close(second.fd);
	return 0;
}

static void who_stops_keeps_no_connection(void **state)
{
	struct change c = { .door.backend = *state };

	for (c.end = CANCELLED; c.end < ENDS; c.end++) {
		open_door(&c.door, 0);
		assert_int_equal(on_loop(state, change_over, &c), 0);
		close(c.door.listener);
	}
}

/* --- one that stops again and again ---------------------------------------------------------- */

#define CLIENTS	5000u

struct inn {
	struct door door;
	atomic_bool closes;	/* the last client has been served */
	atomic_uint guests;	/* of both loops */
};

static void serve_one(struct inn *inn, int fd)
{
	inn->guests++;
	must_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	close(fd);
}

/* One after the other, each for as long as it takes to be served. */
static void *come_in(void *arg)
{
	struct inn *inn = arg;
	struct pollfd p = { .events = POLLIN };
	unsigned int i;
	char c;

	for (i = 0; i < CLIENTS; i++) {
		p.fd = knock(&inn->door);
		must_equal(poll(&p, 1, PATIENCE_MS), 1);
		must_equal(recv(p.fd, &c, 1, 0), 1);
		close(p.fd);
	}
	inn->closes = true;
	return NULL;
}

static int stay(void *arg)
{
	struct inn *inn = arg;
	int fd;

	do {
		fd = io_accept(inn->door.listener, NULL, NULL, 0);
		must(fd >= 0);
		serve_one(inn, fd);
	} while (inn->guests <= CLIENTS);
	return 0;
}

static void *stay_on_loop(void *arg)
{
	struct inn *inn = arg;
	struct io_options options = { .backend = inn->door.backend };
	struct io_loop *loop;

	must_equal(io_loop_open(&loop, &options), 0);
	must_equal(io_loop_run(loop, stay, inn), 0);
	io_loop_close(loop);
	return NULL;
}

static int come_and_go(void *arg)
{
	struct inn *inn = arg;
	unsigned int seed = 1, before;

	while (!inn->closes) {
		struct io_group group = IO_GROUP(group);
		struct waiter w = { .door = &inn->door };

		/* Until the other one has had a guest, nobody else lets them in. */
		before = inn->guests;
		while (inn->guests == before && !inn->closes)
			io_sleep_until(io_now() + 10000);
		must_equal(io_spawn(&group, wait_at, &w, NULL), 0);
		io_sleep_until(io_now() + rand_r(&seed) % 100000);
		io_group_end(&group);
		if (w.fd >= 0)
			serve_one(inn, w.fd);
		else
			must_equal(w.fd, -ECANCELED);
	}
	return 0;
}

static void nobody_is_left_outside(void **state)
{
	struct inn inn = { .door.backend = *state };
	pthread_t stays, clients;
	int last;

	io_loop_close(loop_of(state));
	open_door(&inn.door, 0);
	assert_int_equal(pthread_create(&stays, NULL, stay_on_loop, &inn), 0);
	assert_int_equal(pthread_create(&clients, NULL, come_in, &inn), 0);
	assert_int_equal(on_loop(state, come_and_go, &inn), 0);
	pthread_join(clients, NULL);
	/* One more, so that the one who stays is done. */
	last = knock(&inn.door);
	pthread_join(stays, NULL);
	assert_int_equal(inn.guests, CLIENTS + 1);
	close(last);
	close(inn.door.listener);
}

/* --- a crowd ---------------------------------------------------------------------------------- */

/* Many are waiting to be let in: who is told to stop takes one at most, and stops. */
static int crowd(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct waiter w = { .door = arg };
	struct io_task *task;
	int fd[8], i;

	begin(&group, &w, &task);
	for (i = 0; i < 8; i++)
		fd[i] = knock(w.door);
	io_cancel(task);
	must_equal(io_group_wait_all(&group, 0), 0);
	must(w.fd >= 0 || w.fd == -ECANCELED);
	if (w.fd >= 0)
		close(w.fd);
	for (i = 0; i < 8; i++)
		close(fd[i]);
	return 0;
}

static void who_stops_stops(void **state)
{
	struct door d = { .backend = *state };

	open_door(&d, 0);
	assert_int_equal(on_loop(state, crowd, &d), 0);
	close(d.listener);
}

/* --- a socket that another back end has had --------------------------------------------------- */

static int patient(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct waiter w = { .door = arg, .deadline = io_after_ms(PATIENCE_MS) };
	int fd;

	begin(&group, &w, NULL);
	must_equal(group.running, 1);
	fd = knock(w.door);
	must_equal(io_group_wait_all(&group, 0), 0);
	must(w.fd >= 0);
	close(w.fd);
	close(fd);
	must_equal(io_accept(w.door->listener, NULL, NULL, io_after_ms(1)), -ETIMEDOUT);
	return 0;
}

static void one_that_does_not_block_is_waited_for(void **state)
{
	struct door d = { .backend = *state };

	open_door(&d, SOCK_NONBLOCK);
	assert_int_equal(on_loop(state, patient, &d), 0);
	close(d.listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(who_stops_keeps_no_connection),
		ON_BOTH(nobody_is_left_outside),
		ON_BOTH(who_stops_stops),
		ON_BOTH(one_that_does_not_block_is_waited_for),
	};

	return cmocka_run_group_tests_name("io accept", tests, NULL, NULL);
}
