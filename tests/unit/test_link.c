// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls between roles: peers that die, lie, say too much or do not listen, and those that do. */
#include <fcntl.h>

#include <asm/byteorder.h>

#include "io_util.h"
#include "../../user/skyd/link.h"

#define ME	3u
#define SOON	io_after_ms(20000)

enum { ECHO = 1, SLEEP, PASS, REFUSED, COMMIT };

struct sample {
	u64 number;
	struct rpc_bytes bytes;
};

static const struct rpc_field sample_fields[] = {
	RPC_FIELD(RPC_VARINT64, struct sample, number),
	RPC_BYTES(struct sample, bytes, 100000),
};

static const struct rpc_schema sample_schema =
	RPC_SCHEMA("sample", struct sample, sample_fields);

static unsigned int running, most, stopped, told, told_done;

static int echo(struct link_request *r, const void *ask, void *give)
{
	(void)r;
	*(struct sample *)give = *(const struct sample *)ask;
	return 0;
}

/* Sleeps for so many milliseconds, and counts how many do. */
static int sleeps(struct link_request *r, const void *ask, void *give)
{
	const struct sample *s = ask;
	int rc;

	running++;
	most = running > most ? running : most;
	rc = io_sleep_until(io_after_ms(s->number % 100000));
	running--;
	stopped += rc == -ECANCELED;
	return rc ? rc : echo(r, ask, give);
}

/* Writes into the descriptor that came, and sends it back. */
static int pass(struct link_request *r, const void *ask, void *give)
{
	if (r->fd < 0)
		return -EBADF;
	must_equal(write(r->fd, "x", 1), 1);
	r->give_fd = r->fd;
	r->fd = -1;
	return echo(r, ask, give);
}

/* What takes longer than the caller has, and is done all the same. */
static int commits(struct link_request *r, const void *ask, void *give)
{
	const struct sample *s = ask;
	int rc;

	running++;
	io_shield();
	rc = io_sleep_until(io_after_ms(s->number));
	io_unshield();
	running--;
	return rc ? rc : echo(r, ask, give);
}

static void tell(struct link_request *r, const struct link_operation *op, const void *ask,
		 int status)
{
	(void)r;
	(void)op;
	(void)ask;
	told++;
	told_done += !status;
}

static const struct link_operation operations[] = {
	{ ECHO, "echo", &sample_schema, &sample_schema, 0, 1u << ME, echo },
	{ SLEEP, "sleep", &sample_schema, &sample_schema, 0, 1u << ME, sleeps },
	{ PASS, "pass", &sample_schema, &sample_schema, 0, 1u << ME, pass },
	{ REFUSED, "refused", &sample_schema, &sample_schema, 0, 1u << 4, echo },
	{ COMMIT, "commit", &sample_schema, &sample_schema, 0, 1u << ME, commits },
};

struct end {
	struct io_stream stream;
	struct link_options options;
	int result;
};

static int serve(void *arg)
{
	struct end *end = arg;
	const struct link_service service = {
		.operation = operations, .operations = ARRAY_SIZE(operations), .peer = ME,
		.told = tell, .options = end->options,
	};

	end->result = link_serve(&service, &end->stream);
	io_stream_close(&end->stream);
	return 0;
}

static void start(struct io_group *group, struct end *end, int fd)
{
	io_stream_socket(&end->stream, fd);
	must_equal(io_spawn(group, serve, end, NULL), 0);
}

static int ask(struct link *link, u16 operation, u64 number, int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct sample question = { number, { "some bytes", 10 } }, reply = { 0 };
	const struct link_call call = {
		operation, &sample_schema, &question, -1, &sample_schema, &reply, 0,
	};
	int rc = link_do(link, &call, &answer, deadline);

	if (!rc) {
		must_equal(reply.number, number);
		must_equal(reply.bytes.len, 10);
		must(!memcmp(reply.bytes.data, "some bytes", 10));
	}
	return rc;
}

/* A link and its server in one loop. */
struct both {
	struct io_group group;
	struct link *link;
	struct end end;
};

