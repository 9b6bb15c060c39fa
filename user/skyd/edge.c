// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/cleanup.h"
#include "edge.h"
#include "io/file.h"
#include "log.h"

#define THREADS		1u
#define BUSY_MS		50		/* until the folder is tried again */
#define BUSY_TELL_MS	2000		/* until it is told that somebody has it */
#define AGAIN_MS	1000		/* until the vault is asked again */
#define RESERVE		(4u << 20)	/* bytes left free on the disk, for deletes */

/* --- its address ------------------------------------------------------------------------ */

static bool said(const char *text)
{
	return text && *text;
}

bool edge_is_local(const struct config_edge *section)
{
	struct in_addr four;
	struct authority a;

	if (!strncmp(section->listen, "unix:", 5))
		return true;
	if (authority_parse(section->listen, strlen(section->listen), "", &a))
		return false;
	/* A name may begin so, too. */
	if (inet_pton(AF_INET, a.host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return !strcmp(a.host, "::1") || !strcmp(a.host, "localhost");
}

static bool is_everywhere(const char *listen)
{
	struct authority a;

	return !strncmp(listen, "unix:", 5) || authority_parse(listen, strlen(listen), "", &a) ||
	       !strcmp(a.host, "0.0.0.0") || !strcmp(a.host, "::") || !strcmp(a.host, "*");
}

int edge_address(const struct config_edge *section, char *host, char *url)
{
	const char *scheme = said(section->cert) ? "https://" : "http://";
	const char *at = section->listen;
	struct authority a;

	if (said(section->url)) {
		size_t len = strlen(scheme);

		if (strncmp(section->url, scheme, len))
			return -EINVAL;
		at = section->url + len;
	} else if (is_everywhere(at)) {
		return -EDESTADDRREQ;
	}
	/* No path, no user, nothing that cannot stand in Host. */
	if (strlen(at) > EDGE_TEXT_MAX - 16 || authority_parse(at, strlen(at), "0", &a) ||
	    !a.host[0] || strpbrk(at, "/?#@ "))
		return -EINVAL;
	snprintf(host, EDGE_TEXT_MAX, "%s", at);
	snprintf(url, EDGE_TEXT_MAX, "%s%s", scheme, at);
	return 0;
}

/* --- before the loop ---------------------------------------------------------------------- */

static int wrong(const struct edge *e, int rc, const char *what)
{
	log_line(LEVEL_ERROR, "%s: %s; see [edge %s] in skyd.conf(5)", what, strerror(-rc),
		 e->section->name);
	return rc;
}

static int find_section(struct edge *e, const char *name)
{
	unsigned int i;

	for (i = 0; i < e->config->edges; i++)
		if (!strcmp(e->config->edge[i].name, name))
			e->section = &e->config->edge[i];
	return e->section ? 0 : -ENOENT;
}

static int make_folder(const struct edge *e, const char *name)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", e->section->path, name) < 0)
		return -ENOMEM;
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* The configuration's word first, then what the vault has said at an earlier start. */
static int find_signer(struct edge *e)
{
	struct str hex = str_of(e->config->edge_backend_point);
	int rc;

	if (hex.len) {
		if (!edge_point_parse(hex, e->signer_point))
			return wrong(e, -EINVAL, "backend_point is no point of P-256");
	} else {
		rc = edge_backend_load(e->section->path, e->signer_point);
		if (rc && rc != -ENOENT)
			log_line(LEVEL_WARNING, "file backend cannot be used: %s", strerror(-rc));
		if (rc)
			return 0;
	}
	e->signer = ecdsa_public(e->signer_point);
	return e->signer ? 0 : -ENOMEM;
}

static int open_tls(struct edge *e)
{
	const struct tls_config config = { .cert = e->section->cert, .key = e->section->key };
	char why[TLS_WHY] = "";
	int rc;

	if (!said(config.cert))
		return 0;
	rc = tls_context_open(&e->tls, true, &config, why);
	if (rc)
		log_line(LEVEL_ERROR, "%s", why);
	return rc;
}

static void introduce(const struct edge *e)
{
	char id[2 * GRANT_EDGE_BYTES], point[2 * P256_POINT_BYTES];
	struct out o = OUT(id, sizeof(id)), p = OUT(point, sizeof(point));

	out_hex(&o, e->who.id, sizeof(e->who.id));
	out_hex(&p, e->who.point, sizeof(e->who.point));
	log_line(LEVEL_INFO, "is %.*s at %s, its public point %.*s", STR_ARG(out_written(&o)),
		 e->url, STR_ARG(out_written(&p)));
	if (!e->signer)
		log_line(LEVEL_INFO, "asks the vault whose URLs to serve; without a vault here, say backend_point in [edges]");
}

int edge_prepare(struct role_run *run)
{
	struct edge *e = calloc(1, sizeof(*e));
	int rc;

	run->edge = e;
	if (!e)
		return -ENOMEM;
	e->run = run;
	e->config = run->config;
	e->fd = -1;
	rc = find_section(e, run->name + strlen("edge "));
	if (rc)
		return rc;
	rc = edge_address(e->section, e->host, e->url);
	if (rc)
		return wrong(e, rc, "others cannot know where it is; say its url");
	rc = edge_identity_load(e->section->path, &e->who);
	if (rc)
		return wrong(e, rc, "its key cannot be used");
	rc = make_folder(e, "fragments");
	if (rc)
		return wrong(e, rc, "its folder cannot be used");
	rc = find_signer(e);
	rc = rc ? rc : open_tls(e);
	if (!rc)
		introduce(e);
	return rc;
}

void edge_free(struct edge *edge)
{
	if (!edge)
		return;
	tls_context_close(edge->tls);
	ecdsa_free(edge->signer);
	explicit_bzero(edge, sizeof(*edge));
	free(edge);
}

/* --- what it opens ------------------------------------------------------------------------ */

static void damaged(void *arg, const char *text)
{
	(void)arg;
	log_line(LEVEL_ERROR, "%s", text);
}

/* While an older process finishes what is under way, it has the folder. */
static int open_store(struct edge *e)
{
	CLEANUP_FREE char *path = NULL;
	int64_t tell = io_after_ms(BUSY_TELL_MS);
	struct edge_store_config config = {
		.reserve = RESERVE, .pool = e->pool, .damage = damaged,
	};
	int rc;

	if (asprintf(&path, "%s/fragments", e->section->path) < 0)
		return -ENOMEM;
	config.path = path;
	while ((rc = edge_store_open(&e->http.store, &config)) == -EBUSY && !e->stopping) {
		if (tell && io_now() > tell) {
			log_line(LEVEL_WARNING, "waits for %s, which another process has", path);
			tell = 0;
		}
		rc = io_sleep_until(io_after_ms(BUSY_MS));
		if (rc)
			return rc;
	}
	return rc;
}

static int open_spent(struct edge *e)
{
	const struct edge_spent_config config = { .salt = e->who.salt };
	CLEANUP_FREE char *path = NULL;
	struct edge_spent_config with = config;

	if (asprintf(&path, "%s/spent", e->section->path) < 0)
		return -ENOMEM;
	with.path = path;
	return edge_spent_open(&e->http.spent, &with, time(NULL));
}

/* Grants of an older signer go with it. */
static int open_auth(struct edge *e)
{
	struct edge_auth_config config = {
		.signer = e->signer, .access_key = STR(EDGE_ACCESS_KEY),
		.host = str_of(e->host), .region = STR(EDGE_REGION),
	};
	struct edge_auth *auth = NULL;
	int rc;

	if (!e->signer)
		return 0;
	memcpy(config.edge, e->who.id, sizeof(config.edge));
	memcpy(config.scalar, e->who.scalar, sizeof(config.scalar));
	rc = edge_auth_open(&auth, &config);
	explicit_bzero(&config, sizeof(config));
	if (rc)
		return rc;
	if (e->http.auth)
		edge_auth_close(e->http.auth);
	e->http.auth = auth;
	return 0;
}

static int open_all(struct edge *e)
{
	int rc = io_pool_open(&e->pool, THREADS);

	rc = rc ? rc : open_store(e);
	rc = rc ? rc : open_spent(e);
	rc = rc ? rc : open_auth(e);
	if (rc && rc != -ECANCELED && !e->stopping)
		log_line(LEVEL_ERROR, "its folder cannot be used: %s; see [edge %s] in skyd.conf(5)",
			 strerror(-rc), e->section->name);
	return rc;
}

static void close_all(struct edge *e)
{
	if (e->http.auth)
		edge_auth_close(e->http.auth);
	if (e->http.spent)
		edge_spent_close(e->http.spent);
	if (e->http.store)
		edge_store_close(e->http.store);
	e->http.auth = NULL;
	e->http.spent = NULL;
	e->http.store = NULL;
	io_pool_close(e->pool);
	if (e->fd >= 0)
		io_close(e->fd);
}

/* --- whose URLs it serves ----------------------------------------------------------------- */

static int take_point(struct edge *e, struct rpc_bytes blob)
{
	struct ecdsa_key *key, *old = e->signer;
	int rc;

	if (blob.len != P256_POINT_BYTES)
		return -EBADMSG;
	if (old && !memcmp(blob.data, e->signer_point, P256_POINT_BYTES))
		return 0;
	key = ecdsa_public(blob.data);
	if (!key)
		return -EBADMSG;
	e->signer = key;
	memcpy(e->signer_point, blob.data, P256_POINT_BYTES);
	rc = open_auth(e);
	ecdsa_free(old);
	log_line(LEVEL_INFO, "serves the URLs of this machine's vault");
	return rc ? rc : edge_backend_save(e->section->path, e->signer_point);
}

/* The vault may be exchanged while it is asked: asking changes nothing. */
static int ask_vault(void *arg)
{
	struct edge *e = arg;
	const struct vault_ask nothing = { 0 };
	struct vault_give give;
	const struct link_call call = {
		VAULT_POINT, &vault_ask_schema, &nothing, -1, &vault_give_schema, &give, 0,
	};
	int rc;

	if (said(e->config->edge_backend_point))
		return 0;
	do {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;

		rc = link_do(e->run->vault, &call, &answer, 0);
		rc = rc ? rc : take_point(e, give.blob);
		if (rc && rc != -ECANCELED)
			log_line(LEVEL_WARNING, "the vault's public point cannot be had: %s",
				 strerror(-rc));
	} while (rc && rc != -ECANCELED && !io_sleep_until(io_after_ms(AGAIN_MS)));
	return rc;
}

/* --- its life --------------------------------------------------------------------------- */

static int serve_all(struct edge *e)
{
	CLEANUP_GROUP struct io_group care = IO_GROUP(care);
	uint64_t metrics = e->config->edge_metrics;
	int rc;

	e->http.host = str_of(e->host);
	e->http.metrics = metrics == CHOICE_YES ||
			  (metrics == CHOICE_LOCAL && edge_is_local(e->section));
	edge_http_init(&e->http);
	e->listen = (struct http_listen){
		.server = &e->http.server, .doors = 1, .most = e->config->edge_connections,
		.patience = (int64_t)e->config->stop_ms * 1000000,
	};
	http_listen_init(&e->listen);
	rc = io_spawn(&care, ask_vault, e, NULL);
	rc = rc ? rc : io_spawn(&care, edge_compact_care, e, NULL);
	rc = rc ? rc : io_spawn(&care, edge_scrub_care, e, NULL);
	while (!rc && e->fd < 0 && !e->stopping)
		rc = io_event_wait(&e->wake, 0);
	e->listen.door[0] = (struct http_door){ e->fd, e->tls };
	if (rc || e->stopping)
		return rc;
	io_event_set(&e->open);
	return http_listen_run(&e->listen);
}

static int live(void *arg)
{
	struct edge *e = arg;
	int rc = open_all(e);

	if (!rc)
		rc = serve_all(e);
	io_shield();
	e->over = true;
	io_group_end(&e->near);
	close_all(e);
	io_unshield();
	role_ended(e->run, e->stopping ? 0 : rc);
	return rc;
}

int edge_start(struct edge *edge)
{
	int rc;

	io_event_init(&edge->wake);
	io_event_init(&edge->open);
	io_group_init(&edge->near);
	rc = io_spawn(&edge->run->group, live, edge, NULL);
	edge->run->listening = !rc;
	return rc;
}

void edge_listen(struct edge *edge, int fd)
{
	if (edge->fd >= 0) {
		io_close(fd);
		return;
	}
	edge->fd = fd;
	io_event_set(&edge->wake);
}

struct near_taker {
	struct edge *edge;
	int hand;
};

static int take_near(void *arg)
{
	struct near_taker *t = arg;
	int rc = io_event_wait(&t->edge->open, 0);

	if (!rc)
		rc = http_listen_near(&t->edge->listen, t->hand);
	io_close(t->hand);
	free(t);
	return rc;
}

void edge_near(struct edge *edge, int fd)
{
	struct near_taker *t = edge->stopping || edge->over ? NULL : malloc(sizeof(*t));

	if (t) {
		*t = (struct near_taker){ edge, fd };
		if (!io_spawn(&edge->near, take_near, t, NULL))
			return;
	}
	/* Whoever has the other end goes to the socket that listens. */
	close(fd);
	free(t);
}

void edge_stop(struct edge *edge)
{
	edge->stopping = true;
	io_event_set(&edge->wake);
	/* The socket that listens may be another's already: connections wait there, not here. */
	io_group_cancel(&edge->near);
	if (edge->listen.server)
		http_listen_stop(&edge->listen);
}

/* --- what it tells -------------------------------------------------------------------------- */

static struct rpc_bytes bytes_of_text(const char *text)
{
	return (struct rpc_bytes){ text, strlen(text) };
}

static int hello(struct link_request *r, const void *ask, void *give)
{
	const struct edge *e = r->ctx;
	struct edge_usage usage = { 0 };
	struct edge_hello *h = give;

	(void)ask;
	/* One that was just started waits for its folder, and knows nothing of the disk yet. */
	while (!e->http.store && !e->stopping) {
		int rc = io_sleep_until(io_after_ms(BUSY_MS));

		if (rc)
			return rc;
	}
	if (e->stopping)
		return -ESHUTDOWN;
	if (e->http.store)
		edge_store_usage(e->http.store, &usage);
	if (e->http.spent)
		usage.failed |= edge_spent_failed(e->http.spent);
	*h = (struct edge_hello){
		.host = bytes_of_text(e->host), .url = bytes_of_text(e->url),
		.name = bytes_of_text(e->section->name), .fragments = usage.fragments,
		.bytes = usage.bytes, .disk_total = usage.disk_total, .disk_free = usage.disk_free,
		.damaged = usage.damaged, .failed = usage.failed || !e->http.store,
		.signer = e->http.auth,
	};
	memcpy(h->id, e->who.id, sizeof(h->id));
	memcpy(h->point, e->who.point, sizeof(h->point));
	return 0;
}

const struct link_operation edge_operations[] = {
	{ EDGE_HELLO, "hello", NULL, &edge_hello_schema, 0,
	  ROLE_BIT(ROLE_BACKEND) | ROLE_BIT(ROLE_PARENT), hello },
};

const unsigned int edge_operation_count = sizeof(edge_operations) / sizeof(edge_operations[0]);
