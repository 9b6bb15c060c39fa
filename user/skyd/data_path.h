/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Below pipe_put.c and pipe_get.c: memory and coders, generations that may be sent, locations.
 * For the data path only; gateway.h is what the front sees.
 */
#ifndef SKYD_DATA_PATH_H
#define SKYD_DATA_PATH_H

#include "cache.h"
#include "digest.h"
#include "gateway.h"
#include "io/group.h"
#include "pipe/coder.h"

#define DATA_INLINE	(16u << 10)	/* bytes that are worth no thread of their own */
#define DATA_UNIT	(64u << 10)	/* bytes of a unit of gateway.memory */

/* --- memory and coders: coders.c --------------------------------------------------- */

int coders_open(struct gateway *g, u64 memory);
void coders_close(struct gateway *g);

struct coder_use;		/* a coder, with its users counted */

/*
 * A coder for a shape.  Dense generations have coefficients from the body's key, others share
 * theirs.  Return: 0, -EINVAL for a shape that makes no sense, -ENOMEM, -EIO.
 */
int coder_take(struct gateway *g, const struct shape *shape, const struct body_key *key,
	       struct coder_use **coder);
void coder_give(struct coder_use *coder);
const struct coder *coder_of(const struct coder_use *coder);

/* What one generation needs, in one direction: one thread at a time. */
struct work {
	struct work *next;		/* of those that nobody uses */
	struct gateway *g;
	struct coder_use *coder;
	u64 units;			/* of g->memory */
	size_t max_plain;
	bool decodes;
	bool packed;
	u8 *plain;			/* max_plain bytes */
	struct encoder encoder;
	struct decoder decoder;
	u8 *fragments;			/* decoding: what came of row i is at i * stride */
	size_t stride;
};

/**
 * work_get - memory for a generation
 * @max_plain:	1 to SKY_MAX_GENERATION
 * @packed:	it is, or may be, compressed
 * @wait:	until other requests have let go of enough; else -EAGAIN
 *
 * Who holds one asks for another without @wait only: so nobody waits for himself.
 *
 * Return: 0, -EAGAIN, -ETIMEDOUT, -ECANCELED, -ENOMEM.
 */
int work_get(struct gateway *g, struct coder_use *coder, size_t max_plain, bool decodes,
	     bool packed, bool wait, int64_t deadline, struct work **work);
void work_put(struct work *work);

/* One for the calling thread, for a short while; NULL without memory. */
struct compressor *compressor_take(struct gateway *g);
void compressor_give(struct gateway *g, struct compressor *c);

/* Run @fn here if there is little to do, else by a worker. */
int data_work(struct gateway *g, bool little, io_fn *fn, void *arg, int64_t deadline);

/* --- hashes of bodies: body_sums.c ------------------------------------------------- */

/* MD5 of a body, and the checksum that is wanted besides. */
struct body_sums {
	struct lanes_stream md5, sha256;
	struct hash sha1;
	u64 crc;
	enum s3_checksum kind;
};

int body_sums_begin(struct body_sums *s, enum s3_checksum kind);
int body_sums_update(struct gateway *g, struct body_sums *s, const void *data, size_t len);
int body_sums_end(struct body_sums *s, u8 md5[S3_MD5_BYTES], struct s3_checksum_value *value);
void body_sums_free(struct body_sums *s);

/* --- generations that may be sent: slots.c ----------------------------------------- */

int slots_open(struct gateway *g);
void slots_close(struct gateway *g);

struct slot {
	u64 reservation;
	u8 number;			/* in it */
	u8 n;
	u64 until;			/* microseconds since 1970 */
	u64 revision;			/* of the locations */
	u8 generation[META_GENERATION_BYTES];
	u16 location[SKY_MAX_N];
};

/**
 * slots_take - one generation, which nobody else is given
 *
 * Of those at hand one with as few dead locations as can be.  Asks for more before the last one
 * is gone.
 *
 * Return: 0; what META_SLOTS answered; -ETIMEDOUT, -ECANCELED; -EBADMSG when the answer makes no
 * sense.
 */
