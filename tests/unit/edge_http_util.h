/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of an edge over HTTP share: an edge on a socket, and who asks it. */
#ifndef TEST_EDGE_HTTP_UTIL_H
#define TEST_EDGE_HTTP_UTIL_H

#include <netinet/in.h>
#include <time.h>

#include "edge_util.h"

#include "../../user/skyd/edge_http.h"
#include "http/client.h"
#include "http/listen.h"

#define SOON		io_after_ms(30000)
#define SECOND		1000000000ll
#define ANSWER_MAX	(1u << 20)

static struct edge_auth_config auth_config = {
	.edge = "edge of the test", .access_key = { "backend", 7 }, .region = { "local", 5 },
};

static struct ecdsa_key *backend_key;
static uint8_t edge_point[P256_POINT_BYTES];

/* An edge, and a client's side of it; all in one loop. */
struct site {
	struct io_group group;
	struct edge_http http;
	struct http_listen listen;
	struct sockaddr_in at;
	struct http_origin origin;
	struct edge_signer signer;
	char host[32];
	int rc;
};

static inline int make_edge_keys(void **state)
{
	uint8_t scalar[P256_SCALAR_BYTES], point[P256_POINT_BYTES];
	struct ecdsa_key *own;

	(void)state;
	memset(scalar, 1, sizeof(scalar));
	backend_key = ecdsa_private(scalar);
	memset(auth_config.scalar, 3, sizeof(auth_config.scalar));
	own = ecdsa_private(auth_config.scalar);
	ecdsa_point(own, edge_point);
	ecdsa_free(own);
	ecdsa_point(backend_key, point);
	auth_config.signer = ecdsa_public(point);
	return 0;
}

static inline int free_edge_keys(void **state)
{
	(void)state;
	ecdsa_free(backend_key);
	ecdsa_free(auth_config.signer);
	return 0;
}

static inline int run_site(void *arg)
{
	struct site *s = arg;

	s->rc = http_listen_run(&s->listen);
	return 0;
}

static inline int listen_here(struct sockaddr_in *at, int backlog)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = at->sin_port,
	};
	must_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), 0);
	must_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	must_equal(listen(fd, backlog), 0);
	must_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static inline void site_grant(struct site *s, int64_t now)
{
	must_equal(edge_signer_grant(&s->signer, backend_key, auth_config.edge, edge_point, now),
		   0);
}

/* In @folder; @limits: NULL for the usual.  The port is that of before if there was one. */
static inline void site_open(struct site *s, const struct http_limits *limits)
{
	char store[96], spent[96];
	struct edge_store_config config = small_config();
	struct edge_spent_config spent_config = { .path = spent, .salt = 7 };

	snprintf(store, sizeof(store), "%s/fragments", folder);
	snprintf(spent, sizeof(spent), "%s/spent", folder);
	mkdir(store, 0700);
	config.path = store;
	*s = (struct site){ .at.sin_port = s->at.sin_port };
	io_group_init(&s->group);
	must_equal(edge_store_open(&s->http.store, &config), 0);
	must_equal(edge_spent_open(&s->http.spent, &spent_config, time(NULL)), 0);
	s->listen = (struct http_listen){
		.server = &s->http.server, .doors = 1, .most = 2000, .patience = 20 * SECOND,
		.door[0].fd = listen_here(&s->at, 1200),
	};
	snprintf(s->host, sizeof(s->host), "127.0.0.1:%u", ntohs(s->at.sin_port));
	auth_config.host = str_of(s->host);
	must_equal(edge_auth_open(&s->http.auth, &auth_config), 0);
	s->http.host = auth_config.host;
	s->http.metrics = true;
	edge_http_init(&s->http);
	if (limits)
		s->http.server.limits = *limits;
	http_listen_init(&s->listen);
	must_equal(io_spawn(&s->group, run_site, s, NULL), 0);

	s->origin = (struct http_origin){
		.host = "127.0.0.1", .port = ntohs(s->at.sin_port), .most = 8, .most_kept = 8,
		.address_len = sizeof(s->at),
	};
	memcpy(&s->origin.address, &s->at, sizeof(s->at));
	http_origin_init(&s->origin);
	s->signer = (struct edge_signer){
		.host = auth_config.host, .region = auth_config.region,
	};
	site_grant(s, time(NULL));
}

