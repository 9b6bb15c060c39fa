// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments to and from a location, by URLs that the backend had signed. */
#include <errno.h>

#include "place.h"

#define URL_MAX		4608u
#define FIELDS_MAX	128u

/* Of a request: a target alone, which goes to the location that it is asked of. */
static struct str target_of(const struct place *p, const char *name, struct rpc_bytes query,
			    char *to)
{
	struct out o = OUT(to, URL_MAX);

	out_text(&o, p->path);
	out_char(&o, '/');
	out_text(&o, name);
	out_char(&o, '?');
	out_bytes(&o, query.data, query.len);
	return o.err ? STR_NONE : out_written(&o);
}

/* As plan_url.c has signed it. */
static bool has_hash(const struct place *p)
{
	return p->edge || !str_starts(str_of(p->url), STR("https://"));
}

int place_send(struct place *p, const char *name, struct rpc_bytes query, const void *data,
	       size_t len, const u8 sha256[32], int64_t deadline)
{
	const struct iovec body = { (void *)data, len };
	const int64_t start = io_now();
	char url[URL_MAX], fields[FIELDS_MAX];
	struct out o = OUT(fields, sizeof(fields));
	struct location_ask ask = {
		.url = target_of(p, name, query, url), .deadline = deadline,
	};
	int rc;

	if (has_hash(p)) {
		out_text(&o, "X-Amz-Content-Sha256: ");
		out_hex(&o, sha256, 32);
		out_text(&o, "\r\n");
	}
	ask.fields = out_written(&o);
	rc = ask.url.len ? location_put(p->location, &ask, &body, 1) : -EINVAL;
	place_told(p, len, io_now() - start, rc);
	return rc;
}

ssize_t place_fetch(struct place *p, const char *name, struct rpc_bytes query, void *to,
		    size_t len, int64_t deadline)
{
	const int64_t start = io_now();
	char url[URL_MAX];
	struct location_ask ask = {
		.url = target_of(p, name, query, url), .deadline = deadline,
	};
	ssize_t got;

	got = ask.url.len ? location_get(p->location, &ask, to, len) : -EINVAL;
	place_told(p, len, io_now() - start, got < 0 ? got : 0);
	return got;
}
