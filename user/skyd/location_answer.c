// SPDX-License-Identifier: GPL-2.0-or-later
/* What strange servers say, and where they are. */
#include <errno.h>

#include "base/authority.h"
#include "location_http.h"

/* Of names, and of addresses of both kinds, with the zone that one may have. */
#define HOST_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%"

int location_url_parse(struct str url, struct location_url *u)
{
	struct str rest = STR_NONE;
	struct authority a;
	uint64_t port = 0;
	size_t len = 0;

	*u = (struct location_url){ .tls = str_starts(url, STR("https://")) };
	if (u->tls)
		rest = str_skip(url, 8);
	else if (str_starts(url, STR("http://")))
		rest = str_skip(url, 7);
	while (len < rest.len && !strchr("/?#", rest.at[len]))
		len++;
	if (!len || memchr(rest.at, 0, len) || authority_parse(rest.at, len, "0", &a))
		return -EINVAL;
	if (!str_number(str_of(a.port), 65535, &port) ||
	    !str_copy(str_of(a.host), u->host, sizeof(u->host)) ||
	    u->host[strspn(u->host, HOST_CHARS)])
		return -EINVAL;
	/* Host has no port where it is the scheme's own. */
	u->port = port == (u->tls ? 443 : 80) ? 0 : port;
	u->target = str_skip(rest, len);
	if (!u->target.len)
		u->target = STR("/");
	return *u->target.at == '/' ? 0 : -EINVAL;
}

struct str location_code(struct str document)
{
	static const char open[] = "<Code>", close[] = "</Code>";
	const char *from, *to;

	if (!document.len)
		return STR_NONE;
	from = memmem(document.at, document.len, open, sizeof(open) - 1);
	if (!from)
		return STR_NONE;
	from += sizeof(open) - 1;
	to = memmem(from, document.at + document.len - from, close, sizeof(close) - 1);
	return to ? (struct str){ from, to - from } : STR_NONE;
}

int location_errno(unsigned int status, struct str code)
{
	/* Codes that say more than the status they come with; MinIO's and Ceph's among them. */
	static const struct {
		const char *code;
		int error;
	} codes[] = {
		{ "NoSuchKey", -ENOENT }, { "NoSuchBucket", -ENOENT },
		{ "PreconditionFailed", -EEXIST },
		{ "ConditionalRequestConflict", -EBUSY }, { "OperationAborted", -EBUSY },
		{ "SlowDown", -EBUSY }, { "SlowDownWrite", -EBUSY }, { "SlowDownRead", -EBUSY },
		{ "ServiceUnavailable", -EBUSY }, { "RequestTimeout", -EBUSY },
		{ "TooManyRequests", -EBUSY },
		{ "InsufficientStorage", -EDQUOT }, { "QuotaExceeded", -EDQUOT },
		{ "XMinioStorageFull", -EDQUOT }, { "XMinioAdminBucketQuotaExceeded", -EDQUOT },
		{ "ExpiredToken", -EACCES }, { "InvalidToken", -EACCES },
		{ "EntityTooLarge", -EFBIG }, { "NotImplemented", -EOPNOTSUPP },
	};
	static const struct {
		unsigned int status;
		int error;
	} statuses[] = {
		{ 401, -EACCES }, { 403, -EACCES }, { 404, -ENOENT }, { 408, -EBUSY },
		{ 409, -EBUSY }, { 412, -EEXIST }, { 413, -EFBIG }, { 429, -EBUSY },
		{ 501, -EOPNOTSUPP }, { 503, -EBUSY }, { 507, -EDQUOT },
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (str_is(code, codes[i].code))
			return codes[i].error;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (status == statuses[i].status)
			return statuses[i].error;
	return -EIO;
}