static void begin(struct both *b, struct link_options options)
{
	int fd[2];

	memset(b, 0, sizeof(*b));
	io_group_init(&b->group);
	b->end.options = options;
	stream_pair(fd);
	start(&b->group, &b->end, fd[0]);
	must_equal(link_open(&b->link, &options, &b->group), 0);
	link_attach(b->link, fd[1]);
	running = 0;
	most = 0;
	stopped = 0;
	told = 0;
	told_done = 0;
}

static void finish(struct both *b, int result)
{
	link_close(b->link);
	must_equal(io_group_drain(&b->group, SOON), 0);
	must_equal(b->end.result, result);
}

/* --- calls ----------------------------------------------------------------------- */

struct one {
	struct link *link;
	u64 number;
	u16 operation;
	int64_t deadline;
	int result;
};

static int ask_one(void *arg)
{
	struct one *one = arg;

	one->result = ask(one->link, one->operation, one->number, one->deadline);
	return 0;
}

#define MANY	300u

static int many(void *arg)
{
	static struct one one[MANY];
	struct io_group group = IO_GROUP(group);
	struct both b;
	u32 i;

	(void)arg;
	begin(&b, (struct link_options){ .calls = 40 });
	for (i = 0; i < MANY; i++) {
		/* The first to ask is the last to be answered. */
		one[i] = (struct one){ b.link, (MANY - i) % 40, i % 2 ? SLEEP : ECHO, SOON, 1 };
		must_equal(io_spawn(&group, ask_one, &one[i], NULL), 0);
	}
	must_equal(io_group_wait_all(&group, SOON), 0);
	for (i = 0; i < MANY; i++)
		must_equal(one[i].result, 0);
	must_equal(told, MANY);
	finish(&b, 0);
	return 0;
}

static void test_many(void **state)
{
	assert_int_equal(on_loop(state, many, NULL), 0);
}

/* The server bounds what is under way, whatever the caller would like. */
static int bounded(void *arg)
{
	static struct one one[100];
	struct io_group group = IO_GROUP(group);
	struct both b;
	u32 i;

	(void)arg;
	memset(&b, 0, sizeof(b));
	begin(&b, (struct link_options){ .calls = 5 });
	/* A caller that would like more. */
	link_close(b.link);
	must_equal(io_group_drain(&b.group, SOON), 0);
	{
		struct link_options greedy = { .calls = 100 };
		int fd[2];

		stream_pair(fd);
		start(&b.group, &b.end, fd[0]);
		must_equal(link_open(&b.link, &greedy, &b.group), 0);
		link_attach(b.link, fd[1]);
	}
	for (i = 0; i < 100; i++) {
		one[i] = (struct one){ b.link, 2, SLEEP, SOON, 1 };
		must_equal(io_spawn(&group, ask_one, &one[i], NULL), 0);
	}
	must_equal(io_group_wait_all(&group, SOON), 0);
	must_equal(most, 5);
	finish(&b, 0);
	return 0;
}

static void test_bounded(void **state)
{
	assert_int_equal(on_loop(state, bounded, NULL), 0);
}

static int deadlines(void *arg)
{
	struct io_task *task = NULL;
	struct one one;
	struct both b;

	(void)arg;
	begin(&b, (struct link_options){ 0 });
	must_equal(ask(b.link, SLEEP, 60000, io_after_ms(20)), -ETIMEDOUT);
	while (running)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(stopped, 1);
	/* The link is as good as before. */
	must_equal(ask(b.link, ECHO, 5, SOON), 0);

	one = (struct one){ b.link, 60000, SLEEP, 0, 1 };
	must_equal(io_spawn(&b.group, ask_one, &one, &task), 0);
	while (!running)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	io_cancel(task);
	while (running || task)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(one.result, -ECANCELED);
	must_equal(stopped, 2);
	must_equal(ask(b.link, ECHO, 6, SOON), 0);
	finish(&b, 0);
	return 0;
}

static void test_deadlines(void **state)
{
	assert_int_equal(on_loop(state, deadlines, NULL), 0);
}

