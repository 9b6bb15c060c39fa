// SPDX-License-Identifier: GPL-2.0-or-later
/* One connection of a server: what it answers, to whom it listens, and how it ends. */
#include "http_util.h"

#define HOST	"Host: x\r\n"
#define OK(len)	"HTTP/1.1 200 OK\r\nContent-Length: " #len "\r\n"
#define HELLO	OK(6) "\r\nhello\n"

/* --- a conversation: all that is sent, and all that comes back but for dates ------------------ */

enum way { AT_ONCE, BY_BYTES, WAYS };

struct talk {
	struct http_server server;
	struct seen seen;
	int fd[2];
	int rc;			/* of http_serve() */
	bool idle;
};

static int serve_talk(void *arg)
{
	struct talk *t = arg;
	struct io_stream stream;

	io_stream_socket(&stream, t->fd[1]);
	t->rc = http_serve(&t->server, &stream, &t->idle);
	io_stream_close(&stream);
	return 0;
}

static void drop_dates(char *text)
{
	char *at, *end;

	while ((at = strstr(text, "Date: "))) {
		end = strstr(at, "\r\n") + 2;
		memmove(at, end, strlen(end) + 1);
	}
}

static void say(int fd, const char *text, enum way way)
{
	size_t len = strlen(text), i;

	if (way == AT_ONCE) {
		io_send(fd, text, len, 0, LONG_TIME);
		return;
	}
	for (i = 0; i < len; i++) {
		if (io_send(fd, text + i, 1, 0, LONG_TIME))
			return;
		io_yield();
	}
}

static ssize_t hear(int fd, char *buf, size_t size)
{
	ssize_t n = io_recv(fd, buf, size - 1, MSG_WAITALL, LONG_TIME);

	buf[n > 0 ? n : 0] = 0;
	drop_dates(buf);
	return n;
}

static void begin(struct talk *t, struct io_group *group)
{
	*t = (struct talk){ .server = SERVER(&t->seen) };
	tcp_pair(t->fd);
	must_equal(io_spawn(group, serve_talk, t, NULL), 0);
}

/* Both limits and group are there already. */
static void converse(struct talk *t, struct io_group *group, const char *in, enum way way,
		     char *out, size_t size)
{
	begin(t, group);
	say(t->fd[0], in, way);
	io_shutdown(t->fd[0], SHUT_WR);
	hear(t->fd[0], out, size);
	must_equal(io_group_drain(group, LONG_TIME), 0);
	io_close(t->fd[0]);
}

