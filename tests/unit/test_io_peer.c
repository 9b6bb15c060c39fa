// SPDX-License-Identifier: GPL-2.0-or-later
/* Peers that reset, never read, never write, say little at a time, or change their mind. */
#include <netinet/in.h>
#include <poll.h>

#include "io_util.h"

/* A connection over TCP: what a reset is to AF_UNIX would be less than the real thing. */
static void tcp_pair(int fd[2])
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);

	must_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	must_equal(listen(listener, 1), 0);
	must_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	fd[0] = io_dial((struct sockaddr *)&at, len, 0);
	fd[1] = io_accept(listener, NULL, NULL, 0);
	must(fd[0] >= 0 && fd[1] >= 0);
	close(listener);
}

static void reset(int fd)
{
	struct linger now = { 1, 0 };

	must_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
}

/* --- reset ----------------------------------------------------------------------------------- */

static int reset_later(void *arg)
{
	io_sleep_until(io_after_ms(2));
	reset(*(int *)arg);
	return 0;
}

static int send_much(int fd, int64_t deadline)
{
	size_t len = 64u << 20;
	char *buf = calloc(1, len);
	int rc = io_send(fd, buf, len, 0, deadline);

	free(buf);
	return rc;
}

static int resets(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int fd[2], rc;
	char c;

	(void)arg;
	/* While it is waited for in recv, in wait, in send. */
	tcp_pair(fd);
	must_equal(io_spawn(&group, reset_later, &fd[1], NULL), 0);
	must_equal(io_recv(fd[0], &c, 1, 0, 0), -ECONNRESET);
	io_close(fd[0]);

	tcp_pair(fd);
	must_equal(io_spawn(&group, reset_later, &fd[1], NULL), 0);
	must_equal(io_wait_readable(fd[0], 0), 0);
	must_equal(io_recv(fd[0], &c, 1, 0, 0), -ECONNRESET);
	io_close(fd[0]);

	tcp_pair(fd);
	must_equal(io_spawn(&group, reset_later, &fd[1], NULL), 0);
	rc = send_much(fd[0], 0);
	must(rc == -ECONNRESET || rc == -EPIPE);
	io_close(fd[0]);

	/* Before. */
	tcp_pair(fd);
	reset(fd[1]);
	must_equal(io_recv(fd[0], &c, 1, 0, 0), -ECONNRESET);
	must_equal(io_send(fd[0], &c, 1, 0, 0), -EPIPE);
	io_close(fd[0]);
	return io_group_wait_all(&group, 0);
}

static void one_that_resets(void **state)
{
	assert_int_equal(on_loop(state, resets, NULL), 0);
}

/* --- silence --------------------------------------------------------------------------------- */

static int silence(void *arg)
{
	int64_t start = io_now(), deadline = start + 20000000;
	int fd[2];
	char c;

	(void)arg;
	tcp_pair(fd);
	must_equal(io_recv(fd[0], &c, 1, 0, deadline), -ETIMEDOUT);
	must(io_now() >= deadline);
	must_equal(send_much(fd[0], io_after_ms(20)), -ETIMEDOUT);
	/* The other direction still works. */
	must_equal(io_send(fd[1], "x", 1, 0, 0), 0);
	must_equal(io_recv(fd[0], &c, 1, 0, 0), 1);
	io_close(fd[0]);
	io_close(fd[1]);
	return 0;
}

static void one_that_never_reads_nor_writes(void **state)
{
	assert_int_equal(on_loop(state, silence, NULL), 0);
}

/* One fiber receives while another one's send is stuck, on one socket. */
static int stuck(void *arg)
{
	return send_much(*(int *)arg, 0);
}

static int both_ways(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char *sink = malloc(1 << 20);
	size_t left = 64u << 20;
	ssize_t n;
	int fd[2];
	char c;

	(void)arg;
	tcp_pair(fd);
	must_equal(io_spawn(&group, stuck, &fd[0], NULL), 0);
	must_equal(io_recv(fd[0], &c, 1, 0, io_after_ms(3)), -ETIMEDOUT);
	must_equal(io_send(fd[1], "x", 1, 0, 0), 0);
	must_equal(io_recv(fd[0], &c, 1, 0, 0), 1);
	must_equal(group.running, 1);
	while (left) {
		n = io_recv(fd[1], sink, 1 << 20, 0, 0);
		must(n > 0);
		left -= n;
	}
	must_equal(io_group_wait_all(&group, 0), 0);
	io_close(fd[0]);
	io_close(fd[1]);
	free(sink);
	return 0;
}

