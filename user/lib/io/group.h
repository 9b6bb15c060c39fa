/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups: the fibers that a fiber has spawned.  No child outlives its group, and what a
 * child is given may therefore lie on the stack of its parent:
 *
 *	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
 *
 *	for (i = 0; i < n; i++)
 *		io_spawn(&group, put_fragment, &fragment[i], NULL);
 *	rc = io_group_wait(&group, k, deadline);
 *
 * When the block is left, by whatever way, the rest are cancelled and waited for.
 */
#ifndef SKY_IO_GROUP_H
#define SKY_IO_GROUP_H

#include <stdint.h>

#include "base/cleanup.h"
#include "loop.h"
#include "node.h"

struct io_group {
	struct io_node children;	/* those that have not ended */
	struct io_wait *waiter;		/* io_group_wait() and its kind: one at a time */
	unsigned int running;
	unsigned int good;		/* have returned 0 or more */
	unsigned int bad;		/* have returned an error */
	int error;			/* the first of those */
	unsigned int want;		/* what the waiter waits for */
	bool ending;			/* who is spawned now is cancelled from the start */
};

#define IO_GROUP(group)	{ .children = { &(group).children, &(group).children } }
#define CLEANUP_GROUP	CLEANUP(io_group_end)

/* For a group that is part of something else. */
void io_group_init(struct io_group *group);

/**
 * io_spawn - make a fiber
 * @group:	it belongs to; of this loop
 * @fn:		success is a return of 0 or more
 * @task:	NULL, or receives the fiber for io_cancel(), and NULL again when it has ended;
 *		has to stay where it is until then
 *
 * On a fiber or in a posted function.  The new fiber runs when the caller next waits.  Nothing
 * of it is left when it has ended, so a group may have any number of children in its life.
 *
 * Return: 0 or -ENOMEM.
 */
int io_spawn(struct io_group *group, io_fn *fn, void *arg, struct io_task **task);

/**
 * io_group_wait - wait until @k children have succeeded
 * @k:		counted since the group was made
 *
 * The others go on: one may spawn more and wait again, or be content and end the group.
 *
 * Return: 0; -ETIMEDOUT; -ECANCELED when the caller has been cancelled; when too few can still
 * succeed, the error of the first child that failed, or -ECHILD if none did.
 */
int io_group_wait(struct io_group *group, unsigned int k, int64_t deadline);

/**
 * io_group_wait_all - wait until all have succeeded or one has failed
 *
 * Return: 0, the error of the first that failed, -ETIMEDOUT or -ECANCELED.
 */
int io_group_wait_all(struct io_group *group, int64_t deadline);

/* Wait until all have ended, whatever they return: 0, -ETIMEDOUT or -ECANCELED. */
int io_group_drain(struct io_group *group, int64_t deadline);

/* Cancel all that are there now. */
void io_group_cancel(struct io_group *group);

/* Cancel all and wait until they have ended, even when the caller has been cancelled. */
void io_group_end(struct io_group *group);

#endif /* SKY_IO_GROUP_H */
