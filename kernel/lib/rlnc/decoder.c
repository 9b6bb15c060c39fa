// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Incremental decoding, and recoding without decoding.
 *
 * The decoder works on coefficients only: symbols are decoded in one pass at the
 * end, which is faster than eliminating them packet by packet.
 *
 *	mem[0 .. k*k)		accepted vectors, in order of arrival
 *	mem[k*k .. 2*k*k)	echelon form: row c has its leading 1 in column c
 *	mem[2*k*k .. 2*k*k+k)	the vector that is being reduced
 *
 * An echelon row that is not there yet is zero.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "gf256.h"
#include "matrix.h"
#include "rlnc.h"

size_t rlnc_decoder_size(unsigned int k)
{
	if (k < 1 || k > RLNC_MAX_K)
		return 0;
	return sizeof(struct rlnc_decoder) + 2 * k * k + k;
}

int rlnc_decoder_init(struct rlnc_decoder *dec, unsigned int k)
{
	if (!rlnc_decoder_size(k))
		return -EINVAL;
	dec->k = k;
	dec->rank = 0;
	memset(dec->mem, 0, 2 * k * k + k);
	return 0;
}

int rlnc_decoder_add(struct rlnc_decoder *dec, const u8 *coeffs)
{
	const unsigned int k = dec->k;
	u8 *echelon = dec->mem + k * k;
	u8 *v = echelon + k * k;
	unsigned int c;

	memcpy(v, coeffs, k);
	for (c = 0; c < k; c++) {
		u8 *row = echelon + c * k;

		if (!v[c])
			continue;
		if (!row[c]) {
			gf_mul_region(row + c, v + c, gf_inv(v[c]), k - c);
			memcpy(dec->mem + dec->rank * k, coeffs, k);
			dec->rank++;
			return 1;
		}
		gf_madd_region(v + c, row + c, v[c], k - c);
	}
	return 0;
}

int rlnc_decoder_finish(const struct rlnc_decoder *dec, struct rlnc_plan *plan)
{
	if (dec->rank < dec->k)
		return -EAGAIN;
	return rlnc_plan_invert(plan, dec->mem, dec->k);
}

int rlnc_recode(struct rlnc_plan *plan, u8 *coeffs, const u8 *received, unsigned int k,
		unsigned int r, const u8 *mix, unsigned int m)
{
	unsigned int i;

	if (k < 1 || k > RLNC_MAX_K || !rlnc_plan_size(r, m))
		return -EINVAL;
	for (i = 0; i < m; i++)
		rlnc_matrix_row_mul(coeffs + i * k, mix + i * r, received, r, k);
	return rlnc_plan_coeffs(plan, mix, r, m);
}
