/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The relay: what has the network between machines, so that no other role needs it.
 *
 * It takes and makes connections of TLS 1.3 on which both sides show certificates of a private
 * authority (relay_peers.h says who is who), and passes bytes between them and streams of
 * AF_UNIX, which the parent makes and whose other ends the roles have as they have those of this
 * machine.  It knows nothing of what is asked.
 *
 * Who asks also dials.  For each stream there is one connection:
 *
 *	GET /link/vault HTTP/1.1		what is asked
 *	Upgrade: skyd-link/1
 *	Skyd-Role: gateway			as what; the certificate must have it
 *
 * and after a 101 there are frames in both directions (relay_wire.h).  An end of either side is
 * an end of the other; calls that were under way then fail at once (link.h).
 */
#ifndef SKYD_RELAY_H
#define SKYD_RELAY_H

#include "control.h"
#include "role_run.h"

struct relay;

/*
 * In this order.  What needs rights: files; what needs the loop; the rest.
 * Return: 0 or -errno, and a line in the log.
 */
int relay_prepare(struct role_run *run);
int relay_start(struct relay *relay);
void relay_free(struct role_run *run);

/* What the parent says of roles; a descriptor is the relay's from here on. */
void relay_hear(struct relay *relay, const struct control *message, int fd);

/* Take and make no more, have peers go elsewhere, and tell role_ended() after the last. */
void relay_stop(struct relay *relay);

#endif /* SKYD_RELAY_H */
