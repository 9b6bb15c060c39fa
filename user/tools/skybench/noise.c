// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include <linux/kernel.h>

#include "noise.h"

#define GOLDEN	0x9e3779b97f4a7c15ull
#define WORD	sizeof(uint64_t)
#define PIECE	(512 * WORD)

static inline uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Seeds that follow each other must not give streams that overlap. */
static inline uint64_t stream_of(uint64_t seed)
{
	return mix(seed + GOLDEN);
}

static void fill_words(uint64_t stream, uint64_t first, uint8_t *to, size_t count)
{
	uint64_t z = stream + first * GOLDEN, word;
	size_t i;

	for (i = 0; i < count; i++) {
		z += GOLDEN;
		word = mix(z);
		memcpy(to + i * WORD, &word, WORD);
	}
}

void noise_fill(uint64_t seed, uint64_t offset, void *to, size_t len)
{
	const uint64_t stream = stream_of(seed);
	uint8_t *p = to, word[WORD];
	size_t n, skip;

	while (len) {
		skip = offset % WORD;
		if (!skip && len >= WORD) {
			n = len / WORD * WORD;
			fill_words(stream, offset / WORD, p, n / WORD);
		} else {
			n = min(WORD - skip, len);
			fill_words(stream, offset / WORD, word, 1);
			memcpy(p, word + skip, n);
		}
		p += n;
		offset += n;
		len -= n;
	}
}

bool noise_check(uint64_t seed, uint64_t offset, const void *data, size_t len)
{
	uint8_t want[PIECE];
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = min(len - at, PIECE - (size_t)((offset + at) % WORD));
		noise_fill(seed, offset + at, want, n);
		if (memcmp(want, (const uint8_t *)data + at, n))
			return false;
	}
	return true;
}
