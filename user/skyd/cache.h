/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway keeps of bodies that it has read or written: generations, encrypted as they
 * are in the locations, in memory and on a disk.
 *
 * Nothing is believed.  An entry has the id of its generation, which nobody writes twice; what
 * metadata say of an object, and who may read it, the backend is asked each time.  So what is
 * given is what would be given without a cache, however many gateways there are.  An entry is
 * of use only with the record that the backend has, and with the key of the body, which comes
 * out of the bucket's by the vault's lease: its tag says that it is that generation of that
 * body.  What is wrong is dropped, and fetched from the locations.  A disk that is stolen has
 * nothing that who stole a location would not have, too.
 *
 *	cache_ring.c	which entries there are, and where
 *	cache.c		what is let in, and those in memory
 *	cache_disk.c	those on a disk
 *	cache_fetch.c	how they are read, and who waits for whom
 *	cache_tell.c	what the backend is told of it, and has thrown out
 */
#ifndef SKYD_CACHE_H
#define SKYD_CACHE_H

#include <string.h>

#include "cache_ring.h"
#include "gateway.h"
#include "meta_cache.h"

/* Why something was not kept. */
enum cache_refusal {
	CACHE_BY_TYPE,			/* cache_types_not */
	CACHE_BY_BUCKET,		/* cache_buckets_not */
	CACHE_BY_POLICY,		/* the storage policy says so */
	CACHE_BY_SIZE,			/* cache_object, or a generation that is too large */
	CACHE_NO_ROOM,			/* what is there is being read, or there is no memory */
	CACHE_DISK_SPACE,		/* less than cache_disk_free would be left */
	CACHE_DISK_BUSY,		/* the disk is behind */
	CACHE_REFUSALS
};

/* Since the start; for /metrics. */
struct cache_counts {
	u64 hits, disk_hits, misses;	/* generations; @disk_hits are among @hits */
	u64 hit_bytes;			/* as they are kept */
	u64 filled, filled_bytes;
	u64 shared;			/* that waited for another's fetch */
	u64 wrong;			/* entries that were not what was written */
	u64 disk_errors, disk_late;
	u64 refused[CACHE_REFUSALS];
};

struct cache_flight;

/* What is asked for before rights are given up: a file without a name.  Return: it, or -1. */
int cache_disk_prepare(const struct config *config);

/*
 * As the configuration has it; @disk: as above, taken over.  Return: 0, also without a cache;
 * -ENOMEM.
 */
int cache_start(struct gateway *g, int disk);
/* When no fiber is in it any more. */
void cache_stop(struct gateway *g);
/* Another gateway has taken over: give back memory and disk; nothing is kept from here on. */
void cache_leave(struct gateway *g);
/* Now and then: is there room enough on the disk? */
void cache_sweep(struct gateway *g);

/* --- objects: g->cache may be NULL ------------------------------------------------- */

u64 cache_place(const struct gateway *g, struct str bucket, struct str name);
/*
 * What a request is for.  To be called before the backend is asked: what it says may be old when
 * something is thrown out meanwhile, and nothing is kept for it then.
 */
struct cache_use cache_use_begin(const struct gateway *g, struct str bucket, struct str name);
/* Is anything of it here?  It may be of a body that is gone. */
bool cache_knows(const struct gateway *g, u64 place);
/* It has another body now, or none (@body 0). */
void cache_forget(struct gateway *g, u64 place, u64 body);
/*
 * May an object of that type and size be kept?  Then use->wanted is set; else it is counted why
 * not.  What is here of an object whose policy does not want it is dropped.
 */
void cache_want(struct gateway *g, struct cache_use *use, const struct meta_policy *policy,
		struct str bucket, struct str type, u64 size);

/* Throw out what @order names.  What is being read of it still is, and is not found again. */
void cache_drop(struct gateway *g, const struct meta_cache_order *order);

/* A body's number. */
static inline u64 cache_body(const struct body_key *key)
{
	u64 body;

	memcpy(&body, key->version, sizeof(body));
	return body | 1;
}

/* --- generations: for the data path, which has looked at cache_use.wanted ---------- */

struct fetch;

bool cache_has(const struct gateway *g, const u8 id[RING_ID_BYTES]);

/**
 * cache_fetch - f->work->plain from what is in memory
 *
 * Return: 0; -ENOENT when it is not there, or is not true; -ECANCELED.
 */
int cache_fetch(struct fetch *f);

/**
 * cache_lead - be the one who fetches a generation, or wait for him
 * @flight:	of who returns 0: others wait until cache_led(), which has to follow; or NULL
 *
 * Return: 0; -EAGAIN: it should be in memory now, or who fetched it was cancelled; -EBUSY: he
 * has failed, or could not keep it, so that each fetches it for himself; -ETIMEDOUT; -ECANCELED.
 */
int cache_lead(struct fetch *f, struct cache_flight **flight);
void cache_led(struct gateway *g, struct cache_flight *flight, int result);

/* From the disk into memory.  Return: 0; -ENOENT; -ECANCELED. */
int cache_bring(struct fetch *f);

/**
 * cache_begin - room in memory for a generation that is about to be there
 *
 * The bytes are written by cache_fill(), by any thread; then cache_end() has to follow.
 * Return: NULL: it is not kept.
 */
struct ring_entry *cache_begin(struct gateway *g, const struct cache_use *use,
			       const struct body_key *key, const u8 id[RING_ID_BYTES], u32 len);
/* Symbols of @symbol bytes each, one after the other: e->len bytes in all. */
void cache_fill(struct gateway *g, const struct ring_entry *e, const u8 *const symbols[],
		size_t symbol);
void cache_end(struct gateway *g, struct ring_entry *e, bool good);

/* --- for metrics ------------------------------------------------------------------- */

struct cache_state {
	struct cache_counts counts;
	u64 entries, bytes, size, evicted;
	u64 disk_entries, disk_bytes, disk_size, disk_evicted;
	u64 disk;			/* whether it is in use */
};

void cache_state(const struct gateway *g, struct cache_state *state);

/* --- for the backend: cache_tell.c ------------------------------------------------- */

#define CACHE_TELL_MS	1000

/* Return: it, also for a gateway without a cache; NULL: no memory. */
struct cache_teller *cache_teller_open(struct gateway *g);
void cache_teller_close(struct cache_teller *t);

/*
 * Tell the backend how the cache is, and do what it says, until it has nothing more to say.  On
 * a fiber, one at a time.  @left: for the last time.  Return: 0; as link_do().
 */
int cache_tell(struct cache_teller *t, bool left, int64_t deadline);

#endif /* SKYD_CACHE_H */
