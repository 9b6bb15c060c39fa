# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += user/lib/dm/dm.c
