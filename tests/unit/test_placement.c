// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalogue, the choice of locations, and policies from what somebody wants. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "policy/placement.h"
#include "rlnc_util.h"

#define TINY	0.000000000001

static struct location all[PLACES];

/* The catalogue with measurements from Frankfurt: 1 ms for 100 km, and prices. */
static void measure(void)
{
	unsigned int i;

	for (i = 0; i < PLACES; i++)
		all[i] = (struct location){
			.id = i + 1, .place = places[i],
			.storage_price = 0.01 + 0.001 * (i % 10), .ingress_price = 0,
			.egress_price = 0.05, .throughput = 100, .availability = 0.99,
			.free_bytes = 1ll << 40,
			.latency_ms = placement_distance(50.11, 8.68, places[i].latitude,
							 places[i].longitude) / 100,
		};
}

static void the_catalogue(void **state)
{
	static const struct { const char *name; unsigned int count; } providers[] = {
		{ "Google", 10 }, { "Amazon", 10 }, { "Microsoft", 17 }, { "OVH", 6 },
		{ "City Cloud", 3 }, { "Exoscale", 6 }, { "Scaleway", 3 }, { "IONOS", 1 },
		{ "Deutsche Telekom", 1 }, { "Ventus Cloud", 3 },
	};
	unsigned int i, j, gdpr = 0, count;

	(void)state;
	for (i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];

		gdpr += p->gdpr;
		assert_int_equal(strlen(p->country), 2);
		assert_true(fabs(p->latitude) <= 90 && fabs(p->longitude) <= 180);
		/* None is in the sea south of Ghana, and none in the Pacific. */
		assert_true(p->latitude > 25 && p->latitude < 65);
		assert_true(strcmp(p->country, "US") && strcmp(p->country, "CA") ?
			    p->longitude > -11 && p->longitude < 30 :
			    p->longitude > -125 && p->longitude < -70);
		for (j = 0; j < i; j++)
			assert_true(strcmp(p->provider, places[j].provider) ||
				    strcmp(p->name, places[j].name));
	}
	assert_int_equal(gdpr, 42);
	for (i = 0; i < ARRAY_SIZE(providers); i++) {
		for (j = count = 0; j < PLACES; j++)
			count += !strcmp(places[j].provider, providers[i].name);
		assert_int_equal(count, providers[i].count);
	}
}

static void distances(void **state)
{
	(void)state;
	assert_true(placement_distance(50, 8, 50, 8) == 0);
	/* London to Paris, and half the way around. */
	assert_true(fabs(placement_distance(51.51, -0.13, 48.86, 2.35) - 344) < 3);
	assert_true(fabs(placement_distance(0, 0, 0, 180) - 20015) < 1);
	assert_true(fabs(placement_distance(90, 0, -90, 0) - 20015) < 1);
}

static bool distinct(const uint16_t *chosen, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (chosen[i] == chosen[j])
				return false;
	return true;
}

static unsigned int most_of_a_provider(const uint16_t *chosen, unsigned int n)
{
	unsigned int i, j, count, most = 0;

	for (i = 0; i < n; i++) {
		for (j = count = 0; j < n; j++)
			count += !strcmp(all[chosen[i]].place.provider,
					 all[chosen[j]].place.provider);
		most = max(most, count);
	}
	return most;
}

static bool same_city_twice(const uint16_t *chosen, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(all[chosen[i]].place.city, all[chosen[j]].place.city))
				return true;
	return false;
}

/* Six of ten providers are six providers in six cities; of twelve, two are used twice. */
static void spread(void **state)
{
	struct requirement need = { .n = 6 };
	struct policy_error err;
	uint16_t chosen[SKY_MAX_N];
	uint64_t seed;

	(void)state;
	measure();
	for (seed = 0; seed < 200; seed++) {
		need.n = 6;
		assert_int_equal(placement_choose(all, PLACES, &need, seed, chosen, &err), 0);
		assert_true(distinct(chosen, 6));
		assert_int_equal(most_of_a_provider(chosen, 6), 1);
		assert_false(same_city_twice(chosen, 6));
		need.n = 12;
		assert_int_equal(placement_choose(all, PLACES, &need, seed, chosen, &err), 0);
		assert_true(distinct(chosen, 12));
		assert_int_equal(most_of_a_provider(chosen, 12), 2);
	}
	need.n = PLACES;
	assert_int_equal(placement_choose(all, PLACES, &need, 1, chosen, &err), 0);
	assert_true(distinct(chosen, PLACES));
}

