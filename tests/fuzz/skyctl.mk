# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS			+= fuzz_skyctl
fuzz_skyctl_LIBS	:= -ljansson -lexpat
fuzz_skyctl_OBJS	:= $(addprefix user/tools/skyctl/,patience.o s3_read.o s3_site.o s3_text.o)
CFLAGS_tests/fuzz/fuzz_skyctl := -Iuser/tools
