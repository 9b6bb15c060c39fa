# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/base/,report.c size.c hex.c secret.c file.c sealed.c kmsg.c progress.c text.c authority.c tcp.c modprobe.c str.c out.c program.c typo.c)
