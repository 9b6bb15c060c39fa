// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "lease.h"
#include "relay_peers.h"

void leases_init(struct leases *l, const struct config *config)
{
	*l = (struct leases){ .config = config };
}

void leases_free(struct leases *l)
{
	free(l->held);
	*l = (struct leases){ .config = l->config };
}

static struct lease *find(const struct leases *l, struct str host)
{
	unsigned int i;

	for (i = 0; i < l->count; i++)
		if (str_is(host, l->held[i].host))
			return &l->held[i];
	return NULL;
}

int lease_set(struct leases *l, struct str host, int64_t until)
{
	struct lease *one = find(l, host), *more;

	if (one) {
		one->until = until;
		return 0;
	}
	if (!host.len || host.len >= ROLE_HOST)
		return -EINVAL;
	if (l->count == LEASE_HOSTS)
		return -ENOSPC;
	more = realloc(l->held, (l->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->held = more;
	one = &more[l->count++];
	*one = (struct lease){ .until = until };
	str_copy(host, one->host, sizeof(one->host));
	return 0;
}

void lease_set_policy(struct leases *l, struct str host, const void *policy, size_t len)
{
	struct lease *one = find(l, host);

	if (!one)
		return;
	one->judged = len == LEASE_POLICY;
	if (one->judged)
		memcpy(one->policy, policy, LEASE_POLICY);
}

const u8 *lease_policy(const struct leases *l, struct str host)
{
	const struct lease *one = find(l, host);

	return one && one->judged ? one->policy : NULL;
}

int64_t lease_left(const struct leases *l, struct str host, int64_t now)
{
	const struct lease *one = find(l, host);

	return one && one->until > now ? one->until - now : 0;
}

bool lease_held(const struct leases *l, struct str host, int64_t now)
{
	return lease_left(l, host, now) > 0;
}

bool lease_needed(const struct leases *l, struct str host)
{
	const struct config *c = l->config;
	struct str rest, word;

	if (!c || !c->attest_required)
		return false;
	rest = str_of(c->attest_hosts);
	if (!rest.len)
		return true;
	while (relay_peer_word(&rest, &word))
		if (str_equal(word, host))
			return true;
	return false;
}

unsigned int lease_url_life(const struct leases *l, struct str host, int64_t now)
{
	int64_t life;

	if (!lease_needed(l, host))
		return 0;
	life = lease_left(l, host, now) / 1000000000;
	if (life > (int64_t)l->config->attest_url_ms / 1000)
		life = l->config->attest_url_ms / 1000;
	return life > 1 ? life : 1;
}

bool lease_allows(const struct leases *l, struct str host, int64_t now)
{
	return !lease_needed(l, host) || lease_held(l, host, now);
}
