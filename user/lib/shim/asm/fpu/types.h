/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_ASM_FPU_TYPES_H
#define SHIM_ASM_FPU_TYPES_H

#include <asm/fpu/api.h>

#endif
