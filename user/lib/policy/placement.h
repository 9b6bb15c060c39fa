/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which locations a generation's fragments go to.  A pure function of a catalogue, of
 * what is wanted and of a seed: the same three give the same answer.
 */
#ifndef SKY_POLICY_PLACEMENT_H
#define SKY_POLICY_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* --- the catalogue: places.c ----------------------------------------------------------- */

/* What of a location does not change. */
struct place {
	const char *provider;
	const char *name;		/* the provider's for it */
	const char *city;
	const char *country;		/* ISO 3166-1, two letters */
	const char *jurisdiction;	/* EU, EEA, UK, CH, US, CA */
	bool gdpr;
	double latitude, longitude;	/* of the city, in degrees */
};

#define PLACES	60

extern const struct place places[PLACES];

enum location_state {
	LOCATION_UP,
	LOCATION_DRAINING,		/* is read, gets nothing new */
	LOCATION_DOWN,
};

/* A number below 0 is one that is not known. */
struct location {
	uint16_t id;			/* 1 to SKY_NO_LOCATION - 1 */
	bool edge;			/* an edge device, not a cloud */
	uint8_t state;			/* enum location_state */
	struct place place;
	double storage_price;		/* $/GB a month */
	double ingress_price, egress_price;	/* $/GB */
	double latency_ms;		/* measured round trip for a byte, median */
	double throughput;		/* measured, MB/s */
	double availability;		/* share of the time it was up, 0 to 1 */
	int64_t free_bytes;
};

/* --- choosing: placement.c ---------------------------------------------------------------- */

/* What a location must be. */
struct requirement {
	unsigned int n;			/* locations, 1 to SKY_MAX_N */
	int64_t bytes;			/* that each must have room for */
	const struct policy_places *backends;	/* NULL or none in both lists: any */
	const struct policy_places *edge_devices;
	const char *jurisdiction;	/* or NULL for any; EU is also EEA */
	bool gdpr;
	double max_storage_price;	/* $/GB a month of a location; 0: any */
	double max_latency_ms;		/* 0: any */
	unsigned int max_per_provider;	/* 0: as few as can be */
	const uint16_t *have;		/* ids that are not chosen, and count as chosen before */
	unsigned int haves;		/* at most SKY_MAX_N */
	const uint16_t *only;		/* ids; NULL: any */
	unsigned int onlys;
};

/**
 * placement_choose() - Choose locations, one for each fragment.
 * @all: the catalogue
 * @count: locations in it
 * @need: what is wanted
 * @seed: of the choice, as the id of a generation
 * @chosen: receives need->n indexes into @all, that of row 0 first
 * @err: receives how many were left out, and why, when there are too few
 *
 * Providers are used evenly, then cities.  Among those used least it is drawn, each
 * location with a weight of how near and how empty it is (Efraimidis and Spirakis,
 * Weighted random sampling with a reservoir, 2006).  What is not known counts as
 * slow and full where it only weighs, and as not fulfilled where it is demanded.
 *
 * Return: 0, or -ENOSPC with @err.
 */
int placement_choose(const struct location *all, size_t count, const struct requirement *need,
		     uint64_t seed, uint16_t chosen[], struct policy_error *err);

/* How likely it is that at least @k of these are up, if they fail independently. */
double placement_availability(const struct location *all, const uint16_t chosen[], unsigned int n,
			      unsigned int k);

/* $ a month for a GB of objects that are coded @k of @n; below 0: not known. */
double placement_price(const struct location *all, const uint16_t chosen[], unsigned int n,
		       unsigned int k);

/* Kilometres between two points on the globe (haversine). */
double placement_distance(double latitude1, double longitude1, double latitude2,
			  double longitude2);

/* --- policies from intents: intent.c ------------------------------------------------------- */

/* What somebody wants who does not want to choose; 0 or NULL: does not care. */
struct intent {
	const char *jurisdiction;
	bool gdpr;
	double max_price;		/* $ a month for a GB of objects, coded */
	double max_latency_ms;		/* of each location */
	double availability;		/* of an object, below 1 */
	unsigned int losses;		/* locations that may be lost, any of them */
};

/**
 * policy_from_intent() - The first policy, and the first choice, that does it.
 * @p: receives k and n, the quorum and the chosen locations; all else is the default
 * @intent: what is wanted
 * @all: the catalogue
 * @count: locations in it
 * @seed: of the choice
 * @err: receives what stands in the way
 *
 * Starts with four data symbols and as little redundancy as may be, and goes on to more
 * redundancy, then to other numbers of symbols.
 *
 * Return: 0, or -ENOSPC with @err.
 */
int policy_from_intent(struct policy *p, const struct intent *intent,
		       const struct location *all, size_t count, uint64_t seed,
		       struct policy_error *err);

#endif /* SKY_POLICY_PLACEMENT_H */
