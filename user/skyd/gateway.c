// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's life. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "cache.h"
#include "front.h"
#include "log.h"

#define SWEEP_MS	5000
#define NS_OF_MS	1000000ll
#define DRAIN_BYTES	(256u << 10)
#define QUIET_MS	1000	/* that clients may ask once more at a stop */
#define LAST_MS		2000	/* that the backend has to take what was counted */

/* https://HOST[:PORT][/PATH], taken apart. */
static bool take_url(struct front *f, struct str url)
{
	struct str host;

	f->external_secure = str_starts(url, STR("https://"));
	if (!f->external_secure && !str_starts(url, STR("http://")))
		return !url.len;
	url = str_skip(url, f->external_secure ? 8 : 7);
	f->external_prefix = STR_NONE;
	str_cut(&url, '/', &host);
	f->external_host = host;
	if (url.len) {
		/* With the slash before it, without one behind it. */
		f->external_prefix = (struct str){ url.at - 1, url.len + 1 };
		if (url.at[url.len - 1] == '/')
			f->external_prefix.len--;
	}
	return host.len;
}

static int take_limits(struct front *f, const struct config *c)
{
	f->server = (struct http_server){
		.limits = {
			.head_bytes = c->gateway_head, .rate = c->gateway_rate,
			.drain = DRAIN_BYTES, .head = c->gateway_head_ms * NS_OF_MS,
			.idle = c->gateway_idle_ms * NS_OF_MS,
			.grace = c->gateway_grace_ms * NS_OF_MS,
		},
		.handler = front_handle, .refuse = front_refuse, .arg = f,
	};
	f->listen = (struct http_listen){
		.server = &f->server, .most = c->gateway_connections,
		.most_each = c->gateway_each, .exempt = auth_is_proxy, .exempt_arg = f,
		.patience = c->stop_ms * NS_OF_MS,
	};
	f->domain = str_of(c->gateway_domain);
	if (take_url(f, str_of(c->gateway_url)))
		return 0;
	log_line(LEVEL_ERROR, "external_url %s is none; write https://HOST[:PORT][/PATH]",
		 c->gateway_url);
	return -EINVAL;
}

/* Files that root alone may read, and those that locations are judged by: while they are there. */
static int open_tls(struct front *f, const struct config *c)
{
	const struct tls_config files = { .cert = c->gateway_certificate, .key = c->gateway_key };
	char why[TLS_WHY];
	int rc = tls_trust_load();

	if (rc || !*c->gateway_certificate)
		return rc;
	rc = tls_context_open(&f->tls, true, &files, why);
	if (rc)
		log_line(LEVEL_ERROR, "certificate %s: %s", c->gateway_certificate, why);
	return rc;
}

int gateway_prepare(struct role_run *run)
{
	struct front *f = calloc(1, sizeof(*f));
	struct out host = OUT(f ? f->host_id : NULL, FRONT_ID_LEN);
	u8 random[FRONT_ID_LEN / 2];
	int rc;

	run->front = f;
	run->cache = -1;
	if (!f)
		return -ENOMEM;
	f->gateway.config = run->config;
	f->start = time(NULL);
	if (random_bytes(random, sizeof(random)))
		return -EIO;
	out_hex(&host, random, sizeof(random));
	/* Numbers of two gateways, or of one started again, do not meet. */
	if (random_bytes(&f->request_id, sizeof(f->request_id)))
		return -EIO;
	rc = take_limits(f, run->config) ?: open_tls(f, run->config);
	if (!rc)
		run->cache = cache_disk_prepare(run->config);
	return rc;
}

static int sweep(void *arg)
{
	struct front *f = arg;

	while (!io_sleep_until(io_after_ms(SWEEP_MS))) {
		gateway_keys_sweep(&f->gateway);
		cache_sweep(&f->gateway);
	}
	return 0;
}

static int tell(void *arg)
{
	struct front *f = arg;
	int rc = 0, was;

	while (!io_sleep_until(io_after_ms(TRAFFIC_MS))) {
		was = rc;
		rc = traffic_tell(f->traffic, io_after_ms(FRONT_CALL_MS));
		if (rc && rc != was && rc != -ECANCELED)
			log_line(LEVEL_WARNING, "requests of teams are not told the backend yet: %s",
				 strerror(-rc));
	}
	return 0;
}

