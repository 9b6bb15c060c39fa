# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= rlncsetup
rlncsetup_SRCS	:= $(addprefix user/tools/rlncsetup/,main.c options.c members.c signature.c \
	secrets.c state.c open_volume.c keys_print.c cmd_format.c cmd_open.c cmd_close.c \
	cmd_status.c cmd_dump.c cmd_key.c cmd_member.c cmd_scrub.c cmd_checkpoint.c prepare.c \
	work.c cmd_repair.c cmd_header.c cmd_benchmark.c)
rlncsetup_LIBS	:= -ldevmapper -lblkid -largon2 -lkeyutils -ljansson -lnl-genl-3 -lnl-3
