/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between cache.c and cache_disk.c; and for tests. */
#ifndef SKYD_CACHE_PRIVATE_H
#define SKYD_CACHE_PRIVATE_H

#include "cache.h"
#include "data_path.h"

#define CACHE_STREETS	64u		/* of flights */

/* Somebody fetches a generation; others wait for it. */
struct cache_flight {
	struct cache_flight *next;	/* in its street */
	unsigned int users;
	int result;			/* of fetching it */
	bool kept;			/* it is in memory */
	struct io_event landed;
	u8 id[RING_ID_BYTES];
};

struct cache_disk {
	struct gateway *g;
	struct ring ring;
	int fd;
	bool off;			/* it has failed, or there is none */
	bool short_of;			/* of space, and the log says so */
	unsigned int emptying;		/* its file is about to be cut off: nothing is written */
	u64 leave;			/* bytes that are to stay free */
	u64 high;			/* end of what has ever been written */
	u64 writing, writing_most;	/* bytes on their way to it */
	unsigned int late;		/* reads in a row that were given up */
	int64_t patience_ms;		/* with one */
};

struct cache {
	struct ring ring;		/* of @arena */
	u8 *arena;
	struct cache_disk disk;
	struct cache_flight *flight[CACHE_STREETS];
	u64 object_most;		/* bytes */
	struct str types_not, buckets_not;
	u8 seed[32];			/* of places */
	bool left;
	u64 dropped;			/* how often something was thrown out */
	struct cache_counts counts;
};

/* Return: 0 or -ENOMEM; @fd -1: none, else taken over. */
int disk_open(struct gateway *g, struct cache_disk *d, int fd);
void disk_close(struct cache_disk *d);
/* Nothing is there any more; its space is given back. */
void disk_empty(struct cache_disk *d);
/* Write what is in memory, in the background, if it can be done. */
void disk_write(struct cache_disk *d, struct ring_entry *e);
int disk_bring(struct cache_disk *d, struct ring_entry *from, struct ring_entry *to);
void disk_sweep(struct cache_disk *d);

#endif /* SKYD_CACHE_PRIVATE_H */
