// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each connection has one message on its way.  The server is a process of its own, so that its
 * CPU time is known whole, with the kernel's work for it; the clients are one plain epoll loop,
 * the same for all servers.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io_bench.h"

#define ROUNDS		5u
#define ROUND_NS	300000000u
#define MAX_BYTES	65536u
#define MAX_CONNECTIONS	256u

static const struct {
	unsigned int connections;
	size_t bytes;
} cells[] = { { 1, 64 }, { 16, 64 }, { 256, 64 }, { 64, 16384 } };

#define CELLS	(sizeof(cells) / sizeof(cells[0]))

static const struct echo_server *const servers[] = {
	&echo_plain_epoll, &echo_uring, &echo_epoll, &echo_threads,
};

#define SERVERS	(sizeof(servers) / sizeof(servers[0]))

struct figures {
	double rate;		/* round trips a second */
	double cpu;		/* of the server, microseconds a round trip */
};

struct client {
	int fd;
	size_t got;
};

static int listener(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) || listen(fd, 512) ||
	    getsockname(fd, (struct sockaddr *)at, &len))
		failed("listen");
	return fd;
}

static void send_message(int fd, size_t bytes)
{
	static const char message[MAX_BYTES];

	/* What is sent has come back before the next, so there is room for it. */
	if (send(fd, message, bytes, MSG_NOSIGNAL) != bytes)
		failed("send");
}

/* Take what has come; true when the message is whole. */
static int receive(struct client *c, size_t bytes)
{
	static char buf[MAX_BYTES];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n <= 0)
		failed("recv");
	c->got += n;
	if (c->got < bytes)
		return 0;
	c->got = 0;
	return 1;
}

static uint64_t run_clients(const struct sockaddr_in *at, unsigned int connections, size_t bytes)
{
	static struct client client[MAX_CONNECTIONS];
	struct epoll_event event[64];
	uint64_t trips = 0, end;
	unsigned int i;
	int ep = epoll_create1(EPOLL_CLOEXEC), one = 1, n, k;

	for (i = 0; i < connections; i++) {
		client[i] = (struct client){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
		if (connect(client[i].fd, (const struct sockaddr *)at, sizeof(*at)))
			failed("connect");
		setsockopt(client[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		event[0] = (struct epoll_event){ .events = EPOLLIN, .data.ptr = &client[i] };
		if (epoll_ctl(ep, EPOLL_CTL_ADD, client[i].fd, &event[0]))
			failed("epoll_ctl");
	}
	end = bench_wall_ns() + ROUND_NS;
	for (i = 0; i < connections; i++)
		send_message(client[i].fd, bytes);
	while (bench_wall_ns() < end) {
		n = epoll_wait(ep, event, 64, 100);
		for (k = 0; k < n; k++) {
			struct client *c = event[k].data.ptr;

			if (receive(c, bytes)) {
				trips++;
				send_message(c->fd, bytes);
			}
		}
	}
	for (i = 0; i < connections; i++)
		close(client[i].fd);
	close(ep);
	return trips;
}

static struct figures run_round(const struct echo_server *server, unsigned int cell)
{
	struct figures f;
	struct sockaddr_in at;
	struct rusage used;
	int fd = listener(&at);
	uint64_t trips;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		failed("fork");
	if (!pid) {
		server->serve(fd, cells[cell].connections);
		_exit(0);
	}
	close(fd);
	trips = run_clients(&at, cells[cell].connections, cells[cell].bytes);
	if (wait4(pid, NULL, 0, &used) != pid)
		failed("wait4");
	f.rate = trips * 1e9 / ROUND_NS;
	f.cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec +
		used.ru_stime.tv_usec;
	f.cpu /= trips;
	return f;
}

static void run_cell(struct bench_report *report, unsigned int cell)
{
	double rate[SERVERS][ROUNDS], cpu[SERVERS][ROUNDS], rates[SERVERS], cpus[SERVERS];
	unsigned int round, s;
	char name[80];

	for (round = 0; round < ROUNDS; round++) {
		for (s = 0; s < SERVERS; s++) {
			struct figures f = run_round(servers[s], cell);

			rate[s][round] = f.rate;
			cpu[s][round] = f.cpu;
		}
	}
	for (s = 0; s < SERVERS; s++) {
		rates[s] = bench_median(rate[s], ROUNDS);
		cpus[s] = bench_median(cpu[s], ROUNDS);
	}
	for (s = 1; s < SERVERS; s++) {
		snprintf(name, sizeof(name), "echo %u x %zu B, %s", cells[cell].connections,
			 cells[cell].bytes, servers[s]->name);
		bench_report_add(report, &(struct bench_result){
			.name = name, .value = rates[s] / 1000, .unit = "k trips/s",
			.peer = servers[0]->name, .peer_value = rates[0] / 1000,
		});
		bench_report_add(report, &(struct bench_result){
			.name = name, .value = cpus[s], .unit = "us CPU/trip",
			.peer = servers[0]->name, .peer_value = cpus[0],
		});
	}
}

void bench_echo(struct bench_report *report)
{
	unsigned int cell;

	for (cell = 0; cell < CELLS; cell++)
		run_cell(report, cell);
}
