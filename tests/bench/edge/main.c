// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-edge: what an edge's store costs, beside files that are written, made durable and
 * renamed plainly, and beside copying the bytes; and what a URL costs to verify.  All sides
 * run in turns in the same minute; figures are medians.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../user/skyd/edge_auth.h"
#include "../../../user/skyd/edge_store.h"
#include "io/group.h"
#include "io/loop.h"
#include "skybench/bench.h"

#define ROUNDS	5u
#define FIBERS	32u

struct size {
	const char *name;
	size_t len;
	unsigned int count;		/* of a round; a multiple of FIBERS */
};

static const struct size sizes[] = {
	{ "1 KiB", 1024, 1024 }, { "64 KiB", 65536, 256 }, { "4 MiB", 4 << 20, 32 },
};

struct run {
	struct edge_store *store;
	const struct size *size;
	const uint8_t *data;
	uint8_t sha256[SHA256_BYTES];
	unsigned int round, next;
};

static const char *folder;
static struct bench_report *report;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench-edge: %s\n", what);
	exit(1);
}

static void name_of(const struct run *r, unsigned int i, char name[40])
{
	sprintf(name, "f/%zu/%u/%u", r->size->len, r->round, i);
}

static int put_some(void *arg)
{
	struct run *r = arg;
	struct edge_put *put;
	char name[40];

	while (r->next < r->size->count) {
		name_of(r, r->next++, name);
		need(!edge_put_begin(r->store, &put, str_of(name), r->size->len, r->sha256, 0),
		     "a put cannot begin");
		need(!edge_put_write(put, r->data, r->size->len, 0), "a put cannot write");
		need(!edge_put_commit(put), "a put cannot commit");
	}
	return 0;
}

static int get_some(void *arg)
{
	uint8_t *to = malloc(sizes[2].len);
	struct run *r = arg;
	struct edge_info info;
	struct edge_get *get;
	char name[40];

	while (to && r->next < r->size->count) {
		name_of(r, r->next++, name);
		need(!edge_get_begin(r->store, &get, str_of(name), &info, 0), "a get cannot begin");
		need(edge_get_read(get, to, r->size->len, 0, 0) == r->size->len, "a get is short");
		edge_get_end(get);
	}
	free(to);
	return to ? 0 : -ENOMEM;
}

static void all_fibers(struct run *r, io_fn *fn)
{
	struct io_group group;
	unsigned int i;

	r->next = 0;
	io_group_init(&group);
	for (i = 0; i < FIBERS; i++)
		need(!io_spawn(&group, fn, r, NULL), "no fiber");
	need(!io_group_wait_all(&group, 0), "a fiber has failed");
	io_group_end(&group);
}

static void plain_puts(const struct run *r)
{
	char temporary[200], path[200];
	unsigned int i;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s/plain.new", folder);
	for (i = 0; i < r->size->count; i++) {
		snprintf(path, sizeof(path), "%s/plain.%u", folder, i);
		fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		need(fd >= 0 && write(fd, r->data, r->size->len) == r->size->len &&
		     !fdatasync(fd) && !close(fd) && !rename(temporary, path), "a plain file");
	}
}

