// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nbd_url.h"

static const char scheme[] = "nbd://";

/**
 * nbd_url_is - whether a member is meant as an NBD URL
 */
bool nbd_url_is(const char *text)
{
	return !strncmp(text, scheme, sizeof(scheme) - 1);
}

static int copy_part(char *to, size_t size, const char *from, size_t len)
{
	if (!len || len >= size)
		return -EINVAL;
	memcpy(to, from, len);
	to[len] = 0;
	return 0;
}

static int parse_port(const char *text, size_t len, char port[6])
{
	size_t i;

	if (len < 1 || len > 5)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	memcpy(port, text, len);
	port[len] = 0;
	if (atoi(port) < 1 || atoi(port) > 65535)
		return -EINVAL;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decode the path (RFC 3986, 2.1); an encoded NUL is no name. */
static int parse_export(const char *text, char *name)
{
	size_t len = 0;

	for (; *text; text++) {
		int c = (unsigned char)*text;

		if (len == NBD_EXPORT_MAX)
			return -EINVAL;
		if (c == '?' || c == '#')
			return -EINVAL;
		if (c == '%') {
			int high = hex_digit(text[1]);
			int low = high < 0 ? -1 : hex_digit(text[2]);

			if (low < 0)
				return -EINVAL;
			c = high << 4 | low;
			if (!c)
				return -EINVAL;
			text += 2;
		}
		name[len++] = (char)c;
	}
	name[len] = 0;
	return 0;
}

/**
 * nbd_url_parse - take an NBD URL apart
 * @text:	nbd://HOST[:PORT][/EXPORT]; an IPv6 address stands in brackets; the
 *		export name is percent-decoded and may be empty
 * @url:	filled in
 *
 * Return: 0, or -EINVAL when @text is anything else.
 */
int nbd_url_parse(const char *text, struct nbd_url *url)
{
	const char *host, *end, *slash;

	if (!nbd_url_is(text))
		return -EINVAL;
	host = text + sizeof(scheme) - 1;
	slash = strchrnul(host, '/');
	if (*host == '[') {
		host++;
		end = memchr(host, ']', slash - host);
		if (!end || copy_part(url->host, sizeof(url->host), host, end - host))
			return -EINVAL;
		end++;
	} else {
		end = memchr(host, ':', slash - host);
		if (!end)
			end = slash;
		if (copy_part(url->host, sizeof(url->host), host, end - host))
			return -EINVAL;
	}
	if (strpbrk(url->host, "@?#% \t\n"))
		return -EINVAL;
	if (end == slash)
		memcpy(url->port, NBD_DEFAULT_PORT, sizeof(NBD_DEFAULT_PORT));
	else if (*end != ':' || parse_port(end + 1, slash - end - 1, url->port))
		return -EINVAL;
	return parse_export(*slash ? slash + 1 : slash, url->export_name);
}
