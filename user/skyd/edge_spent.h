/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nonces of URLs that have been used: each is taken once, until the URL would have expired
 * and for as long as its file is kept.  What cannot be remembered is refused.
 *
 * A nonce is written when it is taken, and nobody waits for the disk: what a process has
 * written is there when the next one reads, however the first has ended.  A crash of the
 * machine may take the last nonces with it.  So each file says in which boot it was begun, and
 * after another one all URLs are refused that were signed before this start, or, as clocks
 * differ, within EDGE_SPENT_SKEW of it: no URL that was used can be among the rest.
 *
 * They are kept in files that follow each other; each has a table in memory, and goes as a
 * whole when all that is in it has expired.  What has been forgotten is known by one number,
 * the floor: the latest time at which a forgotten nonce expires.  A URL that expires then or
 * before is refused, so that neither a clock that jumps nor a restart lets one be used again.
 * Where a file cannot be read the floor is put behind all that it may have held: about a
 * minute of URLs is refused then.
 *
 * Belongs to one loop; the calls are made on fibers.  48 bytes for each nonce at most.
 */
#ifndef SKYD_EDGE_SPENT_H
#define SKYD_EDGE_SPENT_H

#include <stdbool.h>
#include <stdint.h>

#define EDGE_NONCE_BYTES	16
#define EDGE_SPENT_SKEW		10	/* seconds that two of our clocks may differ */

struct edge_spent;

struct edge_spent_config {
	const char *path;	/* the folder; made if it is not there */
	uint64_t salt;		/* of the sums; none that clients know */
	uint8_t boot[16];	/* the machine's; zeros: not known, as after a crash each time */
	unsigned int max;	/* nonces at a time; 0: a million */
	unsigned int life;	/* seconds that a URL may have from now on; 0: 90 */
};

/**
 * edge_spent_open - read what was kept
 * @now:	seconds since 1970
 *
 * The caller sees to it that no other process has the folder.
 *
 * Return: 0 or -errno.
 */
int edge_spent_open(struct edge_spent **spent, const struct edge_spent_config *config,
		    int64_t now);
void edge_spent_close(struct edge_spent *spent);

/**
 * edge_spent_ready - have a file that is new enough to take a nonce
 * @now:	seconds since 1970
 *
 * Mostly there is one; a new one is durable before it is used.  Not cancelled.
 *
 * Return: 0, or -errno; then nothing is taken any more until the next start.
 */
int edge_spent_ready(struct edge_spent *spent, int64_t now);

/**
 * edge_spent_take - use a nonce
 * @signed_at:	when its URL was signed, seconds since 1970
 * @expires:	when that expires
 * @now:	the same clock, as edge_spent_ready() was given it just before
 *
 * Does not suspend.  From here on nobody else gets it, in this process or a later one.
 *
 * Return: 0; -EEXIST when it was used; -ETIME when the URL has expired, expires too late, or
 * may have been forgotten; -ENOSPC when there are too many; -EROFS when the disk has failed.
 */
int edge_spent_take(struct edge_spent *spent, const uint8_t nonce[EDGE_NONCE_BYTES],
		    int64_t signed_at, int64_t expires, int64_t now);

/* How many are remembered, expired ones among them. */
unsigned int edge_spent_count(const struct edge_spent *spent);

#endif /* SKYD_EDGE_SPENT_H */
