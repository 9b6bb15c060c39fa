// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "nbd_url.h"

static const char plain[] = "nbd://", secure[] = "nbds://";

/* What follows the scheme, or NULL. */
static const char *after_scheme(const char *text, bool *tls)
{
	*tls = !strncmp(text, secure, sizeof(secure) - 1);
	if (*tls)
		return text + sizeof(secure) - 1;
	return strncmp(text, plain, sizeof(plain) - 1) ? NULL : text + sizeof(plain) - 1;
}

/**
 * nbd_url_is - whether a member is meant as an NBD URL
 */
bool nbd_url_is(const char *text)
{
	bool tls;

	return after_scheme(text, &tls);
}

/**
 * nbd_url_parse - take an NBD URL apart
 * @text:	nbd://HOST[:PORT][/EXPORT], or the same with nbds://; an IPv6 address
 *		stands in brackets; the export name is percent-decoded and may be empty
 * @url:	filled in
 *
 * Return: 0, or -EINVAL when @text is anything else.
 */
int nbd_url_parse(const char *text, struct nbd_url *url)
{
	const char *host = after_scheme(text, &url->tls), *slash, *name;

	if (!host)
		return -EINVAL;
	slash = strchrnul(host, '/');
	if (authority_parse(host, slash - host, NBD_DEFAULT_PORT, &url->at))
		return -EINVAL;
	name = *slash ? slash + 1 : slash;
	if (strpbrk(name, "?#"))
		return -EINVAL;
	return percent_decode(name, strlen(name), url->export_name, sizeof(url->export_name));
}
