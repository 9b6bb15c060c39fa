# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/netlink/,nbd_url.c nbd_handshake.c nbd_client.c nbd.c)
CFLAGS_user/lib/netlink/nbd := -isystem /usr/include/libnl3
