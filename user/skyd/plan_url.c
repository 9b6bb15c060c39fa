// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signing URLs.  For an edge that has said who it is, here, under a grant of the vault's; what
 * else there is, by the vault: SigV4A for an edge of which no key is known, SigV4 with its own
 * credentials for anybody else's S3.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/secret.h"
#include "log.h"
#include "plan_private.h"

#define LIFE_FOREIGN	120u	/* seconds; clocks of others go as they like */
#define RENEW		25	/* seconds before its end that another grant is asked for */
#define LEAST		3	/* seconds that one has to be good for still */
#define VAULT_MS	3000
#define QUERY_MAX	1536u

static int64_t seconds(void)
{
	return plan_now() / 1000000;
}

static unsigned int life_of(const struct url_job *job, unsigned int most)
{
	return job->life && job->life < most ? job->life : most;
}

static int keep_query(struct url_job *job, const void *query, size_t len, struct store_arena *a)
{
	char *to = store_alloc(a, len ? len : 1);

	if (!to)
		return -ENOMEM;
	memcpy(to, query, len);
	job->query = (struct str){ to, len };
	return 0;
}

/* --- grants ------------------------------------------------------------------------------ */

static bool grant_fits(const struct plan_live *live, const struct plan_place *p)
{
	return p->host.len == strlen(live->host) &&
	       !memcmp(p->host.at, live->host, p->host.len) &&
	       !memcmp(live->identity, p->row.public_point.data, sizeof(live->identity));
}

static bool grant_lasts(const struct plan_live *live, const struct plan_place *p, int rest)
{
	return live->signer.token_len && grant_fits(live, p) &&
	       live->signer.expires - seconds() > rest;
}

/* The signer points to texts of its own location, which outlive every catalogue. */
static void use_grant(struct plan_live *live, const struct plan_place *p,
		      const struct vault_give *give)
{
	struct grant_session session;

	memcpy(&session, give->secret.data, sizeof(session));
	memcpy(live->identity, p->row.public_point.data, sizeof(live->identity));
	memcpy(live->host, p->host.at, p->host.len);
	live->host[p->host.len] = 0;
	live->signer.host = str_of(live->host);
	live->signer.region = STR(EDGE_REGION);
	edge_signer_use(&live->signer, (struct str){ give->blob.data, give->blob.len }, &session,
			give->value);
	explicit_bzero(&session, sizeof(session));
}

static int ask_grant(struct backend *b, struct plan_live *live, const struct plan_place *p)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const u8 *identity = p->row.public_point.data;
	char id[2 * GRANT_EDGE_BYTES + 1];
	const struct vault_ask ask = {
		.name = { id, sizeof(id) - 1 }, .value = seconds(),
		.blob = { identity + GRANT_EDGE_BYTES, P256_POINT_BYTES },
	};
	struct vault_give give;
	const struct link_call call = {
		VAULT_GRANT, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	int rc;

	hex_encode(identity, GRANT_EDGE_BYTES, id);
	rc = link_do(b->vault, &call, &answer, io_after_ms(VAULT_MS));
	if (!rc && give.secret.len != sizeof(struct grant_session))
		rc = -EBADMSG;
	if (!rc)
		use_grant(live, p, &give);
	return rc;
}

/* A grant that is good for a while.  Whoever finds that one is asked for already waits for it. */
static int have_grant(struct backend *b, const struct plan_place *p)
{
	struct plan_live *live = p->live;
	int rc = 0;

	if (grant_lasts(live, p, RENEW))
		return 0;
	if (!io_try_acquire(&live->asking, 1)) {
		if (grant_lasts(live, p, LEAST))
			return 0;
		rc = io_acquire(&live->asking, 1, io_after_ms(VAULT_MS));
		if (rc)
			return rc;
	}
	if (!grant_lasts(live, p, RENEW))
		rc = ask_grant(b, live, p);
	io_release(&live->asking, 1);
	return rc && grant_lasts(live, p, LEAST) ? 0 : rc;
}

/* --- edges -------------------------------------------------------------------------------- */

/* Some of one location's, at most EDGE_SIGN_MAX. */
static int sign_some(struct edge_signer *signer, struct url_job *const *job, unsigned int count,
		     struct store_arena *a)
{
	CLEANUP_FREE char *text = malloc((size_t)count * QUERY_MAX);
	struct edge_url url[EDGE_SIGN_MAX];
	unsigned int i;
	int rc;

