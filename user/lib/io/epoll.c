// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The back end for where io_uring is not allowed.  A call is tried first; what is not ready
 * waits for its descriptor, and is tried again before its fiber hears of it.  Files have no
 * readiness: threads make those calls.
 *
 * A descriptor is registered for one report at a time (EPOLLONESHOT), so nothing has to be
 * known here of descriptors that nobody waits on: that they are closed, by whom, and that their
 * numbers are used again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "internal.h"

#define EVENTS		64
#define FILE_THREADS	4u
#define FIRST_SLOTS	64u

struct epoll_state {
	int fd;
	struct io_node *waiting;	/* by descriptor: calls in the order they came */
	unsigned int slots;		/* of waiting */
	struct io_pool *files;		/* NULL: no call on a file was made yet */
};

static int grow(struct epoll_state *s, int fd)
{
	unsigned int slots = s->slots ? s->slots : FIRST_SLOTS, i;
	struct io_node *waiting;

	if (fd < (int)s->slots)
		return 0;
	while (slots <= fd)
		slots *= 2;
	waiting = malloc(slots * sizeof(*waiting));
	if (!waiting)
		return -ENOMEM;
	for (i = 0; i < slots; i++) {
		list_init(&waiting[i]);
		if (i < s->slots)
			list_move_all(&waiting[i], &s->waiting[i]);
	}
	free(s->waiting);
	s->waiting = waiting;
	s->slots = slots;
	return 0;
}

/* Ask for a report of what the calls on a descriptor wait for. */
static int arm(struct epoll_state *s, int fd)
{
	struct epoll_event event = { .events = EPOLLONESHOT, .data.fd = fd };
	struct io_node *list = &s->waiting[fd], *node;

	for (node = list->next; node != list; node = node->next)
		event.events |= io_plain_events(list_entry(node, struct io_op, node));
	if (!epoll_ctl(s->fd, EPOLL_CTL_MOD, fd, &event))
		return 0;
	if (errno == ENOENT && !epoll_ctl(s->fd, EPOLL_CTL_ADD, fd, &event))
		return 0;
	return -errno;
}

static int run_file_call(void *arg)
{
	return io_plain_call(arg);
}

static bool start_file(struct epoll_state *s, struct io_op *op, int *result)
{
	if (!s->files) {
		*result = io_pool_open(&s->files, FILE_THREADS);
		if (*result)
			return true;
	}
	op->job.fn = run_file_call;
	op->job.arg = op;
	op->job.wait = &op->wait;
	io_job_start(s->files, &op->job);
	return false;
}

static bool epoll_start(struct io_loop *loop, struct io_op *op, int *result)
{
	struct epoll_state *s = loop->state;

	if (io_op_blocks(op))
		return start_file(s, op, result);
	op->polling = false;
	*result = io_plain_call(op);
	if (*result != IO_NOT_READY)
		return true;
	if (io_op_dontwait(op)) {
		*result = -EAGAIN;
		return true;
	}
	*result = grow(s, op->fd);
	if (*result)
		return true;
	op->polling = true;
	list_add(&s->waiting[op->fd], &op->node);
	*result = arm(s, op->fd);
	if (!*result)
		return false;
	list_del(&op->node);
	return true;
}

static void epoll_cancel(struct io_wait *wait)
{
	struct io_op *op = container_of(wait, struct io_op, wait);

	if (!io_op_blocks(op))
		list_del(&op->node);
	else if (!io_job_remove(&op->job))
		return;
	io_complete(wait, -ECANCELED);
}

/* Try again what waits on a descriptor. */
static void report(struct epoll_state *s, int fd)
{
	struct io_node rest;
	struct io_op *op;
	int rc;

	list_init(&rest);
	list_move_all(&rest, &s->waiting[fd]);
	while (!list_empty(&rest)) {
		op = list_entry(rest.next, struct io_op, node);
		list_del(&op->node);
		rc = io_plain_call(op);
		if (rc == IO_NOT_READY)
			list_add(&s->waiting[fd], &op->node);
		else
			io_complete(&op->wait, rc);
	}
	if (list_empty(&s->waiting[fd]))
		return;
	rc = arm(s, fd);
	/* Nothing more will be heard of it. */
	while (rc && !list_empty(&s->waiting[fd])) {
		op = list_entry(s->waiting[fd].next, struct io_op, node);
		list_del(&op->node);
		io_complete(&op->wait, rc);
	}
}

static void epoll_wait_for(struct io_loop *loop, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	struct epoll_state *s = loop->state;
	struct epoll_event event[EVENTS];
	uint64_t count;
	int i, n;

	n = epoll_pwait2(s->fd, event, EVENTS, ns < 0 ? NULL : &ts, NULL);
	MUST(n >= 0 || errno == EINTR);
	for (i = 0; i < n; i++) {
		if (event[i].data.fd != loop->wake_fd)
			report(s, event[i].data.fd);
		else
			MUST(read(loop->wake_fd, &count, sizeof(count)) == sizeof(count));
	}
}

static void epoll_close(struct io_loop *loop)
{
	struct epoll_state *s = loop->state;

	io_pool_close(s->files);
	if (s->fd >= 0)
		close(s->fd);
	free(s->waiting);
	free(s);
}

static int epoll_open(struct io_loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = loop->wake_fd };
	struct epoll_state *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	loop->state = s;
	s->fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->fd >= 0 && !epoll_ctl(s->fd, EPOLL_CTL_ADD, loop->wake_fd, &event))
		return 0;
	rc = -errno;
	epoll_close(loop);
	return rc;
}

const struct io_backend io_epoll_backend = {
	.name = "epoll",
	.open = epoll_open,
	.close = epoll_close,
	.start = epoll_start,
	.cancel = epoll_cancel,
	.wait = epoll_wait_for,
};
