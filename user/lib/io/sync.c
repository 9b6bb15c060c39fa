// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "internal.h"
#include "sync.h"

/* A fiber in a list of those that wait. */
struct waiter {
	struct io_wait wait;
	struct io_node node;
	uint64_t units;		/* of a semaphore */
	void *item;		/* of a queue: to be put, or got */
	struct io_semaphore *semaphore;
};

static void waiter_cancel(struct io_wait *wait)
{
	struct waiter *w = container_of(wait, struct waiter, wait);

	list_del(&w->node);
	io_complete(wait, -ECANCELED);
}

static int wait_in(struct io_node *list, struct waiter *w, int64_t deadline)
{
	int rc = io_may_wait(io_task_self(), deadline);

	if (rc)
		return rc;
	if (!w->wait.cancel)
		w->wait.cancel = waiter_cancel;
	list_add(list, &w->node);
	return io_suspend(&w->wait, deadline);
}

static struct waiter *first_of(struct io_node *list)
{
	return list_empty(list) ? NULL : list_entry(list->next, struct waiter, node);
}

static void let_go(struct waiter *w, int result)
{
	list_del(&w->node);
	io_complete(&w->wait, result);
}

static void let_all_go(struct io_node *list, int result)
{
	struct waiter *w;

	while ((w = first_of(list)))
		let_go(w, result);
}

void io_event_init(struct io_event *event)
{
	list_init(&event->waiters);
	event->set = false;
}

void io_event_set(struct io_event *event)
{
	event->set = true;
	let_all_go(&event->waiters, 0);
}

void io_event_clear(struct io_event *event)
{
	event->set = false;
}

int io_event_wait(struct io_event *event, int64_t deadline)
{
	struct waiter w = { 0 };

	return event->set ? 0 : wait_in(&event->waiters, &w, deadline);
}

void io_semaphore_init(struct io_semaphore *semaphore, uint64_t units)
{
	list_init(&semaphore->waiters);
	semaphore->free = units;
}

static void hand_out(struct io_semaphore *s)
{
	struct waiter *w;

	while ((w = first_of(&s->waiters)) && w->units <= s->free) {
		s->free -= w->units;
		let_go(w, 0);
	}
}

/* Who gives up may have stood before others that want less. */
static void acquire_cancel(struct io_wait *wait)
{
	struct waiter *w = container_of(wait, struct waiter, wait);
	struct io_semaphore *s = w->semaphore;

	waiter_cancel(wait);
	hand_out(s);
}

bool io_try_acquire(struct io_semaphore *semaphore, uint64_t units)
{
	if (!list_empty(&semaphore->waiters) || semaphore->free < units)
		return false;
	semaphore->free -= units;
	return true;
}

int io_acquire(struct io_semaphore *semaphore, uint64_t units, int64_t deadline)
{
	struct waiter w = { .wait.cancel = acquire_cancel, .units = units, .semaphore = semaphore };

	if (io_try_acquire(semaphore, units))
		return 0;
	return wait_in(&semaphore->waiters, &w, deadline);
}

void io_release(struct io_semaphore *semaphore, uint64_t units)
{
	semaphore->free += units;
	hand_out(semaphore);
}

void io_queue_init(struct io_queue *queue, void **slot, unsigned int room)
{
	MUST(room);
	*queue = (struct io_queue){ .slot = slot, .room = room };
	list_init(&queue->putters);
	list_init(&queue->getters);
}

static void push(struct io_queue *q, void *item)
{
	q->slot[(q->first + q->count++) % q->room] = item;
}

static void *pop(struct io_queue *q)
{
	void *item = q->slot[q->first];

	q->first = (q->first + 1) % q->room;
	q->count--;
	return item;
}

int io_put(struct io_queue *queue, void *item, int64_t deadline)
{
	struct waiter w = { .item = item }, *getter = first_of(&queue->getters);

	if (queue->closed)
		return -EPIPE;
	if (getter) {
		getter->item = item;
		let_go(getter, 0);
		return 0;
	}
	if (queue->count == queue->room)
		return wait_in(&queue->putters, &w, deadline);
	push(queue, item);
	return 0;
}

int io_get(struct io_queue *queue, void **item, int64_t deadline)
{
	struct waiter w = { 0 }, *putter;
	int rc;

	if (!queue->count) {
		rc = queue->closed ? -EPIPE : wait_in(&queue->getters, &w, deadline);
		if (!rc)
			*item = w.item;
		return rc;
	}
	*item = pop(queue);
	putter = first_of(&queue->putters);
	if (putter) {
		push(queue, putter->item);
		let_go(putter, 0);
	}
	return 0;
}

void io_queue_close(struct io_queue *queue)
{
	queue->closed = true;
	let_all_go(&queue->getters, -EPIPE);
	let_all_go(&queue->putters, -EPIPE);
}
