# SPDX-License-Identifier: GPL-2.0-or-later
# What guests are made of, as far as it is pure: the network, the store, and what is read
# from others.

UNIT_TESTS	+= test_net_tcp test_kv_store test_guest_text

GUEST_NET_SRCS	:= $(wildcard user/guest/net/*.c)
CFLAGS_tests/unit/test_net_tcp	:= -Iuser/guest
CFLAGS_tests/unit/test_kv_store	:= -Iuser/guest
CFLAGS_tests/unit/test_guest_text	:= -Iuser/guest

$(O)/test/test_net_tcp: $(GUEST_NET_SRCS:%.c=$(O)/san/%.o)
$(O)/test/test_kv_store: $(O)/san/user/guest/kv/store.o $(O)/san/user/guest/net/siphash.o
$(O)/test/test_guest_text: $(addprefix $(O)/san/user/guest/,http/request.o http/tar.o kv/resp.o)
