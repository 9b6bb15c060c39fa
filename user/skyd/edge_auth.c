// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether an edge does what a request asks for. */
#include <errno.h>
#include <stdlib.h>

#include "edge_auth.h"
#include "edge_store.h"

/* A grant that was verified, and the key of its URLs for a day. */
struct kept {
	size_t len;			/* of the token; 0: nothing here */
	char token[GRANT_TEXT_MAX];
	int64_t expires;
	struct grant_session session;
	char date[8];
	struct hmac_key hmac;
};

struct edge_auth {
	struct edge_auth_config config;
	struct kept kept[EDGE_GRANTS];
};

int edge_auth_open(struct edge_auth **auth, const struct edge_auth_config *config)
{
	*auth = calloc(1, sizeof(**auth));
	if (!*auth)
		return -ENOMEM;
	(*auth)->config = *config;
	return 0;
}

void edge_auth_close(struct edge_auth *auth)
{
	explicit_bzero(auth, sizeof(*auth));
	free(auth);
}

/* --- grants --------------------------------------------------------------- */

/* One that is empty, or else the one that ends first. */
static struct kept *place(struct edge_auth *auth)
{
	struct kept *best = &auth->kept[0];
	unsigned int i;

	for (i = 0; i < EDGE_GRANTS && best->len; i++)
		if (!auth->kept[i].len || auth->kept[i].expires < best->expires)
			best = &auth->kept[i];
	return best;
}

static enum s3_code admit(struct edge_auth *auth, struct str token, int64_t now,
			  struct kept **found, struct s3_fault *f)
{
	struct grant_session session;
	struct grant g;
	struct kept *k;

	if (!grant_parse(token, &g))
		return s3_fail(f, S3_INVALID_TOKEN, "The token is no grant");
	if (memcmp(g.edge, auth->config.edge, sizeof(g.edge)))
		return s3_fail(f, S3_INVALID_TOKEN, "The grant is for another location");
	if (now > g.expires)
		return s3_fail(f, S3_EXPIRED_TOKEN, NULL);
	if (g.issued > now + EDGE_URL_SKEW)
		return s3_fail(f, S3_INVALID_TOKEN, "The grant is not valid yet");
	if (!grant_verify(&g, auth->config.signer) ||
	    grant_open(&g, auth->config.scalar, &session))
		return s3_fail(f, S3_INVALID_TOKEN, NULL);
	k = place(auth);
	explicit_bzero(k, sizeof(*k));
	k->len = token.len;
	memcpy(k->token, token.at, token.len);
	k->expires = g.expires;
	k->session = session;
	explicit_bzero(&session, sizeof(session));
	*found = k;
	return S3_OK;
}

/* The claim's token stands in the query, percent-coded. */
static enum s3_code find_grant(struct edge_auth *auth, struct str raw, int64_t now,
			       struct kept **found, struct s3_fault *f)
{
	char text[GRANT_TEXT_MAX];
	int len = uri_decode(raw, text, sizeof(text), URI_QUERY);
	unsigned int i;

	if (len <= 0)
		return s3_fail(f, S3_INVALID_TOKEN, "The token is no grant");
	for (i = 0; i < EDGE_GRANTS; i++) {
		struct kept *k = &auth->kept[i];

		if (k->len != len || memcmp(k->token, text, len))
			continue;
		if (now > k->expires)
			return s3_fail(f, S3_EXPIRED_TOKEN, NULL);
		*found = k;
		return S3_OK;
	}
	return admit(auth, (struct str){ text, len }, now, found, f);
}

static enum s3_code unknown_key(const struct sig_claim *c, struct s3_fault *f)
{
	s3_fail(f, S3_INVALID_ACCESS_KEY_ID, NULL);
	s3_detail(f, "AWSAccessKeyId", c->scope.access_key);
	return S3_INVALID_ACCESS_KEY_ID;
}

static enum s3_code find_key(struct edge_auth *auth, const struct sig_claim *c, int64_t now,
			     struct sig_key *key, struct s3_fault *f)
{
	struct kept *k = NULL;
	enum s3_code code;

	if (c->algorithm == SIG_ECDSA) {
		if (c->token.at)
			return s3_fail(f, S3_INVALID_TOKEN, "A grant is used with SigV4");
		if (!str_equal(c->scope.access_key, auth->config.access_key))
			return unknown_key(c, f);
		key->ecdsa = auth->config.signer;
		return S3_OK;
	}
	if (!c->token.at)
		return unknown_key(c, f);
	code = find_grant(auth, c->token, now, &k, f);
	if (code)
		return code;
	if (!str_equal(c->scope.access_key,
		       (struct str){ k->session.access_key, GRANT_KEY_LEN }))
		return unknown_key(c, f);
	if (memcmp(k->date, c->scope.date.at, sizeof(k->date))) {
		memcpy(k->date, c->scope.date.at, sizeof(k->date));
		sig_derive((struct str){ k->session.secret, GRANT_SECRET_LEN }, c->scope.date,
			   auth->config.region, STR("s3"), &k->hmac);
	}
	key->hmac = &k->hmac;
	return S3_OK;
}

/* --- requests ------------------------------------------------------------- */

static bool is_signed(struct str list, struct str name)
{
	struct str item;

	while (str_cut(&list, ';', &item))
		if (str_equal_nocase(item, name))
			return true;
	return false;
}

