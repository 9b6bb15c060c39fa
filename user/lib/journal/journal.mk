# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += user/lib/journal/journal.c
