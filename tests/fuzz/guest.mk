# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS		+= fuzz_net

fuzz_net_OBJS	:= $(patsubst %.c,%.o,$(wildcard user/guest/net/*.c))
CFLAGS_tests/fuzz/fuzz_net	:= -Iuser/guest
