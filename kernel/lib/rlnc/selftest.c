// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Does this machine compute what the field's definition says?
 *
 * The reference shares nothing with the code under test: products by shifting
 * and adding, combinations by three plain loops.  Its time is what bounds the
 * sizes here, under an emulator above all.
 */
#define pr_fmt(fmt) "rlnc: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "backend.h"
#include "rlnc.h"

#define TEST_MAX_K	9
#define TEST_MAX_M	9
#define TEST_MAX_LEN	700
#define TEST_JUNK	0xa5

/* Room for a symbol at any alignment, with junk around it. */
#define TEST_STRIDE	(TEST_MAX_LEN + 128)

static const struct {
	u8 k, m;
	u16 len;
} shapes[] = {
	{ 1, 1, 16 }, { 2, 1, 15 }, { 3, 2, 64 }, { 4, 2, 128 }, { 4, 3, 129 },
	{ 5, 4, 191 }, { 6, 5, 127 }, { 7, 6, 257 }, { 8, 7, 160 }, { 3, 8, 300 },
	{ 9, 9, 133 }, { 2, 2, TEST_MAX_LEN }, { 1, 3, 1 }, { 4, 2, 0 },
};

struct test_state {
	u32 random;
	u8 coeffs[TEST_MAX_M * TEST_MAX_K];
	u8 in[TEST_MAX_K * TEST_STRIDE];
	u8 out[TEST_MAX_M * TEST_STRIDE];
	u8 expect[TEST_MAX_M * TEST_MAX_LEN];
};

/* Marsaglia, Xorshift RNGs, 2003. */
static u32 test_random(struct test_state *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 17;
	t->random ^= t->random << 5;
	return t->random;
}

/* Russian peasant's multiplication, reduced by x^8 + x^4 + x^3 + x^2 + 1. */
static u8 reference_mul(u8 a, u8 b)
{
	u8 sum = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			sum ^= a;
		a = (u8)(a << 1) ^ (a & 0x80 ? 0x1d : 0);
	}
	return sum;
}

/* A random combination at random alignments, and what it must give. */
struct test_case {
	unsigned int k, m;
	size_t len;
	const u8 *in[TEST_MAX_K];
	u8 *out[TEST_MAX_M];
};

static void make_case(struct test_state *t, struct test_case *c)
{
	unsigned int i, j;
	size_t b;

	for (i = 0; i < c->k * c->m; i++)
		t->coeffs[i] = test_random(t);
	/* Rows and elements that are treated apart. */
	t->coeffs[test_random(t) % (c->k * c->m)] = 0;
	if (c->m > 2) {
		memset(t->coeffs + c->k, 0, c->k);
		t->coeffs[c->k + test_random(t) % c->k] = test_random(t) & 1;
	}
	for (i = 0; i < c->k * TEST_STRIDE; i++)
		t->in[i] = test_random(t);
	for (j = 0; j < c->k; j++)
		c->in[j] = t->in + j * TEST_STRIDE + test_random(t) % 128;
	for (i = 0; i < c->m; i++)
		c->out[i] = t->out + i * TEST_STRIDE + test_random(t) % 128;

	memset(t->expect, 0, sizeof(t->expect));
	for (i = 0; i < c->m; i++)
		for (j = 0; j < c->k; j++)
			for (b = 0; b < c->len; b++)
				t->expect[i * TEST_MAX_LEN + b] ^=
					reference_mul(t->coeffs[i * c->k + j], c->in[j][b]);
}

/* With the back end in use: the right bytes, and junk around them as before. */
static bool run_case(struct test_state *t, const struct test_case *c, struct rlnc_plan *plan)
{
	unsigned int i;

	memset(t->out, TEST_JUNK, sizeof(t->out));
	if (rlnc_plan_coeffs(plan, t->coeffs, c->k, c->m))
		return false;
	rlnc_plan_run(plan, c->in, c->out, c->len);

	for (i = 0; i < c->m; i++) {
		const u8 *area = t->out + i * TEST_STRIDE;
		const u8 *end = c->out[i] + c->len;

		if (memcmp(c->out[i], t->expect + i * TEST_MAX_LEN, c->len) ||
		    memchr_inv(area, TEST_JUNK, c->out[i] - area) ||
		    memchr_inv(end, TEST_JUNK, area + TEST_STRIDE - end))
			return false;
	}
	return true;
}

/* The reference is slow: it computes a case once for all back ends. */
static int test_shape(struct test_state *t, struct rlnc_plan *plan, unsigned int shape)
{
	struct test_case c = {
		.k	= shapes[shape].k,
		.m	= shapes[shape].m,
		.len	= shapes[shape].len,
	};
	unsigned int i;

	make_case(t, &c);
	for (i = 0; rlnc_backend_at(i); i++) {
		if (rlnc_init(rlnc_backend_at(i)) || run_case(t, &c, plan))
			continue;
		pr_err("self-test: %s computes %u outputs from %u inputs of %zu bytes wrongly\n",
		       rlnc_backend_name(), c.m, c.k, c.len);
		return -EIO;
	}
	return 0;
}

int rlnc_selftest(void)
{
	const char *before = rlnc_backend_name();
	struct rlnc_plan *plan;
	struct test_state *t;
	unsigned int i;
	int err = -ENOMEM;

	t = kvzalloc(sizeof(*t), GFP_KERNEL);
	plan = kvmalloc(rlnc_plan_size(TEST_MAX_K, TEST_MAX_M), GFP_KERNEL);
	if (!t || !plan)
		goto free;

	err = 0;
	t->random = 0x52c0de;
	for (i = 0; i < ARRAY_SIZE(shapes) && !err; i++)
		err = test_shape(t, plan, i);
	rlnc_init(before);
free:
	kvfree(plan);
	kvfree(t);
	return err;
}
