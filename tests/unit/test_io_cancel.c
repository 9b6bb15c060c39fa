// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that are cut short at any moment, thousands of times.  After each, the kernel has let
 * go of its buffer, and no byte of the stream is lost or seen twice.
 */
#include <netinet/in.h>

#include "io_util.h"

#define READERS		20u
#define BYTES		(2u << 20)
#define MARK		0xee

/* --- a stream whose reader is cut short again and again --------------------------------------- */

struct line {
	int fd[2];
	unsigned int seed;
	uint32_t sent;
	uint32_t seen;
	unsigned int cut;		/* calls that were cut short */
};

/* Each byte follows from its place. */
static uint8_t byte_at(uint32_t place)
{
	return (place * 2654435761u) >> 24;
}

static int send_line(void *arg)
{
	struct line *l = arg;
	uint8_t buf[512];
	unsigned int i, len;

	while (l->sent < BYTES / READERS) {
		len = 1 + rand_r(&l->seed) % sizeof(buf);
		for (i = 0; i < len; i++)
			buf[i] = byte_at(l->sent + i);
		must_equal(io_send(l->fd[1], buf, len, 0, 0), 0);
		l->sent += len;
		if (rand_r(&l->seed) % 4 == 0)
			io_sleep_until(io_now() + rand_r(&l->seed) % 100000);
		else
			io_yield();
	}
	return io_shutdown(l->fd[1], SHUT_WR);
}

/*
 * Receives until it is cancelled.  What the kernel would write into a buffer after the call
 * would be found in the mark that it is given at once.
 */
static int receive(void *arg)
{
	struct line *l = arg;
	uint8_t buf[300], freed[300];
	ssize_t n, i;

	memset(freed, MARK, sizeof(freed));
	for (;;) {
		int flags = rand_r(&l->seed) % 4 ? 0 : MSG_WAITALL;
		int64_t deadline = io_now() + rand_r(&l->seed) % 50000;

		memset(buf, MARK, sizeof(buf));
		n = io_recv(l->fd[0], buf, 1 + rand_r(&l->seed) % sizeof(buf), flags, deadline);
		for (i = 0; i < n; i++)
			must_equal(buf[i], byte_at(l->seen + i));
		for (i = max_t(ssize_t, n, 0); i < (ssize_t)sizeof(buf); i++)
			must_equal(buf[i], MARK);
		if (n > 0)
			l->seen += n;
		if (!n)
			return 0;
		if (n < 0) {
			must(n == -ETIMEDOUT || n == -ECANCELED);
			l->cut++;
		}
		memset(buf, MARK, sizeof(buf));
		if (n == -ECANCELED)
			return n;
		if (rand_r(&l->seed) % 8 == 0)
			io_yield();
		must(!memcmp(buf, freed, sizeof(buf)));
	}
}

/* One reader after the other, each cancelled after a while. */
static int receive_in_parts(void *arg)
{
	struct line *l = arg;
	bool end = false;

	while (!end) {
		struct io_group group = IO_GROUP(group);

		must_equal(io_spawn(&group, receive, l, NULL), 0);
		io_sleep_until(io_now() + rand_r(&l->seed) % 300000);
		io_group_end(&group);
		end = group.good;
	}
	must_equal(l->seen, l->sent);
	return 0;
}

static int lines(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static struct line line[READERS];
	unsigned int i, cut = 0;

	(void)arg;
	for (i = 0; i < READERS; i++) {
		line[i] = (struct line){ .seed = i + 1 };
		stream_pair(line[i].fd);
		must_equal(io_spawn(&group, send_line, &line[i], NULL), 0);
		must_equal(io_spawn(&group, receive_in_parts, &line[i], NULL), 0);
	}
	must_equal(io_group_wait_all(&group, 0), 0);
	for (i = 0; i < READERS; i++) {
		cut += line[i].cut;
		close(line[i].fd[0]);
		close(line[i].fd[1]);
	}
	must(cut > 1000);
	return 0;
}

static void no_byte_is_lost(void **state)
{
	assert_int_equal(on_loop(state, lines, NULL), 0);
}

/* --- every kind of call, cancelled at every moment -------------------------------------------- */

