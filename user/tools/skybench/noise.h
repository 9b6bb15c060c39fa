/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that do not compress, differ between objects, and can be made again at any place: the
 * output of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators,
 * 2014), which is a function of a seed and a counter.  Not for secrets.
 */
#ifndef SKYBENCH_NOISE_H
#define SKYBENCH_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * noise_fill - the bytes of one object from a place on
 * @seed:	which object
 * @offset:	any
 * @to:		receives @len bytes
 */
void noise_fill(uint64_t seed, uint64_t offset, void *to, size_t len);

/* Are these @len bytes what noise_fill() would give? */
bool noise_check(uint64_t seed, uint64_t offset, const void *data, size_t len);

#endif /* SKYBENCH_NOISE_H */
