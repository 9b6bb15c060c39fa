// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Plans: linear combinations prepared for a back end, and running them.
 *
 * Outputs that are zero or equal to an input are taken out first.  The others,
 * the dots, are split evenly into groups of at most what the back end computes
 * in one pass over the inputs.  An input that no output of a group needs is left
 * out of that group.  Memory after struct rlnc_plan, for k inputs and m outputs:
 *
 *	order	2 * m	the outputs that are dots
 *	raw	m * k	coefficients, row by row
 *	coeffs	m * k	per group: for each of its sources, one per output
 *	sources	m * k	per group: its inputs, in order
 *	counts	m	per group: how many
 *	role	m	per output: enum role
 *	arg	m	per output: which input, for a copy
 *	tables		the back end's table for each of coeffs, on a cache line
 *	scratch	k * k	(while the plan is made; shares the place of the tables)
 */
#include <asm/fpu/api.h>
#include <asm/simd.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "backend.h"
#include "matrix.h"
#include "rlnc.h"

#define TABLE_ALIGN	64

/*
 * Bytes of data that one section takes, over all inputs.  The tables and a
 * section's share of inputs and outputs should stay in L1 while all groups go
 * over it, and in the kernel preemption is off for that long.
 */
#define SECTION_DATA	8192
#define SECTION_MIN	512

enum role {
	ROLE_ZERO,
	ROLE_COPY,
	ROLE_DOT,
};

struct plan_parts {
	u8 *raw;
	u8 *coeffs;
	u8 *sources;
	u8 *counts;
	u8 *role;
	u8 *arg;
	u16 *order;
};

static size_t parts_size(size_t k, size_t m)
{
	return 3 * m * k + 3 * m + 2 * m;
}

static struct plan_parts plan_parts(const struct rlnc_plan *plan)
{
	const size_t k = plan->k, m = plan->m;
	u8 *p = (u8 *)plan->mem;
	struct plan_parts parts;

	parts.order = (u16 *)p;
	p += 2 * m;
	parts.raw = p;
	parts.coeffs = p + m * k;
	parts.sources = p + 2 * m * k;
	p += 3 * m * k;
	parts.counts = p;
	parts.role = p + m;
	parts.arg = p + 2 * m;
	return parts;
}

size_t rlnc_plan_size(unsigned int k, unsigned int m)
{
	size_t tables = (size_t)RLNC_MAX_TABLE * m * k;
	size_t scratch = k <= RLNC_MAX_K ? k * k : 0;

	if (k < 1 || k > RLNC_MAX_IN || m < 1 || m > RLNC_MAX_OUT)
		return 0;
	return sizeof(struct rlnc_plan) + parts_size(k, m) + TABLE_ALIGN +
	       max(tables, scratch);
}

/* First output of group @i; groups differ by one at most in size. */
static unsigned int group_start(const struct rlnc_plan *plan, unsigned int i)
{
	return i * plan->dots / plan->groups;
}

/* Shape the empty plan, so that raw coefficients can be put into it. */
static u8 *plan_begin(struct rlnc_plan *plan, unsigned int k, unsigned int m)
{
	const u8 *end;

	plan->backend = rlnc_backend();
	plan->k = k;
	plan->m = m;
	end = plan->mem + parts_size(k, m);
	plan->tables = PTR_ALIGN(end, TABLE_ALIGN) - plan->mem;
	return plan_parts(plan).raw;
}

/* Is this row zero, a copy of one input, or neither? */
static enum role row_role(const u8 *row, unsigned int k, u8 *input)
{
	unsigned int j, used = 0;

	for (j = 0; j < k; j++) {
		if (!row[j])
			continue;
		if (row[j] != 1 || used++)
			return ROLE_DOT;
		*input = j;
	}
	return used ? ROLE_COPY : ROLE_ZERO;
}

