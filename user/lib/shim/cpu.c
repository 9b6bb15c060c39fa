// SPDX-License-Identifier: GPL-2.0-or-later
/* What the CPU can do and the operating system saves, from CPUID and XGETBV. */
#include <cpuid.h>

#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/simd.h>
#include <linux/kernel.h>

bool shim_may_use_simd = true;

enum cpuid_reg { EAX, EBX, ECX, EDX };

static const struct {
	unsigned int leaf;
	enum cpuid_reg reg;
	unsigned int bit;
} features[] = {
	[X86_FEATURE_SSSE3]	= { 1, ECX, 9 },
	[X86_FEATURE_OSXSAVE]	= { 1, ECX, 27 },
	[X86_FEATURE_AVX]	= { 1, ECX, 28 },
	[X86_FEATURE_AVX2]	= { 7, EBX, 5 },
	[X86_FEATURE_AVX512F]	= { 7, EBX, 16 },
	[X86_FEATURE_AVX512BW]	= { 7, EBX, 30 },
	[X86_FEATURE_AVX512VL]	= { 7, EBX, 31 },
	[X86_FEATURE_GFNI]	= { 7, ECX, 8 },
};

bool boot_cpu_has(enum shim_cpu_feature feature)
{
	unsigned int r[4];

	if (!__get_cpuid_count(features[feature].leaf, 0, &r[EAX], &r[EBX], &r[ECX], &r[EDX]))
		return false;
	return r[features[feature].reg] >> features[feature].bit & 1;
}

bool cpu_has_xfeatures(u64 mask, const char **name)
{
	u32 lo, hi;

	if (name)
		*name = NULL;
	if (!boot_cpu_has(X86_FEATURE_OSXSAVE))
		return false;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (((u64)hi << 32 | lo) & mask) == mask;
}
