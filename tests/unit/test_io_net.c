// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets: what each call returns when all goes well, or as badly as it can by itself. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include "io/stream.h"
#include "io_util.h"

#define BIG	(8u << 20)

static int listen_tcp(struct sockaddr_in *at, int backlog)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	must(fd >= 0);
	must_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	must_equal(listen(fd, backlog), 0);
	must_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

/* --- connections ----------------------------------------------------------------------------- */

#define CLIENTS	200u

static int echo(void *arg)
{
	int fd = (intptr_t)arg;
	char buf[512];
	ssize_t n;

	while ((n = io_recv(fd, buf, sizeof(buf), 0, 0)) > 0)
		must_equal(io_send(fd, buf, n, 0, 0), 0);
	must_equal(io_close(fd), 0);
	return n;
}

static int serve(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct sockaddr_in peer;
	socklen_t len;
	int fd, *listener = arg;

	do {
		len = sizeof(peer);
		fd = io_accept(*listener, (struct sockaddr *)&peer, &len, 0);
		if (fd < 0)
			break;
		must(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		must_equal(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		must_equal(io_spawn(&group, echo, (void *)(intptr_t)fd, NULL), 0);
	} while (true);
	must_equal(io_group_drain(&group, 0), group.running ? -ECANCELED : 0);
	return fd;
}

static int client(void *arg)
{
	struct sockaddr_in *at = arg;
	char out[100], in[100];
	int fd, i;

	fd = io_dial((struct sockaddr *)at, sizeof(*at), io_after_ms(50000));
	must(fd >= 0);
	for (i = 0; i < 10; i++) {
		memset(out, 'a' + i, sizeof(out));
		must_equal(io_send(fd, out, sizeof(out), 0, io_after_ms(50000)), 0);
		must_equal(io_recv(fd, in, sizeof(in), MSG_WAITALL, io_after_ms(50000)), 100);
		must(!memcmp(in, out, sizeof(in)));
	}
	must_equal(io_shutdown(fd, SHUT_WR), 0);
	must_equal(io_recv(fd, in, sizeof(in), 0, io_after_ms(50000)), 0);
	must_equal(io_close(fd), 0);
	return 0;
}

/* Two accept from one listener; all are served. */
static int echo_many(void *arg)
{
	CLEANUP_GROUP struct io_group servers = IO_GROUP(servers);
	CLEANUP_GROUP struct io_group clients = IO_GROUP(clients);
	struct sockaddr_in at;
	int listener = listen_tcp(&at, CLIENTS), rc;
	unsigned int i;

	(void)arg;
	must_equal(io_spawn(&servers, serve, &listener, NULL), 0);
	must_equal(io_spawn(&servers, serve, &listener, NULL), 0);
	for (i = 0; i < CLIENTS; i++)
		must_equal(io_spawn(&clients, client, &at, NULL), 0);
	rc = io_group_wait_all(&clients, 0);
	io_group_end(&servers);
	must_equal(servers.error, -ECANCELED);
	must_equal(io_close(listener), 0);
	return rc;
}

static void connections_by_the_hundred(void **state)
{
	assert_int_equal(on_loop(state, echo_many, NULL), 0);
}

static int refused(void *arg)
{
	struct sockaddr_un nobody = { AF_UNIX, "/nonexistent/socket" };
	struct sockaddr_in at;
	int fd = listen_tcp(&at, 1), i;

	(void)arg;
	must_equal(io_accept(fd, NULL, NULL, io_after_ms(2)), -ETIMEDOUT);
	close(fd);
	must_equal(io_dial((struct sockaddr *)&at, sizeof(at), 0), -ECONNREFUSED);
	must_equal(io_dial((struct sockaddr *)&nobody, sizeof(nobody), 0), -ENOENT);
	/* With O_NONBLOCK. */
	for (i = 0; i < 2; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (i ? SOCK_NONBLOCK : 0), 0);
		must_equal(io_connect(fd, (struct sockaddr *)&at, sizeof(at), 0), -ECONNREFUSED);
		io_close(fd);
	}
	must_equal(io_accept(-1, NULL, NULL, 0), -EBADF);
	must_equal(io_recv(1000, &i, sizeof(i), 0, 0), -EBADF);
	must_equal(io_send(1000, &i, sizeof(i), 0, 0), -EBADF);
	must_equal(io_shutdown(1000, SHUT_WR), -EBADF);
	must_equal(io_close(1000), -EBADF);
	return 0;
}

static void nobody_there(void **state)
{
	assert_int_equal(on_loop(state, refused, NULL), 0);
}

/* A connection whose handshake is not answered: the backlog is full. */
static int unanswered(void *arg)
{
	struct sockaddr_in at;
	int fd[20], listener = listen_tcp(&at, 0), i;

	(void)arg;
	for (i = 0; i < 20; i++) {
		fd[i] = io_dial((struct sockaddr *)&at, sizeof(at), io_after_ms(100));
		if (fd[i] < 0)
			break;
	}
	must(i < 20);
	must_equal(fd[i], -ETIMEDOUT);
	while (i--)
		io_close(fd[i]);
	io_close(listener);
	return 0;
}

static void a_connection_that_is_not_answered(void **state)
{
	assert_int_equal(on_loop(state, unanswered, NULL), 0);
}

static int take_after_a_while(void *arg)
{
	int *listener = arg, fd, i;

	io_sleep_until(io_after_ms(10));
	for (i = 0; i < 4; i++) {
		fd = io_accept(*listener, NULL, NULL, 0);
		must(fd >= 0);
		io_close(fd);
	}
	return 0;
}

/* The backlog of AF_UNIX, of which nothing tells when there is room. */
static int crowded(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd[4], i;
	socklen_t len = sizeof(at);

	(void)arg;
	must_equal(bind(listener, (struct sockaddr *)&at, sizeof(at.sun_family)), 0);
	must_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	must_equal(listen(listener, 0), 0);
	fd[0] = io_dial((struct sockaddr *)&at, len, 0);
	must(fd[0] >= 0);
	must_equal(io_dial((struct sockaddr *)&at, len, io_after_ms(5)), -ETIMEDOUT);
	must_equal(io_spawn(&group, take_after_a_while, &listener, NULL), 0);
	for (i = 1; i < 4; i++) {
		fd[i] = socket(AF_UNIX, SOCK_STREAM | (i == 2 ? SOCK_NONBLOCK : 0), 0);
		must_equal(io_connect(fd[i], (struct sockaddr *)&at, len, io_after_ms(5000)), 0);
	}
	must_equal(io_group_drain(&group, 0), 0);
	for (i = 0; i < 4; i++)
		io_close(fd[i]);
	io_close(listener);
	return 0;
}

static void a_crowded_local_listener(void **state)
{
	assert_int_equal(on_loop(state, crowded, NULL), 0);
}

static int too_many(void *arg)
{
	struct rlimit before, few;
	struct sockaddr_in at;
	int listener = listen_tcp(&at, 8), fd, taken;

	(void)arg;
	fd = io_dial((struct sockaddr *)&at, sizeof(at), 0);
	must(fd >= 0);
	getrlimit(RLIMIT_NOFILE, &before);
	few = (struct rlimit){ fd + 1, before.rlim_max };
	must_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	must_equal(io_dial((struct sockaddr *)&at, sizeof(at), 0), -EMFILE);
	must_equal(io_accept(listener, NULL, NULL, 0), -EMFILE);
	must_equal(io_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0, 0), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &before);
	/* It has waited. */
	taken = io_accept(listener, NULL, NULL, 0);
	must(taken >= 0);
	io_close(taken);
	io_close(fd);
	io_close(listener);
	return 0;
}

