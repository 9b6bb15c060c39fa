# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/rpc/,rpc_encode.c rpc_decode.c)
