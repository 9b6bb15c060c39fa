/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that URLs of all kinds have in common (RFC 3986). */
#ifndef SKY_BASE_AUTHORITY_H
#define SKY_BASE_AUTHORITY_H

#include <stddef.h>

#define HOST_TEXT_MAX	256
#define PORT_TEXT_MAX	6

/* HOST[:PORT], taken apart. */
struct authority {
	char host[HOST_TEXT_MAX];	/* name or address, without brackets */
	char port[PORT_TEXT_MAX];	/* 1 to 65535 */
};

int authority_parse(const char *text, size_t len, const char *default_port, struct authority *a);
int percent_decode(const char *text, size_t len, char *to, size_t size);

#endif /* SKY_BASE_AUTHORITY_H */
