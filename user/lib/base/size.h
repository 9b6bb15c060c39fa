/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_SIZE_H
#define SKY_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

#define SIZE_TEXT_MAX	32

int size_parse(const char *text, uint64_t *bytes);
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);
const char *size_format(uint64_t bytes, char text[SIZE_TEXT_MAX]);

#endif /* SKY_BASE_SIZE_H */
