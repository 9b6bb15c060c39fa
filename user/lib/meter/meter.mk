# SPDX-License-Identifier: GPL-2.0-or-later
# Records of use: written, chained, verified.  What links it needs -ljansson.
LIB_SRCS += $(sort $(wildcard user/lib/meter/*.c))
