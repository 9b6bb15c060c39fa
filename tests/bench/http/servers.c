// SPDX-License-Identifier: GPL-2.0-or-later
/* The two servers. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "http/server.h"
#include "http_bench.h"
#include "io/group.h"
#include "io/net.h"

static char zeros[BULK];

/* --- user/lib/http ---------------------------------------------------------------------------- */

struct job {
	struct http_server server;
	struct tls_context *tls;
	int listener;
	unsigned int connections;
};

struct guest {
	struct job *job;
	int fd;
};

static int handler(struct http_request *rq, void *arg)
{
	bool bulk = str_is(http_str(&rq->head, rq->head.target), "/bulk");
	struct out *o = http_reply(rq, 200);

	(void)arg;
	http_write_field(o, STR("Content-Type"), STR("text/plain"));
	return http_reply_whole(rq, bulk ? zeros : "hello\n", bulk ? BULK : TINY);
}

static int serve_one(void *arg)
{
	struct guest *g = arg;
	struct io_stream socket, *stream = &socket;
	int one = 1;

	setsockopt(g->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	io_stream_socket(&socket, g->fd);
	if (g->job->tls && tls_accept(g->job->tls, &socket, io_after_ms(10000), &stream, NULL))
		failed("tls_accept");
	http_serve(&g->job->server, stream, NULL);
	io_stream_close(stream);
	return 0;
}

static int accept_all(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct job *job = arg;
	struct guest *guest = calloc(job->connections, sizeof(*guest));
	unsigned int i;

	for (i = 0; i < job->connections; i++) {
		guest[i] = (struct guest){ job, io_accept(job->listener, NULL, NULL, 0) };
		if (guest[i].fd < 0 || io_spawn(&group, serve_one, &guest[i], NULL))
			failed("accept");
	}
	io_group_drain(&group, 0);
	free(guest);
	return 0;
}

void serve_fibers(const char *backend, struct tls_context *tls, int listener,
		  unsigned int connections)
{
	struct io_options options = { .backend = backend };
	struct job job = {
		.server = { .limits = HTTP_LIMITS_USUAL, .handler = handler },
		.tls = tls, .listener = listener, .connections = connections,
	};
	struct io_loop *loop;

	errno = -io_loop_open(&loop, &options);
	if (errno)
		failed(backend);
	io_loop_run(loop, accept_all, &job);
	io_loop_close(loop);
}

/* --- an epoll loop, as short as it can be ----------------------------------------------------- */

struct plain {
	int fd;
	size_t have, left;	/* bytes of a request, and of a reply still to be sent */
	char buf[4096];
};

#define REPLY	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %u\r\n\r\n"

/* Send what fits; epoll tells when there is more room. */
static void push(int ep, struct plain *c)
{
	struct epoll_event e = { .data.ptr = c };
	ssize_t n = send(c->fd, zeros, c->left, MSG_NOSIGNAL | MSG_DONTWAIT);

	c->left -= n > 0 ? n : 0;
	e.events = c->left ? EPOLLOUT : EPOLLIN;
	epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

static void reply(int ep, struct plain *c)
{
	bool bulk = !memcmp(c->buf, "GET /bulk ", 10);
	size_t len = bulk ? BULK : TINY, n;
	struct iovec iov[2];
	char head[256];
	ssize_t sent;

	n = snprintf(head, sizeof(head), REPLY, (unsigned int)len);
	iov[0] = (struct iovec){ head, n };
	iov[1] = (struct iovec){ bulk ? zeros : "hello\n", len };
	sent = writev(c->fd, iov, 2);
	if (sent < (ssize_t)n)
		failed("writev");
	c->have = 0;
	c->left = n + len - sent;
	if (c->left)
		push(ep, c);
}

/* Return: false at the end of the connection. */
static bool turn(int ep, struct plain *c)
{
	ssize_t n;

	if (c->left) {
		push(ep, c);
		return true;
	}
	n = recv(c->fd, c->buf + c->have, sizeof(c->buf) - c->have, MSG_DONTWAIT);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	c->have += n;
	if (c->have >= 4 && !memcmp(c->buf + c->have - 4, "\r\n\r\n", 4))
		reply(ep, c);
	return true;
}

void serve_plain(int listener, unsigned int connections)
{
	struct plain *connection = calloc(connections, sizeof(*connection)), *c;
	struct epoll_event event[64], add = { .events = EPOLLIN };
	unsigned int i, left = connections;
	int ep = epoll_create1(EPOLL_CLOEXEC), n, k, one = 1;

	for (i = 0; i < connections; i++) {
		c = &connection[i];
		c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		add.data.ptr = c;
		if (c->fd < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &add))
			failed("accept");
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	while (left) {
		n = epoll_wait(ep, event, 64, -1);
		for (k = 0; k < n; k++) {
			c = event[k].data.ptr;
			if (!turn(ep, c)) {
				close(c->fd);
				left--;
			}
		}
	}
	close(ep);
	free(connection);
}
