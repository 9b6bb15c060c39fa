// SPDX-License-Identifier: GPL-2.0-or-later
/* The avx2-gfni back end over an emulated GF2P8AFFINEQB. */
#define GFNI_BACKEND	"avx2-gfni"

#include "rlnc_gfni_emulated.h"
#include "rlnc/dot_avx2_gfni.c"