	if (!text)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		url[i] = (struct edge_url){
			.method = job[i]->method, .name = str_of(job[i]->name),
			.len = job[i]->len, .sha256 = str_of(job[i]->sha256),
			.list = job[i]->list,
			.query = OUT(text + (size_t)i * QUERY_MAX, QUERY_MAX),
		};
	rc = edge_sign(signer, seconds(), life_of(*job, EDGE_URL_LIFE), url, count);
	if (rc) {
		log_line(LEVEL_ERROR, "URLs for %s cannot be signed: %s", signer->host.at,
			 strerror(-rc));
		return 0;
	}
	for (i = 0; !rc && i < count; i++)
		rc = keep_query(job[i], url[i].query.at, url[i].query.len, a);
	return rc;
}

static int sign_for_edge(struct backend *b, const struct plan_place *p,
			 struct url_job *const *job, unsigned int count, struct store_arena *a)
{
	int rc = have_grant(b, p);
	unsigned int some;

	if (rc == -ECANCELED)
		return rc;
	if (rc) {
		log_line(LEVEL_WARNING, "no grant for location %u: %s", p->row.id, strerror(-rc));
		return 0;
	}
	for (; !rc && count; job += some, count -= some) {
		some = count < EDGE_SIGN_MAX ? count : EDGE_SIGN_MAX;
		rc = sign_some(&p->live->signer, job, some, a);
	}
	return rc;
}

/* --- by the vault ---------------------------------------------------------------------- */

struct foreign {
	struct vault_url url;
	struct vault_header header[3];
	char path[META_FRAGMENT_NAME_MAX + 1100];
	char length[24];
	char nonce[48];
};

static struct rpc_bytes rpc(struct str s)
{
	return (struct rpc_bytes){ s.at, s.len };
}

static void add_header(struct foreign *f, struct str name, struct str value)
{
	f->header[f->url.header_count++] = (struct vault_header){ rpc(name), rpc(value) };
}

/* What of an edge is not known here it still checks: a nonce, as with a grant. */
static int edge_form(struct foreign *f, const struct url_job *job)
{
	struct out nonce = OUT(f->nonce, sizeof(f->nonce));
	u8 random[EDGE_NONCE_BYTES];

	if (random_bytes(random, sizeof(random)))
		return -EIO;
	out_text(&nonce, "X-Sky-Nonce=");
	out_hex(&nonce, random, sizeof(random));
	f->url.query = rpc(out_written(&nonce));
	f->url.access_key = rpc(STR(EDGE_ACCESS_KEY));
	f->url.region = rpc(STR(EDGE_REGION));
	f->url.expires = life_of(job, EDGE_URL_LIFE);
	return 0;
}

static bool has_tls(const struct plan_place *p)
{
	return str_starts((struct str){ p->row.url.data, p->row.url.len }, STR("https://"));
}

/* As it is sent: without a port that is the scheme's own (location_url_parse()). */
static struct str host_of(const struct plan_place *p)
{
	const struct str port = has_tls(p) ? STR(":443") : STR(":80");
	struct str host = p->host;

	if (str_ends(host, port))
		host.len -= port.len;
	return host;
}

/* Paths have their bucket first, but where it is in the host's name, and the path is empty. */
struct str plan_bucket(struct str path, struct str *prefix)
{
	const char *end = path.len > 1 ? memchr(path.at + 1, '/', path.len - 1) : NULL;
	struct str bucket = path;

	*prefix = STR_NONE;
	if (!end)
		return bucket;
	bucket.len = end - path.at;
	*prefix = str_skip(path, bucket.len + 1);
	return bucket;
}

static int prepare(struct foreign *f, const struct plan_place *p, const struct url_job *job)
{
	struct out path = OUT(f->path, sizeof(f->path)), length = OUT(f->length, sizeof(f->length));
	bool edge = p->row.kind == STORE_EDGE;

	struct str prefix;

	memset(f, 0, offsetof(struct foreign, path));
	out_str(&path, job->list.len ? plan_bucket(p->path, &prefix) : p->path);
	if (!job->list.len || !path.len)
		out_char(&path, '/');
	out_text(&path, job->name);
	f->url.query = rpc(job->list);
	f->url.method = rpc(job->method);
	f->url.path = rpc(out_written(&path));
	f->url.headers = f->header;
	add_header(f, STR("Host"), edge ? p->host : host_of(p));
	if (str_is(job->method, "PUT")) {
		out_number(&length, job->len);
		add_header(f, STR("Content-Length"), out_written(&length));
		/* Names are never written twice; an edge sees to that by itself. */
		if (!edge && !p->live->plain)
			add_header(f, STR("If-None-Match"), STR("*"));
		/* What TLS guards needs no hash, and not everybody takes one with a URL (Swift). */
		if (edge || !has_tls(p))
			f->url.content_sha256 =
				(struct rpc_bytes){ job->sha256, 2 * SHA256_BYTES };
	}
	if (path.err || (edge && job->list.len))
		return -EINVAL;
	if (edge)
		return edge_form(f, job);
	f->url.access_key = p->access_key;
	f->url.credential = p->secret;
	f->url.region = p->row.region.len ?
		(struct rpc_bytes){ p->row.region.data, p->row.region.len } : rpc(STR("us-east-1"));
	f->url.owner = p->row.team;
	f->url.location = p->row.id;
	f->url.expires = life_of(job, LIFE_FOREIGN);
	return 0;
}

