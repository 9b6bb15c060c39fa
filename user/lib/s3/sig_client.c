// SPDX-License-Identifier: GPL-2.0-or-later
/* Signing as a client: by header, and URLs for others to use. */
#include <errno.h>

#include "http/date.h"
#include "sig.h"

/* What both forms share while they are made. */
struct signing {
	struct sig_claim claim;
	char date[AMZ_DATE_LEN];
	char scope[SIG_SCOPE_MAX];
	char names[1024];
};

static bool name_before(struct str a, struct str b)
{
	size_t i;

	for (i = 0; i < a.len && i < b.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return ascii_lower(a.at[i]) < ascii_lower(b.at[i]);
	return a.len < b.len;
}

/* The names of all headers, sorted, each once, in lower case. */
static void put_names(struct out *o, const struct sig_message *m)
{
	struct str order[HTTP_FIELDS_MAX];
	unsigned int i, j, count = 0;
	size_t k;

	for (i = 0; i < m->count && i < HTTP_FIELDS_MAX; i++) {
		for (j = count++; j && name_before(m->headers[i].name, order[j - 1]); j--)
			order[j] = order[j - 1];
		order[j] = m->headers[i].name;
	}
	for (i = 0; i < count; i++) {
		if (i && str_equal_nocase(order[i], order[i - 1]))
			continue;
		if (i)
			out_char(o, ';');
		for (k = 0; k < order[i].len; k++)
			out_char(o, ascii_lower(order[i].at[k]));
	}
}

static int prepare(struct signing *g, const struct sig_signer *s, const struct sig_message *m,
		   struct str content_sha256)
{
	struct out date = OUT(g->date, sizeof(g->date)), scope = OUT(g->scope, sizeof(g->scope));
	struct out names = OUT(g->names, sizeof(g->names));

	if (m->count > HTTP_FIELDS_MAX)
		return -EINVAL;
	memset(&g->claim, 0, offsetof(struct sig_claim, text));
	amz_date_write(&date, s->now);
	out_bytes(&scope, g->date, 8);
	if (s->algorithm == SIG_HMAC) {
		out_char(&scope, '/');
		out_str(&scope, s->region);
	}
	out_char(&scope, '/');
	out_str(&scope, s->service);
	out_str(&scope, STR("/aws4_request"));
	put_names(&names, m);
	if (scope.err || names.err)
		return -ENOSPC;
	g->claim.algorithm = s->algorithm;
	g->claim.date = out_written(&date);
	g->claim.scope.whole = out_written(&scope);
	g->claim.signed_headers = out_written(&names);
	g->claim.content_sha256 = content_sha256;
	return 0;
}

/* Returns how many digits, or a negative errno. */
static int sign(const struct signing *g, const struct sig_signer *s, const struct sig_message *m,
		char hex[SIG_HEX_MAX])
{
	uint8_t digest[SHA256_BYTES];
	char text[512];
	size_t len;

	if (!sig_digest(m, &g->claim, false, digest))
		return -E2BIG;
	len = sig_string_to_sign(&g->claim, digest, text, sizeof(text));
	return len ? sig_make(&s->key, s->algorithm, (struct str){ text, len }, hex) : -ENOSPC;
}

/**
 * sig_authorization - write the value of Authorization
 * @o:			the writer
 * @s:			who signs; @s->now must be what x-amz-date says
 * @m:			the request.  All of its headers are signed: Host,
 *			x-amz-date and x-amz-content-sha256 must be among them, for
 *			SIG_ECDSA x-amz-region-set as well
 * @content_sha256:	what x-amz-content-sha256 says
 *
 * Return: 0, or a negative errno when it does not fit or cannot be signed.
 */
int sig_authorization(struct out *o, const struct sig_signer *s, const struct sig_message *m,
		      struct str content_sha256)
{
	struct signing g;
	char hex[SIG_HEX_MAX];
	int rc = prepare(&g, s, m, content_sha256);

	if (rc)
		return rc;
	rc = sign(&g, s, m, hex);
	if (rc < 0)
		return rc;
	out_text(o, sig_algorithm_name(s->algorithm));
	out_str(o, STR(" Credential="));
	out_str(o, s->access_key);
	out_char(o, '/');
	out_str(o, g.claim.scope.whole);
	out_str(o, STR(", SignedHeaders="));
	out_str(o, g.claim.signed_headers);
	out_str(o, STR(", Signature="));
	out_bytes(o, hex, rc);
	return o->err;
}

static void put_parameter(struct out *o, struct str name, struct str value)
{
	if (o->len)
		out_char(o, '&');
	out_str(o, name);
	out_char(o, '=');
	uri_encode(o, value, 0);
}

/**
 * sig_presign - write the query of a URL that is good for some time
 * @o:			an empty writer without @room; receives the query, with
 *			@m's own parameters first
 * @s:			who signs
 * @m:			the request; Host must be among its headers, and all of
 *			them must be sent as they are
 * @expires:		seconds, from 1 to SIG_EXPIRES_MAX
 * @token:		for X-Amz-Security-Token, or none
 * @content_sha256:	the SHA-256 of the body in hexadecimal: it becomes a
 *			parameter, and the server holds the body to it; none: any body
 *
 * Return: 0, or a negative errno when it does not fit or cannot be signed.
 */
int sig_presign(struct out *o, const struct sig_signer *s, const struct sig_message *m,
		uint32_t expires, struct str token, struct str content_sha256)
{
	struct str payload = content_sha256.len ? content_sha256 : STR("UNSIGNED-PAYLOAD");
	char hex[SIG_HEX_MAX], text[SIG_SCOPE_MAX + 160];
	struct out part = OUT(text, sizeof(text));
	struct sig_message signing_of = *m;
	struct signing g;
	int rc;

	if (o->len || o->room || !expires || expires > SIG_EXPIRES_MAX)
		return -EINVAL;
	rc = prepare(&g, s, m, payload);
	if (rc)
		return rc;
	out_str(o, m->query);
	put_parameter(o, STR("X-Amz-Algorithm"), str_of(sig_algorithm_name(s->algorithm)));
	if (content_sha256.len)
		put_parameter(o, STR("X-Amz-Content-Sha256"), content_sha256);
	out_str(&part, s->access_key);
	out_char(&part, '/');
	out_str(&part, g.claim.scope.whole);
	put_parameter(o, STR("X-Amz-Credential"), out_written(&part));
	put_parameter(o, STR("X-Amz-Date"), g.claim.date);
	out_str(o, STR("&X-Amz-Expires="));
	out_number(o, expires);
	if (s->algorithm == SIG_ECDSA)
		put_parameter(o, STR("X-Amz-Region-Set"), s->region);
	if (token.len)
		put_parameter(o, STR("X-Amz-Security-Token"), token);
	put_parameter(o, STR("X-Amz-SignedHeaders"), g.claim.signed_headers);
	if (o->err || part.err)
		return -ENOSPC;
	signing_of.query = out_written(o);
	rc = sign(&g, s, &signing_of, hex);
	if (rc < 0)
		return rc;
	put_parameter(o, STR("X-Amz-Signature"), (struct str){ hex, rc });
	return o->err;
}
