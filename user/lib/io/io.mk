# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use this room need -luring.
LIB_SRCS += $(addprefix user/lib/io/,fiber.c switch.c timer.c loop.c post.c group.c sync.c work.c plain.c \
	epoll.c uring.c net.c hand.c file.c stream.c)
