// SPDX-License-Identifier: GPL-2.0-or-later
/* The same echo, four times. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/file.h"
#include "io/group.h"
#include "io/loop.h"
#include "io/net.h"
#include "io_bench.h"

#define MAX_BYTES	65536u
#define PATIENCE_MS	30000	/* a deadline for each call, as a server has */

/* --- user/lib/io ----------------------------------------------------------------------------- */

struct job {
	int listener;
	unsigned int connections;
};

static int echo_fiber(void *arg)
{
	int fd = (intptr_t)arg;
	char *buf = malloc(MAX_BYTES);
	ssize_t n;

	while ((n = io_recv(fd, buf, MAX_BYTES, 0, io_after_ms(PATIENCE_MS))) > 0)
		if (io_send(fd, buf, n, 0, io_after_ms(PATIENCE_MS)))
			break;
	io_close(fd);
	free(buf);
	return 0;
}

static int accept_all(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct job *job = arg;
	int fd;

	while (job->connections--) {
		fd = io_accept(job->listener, NULL, NULL, 0);
		if (fd < 0 || io_spawn(&group, echo_fiber, (void *)(intptr_t)fd, NULL))
			failed("accept");
	}
	return io_group_drain(&group, 0);
}

static void serve_on(const char *backend, int listener, unsigned int connections)
{
	struct io_options options = { .backend = backend };
	struct job job = { listener, connections };
	struct io_loop *loop;

	errno = -io_loop_open(&loop, &options);
	if (errno)
		failed(backend);
	io_loop_run(loop, accept_all, &job);
	io_loop_close(loop);
}

static void serve_uring(int listener, unsigned int connections)
{
	serve_on("uring", listener, connections);
}

static void serve_epoll(int listener, unsigned int connections)
{
	serve_on("epoll", listener, connections);
}

/* --- an epoll loop, written plainly ----------------------------------------------------------- */

/* As others, it has a buffer for each connection: what was read may be half a request. */
struct plain {
	int fd;
	char *buf;
};

static void serve_plain(int listener, unsigned int connections)
{
	struct plain *connection = calloc(connections, sizeof(*connection)), *c;
	struct epoll_event event[64], add = { .events = EPOLLIN };
	unsigned int i, left = connections;
	int ep = epoll_create1(EPOLL_CLOEXEC), n, k;
	ssize_t len;

	for (i = 0; i < connections; i++) {
		c = &connection[i];
		*c = (struct plain){ accept(listener, NULL, NULL), malloc(MAX_BYTES) };
		add.data.ptr = c;
		if (c->fd < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &add))
			failed("accept");
	}
	while (left) {
		n = epoll_wait(ep, event, 64, -1);
		for (k = 0; k < n; k++) {
			c = event[k].data.ptr;
			len = recv(c->fd, c->buf, MAX_BYTES, 0);
			if (len <= 0 || send(c->fd, c->buf, len, MSG_NOSIGNAL) != len) {
				close(c->fd);
				free(c->buf);
				left--;
			}
		}
	}
	close(ep);
	free(connection);
}

/* --- a thread for each ------------------------------------------------------------------------ */

static void *echo_thread(void *arg)
{
	int fd = (intptr_t)arg;
	char *buf = malloc(MAX_BYTES);
	ssize_t n;

	while ((n = recv(fd, buf, MAX_BYTES, 0)) > 0)
		if (send(fd, buf, n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
	free(buf);
	return NULL;
}

static void serve_threads(int listener, unsigned int connections)
{
	pthread_t *thread = calloc(connections, sizeof(*thread));
	unsigned int i;
	int fd;

	for (i = 0; i < connections; i++) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0 || pthread_create(&thread[i], NULL, echo_thread, (void *)(intptr_t)fd))
			failed("accept");
	}
	for (i = 0; i < connections; i++)
		pthread_join(thread[i], NULL);
	free(thread);
}

const struct echo_server echo_uring = { "fibers on io_uring", serve_uring };
const struct echo_server echo_epoll = { "fibers on epoll", serve_epoll };
const struct echo_server echo_plain_epoll = { "plain epoll", serve_plain };
const struct echo_server echo_threads = { "blocking threads", serve_threads };
