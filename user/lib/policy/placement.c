// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "base/cleanup.h"
#include "placement.h"

/* Catalogues are small: a location's number is of 16 bits. */
#define MAX_LOCATIONS	(SKY_NO_LOCATION - 1)

/* What is not measured is taken for a location at the other end of the world. */
#define UNKNOWN_LATENCY	300.0

/* Below this, the time that a server takes matters more than the way to it. */
#define LEAST_LATENCY	5.0

#define GIB		(1024.0 * 1024 * 1024)

enum unfit {
	FIT,
	HAS_ONE,
	NOT_LISTED,
	NOT_ASKED,
	NOT_UP,
	ELSEWHERE,
	NO_GDPR,
	TOO_DEAR,
	TOO_SLOW,
	FULL,
	UNFITS,
};

static const char *const reasons[UNFITS] = {
	[HAS_ONE] = "with a fragment already", [NOT_LISTED] = "not in the policy's lists",
	[NOT_ASKED] = "not among those that were named", [NOT_UP] = "not up",
	[ELSEWHERE] = "in other jurisdictions", [NO_GDPR] = "without GDPR",
	[TOO_DEAR] = "too dear", [TOO_SLOW] = "too slow", [FULL] = "full",
};

struct candidate {
	uint16_t index;			/* into the catalogue */
	bool taken;
	double key;			/* the smallest is drawn first */
};

static bool in_list(const struct policy_places *list, uint16_t id)
{
	unsigned int i;

	for (i = 0; list && i < list->count; i++)
		if (list->id[i] == id)
			return true;
	return false;
}

static bool in(const uint16_t *ids, unsigned int count, uint16_t id)
{
	while (count--)
		if (*ids++ == id)
			return true;
	return false;
}

static bool listed(const struct requirement *need, const struct location *l)
{
	const bool any = (!need->backends || !need->backends->count) &&
			 (!need->edge_devices || !need->edge_devices->count);

	return any || in_list(l->edge ? need->edge_devices : need->backends, l->id);
}

/* Law of the Union holds in the whole of the European Economic Area. */
static bool under(const char *wanted, const char *jurisdiction)
{
	return !wanted || !strcmp(wanted, jurisdiction) ||
	       (!strcmp(wanted, "EEA") && !strcmp(jurisdiction, "EU"));
}

/* A limit of 0 is none; a value that is not known keeps no limit. */
static bool within(double value, double limit)
{
	return limit <= 0 || (value >= 0 && value <= limit);
}

static enum unfit judge(const struct requirement *need, const struct location *l)
{
	if (in(need->have, need->haves, l->id))
		return HAS_ONE;
	if (!listed(need, l))
		return NOT_LISTED;
	if (need->only && !in(need->only, need->onlys, l->id))
		return NOT_ASKED;
	if (l->state != LOCATION_UP)
		return NOT_UP;
	if (!under(need->jurisdiction, l->place.jurisdiction))
		return ELSEWHERE;
	if (need->gdpr && !l->place.gdpr)
		return NO_GDPR;
	if (!within(l->storage_price, need->max_storage_price))
		return TOO_DEAR;
	if (!within(l->latency_ms, need->max_latency_ms))
		return TOO_SLOW;
	if (l->free_bytes >= 0 && l->free_bytes < need->bytes)
		return FULL;
	return FIT;
}

/* Near and empty ones more often: halved time, or four times the room, doubles it. */
static double weight(const struct location *l)
{
	const double latency = l->latency_ms < 0 ? UNKNOWN_LATENCY :
			       fmax(l->latency_ms, LEAST_LATENCY);
	const double room = l->free_bytes < 0 ? 0 : l->free_bytes / GIB;

	return sqrt(1 + room) / latency;
}

