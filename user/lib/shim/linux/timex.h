/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_TIMEX_H
#define SHIM_LINUX_TIMEX_H

typedef unsigned long long cycles_t;

static inline cycles_t get_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
