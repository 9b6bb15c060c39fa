// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-http: what user/lib/http and user/lib/tls cost a server, beside an epoll loop that knows
 * no more of HTTP than it needs here.  All servers take turns; figures are medians of rounds.
 *
 * usage: bench-http CERTIFICATE KEY [JSON]
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_bench.h"

#define ROUNDS	5u

static const struct http_peer peers[] = {
	{ "plain epoll", NULL, false },
	{ "fibers on io_uring", "uring", false },
	{ "fibers on epoll", "epoll", false },
	{ "TLS, fibers on io_uring", "uring", true },
	{ "TLS, fibers on epoll", "epoll", true },
};

#define PEERS	(sizeof(peers) / sizeof(peers[0]))

static const struct load {
	const char *name, *path;
	size_t bytes;
	unsigned int connections, requests;	/* requests of each connection */
} loads[] = {
	{ "GET tiny, 1 connection", "/", TINY, 1, 4000 },
	{ "GET tiny, 64 connections", "/", TINY, 64, 250 },
	{ "GET 1 MiB, 4 connections", "/bulk", BULK, 4, 50 },
};

#define LOADS	(sizeof(loads) / sizeof(loads[0]))

static struct tls_context *server_tls, *client_tls;

void failed(const char *what)
{
	perror(what);
	exit(1);
}

struct server {
	pthread_t thread;
	const struct http_peer *peer;
	int listener;
	unsigned int connections;
	uint64_t cpu_ns;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	uint64_t start = bench_cpu_ns();

	if (s->peer->backend)
		serve_fibers(s->peer->backend, s->peer->tls ? server_tls : NULL, s->listener,
			     s->connections);
	else
		serve_plain(s->listener, s->connections);
	s->cpu_ns = bench_cpu_ns() - start;
	return NULL;
}

/* One round: requests a second, and the server's CPU time for each, in us. */
static void measure(const struct http_peer *peer, const struct load *load, double *rate,
		    double *cpu)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct server s = { .peer = peer, .connections = load->connections };
	double requests = (double)load->connections * load->requests;
	socklen_t len = sizeof(at);
	uint64_t start;

	s.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s.listener < 0 || bind(s.listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(s.listener, 100) || getsockname(s.listener, (struct sockaddr *)&at, &len))
		failed("listen");
	if (pthread_create(&s.thread, NULL, serve, &s))
		failed("pthread_create");
	start = bench_wall_ns();
	ask_many(at.sin_port, peer->tls ? client_tls : NULL, load->path, load->bytes,
		 load->connections, load->requests);
	*rate = requests * 1e9 / (bench_wall_ns() - start);
	pthread_join(s.thread, NULL);
	*cpu = s.cpu_ns / 1e3 / requests;
	close(s.listener);
}

static void add(struct bench_report *report, const struct load *load, unsigned int peer,
		const char *what, double value, double plain)
{
	struct bench_result r = { .value = value, .unit = what };
	char name[96];

	snprintf(name, sizeof(name), "%s, %s, %s", load->name, peers[peer].name, what);
	r.name = strdup(name);
	if (peer) {
		r.peer = peers[0].name;
		r.peer_value = plain;
	}
	bench_report_add(report, &r);
}

static void bench_load(struct bench_report *report, const struct load *load)
{
	double rate[PEERS][ROUNDS], cpu[PEERS][ROUNDS];
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < PEERS; i++)
			measure(&peers[i], load, &rate[i][round], &cpu[i][round]);
	for (i = 0; i < PEERS; i++) {
		double scale = load->bytes == BULK ? BULK / 1e6 : 1;

		add(report, load, i, load->bytes == BULK ? "MB/s" : "requests/s",
		    scale * bench_median(rate[i], ROUNDS), scale * bench_median(rate[0], ROUNDS));
		add(report, load, i, "us CPU/request", bench_median(cpu[i], ROUNDS),
		    bench_median(cpu[0], ROUNDS));
	}
}

int main(int argc, char **argv)
{
	struct tls_config server = { 0 }, client = { 0 };
	struct bench_report *report;
	char why[TLS_WHY];
	unsigned int i;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: bench-http CERTIFICATE KEY [JSON]\n");
		return 2;
	}
	server.cert = argv[1];
	server.key = argv[2];
	client.ca = argv[1];
	if (tls_context_open(&server_tls, true, &server, why) ||
	    tls_context_open(&client_tls, false, &client, why)) {
		fprintf(stderr, "bench-http: %s\n", why);
		return 1;
	}
	report = bench_report_open(argc == 4 ? argv[3] : NULL);
	if (!report)
		return 1;
	for (i = 0; i < LOADS; i++)
		bench_load(report, &loads[i]);
	tls_context_close(client_tls);
	tls_context_close(server_tls);
	return bench_report_close(report) != 0;
}
