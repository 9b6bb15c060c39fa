/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot_cpu_has() for the features that kernel/lib asks about. */
#ifndef SHIM_ASM_CPUFEATURE_H
#define SHIM_ASM_CPUFEATURE_H

#include <stdbool.h>

enum shim_cpu_feature {
	X86_FEATURE_SSSE3,
	X86_FEATURE_OSXSAVE,
	X86_FEATURE_AVX,
	X86_FEATURE_AVX2,
	X86_FEATURE_AVX512F,
	X86_FEATURE_AVX512BW,
	X86_FEATURE_AVX512VL,
	X86_FEATURE_GFNI,
};

bool boot_cpu_has(enum shim_cpu_feature feature);

#endif
