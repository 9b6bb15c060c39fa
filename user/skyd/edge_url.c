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

/* The key of the day, which may end while a grant lasts. */
static void prepare(struct edge_signer *s, int64_t now)
{
	char date[AMZ_DATE_LEN];
	struct out o = OUT(date, sizeof(date));

	amz_date_write(&o, now);
	if (!memcmp(date, s->date, sizeof(s->date)))
		return;
	memcpy(s->date, date, sizeof(s->date));
	sig_derive((struct str){ s->session.secret, GRANT_SECRET_LEN },
		   (struct str){ s->date, sizeof(s->date) }, s->region, STR("s3"), &s->hmac);
}

static int have_nonce(struct edge_signer *s)
{
	int rc = s->nonces ? 0 : random_bytes(s->nonce, sizeof(s->nonce));

	if (!rc && !s->nonces)
		s->nonces = EDGE_SIGN_MAX;
	return rc;
}

static int sign_one(const struct edge_signer *s, const struct sig_signer *signer, uint32_t life,
		    struct edge_url *url, const uint8_t nonce[EDGE_NONCE_BYTES])
{
	char path_text[SKY_EDGE_NAME_MAX + 1], query_text[QUERY_MAX], len_text[24];
	struct out path = OUT(path_text, sizeof(path_text));
	struct out query = OUT(query_text, sizeof(query_text));
	struct out len = OUT(len_text, sizeof(len_text));
	bool puts = str_is(url->method, "PUT");
	struct sig_header header[2];
	struct sig_message m;

	if (!edge_name_ok(url->name) && (url->name.len || !str_is(url->method, "GET")))
		return -EINVAL;
	if (!url->name.len != !!url->list.len || (puts && url->sha256.len != 2 * SHA256_BYTES))
		return -EINVAL;
	out_char(&path, '/');
	out_str(&path, url->name);
	out_str(&query, url->list);
	out_str(&query, url->list.len ? STR("&X-Sky-Nonce=") : STR("X-Sky-Nonce="));
	out_hex(&query, nonce, EDGE_NONCE_BYTES);
	out_number(&len, url->len);
	if (query.err)
		return query.err;
	header[0] = (struct sig_header){ STR("content-length"), out_written(&len) };
	header[1] = (struct sig_header){ STR("host"), s->host };
	m = (struct sig_message){
		.method = url->method, .path = out_written(&path), .query = out_written(&query),
		.headers = puts ? header : header + 1, .count = puts ? 2 : 1,
	};
	return sig_presign(&url->query, signer, &m, life,
			   (struct str){ s->token, s->algorithm == SIG_HMAC ? s->token_len : 0 },
			   puts ? url->sha256 : STR_NONE);
}

int edge_sign(struct edge_signer *s, int64_t now, uint32_t life, struct edge_url *url,
	      unsigned int count)
{
	struct sig_signer signer = {
		.algorithm = s->algorithm, .access_key = s->access_key, .region = s->region,
		.service = STR("s3"), .now = now, .key = { &s->hmac, s->key },
	};
	unsigned int i;
	int rc = 0;

	if (count > EDGE_SIGN_MAX || !life || life > EDGE_URL_LIFE)
		return -EINVAL;
	if (s->algorithm == SIG_HMAC) {
		if (now >= s->expires)
			return -ETIME;
		life = life < s->expires - now ? life : s->expires - now;
		prepare(s, now);
	}
	for (i = 0; !rc && i < count; i++) {
		rc = have_nonce(s);
		if (!rc)
			rc = sign_one(s, &signer, life, &url[i], s->nonce[--s->nonces]);
	}
	return rc;
}
