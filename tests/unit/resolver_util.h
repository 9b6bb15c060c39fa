/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A resolver on the loop of a test, whose names the test makes up, and a link to it. */
#ifndef TEST_RESOLVER_UTIL_H
#define TEST_RESOLVER_UTIL_H

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <time.h>

#include "io_util.h"

#include "../../user/skyd/resolver.h"

struct names {
	struct io_group group;		/* its look-ups, its service and the link's reader */
	struct resolver resolver;
	struct io_stream stream;
	struct link *link;
};

/* Shared with worker threads. */
static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *names_first = "127.0.0.1", *names_second;	/* of every name */
static int names_error;			/* EAI_...: that there is none */
static unsigned int names_asked;	/* look-ups begun */
static bool names_hang;			/* until it is false, for names that begin with "hung" */

static inline int names_look_up(const char *name, struct resolver_address *to, u32 *count)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	int rc;

	pthread_mutex_lock(&names_lock);
	names_asked++;
	while (names_hang && !strncasecmp(name, "hung", 4)) {
		pthread_mutex_unlock(&names_lock);
		nanosleep(&moment, NULL);
		pthread_mutex_lock(&names_lock);
	}
	rc = names_error;
	*count = 0;
	memset(to, 0, RESOLVER_ADDRESSES * sizeof(*to));
	if (!rc)
		inet_pton(AF_INET, names_first, to[(*count)++].bytes);
	if (!rc && names_second)
		inet_pton(AF_INET, names_second, to[(*count)++].bytes);
	pthread_mutex_unlock(&names_lock);
	return rc;
}

static inline void names_are(const char *first, const char *second, int error)
{
	pthread_mutex_lock(&names_lock);
	names_first = first;
	names_second = second;
	names_error = error;
	pthread_mutex_unlock(&names_lock);
}

static inline void names_stall(bool hang)
{
	pthread_mutex_lock(&names_lock);
	names_hang = hang;
	pthread_mutex_unlock(&names_lock);
}

static inline unsigned int names_count(void)
{
	unsigned int n;

	pthread_mutex_lock(&names_lock);
	n = names_asked;
	pthread_mutex_unlock(&names_lock);
	return n;
}

static inline int names_serve(void *arg)
{
	struct names *n = arg;
	struct link_service service;

	resolver_service(&n->resolver, ROLE_GATEWAY, &service);
	return link_serve(&service, &n->stream);
}

static inline void names_open(struct names *n)
{
	int fd[2];

	memset(n, 0, sizeof(*n));
	names_are("127.0.0.1", NULL, 0);
	names_stall(false);
	names_asked = 0;
	io_group_init(&n->group);
	must_equal(resolver_open(&n->resolver, &n->group), 0);
	n->resolver.look_up = names_look_up;
	stream_pair(fd);
	io_stream_socket(&n->stream, fd[0]);
	must_equal(io_spawn(&n->group, names_serve, n, NULL), 0);
	must_equal(link_open(&n->link, NULL, &n->group), 0);
	link_attach(n->link, fd[1]);
}

static inline void names_close(struct names *n)
{
	names_stall(false);
	link_close(n->link);
	io_group_end(&n->group);
	io_stream_close(&n->stream);
	resolver_close(&n->resolver);
}

#endif /* TEST_RESOLVER_UTIL_H */
