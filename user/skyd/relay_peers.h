/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who other machines are.  A certificate of the private authority names each role that its
 * machine has, as a URI, skyd:ROLE/NAME; the configuration lists, as ROLE/NAME, those that are
 * let in and asked.  Both have to say the same: so a gateway's certificate is no backend's, and
 * who is not in the list any more is nobody.
 */
#ifndef SKYD_RELAY_PEERS_H
#define SKYD_RELAY_PEERS_H

#include <stdbool.h>

#include "base/str.h"
#include "role.h"

#define RELAY_NAME_MAX	(ROLE_HOST - 1)
#define RELAY_URI	(16u + RELAY_NAME_MAX + 1)	/* bytes of a URI, its NUL included */

struct relay_peer {
	enum role role;
	struct str name;
};

/* The next word of a list, which has blanks or commas between them.  False: there is none. */
bool relay_peer_word(struct str *rest, struct str *word);

/* ROLE/NAME, of roles that ask or are asked.  False: it is none. */
bool relay_peer_parse(struct str word, struct relay_peer *peer);

/* skyd:ROLE/NAME. */
void relay_peer_uri(const struct relay_peer *peer, char uri[RELAY_URI]);

#endif /* SKYD_RELAY_PEERS_H */
