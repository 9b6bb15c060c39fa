/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a cache has where: entries in a circle of so many bytes, of memory or of a file.
 *
 * New ones are written at the head, which goes round; what lies before it goes.  So nothing is
 * ever scattered: an entry is in one piece, room is found by going on, and a file is written in
 * its order.  Who has been used since the head came by last is spared (least recently used, as
 * a clock tells it): where bytes can be moved, the entry moves down to the head, and the head
 * goes on behind it.  It is spared as many times as it was used, three at most, so that a scan
 * of what is read once does not put out what is read often.
 *
 * No I/O, no locks: one thread.  Whose bytes are being read or written has users, and stays
 * where it is.
 */
#ifndef SKYD_CACHE_RING_H
#define SKYD_CACHE_RING_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define RING_ID_BYTES	16u
#define RING_ENTRIES	(1u << 20)	/* at most, whatever the size */
#define RING_USES	3u		/* times that one is spared, at most */

struct ring_entry {
	struct ring_entry *next;		/* in its street */
	struct ring_entry *sibling, **sibling_at; /* in that of its place */
	struct ring_entry *before, *after;	/* by position */
	u64 place;				/* what its object is called, hashed */
	u64 body;				/* which body of that */
	u64 bucket, policy;			/* numbers; set by who has added it */
	u64 at;					/* of its first byte */
	u32 len;
	u32 users;
	u8 uses;
	bool filled;				/* its bytes are there */
	bool listed;				/* may be found */
	u8 id[RING_ID_BYTES];
};

struct ring {
	u64 size, grain;	/* bytes; an entry takes whole grains */
	u64 head;
	struct ring_entry *ahead;	/* the first one behind the head */
	struct ring_entry *lowest, *highest;
	struct ring_entry **street, **place_street;
	u32 streets;
	u64 used, count;	/* bytes and entries that may be found */
	u64 evicted;		/* entries that made way, since the beginning */
	/* Move bytes, which may overlap; NULL: that would cost too much. */
	void (*move)(void *arg, u64 to, u64 from, u32 len);
	void *arg;
};

/* @least: of a grain, a power of two.  Return: 0 or -ENOMEM. */
int ring_open(struct ring *r, u64 size, u32 least);
/* Nobody may have users. */
void ring_close(struct ring *r);

/* One that is filled, and has been used once more; not held. */
struct ring_entry *ring_find(struct ring *r, const u8 id[RING_ID_BYTES]);

/* Is there one, filled or not?  It does not count as a use. */
bool ring_has(const struct ring *r, const u8 id[RING_ID_BYTES]);

/**
 * ring_add - room for one more
 *
 * Return: an entry that is held and not filled; NULL when there is one of that id, when it is
 * more than a quarter of all, when too many are held, or without memory.
 */
struct ring_entry *ring_add(struct ring *r, const u8 id[RING_ID_BYTES], u64 place, u64 body,
			    u32 len);
void ring_hold(struct ring_entry *e);
void ring_put(struct ring *r, struct ring_entry *e);

/* Nobody finds it any more; its room is free when nobody holds it. */
void ring_drop(struct ring *r, struct ring_entry *e);
void ring_drop_id(struct ring *r, const u8 id[RING_ID_BYTES]);
void ring_drop_all(struct ring *r);
/* Those of a bucket, of a policy, or of both; 0: of any. */
void ring_drop_owned(struct ring *r, u64 bucket, u64 policy);
/* Of a place, all but those of @body. */
void ring_drop_place(struct ring *r, u64 place, u64 body);
bool ring_knows(const struct ring *r, u64 place);

#endif /* SKYD_CACHE_RING_H */