static void both_directions_of_one_socket(void **state)
{
	assert_int_equal(on_loop(state, both_ways, NULL), 0);
}

/* Several fibers on one descriptor in one direction: each gets something, in turn. */
static int get_byte(void *arg)
{
	char c;

	return io_recv(*(int *)arg, &c, 1, 0, io_after_ms(20000)) == 1 ? 0 : -EIO;
}

static int share(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int fd[2], i;

	(void)arg;
	stream_pair(fd);
	for (i = 0; i < 20; i++)
		must_equal(io_spawn(&group, get_byte, &fd[0], NULL), 0);
	io_yield();
	must_equal(io_send(fd[1], "1234567", 7, 0, 0), 0);
	must_equal(io_group_wait(&group, 7, 0), 0);
	must_equal(io_send(fd[1], "1234567890abc", 13, 0, 0), 0);
	must_equal(io_group_wait_all(&group, 0), 0);
	io_close(fd[0]);
	io_close(fd[1]);
	return 0;
}

static void many_fibers_on_one_socket(void **state)
{
	assert_int_equal(on_loop(state, share, NULL), 0);
}

/* --- a descriptor's number is used again ----------------------------------------------------- */

/* Closed behind the loop's back: what was known of the old one does not reach the new one. */
static int numbers(void *arg)
{
	int fd[2], i;
	char c;

	(void)arg;
	for (i = 0; i < 100; i++) {
		stream_pair(fd);
		must_equal(io_wait_readable(fd[0], io_now() + 1000), -ETIMEDOUT);
		if (i % 3 == 0)
			must_equal(io_send(fd[1], "x", 1, 0, 0), 0);
		else
			must_equal(io_recv(fd[0], &c, 1, 0, io_now() + 1000), -ETIMEDOUT);
		if (i % 2)
			io_close(fd[0]);
		else
			close(fd[0]);
		close(fd[1]);
	}
	return 0;
}

static void numbers_that_are_used_again(void **state)
{
	assert_int_equal(on_loop(state, numbers, NULL), 0);
}

/* --- a thousand idle ones -------------------------------------------------------------------- */

#define IDLE	1000u

struct idle {
	int fd[2];
	unsigned int *served;
};

static int serve_idle(void *arg)
{
	struct idle *s = arg;
	char c;
	int i;

	for (i = 0; i < 3; i++) {
		must_equal(io_wait_readable(s->fd[0], io_after_ms(30000)), 0);
		must_equal(io_recv(s->fd[0], &c, 1, 0, 0), 1);
		++*s->served;
	}
	must_equal(io_wait_readable(s->fd[0], 0), -ECANCELED);
	io_close(s->fd[0]);
	return -ECANCELED;
}

static int thousand(void *arg)
{
	struct idle *s = calloc(IDLE, sizeof(*s));
	struct io_group group = IO_GROUP(group);
	unsigned int i, turn, served = 0;

	(void)arg;
	for (i = 0; i < IDLE; i++) {
		stream_pair(s[i].fd);
		s[i].served = &served;
		must_equal(io_spawn(&group, serve_idle, &s[i], NULL), 0);
	}
	for (turn = 0; turn < 3; turn++)
		for (i = 0; i < IDLE; i++)
			must_equal(io_send(s[(i * 7) % IDLE].fd[1], "x", 1, 0, 0), 0);
	while (served < 3 * IDLE)
		io_yield();
	io_group_end(&group);
	must_equal(group.bad, IDLE);
	for (i = 0; i < IDLE; i++)
		close(s[i].fd[1]);
	free(s);
	return 0;
}

static void a_thousand_idle_connections(void **state)
{
	assert_int_equal(on_loop(state, thousand, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(one_that_resets),
		ON_BOTH(one_that_never_reads_nor_writes),
		ON_BOTH(both_directions_of_one_socket),
		ON_BOTH(many_fibers_on_one_socket),
		ON_BOTH(numbers_that_are_used_again),
		ON_BOTH(a_thousand_idle_connections),
	};
	struct rlimit many;

	getrlimit(RLIMIT_NOFILE, &many);
	many.rlim_cur = many.rlim_max;
	setrlimit(RLIMIT_NOFILE, &many);
	return cmocka_run_group_tests_name("io peer", tests, NULL, NULL);
}
