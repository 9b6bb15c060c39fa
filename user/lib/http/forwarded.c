// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>

#include "forwarded.h"

static bool port_ok(struct str text)
{
	uint64_t port;

	return text.len <= 5 && str_number(text, UINT16_MAX, &port);
}

/* Without brackets and port.  Without brackets, more than one colon is an address of IPv6. */
static bool take_apart(struct str item, struct str *address, bool *six)
{
	struct str rest = item;
	size_t at;

	*six = str_starts(item, STR("["));
	if (*six) {
		rest = str_skip(item, 1);
		return str_cut(&rest, ']', address) && rest.at &&
		       (!rest.len || (*rest.at == ':' && port_ok(str_skip(rest, 1))));
	}
	*address = item;
	if (!str_find(item, ':', &at))
		return true;
	rest = str_skip(item, at + 1);
	*six = str_find(rest, ':', &at);
	if (*six)
		return true;
	address->len -= rest.len + 1;
	return port_ok(rest);
}

bool forwarded_address(struct str item, char to[INET6_ADDRSTRLEN])
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	struct str alone;
	bool six;

	if (!take_apart(item, &alone, &six) || !str_copy(alone, text, sizeof(text)) ||
	    inet_pton(six ? AF_INET6 : AF_INET, text, &address) != 1)
		return false;
	if (six && IN6_IS_ADDR_V4MAPPED(&address))
		return inet_ntop(AF_INET, &address.s6_addr[12], to, INET6_ADDRSTRLEN);
	return inet_ntop(six ? AF_INET6 : AF_INET, &address, to, INET6_ADDRSTRLEN);
}
