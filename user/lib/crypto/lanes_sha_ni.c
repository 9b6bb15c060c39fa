// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SHA-256 of two streams by the CPU's own instructions (Intel SDM volume 2, SHA256RNDS2).  Each of
 * these waits for the one before it, so that a single stream leaves half of the unit idle: two that
 * take turns take hardly longer than one.
 */
#include <cpuid.h>
#include <immintrin.h>

#include "lanes_backend.h"

#define TARGET		__attribute__((__target__("sha,sse4.1")))
#define UNROLL		_Pragma("GCC unroll 32")

bool lanes_sha_ni_valid(void)
{
	unsigned int a, b, c, d;

	/* CPUID leaf 7: SHA; what has that has SSE4.1. */
	return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
	       b >> 29 & 1;
}

/* The order that the instructions want: A, B, E, F in one and C, D, G, H in the other. */
static inline __attribute__((__always_inline__)) TARGET void
take_state(const uint32_t *state, __m128i *abef, __m128i *cdgh)
{
	__m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);

	*abef = _mm_alignr_epi8(cdab, efgh, 8);
	*cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

static inline __attribute__((__always_inline__)) TARGET void
put_state(uint32_t *state, __m128i abef, __m128i cdgh)
{
	__m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words 4i to 4i + 3, which take the place of those sixteen before them. */
static inline __attribute__((__always_inline__)) TARGET void schedule(__m128i w[4], unsigned int i)
{
	__m128i sum = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);

	sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
	w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
}

static inline __attribute__((__always_inline__)) TARGET __m128i take_words(const uint8_t *from)
{
	const __m128i big_endian = _mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)from), big_endian);
}

/* Steps 4i to 4i + 3 of one stream. */
static inline __attribute__((__always_inline__)) TARGET void
four_steps(__m128i *abef, __m128i *cdgh, __m128i w[4], const uint8_t *block, unsigned int i)
{
	__m128i sum;

	if (i < 4)
		w[i] = take_words(block + 16 * i);
	else
		schedule(w, i);
	sum = _mm_add_epi32(w[i % 4], _mm_loadu_si128((const __m128i *)&lanes_sha256_k[4 * i]));
	*cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
	*abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

TARGET void lanes_sha_ni_pair(uint32_t *const state[2], const uint8_t *const data[2],
			      size_t blocks)
{
	__m128i abef[2], cdgh[2], w[2][4];
	const size_t end = blocks * LANES_BLOCK;
	unsigned int i, s;
	size_t at;

	for (s = 0; s < 2; s++)
		take_state(state[s], &abef[s], &cdgh[s]);
	for (at = 0; at < end; at += LANES_BLOCK) {
		const __m128i abef0[2] = { abef[0], abef[1] }, cdgh0[2] = { cdgh[0], cdgh[1] };

		UNROLL
		for (i = 0; i < 32; i++)
			four_steps(&abef[i % 2], &cdgh[i % 2], w[i % 2], data[i % 2] + at, i / 2);
		for (s = 0; s < 2; s++) {
			abef[s] = _mm_add_epi32(abef[s], abef0[s]);
			cdgh[s] = _mm_add_epi32(cdgh[s], cdgh0[s]);
		}
	}
	for (s = 0; s < 2; s++)
		put_state(state[s], abef[s], cdgh[s]);
}
