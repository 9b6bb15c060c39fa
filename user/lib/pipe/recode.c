// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Repair where no key is.  A dense generation is the systematic code times a secret
 * matrix, which changes nothing about what its fragments are to each other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "base/cleanup.h"
#include "coder.h"

struct recoding {
	const struct coder *coder;
	const uint8_t *generation;
	unsigned int count;
	struct fragment fragment[SKY_MAX_N];
};

static bool usable(const struct recoding *rc, const struct fragment *f)
{
	const struct shape *s = &rc->coder->shape;
	const struct fragment *first = rc->count ? &rc->fragment[0] : f;
	unsigned int i;

	if (f->k != s->k || f->mode != s->mode || f->flags != s->flags || f->row >= s->n)
		return false;
	if (memcmp(f->generation, rc->generation, SKY_GENERATION_ID_BYTES))
		return false;
	if (f->symbol_bytes != first->symbol_bytes || !fragment_symbol_ok(f))
		return false;
	for (i = 0; i < rc->count; i++)
		if (rc->fragment[i].row == f->row)
			return false;
	return true;
}

/* Compute row @want from the first k: the symbol, and the coefficients if asked for. */
static int compute(const struct recoding *rc, struct rlnc_plan *plan, u16 want, uint8_t *symbol,
		   uint8_t *coeffs)
{
	const unsigned int k = rc->coder->shape.k;
	const uint8_t *in[SKY_MAX_K], *vectors[SKY_MAX_K];
	uint8_t have[SKY_MAX_K];
	unsigned int i;
	int err;

	for (i = 0; i < k; i++) {
		have[i] = rc->fragment[i].row;
		in[i] = rc->fragment[i].symbol;
		vectors[i] = rc->fragment[i].coeffs;
	}
	err = rlnc_plan_combine(plan, rc->coder->code, have, &want, 1);
	if (err)
		return err;
	rlnc_plan_run(plan, in, &symbol, rc->fragment[0].symbol_bytes);
	if (coeffs)
		rlnc_plan_run(plan, vectors, &coeffs, k);
	return 0;
}

/* Do those beyond the first k say the same?  @row is room for one symbol. */
static int check_others(const struct recoding *rc, struct rlnc_plan *plan, uint8_t *row)
{
	unsigned int i;
	int err;

	for (i = rc->coder->shape.k; i < rc->count; i++) {
		err = compute(rc, plan, rc->fragment[i].row, row, NULL);
		if (err)
			return err;
		if (memcmp(row, rc->fragment[i].symbol, rc->fragment[0].symbol_bytes))
			return -EBADMSG;
	}
	return 0;
}

int recode(const struct coder *coder, const uint8_t *generation, unsigned int row,
	   const struct piece *pieces, size_t count, void *out)
{
	const unsigned int k = coder->shape.k, flags = coder->shape.flags;
	const size_t head = fragment_head_bytes(k, flags);
	struct recoding *rc CLEANUP_FREE = malloc(sizeof(*rc));
	struct rlnc_plan *plan CLEANUP_FREE = malloc(rlnc_plan_size(k, 1));
	uint8_t coeffs[SKY_MAX_K];
	struct fragment f;
	size_t i;
	int err;

	if (row >= coder->shape.n)
		return -EINVAL;
	if (!rc || !plan)
		return -ENOMEM;
	rc->coder = coder;
	rc->generation = generation;
	rc->count = 0;
	for (i = 0; i < count && rc->count < SKY_MAX_N; i++)
		if (!fragment_parse(&f, pieces[i].data, pieces[i].len) &&
		    f.row == pieces[i].row && usable(rc, &f))
			rc->fragment[rc->count++] = f;
	if (rc->count < k)
		return -ENODATA;
	err = check_others(rc, plan, (uint8_t *)out + head);
	if (!err)
		err = compute(rc, plan, row, (uint8_t *)out + head,
			      flags & SKY_FRAGMENT_COEFFS ? coeffs : NULL);
	if (err)
		return err;
	f = rc->fragment[0];
	f.row = row;
	f.n = coder->shape.n;
	f.coeffs = coeffs;
	fragment_format(out, &f);
	return (int)(head + f.symbol_bytes);
}
