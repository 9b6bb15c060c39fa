/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of io-bench share. */
#ifndef IO_BENCH_H
#define IO_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "skybench/bench.h"

/* One way to serve an echo: takes @connections from @listener, and returns when all have ended. */
struct echo_server {
	const char *name;
	void (*serve)(int listener, unsigned int connections);
};

extern const struct echo_server echo_uring, echo_epoll;		/* user/lib/io */
extern const struct echo_server echo_plain_epoll, echo_threads;	/* the peers */

/* Round trips over loopback, all servers in turn. */
void bench_echo(struct bench_report *report);

/* What a switch, a spawn, a timer and a job cost. */
void bench_costs(struct bench_report *report);

void failed(const char *what) __attribute__((__noreturn__));

#endif /* IO_BENCH_H */
