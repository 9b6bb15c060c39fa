/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fibers of one loop wait for from each other.  First come, first served: who waits is
 * given what he waits for, and nobody that comes later takes it from him.  For use by one
 * loop only; from other threads, post (loop.h).
 *
 * An object may be freed when no fiber waits on it.
 */
#ifndef SKY_IO_SYNC_H
#define SKY_IO_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "node.h"

/* Something that has happened, or has not yet. */
struct io_event {
	struct io_node waiters;
	bool set;
};

void io_event_init(struct io_event *event);

/* It has happened: all that wait go on, and nobody waits from here on. */
void io_event_set(struct io_event *event);
void io_event_clear(struct io_event *event);

/* Return: 0, -ETIMEDOUT or -ECANCELED. */
int io_event_wait(struct io_event *event, int64_t deadline);

/* A number of units (requests, bytes of memory) of which each holder has some. */
struct io_semaphore {
	struct io_node waiters;
	uint64_t free;
};

void io_semaphore_init(struct io_semaphore *semaphore, uint64_t units);

/**
 * io_acquire - take @units of them, waiting until all are there at once
 *
 * Who wants many is not passed by those who want few and came later.
 *
 * Return: 0; -ETIMEDOUT or -ECANCELED, with none taken.
 */
int io_acquire(struct io_semaphore *semaphore, uint64_t units, int64_t deadline);

/* Take them if nobody has to wait for it. */
bool io_try_acquire(struct io_semaphore *semaphore, uint64_t units);
void io_release(struct io_semaphore *semaphore, uint64_t units);

/* A queue of so many pointers: who puts waits while it is full, who gets while it is empty. */
struct io_queue {
	struct io_node putters;
	struct io_node getters;
	void **slot;
	unsigned int room;
	unsigned int first;
	unsigned int count;
	bool closed;
};

/* @slot: @room pointers, the caller's; at least 1, and as long as the queue is used. */
void io_queue_init(struct io_queue *queue, void **slot, unsigned int room);

/* Return: 0; -EPIPE when it is closed, -ETIMEDOUT or -ECANCELED with @item not taken over. */
int io_put(struct io_queue *queue, void *item, int64_t deadline);

/* Return: 0; -EPIPE when it is closed and empty; -ETIMEDOUT or -ECANCELED. */
int io_get(struct io_queue *queue, void **item, int64_t deadline);

/* Nothing more can be put; what is in it can still be got.  May be done twice. */
void io_queue_close(struct io_queue *queue);

#endif /* SKY_IO_SYNC_H */