static inline void site_close(struct site *s)
{
	http_origin_close(&s->origin);
	http_listen_stop(&s->listen);
	must_equal(io_group_drain(&s->group, SOON), 0);
	must_equal(s->rc, 0);
	must_equal(s->http.counters.waiting, 0);
	io_close(s->listen.door[0].fd);
	edge_auth_close(s->http.auth);
	edge_spent_close(s->http.spent);
	edge_store_close(s->http.store);
}

/* A signed request that tests may bend before it is sent. */
struct wish {
	const char *method;
	char target[4096];
	char fields[256];
	const void *body;
	size_t len;
};

/* @name "" with @list: a list. */
static inline void sign_at(struct site *s, struct wish *w, const char *method, const char *name,
			   const char *list, const void *body, size_t len, int64_t now)
{
	char hex[2 * SHA256_BYTES + 1];
	struct out digest = OUT(hex, sizeof(hex));
	uint8_t sha256[SHA256_BYTES];
	int at = snprintf(w->target, sizeof(w->target), "/%s?", name);
	struct edge_url url = {
		.method = str_of(method), .name = str_of(name), .list = str_of(list), .len = len,
		.query = OUT(w->target + at, sizeof(w->target) - at - 1),
	};

	sha256_of(body, len, sha256);
	out_hex(&digest, sha256, sizeof(sha256));
	url.sha256 = out_written(&digest);
	must_equal(edge_sign(&s->signer, now, 30, &url, 1), 0);
	w->target[at + url.query.len] = 0;
	w->method = method;
	w->fields[0] = 0;
	w->body = body;
	w->len = !strcmp(method, "PUT") ? len : 0;
}

static inline void sign(struct site *s, struct wish *w, const char *method, const char *name,
			const void *body, size_t len)
{
	sign_at(s, w, method, name, NULL, body, len, time(NULL));
}

struct answer {
	unsigned int status;
	size_t len;
	char head[2048];
	char body[ANSWER_MAX + 1];
};

static struct answer answer;

/* Send it: the status, or -errno of the connection.  The rest is in @answer. */
static inline int send_wish(struct site *s, const struct wish *w)
{
	struct iovec body = { (void *)w->body, w->len };
	struct http_call c = {
		.origin = &s->origin, .method = str_of(w->method), .target = str_of(w->target),
		.fields = str_of(w->fields), .body = &body,
		.pieces = !strcmp(w->method, "PUT"), .deadline = SOON,
	};
	ssize_t n = 0;
	int rc = http_call(&c);

	answer.len = 0;
	answer.status = rc ? 0 : c.head.status;
	while (!rc && answer.len < ANSWER_MAX &&
	       (n = http_call_read(&c, answer.body + answer.len, ANSWER_MAX - answer.len)) > 0)
		answer.len += n;
	answer.body[answer.len] = 0;
	answer.head[0] = 0;
	if (!rc)
		snprintf(answer.head, sizeof(answer.head), "%.*s", (int)c.head.at, c.head.base);
	http_call_end(&c);
	return rc ? rc : n < 0 ? n : answer.status;
}

static inline int ask(struct site *s, const char *method, const char *name, const void *body,
		      size_t len)
{
	struct wish w;

	sign(s, &w, method, name, body, len);
	return send_wish(s, &w);
}

static inline bool says(const char *text)
{
	return strstr(answer.body, text);
}

/* A PUT of bytes made from a number, and a GET that compares them: the status. */
static inline int put(struct site *s, const char *name, uint64_t seed, size_t len)
{
	uint8_t *data = malloc(len + 1);
	int rc;

	bytes_of(seed, data, len);
	rc = ask(s, "PUT", name, data, len);
	free(data);
	return rc;
}

static inline int get(struct site *s, const char *name, uint64_t seed, size_t len)
{
	uint8_t *data = malloc(len + 1);
	int rc = ask(s, "GET", name, NULL, 0);

	bytes_of(seed, data, len);
	if (rc == 200) {
		must_equal(answer.len, len);
		must(!memcmp(answer.body, data, len));
	}
	free(data);
	return rc;
}

#endif /* TEST_EDGE_HTTP_UTIL_H */
