# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/http/,head.c status.c chunked.c uri.c date.c range.c media.c form.c forwarded.c \
	wire.c server.c reply.c listen.c client.c)