static void too_many_descriptors(void **state)
{
	assert_int_equal(on_loop(state, too_many, NULL), 0);
}

/* --- bytes ----------------------------------------------------------------------------------- */

struct sink {
	int fd;
	char *buf;
	size_t got;
};

static int drain(void *arg)
{
	struct sink *s = arg;
	ssize_t n;

	while ((n = io_recv(s->fd, s->buf + s->got, BIG - s->got, 0, 0)) > 0)
		s->got += n;
	return n;
}

static int send_all(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char *out = malloc(BIG), *in = calloc(1, BIG);
	struct iovec *iov = calloc(BIG / 1000 + 1, sizeof(*iov));
	struct sink sink = { .buf = in };
	unsigned int i, count = 0;
	int fd[2], nonblock = *(int *)arg;
	size_t at, len;

	stream_pair(fd);
	if (nonblock) {
		fcntl(fd[0], F_SETFL, O_NONBLOCK);
		fcntl(fd[1], F_SETFL, O_NONBLOCK);
	}
	for (i = 0; i < BIG; i++)
		out[i] = i * 2654435761u >> 24;
	/* More pieces than one call takes; some of them empty, the first and the last too. */
	for (at = 0; at < BIG; at += len) {
		len = count % 5 ? min_t(size_t, 1000 + count * 3, BIG - at) : 0;
		iov[count++] = (struct iovec){ out + at, len };
	}
	must(count > 1024);
	iov[count++] = (struct iovec){ out, 0 };
	sink.fd = fd[1];
	must_equal(io_spawn(&group, drain, &sink, NULL), 0);
	must_equal(io_sendv(fd[0], iov, count, 0, io_after_ms(50000)), 0);
	must_equal(io_shutdown(fd[0], SHUT_WR), 0);
	must_equal(io_group_wait_all(&group, io_after_ms(50000)), 0);
	must_equal(sink.got, BIG);
	must(!memcmp(in, out, BIG));

	must_equal(io_sendv(fd[1], iov, 0, 0, 0), 0);
	must_equal(io_send(fd[1], out, 0, 0, 0), 0);
	io_close(fd[0]);
	io_close(fd[1]);
	free(out);
	free(in);
	free(iov);
	return 0;
}

