// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "latency.h"

#define SUB	(1u << LATENCY_SUB_BITS)

unsigned int latency_bucket(uint64_t ns)
{
	unsigned int shift;

	if (ns >> LATENCY_LAST_BIT)
		return LATENCY_BUCKETS - 1;
	if (ns < SUB)
		return ns;
	shift = 63 - __builtin_clzll(ns) - LATENCY_SUB_BITS;
	return ((shift + 1) << LATENCY_SUB_BITS) + ((ns >> shift) & (SUB - 1));
}

uint64_t latency_last(unsigned int bucket)
{
	if (bucket < SUB)
		return bucket;
	return (((uint64_t)SUB + bucket % SUB + 1) << (bucket / SUB - 1)) - 1;
}

void latency_add(struct latency *l, uint64_t ns)
{
	l->count[latency_bucket(ns)]++;
	l->total++;
	l->sum += ns;
	if (ns > l->max)
		l->max = ns;
}

uint64_t latency_quantile(const struct latency *l, double share)
{
	uint64_t rank = ceil(share * l->total), seen = 0;
	unsigned int i;

	for (i = 0; i < LATENCY_BUCKETS - 1; i++) {
		seen += l->count[i];
		if (seen && seen >= rank)
			return latency_last(i) < l->max ? latency_last(i) : l->max;
	}
	return l->max;
}

double latency_mean(const struct latency *l)
{
	return l->total ? (double)l->sum / l->total : 0;
}
