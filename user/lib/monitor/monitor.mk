# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/monitor/,monitor.c monitor_text.c far.c far_tftp.c)