/* Whoever is told what was done hears of it, also when the caller has gone meanwhile. */
static int late(void *arg)
{
	struct io_task *task = NULL;
	struct one one;
	struct both b;

	(void)arg;
	begin(&b, (struct link_options){ 0 });
	must_equal(ask(b.link, SLEEP, 60000, io_after_ms(20)), -ETIMEDOUT);
	must_equal(ask(b.link, COMMIT, 100, io_after_ms(20)), -ETIMEDOUT);
	while (told < 2)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(told_done, 1);
	/* The same of one that is called off. */
	one = (struct one){ b.link, 50, COMMIT, SOON, 1 };
	must_equal(io_spawn(&b.group, ask_one, &one, &task), 0);
	while (!running)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	io_cancel(task);
	while (told < 3)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(told_done, 2);
	must_equal(ask(b.link, ECHO, 5, SOON), 0);
	finish(&b, 0);
	return 0;
}

static void test_late(void **state)
{
	assert_int_equal(on_loop(state, late, NULL), 0);
}

static int refusals(void *arg)
{
	struct both b;

	(void)arg;
	begin(&b, (struct link_options){ 0 });
	must_equal(ask(b.link, REFUSED, 1, SOON), -EACCES);
	must_equal(ask(b.link, 99, 1, SOON), -EOPNOTSUPP);
	must_equal(ask(b.link, PASS, 1, SOON), -EBADF);
	must_equal(ask(b.link, ECHO, 1, SOON), 0);
	finish(&b, 0);
	return 0;
}

static void test_refusals(void **state)
{
	assert_int_equal(on_loop(state, refusals, NULL), 0);
}

