// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A heap in which each entry has four children: fewer levels than with two, and the four lie
 * side by side (LaMarca and Ladner, The Influence of Caches on the Performance of Heaps, 1996).
 * Most deadlines never pass, and a new one is mostly later than those that are there, so that
 * setting one ends at its leaf.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define CHILDREN	4u

static void place(struct io_timers *t, unsigned int i, struct io_timer timer)
{
	t->heap[i] = timer;
	timer.task->timer = i + 1;
}

static void sift_up(struct io_timers *t, unsigned int i, struct io_timer timer)
{
	while (i) {
		unsigned int parent = (i - 1) / CHILDREN;

		if (t->heap[parent].when <= timer.when)
			break;
		place(t, i, t->heap[parent]);
		i = parent;
	}
	place(t, i, timer);
}

static void sift_down(struct io_timers *t, unsigned int i, struct io_timer timer)
{
	for (;;) {
		unsigned int first = i * CHILDREN + 1, end = min(first + CHILDREN, t->count);
		unsigned int least = first, c;

		if (first >= t->count)
			break;
		for (c = first + 1; c < end; c++)
			if (t->heap[c].when < t->heap[least].when)
				least = c;
		if (timer.when <= t->heap[least].when)
			break;
		place(t, i, t->heap[least]);
		i = least;
	}
	place(t, i, timer);
}

int io_timers_reserve(struct io_timers *t, unsigned int tasks)
{
	unsigned int room = t->room ? t->room : 16;
	struct io_timer *heap;

	if (tasks <= t->room)
		return 0;
	while (room < tasks)
		room *= 2;
	heap = realloc(t->heap, room * sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	t->heap = heap;
	t->room = room;
	return 0;
}

void io_timers_set(struct io_timers *t, struct io_task *task, int64_t when)
{
	struct io_timer timer = { .when = when, .task = task };

	io_timers_drop(t, task);
	MUST(t->count < t->room);
	sift_up(t, t->count++, timer);
}

void io_timers_drop(struct io_timers *t, struct io_task *task)
{
	unsigned int i = task->timer - 1;
	struct io_timer last;

	if (!task->timer)
		return;
	task->timer = 0;
	last = t->heap[--t->count];
	if (i == t->count)
		return;
	if (i && last.when < t->heap[(i - 1) / CHILDREN].when)
		sift_up(t, i, last);
	else
		sift_down(t, i, last);
}
