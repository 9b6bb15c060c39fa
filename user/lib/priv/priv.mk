# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use this room need -lseccomp.
LIB_SRCS += $(addprefix user/lib/priv/,priv.c filter.c deny.c)
