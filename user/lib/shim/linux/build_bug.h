/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_BUILD_BUG_H
#define SHIM_LINUX_BUILD_BUG_H

#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)
#undef static_assert
#define static_assert(expr, ...) static_assert_(expr, ##__VA_ARGS__, #expr)
#define static_assert_(expr, msg, ...) _Static_assert(expr, msg)

#endif
