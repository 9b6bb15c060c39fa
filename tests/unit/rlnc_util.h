/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Naive arithmetic, random numbers and guarded memory for the codec's tests. */
#ifndef TESTS_RLNC_UTIL_H
#define TESTS_RLNC_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include <linux/kernel.h>

#include "rlnc/rlnc.h"

#define PAGE	4096u

/* Deterministic, so that a failure comes again (xorshift64*, Vigna 2016). */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static inline uint32_t random_u32(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1d >> 32;
}

static inline uint32_t random_below(uint32_t limit)
{
	return random_u32() % limit;
}

static inline void random_fill(void *p, size_t len)
{
	uint8_t *b = p;

	while (len--)
		*b++ = random_u32();
}

/* k random distinct rows in random order. */
static inline void random_rows(uint8_t *have, unsigned int k, unsigned int n)
{
	uint8_t rows[RLNC_MAX_N];
	unsigned int i, pick;

	for (i = 0; i < n; i++)
		rows[i] = i;
	for (i = 0; i < k; i++) {
		pick = i + random_below(n - i);
		have[i] = rows[pick];
		rows[pick] = rows[i];
	}
}

/* Polynomial product, then division by 0x11d: shares nothing with the library. */
static inline uint8_t naive_mul(uint8_t a, uint8_t b)
{
	unsigned int product = 0;
	int i;

	for (i = 0; i < 8; i++)
		if (b >> i & 1)
			product ^= a << i;
	for (i = 14; i >= 8; i--)
		if (product >> i & 1)
			product ^= 0x11d << (i - 8);
	return product;
}

/* naive_mul() as a table, for tests of many bytes. */
static inline const uint8_t *naive_row(uint8_t c)
{
	static uint8_t table[256][256];
	static int made;
	unsigned int a, b;

	if (!made) {
		for (a = 0; a < 256; a++)
			for (b = 0; b < 256; b++)
				table[a][b] = naive_mul(a, b);
		made = 1;
	}
	return table[c];
}

/* out = the sum of coeffs[j] * in[j]. */
static inline void naive_dot(uint8_t *out, const uint8_t *coeffs, const uint8_t *const in[],
			     unsigned int k, size_t len)
{
	unsigned int j;
	size_t b;

	memset(out, 0, len);
	for (j = 0; j < k; j++)
		for (b = 0; b < len; b++)
			out[b] ^= naive_row(coeffs[j])[in[j][b]];
}

/* Memory that ends, or begins, exactly at a page that must not be touched. */
struct guarded {
	uint8_t *map;
	size_t mapped;
	uint8_t *data;
	size_t len;
};

static inline void guarded_alloc(struct guarded *g, size_t len, int at_end)
{
	size_t inner = (len + PAGE - 1) / PAGE * PAGE;

	g->mapped = inner + 2 * PAGE;
	g->map = mmap(NULL, g->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(g->map, MAP_FAILED);
	if (inner)
		assert_return_code(mprotect(g->map + PAGE, inner, PROT_READ | PROT_WRITE), 0);
	g->data = g->map + PAGE + (at_end ? inner - len : 0);
	g->len = len;
}

static inline void guarded_free(struct guarded *g)
{
	munmap(g->map, g->mapped);
}

static inline struct rlnc_plan *plan_alloc(unsigned int k, unsigned int m)
{
	size_t size = rlnc_plan_size(k, m);
	struct rlnc_plan *plan = malloc(size);

	assert_non_null(plan);
	memset(plan, 0xa5, size);
	return plan;
}

static inline struct rlnc_code *code_make(unsigned int k, unsigned int n, enum rlnc_mode mode,
					  uint32_t seed)
{
	struct rlnc_code *code = malloc(rlnc_code_size(k, n));
	uint8_t bytes[RLNC_SEED_SIZE] = { seed, seed >> 8, seed >> 16, seed >> 24 };

	assert_non_null(code);
	assert_int_equal(rlnc_code_init(code, k, n, mode, bytes), 0);
	return code;
}

/* A generation: k data symbols and their n coded ones, made naively. */
struct generation {
	struct rlnc_code *code;
	size_t len;
	uint8_t *memory;
	const uint8_t *data[RLNC_MAX_K];
	const uint8_t *coded[RLNC_MAX_N];
};

static inline void generation_make(struct generation *g, unsigned int k, unsigned int n,
				   enum rlnc_mode mode, uint32_t seed, size_t len)
{
	unsigned int i;

	g->code = code_make(k, n, mode, seed);
	g->len = len;
	g->memory = malloc((k + n) * len);
	assert_non_null(g->memory);
	random_fill(g->memory, k * len);
	for (i = 0; i < k; i++)
		g->data[i] = g->memory + i * len;
	for (i = 0; i < n; i++) {
		uint8_t *out = g->memory + (k + i) * len;

		naive_dot(out, rlnc_code_row(g->code, i), g->data, k, len);
		g->coded[i] = out;
	}
}

static inline void generation_free(struct generation *g)
{
	free(g->code);
	free(g->memory);
}

/* Do the rows @have give back all data? */
static inline int generation_decodes(const struct generation *g, const uint8_t *have)
{
	const unsigned int k = g->code->k;
	struct rlnc_plan *plan CLEANUP_FREE = plan_alloc(k, k);
	uint8_t *area CLEANUP_FREE = malloc(k * g->len);
	const uint8_t *in[RLNC_MAX_K];
	uint8_t *out[RLNC_MAX_K];
	u16 want[RLNC_MAX_K];
	unsigned int i;

	assert_non_null(area);
	memset(area, 0x5a, k * g->len);
	for (i = 0; i < k; i++) {
		in[i] = g->coded[have[i]];
		out[i] = area + i * g->len;
		want[i] = RLNC_DATA(i);
	}
	if (rlnc_plan_combine(plan, g->code, have, want, k))
		return 0;
	rlnc_plan_run(plan, in, out, g->len);
	for (i = 0; i < k; i++)
		if (memcmp(out[i], g->data[i], g->len))
			return 0;
	return 1;
}

#endif
