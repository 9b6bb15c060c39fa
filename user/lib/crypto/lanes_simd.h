/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MD5 (RFC 1321) and SHA-256 (FIPS 180-4) of LANES blocks at once.
 *
 * A back end defines, before it includes this file,
 *
 *	SIMD_TARGET	its target attribute
 *	vec		a vector of 32-bit numbers; SIMD_WIDTH of them, one a lane
 *	vec_add, vec_rol, vec_ror, vec_shr, vec_set, vec_bswap
 *	vec_xor3(x, y, z)	x ^ y ^ z
 *	vec_select(m, x, y)	x where m has ones, else y
 *	vec_majority(x, y, z)
 *	vec_md5_i(x, y, z)	y ^ (x | ~z)
 *	vec_low32, vec_high32, vec_low64, vec_high64	unpacking of pairs, in each
 *			quarter of 16 bytes by itself
 *	vec_rows(p, at)	16 bytes of every fourth stream from p[0], p[4], ... one in
 *			each quarter
 *
 * and gets simd_md5() and simd_sha256().  A vector of a word has the lanes in
 * order: of four vec_rows() the 4x4 transpose of each quarter is that already.
 * MD5 is one chain of dependent steps, so all SIMD_SETS vectors that make up the
 * lanes advance together and fill each other's waiting time; SHA-256 has enough
 * to do in one step.
 */
#ifndef SKY_CRYPTO_LANES_SIMD_H
#define SKY_CRYPTO_LANES_SIMD_H

#define SIMD_SETS	(LANES / SIMD_WIDTH)
#define SIMD_UNROLL	_Pragma("GCC unroll 16")

/* Bytes that streams are fetched ahead; that may be beyond their ends. */
#define SIMD_AHEAD	512

/* Words @at / 4 to @at / 4 + 3 of one block of each lane of a set. */
static inline __attribute__((__always_inline__)) SIMD_TARGET void
simd_load4(vec w[4], const uint8_t *const *p, size_t at)
{
	vec r0 = vec_rows(p, at), r1 = vec_rows(p + 1, at);
	vec r2 = vec_rows(p + 2, at), r3 = vec_rows(p + 3, at);
	vec a = vec_low32(r0, r1), b = vec_low32(r2, r3);
	vec c = vec_high32(r0, r1), d = vec_high32(r2, r3);

	w[0] = vec_low64(a, b);
	w[1] = vec_high64(a, b);
	w[2] = vec_low64(c, d);
	w[3] = vec_high64(c, d);
}

static inline __attribute__((__always_inline__)) SIMD_TARGET void
simd_load(vec w[16], const uint8_t *const *p, size_t at)
{
	unsigned int i;

	SIMD_UNROLL
	for (i = 0; i < SIMD_WIDTH; i++)
		__builtin_prefetch(p[i] + at + SIMD_AHEAD);
	SIMD_UNROLL
	for (i = 0; i < 16; i += 4)
		simd_load4(w + i, p, at + 4 * i);
}

/* --- MD5 ------------------------------------------------------------------- */

#define MD5_F(b, c, d)	vec_select(b, c, d)
#define MD5_G(b, c, d)	vec_select(d, b, c)
#define MD5_H(b, c, d)	vec_xor3(b, c, d)
#define MD5_I(b, c, d)	vec_md5_i(b, c, d)

/* a = b + ((a + f(b, c, d) + word + constant) <<< shift), in all sets. */
#define MD5_STEP(f, a, b, c, d, word, i, shift) do {				\
	SIMD_UNROLL								\
	for (s = 0; s < SIMD_SETS; s++) {					\
		a[s] = vec_add(a[s], vec_add(w[s][word], vec_set(lanes_md5_k[i])));	\
		a[s] = vec_add(a[s], f(b[s], c[s], d[s]));			\
		a[s] = vec_add(vec_rol(a[s], shift), b[s]);			\
	}									\
} while (0)