struct victim {
	struct io_group *group;
	int pair[2];
	int listener;
	struct sockaddr_in at;
	unsigned int seed;
	unsigned int kind;
	unsigned int *tally;		/* calls that were done, and that were cut short */
};

#define KINDS	7u

static int one_call(struct victim *v, int64_t deadline)
{
	/* Of the heap and let go of at once: the next one may get it. */
	size_t len = 1 + rand_r(&v->seed) % 20000;
	char *buf = calloc(1, len);
	int rc = 0;

	switch (v->kind) {
	case 0:
		rc = io_recv(v->pair[0], buf, len, 0, deadline);
		break;
	case 1:
		rc = io_send(v->pair[1], buf, len, 0, deadline);
		break;
	case 2:
		rc = io_wait_readable(v->pair[0], deadline);
		break;
	case 3:
		rc = io_accept(v->listener, NULL, NULL, deadline);
		break;
	case 4:
		rc = io_dial((struct sockaddr *)&v->at, sizeof(v->at), deadline);
		break;
	case 5:
		rc = io_sleep_until(io_now() + rand_r(&v->seed) % 1000000);
		break;
	case 6:
		rc = io_openat(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, deadline);
		break;
	}
	free(buf);
	if (rc >= 0 && (v->kind == 3 || v->kind == 4 || v->kind == 6))
		io_close(rc);
	return rc;
}

static int victim(void *arg)
{
	struct victim *v = arg;
	int rc;

	do {
		int64_t deadline = rand_r(&v->seed) % 2 ? io_now() + rand_r(&v->seed) % 200000 : 0;

		rc = one_call(v, deadline);
		must(rc >= 0 || rc == -ETIMEDOUT || rc == -ECANCELED);
		v->tally[rc < 0]++;
		if (v->kind != 5 && rand_r(&v->seed) % 4 == 0)
			io_yield();
	} while (rc != -ECANCELED);
	return rc;
}

static int massacre(void *arg)
{
	static struct victim v[KINDS * 3];
	unsigned int i, round, tally[2] = { 0 }, seed = 11;
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int pair[2], listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)arg;
	must_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	must_equal(listen(listener, 16), 0);
	must_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	stream_pair(pair);
	for (round = 0; round < 400; round++) {
		struct io_group group = IO_GROUP(group);

		for (i = 0; i < KINDS * 3; i++) {
			v[i] = (struct victim){ &group, { pair[0], pair[1] }, listener, at,
						round * 100 + i, i % KINDS, tally };
			must_equal(io_spawn(&group, victim, &v[i], NULL), 0);
		}
		/* From nothing at all to a few turns of the loop. */
		if (rand_r(&seed) % 4 == 0)
			io_yield();
		else
			io_sleep_until(io_now() + rand_r(&seed) % 2000000);
		io_group_end(&group);
		must_equal(group.bad, KINDS * 3);
	}
	must(tally[0] > 1000);
	must(tally[1] > 8000);
	close(pair[0]);
	close(pair[1]);
	close(listener);
	return 0;
}

static void every_call_is_cancelled_at_any_moment(void **state)
{
	assert_int_equal(on_loop(state, massacre, NULL), 0);
}

/* More cancellations at once than the submission queue has entries. */
#define CROWD	600u

static int wait_for_ever(void *arg)
{
	return io_wait_readable(*(int *)arg, 0);
}

static int at_once(void *arg)
{
	unsigned int i, round;
	int fd[2];

	(void)arg;
	stream_pair(fd);
	for (round = 0; round < 5; round++) {
		struct io_group group = IO_GROUP(group);

		for (i = 0; i < CROWD; i++)
			must_equal(io_spawn(&group, wait_for_ever, &fd[0], NULL), 0);
		io_yield();
		if (round % 2)
			io_sleep_until(io_after_ms(1));
		io_group_end(&group);
		must_equal(group.error, -ECANCELED);
		must_equal(group.bad, CROWD);
	}
	close(fd[0]);
	close(fd[1]);
	return 0;
}

static void hundreds_are_cancelled_at_once(void **state)
{
	assert_int_equal(on_loop(state, at_once, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(no_byte_is_lost),
		ON_BOTH(every_call_is_cancelled_at_any_moment),
		ON_BOTH(hundreds_are_cancelled_at_once),
	};

	return cmocka_run_group_tests_name("io cancel", tests, NULL, NULL);
}
