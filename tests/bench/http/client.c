// SPDX-License-Identifier: GPL-2.0-or-later
/* The load: user/lib/http's own client on io's first back end, whoever serves. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "http/client.h"
#include "http_bench.h"
#include "io/group.h"

struct load {
	struct http_origin origin;
	const char *path;
	size_t bytes;
	unsigned int connections, requests;
};

static int ask(void *arg)
{
	struct load *l = arg;
	char *buf = malloc(65536);
	unsigned int i;
	size_t got;
	ssize_t n;

	for (i = 0; i < l->requests; i++) {
		struct http_call c = {
			.origin = &l->origin, .method = STR("GET"), .target = str_of(l->path),
		};

		if (http_call(&c))
			failed("http_call");
		for (got = 0; (n = http_call_read(&c, buf, 65536)) > 0; got += n)
			;
		if (n || got != l->bytes)
			failed("http_call_read");
		http_call_end(&c);
	}
	free(buf);
	return 0;
}

static int ask_all(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct load *l = arg;
	unsigned int i;

	http_origin_init(&l->origin);
	for (i = 0; i < l->connections; i++)
		if (io_spawn(&group, ask, l, NULL))
			failed("io_spawn");
	io_group_drain(&group, 0);
	http_origin_close(&l->origin);
	return 0;
}

void ask_many(int port, struct tls_context *tls, const char *path, size_t bytes,
	      unsigned int connections, unsigned int requests)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct load l = {
		.origin = { .host = "bench.test", .address_len = sizeof(at), .tls = tls,
			    .most = connections, .most_kept = connections },
		.path = path, .bytes = bytes, .connections = connections, .requests = requests,
	};
	struct io_loop *loop;

	memcpy(&l.origin.address, &at, sizeof(at));
	errno = -io_loop_open(&loop, NULL);
	if (errno)
		failed("io_loop_open");
	io_loop_run(loop, ask_all, &l);
	io_loop_close(loop);
}
