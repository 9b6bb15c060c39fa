/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The caches of all gateways, as their backend knows them, and what they are to throw out.
 *
 *	backend_caches.c	META_CACHE; orders
 *	admin_cache.c		what the administrator asks of them
 *
 * The backend asks no gateway; each tells of itself every CACHE_TELL_MS, and is given the orders
 * that it has not heard.  Orders are numbered by the clock and lie in memory.  Who has heard less
 * than the backend can know of, after a start or a long silence, empties its cache.
 */
#ifndef SKYD_CACHES_H
#define SKYD_CACHES_H

#include "backend.h"
#include "io/sync.h"
#include "meta_cache.h"

#define CACHES_MAX	256u		/* gateways; who has been silent longest makes way */
#define CACHES_ORDERS	64u		/* that are remembered */
#define CACHES_GONE_MS	10000		/* who has been silent for so long is no more */

struct cache_row {
	struct meta_cache said;
	char host[ROLE_HOST];		/* the machine that it is on; "": this one */
	int64_t seen;			/* of io_now() */
};

struct cache_order {
	struct meta_cache_order say;
	char bucket_name[META_ID_MAX], name[META_NAME_MAX];
};

struct caches {
	struct cache_row row[CACHES_MAX];
	unsigned int rows;
	struct cache_order order[CACHES_ORDERS];	/* by number, from the oldest on */
	unsigned int orders;
	u64 last;			/* the highest number that anybody has been told */
	u64 lost;			/* orders up to this one are not remembered */
	unsigned int holds;		/* changes under way that will be orders, */
	u64 held;			/* and when the first of them began */
	struct io_event told;
};

int caches_open(struct backend *b);
void caches_close(struct backend *b);

/*
 * From here on until an order that follows, nobody is told that he has heard all: should the
 * backend die between a change and its order.
 */
void caches_hold(struct backend *b);
void caches_release(struct backend *b);

/* All gateways are to throw out what @what names; its number is set.  Texts are copied. */
u64 caches_order(struct backend *b, const struct meta_cache_order *what);

/* Those that have gone are forgotten.  Return: how many there are. */
unsigned int caches_count(struct backend *b);

/**
 * caches_wait - until all gateways have heard an order, or have spoken again
 * @number:	of the order; 0: none
 * @since:	of io_now(): they have to have spoken after that
 * @ms:		to wait at most; also for a first one, if there is none
 *
 * Return: 0; -ETIMEDOUT; -ECANCELED.
 */
int caches_wait(struct backend *b, u64 number, int64_t since, int ms);
bool cache_row_heard(const struct cache_row *row, u64 number, int64_t since);

#endif /* SKYD_CACHES_H */
