/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_ASM_UNALIGNED_H
#define SHIM_ASM_UNALIGNED_H

#include <string.h>

#include <asm/byteorder.h>
#include <linux/types.h>

#define SHIM_UNALIGNED(e, n)						\
static inline u##n get_unaligned_##e##n(const void *p)			\
{									\
	__##e##n v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return e##n##_to_cpu(v);					\
}									\
static inline void put_unaligned_##e##n(u##n val, void *p)		\
{									\
	__##e##n v = cpu_to_##e##n(val);				\
									\
	memcpy(p, &v, sizeof(v));					\
}

SHIM_UNALIGNED(le, 16)
SHIM_UNALIGNED(le, 32)
SHIM_UNALIGNED(le, 64)
SHIM_UNALIGNED(be, 16)
SHIM_UNALIGNED(be, 32)
SHIM_UNALIGNED(be, 64)

#endif
