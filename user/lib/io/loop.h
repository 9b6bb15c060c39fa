/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops: one thread, one io_uring (or epoll), any number of fibers.
 *
 * A fiber is straight-line code.  What it calls of this room may suspend it, and lets the
 * other fibers of the loop run meanwhile; nothing else does, so what lies between two such
 * calls is not interrupted and needs no lock.  The first fiber is that of io_loop_run();
 * every other one belongs to a group (group.h) of the fiber that made it.
 *
 * All calls that may suspend a fiber
 *   - are made on a fiber,
 *   - take a deadline: nanoseconds of io_now()'s clock, 0 for none; one that has passed
 *     means that nothing is begun,
 *   - return what the system call of that name returns, or a negative errno; -ETIMEDOUT
 *     at the deadline and -ECANCELED when the fiber has been cancelled,
 *   - return only when the kernel has let go of every buffer and path of the call, a call
 *     that was cancelled or timed out included.  One that was done before it could be
 *     stopped returns its result, so that no byte is lost.
 *
 * A fiber that has been cancelled is so for good: each further call returns -ECANCELED at
 * once, until it has left its function.  Between io_shield() and io_unshield() its calls
 * work all the same, for what has to be done in any case.
 */
#ifndef SKY_IO_LOOP_H
#define SKY_IO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io_loop;
struct io_task;		/* a fiber of a loop */

/* What fibers, workers and posts run. */
typedef int io_fn(void *arg);

#define IO_STACK	(256u << 10)	/* bytes of a fiber's stack; used memory only counts */

struct io_options {
	const char *backend;	/* "uring" or "epoll"; NULL: the first that works here */
	size_t stack;		/* bytes; 0: IO_STACK */
};

/**
 * io_loop_open - make a loop, for the calling thread
 * @loop:	receives it
 * @options:	or NULL
 *
 * Return: 0; -EINVAL for a back end of an unknown name; -errno of the last back end that was
 * tried.
 */
int io_loop_open(struct io_loop **loop, const struct io_options *options);

/* Not while it runs, and by the thread that opened it.  What was posted since is not run. */
void io_loop_close(struct io_loop *loop);

/* Which back end it has got. */
const char *io_loop_backend(const struct io_loop *loop);

/**
 * io_loop_run - run a function as a fiber, and those that it spawns
 *
 * By the thread that opened the loop; as often as wanted, one after the other.
 *
 * Return: what @fn has returned, or -ENOMEM.
 */
int io_loop_run(struct io_loop *loop, io_fn *fn, void *arg);

/**
 * io_loop_stop - cancel the first fiber of a loop
 *
 * From any thread, and from signal handlers.  If the loop does not run, the next
 * io_loop_run() is what is stopped.
 */
void io_loop_stop(struct io_loop *loop);

/* The loop that runs on this thread, or NULL. */
struct io_loop *io_loop_self(void);

/* A function on its way to a loop.  It is the caller's, and is in use until @fn is called. */
struct io_post {
	struct io_post *next;		/* the loop's */
	void (*fn)(struct io_post *post);
};

/**
 * io_post - have a function run by a loop
 * @post:	with @fn set; never fails, as nothing is allocated
 *
 * From any thread, the loop's own included.  In the order of posting, on the loop's thread
 * between fibers: it may spawn, cancel and wake fibers, but makes no call that suspends.
 */
void io_post(struct io_loop *loop, struct io_post *post);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t io_now(void);

/* A deadline @ms milliseconds from now. */
static inline int64_t io_after_ms(int64_t ms)
{
	return io_now() + ms * 1000000;
}

/* Return: 0 at @when, or -ECANCELED. */
int io_sleep_until(int64_t when);

/* Let every fiber that could go on do so first. */
void io_yield(void);

/**
 * io_cancel - cancel a fiber of this loop
 * @task:	from io_spawn(); NULL does nothing
 *
 * Returns at once; the fiber's pending call returns when it has ended.
 */
void io_cancel(struct io_task *task);

/**
 * io_hurry - let the deadline of the call that a fiber is in have come
 * @task:	from io_spawn(); NULL, or one that is in no call: nothing is done
 *
 * That call returns -ETIMEDOUT, unless it was done before it could be stopped; later ones are as
 * ever.  So who waits looks up, and may wait on.
 */
void io_hurry(struct io_task *task);

/* Has this fiber been cancelled?  For code that computes for long without a call. */
bool io_cancelled(void);

/* What follows is done even when this fiber has been cancelled; pairs may be nested. */
void io_shield(void);
void io_unshield(void);

#endif /* SKY_IO_LOOP_H */
