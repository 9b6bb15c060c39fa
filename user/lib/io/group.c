// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>

#include "internal.h"

/* What a waiter waits for, above any number of successes. */
#define WANT_ALL	(UINT_MAX - 1)	/* to succeed, or one to fail */
#define WANT_END	UINT_MAX	/* to end */

struct group_wait {
	struct io_wait wait;
	struct io_group *group;
};

/* 1: not yet; otherwise what the waiter returns. */
static int verdict(const struct io_group *g)
{
	if (g->want == WANT_END)
		return g->running ? 1 : 0;
	if (g->want == WANT_ALL)
		return g->bad ? g->error : g->running ? 1 : 0;
	if (g->good >= g->want)
		return 0;
	if ((uint64_t)g->good + g->running >= g->want)
		return 1;
	return g->bad ? g->error : -ECHILD;
}

void io_group_init(struct io_group *group)
{
	*group = (struct io_group)IO_GROUP(*group);
}

int io_spawn(struct io_group *group, io_fn *fn, void *arg, struct io_task **task)
{
	struct io_loop *loop = io_loop_self();
	struct io_task *own = NULL;
	struct io_task **handle = task ? task : &own;
	int rc;

	MUST(loop);
	rc = io_task_make(loop, group, fn, arg, handle);
	if (rc)
		return rc;
	list_add(&group->children, &(*handle)->sibling);
	group->running++;
	(*handle)->cancelled = group->ending;
	if (!task)
		own->handle = NULL;
	return 0;
}

void io_group_child_ended(struct io_task *task)
{
	struct io_group *group = task->group;
	struct io_wait *waiter = group->waiter;

	list_del(&task->sibling);
	group->running--;
	if (task->result >= 0)
		group->good++;
	else if (!group->bad++)
		group->error = task->result;
	if (waiter && verdict(group) <= 0) {
		group->waiter = NULL;
		io_complete(waiter, verdict(group));
	}
}

static void wait_cancel(struct io_wait *wait)
{
	struct group_wait *w = container_of(wait, struct group_wait, wait);

	w->group->waiter = NULL;
	io_complete(wait, -ECANCELED);
}

static int wait_for(struct io_group *group, unsigned int want, int64_t deadline)
{
	struct group_wait w = { .wait.cancel = wait_cancel, .group = group };
	int rc;

	MUST(!group->waiter);
	group->want = want;
	rc = verdict(group);
	if (rc <= 0)
		return rc;
	rc = io_may_wait(io_task_self(), deadline);
	if (rc)
		return rc;
	group->waiter = &w.wait;
	return io_suspend(&w.wait, deadline);
}

int io_group_wait(struct io_group *group, unsigned int k, int64_t deadline)
{
	MUST(k < WANT_ALL);
	return wait_for(group, k, deadline);
}

int io_group_wait_all(struct io_group *group, int64_t deadline)
{
	return wait_for(group, WANT_ALL, deadline);
}

int io_group_drain(struct io_group *group, int64_t deadline)
{
	return wait_for(group, WANT_END, deadline);
}

void io_group_cancel(struct io_group *group)
{
	struct io_node *node;

	/* Nothing is taken off the list here: a child leaves it when it ends. */
	for (node = group->children.next; node != &group->children; node = node->next)
		io_cancel(list_entry(node, struct io_task, sibling));
}

void io_group_end(struct io_group *group)
{
	if (!group->running)
		return;
	io_shield();
	group->ending = true;
	io_group_cancel(group);
	wait_for(group, WANT_END, 0);
	group->ending = false;
	io_unshield();
}
