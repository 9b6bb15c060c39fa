// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"

/* What a URL may have as it is (RFC 3986, 2), and no more of ASCII. */
static const char graphic[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%";

static int copy_part(char *to, size_t size, const char *from, size_t len)
{
	if (!len || len >= size)
		return -EINVAL;
	memcpy(to, from, len);
	to[len] = 0;
	return 0;
}

static int parse_port(const char *text, size_t len, char port[PORT_TEXT_MAX])
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	if (copy_part(port, PORT_TEXT_MAX, text, len))
		return -EINVAL;
	return atoi(port) < 1 || atoi(port) > 65535 ? -EINVAL : 0;
}

/**
 * authority_parse - take the host and port of a URL apart
 * @text:	HOST[:PORT]; an IPv6 address stands in brackets
 * @len:	of @text
 * @default_port: where none is named
 * @a:		filled in
 *
 * Return: 0, or -EINVAL when @text is anything else.
 */
int authority_parse(const char *text, size_t len, const char *default_port, struct authority *a)
{
	const char *stop = text + len, *end;

	if (len && *text == '[') {
		text++;
		end = memchr(text, ']', stop - text);
		if (!end || copy_part(a->host, sizeof(a->host), text, end - text))
			return -EINVAL;
		end++;
	} else {
		end = memchr(text, ':', len);
		if (!end)
			end = stop;
		if (copy_part(a->host, sizeof(a->host), text, end - text))
			return -EINVAL;
	}
	/* Nor anything with a meaning of its own where the host is passed on. */
	if (strpbrk(a->host, "@?#%,=") || a->host[strspn(a->host, graphic)])
		return -EINVAL;
	if (end == stop)
		return copy_part(a->port, sizeof(a->port), default_port, strlen(default_port));
	return *end == ':' ? parse_port(end + 1, stop - end - 1, a->port) : -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/**
 * percent_decode - what a part of a URL stands for (RFC 3986, 2.1)
 * @text:	of the URL; an encoded NUL is an error, and so is what must be encoded
 * @len:	of @text
 * @to:		receives it, NUL-terminated
 * @size:	of @to
 *
 * Return: 0, or -EINVAL, also when it does not fit.
 */
int percent_decode(const char *text, size_t len, char *to, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		if (!c || !strchr(graphic, c))
			return -EINVAL;
		if (c == '%') {
			int high = len - i > 2 ? hex_digit(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_digit(text[i + 2]);

			if (low < 0)
				return -EINVAL;
			c = high << 4 | low;
			i += 2;
		}
		if (!c || at + 1 >= size)
			return -EINVAL;
		to[at++] = (char)c;
	}
	to[at] = 0;
	return 0;
}
