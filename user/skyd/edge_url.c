// SPDX-License-Identifier: GPL-2.0-or-later
/* Making URLs for an edge. */
#include <errno.h>

#include "base/secret.h"
#include "edge_auth.h"
#include "edge_store.h"
#include "http/date.h"
#include "sky_edge.h"

#define QUERY_MAX	1536u		/* bytes of what is signed besides the signature */

void edge_signer_use(struct edge_signer *s, struct str token,
		     const struct grant_session *session, int64_t expires)
{
	s->token_len = str_copy(token, s->token, sizeof(s->token)) ? token.len : 0;
	s->session = *session;
	s->algorithm = SIG_HMAC;
	s->access_key = (struct str){ s->session.access_key, GRANT_KEY_LEN };
	s->expires = expires;
	s->date[0] = 0;
}

int edge_signer_grant(struct edge_signer *s, struct ecdsa_key *key,
		      const uint8_t edge[GRANT_EDGE_BYTES],
		      const uint8_t edge_point[P256_POINT_BYTES], int64_t now)
{
	char text[GRANT_TEXT_MAX];
	struct out token = OUT(text, sizeof(text));
	struct grant g = { .issued = now, .expires = now + GRANT_LIFE_MAX };
	struct grant_session session;
	int rc;

	memcpy(g.edge, edge, sizeof(g.edge));
	rc = grant_issue(&g, key, edge_point, &session);
	if (rc)
		return rc;
	grant_write(&token, &g);
	edge_signer_use(s, out_written(&token), &session, g.expires);
	explicit_bzero(&session, sizeof(session));
	return token.err;
}

/* What all URLs of a day have in common, which may end while a grant lasts. */
static int prepare(struct edge_signer *s, const char date[AMZ_DATE_LEN])
{
	struct out scope = OUT(s->scope, sizeof(s->scope));
	struct out credential = OUT(s->credential, sizeof(s->credential));
	struct out token = OUT(s->coded_token, sizeof(s->coded_token));

	if (!memcmp(date, s->date, sizeof(s->date)))
		return 0;
	out_bytes(&scope, date, sizeof(s->date));
	out_char(&scope, '/');
	out_str(&scope, s->region);
	out_str(&scope, STR("/s3/aws4_request"));
	uri_encode(&credential, s->access_key, 0);
	out_str(&credential, STR("%2F"));
	uri_encode(&credential, out_written(&scope), 0);
	uri_encode(&token, (struct str){ s->token, s->token_len }, 0);
	if (scope.err || credential.err || token.err)
		return -ENOSPC;
	s->scope_len = scope.len;
	s->credential_len = credential.len;
	s->coded_len = token.len;
	memcpy(s->date, date, sizeof(s->date));
	sig_derive((struct str){ s->session.secret, GRANT_SECRET_LEN },
		   (struct str){ s->date, sizeof(s->date) }, s->region, STR("s3"), &s->hmac);
	return 0;
}

/* One of them. */
struct signing {
	char date[AMZ_DATE_LEN];
	uint32_t life;
	bool puts;
	const uint8_t *nonce;
};

static int have_nonce(struct edge_signer *s)
{
	int rc = s->nonces ? 0 : random_bytes(s->nonce, sizeof(s->nonce));

	if (!rc && !s->nonces)
		s->nonces = EDGE_SIGN_MAX;
	return rc;
}

/* The query in the order in which it is signed. */
static void put_query(struct out *o, const struct edge_signer *s, const struct signing *g,
		      const struct edge_url *url)
{
	out_str(o, STR("X-Amz-Algorithm=AWS4-HMAC-SHA256"));
	if (g->puts) {
		out_str(o, STR("&X-Amz-Content-Sha256="));
		out_str(o, url->sha256);
	}
	out_str(o, STR("&X-Amz-Credential="));
	out_bytes(o, s->credential, s->credential_len);
	out_str(o, STR("&X-Amz-Date="));
	out_bytes(o, g->date, AMZ_DATE_LEN);
	out_str(o, STR("&X-Amz-Expires="));
	out_number(o, g->life);
	out_str(o, STR("&X-Amz-Security-Token="));
	out_bytes(o, s->coded_token, s->coded_len);
	out_str(o, g->puts ? STR("&X-Amz-SignedHeaders=content-length%3Bhost")
			   : STR("&X-Amz-SignedHeaders=host"));
	out_str(o, STR("&X-Sky-Nonce="));
	out_hex(o, g->nonce, EDGE_NONCE_BYTES);
}

