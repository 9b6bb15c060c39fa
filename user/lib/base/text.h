/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_TEXT_H
#define SKY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "1 member", "2 members" */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

bool text_is_printable(const char *text);
const char *text_printable(const char *from, char *to, size_t size);

#endif /* SKY_BASE_TEXT_H */
