// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/hand.h"
#include "near.h"

static void forget(struct near_edge *e)
{
	if (*e->host)
		close(e->hand);
	*e->host = 0;
}

void near_take(struct near *near, const struct control *message, int hand)
{
	struct near_edge *e = &near->edge[message->number];

	forget(e);
	memcpy(e->host, message->host, sizeof(e->host));
	e->hand = hand;
	if (!*e->host)
		close(hand);
}

static struct near_edge *find(struct near *near, struct str url)
{
	const struct str scheme = STR("http://");
	unsigned int i;

	if (!str_starts(url, scheme))
		return NULL;
	url = str_skip(url, scheme.len);
	for (i = 0; i < ROLE_PLACES; i++)
		if (*near->edge[i].host && str_is(url, near->edge[i].host))
			return &near->edge[i];
	return NULL;
}

int near_dial(struct near *near, const char *url)
{
	struct near_edge *e = find(near, str_of(url));
	int pair[2], rc;

	if (!e)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	rc = io_hand(e->hand, pair[1]);
	close(pair[1]);
	if (!rc)
		return pair[0];
	close(pair[0]);
	/* It has ended; the one that comes after it is told by the parent. */
	if (rc == -EPIPE || rc == -ECONNRESET)
		forget(e);
	return rc;
}

void near_close(struct near *near)
{
	unsigned int i;

	for (i = 0; i < ROLE_PLACES; i++)
		forget(&near->edge[i]);
}
