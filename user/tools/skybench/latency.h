/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log-linear histograms of latencies, as HdrHistogram has them, fine enough for the far
 * percentiles of a load: each power of two is divided evenly into 64, so that a value is known
 * to 1.6 %.  (kernel/lib/stat has coarse ones, which fit into a module's memory.)
 */
#ifndef SKYBENCH_LATENCY_H
#define SKYBENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_SUB_BITS	6
#define LATENCY_LAST_BIT	40	/* 2^40 ns and more, 18 minutes, are one bucket with less */
#define LATENCY_BUCKETS		((LATENCY_LAST_BIT - LATENCY_SUB_BITS + 1u) << LATENCY_SUB_BITS)

/* Zeroed, it is empty. */
struct latency {
	uint64_t count[LATENCY_BUCKETS];
	uint64_t total;			/* of all counts */
	uint64_t sum, max;		/* ns; exact */
};

/* The bucket of @ns, and the greatest value that is in a bucket. */
unsigned int latency_bucket(uint64_t ns);
uint64_t latency_last(unsigned int bucket);

void latency_add(struct latency *l, uint64_t ns);

/**
 * latency_quantile - the value that this share of all values does not exceed
 * @share:	0 to 1: 0.99 for p99
 *
 * Of a bucket, its greatest value is told, but never more than the greatest one that was added.
 *
 * Return: ns; 0 when nothing was added.
 */
uint64_t latency_quantile(const struct latency *l, double share);

/* Return: ns; 0 when nothing was added. */
double latency_mean(const struct latency *l);

#endif /* SKYBENCH_LATENCY_H */
