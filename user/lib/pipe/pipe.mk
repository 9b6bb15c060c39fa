# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/pipe/,compress.c fragment.c manifest.c coder.c encode.c decode.c recode.c)