/* The seed decides, and nothing else. */
static void deterministic(void **state)
{
	struct requirement need = { .n = 6 };
	uint16_t a[6], b[6];
	struct policy_error err;
	unsigned int differ = 0;
	uint64_t seed;

	(void)state;
	measure();
	for (seed = 0; seed < 100; seed++) {
		placement_choose(all, PLACES, &need, seed, a, &err);
		placement_choose(all, PLACES, &need, seed, b, &err);
		assert_memory_equal(a, b, sizeof(a));
		placement_choose(all, PLACES, &need, seed + 1, b, &err);
		differ += !!memcmp(a, b, sizeof(a));
	}
	assert_true(differ > 90);
}

/* The near one of two is drawn as often as its weight says, and so is the empty one. */
static void weighted(void **state)
{
	struct requirement need = { .n = 1 };
	struct policy_error err;
	unsigned int near = 0, empty = 0;
	uint16_t chosen[1];
	uint64_t seed;

	(void)state;
	measure();
	all[0].latency_ms = 100;
	all[1].latency_ms = 25;
	for (seed = 0; seed < 4000; seed++) {
		placement_choose(all, 2, &need, seed * 977, chosen, &err);
		near += chosen[0] == 1;
	}
	assert_true(near > 3200 - 130 && near < 3200 + 130);
	all[1].latency_ms = 100;
	all[0].free_bytes = 15ll << 30;
	all[1].free_bytes = 255ll << 30;
	for (seed = 0; seed < 4000; seed++) {
		placement_choose(all, 2, &need, seed * 977, chosen, &err);
		empty += chosen[0] == 1;
	}
	assert_true(empty > 3200 - 130 && empty < 3200 + 130);
}

/* A location that goes away changes what was on it, and hardly anything else. */
static void stable(void **state)
{
	struct requirement need = { .n = 6 };
	unsigned int same = 0, i, j;
	struct policy_error err;
	uint16_t a[6], b[6];
	uint64_t seed;

	(void)state;
	measure();
	for (seed = 0; seed < 100; seed++) {
		all[5].state = LOCATION_UP;
		placement_choose(all, PLACES, &need, seed, a, &err);
		all[5].state = LOCATION_DOWN;
		placement_choose(all, PLACES, &need, seed, b, &err);
		for (i = 0; i < 6; i++)
			for (j = 0; j < 6; j++)
				same += a[i] == b[j];
	}
	assert_true(same > 560);
	all[5].state = LOCATION_UP;
}

/* Every demand is kept; what cannot be kept is explained. */
static void demands(void **state)
{
	struct policy_places list = { .count = 3, .id = { 7, 8, 60 } };
	struct requirement need = { .n = 6, .jurisdiction = "EU", .max_latency_ms = 5 };
	struct policy_error err;
	uint16_t chosen[SKY_MAX_N];
	unsigned int i;

	(void)state;
	measure();
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), 0);
	for (i = 0; i < 6; i++) {
		assert_string_equal(all[chosen[i]].place.jurisdiction, "EU");
		assert_true(all[chosen[i]].latency_ms <= 5);
	}
	need.jurisdiction = "CH";
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	assert_string_equal(err.text, "6 locations are needed, 4 can be had: 56 in other jurisdictions");
	/* The Economic Area is the Union and Norway. */
	need = (struct requirement){ .n = 28, .jurisdiction = "EU" };
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), 0);
	need.n = 29;
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	need.jurisdiction = "EEA";
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), 0);
	need = (struct requirement){ .n = 43, .gdpr = true };
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	assert_string_equal(err.text, "43 locations are needed, 42 can be had: 18 without GDPR");
	need = (struct requirement){ .n = 3, .backends = &list };
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), 0);
	need.n = 4;
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "4 locations are needed, 3 can be had: 57 not in the policy's lists");
	all[6].state = LOCATION_DRAINING;
	all[7].free_bytes = 999;
	need.n = 2;
	need.bytes = 1000;
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "2 locations are needed, 1 can be had: 57 not in the policy's lists, 1 not up, 1 full");
	need = (struct requirement){ .n = 11, .max_per_provider = 1 };
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	need.n = 10;
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), 0);
}

