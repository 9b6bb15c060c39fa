# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += kernel/lib/elf/hvt_image.c kernel/lib/elf/hvt_boot.c kernel/lib/elf/hvt_core.c kernel/lib/elf/hvt_snapshot.c
