/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which machines hold a lease now.  The backend has it of verdicts (hosts.h), the vault of the
 * backend (vault_hosts.c).  Ends are of the monotonic clock, so that nobody who sets the other
 * one makes a lease longer.
 */
#ifndef SKYD_LEASE_H
#define SKYD_LEASE_H

#include <linux/types.h>

#include "config.h"
#include "base/str.h"
#include "role.h"

#define LEASE_HOSTS	1000u	/* that can hold one */
#define LEASE_POLICY	32u

struct lease {
	char host[ROLE_HOST];
	int64_t until;		/* ns, of io_now() */
	u8 policy[LEASE_POLICY];	/* digest of that by which it was judged */
	bool judged;		/* that is known */
};

struct leases {
	const struct config *config;
	struct lease *held;	/* some may have ended */
	unsigned int count;
};

/* @config: says who needs one, and stays. */
void leases_init(struct leases *l, const struct config *config);
void leases_free(struct leases *l);

/**
 * lease_set - a machine holds a lease until then, and no longer
 * @host:	below ROLE_HOST bytes
 * @until:	ns; in the past: it holds none
 *
 * Return: 0; -EINVAL for a name that is none; -ENOSPC when LEASE_HOSTS hold one; -ENOMEM.
 */
int lease_set(struct leases *l, struct str host, int64_t until);

/* By which policy was it judged?  Of a machine that lease_set() knows; @len 0: nobody has said. */
void lease_set_policy(struct leases *l, struct str host, const void *policy, size_t len);
/* LEASE_POLICY bytes, or NULL. */
const u8 *lease_policy(const struct leases *l, struct str host);

/* How many ns its lease lasts from @now on; 0: it holds none. */
int64_t lease_left(const struct leases *l, struct str host, int64_t now);

/* Does a machine hold a lease now?  Whether it needs one is not asked. */
bool lease_held(const struct leases *l, struct str host, int64_t now);

/* Does the configuration say that its gateway needs one? */
bool lease_needed(const struct leases *l, struct str host);

/*
 * Seconds that URLs may be good for that it is given, 1 at least: as long as the lease, and no
 * longer than the configuration says.  0: it needs no lease.
 */
unsigned int lease_url_life(const struct leases *l, struct str host, int64_t now);

/* May it have URLs and keys: it holds a lease, or needs none. */
bool lease_allows(const struct leases *l, struct str host, int64_t now);

#endif /* SKYD_LEASE_H */
