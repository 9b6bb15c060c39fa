# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS	+= $(addprefix kernel/lib/rlnc/,backend.c code.c decoder.c dot_avx2.c dot_avx2_gfni.c \
		   dot_avx512.c dot_avx512_gfni.c dot_scalar.c dot_ssse3.c gf256.c matrix.c packet.c \
		   plan.c seed.c selftest.c)
