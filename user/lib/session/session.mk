# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use this room need -ljansson and -lyaml.
LIB_SRCS += $(addprefix user/lib/session/,session.c command.c box.c image.c)
