/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of bench-http share. */
#ifndef HTTP_BENCH_H
#define HTTP_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "skybench/bench.h"
#include "tls/tls.h"

#define TINY	6u		/* bytes of / */
#define BULK	(1u << 20)	/* bytes of /bulk */

/* A server: takes @connections from @listener, and returns when all have ended. */
struct http_peer {
	const char *name;
	const char *backend;		/* of io, or NULL: plain epoll */
	bool tls;
};

void serve_plain(int listener, unsigned int connections);
void serve_fibers(const char *backend, struct tls_context *tls, int listener,
		  unsigned int connections);

/*
 * Connect, ask for @path @requests times on each of @connections, one at a time each, and
 * disconnect.  The same loop whoever serves.
 */
void ask_many(int port, struct tls_context *tls, const char *path, size_t bytes,
	      unsigned int connections, unsigned int requests);

void failed(const char *what) __attribute__((__noreturn__));

#endif /* HTTP_BENCH_H */
