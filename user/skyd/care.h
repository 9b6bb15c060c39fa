/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the backend does unasked: fibers that collect garbage and leftovers, let expire what
 * lifecycles name, learn of edges, and look whether locations answer and how quickly.
 *
 *	care.c			its life; edges
 *	care_garbage.c		fragments that nothing names any more
 *	care_lifecycle.c	lifecycles
 *	care_move.c		fragments that leave a location
 *	care_measure.c		which locations answer, and in what time
 *	care_request.c		requests to locations
 *	care_scrub.c		what locations have, compared with what is named
 */
#ifndef SKYD_CARE_H
#define SKYD_CARE_H

#include "backend.h"
#include "io/sync.h"

struct care_place;

struct care_counts {
	u64 deleted;		/* fragments, or were gone already */
	u64 failed;		/* put off, since a location did not answer */
	u64 expired;		/* versions and uploads, by lifecycles */
	u64 samples;		/* measured */
};

struct backend_care {
	struct io_event wake;	/* garbage: do not wait */
	struct io_event again;	/* lifecycles */
	struct care_counts counts;
	/* A DELETE: 0 or a negative errno of location_http.h.  Tests have their own. */
	int (*remove)(struct backend *b, u16 location, struct str name);
	u64 (*now)(void);
	struct moves *moves;		/* moves.h */
	struct scrubs *scrubs;		/* scrubs.h */
	struct care_place *place[SKY_NO_LOCATION];	/* care_request.c: by number */
};

void care_counts(const struct backend *b, struct care_counts *counts);
/* Collect garbage, and look at lifecycles, now. */
void care_wake(struct backend *b);

/* One round of each, for tests and for the fibers. */

/* Return: items that were taken, or an error. */
int care_collect(struct backend *b);
/* Return: what expired, or an error. */
int care_expire(struct backend *b);

/* --- care_request.c --- */

#define CARE_REQUEST_MS	10000

enum care_method { CARE_GET, CARE_PUT, CARE_DELETE, CARE_LIST };

struct care_request {
	enum care_method method;
	struct str name;		/* CARE_LIST: behind this one */
	struct str prefix;		/* CARE_LIST: receives what is before each name */
	struct store_arena *arena;	/* CARE_LIST: has it */
	const void *body;		/* PUT */
	size_t len;
	void *to;			/* GET, LIST */
	size_t max;
	int64_t deadline;
};

/*
 * A request to a location.  Return: bytes of a GET or LIST, or 0; errors of location_http.h;
 * -EHOSTUNREACH when no URL for it can be had.
 */
int care_request(struct backend *b, u16 location, struct care_request *request);
int care_remove(struct backend *b, u16 location, struct str name);
void care_places_free(struct backend_care *care);

/* --- care_measure.c --- */

/* Ask all that are used, @far those of others too, whether they answer. */
int care_probe(struct backend *b, bool far);
/* One round of samples of each location that is up. */
int care_measure(struct backend *b);
int care_probe_fiber(void *arg);
int care_measure_fiber(void *arg);

#endif /* SKYD_CARE_H */
