/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

#include <linux/build_bug.h>
#include <linux/compiler.h>

/* A warning in the kernel is a failed test, so it is fatal here. */
#define BUG() do {							\
	fprintf(stderr, "BUG at %s:%d\n", __FILE__, __LINE__);		\
	abort();							\
} while (0)
#define BUG_ON(cond) do { if (unlikely(cond)) BUG(); } while (0)
#define WARN_ON(cond) ({ bool warn_ = !!(cond); if (unlikely(warn_)) BUG(); warn_; })
#define WARN_ON_ONCE(cond)	WARN_ON(cond)

#endif