static bool take_hex(struct str hex, uint8_t *to, size_t size)
{
	size_t i;

	if (hex.len != 2 * size)
		return false;
	for (i = 0; i < size; i++) {
		int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = high << 4 | low;
	}
	return true;
}

/* Exactly one. */
static enum s3_code take_nonce(struct str query, struct edge_ticket *t, struct s3_fault *f)
{
	struct str name, raw, nonce = STR_NONE;
	unsigned int count = 0;

	while (query_next(&query, &name, &raw)) {
		if (!query_is(name, STR("X-Sky-Nonce")))
			continue;
		nonce = raw;
		count++;
	}
	if (count != 1 || !take_hex(nonce, t->nonce, sizeof(t->nonce)))
		return s3_fail(f, S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
			       "X-Sky-Nonce must be there once, with 32 hexadecimal digits");
	return S3_OK;
}

static enum s3_code take_body(const struct sig_message *m, const struct sig_claim *c,
			      struct edge_ticket *t, struct s3_fault *f)
{
	bool puts = str_is(m->method, "PUT");
	struct str value = STR_NONE;
	bool has = sig_find(m, STR("content-length"), &value);

	if (has && !str_number(value, INT64_MAX, &t->len))
		return s3_fail(f, S3_INVALID_ARGUMENT, "Content-Length is no number");
	if (!puts)
		return t->len ? s3_fail(f, S3_INVALID_REQUEST, "There must be no body") : S3_OK;
	if (!has)
		return s3_fail(f, S3_MISSING_CONTENT_LENGTH, NULL);
	if (!is_signed(c->signed_headers, STR("content-length"))) {
		s3_fail(f, S3_ACCESS_DENIED,
			"There were headers present in the request which were not signed");
		s3_detail(f, "HeadersNotSigned", STR("content-length"));
		return S3_ACCESS_DENIED;
	}
	if (c->payload != SIG_PAYLOAD_HASH ||
	    !take_hex(c->content_sha256, t->sha256, sizeof(t->sha256)))
		return s3_fail(f, S3_ACCESS_DENIED, "The SHA-256 of the body must be signed");
	return S3_OK;
}

/* The only thing that is asked of the whole location. */
static bool is_list(const struct sig_message *m)
{
	struct str type;

	return str_is(m->method, "GET") && str_is(m->path, "/") &&
	       query_find(m->query, STR("list-type"), &type) && str_is(type, "2");
}

static enum s3_code check_target(const struct edge_auth *auth, const struct sig_message *m,
				 struct edge_ticket *t, struct s3_fault *f)
{
	struct str host;

	if (!str_is(m->method, "GET") && !str_is(m->method, "HEAD") &&
	    !str_is(m->method, "PUT") && !str_is(m->method, "DELETE"))
		return s3_fail(f, S3_METHOD_NOT_ALLOWED, NULL);
	if (!sig_find(m, STR("host"), &host) || !str_equal_nocase(host, auth->config.host))
		return s3_fail(f, S3_ACCESS_DENIED, "The URL is for another host");
	if (!m->path.len || m->prefix.len || *m->path.at != '/')
		return s3_fail(f, S3_INVALID_URI, NULL);
	t->name = str_skip(m->path, 1);
	return edge_name_ok(t->name) || is_list(m) ? S3_OK : s3_fail(f, S3_INVALID_URI, NULL);
}

enum s3_code edge_auth_check(struct edge_auth *auth, const struct sig_message *m, int64_t now,
			     struct edge_ticket *ticket, struct s3_fault *f)
{
	const struct sig_rules rules = {
		.region = auth->config.region, .service = STR("s3"), .now = now,
		.skew = EDGE_URL_SKEW,
	};
	struct sig_key key = { 0 };
	struct sig_claim claim;
	enum s3_code code;

	memset(ticket, 0, sizeof(*ticket));
	code = sig_parse(m, &rules, &claim, f);
	if (code)
		return code;
	if (claim.place != SIG_QUERY)
		return s3_fail(f, S3_ACCESS_DENIED, "Only pre-signed URLs are served");
	if (claim.expires > EDGE_URL_LIFE)
		return s3_fail(f, S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
			       "X-Amz-Expires must be at most %u", EDGE_URL_LIFE);
	ticket->issued = claim.time;
	ticket->expires = claim.time + (int64_t)claim.expires;
	code = check_target(auth, m, ticket, f);
	code = code ? code : take_nonce(m->query, ticket, f);
	code = code ? code : take_body(m, &claim, ticket, f);
	code = code ? code : find_key(auth, &claim, now, &key, f);
	return code ? code : sig_verify(m, &claim, &key, f);
}

enum s3_code edge_auth_spend(struct edge_spent *spent, const struct edge_ticket *ticket,
			     int64_t now, struct s3_fault *f)
{
	switch (edge_spent_take(spent, ticket->nonce, ticket->issued, ticket->expires, now)) {
	case 0:
		return S3_OK;
	case -EEXIST:
		return s3_fail(f, S3_ACCESS_DENIED, "The URL has been used");
	case -ETIME:
		return s3_fail(f, S3_ACCESS_DENIED, "Request has expired");
	case -ENOSPC:
		return s3_fail(f, S3_SLOW_DOWN, NULL);
	default:
		return s3_fail(f, S3_SERVICE_UNAVAILABLE, NULL);
	}
}