static void all_of_many_pieces_is_sent(void **state)
{
	int nonblock;

	for (nonblock = 0; nonblock < 2; nonblock++)
		assert_int_equal(on_loop(state, send_all, &nonblock), 0);
}

static int say_later(void *arg)
{
	io_sleep_until(io_after_ms(2));
	return io_send(*(int *)arg, "late", 4, 0, 0);
}

static int little_things(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char buf[64];
	int fd[2], i;

	(void)arg;
	stream_pair(fd);
	for (i = 0; i < 2; i++) {
		must_equal(io_recv(fd[1], buf, 8, MSG_DONTWAIT, 0), -EAGAIN);
		must_equal(io_wait_readable(fd[1], io_after_ms(1)), -ETIMEDOUT);
		must_equal(io_recv(fd[1], buf, 8, 0, io_after_ms(1)), -ETIMEDOUT);
		must_equal(io_spawn(&group, say_later, &fd[0], NULL), 0);
		must_equal(io_wait_readable(fd[1], 0), 0);
		must_equal(io_wait_readable(fd[1], 0), 0);
		must_equal(io_recv(fd[1], buf, 8, MSG_PEEK, 0), 4);
		must_equal(io_recv(fd[1], buf, 8, 0, 0), 4);
		must(!memcmp(buf, "late", 4));
		/* A part only, before the deadline and before the end. */
		must_equal(io_send(fd[0], "abc", 3, 0, 0), 0);
		must_equal(io_recv(fd[1], buf, 8, MSG_WAITALL, io_after_ms(5)), 3);
		/* The other time, of sockets that do not block by themselves. */
		fcntl(fd[0], F_SETFL, O_NONBLOCK);
		fcntl(fd[1], F_SETFL, O_NONBLOCK);
	}
	must_equal(io_send(fd[0], "defg", 4, 0, 0), 0);
	must_equal(io_shutdown(fd[0], SHUT_WR), 0);
	must_equal(io_recv(fd[1], buf, 8, MSG_WAITALL, 0), 4);
	must_equal(io_wait_readable(fd[1], 0), 0);
	must_equal(io_recv(fd[1], buf, 8, 0, 0), 0);
	io_close(fd[0]);
	must_equal(io_send(fd[1], "x", 1, 0, 0), -EPIPE);
	io_close(fd[1]);
	return 0;
}