/* Collect the sources and coefficients of one group and expand its tables. */
static void plan_group(struct rlnc_plan *plan, const struct plan_parts *parts, unsigned int i)
{
	const struct rlnc_backend *backend = plan->backend;
	const unsigned int first = group_start(plan, i);
	const unsigned int outputs = group_start(plan, i + 1) - first;
	const size_t k = plan->k;
	u8 *coeffs = parts->coeffs + first * k;
	u8 *sources = parts->sources + i * k;
	u8 *table = plan->mem + plan->tables + first * k * backend->table;
	unsigned int g, j, count = 0;

	for (j = 0; j < k; j++) {
		u8 any = 0;

		for (g = 0; g < outputs; g++) {
			coeffs[g] = parts->raw[parts->order[first + g] * k + j];
			any |= coeffs[g];
		}
		if (!any)
			continue;
		sources[count++] = j;
		for (g = 0; g < outputs; g++, table += backend->table)
			backend->expand(table, coeffs[g]);
		coeffs += outputs;
	}
	parts->counts[i] = count;
}

static void plan_finish(struct rlnc_plan *plan)
{
	const struct plan_parts parts = plan_parts(plan);
	unsigned int i;

	plan->dots = 0;
	for (i = 0; i < plan->m; i++) {
		parts.role[i] = row_role(parts.raw + i * plan->k, plan->k, &parts.arg[i]);
		if (parts.role[i] == ROLE_DOT)
			parts.order[plan->dots++] = i;
	}
	plan->groups = DIV_ROUND_UP(plan->dots, plan->backend->group);
	for (i = 0; i < plan->groups; i++)
		plan_group(plan, &parts, i);
}

int rlnc_plan_coeffs(struct rlnc_plan *plan, const u8 *coeffs, unsigned int k, unsigned int m)
{
	if (!rlnc_plan_size(k, m))
		return -EINVAL;
	memcpy(plan_begin(plan, k, m), coeffs, k * m);
	plan_finish(plan);
	return 0;
}

int rlnc_plan_encode(struct rlnc_plan *plan, const struct rlnc_code *code, const u8 *rows,
		     unsigned int m)
{
	const unsigned int k = code->k;
	unsigned int i;
	u8 *raw;

	if (!rlnc_plan_size(k, m))
		return -EINVAL;
	for (i = 0; i < m; i++)
		if (rows[i] >= code->n)
			return -EINVAL;

	raw = plan_begin(plan, k, m);
	for (i = 0; i < m; i++)
		memcpy(raw + i * k, rlnc_code_row(code, rows[i]), k);
	plan_finish(plan);
	return 0;
}

static bool combine_valid(const struct rlnc_code *code, const u8 *have, const u16 *want,
			  unsigned int m)
{
	bool seen[RLNC_MAX_N] = {};
	unsigned int i;

	if (!rlnc_plan_size(code->k, m))
		return false;
	for (i = 0; i < code->k; i++) {
		if (have[i] >= code->n || seen[have[i]])
			return false;
		seen[have[i]] = true;
	}
	for (i = 0; i < m; i++)
		if (want[i] & RLNC_DATA(0) ? (want[i] ^ RLNC_DATA(0)) >= code->k :
		    want[i] >= code->n)
			return false;
	return true;
}

/*
 * With H the rows at hand, data = H^-1 * in, and an output with the row w over
 * the data has the row w * H^-1 over the inputs.
 */
int rlnc_plan_combine(struct rlnc_plan *plan, const struct rlnc_code *code, const u8 *have,
		      const u16 *want, unsigned int m)
{
	const unsigned int k = code->k;
	u8 *raw, *inverse;
	unsigned int i;
	int err;

	if (!combine_valid(code, have, want, m))
		return -EINVAL;

	raw = plan_begin(plan, k, m);
	inverse = plan->mem + plan->tables;
	for (i = 0; i < k; i++)
		memcpy(inverse + i * k, rlnc_code_row(code, have[i]), k);
	err = rlnc_matrix_invert(inverse, k);
	if (err)
		return err;

	for (i = 0; i < m; i++) {
		if (want[i] & RLNC_DATA(0))
			memcpy(raw + i * k, inverse + (want[i] ^ RLNC_DATA(0)) * k, k);
		else
			rlnc_matrix_row_mul(raw + i * k, rlnc_code_row(code, want[i]),
					    inverse, k, k);
	}
	plan_finish(plan);
	return 0;
}

