/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

/* kvmalloc() is declared here in kernels before 6.11. */
#include <linux/slab.h>

#endif
