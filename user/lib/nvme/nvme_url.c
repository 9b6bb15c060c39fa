// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/size.h"
#include "nvme_url.h"

#define NSID_MAX	0xfffffffeu	/* all ones mean all namespaces */

static const char scheme[] = "nvme-tcp://", query[] = "nsid=";

/**
 * nvme_url_is - whether a member is meant as an NVMe/TCP URL
 */
bool nvme_url_is(const char *text)
{
	return !strncmp(text, scheme, sizeof(scheme) - 1);
}

/* The kernel takes the name in a list with commas; blanks and controls are in none. */
static bool nqn_ok(const char *nqn)
{
	const unsigned char *p = (const unsigned char *)nqn;

	if (!*p)
		return false;
	for (; *p; p++)
		if (*p <= ' ' || *p == ',' || *p == 0x7f)
			return false;
	return true;
}

/**
 * nvme_url_parse - take an NVMe/TCP URL apart
 * @text:	nvme-tcp://HOST[:PORT]/NQN[?nsid=N]; an IPv6 address stands in brackets;
 *		the NQN is percent-decoded
 * @url:	filled in
 *
 * Return: 0, or -EINVAL when @text is anything else.
 */
int nvme_url_parse(const char *text, struct nvme_url *url)
{
	const char *host, *slash, *mark;
	uint64_t nsid;

	if (!nvme_url_is(text))
		return -EINVAL;
	host = text + sizeof(scheme) - 1;
	slash = strchr(host, '/');
	if (!slash || authority_parse(host, slash - host, NVME_DEFAULT_PORT, &url->at))
		return -EINVAL;
	mark = strchrnul(slash, '?');
	url->nsid = 0;
	if (*mark) {
		if (strncmp(mark + 1, query, sizeof(query) - 1) ||
		    number_parse(mark + sizeof(query), 1, NSID_MAX, &nsid))
			return -EINVAL;
		url->nsid = (uint32_t)nsid;
	}
	if (memchr(slash, '#', mark - slash) ||
	    percent_decode(slash + 1, mark - slash - 1, url->nqn, sizeof(url->nqn)) ||
	    !nqn_ok(url->nqn))
		return -EINVAL;
	return 0;
}