/* Uniform in (0, 1] (Steele, Lea and Flood, SplitMix, 2014). */
static double uniform(uint64_t seed, uint16_t id)
{
	uint64_t z = seed + (id + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return ldexp((z >> 11) + 1, -53);
}

static bool same_city(const struct place *a, const struct place *b)
{
	return !strcmp(a->city, b->city) && !strcmp(a->country, b->country);
}

struct uses {
	unsigned int provider, city;
};

static struct uses uses_of(const struct location *all, const uint16_t *chosen, unsigned int n,
			   const struct place *place)
{
	struct uses uses = { 0, 0 };
	unsigned int i;

	for (i = 0; i < n; i++) {
		uses.provider += !strcmp(all[chosen[i]].place.provider, place->provider);
		uses.city += same_city(&all[chosen[i]].place, place);
	}
	return uses;
}

static bool before(struct uses a, double key_a, struct uses b, double key_b)
{
	if (a.provider != b.provider)
		return a.provider < b.provider;
	if (a.city != b.city)
		return a.city < b.city;
	return key_a < key_b;
}

/* The best that is left for row @n, or NULL. */
static struct candidate *draw(const struct location *all, struct candidate *c, size_t count,
			      const uint16_t *chosen, unsigned int n, unsigned int max_per_provider)
{
	struct candidate *best = NULL;
	struct uses best_uses = { 0, 0 };
	size_t i;

	for (i = 0; i < count; i++) {
		struct uses uses;

		if (c[i].taken)
			continue;
		uses = uses_of(all, chosen, n, &all[c[i].index].place);
		if (max_per_provider && uses.provider >= max_per_provider)
			continue;
		if (best && !before(uses, c[i].key, best_uses, best->key))
			continue;
		best = &c[i];
		best_uses = uses;
	}
	return best;
}

static int too_few(const struct requirement *need, unsigned int found, const unsigned int *unfit,
		   struct policy_error *err)
{
	const char *sep = ": ";
	size_t len;
	int i;

	len = snprintf(err->text, sizeof(err->text), "%u locations are needed, %u can be had",
		       need->n, found);
	for (i = HAS_ONE; i < UNFITS && len < sizeof(err->text); i++) {
		if (!unfit[i])
			continue;
		len += snprintf(err->text + len, sizeof(err->text) - len, "%s%u %s", sep, unfit[i],
				reasons[i]);
		sep = ", ";
	}
	return -ENOSPC;
}

/* Indexes of what counts as chosen.  Return: how many there are in the catalogue. */
static unsigned int chosen_before(const struct location *all, size_t count,
				  const struct requirement *need, uint16_t *chosen)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < count && n < need->haves && n < SKY_MAX_N; i++)
		if (in(need->have, need->haves, all[i].id))
			chosen[n++] = i;
	return n;
}

int placement_choose(const struct location *all, size_t count, const struct requirement *need,
		     uint64_t seed, uint16_t chosen[], struct policy_error *err)
{
	uint16_t taken[2 * SKY_MAX_N];	/* those before, then the chosen */
	unsigned int first;
	struct candidate *c CLEANUP_FREE = NULL;
	unsigned int unfit[UNFITS] = { 0 }, n;
	size_t i, fit = 0;

	count = min_t(size_t, count, MAX_LOCATIONS);
	c = calloc(count + 1, sizeof(*c));
	if (!c)
		return too_few(need, 0, unfit, err);
	for (i = 0; i < count; i++) {
		enum unfit why = judge(need, &all[i]);

		unfit[why]++;
		if (why == FIT)
			c[fit++] = (struct candidate){
				.index = i,
				.key = -log(uniform(seed, all[i].id)) / weight(&all[i]),
			};
	}
	first = chosen_before(all, count, need, taken);
	for (n = 0; n < need->n; n++) {
		struct candidate *next = draw(all, c, fit, taken, first + n,
					      need->max_per_provider);

		if (!next)
			return too_few(need, n, unfit, err);
		next->taken = true;
		taken[first + n] = next->index;
		chosen[n] = next->index;
	}
	return 0;
}

double placement_availability(const struct location *all, const uint16_t chosen[], unsigned int n,
			      unsigned int k)
{
	double up[SKY_MAX_N + 1] = { 1 }, sum = 0, p;	/* of exactly i so far */
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		p = fmin(fmax(all[chosen[i]].availability, 0), 1);
		for (j = i + 1; j; j--)
			up[j] = up[j] * (1 - p) + up[j - 1] * p;
		up[0] *= 1 - p;
	}
	for (i = k; i <= n; i++)
		sum += up[i];
	return sum;
}

double placement_price(const struct location *all, const uint16_t chosen[], unsigned int n,
		       unsigned int k)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (all[chosen[i]].storage_price < 0)
			return -1;
		sum += all[chosen[i]].storage_price;
	}
	return sum / k;
}

double placement_distance(double latitude1, double longitude1, double latitude2,
			  double longitude2)
{
	const double degree = M_PI / 180, radius = 6371.0;
	const double north = sin((latitude2 - latitude1) * degree / 2);
	const double east = sin((longitude2 - longitude1) * degree / 2);
	const double h = north * north +
			 cos(latitude1 * degree) * cos(latitude2 * degree) * east * east;

	return 2 * radius * asin(sqrt(fmin(h, 1)));
}
