// SPDX-License-Identifier: GPL-2.0-or-later
/* The avx512-gfni back end over an emulated GF2P8AFFINEQB. */
#define GFNI_BACKEND	"avx512-gfni"

#include "rlnc_gfni_emulated.h"
#include "rlnc/dot_avx512_gfni.c"
