/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vector registers always belong to the caller in user space. */
#ifndef SHIM_ASM_FPU_API_H
#define SHIM_ASM_FPU_API_H

#include <linux/types.h>

#define XFEATURE_MASK_SSE	(1ULL << 1)
#define XFEATURE_MASK_YMM	(1ULL << 2)
#define XFEATURE_MASK_AVX512	(7ULL << 5)

static inline void kernel_fpu_begin(void)
{
}

static inline void kernel_fpu_end(void)
{
}

/* Has the operating system switched on all of @mask? */
bool cpu_has_xfeatures(u64 mask, const char **name);

#endif
