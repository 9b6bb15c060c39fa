/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <stdlib.h>

#include <linux/types.h>

#define GFP_KERNEL		0u
#define GFP_NOIO		0u

static inline void *kmalloc(size_t n, gfp_t gfp)
{
	(void)gfp;
	return malloc(n);
}

static inline void *kzalloc(size_t n, gfp_t gfp)
{
	(void)gfp;
	return calloc(1, n);
}

#define kvmalloc(n, gfp)	kmalloc(n, gfp)
#define kvzalloc(n, gfp)	kzalloc(n, gfp)
#define kfree(p)		free((void *)(p))
#define kvfree(p)		free((void *)(p))

#endif