int slots_take(struct gateway *g, const struct meta_caller *caller, struct rpc_bytes bucket,
	       const struct meta_policy *policy, struct slot *slot, int64_t deadline);

/* The backend does not know that reservation: throw away what is left of it. */
void slots_forget(struct gateway *g, u64 reservation);

/* --- locations: places.c, place_http.c --------------------------------------------- */

int places_open(struct gateway *g);
void places_close(struct gateway *g);

struct place;

/**
 * place_get - a location, by its number
 * @revision:	of the answer that named it
 *
 * Return: 0, and place_put() has to follow; -ENXIO when the backend knows none of that number;
 * what META_LOCATIONS answered.
 */
int place_get(struct gateway *g, u16 id, u64 revision, int64_t deadline, struct place **place);
void place_put(struct place *place);

/* It has failed lately: others are to be tried first.  False for what is not known. */
bool place_down(struct gateway *g, u16 id);

/* ns within which it has nearly always answered so far, for so many bytes. */
int64_t place_patience(const struct place *place, size_t bytes);

/* It was given up while others have answered: @after ns. */
void place_late(struct place *place, int64_t after);

/* What it gave is not what was written, or is not there: count it, and say so now and then. */
void place_blame(struct place *place, const char *fragment, const char *what);

/*
 * One request by a URL that somebody else has signed; @name of META_FRAGMENT_NAME_MAX.  Return:
 * as location_put() and location_get().
 */
int place_send(struct place *place, const char *name, struct rpc_bytes query, const void *data,
	       size_t len, const u8 sha256[32], int64_t deadline);
ssize_t place_fetch(struct place *place, const char *name, struct rpc_bytes query, void *to,
		    size_t len, int64_t deadline);

/* --- one generation on its way: send.c --------------------------------------------- */

struct sending;

/* Of one row. */
struct send_row {
	struct sending *s;
	u16 location;
	u8 row;
	bool over;			/* it has ended, or was not begun */
	bool good;
	bool skipped;			/* for its location is down */
	u8 sha256[32];
	struct rpc_bytes query;
	struct place *place;		/* while it is sent */
	int64_t since;
};

/* A generation, from its encoding until each fragment has arrived or been given up. */
struct sending {
	struct gateway *g;
	struct work *work;		/* owned */
	struct slot slot;
	struct record record;
	size_t len;			/* plain bytes in it */
	u64 number;
	int64_t patience;		/* ns for each step */
	unsigned int users;		/* who made it, and its keeper */
	unsigned int n, quorum;
	unsigned int good, running, skipped;
	int started;			/* what sending_start() has returned */
	struct io_group *rows;		/* on the keeper's stack; NULL: it has ended */
	bool kept;			/* there is a keeper */
	bool stop;			/* what the keeper is told: stop at once, */
	int64_t late;			/* or at that time */
	struct io_event changed;	/* a row has ended, or the keeper */
	struct io_event told;		/* the same, or there is something for the keeper */
	struct link_answer answer;	/* has the URLs */
	struct meta_signed urls;
	struct send_row row[];
};

/* Takes over @work in any case.  NULL without memory. */
struct sending *sending_new(struct gateway *g, struct work *work, unsigned int n,
			    unsigned int quorum, int64_t patience);

/*
 * Get URLs for what has been encoded, and begin.  Return: 0; what META_SIGN answered; -EBADMSG
 * for an answer that makes no sense; -ENOMEM.
 */
int sending_start(struct sending *s);

/*
 * Until a quorum of the fragments is durable.  Locations that are down are asked when it cannot
 * be reached without them.  Return: 0; -EIO when it cannot; -ECANCELED.
 */
int sending_wait(struct sending *s);

/* Stop it, so that it can be encoded anew; waits even when this fiber has been cancelled. */
void sending_stop(struct sending *s);