/* What sig_presign() does, at once, for the usual case.  A fragment's name needs no coding. */
static int sign_plain(const struct edge_signer *s, const struct signing *g, struct edge_url *url)
{
	char text[QUERY_MAX + 1024], hex[SIG_HEX_MAX];
	struct out *q = &url->query, o = OUT(text, sizeof(text));
	const struct sig_key key = { .hmac = &s->hmac };
	uint8_t digest[SHA256_BYTES];
	struct sig_claim claim;
	size_t len;
	int rc;

	put_query(q, s, g, url);
	out_str(&o, url->method);
	out_str(&o, STR("\n/"));
	out_str(&o, url->name);
	out_char(&o, '\n');
	out_str(&o, out_written(q));
	out_char(&o, '\n');
	if (g->puts) {
		out_str(&o, STR("content-length:"));
		out_number(&o, url->len);
		out_char(&o, '\n');
	}
	out_str(&o, STR("host:"));
	out_str(&o, s->host);
	out_str(&o, g->puts ? STR("\n\ncontent-length;host\n") : STR("\n\nhost\n"));
	out_str(&o, g->puts ? url->sha256 : STR("UNSIGNED-PAYLOAD"));
	if (q->err || o.err)
		return -ENOSPC;
	sha256_of(o.at, o.len, digest);
	claim.algorithm = SIG_HMAC;
	claim.date = (struct str){ g->date, AMZ_DATE_LEN };
	claim.scope.whole = (struct str){ s->scope, s->scope_len };
	len = sig_string_to_sign(&claim, digest, text, sizeof(text));
	rc = sig_make(&key, SIG_HMAC, (struct str){ text, len }, hex);
	out_str(q, STR("&X-Amz-Signature="));
	out_bytes(q, hex, rc);
	return q->err;
}

static int sign_one(const struct edge_signer *s, const struct sig_signer *signer,
		    const struct signing *g, struct edge_url *url)
{
	char path_text[SKY_EDGE_NAME_MAX + 1], query_text[QUERY_MAX], len_text[24];
	struct out path = OUT(path_text, sizeof(path_text));
	struct out query = OUT(query_text, sizeof(query_text));
	struct out len = OUT(len_text, sizeof(len_text));
	struct sig_header header[2];
	struct sig_message m;

	if (!edge_name_ok(url->name) && (url->name.len || !str_is(url->method, "GET")))
		return -EINVAL;
	if (!url->name.len != !!url->list.len ||
	    (g->puts && url->sha256.len != 2 * SHA256_BYTES))
		return -EINVAL;
	if (s->algorithm == SIG_HMAC && url->name.len)
		return sign_plain(s, g, url);
	out_char(&path, '/');
	out_str(&path, url->name);
	out_str(&query, url->list);
	out_str(&query, url->list.len ? STR("&X-Sky-Nonce=") : STR("X-Sky-Nonce="));
	out_hex(&query, g->nonce, EDGE_NONCE_BYTES);
	out_number(&len, url->len);
	if (query.err)
		return query.err;
	header[0] = (struct sig_header){ STR("content-length"), out_written(&len) };
	header[1] = (struct sig_header){ STR("host"), s->host };
	m = (struct sig_message){
		.method = url->method, .path = out_written(&path), .query = out_written(&query),
		.headers = g->puts ? header : header + 1, .count = g->puts ? 2 : 1,
	};
	return sig_presign(&url->query, signer, &m, g->life,
			   (struct str){ s->token, s->algorithm == SIG_HMAC ? s->token_len : 0 },
			   g->puts ? url->sha256 : STR_NONE);
}

int edge_sign(struct edge_signer *s, int64_t now, uint32_t life, struct edge_url *url,
	      unsigned int count)
{
	struct sig_signer signer = {
		.algorithm = s->algorithm, .access_key = s->access_key, .region = s->region,
		.service = STR("s3"), .now = now, .key = { &s->hmac, s->key },
	};
	struct signing g;
	struct out date = OUT(g.date, sizeof(g.date));
	unsigned int i;
	int rc = 0;

	if (count > EDGE_SIGN_MAX || !life || life > EDGE_URL_LIFE)
		return -EINVAL;
	if (s->algorithm == SIG_HMAC) {
		if (now >= s->expires)
			return -ETIME;
		life = life < s->expires - now ? life : s->expires - now;
	}
	amz_date_write(&date, now);
	if (s->algorithm == SIG_HMAC)
		rc = prepare(s, g.date);
	g.life = life;
	for (i = 0; !rc && i < count; i++) {
		rc = have_nonce(s);
		if (rc)
			break;
		g.puts = str_is(url[i].method, "PUT");
		g.nonce = s->nonce[--s->nonces];
		rc = sign_one(s, &signer, &g, &url[i]);
	}
	return rc;
}
