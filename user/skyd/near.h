/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a gateway to the edges of its own machine: a pair of sockets for each connection,
 * made by the gateway, which hands one end to the edge.  The parent gives the two something to hand
 * them over (CONTROL_NEAR).  It is the way alone that differs from the address of the edge: what is
 * asked, and by which URLs, is the same.  Where it cannot be gone, the address is.
 */
#ifndef SKYD_NEAR_H
#define SKYD_NEAR_H

#include "control.h"

/* Of a gateway; zeroed. */
struct near {
	struct near_edge {
		char host[ROLE_HOST];		/* what its URL has after http://; "": none */
		int hand;
	} edge[ROLE_PLACES];			/* by the number of their place */
};

/* An edge can be reached by @hand, instead of one of that place before it. */
void near_take(struct near *near, const struct control *message, int hand);

/**
 * near_dial - a connection to an edge
 * @url:	of the location
 *
 * It does not wait, and the edge may be about to end: then nobody takes the connection.
 *
 * Return: a descriptor; -ENOENT: there is no edge at @url here; another -errno.
 */
int near_dial(struct near *near, const char *url);

void near_close(struct near *near);

#endif /* SKYD_NEAR_H */
