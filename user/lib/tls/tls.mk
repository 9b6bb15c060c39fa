# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use this room need -lssl -luring.
LIB_SRCS += $(addprefix user/lib/tls/,context.c trust.c stream.c explain.c peer.c issue.c ktls.c)
