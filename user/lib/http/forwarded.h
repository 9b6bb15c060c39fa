/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as proxies write them. */
#ifndef SKY_HTTP_FORWARDED_H
#define SKY_HTTP_FORWARDED_H

#include <netinet/in.h>

#include "base/str.h"

/**
 * forwarded_address - one address of X-Forwarded-For
 * @item:	192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:80
 * @to:		receives it alone, as inet_ntop() has it; one of IPv4 in IPv6 as that of IPv4
 *
 * Return: whether it was one.  A name, a zone or "unknown" is none.
 */
bool forwarded_address(struct str item, char to[INET6_ADDRSTRLEN]);

#endif /* SKY_HTTP_FORWARDED_H */
