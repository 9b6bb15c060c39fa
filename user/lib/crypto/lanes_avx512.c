// SPDX-License-Identifier: GPL-2.0-or-later
/* Sixteen lanes in one vector of 512 bits. */
#include <immintrin.h>
#include <string.h>

#include "lanes_backend.h"

#define SIMD_TARGET	__attribute__((__target__("avx512f,avx512bw")))
#define SIMD_WIDTH	16

typedef __m512i vec;

#define vec_load(p)		_mm512_loadu_si512(p)
#define vec_store(p, v)		_mm512_storeu_si512(p, v)
#define vec_set(x)		_mm512_set1_epi32((int)(x))
#define vec_add(x, y)		_mm512_add_epi32(x, y)
#define vec_rol(x, n)		_mm512_rol_epi32(x, n)
#define vec_ror(x, n)		_mm512_ror_epi32(x, n)
#define vec_shr(x, n)		_mm512_srli_epi32(x, n)
#define vec_low32(x, y)		_mm512_unpacklo_epi32(x, y)
#define vec_high32(x, y)	_mm512_unpackhi_epi32(x, y)
#define vec_low64(x, y)		_mm512_unpacklo_epi64(x, y)
#define vec_high64(x, y)	_mm512_unpackhi_epi64(x, y)

/* Any function of three bits: its value for x, y, z is bit 4x + 2y + z. */
#define vec_xor3(x, y, z)	_mm512_ternarylogic_epi32(x, y, z, 0x96)
#define vec_select(m, x, y)	_mm512_ternarylogic_epi32(m, x, y, 0xca)
#define vec_majority(x, y, z)	_mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define vec_md5_i(x, y, z)	_mm512_ternarylogic_epi32(x, y, z, 0x39)

#define vec_bswap(x)		_mm512_shuffle_epi8(x, _mm512_set4_epi32(0x0c0d0e0f,	\
						0x08090a0b, 0x04050607, 0x00010203))

#define quarter(p)		_mm_loadu_si128((const __m128i *)(p))

/* Merging broadcasts from memory, which leave the port of shuffles alone. */
static inline __attribute__((__always_inline__)) SIMD_TARGET vec
vec_rows(const uint8_t *const *p, size_t at)
{
	vec v = _mm512_castsi128_si512(quarter(p[0] + at));

	v = _mm512_mask_broadcast_i32x4(v, 0x00f0, quarter(p[4] + at));
	v = _mm512_mask_broadcast_i32x4(v, 0x0f00, quarter(p[8] + at));
	return _mm512_mask_broadcast_i32x4(v, 0xf000, quarter(p[12] + at));
}

#include "lanes_simd.h"

static bool avx512_valid(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

const struct lanes_backend lanes_avx512 = {
	.name		= "avx512",
	.valid		= avx512_valid,
	.blocks		= { [LANES_MD5] = simd_md5, [LANES_SHA256] = simd_sha256 },
	.enough		= { [LANES_MD5] = 2, [LANES_SHA256] = 3 },
	.enough_ni	= { [LANES_MD5] = 2, [LANES_SHA256] = 9 },
};