static void plain_gets(const struct run *r)
{
	uint8_t *to = malloc(r->size->len);
	char path[200];
	unsigned int i;
	int fd;

	for (i = 0; i < r->size->count; i++) {
		snprintf(path, sizeof(path), "%s/plain.%u", folder, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		need(to && fd >= 0 && read(fd, to, r->size->len) == r->size->len && !close(fd),
		     "a plain file");
	}
	free(to);
}

static void copies(const struct run *r)
{
	uint8_t *to = malloc(r->size->len);
	unsigned int i;

	need(!!to, "no memory");
	for (i = 0; i < r->size->count; i++) {
		memcpy(to, r->data, r->size->len);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	free(to);
}

/* What a round of each took, for one operation: wall time, then CPU time of this thread. */
enum side { PUT, GET, PLAIN_PUT, PLAIN_GET, COPY, SIDES };

static void measure(struct run *r, double wall[SIDES][ROUNDS], double cpu[SIDES][ROUNDS])
{
	enum side side;

	for (side = 0; side < SIDES; side++) {
		uint64_t wall_0 = bench_wall_ns(), cpu_0 = bench_cpu_ns();

		if (side == PUT)
			all_fibers(r, put_some);
		else if (side == GET)
			all_fibers(r, get_some);
		else if (side == PLAIN_PUT)
			plain_puts(r);
		else if (side == PLAIN_GET)
			plain_gets(r);
		else
			copies(r);
		wall[side][r->round] = (double)(bench_wall_ns() - wall_0) / r->size->count / 1e3;
		cpu[side][r->round] = (double)(bench_cpu_ns() - cpu_0) / r->size->count / 1e3;
	}
}

static void tell(const char *size, const char *what, double value, const char *unit,
		 const char *peer, double peer_value)
{
	char name[80];

	snprintf(name, sizeof(name), "%s of %s", what, size);
	bench_report_add(report, &(struct bench_result){
		.name = name, .value = value, .unit = unit, .peer = peer,
		.peer_value = peer_value,
	});
}

static int bench_sizes(void *arg)
{
	struct edge_store_config config = { .path = arg };
	uint8_t *data = malloc(sizes[2].len);
	double wall[SIDES][ROUNDS], cpu[SIDES][ROUNDS], m[SIDES], c[SIDES];
	struct run r = { .data = data };
	unsigned int i, side;

	need(data && !edge_store_open(&r.store, &config), "the store cannot be opened");
	memset(data, 0x5a, sizes[2].len);
	for (i = 0; i < 3; i++) {
		r.size = &sizes[i];
		sha256_of(data, r.size->len, r.sha256);
		for (r.round = 0; r.round < ROUNDS; r.round++)
			measure(&r, wall, cpu);
		for (side = 0; side < SIDES; side++) {
			m[side] = bench_median(wall[side], ROUNDS);
			c[side] = bench_median(cpu[side], ROUNDS);
		}
		tell(r.size->name, "puts", 1e6 / m[PUT], "/s", "plain files", 1e6 / m[PLAIN_PUT]);
		tell(r.size->name, "gets", 1e6 / m[GET], "/s", "plain files", 1e6 / m[PLAIN_GET]);
		tell(r.size->name, "CPU of a put", c[PUT], "us", "plain file", c[PLAIN_PUT]);
		tell(r.size->name, "CPU of a get", c[GET], "us", "plain file", c[PLAIN_GET]);
		tell(r.size->name, "CPU of a put", c[PUT], "us", "copy", c[COPY]);
		tell(r.size->name, "CPU of a get", c[GET], "us", "copy", c[COPY]);
	}
	edge_store_close(r.store);
	free(data);
	return 0;
}

static double verify_cost(struct edge_auth *auth, struct edge_signer *s, unsigned int count)
{
	char text[2048];
	struct edge_url url = {
		.method = STR("GET"), .name = STR("g/abc.1"), .query = OUT(text, sizeof(text)),
	};
	const struct sig_header host = { STR("Host"), s->host };
	struct edge_ticket ticket;
	struct s3_fault fault;
	uint64_t begin;
	unsigned int i;

	need(!edge_sign(s, 1700000000, 60, &url, 1), "a URL cannot be signed");
	begin = bench_cpu_ns();
	for (i = 0; i < count; i++) {
		const struct sig_message m = {
			.method = url.method, .path = STR("/g/abc.1"),
			.query = out_written(&url.query), .headers = &host, .count = 1,
		};

		need(!edge_auth_check(auth, &m, 1700000000, &ticket, &fault), "not let in");
	}
	return (double)(bench_cpu_ns() - begin) / count / 1e3;
}

static void bench_urls(void)
{
	struct edge_auth_config config = {
		.scalar = { 3 }, .access_key = STR("backend"), .host = STR("edge:9000"),
		.region = STR("eu-1"),
	};
	struct edge_signer grant = { .host = config.host, .region = config.region };
	struct edge_signer ecdsa = {
		.algorithm = SIG_ECDSA, .host = config.host, .region = config.region,
		.access_key = config.access_key,
	};
	const uint8_t scalar[P256_SCALAR_BYTES] = { 1 };
	double by_grant[ROUNDS], by_ecdsa[ROUNDS];
	struct ecdsa_key *own = ecdsa_private(config.scalar);
	uint8_t point[P256_POINT_BYTES];
	struct edge_auth *auth;
	unsigned int i;

	config.signer = ecdsa_private(scalar);
	ecdsa.key = config.signer;
	need(own && config.signer && !edge_auth_open(&auth, &config), "no keys");
	ecdsa_point(own, point);
	need(!edge_signer_grant(&grant, config.signer, config.edge, point, 1700000000), "no grant");
	for (i = 0; i < ROUNDS; i++) {
		by_grant[i] = verify_cost(auth, &grant, 4000);
		by_ecdsa[i] = verify_cost(auth, &ecdsa, 1000);
	}
	bench_report_add(report, &(struct bench_result){
		.name = "URL under a grant", .value = bench_median(by_grant, ROUNDS), .unit = "us",
		.peer = "SigV4A", .peer_value = bench_median(by_ecdsa, ROUNDS),
	});
	edge_auth_close(auth);
	ecdsa_free(own);
	ecdsa_free(config.signer);
}

int main(int argc, char **argv)
{
	struct io_loop *loop;
	char store[180];

	if (argc != 3) {
		fprintf(stderr, "usage: edge-bench EMPTY-FOLDER JSON-FILE\n");
		return 2;
	}
	folder = argv[1];
	snprintf(store, sizeof(store), "%s/store", folder);
	need(!mkdir(store, 0700), "the folder is not there, or not empty");
	report = bench_report_open(argv[2]);
	need(report && !io_loop_open(&loop, NULL), "no loop");
	need(!io_loop_run(loop, bench_sizes, store), "a round has failed");
	io_loop_close(loop);
	bench_urls();
	return bench_report_close(report) != 0;
}
