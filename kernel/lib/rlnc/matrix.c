// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Small dense matrices over GF(2^8). */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "gf256.h"
#include "matrix.h"
#include "rlnc.h"

static void swap_rows(u8 *a, u8 *b, unsigned int k)
{
	unsigned int i;

	for (i = 0; i < k; i++)
		swap(a[i], b[i]);
}

/*
 * Gauss-Jordan elimination in place: column c of the identity that would be
 * carried along is stored in column c of the matrix, which is a unit vector by
 * then.  Row exchanges are undone at the end as exchanges of columns.  Rows
 * with a zero in the pivot's column cost nothing, so that a matrix made of
 * unit rows and r others takes r * k^2 steps.
 */
int rlnc_matrix_invert(u8 *a, unsigned int k)
{
	u8 from[RLNC_MAX_K];
	unsigned int c, r, p;

	for (c = 0; c < k; c++) {
		u8 *row = a + c * k;
		u8 scale;

		for (p = c; p < k && !a[p * k + c]; p++)
			;
		if (p == k)
			return -EINVAL;
		from[c] = p;
		if (p != c)
			swap_rows(a + p * k, row, k);

		scale = gf_inv(row[c]);
		row[c] = 1;
		if (scale != 1)
			gf_mul_region(row, row, scale, k);
		for (r = 0; r < k; r++) {
			u8 factor = a[r * k + c];

			if (r == c || !factor)
				continue;
			a[r * k + c] = 0;
			gf_madd_region(a + r * k, row, factor, k);
		}
	}

	while (c-- > 0) {
		if (from[c] == c)
			continue;
		for (r = 0; r < k; r++)
			swap(a[r * k + c], a[r * k + from[c]]);
	}
	return 0;
}

void rlnc_matrix_row_mul(u8 *out, const u8 *row, const u8 *a, unsigned int rows,
			 unsigned int cols)
{
	unsigned int i;

	memset(out, 0, cols);
	for (i = 0; i < rows; i++)
		if (row[i])
			gf_madd_region(out, a + i * cols, row[i], cols);
}
