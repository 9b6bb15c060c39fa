/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker threads, for what computes long and for what blocks: a fiber waits while one of them
 * runs a function for it.  Any number of loops may share a pool.
 *
 * A job lies on the stack of the fiber that waits for it, so nothing is allocated, there are
 * never more jobs than fibers, and a pool that falls behind stops those that ask: that is the
 * back-pressure.  Who has to keep fibers from piling up looks at io_pool_waiting() first.
 */
#ifndef SKY_IO_WORK_H
#define SKY_IO_WORK_H

#include "loop.h"

struct io_pool;

/**
 * io_pool_open - start threads
 * @pool:	receives the pool
 * @threads:	1 to 1024; they take no signals
 *
 * Return: 0 or -errno.
 */
int io_pool_open(struct io_pool **pool, unsigned int threads);

/* Wait for the threads to end.  No fiber may be in io_work() with it; NULL does nothing. */
void io_pool_close(struct io_pool *pool);

/* Jobs that no thread has begun; from any thread. */
unsigned int io_pool_waiting(struct io_pool *pool);

/**
 * io_work - have a worker thread run @fn
 * @fn:		makes no call that suspends
 *
 * First come, first served.  A job that has begun is always waited for.
 *
 * Return: what @fn returns; -ETIMEDOUT or -ECANCELED if it was not begun.
 */
int io_work(struct io_pool *pool, io_fn *fn, void *arg, int64_t deadline);

#endif /* SKY_IO_WORK_H */