/* What fails is told again; that the backend cannot be asked, requests say. */
static int tell_cache(void *arg)
{
	struct front *f = arg;

	do
		cache_tell(f->cache_teller, f->leaving, io_after_ms(FRONT_CALL_MS));
	while (!io_sleep_until(io_after_ms(CACHE_TELL_MS)));
	return 0;
}

int gateway_start(struct role_run *run)
{
	const struct config *c = run->config;
	struct front *f = run->front;
	struct gateway *g = &f->gateway;
	unsigned int workers = c->gateway_workers ? c->gateway_workers :
			       (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	int rc;

	g->backend = run->to_backend;
	g->vault = run->vault;
	g->resolver = run->to_resolver;
	g->near = &f->near;
	http_listen_init(&f->listen);
	io_group_init(&f->repairs);
	io_group_init(&f->tellers);
	g->repairs = &f->repairs;
	io_semaphore_init(&g->memory, (c->gateway_memory << 20) / FRONT_MEMORY_UNIT);
	io_semaphore_init(&g->documents, (c->gateway_memory << 17) / FRONT_TEXT_UNIT);
	io_semaphore_init(&g->strangers, (c->gateway_memory << 15) / FRONT_TEXT_UNIT);
	rc = gateway_keys_open(g);
	if (!rc)
		rc = io_pool_open(&g->pool, workers ? workers : 1);
	if (!rc)
		rc = data_path_open(g, c->gateway_memory << 20);
	if (!rc)
		rc = data_path_start(g);
	if (!rc)
		rc = cache_start(g, run->cache);
	if (!rc)
		rc = io_spawn(&run->group, sweep, f, &f->sweeper);
	if (rc)
		return rc;
	f->traffic = traffic_open(g->backend);
	f->cache_teller = cache_teller_open(g);
	if (!f->traffic || !f->cache_teller)
		return -ENOMEM;
	rc = io_spawn(&f->tellers, tell, f, NULL);
	return rc ? rc : io_spawn(&f->tellers, tell_cache, f, NULL);
}

int gateway_serve(struct role_run *run, int fd)
{
	struct front *f = run->front;
	int rc;

	f->listen.door[0] = (struct http_door){ .fd = fd, .tls = f->tls };
	f->listen.doors = 1;
	rc = http_listen_run(&f->listen);
	/* What the last requests were, before the link goes. */
	io_group_end(&f->tellers);
	traffic_tell(f->traffic, io_after_ms(LAST_MS));
	cache_tell(f->cache_teller, true, io_after_ms(LAST_MS));
	return rc;
}

void gateway_near(struct role_run *run, const struct control *message, int fd)
{
	near_take(&run->front->near, message, fd);
}

/* Another gateway has the socket when this one retires: nobody has to be in a hurry. */
void gateway_leave(struct role_run *run, bool retire)
{
	const struct config *c = run->config;
	struct http_listen *l = &run->front->listen;

	l->quiet = (retire ? c->gateway_idle_ms : QUIET_MS) * NS_OF_MS;
	l->patience = (retire ? c->retire_ms : c->stop_ms) * NS_OF_MS;
	run->front->leaving = true;
	http_listen_stop(l);
	/* Nobody tells it any more what has to go. */
	cache_leave(&run->front->gateway);
}

void gateway_stop(struct role_run *run)
{
	struct front *f = run->front;

	if (!f)
		return;
	/* Repairs are of use to others, later: whoever reads next begins them again. */
	if (f->gateway.repairs) {
		io_group_end(&f->tellers);
		io_group_end(&f->repairs);
	}
	if (f->gateway.digests)
		data_path_close(&f->gateway);
	near_close(&f->near);
	cache_stop(&f->gateway);
	gateway_keys_close(&f->gateway);
	io_pool_close(f->gateway.pool);
	f->gateway.pool = NULL;
}

void gateway_free(struct role_run *run)
{
	struct front *f = run->front;

	if (f) {
		tls_context_close(f->tls);
		traffic_close(f->traffic);
		cache_teller_close(f->cache_teller);
	}
	tls_trust_forget();
	free(f);
	run->front = NULL;
}
