/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_ASM_SIMD_H
#define SHIM_ASM_SIMD_H

#include <stdbool.h>

/* Cleared by tests to take the path of a context without vector registers. */
extern bool shim_may_use_simd;

static inline bool may_use_simd(void)
{
	return shim_may_use_simd;
}

#endif