/* What is not known keeps no limit, and an edge is no cloud. */
static void unknown_and_edges(void **state)
{
	struct policy_places seven = { .count = 1, .id = { 7 } };
	struct requirement need = { .n = 1, .max_storage_price = 1 };
	struct policy_error err;
	uint16_t chosen[1];

	(void)state;
	measure();
	all[0].storage_price = -1;
	assert_int_equal(placement_choose(all, 1, &need, 5, chosen, &err), -ENOSPC);
	need.max_storage_price = 0;
	assert_int_equal(placement_choose(all, 1, &need, 5, chosen, &err), 0);
	all[0].latency_ms = -1;
	all[0].free_bytes = -1;
	assert_int_equal(placement_choose(all, 1, &need, 5, chosen, &err), 0);
	need.max_latency_ms = 1000;
	assert_int_equal(placement_choose(all, 1, &need, 5, chosen, &err), -ENOSPC);
	need = (struct requirement){ .n = 1, .backends = &seven };
	all[6].edge = true;
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), -ENOSPC);
	need = (struct requirement){ .n = 1, .edge_devices = &seven };
	assert_int_equal(placement_choose(all, PLACES, &need, 5, chosen, &err), 0);
	assert_int_equal(chosen[0], 6);
}

static void probabilities(void **state)
{
	uint16_t chosen[SKY_MAX_N];
	unsigned int i;

	(void)state;
	measure();
	for (i = 0; i < PLACES; i++) {
		chosen[i] = i;
		all[i].availability = 0.5;
	}
	/* Binomial: 22 of 64 sets of six have at least four. */
	assert_true(fabs(placement_availability(all, chosen, 6, 4) - 22.0 / 64) < TINY);
	assert_true(fabs(placement_availability(all, chosen, 6, 0) - 1) < TINY);
	all[0].availability = 1;
	all[1].availability = 0;
	assert_true(fabs(placement_availability(all, chosen, 2, 1) - 1) < TINY);
	assert_true(placement_availability(all, chosen, 2, 2) == 0);
	assert_true(fabs(placement_price(all, chosen, 2, 1) - 0.021) < TINY);
	all[1].storage_price = -1;
	assert_true(placement_price(all, chosen, 2, 1) < 0);
}

static void intents(void **state)
{
	struct intent want = { .jurisdiction = "EU", .losses = 2 };
	struct policy_error err;
	struct policy p;
	unsigned int i;

	(void)state;
	measure();
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), 0);
	assert_int_equal(p.k, 4);
	assert_int_equal(p.redundant, 2);
	assert_int_equal(p.quorum, 6);
	assert_int_equal(p.backends.count, 6);
	for (i = 0; i < 6; i++)
		assert_string_equal(all[p.backends.id[i] - 1].place.jurisdiction, "EU");
	/* 0.99 each: 4 of 6 is 0.99998; for nine nines there must be more. */
	want.availability = 0.999999999;
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), 0);
	assert_true(p.redundant > 2);
	/* A price that 4 of 6 cannot have, and one that nothing can have. */
	want.availability = 0;
	want.max_price = 0.0165;
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), 0);
	assert_true(p.k > 4 && p.redundant >= 2);
	want.max_price = 0.005;
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "too dear"));
	want = (struct intent){ .jurisdiction = "CH", .losses = 3 };
	/* Four places: one symbol, three copies more. */
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), 0);
	assert_int_equal(p.k, 1);
	want.losses = 4;
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), -ENOSPC);
	assert_string_equal(err.text, "8 locations are needed, 4 can be had: 56 in other jurisdictions");
	want.losses = 300;
	assert_int_equal(policy_from_intent(&p, &want, all, PLACES, 1, &err), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalogue), cmocka_unit_test(distances),
		cmocka_unit_test(spread), cmocka_unit_test(deterministic),
		cmocka_unit_test(weighted), cmocka_unit_test(stable), cmocka_unit_test(demands),
		cmocka_unit_test(unknown_and_edges), cmocka_unit_test(probabilities),
		cmocka_unit_test(intents),
	};

	return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
