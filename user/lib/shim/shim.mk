# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS	+= user/lib/shim/cpu.c user/lib/shim/crc32c.c user/lib/shim/crc32c.c user/lib/shim/sha256.c