int rlnc_plan_invert(struct rlnc_plan *plan, const u8 *matrix, unsigned int k)
{
	u8 *raw;
	int err;

	if (k > RLNC_MAX_K || !rlnc_plan_size(k, k))
		return -EINVAL;
	raw = plan_begin(plan, k, k);
	memcpy(raw, matrix, k * k);
	err = rlnc_matrix_invert(raw, k);
	if (err)
		return err;
	plan_finish(plan);
	return 0;
}

/* How many of a group's sources, which are in order, come before input @inputs. */
static unsigned int sources_below(const u8 *sources, unsigned int count, unsigned int inputs)
{
	while (count && sources[count - 1] >= inputs)
		count--;
	return count;
}

/* All dots of the first @inputs inputs, over @len bytes from @pos on, of @total. */
static void run_section(const struct rlnc_plan *plan, const struct plan_parts *parts,
			unsigned int inputs, const u8 *const in[], u8 *const out[], size_t pos,
			size_t len, size_t total, bool simd)
{
	const struct rlnc_backend *backend = plan->backend;
	const size_t k = plan->k;
	unsigned int first = 0, i, g;

	for (i = 0; i < plan->groups; i++) {
		const unsigned int end = group_start(plan, i + 1);
		const u8 *sources = parts->sources + i * k;
		const unsigned int count = sources_below(sources, parts->counts[i], inputs);
		u8 *group_out[RLNC_MAX_GROUP];

		for (g = first; g < end; g++)
			group_out[g - first] = out[parts->order[g]];
		if (!count)
			for (g = 0; g < end - first; g++)
				memset(group_out[g] + pos, 0, len);
		else if (simd)
			backend->dot[end - first - 1](plan->mem + plan->tables +
						      first * k * backend->table,
						      sources, count, in, group_out, pos, len,
						      total);
		else
			rlnc_scalar_dot(end - first, parts->coeffs + first * k, sources,
					count, in, group_out, pos, len);
		first = end;
	}
}

void rlnc_plan_run(const struct rlnc_plan *plan, const u8 *const in[], u8 *const out[],
		   size_t len)
{
	rlnc_plan_run_first(plan, plan->k, in, out, len);
}

void rlnc_plan_run_first(const struct rlnc_plan *plan, unsigned int inputs,
			 const u8 *const in[], u8 *const out[], size_t len)
{
	const struct plan_parts parts = plan_parts(plan);
	const struct rlnc_backend *backend = plan->backend;
	const size_t section = max_t(size_t, ALIGN_DOWN(SECTION_DATA / plan->k, 128),
				     SECTION_MIN);
	size_t pos, n;
	unsigned int i;

	for (i = 0; i < plan->m; i++) {
		if (parts.role[i] == ROLE_COPY && parts.arg[i] < inputs)
			memcpy(out[i], in[parts.arg[i]], len);
		else if (parts.role[i] != ROLE_DOT)
			memset(out[i], 0, len);
	}
	if (!plan->dots)
		return;

	for (pos = 0; pos < len; pos += n) {
		/* No remainder that is too short for the back end. */
		n = len - pos < section + backend->min_len ? len - pos : section;

		if (backend->simd && n >= backend->min_len && may_use_simd()) {
			kernel_fpu_begin();
			run_section(plan, &parts, inputs, in, out, pos, n, len, true);
			kernel_fpu_end();
		} else {
			run_section(plan, &parts, inputs, in, out, pos, n, len, false);
		}
	}
}