/* Four steps; step i of a round takes word (first + i * step) % 16. */
#define MD5_FOUR(f, i, first, step, s0, s1, s2, s3) do {			\
	MD5_STEP(f, a, b, c, d, ((first) + (i) * (step)) % 16, i, s0);		\
	MD5_STEP(f, d, a, b, c, ((first) + ((i) + 1) * (step)) % 16, (i) + 1, s1);	\
	MD5_STEP(f, c, d, a, b, ((first) + ((i) + 2) * (step)) % 16, (i) + 2, s2);	\
	MD5_STEP(f, b, c, d, a, ((first) + ((i) + 3) * (step)) % 16, (i) + 3, s3);	\
} while (0)

#define MD5_ROUND(f, i, first, step, s0, s1, s2, s3) do {			\
	MD5_FOUR(f, i, first, step, s0, s1, s2, s3);				\
	MD5_FOUR(f, (i) + 4, first, step, s0, s1, s2, s3);			\
	MD5_FOUR(f, (i) + 8, first, step, s0, s1, s2, s3);			\
	MD5_FOUR(f, (i) + 12, first, step, s0, s1, s2, s3);			\
} while (0)

static SIMD_TARGET void simd_md5(uint32_t state[][LANES], const uint8_t *const data[LANES],
				 size_t blocks)
{
	vec a[SIMD_SETS], b[SIMD_SETS], c[SIMD_SETS], d[SIMD_SETS], w[SIMD_SETS][16];
	unsigned int s;
	size_t at;

	SIMD_UNROLL
	for (s = 0; s < SIMD_SETS; s++) {
		a[s] = vec_load(state[0] + s * SIMD_WIDTH);
		b[s] = vec_load(state[1] + s * SIMD_WIDTH);
		c[s] = vec_load(state[2] + s * SIMD_WIDTH);
		d[s] = vec_load(state[3] + s * SIMD_WIDTH);
	}
	for (at = 0; at < blocks * LANES_BLOCK; at += LANES_BLOCK) {
		vec a0[SIMD_SETS], b0[SIMD_SETS], c0[SIMD_SETS], d0[SIMD_SETS];

		SIMD_UNROLL
		for (s = 0; s < SIMD_SETS; s++) {
			simd_load(w[s], data + s * SIMD_WIDTH, at);
			a0[s] = a[s];
			b0[s] = b[s];
			c0[s] = c[s];
			d0[s] = d[s];
		}
		MD5_ROUND(MD5_F, 0, 0, 1, 7, 12, 17, 22);
		MD5_ROUND(MD5_G, 16, 1, 5, 5, 9, 14, 20);
		MD5_ROUND(MD5_H, 32, 5, 3, 4, 11, 16, 23);
		MD5_ROUND(MD5_I, 48, 0, 7, 6, 10, 15, 21);
		SIMD_UNROLL
		for (s = 0; s < SIMD_SETS; s++) {
			a[s] = vec_add(a[s], a0[s]);
			b[s] = vec_add(b[s], b0[s]);
			c[s] = vec_add(c[s], c0[s]);
			d[s] = vec_add(d[s], d0[s]);
		}
	}
	SIMD_UNROLL
	for (s = 0; s < SIMD_SETS; s++) {
		vec_store(state[0] + s * SIMD_WIDTH, a[s]);
		vec_store(state[1] + s * SIMD_WIDTH, b[s]);
		vec_store(state[2] + s * SIMD_WIDTH, c[s]);
		vec_store(state[3] + s * SIMD_WIDTH, d[s]);
	}
}

/* --- SHA-256 --------------------------------------------------------------- */

#define SHA_BIG0(x)	vec_xor3(vec_ror(x, 2), vec_ror(x, 13), vec_ror(x, 22))
#define SHA_BIG1(x)	vec_xor3(vec_ror(x, 6), vec_ror(x, 11), vec_ror(x, 25))
#define SHA_SMALL0(x)	vec_xor3(vec_ror(x, 7), vec_ror(x, 18), vec_shr(x, 3))
#define SHA_SMALL1(x)	vec_xor3(vec_ror(x, 17), vec_ror(x, 19), vec_shr(x, 10))

