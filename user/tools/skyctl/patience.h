/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a server is waited for that says nothing. */
#ifndef SKYCTL_PATIENCE_H
#define SKYCTL_PATIENCE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

struct options;

#define TIMEOUT_MAX	86400u		/* seconds */

/* A connection has to be there by then, whatever is waited for an answer. */
#define CONNECT_MS	10000L

enum asked { ASKED_SKYD, ASKED_S3, ASKED_LOG, ASKED_WITNESS };

/* Milliseconds: what --timeout says, or what is usual for such a server. */
uint64_t patience_ms(const struct options *o, enum asked who);

/*
 * A request, all tries of it together.  What was moved before, and is again, is no sign of life
 * as long as buffers could hold it: the kernel takes bytes for a server that never reads them.
 */
struct silence {
	uint64_t limit_ms;
	uint64_t since;			/* monotonic milliseconds: when something came further */
	uint64_t furthest;		/* bytes of bodies, of the best try */
	uint64_t moved;			/* and of this one */
};

void silence_begin(struct silence *s, uint64_t limit_ms);
/* @bytes: moved by this try.  Return: has it been long enough? */
bool silence_is_over(struct silence *s, uint64_t bytes);
uint64_t silence_left_ms(const struct silence *s);

/* Report that somebody was silent.  Return: -ETIMEDOUT. */
int patience_fail(const char *where, uint64_t limit_ms);

#endif /* SKYCTL_PATIENCE_H */
