// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "relay_peers.h"

static bool between(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

bool relay_peer_word(struct str *rest, struct str *word)
{
	while (rest->len && between(*rest->at))
		*rest = str_skip(*rest, 1);
	*word = (struct str){ rest->at, 0 };
	while (word->len < rest->len && !between(rest->at[word->len]))
		word->len++;
	*rest = str_skip(*rest, word->len);
	return word->len;
}

static bool name_ok(struct str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    name.at[i]) || !name.at[i])
			return false;
	return name.len && name.len <= RELAY_NAME_MAX;
}

bool relay_peer_parse(struct str word, struct relay_peer *peer)
{
	struct str role;

	if (!str_cut(&word, '/', &role))
		return false;
	for (peer->role = ROLE_GATEWAY; peer->role < ROLES; peer->role++)
		if (role_is_far(peer->role) && str_equal(role, str_of(role_name(peer->role))))
			break;
	peer->name = word;
	return peer->role < ROLES && name_ok(word);
}

void relay_peer_uri(const struct relay_peer *peer, char uri[RELAY_URI])
{
	snprintf(uri, RELAY_URI, "skyd:%s/%.*s", role_name(peer->role), STR_ARG(peer->name));
}