/*
 * Let go.  With @late, fragments that are still under way have some time to arrive, else they
 * are stopped; memory is given up by the last of them.
 */
void sending_end(struct sending *s, bool late);

/* --- one generation on its way in: fetch.c ----------------------------------------- */

enum fetch_state {
	FETCH_IDLE,
	FETCH_ASKED,
	FETCH_GOOD,			/* has come; whether it is true decoding tells */
	FETCH_FAILED,			/* may be asked again, by another URL */
	FETCH_LOST,			/* the location has not got it */
	FETCH_BAD,			/* is not what was written */
};

struct fetch_row {
	struct fetch *f;
	const struct meta_url *url;	/* not used yet; NULL: none */
	struct place *place;		/* while it is asked */
	int64_t since;
	u8 row;
	u8 state;			/* enum fetch_state */
	u8 tries;
};

#define FETCH_RENEWALS	2u

/* URLs of a page, kept as long as somebody has not used them. */
struct fetch_page {
	unsigned int users;
	struct link_answer answer;
	struct meta_page meta;
	int64_t since;			/* URLs have a short life */
};

struct fetch {
	struct gateway *g;
	const struct pipe_get *get;
	struct fetch_page *page;
	struct work *work;
	struct record record;
	u64 number;			/* for the generation's tag */
	u64 offset;			/* of its first byte, in the object */
	u64 revision;			/* of the locations */
	size_t expected;		/* bytes of each fragment */
	unsigned int running;
	struct io_event changed;	/* a row has ended */
	struct ring_entry *filling;	/* room in the cache, while it is decoded */
	unsigned int renewals;
	struct fetch_page *renewed[FETCH_RENEWALS];
	int result;			/* of all of it */
	bool over;
	struct io_event ended;
	struct fetch_row row[SKY_MAX_N];
};

/*
 * Give it the URLs of its generation, which is number @slot of a page.  URLs of rows that are
 * not needed any more, or cannot be, are passed over.
 */
void fetch_urls(struct fetch *f, const struct meta_page *page, unsigned int slot);

/* A fiber: f->work->plain is the generation afterwards, if f->result is 0. */
int fetch_run(void *arg);

/* The same, done at once, if it is in memory and little.  Return: whether it has been. */
bool fetch_little(struct fetch *f);

/* Let go of it, and have rebuilt what was lost.  Its fiber has ended. */
void fetch_free(struct fetch *f);

/* pipe_get.c: ask for a page.  Return: 0 or what META_PAGE answered. */
int fetch_page_ask(struct gateway *g, const struct pipe_get *get, u64 offset,
		   unsigned int generations, unsigned int spare, struct fetch_page **page);
void fetch_page_put(struct fetch_page *page);

/*
 * The record of the byte @offset of the object.  Return: its number in the page; -ERANGE when
 * it is not in there; -EBADMSG.
 */
int fetch_page_find(const struct meta_page *page, u64 offset, struct record *r, u64 *number,
		    u64 *start);

/* --- what was lost: repair.c ------------------------------------------------------- */

/*
 * Rebuild rows that are lost and have them written again, in the background, unless too much of
 * that is under way.  Takes over f->work if there is something to do.
 */
void repair_start(struct fetch *f);

/* --- what leaves a location: move.c ------------------------------------------------ */

/* A fiber that asks the backend for fragments to move, and moves them; until it is cancelled. */
int moves_run(void *gateway);

/* --- small things ------------------------------------------------------------------ */

u64 data_now_us(void);			/* microseconds since 1970 */

static inline struct str str_of_bytes(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

/* Until when a step may last. */
static inline int64_t data_until(int64_t patience)
{
	return io_now() + (patience ? patience : 30000000000ll);
}

/* A deadline of a step, but no longer than @ms. */
static inline int64_t data_step(int64_t deadline, int64_t ms)
{
	const int64_t at = io_after_ms(ms);

	return deadline && deadline < at ? deadline : at;
}

#endif /* SKYD_DATA_PATH_H */
