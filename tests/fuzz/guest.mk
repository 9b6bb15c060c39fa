# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS		+= fuzz_net fuzz_guest_text fuzz_kv_store

fuzz_net_OBJS	:= $(patsubst %.c,%.o,$(wildcard user/guest/net/*.c))
fuzz_guest_text_OBJS := $(addprefix user/guest/,http/request.o http/tar.o kv/resp.o)
fuzz_kv_store_OBJS := user/guest/kv/store.o user/guest/net/siphash.o
CFLAGS_tests/fuzz/fuzz_net	:= -Iuser/guest
CFLAGS_tests/fuzz/fuzz_guest_text := -Iuser/guest
CFLAGS_tests/fuzz/fuzz_kv_store	:= -Iuser/guest
