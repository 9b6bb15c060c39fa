// SPDX-License-Identifier: GPL-2.0-or-later
/* Sixteen lanes in two vectors of 256 bits. */
#include <immintrin.h>
#include <string.h>

#include "lanes_backend.h"

#define SIMD_TARGET	__attribute__((__target__("avx2")))
#define SIMD_WIDTH	8

typedef __m256i vec;

#define vec_load(p)		_mm256_loadu_si256((const __m256i *)(p))
#define vec_store(p, v)		_mm256_storeu_si256((__m256i *)(p), v)
#define vec_set(x)		_mm256_set1_epi32((int)(x))
#define vec_add(x, y)		_mm256_add_epi32(x, y)
#define vec_rol(x, n)		_mm256_or_si256(_mm256_slli_epi32(x, n),	\
						_mm256_srli_epi32(x, 32 - (n)))
#define vec_ror(x, n)		vec_rol(x, 32 - (n))
#define vec_shr(x, n)		_mm256_srli_epi32(x, n)
#define vec_low32(x, y)		_mm256_unpacklo_epi32(x, y)
#define vec_high32(x, y)	_mm256_unpackhi_epi32(x, y)
#define vec_low64(x, y)		_mm256_unpacklo_epi64(x, y)
#define vec_high64(x, y)	_mm256_unpackhi_epi64(x, y)

#define vec_xor3(x, y, z)	_mm256_xor_si256(x, _mm256_xor_si256(y, z))
#define vec_select(m, x, y)	_mm256_xor_si256(y, _mm256_and_si256(m, _mm256_xor_si256(x, y)))
#define vec_majority(x, y, z)	_mm256_xor_si256(y, _mm256_and_si256(_mm256_xor_si256(x, y), \
								     _mm256_xor_si256(y, z)))
#define vec_md5_i(x, y, z)	_mm256_xor_si256(y, _mm256_or_si256(x,		\
						 _mm256_xor_si256(z, _mm256_set1_epi32(-1))))

#define vec_bswap(x)		_mm256_shuffle_epi8(x, _mm256_set_epi32(		\
						0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203,	\
						0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203))

#define half(p)			_mm_loadu_si128((const __m128i *)(p))

static inline __attribute__((__always_inline__)) SIMD_TARGET vec
vec_rows(const uint8_t *const *p, size_t at)
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(half(p[0] + at)), half(p[4] + at), 1);
}

#include "lanes_simd.h"

static bool avx2_valid(void)
{
	return __builtin_cpu_supports("avx2");
}

const struct lanes_backend lanes_avx2 = {
	.name		= "avx2",
	.valid		= avx2_valid,
	.blocks		= { [LANES_MD5] = simd_md5, [LANES_SHA256] = simd_sha256 },
	.enough		= { [LANES_MD5] = 3, [LANES_SHA256] = 6 },
	.enough_ni	= { [LANES_MD5] = 3, [LANES_SHA256] = LANES + 1 },
};
