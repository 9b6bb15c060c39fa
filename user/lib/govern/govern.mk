# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use this room need -ljansson and -lyaml.
LIB_SRCS += $(addprefix user/lib/govern/,state.c action.c proposal.c ballot.c step.c folder.c folder_room.c serve.c release.c recovery.c bech32.c)
