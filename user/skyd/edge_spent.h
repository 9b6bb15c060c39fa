/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nonces of URLs that have been used: each is taken once, until the URL would have expired
 * and for as long as its file is kept.  What cannot be remembered is refused.
 *
 * A nonce is in memory when its URL is used, and in a file some seconds later.  What makes up for
 * that is a lease: a moment that is made durable before any URL that was signed before it is
 * used.  A process that ends in order writes down what it has, and that no lease is open; who
 * finds one open refuses all URLs that were signed until then.  So a crash costs those of about
 * two seconds, and a request costs the disk nothing.
 *
 * They are kept in files that follow each other; each has a table in memory, and goes as a
 * whole when all that is in it has expired.  What has been forgotten is known by one number,
 * the floor: the latest time at which a forgotten nonce expires.  A URL that expires then or
 * before is refused, so that neither a clock that jumps nor a restart lets one be used again.
 * Where a file cannot be read the floor is put behind all that it may have held: about a
 * minute of URLs is refused then.  That is also what a full disk costs, at the next start only:
 * as long as there is no room nonces are in memory alone, and a file that has been torn says so.
 *
 * Belongs to one loop; the calls are made on fibers.  48 bytes for each nonce at most.
 */
#ifndef SKYD_EDGE_SPENT_H
#define SKYD_EDGE_SPENT_H

#include <stdbool.h>
#include <stdint.h>

#define EDGE_NONCE_BYTES	16

struct edge_spent;

struct edge_spent_config {
	const char *path;	/* the folder; made if it is not there */
	uint64_t salt;		/* of the sums; none that clients know */
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

/* Nobody takes any more.  Writes down what was taken; if that fails the lease stays open. */
void edge_spent_close(struct edge_spent *spent);

/**
 * edge_spent_take - use a nonce
 * @issued:	when its URL was signed, seconds since 1970
 * @expires:	when it expires
 * @now:	the same clock, now
 *
 * Does not suspend.  From here on nobody else gets it; that it survives a restart is known
 * after edge_spent_sync(), before which nothing may be answered.
 *
 * Return: 0; -EEXIST when it was used; -ETIME when the URL has expired, expires too late, or
 * may have been forgotten; -ENOSPC when there are too many; -EROFS when the disk has failed.
 */
int edge_spent_take(struct edge_spent *spent, const uint8_t nonce[EDGE_NONCE_BYTES],
		    int64_t issued, int64_t expires, int64_t now);

/* Is there nothing to wait for: would edge_spent_sync() return 0 at once? */
bool edge_spent_leased(const struct edge_spent *spent, int64_t issued);

/**
 * edge_spent_sync - wait until a URL that was taken cannot be used again after a crash
 * @issued:	when it was signed
 *
 * One write, which is durable, for all that wait; none while a lease covers it.  Not cancelled.
 *
 * Return: 0, or -errno; then nothing is taken any more until the next start.
 */
int edge_spent_sync(struct edge_spent *spent, int64_t issued, int64_t now);

/* Is nothing taken any more? */
bool edge_spent_failed(const struct edge_spent *spent);

/* How many are remembered, expired ones among them. */
unsigned int edge_spent_count(const struct edge_spent *spent);

#endif /* SKYD_EDGE_SPENT_H */
