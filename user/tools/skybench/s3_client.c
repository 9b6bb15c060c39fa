// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/authority.h"
#include "base/report.h"
#include "http/date.h"
#include "s3/sig.h"
#include "s3_client.h"

#define ANSWER_MAX	4096u	/* of an error's document; the code is near its begin */

/* --- the endpoint ----------------------------------------------------------------------------- */

static int resolve(struct s3_client *c, const struct authority *a, const char *url)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int rc = getaddrinfo(a->host, a->port, &hints, &found);

	if (rc)
		return fail(ENXIO, "%s: %s", url, gai_strerror(rc));
	memcpy(&c->origin.address, found->ai_addr, found->ai_addrlen);
	c->origin.address_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

int s3_client_open(struct s3_client *c, const char *url, unsigned int connections)
{
	struct str rest = str_of(url), host;
	bool literal;
	struct authority a;
	size_t at;
	int rc;

	if (!str_starts(rest, STR("http://")))
		return fail(EINVAL, "%s: an endpoint is http://HOST[:PORT][/PREFIX]", url);
	rest = str_skip(rest, strlen("http://"));
	host = str_find(rest, '/', &at) ? str_head(rest, at) : rest;
	rest = str_skip(rest, host.len);
	while (str_ends(rest, STR("/")))
		rest.len--;
	if (authority_parse(host.at, host.len, "80", &a) ||
	    !str_copy(rest, c->prefix, sizeof(c->prefix)))
		return fail(EINVAL, "%s: an endpoint is http://HOST[:PORT][/PREFIX]", url);
	rc = resolve(c, &a, url);
	if (rc)
		return rc;
	literal = strchr(a.host, ':');
	snprintf(c->name, sizeof(c->name), literal ? "[%s]" : "%s", a.host);
	c->origin.host = c->name;
	c->origin.port = atoi(a.port) == 80 ? 0 : atoi(a.port);
	snprintf(c->host, sizeof(c->host), c->origin.port ? "%s:%u" : "%s", c->name,
		 c->origin.port);
	c->origin.most = connections;
	c->origin.most_kept = connections;
	http_origin_init(&c->origin);
	return 0;
}

void s3_client_close(struct s3_client *c)
{
	http_origin_close(&c->origin);
	explicit_bzero(&c->key, sizeof(c->key));
	explicit_bzero(&c->keys, sizeof(c->keys));
}

/* --- requests --------------------------------------------------------------------------------- */

static void key_of_the_day(struct s3_client *c, const char *date)
{
	if (!memcmp(c->day, date, 8))
		return;
	memcpy(c->day, date, 8);
	sig_derive(str_of(c->keys.secret), str_of(c->day), str_of(c->region), STR("s3"), &c->key);
}

int s3_call_sign(struct s3_client *c, struct s3_call *call, struct str method, struct str object,
		 struct str sha256)
{
	struct out target = OUT(call->target, sizeof(call->target));
	struct out fields = OUT(call->fields, sizeof(call->fields));
	char date[AMZ_DATE_LEN + 1] = "";
	struct out date_out = OUT(date, AMZ_DATE_LEN);
	const struct sig_header headers[] = {
		{ STR("host"), str_of(c->host) },
		{ STR("x-amz-content-sha256"), sha256 },
		{ STR("x-amz-date"), { date, AMZ_DATE_LEN } },
	};
	struct sig_message m = {
		.method = method, .headers = headers, .count = sizeof(headers) / sizeof(headers[0]),
	};
	struct sig_signer signer = {
		.algorithm = SIG_HMAC, .access_key = str_of(c->keys.access),
		.region = str_of(c->region), .service = STR("s3"), .now = time(NULL),
		.key.hmac = &c->key,
	};
	int rc;

	amz_date_write(&date_out, signer.now);
	key_of_the_day(c, date);
	out_text(&target, c->prefix);
	out_char(&target, '/');
	out_text(&target, c->bucket);
	if (object.len)
		out_char(&target, '/');
	out_str(&target, object);
	m.path = out_written(&target);
	http_write_field(&fields, STR("x-amz-content-sha256"), sha256);
	http_write_field(&fields, STR("x-amz-date"), headers[2].value);
	out_str(&fields, STR("Authorization: "));
	rc = sig_authorization(&fields, &signer, &m, sha256);
	out_str(&fields, STR("\r\n"));
	if (rc || fields.err || target.err)
		return rc ?: -E2BIG;
	*call->code = 0;
	call->http = (struct http_call){
		.origin = &c->origin, .method = method, .target = m.path,
		.fields = out_written(&fields), .deadline = io_now() + c->timeout,
	};
	return 0;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* <Code> of an error's document, as far as it is made of letters. */
static bool find_code(struct str text, char *to, size_t size)
{
	const struct str tag = STR("<Code>");
	const char *at = text.len ? memmem(text.at, text.len, tag.at, tag.len) : NULL;
	size_t n = 0;

	if (!at)
		return false;
	for (at += tag.len; at < text.at + text.len && n + 1 < size; at++) {
		if (ascii_lower(*at) < 'a' || ascii_lower(*at) > 'z')
			break;
		to[n++] = *at;
	}
	to[n] = 0;
	return n;
}

/* The whole body, of which the first bytes are kept. */
static int drain(struct http_call *c, char *keep, size_t size, size_t *kept)
{
	char skip[4096];
	ssize_t n;

	*kept = 0;
	do {
		if (*kept < size)
			n = http_call_read(c, keep + *kept, size - *kept);
		else
			n = http_call_read(c, skip, sizeof(skip));
		if (n > 0 && *kept < size)
			*kept += n;
	} while (n > 0);
	return n;
}

bool s3_call_end(struct s3_call *call, int rc)
{
	const unsigned int status = rc < 0 ? 0 : call->http.head.status;
	char text[ANSWER_MAX];
	size_t len = 0;

	if (rc >= 0)
		rc = drain(&call->http, text, sizeof(text), &len);
	http_call_end(&call->http);
	if (status && status / 100 != 2) {
		if (!find_code((struct str){ text, len }, call->code, sizeof(call->code)))
			snprintf(call->code, sizeof(call->code), "HTTP %u", status);
		return false;
	}
	if (rc < 0)
		snprintf(call->code, sizeof(call->code), "%s", strerrorname_np(-rc) ?: "error");
	return rc >= 0;
}

bool s3_simple(struct s3_client *c, struct s3_call *call, struct str method, struct str object)
{
	int rc = s3_call_sign(c, call, method, object, S3_NO_BODY);

	return s3_call_end(call, rc ?: http_call(&call->http));
}
