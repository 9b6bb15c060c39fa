/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small dense matrices over GF(2^8), row by row without padding. */
#ifndef RLNC_MATRIX_H
#define RLNC_MATRIX_H

#include <linux/types.h>

/**
 * rlnc_matrix_invert() - Invert in place.
 * @a: @k x @k elements; undefined after a failure
 * @k: 1 <= @k <= RLNC_MAX_K
 *
 * Return: 0, or -EINVAL for a singular matrix.
 */
int rlnc_matrix_invert(u8 *a, unsigned int k);

/**
 * rlnc_matrix_row_mul() - Multiply a row vector by a matrix.
 * @out: @cols elements, must not overlap the others
 * @row: @rows elements
 * @a: @rows x @cols elements
 * @rows: rows of @a
 * @cols: columns of @a
 */
void rlnc_matrix_row_mul(u8 *out, const u8 *row, const u8 *a, unsigned int rows,
			 unsigned int cols);

#endif
