# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += kernel/lib/map/geometry.c kernel/lib/map/node.c
