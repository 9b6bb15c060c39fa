/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the plan share: a backend with the real store and the real vault. */
#ifndef TEST_PLAN_UTIL_H
#define TEST_PLAN_UTIL_H

#include <time.h>

#include "../../user/skyd/backend.h"
#include "../../user/skyd/log.h"
#include "../../user/skyd/vault.h"
#include "io_util.h"

#define SOON	io_after_ms(20000)
#define EDGES	6u

struct edge_key {
	u8 scalar[P256_SCALAR_BYTES];
	u8 id[GRANT_EDGE_BYTES];
	char host[32], url[40], name[16];
	struct edge_hello hello;
};

struct site {
	char top[64], keys[96], db[96];
	struct backend b;
	struct vault vault;
	struct io_group group;
	struct io_stream stream;	/* the vault's end */
	struct io_task *serving;
	struct ecdsa_key *signer;	/* what edges know */
	struct edge_key edge[EDGES];
	u64 team;
};

/* Microseconds that the store's clock is ahead. */
static u64 site_clock_us;

static u64 site_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000 + site_clock_us;
}

struct site_job {
	struct db *db;
	db_tx_fn *fn;
	void *arg;
	bool write;
};

static int site_work(void *arg)
{
	struct site_job *j = arg;

	return (j->write ? db_write : db_read)(j->db, j->fn, j->arg);
}

static int site_write(void *ctx, struct db *db, db_tx_fn *fn, void *arg)
{
	struct site *s = ctx;

	return io_work(s->b.db, site_work, &(struct site_job){ db, fn, arg, true }, 0);
}

static int site_read(void *ctx, struct db *db, db_tx_fn *fn, void *arg)
{
	struct site *s = ctx;

	return io_work(s->b.db, site_work, &(struct site_job){ db, fn, arg, false }, 0);
}

static inline struct store_text stext(const char *s)
{
	return (struct store_text){ s, strlen(s) };
}

static int site_serve(void *arg)
{
	struct site *s = arg;
	struct link_service service;
	int rc;

	vault_service(&s->vault, ROLE_BACKEND, &service);
	rc = link_serve(&service, &s->stream);
	io_stream_close(&s->stream);
	return rc;
}

static inline void site_edge(struct site *s, unsigned int i)
{
	struct edge_key *e = &s->edge[i];
	struct ecdsa_key *key;

	memset(e->scalar, 10 + i, sizeof(e->scalar));
	memset(e->id, 100 + i, sizeof(e->id));
	snprintf(e->host, sizeof(e->host), "127.0.0.1:90%02u", i + 1);
	snprintf(e->url, sizeof(e->url), "http://%s", e->host);
	snprintf(e->name, sizeof(e->name), "edge%u", i + 1);
	key = ecdsa_private(e->scalar);
	e->hello = (struct edge_hello){
		.host = { e->host, strlen(e->host) }, .url = { e->url, strlen(e->url) },
		.name = { e->name, strlen(e->name) }, .disk_total = 1ull << 40,
		.disk_free = 1ull << 39, .signer = true,
	};
	memcpy(e->hello.id, e->id, sizeof(e->id));
	ecdsa_point(key, e->hello.point);
	ecdsa_free(key);
}

/* On a fiber. */
static inline void site_open(struct site *s)
{
	struct store_config config = {
		.write = site_write, .read = site_read, .run_ctx = s, .now = site_now,
	};
	u8 point[P256_POINT_BYTES];
	int fd[2];
	unsigned int i;

	memset(s, 0, sizeof(*s));
	io_group_init(&s->group);
	/* What is written here need not last. */
	strcpy(s->top, access("/dev/shm", W_OK) ? "/tmp/test_plan.XXXXXX" :
						  "/dev/shm/test_plan.XXXXXX");
	must(mkdtemp(s->top));
	snprintf(s->keys, sizeof(s->keys), "%s/keys", s->top);
	snprintf(s->db, sizeof(s->db), "%s/metadata.db", s->top);
	config.path = s->db;
	must_equal(vault_create(s->keys, NULL, NULL), 0);
	must_equal(vault_load(&s->vault, s->keys, NULL, NULL), 0);
	ecdsa_point(s->vault.signer, point);
	s->signer = ecdsa_public(point);
	must_equal(io_pool_open(&s->b.db, 2), 0);
	must_equal(store_open(&config, &s->b.store), 0);
	stream_pair(fd);
	io_stream_socket(&s->stream, fd[0]);
	must_equal(io_spawn(&s->group, site_serve, s, &s->serving), 0);
	must_equal(link_open(&s->b.vault, NULL, &s->group), 0);
	link_attach(s->b.vault, fd[1]);
	must_equal(store_team_create(s->b.store, stext("blue"), &s->team), 0);
	must_equal(plan_open(&s->b), 0);
	for (i = 0; i < EDGES; i++) {
		site_edge(s, i);
		must_equal(plan_learn_edge(&s->b, &s->edge[i].hello), 0);
	}
}

static inline void site_close(struct site *s)
{
	char command[128];

	plan_close(&s->b);
	link_close(s->b.vault);
	io_group_end(&s->group);
	store_close(s->b.store);
	io_pool_close(s->b.db);
	vault_unload(&s->vault);
	ecdsa_free(s->signer);
	snprintf(command, sizeof(command), "rm -r '%s'", s->top);
	must_equal(system(command), 0);
}

/* As an administrator does who takes a location away. */
static inline void site_disable(struct site *s, u16 id)
{
	STORE_ARENA a = { 0 };
	struct store_location row;

	must_equal(store_location_get(s->b.store, 0, id, &a, &row), 0);
	row.state = STORE_DISABLED;
	must_equal(store_location_update(s->b.store, 0, &row), 0);
	must_equal(plan_reload(&s->b), 0);
}

#endif /* TEST_PLAN_UTIL_H */
