// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dense volumes: the code of one generation.
 *
 * Its matrix is the volume's systematic one times a random invertible one that the
 * coefficient key, the slot and the birth of the generation stand for.  What the
 * members have tells neither.  That factor is the same on both sides of whatever
 * computes fragments from fragments, which the volume's own matrix suffices for.
 *
 * A buffer has the code of one generation and one plan, made of memory that it came
 * with: the code costs one HMAC and a product of two k x k matrices, a plan an
 * inversion at most, and both stay for as long as the same is asked for.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"

struct rlnc_mix {
	u64 slot;			/* whose code it is */
	u64 birth;			/* 0: nobody's */
	u32 m;				/* outputs of the plan; 0: there is none */
	bool encodes;			/* from the symbols, want being rows */
	u8 have[RLNC_MAX_K];
	u16 want[RLNC_MIX_OUTPUTS];
	size_t code_bytes;
	size_t plan_bytes;
	struct rlnc_code *code;
	struct rlnc_plan *plan;
};

/**
 * rlnc_mix_alloc - for a buffer of a dense volume
 * @v:		volume with geometry
 * @rows:	of the buffer
 * @gfp:	for all of its memory, at most 150 KiB
 *
 * Return: with no code in it, or NULL.
 */
struct rlnc_mix *rlnc_mix_alloc(const struct rlnc_volume *v, u32 rows, gfp_t gfp)
{
	struct rlnc_mix *mix = kzalloc(sizeof(*mix), gfp);

	if (!mix)
		return NULL;
	mix->code_bytes = rlnc_code_size(v->k, rows);
	mix->plan_bytes = rlnc_plan_size(v->k, min_t(u32, rows, RLNC_MIX_OUTPUTS));
	mix->code = kvzalloc(mix->code_bytes, gfp);
	mix->plan = kvzalloc(mix->plan_bytes, gfp);
	if (mix->code && mix->plan)
		return mix;
	rlnc_mix_free(mix);
	return NULL;
}

void rlnc_mix_free(struct rlnc_mix *mix)
{
	if (!mix)
		return;
	kvfree_sensitive(mix->code, mix->code_bytes);
	kvfree_sensitive(mix->plan, mix->plan_bytes);
	kfree_sensitive(mix);
}

/**
 * rlnc_mix_set - take up the code of a generation
 * @gb:		buffer that it is read into or encoded in; nothing is done to one of a
 *		systematic volume
 * @ptr:	has its slot and its birth
 */
void rlnc_mix_set(struct rlnc_gbuf *gb, const struct rlnc_ptr *ptr)
{
	u64 slot = le64_to_cpu(ptr->slot), birth = le64_to_cpu(ptr->birth);
	struct rlnc_mix *mix = gb->mix;
	u8 seed[RLNC_SEED_SIZE];

	if (!mix || (mix->slot == slot && mix->birth == birth))
		return;
	rlnc_generation_seed(gb->v->crypt.coeff_key, slot, birth, seed);
	WARN_ON_ONCE(rlnc_code_mix(mix->code, gb->rows, gb->v->codec.code, seed));
	memzero_explicit(seed, sizeof(seed));
	mix->slot = slot;
	mix->birth = birth;
	mix->m = 0;
}

/* The plan that computes some rows from the symbols. */
static const struct rlnc_plan *encoder(struct rlnc_mix *mix, u32 first, u32 m)
{
	u8 rows[RLNC_MIX_OUTPUTS];
	u32 i;

	if (mix->encodes && mix->m == m && mix->want[0] == first)
		return mix->plan;
	for (i = 0; i < m; i++)
		rows[i] = first + i;
	rlnc_plan_encode(mix->plan, mix->code, rows, m);
	mix->encodes = true;
	mix->m = m;
	mix->want[0] = first;
	return mix->plan;
}

/**
 * rlnc_mix_encode - compute all fragments of some columns from the symbols
 * @gb:		with its code set, and the columns of all symbols in it
 * @col:	first column
 * @cols:	how many
 */
void rlnc_mix_encode(struct rlnc_gbuf *gb, u32 col, u32 cols)
{
	const struct rlnc_volume *v = gb->v;
	const struct rlnc_plan *plan;
	u32 first, m, c, i;

	for (first = 0; first < v->n; first += m) {
		m = min_t(u32, v->n - first, RLNC_MIX_OUTPUTS);
		plan = encoder(gb->mix, first, m);
		for (c = col; c < col + cols; c++) {
			for (i = 0; i < v->k; i++)
				gb->in[i] = page_address(rlnc_symbol_page(gb, i, c));
			for (i = 0; i < m; i++)
				gb->out[i] = page_address(rlnc_fragment_page(gb, first + i, c));
			rlnc_plan_run(plan, gb->in, gb->out, RLNC_SECTOR_BYTES);
		}
	}
}

/**
 * rlnc_mix_plan - a plan that computes symbols from k fragments
 * @gb:		with its code set
 * @have:	k distinct rows, in the order of the inputs
 * @want:	rows or RLNC_DATA(j), in the order of the outputs
 * @m:		how many are wanted, at most RLNC_MIX_OUTPUTS
 *
 * Return: the plan, which is the buffer's, until the next is asked for.
 */
const struct rlnc_plan *rlnc_mix_plan(struct rlnc_gbuf *gb, const u8 *have, const u16 *want,
				      u32 m)
{
	struct rlnc_mix *mix = gb->mix;
	u32 k = gb->v->k;

	if (!mix->encodes && mix->m == m && !memcmp(mix->have, have, k) &&
	    !memcmp(mix->want, want, m * sizeof(*want)))
		return mix->plan;
	mix->encodes = false;
	mix->m = m;
	memcpy(mix->have, have, k);
	memcpy(mix->want, want, m * sizeof(*want));
	WARN_ON_ONCE(rlnc_plan_combine(mix->plan, mix->code, have, want, m));
	return mix->plan;
}