static const struct {
	const char *in, *out;
	int served;
} talks[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", HELLO, 1 },
	{ "\r\nGET / HTTP/1.1\r\n" HOST "\r\nGET /known HTTP/1.1\r\n" HOST "\r\n",
	  HELLO OK(6) "\r\nabcdef", 2 },
	{ "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
	  OK(6) "Connection: close\r\n\r\nhello\n", 1 },
	{ "GET / HTTP/1.0\r\n\r\n", OK(6) "Connection: close\r\n\r\nhello\n", 1 },
	{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
	  OK(6) "Connection: keep-alive\r\n\r\nhello\n" OK(6) "Connection: close\r\n\r\nhello\n", 2 },
	/* Bodies that there are none of. */
	{ "HEAD / HTTP/1.1\r\n" HOST "\r\nHEAD /chunked HTTP/1.1\r\n" HOST "\r\n",
	  OK(6) "\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 2 },
	{ "GET /204 HTTP/1.1\r\n" HOST "\r\nGET /304 HTTP/1.1\r\n" HOST "\r\n",
	  "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n", 2 },
	/* In pieces. */
	{ "GET /chunked HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
	  HELLO, 2 },
	{ "GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef", 1 },
	/* Bodies of requests, read and left. */
	{ "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345GET / HTTP/1.1\r\n" HOST "\r\n",
	  OK(5) "\r\n12345" HELLO, 2 },
	{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345GET / HTTP/1.1\r\n" HOST "\r\n",
	  HELLO HELLO, 2 },
	{ "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	  "2;a=b\r\n12\r\n1\r\n3\r\n0\r\nX-Sum: 7\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
	  OK(3) "\r\n123" HELLO, 2 },
	{ "PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	  "2\r\n12\r\n1\r\n3\r\n0\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", HELLO HELLO, 2 },
	{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\n12345",
	  OK(6) "Connection: close\r\n\r\nhello\n", 1 },
	/* A client that waits for the word, and gets an answer instead. */
	{ "PUT / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	  OK(6) "Connection: close\r\n\r\nhello\n", 1 },
	/* There is nothing to wait with: it gets both, and may go on. */
	{ "PUT /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"
	  "GET / HTTP/1.1\r\n" HOST "\r\n",
	  "HTTP/1.1 100 Continue\r\n\r\n" OK(0) "\r\n" HELLO, 2 },
	/* Handlers that fail. */
	{ "GET /fail HTTP/1.1\r\n" HOST "\r\n",
	  "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 31\r\n"
	  "Connection: close\r\n\r\nthe request could not be served", 1 },
	{ "GET /none HTTP/1.1\r\n" HOST "\r\n",
	  "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 19\r\n"
	  "Connection: close\r\n\r\nnobody has answered", 1 },
	/* Nothing, and half of something. */
	{ "", "", 0 },
	{ "GET / HTTP/1.1\r\nHost", "", 0 },
	{ "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n1234", "", 1 },
};

#define TALKS	(sizeof(talks) / sizeof(talks[0]))

static int talk_all(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct talk t;
	char out[4096];
	unsigned int i, way;

	(void)arg;
	for (way = 0; way < WAYS; way++) {
		for (i = 0; i < TALKS; i++) {
			converse(&t, &group, talks[i].in, way, out, sizeof(out));
			if (strcmp(out, talks[i].out) || t.rc != talks[i].served)
				printf("# talk %u, way %u: %d, %s\n", i, way, t.rc, out);
			must(!strcmp(out, talks[i].out));
			must_equal(t.rc, talks[i].served);
		}
	}
	return 0;
}

static void conversations(void **state)
{
	assert_int_equal(on_loop(state, talk_all, NULL), 0);
}

/* --- smuggling: two readers could see two requests where there is one ------------------------- */

static const char *const smuggled[] = {
	"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345",
	"POST /echo HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n12345",
	"POST /echo HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n12345",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding:\x0b" "chunked\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST HOST "\r\n",
	"GET / HTTP/1.1\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\n12345\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x5\r\n12345\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\n123456\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\n12345",
};

static int smuggle(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char in[1024], out[4096];
	unsigned int i, way;
	struct talk t;

	(void)arg;
	for (way = 0; way < WAYS; way++) {
		for (i = 0; i < sizeof(smuggled) / sizeof(smuggled[0]); i++) {
			snprintf(in, sizeof(in), "%sGET / HTTP/1.1\r\n" HOST "\r\n", smuggled[i]);
			converse(&t, &group, in, way, out, sizeof(out));
			must(!strncmp(out, "HTTP/1.1 400", 12) ||
			     !strncmp(out, "HTTP/1.1 501", 12));
			must(strstr(out, "Connection: close"));
			must(!strstr(out, "hello"));
			must(t.seen.requests <= 1);
		}
	}
	return 0;
}

static void nothing_is_smuggled(void **state)
{
	assert_int_equal(on_loop(state, smuggle, NULL), 0);
}

/* --- limits ----------------------------------------------------------------------------------- */

static int limits(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char in[8192], out[4096];
	struct talk t;

	(void)arg;
	/* A head that is longer than is wanted here, though the parser would take it. */
	snprintf(in, sizeof(in), "GET / HTTP/1.1\r\n" HOST "X: %03000d\r\n\r\n", 0);
	converse(&t, &group, in, AT_ONCE, out, sizeof(out));
	must(!strncmp(out, "HTTP/1.1 431", 12));
	must_equal(t.seen.requests, 0);

	/* The last request of a connection says so. */
	begin(&t, &group);
	t.server.limits.requests = 2;
	say(t.fd[0], "GET / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST
	    "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", AT_ONCE);
	hear(t.fd[0], out, sizeof(out));
	must(!strcmp(out, HELLO OK(6) "Connection: close\r\n\r\nhello\n"));
	io_close(t.fd[0]);
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	return 0;
}

static void heads_and_requests_are_limited(void **state)
{
	assert_int_equal(on_loop(state, limits, NULL), 0);
}

/* Peers that stop: in a head, between requests, in a body; and one that is just too slow. */
static int stopping(void *arg)
{
	static const struct {
		const char *say, *hear;
	} stops[] = {
		{ "GET / HT", "HTTP/1.1 408 Request Timeout\r\n" },
		{ "", "" },
		{ "PUT /count HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n1",
		  "HTTP/1.1 408 Request Timeout\r\n" },
	};
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char out[4096];
	struct talk t;
	unsigned int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		begin(&t, &group);
		t.server.limits.head = 30000000;
		t.server.limits.grace = 30000000;
		say(t.fd[0], stops[i].say, AT_ONCE);
		hear(t.fd[0], out, sizeof(out));
		must(!strncmp(out, stops[i].hear, strlen(stops[i].hear)));
		io_close(t.fd[0]);
		must_equal(io_group_drain(&group, LONG_TIME), 0);
	}
	begin(&t, &group);
	t.server.limits.rate = 1000000;
	t.server.limits.grace = 20000000;
	say(t.fd[0], "PUT /count HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n", AT_ONCE);
	for (i = 0; i < 1000 && !io_send(t.fd[0], "x", 1, 0, 0); i++)
		if (io_sleep_until(io_after_ms(1)) || t.seen.error)
			break;
	must_equal(t.seen.error, -ETIMEDOUT);
	must(t.seen.bytes < 1000);
	hear(t.fd[0], out, sizeof(out));
	must(!strncmp(out, "HTTP/1.1 408", 12));
	io_close(t.fd[0]);
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	return 0;
}

static void who_stops_is_not_waited_for(void **state)
{
	assert_int_equal(on_loop(state, stopping, NULL), 0);
}

/* The word to go on comes when the handler wants the body, and then only. */
static int expecting(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char out[4096];
	struct talk t;

	(void)arg;
	begin(&t, &group);
	say(t.fd[0], "PUT /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	    AT_ONCE);
	must_equal(io_recv(t.fd[0], out, 25, MSG_WAITALL, LONG_TIME), 25);
	must(!memcmp(out, "HTTP/1.1 100 Continue\r\n\r\n", 25));
	say(t.fd[0], "12345", AT_ONCE);
	io_shutdown(t.fd[0], SHUT_WR);
	hear(t.fd[0], out, sizeof(out));
	must(!strcmp(out, OK(5) "\r\n12345"));
	io_close(t.fd[0]);
	must_equal(io_group_drain(&group, LONG_TIME), 0);

	/* Trailers come to the handler. */
	converse(&t, &group, "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		 "0\r\nX-Sum: 7\r\n\r\n", AT_ONCE, out, sizeof(out));
	must(!strcmp(t.seen.trailer, "7"));
	return 0;
}

static void the_word_to_go_on(void **state)
{
	assert_int_equal(on_loop(state, expecting, NULL), 0);
}

/* Half a reply is never taken for a whole one: with less or more than announced, a reset. */
static int broken(void *arg)
{
	static const char *const path[] = { "/short", "/over" };
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char in[128], out[4096];
	struct talk t;
	ssize_t n;
	int i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		begin(&t, &group);
		snprintf(in, sizeof(in), "GET %s HTTP/1.1\r\n" HOST "\r\n", path[i]);
		say(t.fd[0], in, AT_ONCE);
		do {
			n = io_recv(t.fd[0], out, sizeof(out), 0, LONG_TIME);
		} while (n > 0);
		must_equal(n, -ECONNRESET);
		io_close(t.fd[0]);
		must_equal(io_group_drain(&group, LONG_TIME), 0);
	}
	return 0;
}

static void half_a_reply_is_reset(void **state)
{
	assert_int_equal(on_loop(state, broken, NULL), 0);
}

/* Who never reads has some megabytes in the kernel's buffers at most, and not for long. */
static int never_reads(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct talk t;

	(void)arg;
	begin(&t, &group);
	t.server.limits.rate = 100000000;
	t.server.limits.grace = 50000000;
	say(t.fd[0], "GET /endless HTTP/1.1\r\n" HOST "\r\n", AT_ONCE);
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	must_equal(t.seen.error, -ETIMEDOUT);
	must(t.seen.most < 64u << 20);
	io_close(t.fd[0]);

	/* Who resets in the middle does not harm either. */
	begin(&t, &group);
	say(t.fd[0], "GET /endless HTTP/1.1\r\n" HOST "\r\n", AT_ONCE);
	io_sleep_until(io_after_ms(5));
	io_close(t.fd[0]);
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	must(t.seen.error == -ECONNRESET || t.seen.error == -EPIPE);
	return 0;
}

static void clients_that_never_read(void **state)
{
	assert_int_equal(on_loop(state, never_reads, NULL), 0);
}

/* A server that stops: who is idle is let go by the next request at the latest. */
static int stops(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	char out[4096];
	struct talk t;

	(void)arg;
	begin(&t, &group);
	say(t.fd[0], "GET / HTTP/1.1\r\n" HOST "\r\n", AT_ONCE);
	must(io_recv(t.fd[0], out, sizeof(out), 0, LONG_TIME) > 0);
	io_yield();
	must(t.idle);
	http_server_stop(&t.server, 0);
	say(t.fd[0], "GET / HTTP/1.1\r\n" HOST "\r\n", AT_ONCE);
	hear(t.fd[0], out, sizeof(out));
	must(!strcmp(out, OK(6) "Connection: close\r\n\r\nhello\n"));
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	must_equal(t.rc, 2);
	io_close(t.fd[0]);
	return 0;
}

static void a_server_that_stops(void **state)
{
	assert_int_equal(on_loop(state, stops, NULL), 0);
}

#define MANY	10000u

static int many(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static const char in[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	char out[512];
	struct talk t;
	unsigned int i;

	(void)arg;
	begin(&t, &group);
	for (i = 0; i < MANY; i++) {
		must_equal(io_send(t.fd[0], in, sizeof(in) - 1, 0, LONG_TIME), 0);
		must(io_recv(t.fd[0], out, sizeof(out), 0, LONG_TIME) > 60);
	}
	io_close(t.fd[0]);
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	must_equal(t.rc, MANY);
	return 0;
}

static void ten_thousand_requests(void **state)
{
	assert_int_equal(on_loop(state, many, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(conversations),
		ON_BOTH(nothing_is_smuggled),
		ON_BOTH(heads_and_requests_are_limited),
		ON_BOTH(who_stops_is_not_waited_for),
		ON_BOTH(the_word_to_go_on),
		ON_BOTH(half_a_reply_is_reset),
		ON_BOTH(clients_that_never_read),
		ON_BOTH(a_server_that_stops),
		ON_BOTH(ten_thousand_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
