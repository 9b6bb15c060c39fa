/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's errno.h includes this one for the numbers. */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>
#include <errno.h>

#endif