/* The peer dies in the middle of a call; a new one is attached. */
static int reconnects(void *arg)
{
	struct end second = { .result = 1 };
	struct one one;
	struct both b;
	int fd[2];

	(void)arg;
	begin(&b, (struct link_options){ 0 });
	one = (struct one){ b.link, 60000, SLEEP, SOON, 1 };
	must_equal(io_spawn(&b.group, ask_one, &one, NULL), 0);
	while (!running)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(io_shutdown(b.end.stream.fd, SHUT_RDWR), 0);
	while (one.result == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(one.result, -ECONNRESET);
	must(!link_attached(b.link));
	must_equal(ask(b.link, ECHO, 1, io_after_ms(20)), -ETIMEDOUT);

	/* Who asks meanwhile waits, and is answered by the new one. */
	one = (struct one){ b.link, 7, ECHO, SOON, 1 };
	must_equal(io_spawn(&b.group, ask_one, &one, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(5)), 0);
	must_equal(one.result, 1);
	stream_pair(fd);
	start(&b.group, &second, fd[0]);
	link_attach(b.link, fd[1]);
	while (one.result == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(one.result, 0);
	must_equal(stopped, 1);
	finish(&b, 0);
	return 0;
}

static void test_reconnects(void **state)
{
	assert_int_equal(on_loop(state, reconnects, NULL), 0);
}

/* A stream is exchanged while calls are under way on it: they are answered all the same. */
static int exchanges(void *arg)
{
	struct end second = { .result = 1 };
	struct one one;
	struct both b;
	int fd[2];

	(void)arg;
	begin(&b, (struct link_options){ 0 });
	one = (struct one){ b.link, 50, SLEEP, SOON, 1 };
	must_equal(io_spawn(&b.group, ask_one, &one, NULL), 0);
	while (!running)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	stream_pair(fd);
	start(&b.group, &second, fd[0]);
	b.end.result = 1;
	link_attach(b.link, fd[1]);
	must_equal(ask(b.link, ECHO, 1, SOON), 0);
	must_equal(one.result, 1);
	while (one.result == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(one.result, 0);
	/* The first server is let go, the second is not. */
	while (b.end.result == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(second.result, 1);
	finish(&b, 0);
	return 0;
}

static void test_exchanges(void **state)
{
	assert_int_equal(on_loop(state, exchanges, NULL), 0);
}

static int descriptors(void *arg)
{
	struct both b;
	u32 i;

	(void)arg;
	begin(&b, (struct link_options){ .descriptors = true });
	for (i = 0; i < 100; i++) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		struct sample question = { i, { "y", 1 } }, reply;
		int pipes[2];
		struct link_call call = {
			PASS, &sample_schema, &question, -1, &sample_schema, &reply, 0,
		};
		char got[2];

		must_equal(pipe2(pipes, O_CLOEXEC), 0);
		call.fd = pipes[1];
		must_equal(link_do(b.link, &call, &answer, SOON), 0);
		must(answer.fd >= 0);
		must(fcntl(answer.fd, F_GETFD) & FD_CLOEXEC);
		must_equal(write(answer.fd, "z", 1), 1);
		must_equal(read(pipes[0], got, 2), 2);
		must(!memcmp(got, "xz", 2));
		close(pipes[0]);
		close(pipes[1]);
	}
	finish(&b, 0);
	return 0;
}

static void test_descriptors(void **state)
{
	assert_int_equal(on_loop(state, descriptors, NULL), 0);
}

/* --- hostile callers --------------------------------------------------------------- */

struct raw {
	const char *why;
	u32 length;		/* as the frame says */
	u16 operation;
	s16 status;
	u32 follows;		/* bytes that come */
	int result;
};

static const struct raw raws[] = {
	{ "shorter than a frame", 11, ECHO, 0, 0, -EPROTO },
	{ "longer than may be", 2u << 20, ECHO, 0, 0, -EPROTO },
	{ "no time to wait", 12, ECHO, 0, 0, -EPROTO },
	{ "an answer", 16, LINK_ANSWER | ECHO, 0, 4, -EPROTO },
	{ "a status", 16, ECHO, -5, 4, -EPROTO },
	{ "a descriptor that did not come", 16, LINK_FD | ECHO, 0, 4, -EPROTO },
	{ "an end in the body", 100, ECHO, 0, 50, -EPROTO },
	{ "a cancellation with a body", 14, LINK_CANCEL, 0, 2, -EPROTO },
	{ "a cancellation of nothing", 12, LINK_CANCEL, 0, 0, 0 },
	{ "a body that is none", 20, ECHO, 0, 8, 0 },
};

static void send_raw(int fd, const struct raw *r, u64 id)
{
	u8 bytes[RPC_FRAME_BYTES + 200] = { 0 };
	__le32 length = cpu_to_le32(r->length);
	__le16 operation = cpu_to_le16(r->operation), status = cpu_to_le16(r->status);
	__le64 le_id = cpu_to_le64(id);

	memcpy(bytes, &length, 4);
	memcpy(bytes + 4, &operation, 2);
	memcpy(bytes + 6, &status, 2);
	memcpy(bytes + 8, &le_id, 8);
	memset(bytes + RPC_FRAME_BYTES + 4, 0xee, 190);
	must_equal(io_send(fd, bytes, RPC_FRAME_BYTES + r->follows, 0, SOON), 0);
}

static int hostile_callers(void *arg)
{
	struct io_group group = IO_GROUP(group);
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		struct end end = { .result = 1, .options.descriptors = true };
		int fd[2];

		stream_pair(fd);
		start(&group, &end, fd[0]);
		send_raw(fd[1], &raws[i], i);
		must_equal(io_shutdown(fd[1], SHUT_WR), 0);
		must_equal(io_group_drain(&group, SOON), 0);
		if (end.result != raws[i].result)
			printf("# %s\n", raws[i].why);
		must_equal(end.result, raws[i].result);
		io_close(fd[1]);
	}
	return 0;
}

static void test_hostile_callers(void **state)
{
	assert_int_equal(on_loop(state, hostile_callers, NULL), 0);
}

/* Bytes at random, some of which are nearly right, in pieces at random. */
static int random_bytes_in(void *arg)
{
	struct io_group group = IO_GROUP(group);
	u32 i, j, seed = 1;

	(void)arg;
	for (i = 0; i < 1500; i++) {
		struct end end = { .result = 1 };
		u8 bytes[300];
		int fd[2];

		for (j = 0; j < sizeof(bytes); j++) {
			seed = seed * 1664525 + 1013904223;
			bytes[j] = seed >> 24;
		}
		for (j = 0; i % 3 && j + 40 <= sizeof(bytes); j += 32 + i % 9) {
			memset(bytes + j, 0, RPC_FRAME_BYTES + 4);
			bytes[j] = 28 + i % 9;
			bytes[j + 4] = 1 + i % 4;
			bytes[j + 8] = j;
			bytes[j + 16] = 10;
		}
		stream_pair(fd);
		start(&group, &end, fd[0]);
		must_equal(io_send(fd[1], bytes, i % 300, 0, SOON), 0);
		io_yield();
		must_equal(io_send(fd[1], bytes + i % 300, 300 - i % 300, 0, SOON) <= 0, 1);
		io_close(fd[1]);
		must_equal(io_group_drain(&group, SOON), 0);
		must(end.result <= 0);
	}
	return 0;
}

static void test_random(void **state)
{
	assert_int_equal(on_loop(state, random_bytes_in, NULL), 0);
}

/* Asks for much and takes no answer: the server gives up, and does not wait for ever. */
static int deaf(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct end end = { .result = 1, .options = { .send_ms = 50, .calls = 4 } };
	static u8 big[60000];
	struct sample sample = { 1, { big, sizeof(big) } };
	static u8 frame[70000];
	int fd[2], len, i, rc = 0;

	(void)arg;
	stream_pair(fd);
	start(&group, &end, fd[0]);
	for (i = 0; !rc && i < 200; i++) {
		struct rpc_frame head = { .operation = ECHO, .id = i };

		len = rpc_encode(&sample_schema, &sample, frame + 20, sizeof(frame) - 20);
		must(len > 0);
		head.body = len + 4;
		rpc_frame_encode(frame, &head);
		rc = io_send(fd[1], frame, len + 20, 0, SOON);
	}
	must(rc == -EPIPE || rc == -ECONNRESET);
	must_equal(io_group_drain(&group, SOON), 0);
	must(end.result < 0);
	io_close(fd[1]);
	return 0;
}

static void test_deaf(void **state)
{
	assert_int_equal(on_loop(state, deaf, NULL), 0);
}

/* --- hostile servers --------------------------------------------------------------- */

static const struct raw answers[] = {
	{ "a question", 12, ECHO, 0, 0, -ECONNRESET },
	{ "an answer to nothing", 12, LINK_ANSWER | ECHO, -5, 1, -ECONNRESET },
	{ "an error with a body", 14, LINK_ANSWER | ECHO, -5, 2, -ECONNRESET },
	{ "half an answer", 40, LINK_ANSWER | ECHO, 0, 4, -ECONNRESET },
	{ "a body that is none", 20, LINK_ANSWER | ECHO, 0, 8, -EBADMSG },
	{ "an error", 12, LINK_ANSWER | ECHO, -17, 0, -17 },
};

static int hostile_servers(void *arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct io_group group = IO_GROUP(group);
		struct link *link;
		struct one one;
		u8 question[64];
		u64 id;
		int fd[2];

		stream_pair(fd);
		must_equal(link_open(&link, NULL, &group), 0);
		link_attach(link, fd[1]);
		one = (struct one){ link, 1, ECHO, SOON, 1 };
		must_equal(io_spawn(&group, ask_one, &one, NULL), 0);
		must(io_recv(fd[0], question, sizeof(question), 0, SOON) > 16);
		memcpy(&id, question + 8, 8);
		/* The second is to a call that nobody has made. */
		send_raw(fd[0], &answers[i], i == 1 ? id + 1 : id);
		must_equal(io_shutdown(fd[0], SHUT_WR), 0);
		while (one.result == 1)
			must_equal(io_sleep_until(io_after_ms(1)), 0);
		if (one.result != answers[i].result)
			printf("# %s\n", answers[i].why);
		must_equal(one.result, answers[i].result);
		link_close(link);
		must_equal(io_group_drain(&group, SOON), 0);
		io_close(fd[0]);
	}
	return 0;
}

static void test_hostile_servers(void **state)
{
	assert_int_equal(on_loop(state, hostile_servers, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_many),
		ON_BOTH(test_bounded),
		ON_BOTH(test_deadlines),
		ON_BOTH(test_late),
		ON_BOTH(test_refusals),
		ON_BOTH(test_reconnects),
		ON_BOTH(test_exchanges),
		ON_BOTH(test_descriptors),
		ON_BOTH(test_hostile_callers),
		ON_BOTH(test_random),
		ON_BOTH(test_deaf),
		ON_BOTH(test_hostile_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