static void what_recv_and_wait_return(void **state)
{
	assert_int_equal(on_loop(state, little_things, NULL), 0);
}

/* A descriptor goes over a socket. */
static int pass_descriptor(void *arg)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} out = { { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } }, in;
	char byte = 'd', buf[4];
	struct iovec give = { &byte, 1 }, take = { buf, 4 };
	struct msghdr msg = { .msg_iov = &give, .msg_iovlen = 1 };
	int fd[2], pipe_fd[2], got;

	(void)arg;
	stream_pair(fd);
	must_equal(pipe(pipe_fd), 0);
	memcpy(CMSG_DATA(&out.header), &pipe_fd[1], sizeof(int));
	msg.msg_control = &out;
	msg.msg_controllen = sizeof(out);
	must_equal(io_sendmsg(fd[0], &msg, 0, 0), 1);
	io_close(pipe_fd[1]);
	msg = (struct msghdr){
		.msg_iov = &take, .msg_iovlen = 1, .msg_control = &in, .msg_controllen = sizeof(in),
	};
	must_equal(io_recvmsg(fd[1], &msg, 0, 0), 1);
	memcpy(&got, CMSG_DATA(&in.header), sizeof(int));
	must(fcntl(got, F_GETFD) & FD_CLOEXEC);
	must_equal(write(got, "x", 1), 1);
	must_equal(read(pipe_fd[0], buf, 4), 1);
	must_equal(io_recvmsg(fd[1], &msg, 0, io_after_ms(1)), -ETIMEDOUT);
	io_close(got);
	io_close(pipe_fd[0]);
	io_close(fd[0]);
	io_close(fd[1]);
	return 0;
}

static void descriptors_are_passed(void **state)
{
	assert_int_equal(on_loop(state, pass_descriptor, NULL), 0);
}

static int streams(void *arg)
{
	struct iovec iov[2] = { { "one ", 4 }, { "two", 3 } };
	struct io_stream a, b;
	char buf[16];
	int fd[2];

	(void)arg;
	stream_pair(fd);
	io_stream_socket(&a, fd[0]);
	io_stream_socket(&b, fd[1]);
	must_equal(io_stream_wait_readable(&b, io_after_ms(1)), -ETIMEDOUT);
	must_equal(io_stream_sendv(&a, iov, 2, true, 0), 0);
	must_equal(io_stream_send(&a, " three", 6, false, 0), 0);
	must_equal(io_stream_shutdown(&a, 0), 0);
	must_equal(io_stream_wait_readable(&b, 0), 0);
	must_equal(io_recv(b.fd, buf, 13, MSG_WAITALL, 0), 13);
	must(!memcmp(buf, "one two three", 13));
	must_equal(io_stream_recv(&b, buf, 16, 0), 0);
	must_equal(io_stream_send(&b, "back", 4, false, 0), 0);
	must_equal(io_stream_recv(&a, buf, 16, 0), 4);
	io_stream_close(&a);
	io_stream_close(&b);
	must_equal(fcntl(fd[0], F_GETFD), -1);
	return 0;
}

static void a_socket_is_a_stream(void **state)
{
	assert_int_equal(on_loop(state, streams, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(connections_by_the_hundred),
		ON_BOTH(nobody_there),
		ON_BOTH(a_connection_that_is_not_answered),
		ON_BOTH(a_crowded_local_listener),
		ON_BOTH(too_many_descriptors),
		ON_BOTH(all_of_many_pieces_is_sent),
		ON_BOTH(what_recv_and_wait_return),
		ON_BOTH(descriptors_are_passed),
		ON_BOTH(a_socket_is_a_stream),
	};

	return cmocka_run_group_tests_name("io net", tests, NULL, NULL);
}
