/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_TEXT_H
#define SKY_BASE_TEXT_H

#include <stddef.h>

const char *text_printable(const char *from, char *to, size_t size);

#endif /* SKY_BASE_TEXT_H */
