# SPDX-License-Identifier: GPL-2.0-or-later
# What guests are made of, as far as it is pure: the network.

UNIT_TESTS	+= test_net_tcp

GUEST_NET_SRCS	:= $(wildcard user/guest/net/*.c)
CFLAGS_tests/unit/test_net_tcp	:= -Iuser/guest

$(O)/test/test_net_tcp: $(GUEST_NET_SRCS:%.c=$(O)/san/%.o)