static int presign(struct backend *b, const struct plan_place *p, const struct vault_url *urls,
		   struct url_job *const *job, unsigned int count, struct store_arena *a)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_presign ask = { urls, count, seconds() };
	struct vault_presigned give;
	const struct link_call call = {
		VAULT_PRESIGN, &vault_presign_schema, &ask, -1, &vault_presigned_schema, &give,
		VAULT_URLS_MAX * sizeof(struct vault_signed),
	};
	unsigned int i;
	int rc = link_do(b->vault, &call, &answer, io_after_ms(VAULT_MS));

	if (rc == -ECANCELED)
		return rc;
	if (!rc && give.count != count)
		rc = -EBADMSG;
	if (!rc && give.urls[0].error)
		rc = -(int)(give.urls[0].error & 4095);
	if (rc) {
		log_line(LEVEL_WARNING, "no URLs for location %u: %s", p->row.id, strerror(-rc));
		return 0;
	}
	for (i = 0; !rc && i < count; i++)
		if (!give.urls[i].error)
			rc = keep_query(job[i], give.urls[i].query.data, give.urls[i].query.len,
					a);
	return rc;
}

static int sign_by_vault(struct backend *b, const struct plan_place *p,
			 struct url_job *const *job, unsigned int count, struct store_arena *a)
{
	const unsigned int most = count < VAULT_URLS_MAX ? count : VAULT_URLS_MAX;
	CLEANUP_FREE struct foreign *f = malloc(most * sizeof(*f));
	struct vault_url urls[VAULT_URLS_MAX];
	unsigned int some, i;
	int rc = f ? 0 : -ENOMEM;

	if (p->row.kind == STORE_CLOUD && (!p->secret.len || !p->access_key.len))
		return 0;
	for (; !rc && count; job += some, count -= some) {
		some = count < most ? count : most;
		for (i = 0; !rc && i < some; i++) {
			rc = prepare(&f[i], p, job[i]);
			urls[i] = f[i].url;
		}
		if (!rc)
			rc = presign(b, p, urls, job, some, a);
	}
	return rc;
}

/* --- all -------------------- */

static int by_location(const void *a, const void *b)
{
	const struct url_job *x = *(struct url_job *const *)a, *y = *(struct url_job *const *)b;

	return (int)x->location - y->location;
}

static int sign_location(struct backend *b, const struct plan_place *p,
			 struct url_job *const *job, unsigned int count, struct store_arena *a)
{
	if (!p || !p->host.len || p->row.state == STORE_DISABLED)
		return 0;
	if (p->row.kind == STORE_EDGE && p->row.public_point.len == PLAN_IDENTITY_BYTES)
		return sign_for_edge(b, p, job, count, a);
	return sign_by_vault(b, p, job, count, a);
}

int url_sign(struct backend *b, const struct catalogue *c, struct url_job *job,
	     unsigned int count, unsigned int life, struct store_arena *a)
{
	CLEANUP_FREE struct url_job **order = malloc((count + 1) * sizeof(*order));
	unsigned int i, some;
	int rc = order ? 0 : -ENOMEM;

	for (i = 0; !rc && i < count; i++) {
		job[i].life = life;
		order[i] = &job[i];
	}
	if (!rc)
		qsort(order, count, sizeof(*order), by_location);
	for (i = 0; !rc && i < count; i += some) {
		for (some = 1; i + some < count; some++)
			if (order[i + some]->location != order[i]->location)
				break;
		rc = sign_location(b, catalogue_find(c, order[i]->location), order + i, some, a);
	}
	return rc;
}
