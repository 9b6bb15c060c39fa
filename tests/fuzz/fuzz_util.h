/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For fuzz targets: what must hold, and input in memory of its own. */
#ifndef TESTS_FUZZ_UTIL_H
#define TESTS_FUZZ_UTIL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(int condition)
{
	if (!condition)
		abort();
}

/* A copy of exactly that size, so that no read beyond it goes unseen; to be freed. */
static inline struct str own_copy(const void *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	require(!!copy);
	if (size)
		memcpy(copy, data, size);
	return (struct str){ copy, size };
}

/* A running sum over what a parser hands out (FNV-1a). */
static inline void digest(uint64_t *sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		*sum = (*sum ^ *p++) * 0x100000001b3ull;
}

static inline void digest_str(uint64_t *sum, struct str s)
{
	digest(sum, &s.len, sizeof(s.len));
	digest(sum, s.at, s.len);
}

#endif /* TESTS_FUZZ_UTIL_H */
