/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of HTTP connections share: a handler with a path for each thing it can do. */
#ifndef TEST_HTTP_UTIL_H
#define TEST_HTTP_UTIL_H

#include <netinet/in.h>

#include "http/server.h"
#include "tls_util.h"

#define LONG_TIME	io_after_ms(30000)
#define BULK		(1u << 20)	/* bytes of /bulk */

/* What handlers have seen. */
struct seen {
	unsigned int requests;
	uint64_t bytes;
	size_t most;		/* bytes that had been taken of a reply when it failed */
	int error;
	char trailer[64];
};

static inline int keep_trailer(void *arg, struct str name, struct str value)
{
	struct seen *seen = arg;

	(void)name;
	return str_copy(value, seen->trailer, sizeof(seen->trailer)) ? 0 : -E2BIG;
}

/* Reply with the body of the request. */
static inline int echo_body(struct http_request *rq, struct seen *seen)
{
	char buf[4096];
	size_t done = 0;
	ssize_t n;

	http_request_trailers(rq, keep_trailer, seen);
	while ((n = http_request_read(rq, buf + done, sizeof(buf) - done)) > 0)
		done += n;
	if (n < 0)
		return n;
	http_reply(rq, 200);
	return http_reply_whole(rq, buf, done);
}

static inline int count_body(struct http_request *rq, struct seen *seen)
{
	char buf[65536];
	ssize_t n;

	while ((n = http_request_read(rq, buf, sizeof(buf))) > 0)
		seen->bytes += n;
	seen->error = n;
	if (n < 0)
		return n;
	http_reply(rq, 200);
	return http_reply_whole(rq, "ok", 2);
}

static inline int pieces(struct http_request *rq, uint64_t len)
{
	http_reply(rq, 200);
	return http_reply_open(rq, len) ?: http_reply_write(rq, "abc", 3) ?:
	       http_reply_write(rq, "", 0) ?: http_reply_write(rq, "def", 3) ?:
	       http_reply_close(rq);
}

static inline int endless(struct http_request *rq, struct seen *seen)
{
	static const char zeros[65536];
	int rc;

	http_reply(rq, 200);
	rc = http_reply_open(rq, HTTP_UNKNOWN);
	while (!rc) {
		rc = http_reply_write(rq, zeros, sizeof(zeros));
		seen->most += rc ? 0 : sizeof(zeros);
	}
	seen->error = rc;
	return rc;
}

static inline int bulk(struct http_request *rq)
{
	char *buf = calloc(1, BULK);
	int rc;

	http_reply(rq, 200);
	rc = http_reply_whole(rq, buf, BULK);
	free(buf);
	return rc;
}

static inline int many_things(struct http_request *rq, void *arg)
{
	struct str path = http_str(&rq->head, rq->head.target);
	struct seen *seen = arg;

	seen->requests++;
	if (str_is(path, "/echo"))
		return echo_body(rq, seen);
	if (str_is(path, "/count"))
		return count_body(rq, seen);
	if (str_is(path, "/known"))
		return pieces(rq, 6);
	if (str_is(path, "/chunked"))
		return pieces(rq, HTTP_UNKNOWN);
	if (str_is(path, "/short"))
		return pieces(rq, 7);
	if (str_is(path, "/over"))
		return pieces(rq, 5);
	if (str_is(path, "/endless"))
		return endless(rq, seen);
	if (str_is(path, "/bulk"))
		return bulk(rq);
	if (str_is(path, "/fail"))
		return -EIO;
	if (str_is(path, "/none"))
		return 0;
	http_reply(rq, str_is(path, "/204") ? 204 : str_is(path, "/304") ? 304 : 200);
	return http_reply_whole(rq, "hello\n", 6);
}

/* A server for one connection, with limits that tests can wait for. */
#define SERVER(seen_) {								\
	.limits = { .head_bytes = 2048, .rate = 1000, .drain = 4096,		\
		    .head = 20000000000ll, .idle = 20000000000ll,		\
		    .grace = 20000000000ll },					\
	.handler = many_things, .arg = (seen_) }

/* Listen on a port of loopback. */
static inline int listen_at(struct sockaddr_in *at, int backlog)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	must(fd >= 0);
	must_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	must_equal(listen(fd, backlog), 0);
	must_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static inline void tcp_pair(int fd[2])
{
	struct sockaddr_in at;
	int listener = listen_at(&at, 1);

	fd[0] = io_dial((struct sockaddr *)&at, sizeof(at), 0);
	fd[1] = io_accept(listener, NULL, NULL, 0);
	must(fd[0] >= 0 && fd[1] >= 0);
	close(listener);
}

#endif /* TEST_HTTP_UTIL_H */
