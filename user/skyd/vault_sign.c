// SPDX-License-Identifier: GPL-2.0-or-later
/* URLs for others to use: many in one call, on a thread of their own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "http/date.h"
#include "s3/grant.h"
#include "s3/sig.h"
#include "vault.h"

struct batch {
	struct vault *vault;
	const struct vault_presign *ask;
	struct vault_signed *answers;
	char *text;			/* VAULT_QUERY_MAX of each */
};

static struct str text_of(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

/* A credential is the secret access key, which is not longer than any secret here. */
static int foreign_key(struct vault *v, const struct vault_url *url, int64_t now,
		       struct hmac_key *key)
{
	const struct vault_label label = {
		VAULT_CREDENTIAL, url->owner, url->location, text_of(url->access_key),
	};
	u8 secret[VAULT_SECRET_MAX];
	char date[AMZ_DATE_LEN];
	struct out o = OUT(date, sizeof(date));
	int len = vault_unwrap(v->keys, &label, url->credential.data, url->credential.len, secret);

	if (len < 0)
		return len;
	amz_date_write(&o, now);
	sig_derive((struct str){ (char *)secret, len }, (struct str){ date, 8 },
		   text_of(url->region), STR("s3"), key);
	explicit_bzero(secret, sizeof(secret));
	return 0;
}

static int sign_url(struct batch *b, const struct vault_url *url, char *text, size_t *len)
{
	struct sig_header headers[VAULT_HEADERS_MAX];
	const struct sig_message m = {
		.method = text_of(url->method), .path = text_of(url->path),
		.query = text_of(url->query), .headers = headers, .count = url->header_count,
	};
	struct sig_signer signer = {
		.algorithm = url->credential.len ? SIG_HMAC : SIG_ECDSA,
		.access_key = text_of(url->access_key), .region = text_of(url->region),
		.service = STR("s3"), .now = b->ask->now, .key.ecdsa = b->vault->signer,
	};
	struct out o = OUT(text, VAULT_QUERY_MAX);
	struct hmac_key key;
	u32 i;
	int rc;

	for (i = 0; i < url->header_count; i++)
		headers[i] = (struct sig_header){
			text_of(url->headers[i].name), text_of(url->headers[i].value),
		};
	if (!m.method.len || !m.path.len || m.path.at[0] != '/' || !signer.access_key.len)
		return -EINVAL;
	if (url->credential.len) {
		rc = foreign_key(b->vault, url, b->ask->now, &key);
		if (rc)
			return rc;
		signer.key.hmac = &key;
	}
	rc = sig_presign(&o, &signer, &m, url->expires, STR_NONE, text_of(url->content_sha256));
	explicit_bzero(&key, sizeof(key));
	*len = o.len;
	return rc;
}

static int sign_batch(void *arg)
{
	struct batch *b = arg;
	u32 i;

	for (i = 0; i < b->ask->count; i++) {
		char *text = b->text + (size_t)i * VAULT_QUERY_MAX;
		size_t len = 0;
		int rc = sign_url(b, &b->ask->urls[i], text, &len);

		b->answers[i].error = -rc;
		if (!rc)
			b->answers[i].query = (struct rpc_bytes){ text, len };
	}
	return 0;
}

#define LAST_SECOND	253402300799ull	/* a date of more digits for the year has no text */

/* The signing key takes one thread at a time, and master keys do not change meanwhile. */
static int work_alone(struct vault *v, io_fn *fn, void *arg, int64_t deadline)
{
	int rc = io_acquire(&v->one, 1, deadline);

	if (rc)
		return rc;
	rc = io_work(v->pool, fn, arg, deadline);
	io_release(&v->one, 1);
	return rc;
}

int vault_presign(struct link_request *request, const void *ask, void *give)
{
	struct vault *v = request->ctx;
	struct vault_presigned *answer = give;
	struct batch b = { .vault = v, .ask = ask };
	u32 count = b.ask->count;
	int rc;

	if (b.ask->now > LAST_SECOND)
		return -EINVAL;
	b.answers = link_scratch(request, count * (sizeof(*b.answers) + VAULT_QUERY_MAX));
	if (!b.answers)
		return -ENOMEM;
	b.text = (char *)(b.answers + count);
	rc = work_alone(v, sign_batch, &b, request->deadline);
	if (rc)
		return rc;
	v->counts.urls += count;
	answer->urls = b.answers;
	answer->count = count;
	return 0;
}

/* What the answer points to. */
struct granting {
	struct vault *vault;
	u8 point[P256_POINT_BYTES];
	struct grant grant;
	struct grant_session session;
	char token[GRANT_TEXT_MAX];
};

static int make_grant(void *arg)
{
	struct granting *g = arg;

	return grant_issue(&g->grant, g->vault->signer, g->point, &g->session);
}

int vault_grant(struct link_request *request, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	struct vault_give *give = given;
	struct granting *g = link_scratch(request, sizeof(*g));
	char id[2 * GRANT_EDGE_BYTES + 1];
	struct out token;
	int rc;

	if (!g)
		return -ENOMEM;
	if (!str_copy(text_of(ask->name), id, sizeof(id)) || ask->value > LAST_SECOND ||
	    hex_decode(id, g->grant.edge, sizeof(g->grant.edge)) ||
	    ask->blob.len != sizeof(g->point))
		return -EINVAL;
	g->vault = request->ctx;
	memcpy(g->point, ask->blob.data, sizeof(g->point));
	g->grant.issued = ask->value;
	g->grant.expires = ask->value + GRANT_LIFE_MAX;
	rc = work_alone(g->vault, make_grant, g, request->deadline);
	if (rc)
		return rc;
	token = OUT(g->token, sizeof(g->token));
	grant_write(&token, &g->grant);
	give->blob = (struct rpc_bytes){ g->token, token.len };
	give->secret = (struct rpc_bytes){ &g->session, sizeof(g->session) };
	give->value = g->grant.expires;
	return token.err;
}

/*
 * Signature Version 2 has no key of a day: the secret signs.  So it is here that it is checked,
 * and nothing is given away with which another form could be signed.
 */
int vault_check_form(struct link_request *request, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	const struct vault_label label = { ask->kind, ask->owner, ask->number,
					   text_of(ask->name) };
	struct vault_give *give = given;
	struct vault *v = request->ctx;
	u8 secret[VAULT_SECRET_MAX], mac[HASH_SHA1_BYTES];
	int len, rc;

	if (ask->kind != VAULT_API_SECRET || ask->mac.len != sizeof(mac))
		return -EINVAL;
	len = vault_unwrap(v->keys, &label, ask->blob.data, ask->blob.len, secret);
	if (len < 0)
		return len;
	rc = hash_mac(HASH_SHA1, secret, len, ask->text.data, ask->text.len, mac);
	explicit_bzero(secret, sizeof(secret));
	give->value = !rc && mac_equal(mac, ask->mac.data, sizeof(mac));
	return rc;
}
