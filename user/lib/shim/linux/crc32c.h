/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_CRC32C_H
#define SHIM_LINUX_CRC32C_H

#include <linux/types.h>

/* As in the kernel: the caller inverts, before and after. */
u32 crc32c(u32 crc, const void *address, unsigned int length);

#endif