/* One step; the caller renames the variables instead of moving them. */
#define SHA_STEP(a, b, c, d, e, f, g, h, i) do {				\
	vec t_ = vec_add(vec_add(h, vec_add(w[(i) % 16], vec_set(k[i]))),	\
			 vec_add(SHA_BIG1(e), vec_select(e, f, g)));		\
	d = vec_add(d, t_);							\
	h = vec_add(t_, vec_add(SHA_BIG0(a), vec_majority(a, b, c)));		\
} while (0)

/* The word for step i + 16, in the place of that for step i. */
#define SHA_NEXT(i)								\
	(w[(i) % 16] = vec_add(vec_add(w[(i) % 16], SHA_SMALL0(w[((i) + 1) % 16])),	\
			       vec_add(w[((i) + 9) % 16], SHA_SMALL1(w[((i) + 14) % 16]))))

#define SHA_STEP_NEXT(a, b, c, d, e, f, g, h, i) do {				\
	SHA_STEP(a, b, c, d, e, f, g, h, i);					\
	SHA_NEXT(i);								\
} while (0)

#define SHA_EIGHT(step, i) do {							\
	step(a, b, c, d, e, f, g, h, (i) + 0);					\
	step(h, a, b, c, d, e, f, g, (i) + 1);					\
	step(g, h, a, b, c, d, e, f, (i) + 2);					\
	step(f, g, h, a, b, c, d, e, (i) + 3);					\
	step(e, f, g, h, a, b, c, d, (i) + 4);					\
	step(d, e, f, g, h, a, b, c, (i) + 5);					\
	step(c, d, e, f, g, h, a, b, (i) + 6);					\
	step(b, c, d, e, f, g, h, a, (i) + 7);					\
} while (0)

/* All blocks of the lanes of one set. */
static inline __attribute__((__always_inline__)) SIMD_TARGET void
simd_sha256_set(uint32_t lanes[][LANES], unsigned int first, const uint8_t *const *p, size_t end)
{
	vec s[8], w[16];
	unsigned int i;
	size_t at;

	SIMD_UNROLL
	for (i = 0; i < 8; i++)
		s[i] = vec_load(&lanes[i][first]);
	for (at = 0; at < end; at += LANES_BLOCK) {
		vec a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
		const uint32_t *k = lanes_sha256_k;

		simd_load(w, p + first, at);
		SIMD_UNROLL
		for (i = 0; i < 16; i++)
			w[i] = vec_bswap(w[i]);
		for (i = 0; i < 3; i++, k += 16) {
			SHA_EIGHT(SHA_STEP_NEXT, 0);
			SHA_EIGHT(SHA_STEP_NEXT, 8);
		}
		SHA_EIGHT(SHA_STEP, 0);
		SHA_EIGHT(SHA_STEP, 8);
		s[0] = vec_add(s[0], a);
		s[1] = vec_add(s[1], b);
		s[2] = vec_add(s[2], c);
		s[3] = vec_add(s[3], d);
		s[4] = vec_add(s[4], e);
		s[5] = vec_add(s[5], f);
		s[6] = vec_add(s[6], g);
		s[7] = vec_add(s[7], h);
	}
	SIMD_UNROLL
	for (i = 0; i < 8; i++)
		vec_store(&lanes[i][first], s[i]);
}

static SIMD_TARGET void simd_sha256(uint32_t state[][LANES], const uint8_t *const data[LANES],
				    size_t blocks)
{
	unsigned int first;

	for (first = 0; first < LANES; first += SIMD_WIDTH)
		simd_sha256_set(state, first, data, blocks * LANES_BLOCK);
}

#endif /* SKY_CRYPTO_LANES_SIMD_H */
