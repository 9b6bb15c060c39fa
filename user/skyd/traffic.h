/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and bytes of each team, counted where they come in.  A request adds to a row in memory;
 * once in a while the rows go to the backend as a numbered batch, and again until it has said that
 * it has them.  A gateway that is killed loses what it has not told: a second's worth.
 */
#ifndef SKYD_TRAFFIC_H
#define SKYD_TRAFFIC_H

#include "link.h"
#include "meta.h"

#define TRAFFIC_MS	1000

struct traffic;

/* Return: it, for a gateway that has the link to its backend; NULL: no memory. */
struct traffic *traffic_open(struct link *backend);
void traffic_close(struct traffic *t);

/* A request has ended.  @team: who pays; 0: nobody does.  @received, @sent: bytes of bodies. */
void traffic_count(struct traffic *t, u64 team, u64 received, u64 sent);

/*
 * Tell the backend.  On a fiber, one at a time; requests may be counted meanwhile.
 *
 * Return: 0: it has all that was counted when this was called; as link_do(): it is told again.
 */
int traffic_tell(struct traffic *t, int64_t deadline);

/* Requests that nobody will be told of, as there was no memory for them. */
u64 traffic_lost(const struct traffic *t);

#endif /* SKYD_TRAFFIC_H */
