/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a back end is, to the code that chooses and runs it. */
#ifndef RLNC_BACKEND_H
#define RLNC_BACKEND_H

#include <linux/types.h>

/* Outputs that one pass over the inputs can compute, at most. */
#define RLNC_MAX_GROUP		8

/* Bytes of multiplication table per coefficient, at most. */
#define RLNC_MAX_TABLE		32

/**
 * typedef rlnc_dot_fn - A fixed number g of dot products in one pass.
 * @tables: for each source in turn, its g coefficients as expand() made them
 * @sources: @count indexes into @in
 * @count: sources, at least one
 * @in: inputs
 * @out: g outputs
 * @pos: bytes to skip in all inputs and outputs
 * @len: bytes to compute, at least the back end's min_len
 * @total: bytes of the whole symbols, which will be computed next
 */
typedef void (*rlnc_dot_fn)(const u8 *tables, const u8 *sources, unsigned int count,
			    const u8 *const in[], u8 *const out[], size_t pos, size_t len,
			    size_t total);

/**
 * struct rlnc_backend - One way to compute dot products.
 * @name: as given to rlnc_init()
 * @group: outputs per pass, 1 to RLNC_MAX_GROUP
 * @table: bytes of multiplication table per coefficient, up to RLNC_MAX_TABLE
 * @min_len: shortest region that dot takes; shorter ones go to the scalar one
 * @simd: needs kernel_fpu_begin()
 * @valid: can this machine run it?
 * @expand: make the multiplication table of a coefficient
 * @dot: function for g outputs at index g - 1
 */
struct rlnc_backend {
	const char *name;
	u8 group;
	u8 table;
	u16 min_len;
	bool simd;
	bool (*valid)(void);
	void (*expand)(u8 *table, u8 c);
	rlnc_dot_fn dot[RLNC_MAX_GROUP];
};

extern const struct rlnc_backend rlnc_scalar;
extern const struct rlnc_backend rlnc_ssse3;
extern const struct rlnc_backend rlnc_avx2;
extern const struct rlnc_backend rlnc_avx512;
extern const struct rlnc_backend rlnc_avx2_gfni;
extern const struct rlnc_backend rlnc_avx512_gfni;

/* The back end that rlnc_init() chose. */
const struct rlnc_backend *rlnc_backend(void);

/* The scalar path takes bare coefficients and any number of outputs. */
void rlnc_scalar_dot(unsigned int outputs, const u8 *coeffs, const u8 *sources,
		     unsigned int count, const u8 *const in[], u8 *const out[],
		     size_t pos, size_t len);

/* Tables shared by back ends of one kind. */
void rlnc_expand_nibbles(u8 *table, u8 c);
void rlnc_expand_affine(u8 *table, u8 c);

#endif
