/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_HEX_H
#define SKY_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#define UUID_BYTES	16
#define UUID_TEXT_MAX	37

void hex_encode(const void *bytes, size_t len, char *text);
int hex_decode(const char *text, void *bytes, size_t len);
const char *uuid_format(const uint8_t id[UUID_BYTES], char text[UUID_TEXT_MAX]);

#endif /* SKY_BASE_HEX_H */
