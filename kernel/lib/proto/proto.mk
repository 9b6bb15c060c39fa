# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix kernel/lib/proto/,command.c frame.c server.c remote.c tftp.c words.c)
