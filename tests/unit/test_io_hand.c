// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors that are handed over: all, in order, and none that is lost stays open. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "io/file.h"
#include "io/hand.h"
#include "io_util.h"

#define SOON	io_after_ms(10000)
#define CROWD	100000u

/* Hand over the end of a pipe to which @byte is written; the other end is the test's. */
static int hand_pipe(int hand, char byte)
{
	int fd[2];

	must_equal(pipe2(fd, O_CLOEXEC), 0);
	must_equal(write(fd[1], &byte, 1), 1);
	must_equal(io_hand(hand, fd[0]), 0);
	io_close(fd[0]);
	return fd[1];
}

static void want_pipe(int hand, char byte)
{
	int fd = io_handed(hand, SOON);
	char c;

	must(fd >= 0);
	must(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	must_equal(read(fd, &c, 1), 1);
	must_equal(c, byte);
	io_close(fd);
}

static int in_order(void *arg)
{
	int pair[2], ends[3], i;

	(void)arg;
	must_equal(io_hand_pair(pair), 0);
	must(fcntl(pair[0], F_GETFD) & fcntl(pair[1], F_GETFD) & FD_CLOEXEC);
	must_equal(io_handed(pair[1], io_after_ms(1)), -ETIMEDOUT);
	for (i = 0; i < 3; i++)
		ends[i] = hand_pipe(pair[0], 'a' + i);
	/* What brings none is none. */
	must_equal(send(pair[0], "x", 1, 0), 1);
	must_equal(send(pair[0], "abc", 3, 0), 3);
	for (i = 0; i < 3; i++)
		want_pipe(pair[1], 'a' + i);
	must_equal(io_handed(pair[1], io_after_ms(1)), -ETIMEDOUT);
	io_close(pair[0]);
	must_equal(io_handed(pair[1], SOON), -ENODATA);
	io_close(pair[1]);
	for (i = 0; i < 3; i++)
		io_close(ends[i]);
	return 0;
}

/* Several in one message, and one in a message that says nothing, leave none open. */
static int more_than_one(void *arg)
{
	struct {
		struct cmsghdr header;
		int fd[3];
	} many = { { CMSG_LEN(sizeof(many.fd)), SOL_SOCKET, SCM_RIGHTS }, { 0 } };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &many,
		.msg_controllen = CMSG_LEN(sizeof(many.fd)),
	};
	int pair[2], fd[2], i, got;

	(void)arg;
	signal(SIGPIPE, SIG_IGN);
	must_equal(io_hand_pair(pair), 0);
	must_equal(pipe2(fd, O_CLOEXEC), 0);
	for (i = 0; i < 3; i++)
		many.fd[i] = fd[0];
	must_equal(sendmsg(pair[0], &msg, 0), 1);
	got = io_handed(pair[1], SOON);
	must(got >= 0);
	io_close(got);
	iov.iov_len = 0;
	must_equal(sendmsg(pair[0], &msg, 0), 0);
	must_equal(io_handed(pair[1], SOON), -ENODATA);
	io_close(fd[0]);
	must_equal(write(fd[1], "x", 1), -1);
	must_equal(errno, EPIPE);
	io_close(fd[1]);
	io_close(pair[0]);
	io_close(pair[1]);
	return 0;
}

static void more_than_one_in_a_message(void **state)
{
	assert_int_equal(on_loop(state, more_than_one, NULL), 0);
}

static void all_in_order(void **state)
{
	assert_int_equal(on_loop(state, in_order, NULL), 0);
}

/* Nobody takes it: whoever has the other end of what was handed over sees its end. */
static int not_taken(void *arg)
{
	int pair[2], stream[2];
	char c;

	(void)arg;
	must_equal(io_hand_pair(pair), 0);
	stream_pair(stream);
	must_equal(io_hand(pair[0], stream[1]), 0);
	io_close(stream[1]);
	must_equal(recv(stream[0], &c, 1, MSG_DONTWAIT), -1);
	must_equal(errno, EAGAIN);
	io_close(pair[1]);
	must_equal(recv(stream[0], &c, 1, MSG_DONTWAIT), 0);
	must_equal(io_hand(pair[0], stream[0]), -ECONNRESET);
	must_equal(io_hand(pair[0], stream[0]), -EPIPE);
	/* It is still the caller's. */
	must(fcntl(stream[0], F_GETFD) >= 0);
	io_close(stream[0]);
	io_close(pair[0]);
	return 0;
}

static void what_nobody_takes(void **state)
{
	assert_int_equal(on_loop(state, not_taken, NULL), 0);
}

static int crowd(void *arg)
{
	unsigned int n = 0, i;
	int pair[2], rc, fd;

	(void)arg;
	must_equal(io_hand_pair(pair), 0);
	while (!(rc = io_hand(pair[0], 0)) && n < CROWD)
		n++;
	must(rc == -EAGAIN || rc == -ETOOMANYREFS);
	must(n >= 64);
	for (i = 0; i < n; i++) {
		fd = io_handed(pair[1], SOON);
		must(fd >= 0);
		io_close(fd);
	}
	must_equal(io_hand(pair[0], 0), 0);
	io_close(pair[0]);
	io_close(pair[1]);
	return 0;
}

static void more_than_are_taken(void **state)
{
	assert_int_equal(on_loop(state, crowd, NULL), 0);
}

/* One is lost, and the next one is not. */
static int no_room(void *arg)
{
	struct rlimit limit, none;
	int pair[2], ends[2];

	(void)arg;
	must_equal(io_hand_pair(pair), 0);
	ends[0] = hand_pipe(pair[0], 'a');
	ends[1] = hand_pipe(pair[0], 'b');
	must_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	must_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	must_equal(io_handed(pair[1], SOON), -EMFILE);
	must_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	must_equal(write(ends[0], "x", 1), -1);
	must_equal(errno, EPIPE);
	want_pipe(pair[1], 'b');
	io_close(pair[0]);
	io_close(pair[1]);
	io_close(ends[0]);
	io_close(ends[1]);
	return 0;
}

static void no_descriptor_left(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(on_loop(state, no_room, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(all_in_order),
		ON_BOTH(more_than_one_in_a_message),
		ON_BOTH(what_nobody_takes),
		ON_BOTH(more_than_are_taken),
		ON_BOTH(no_descriptor_left),
	};

	return cmocka_run_group_tests_name("io hand", tests, NULL, NULL);
}
