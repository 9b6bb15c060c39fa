# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/netlink/,nbd_url.c nbd_handshake.c nbd_client.c nbd.c rlnc_events.c rlnc_notice.c \
	watch.c hedge_events.c tap.c)
CFLAGS_user/lib/netlink/nbd := -isystem /usr/include/libnl3
CFLAGS_user/lib/netlink/rlnc_events := -isystem /usr/include/libnl3
CFLAGS_user/lib/netlink/rlnc_notice := -isystem /usr/include/libnl3
CFLAGS_user/lib/netlink/watch := -isystem /usr/include/libnl3
CFLAGS_user/lib/netlink/hedge_events := -isystem /usr/include/libnl3
CFLAGS_user/lib/netlink/tap := -isystem /usr/include/libnl3
