// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32 and CRC-32C are ISA-L's.  CRC-64/NVME is computed here, by carry-less
 * multiplication as in Gopal et al., Fast CRC Computation for Generic Polynomials
 * Using PCLMULQDQ Instruction (Intel, 2009).
 *
 * All are reflected: bit 63 (31) of a register is the coefficient of x^0 and the
 * first byte of data has the highest powers.  For two such registers of 64 bits,
 * PCLMULQDQ gives the product times x, as 128 bits of the same kind.
 *
 * Folding: 16 bytes R = lo * x^64 + hi that stand D bits before others may be put
 * on them as lo * (x^(D+64) mod P) + hi * (x^D mod P), which changes no remainder.
 * With the extra x, the factors are x^(D+63) mod P and x^(D-1) mod P.
 */
#include <immintrin.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <isa-l/crc.h>

#include "crc.h"

/* Reflected; those of 32 bits in the upper half, so that x^0 is the top bit in all. */
static const uint64_t polynomials[CRC_KINDS] = {
	[CRC_32]	= 0xedb88320ull << 32,
	[CRC_32C]	= 0x82f63b78ull << 32,
	[CRC_64NVME]	= 0x9a6c9329ac4bc9b5ull,
};

#define X0	(1ull << 63)

/* Streams of 16 bytes that are folded side by side. */
#define FOLDS	4

static uint64_t table[256];		/* of CRC-64/NVME */
static uint64_t fold_one[2];		/* over 16 bytes */
static uint64_t fold_all[2];		/* over FOLDS times 16 */
static uint64_t powers[CRC_KINDS][64];	/* x^(2^i) */
static bool has_clmul;
static pthread_once_t once = PTHREAD_ONCE_INIT;

size_t crc_bytes(enum crc_kind kind)
{
	return kind == CRC_64NVME ? 8 : kind == CRC_32 || kind == CRC_32C ? 4 : 0;
}

/* a * x mod P.  A polynomial of 32 bits has its x^31 in bit 32 of the word. */
static uint64_t times_x(enum crc_kind kind, uint64_t a)
{
	const uint64_t highest = kind == CRC_64NVME ? 1 : 1ull << 32;
	const uint64_t carry = a & highest;

	a = carry ? (a ^ highest) >> 1 : a >> 1;
	return carry ? a ^ polynomials[kind] : a;
}

/* a * b mod P */
static uint64_t product(enum crc_kind kind, uint64_t a, uint64_t b)
{
	uint64_t sum = 0;

	for (; a; a <<= 1) {
		if (a & X0)
			sum ^= b;
		b = times_x(kind, b);
	}
	return sum;
}

/* x^n mod P, by squares. */
static uint64_t power(enum crc_kind kind, uint64_t n)
{
	uint64_t result = X0;
	unsigned int i;

	for (i = 0; n; i++, n >>= 1)
		if (n & 1)
			result = product(kind, result, powers[kind][i]);
	return result;
}

static void prepare(void)
{
	unsigned int kind, i, bit;

	for (kind = 0; kind < CRC_KINDS; kind++) {
		powers[kind][0] = times_x(kind, X0);
		for (i = 1; i < 64; i++)
			powers[kind][i] = product(kind, powers[kind][i - 1], powers[kind][i - 1]);
	}
	for (i = 0; i < 256; i++) {
		table[i] = i;
		for (bit = 0; bit < 8; bit++)
			table[i] = times_x(CRC_64NVME, table[i]);
	}
	fold_one[0] = power(CRC_64NVME, 128 + 63);
	fold_one[1] = power(CRC_64NVME, 128 - 1);
	fold_all[0] = power(CRC_64NVME, FOLDS * 128 + 63);
	fold_all[1] = power(CRC_64NVME, FOLDS * 128 - 1);
	has_clmul = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

/* Without the inversion before and behind. */
static uint64_t bytewise(uint64_t crc, const uint8_t *p, size_t len)
{
	while (len--)
		crc = table[(uint8_t)crc ^ *p++] ^ crc >> 8;
	return crc;
}

#define CLMUL	__attribute__((__target__("pclmul,sse4.1")))

static inline CLMUL __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* @r put on @next, which stands as far behind it as @k is for. */
static inline CLMUL __m128i fold(__m128i r, __m128i k, __m128i next)
{
	return _mm_xor_si128(next, _mm_xor_si128(_mm_clmulepi64_si128(r, k, 0x00),
						 _mm_clmulepi64_si128(r, k, 0x11)));
}

static CLMUL uint64_t folding(uint64_t crc, const uint8_t *p, size_t len)
{
	const __m128i one = load((const uint8_t *)fold_one), all = load((const uint8_t *)fold_all);
	__m128i r[FOLDS];
	uint8_t last[16];
	unsigned int i;

	for (i = 0; i < FOLDS; i++)
		r[i] = load(p + 16 * i);
	r[0] = _mm_xor_si128(r[0], _mm_cvtsi64_si128((long long)crc));
	p += sizeof(r);
	for (len -= sizeof(r); len >= sizeof(r); len -= sizeof(r), p += sizeof(r))
		for (i = 0; i < FOLDS; i++)
			r[i] = fold(r[i], all, load(p + 16 * i));
	for (i = 1; i < FOLDS; i++)
		r[i] = fold(r[i - 1], one, r[i]);
	for (; len >= 16; len -= 16, p += 16)
		r[FOLDS - 1] = fold(r[FOLDS - 1], one, load(p));
	_mm_storeu_si128((__m128i *)last, r[FOLDS - 1]);
	return bytewise(bytewise(0, last, sizeof(last)), p, len);
}

uint64_t crc64nvme_table(uint64_t crc, const void *data, size_t len)
{
	pthread_once(&once, prepare);
	return ~bytewise(~crc, data, len);
}

static uint64_t crc64nvme(uint64_t crc, const uint8_t *p, size_t len)
{
	pthread_once(&once, prepare);
	if (!has_clmul || len < 16 * FOLDS)
		return ~bytewise(~crc, p, len);
	return ~folding(~crc, p, len);
}

/* ISA-L counts CRC-32C's bytes in an int. */
static uint32_t crc32c(uint32_t crc, const uint8_t *p, size_t len)
{
	crc = ~crc;
	while (len) {
		const size_t n = len < 1u << 30 ? len : 1u << 30;

		crc = crc32_iscsi((unsigned char *)p, (int)n, crc);
		p += n;
		len -= n;
	}
	return ~crc;
}

uint64_t crc_update(enum crc_kind kind, uint64_t crc, const void *data, size_t len)
{
	switch (kind) {
	case CRC_32:
		return crc32_gzip_refl((uint32_t)crc, data, len);
	case CRC_32C:
		return crc32c((uint32_t)crc, data, len);
	default:
		return crc64nvme(crc, data, len);
	}
}

/*
 * The inversions before and behind cancel each other: what is left of the first
 * piece is its sum times x^(8 * second_len).
 */
uint64_t crc_combine(enum crc_kind kind, uint64_t first, uint64_t second, uint64_t second_len)
{
	const unsigned int shift = kind == CRC_64NVME ? 0 : 32;
	uint64_t zeros;

	pthread_once(&once, prepare);
	zeros = power(kind, second_len);		/* bytes: eight times that below */
	zeros = product(kind, zeros, zeros);
	zeros = product(kind, zeros, zeros);
	zeros = product(kind, zeros, zeros);
	return second ^ product(kind, first << shift, zeros) >> shift;
}
