// SPDX-License-Identifier: GPL-2.0-or-later
/* A client beside servers that answer early, too much, too little, or not at all. */
#include "http/client.h"
#include "http/listen.h"
#include "http_util.h"

#define BODY	(8u << 20)

/* A server that says what it is told to, whatever it is asked. */
struct script {
	int listener;
	const char *const *say;		/* for each connection; NULL ends */
	bool slowly;			/* byte by byte */
	bool stay;			/* the connection stays open until the client's end */
	bool swallow;			/* reads all that follows */
	bool deaf;			/* reads nothing that follows, until @over */
	struct io_event over;
	struct sockaddr_in at;
	unsigned int heads;
	uint64_t bytes;			/* after heads */
};

/* Up to the end of the head: false at the end of the connection. */
static bool read_head(struct script *s, int fd)
{
	char last[4] = "";

	while (io_recv(fd, &last[3], 1, 0, LONG_TIME) == 1) {
		if (!memcmp(last, "\r\n\r\n", 4)) {
			s->heads++;
			return true;
		}
		memmove(last, last + 1, 3);
	}
	return false;
}

static void answer(struct script *s, int fd, const char *text)
{
	size_t len = strlen(text), i, n = s->slowly ? 1 : len;

	for (i = 0; i < len; i += n) {
		if (io_send(fd, text + i, n, 0, LONG_TIME))
			return;
		if (s->slowly)
			io_yield();
	}
}

static int play(void *arg)
{
	struct script *s = arg;
	const char *const *say;
	static char buf[65536];
	ssize_t n;
	int fd;

	for (say = s->say; *say; say++) {
		fd = io_accept(s->listener, NULL, NULL, 0);
		if (fd < 0)
			return fd;
		if (read_head(s, fd))
			answer(s, fd, *say);
		if (s->deaf)
			io_event_wait(&s->over, LONG_TIME);
		else if (s->stay)
			read_head(s, fd);
		while (s->swallow && (n = io_recv(fd, buf, sizeof(buf), 0, LONG_TIME)) > 0)
			s->bytes += n;
		io_close(fd);
	}
	return 0;
}

static void origin_of(struct http_origin *o, const struct sockaddr_in *at)
{
	*o = (struct http_origin){ .host = "server.test", .most = 4, .most_kept = 4 };
	memcpy(&o->address, at, sizeof(*at));
	o->address_len = sizeof(*at);
	http_origin_init(o);
}

static struct http_call call_of(struct http_origin *o, const char *method, const char *target)
{
	return (struct http_call){
		.origin = o, .method = str_of(method), .target = str_of(target),
		.deadline = LONG_TIME,
	};
}

static void open_script(struct script *s, struct io_group *group, struct http_origin *o)
{
	io_event_init(&s->over);
	s->listener = listen_at(&s->at, 16);
	origin_of(o, &s->at);
	must_equal(io_spawn(group, play, s, NULL), 0);
}

static void close_script(struct script *s, struct io_group *group, struct http_origin *o)
{
	http_origin_close(o);
	io_event_set(&s->over);
	must_equal(io_group_drain(group, LONG_TIME), 0);
	io_close(s->listener);
}

/* --- answers -------------------------------------------------------------------------------- */

static const struct {
	const char *answer;
	int rc, status;
	const char *body;
	int end;		/* of the body: 0 or the error */
	int kept;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 200, "abc", 0, 1 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 0, 200, "abc",
	  0, 0 },
	{ "HTTP/1.1 204 No Content\r\n\r\n", 0, 204, "", 0, 1 },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 0,
	  200, "abc", 0, 1 },
	{ "HTTP/1.1 200 OK\r\n\r\nabc", 0, 200, "abc", 0, 0 },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 200, "abc", 0, 0 },
	{ "HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 200, "",
	  0, 1 },
	/* Too much: what would be taken for the next answer. */
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\nevil", 0, 200, "abc",
	  0, 0 },
	{ "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", 0, 204, "", 0, 0 },
	/* Too little, and lies. */
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 0, 200, "abc", -ECONNRESET, 0 },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", 0, 200, "abc",
	  -ECONNRESET, 0 },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 0, 200, "ab",
	  -EBADMSG, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
	  -EBADMSG, 0, "", 0, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
	  -EBADMSG, 0, "", 0, 0 },
	{ "HTTP/1.1 101 Switching\r\n\r\n", -EBADMSG, 0, "", 0, 0 },
	{ "SSH-2.0-OpenSSH\r\n", -EBADMSG, 0, "", 0, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Le", -ECONNRESET, 0, "", 0, 0 },
	{ "", -ECONNRESET, 0, "", 0, 0 },
};

/* The body, a few bytes at a time.  Return: what reading it came to. */
static int read_all(struct http_call *c, char *to, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while ((n = http_call_read(c, to + done, size - 1 - done)) > 0)
		done += n;
	to[done] = 0;
	return n;
}

static int answers_all(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct http_origin o;
	struct http_call c;
	char body[256];
	unsigned int i, way;
	int rc;

	(void)arg;
	for (way = 0; way < 2; way++) {
		for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
			const char *say[2] = { answers[i].answer };
			struct script s = { .say = say, .slowly = way };

			s.stay = answers[i].kept;
			open_script(&s, &group, &o);
			c = call_of(&o, "GET", "/");
			rc = http_call(&c);
			if (rc != answers[i].rc)
				printf("# answer %u\n", i);
			must_equal(rc, answers[i].rc);
			if (!rc) {
				must_equal(c.head.status, answers[i].status);
				must_equal(read_all(&c, body, sizeof(body)), answers[i].end);
				must(!strcmp(body, answers[i].body));
			}
			/* Slowly, what is too much may not be there yet. */
			http_call_end(&c);
			http_call_end(&c);
			if (!way)
				must_equal(o.kept_count, answers[i].kept);
			close_script(&s, &group, &o);
		}
	}
	return 0;
}

static void answers_of_all_kinds(void **state)
{
	assert_int_equal(on_loop(state, answers_all, NULL), 0);
}

/* --- connections that were kept ------------------------------------------------------------- */

#define EMPTY	"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static int once(struct http_origin *o, const char *method)
{
	struct http_call c = call_of(o, method, "/");
	int rc = http_call(&c);

	http_call_end(&c);
	return rc;
}

/*
 * The server ends the connection when it has the second head: GET is asked again on a new
 * connection, POST is not, for it may have been done.
 */
static int repeats(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static const char *const say[] = { EMPTY, EMPTY, NULL }, *const first[] = { EMPTY, NULL };
	struct script s = { .say = say, .stay = true };
	struct http_origin o;

	(void)arg;
	open_script(&s, &group, &o);
	must_equal(once(&o, "GET"), 0);
	must_equal(once(&o, "GET"), 0);
	must_equal(o.repeated, 1);
	must_equal(o.dialled, 2);
	must_equal(s.heads, 3);
	close_script(&s, &group, &o);

	s = (struct script){ .say = first, .stay = true };
	open_script(&s, &group, &o);
	must_equal(once(&o, "GET"), 0);
	must_equal(once(&o, "POST"), -ECONNRESET);
	must_equal(o.repeated, 0);
	close_script(&s, &group, &o);

	/* One that has ended before is seen, and nothing is sent on it. */
	s = (struct script){ .say = say };
	open_script(&s, &group, &o);
	must_equal(once(&o, "POST"), 0);
	io_sleep_until(io_after_ms(20));
	must_equal(once(&o, "POST"), 0);
	must_equal(o.repeated, 0);
	must_equal(o.dialled, 2);
	close_script(&s, &group, &o);
	return 0;
}

static void kept_connections_that_have_ended(void **state)
{
	assert_int_equal(on_loop(state, repeats, NULL), 0);
}

/* --- bodies ---------------------------------------------------------------------------------- */

#define NO	"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"

/* The server answers and reads no more: the client does not wait until it has sent all. */
static int early(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static const char *const say[] = { NO, NULL };
	struct iovec body = { calloc(1, BODY), BODY };
	struct http_origin o;
	struct http_call c;
	char text[16];
	int way, rc;

	(void)arg;
	for (way = 0; way < 3; way++) {
		struct script s = { .say = say, .deaf = way < 2, .swallow = way == 2 };

		open_script(&s, &group, &o);
		c = call_of(&o, "PUT", "/");
		c.streamed = way == 1;
		c.length = HTTP_BY_CHUNKS;
		c.body = &body;
		c.pieces = way != 1;
		c.expect = way == 2;
		rc = http_call(&c);
		while (!rc && way == 1)
			rc = http_call_write(&c, body.iov_base, 1 << 20);
		must_equal(rc, way == 1);
		must_equal(http_call_answer(&c), 0);
		must_equal(c.head.status, 403);
		must_equal(read_all(&c, text, sizeof(text)), 0);
		must(!strcmp(text, "no"));
		http_call_end(&c);
		must_equal(o.kept_count, 0);
		close_script(&s, &group, &o);
		must_equal(s.bytes, 0);
	}
	free(body.iov_base);
	return 0;
}

static void an_early_answer(void **state)
{
	assert_int_equal(on_loop(state, early, NULL), 0);
}

/* Nobody answers: the deadline holds, for the head, the body and a place in the queue. */
static int silent(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static const char *const say[] = { "", NULL };
	struct script s = { .say = say, .deaf = true };
	struct iovec body = { calloc(1, BODY), BODY };
	struct http_call c, second;
	struct http_origin o;

	(void)arg;
	open_script(&s, &group, &o);
	io_semaphore_init(&o.room, 1);
	c = call_of(&o, "PUT", "/");
	c.body = &body;
	c.pieces = 1;
	c.deadline = io_after_ms(50);
	must_equal(http_call(&c), -ETIMEDOUT);
	second = call_of(&o, "GET", "/");
	second.deadline = io_after_ms(20);
	must_equal(http_call(&second), -ETIMEDOUT);
	http_call_end(&second);
	http_call_end(&c);
	must_equal(o.room.free, 1);
	second = call_of(&o, "GET", "/ HTTP/1.1\r\nX: y");
	must_equal(http_call(&second), -EINVAL);
	http_call_end(&second);
	close_script(&s, &group, &o);
	free(body.iov_base);
	return 0;
}

static void who_never_answers(void **state)
{
	assert_int_equal(on_loop(state, silent, NULL), 0);
}

/* --- ends under TLS ------------------------------------------------------------------------- */

struct ending {
	struct tls_context *tls;
	int listener;
	bool is_signed;
};

static int end_so(void *arg)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\nabc";
	struct ending *e = arg;
	struct io_stream socket, *stream;
	char buf[512];

	io_stream_socket(&socket, io_accept(e->listener, NULL, NULL, LONG_TIME));
	must_equal(tls_accept(e->tls, &socket, LONG_TIME, &stream, NULL), 0);
	must(io_stream_recv(stream, buf, sizeof(buf), LONG_TIME) > 0);
	must_equal(io_stream_send(stream, text, sizeof(text) - 1, false, LONG_TIME), 0);
	must_equal(io_stream_shutdown(e->is_signed ? stream : &socket, LONG_TIME), 0);
	io_stream_close(stream);
	return 0;
}

/* A body that ends with its connection is whole only when the server has signed the end. */
static int truncated(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct tls_context *client = context_of(false, NULL, authority.cert_file);
	struct ending e = { .tls = context_of(true, &server_party, NULL) };
	struct sockaddr_in at;
	struct http_origin o;
	struct http_call c;
	char text[16];
	int way;

	(void)arg;
	e.listener = listen_at(&at, 4);
	for (way = 0; way < 2; way++) {
		e.is_signed = way;
		must_equal(io_spawn(&group, end_so, &e, NULL), 0);
		origin_of(&o, &at);
		o.tls = client;
		c = call_of(&o, "GET", "/");
		must_equal(http_call(&c), 0);
		must_equal(read_all(&c, text, sizeof(text)), way ? 0 : -ECONNRESET);
		must(!strcmp(text, "abc"));
		http_call_end(&c);
		must_equal(o.kept_count, 0);
		must_equal(io_group_drain(&group, LONG_TIME), 0);
		http_origin_close(&o);
	}
	io_close(e.listener);
	tls_context_close(e.tls);
	tls_context_close(client);
	return 0;
}

static void a_body_that_is_cut_off(void **state)
{
	assert_int_equal(on_loop(state, truncated, NULL), 0);
}

/* --- with our own server --------------------------------------------------------------------- */

#define CALLERS	20u
#define CALLS	50u

static int run_listen(void *arg)
{
	return http_listen_run(arg);
}

static int caller(void *arg)
{
	struct http_origin *o = arg;
	struct http_call c;
	char text[16];
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		c = call_of(o, "GET", i & 1 ? "/" : "/chunked");
		must_equal(http_call(&c), 0);
		must_equal(read_all(&c, text, sizeof(text)), 0);
		must(!strcmp(text, i & 1 ? "hello\n" : "abcdef"));
		http_call_end(&c);
	}
	return 0;
}

static void stream_up(struct http_origin *o, uint64_t length, bool expect)
{
	struct http_call c = call_of(o, "PUT", "/count");
	static char buf[100000];
	char text[16];
	unsigned int i;

	c.streamed = true;
	c.length = length;
	c.expect = expect;
	must_equal(http_call(&c), 0);
	for (i = 0; i < 50; i++)
		must_equal(http_call_write(&c, buf, sizeof(buf)), 0);
	if (length != HTTP_BY_CHUNKS)
		must_equal(http_call_write(&c, buf, 1), -EMSGSIZE);
	must_equal(http_call_answer(&c), 0);
	must_equal(read_all(&c, text, sizeof(text)), 0);
	must(!strcmp(text, "ok"));
	http_call_end(&c);
}

static void read_bulk(struct http_origin *o)
{
	struct http_call c = call_of(o, "GET", "/bulk");
	char *to = malloc(BULK + 1);

	c.rate = 1000;
	c.grace = 20000000000ll;
	must_equal(http_call(&c), 0);
	memset(to, 1, BULK + 1);
	must_equal(read_all(&c, to, BULK + 1), 0);
	must(!memchr(to, 1, BULK + 1));
	http_call_end(&c);
	free(to);
}

static int with_server(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group), callers = IO_GROUP(callers);
	struct tls_context *tls[2] = {
		context_of(true, &server_party, NULL), context_of(false, NULL, authority.cert_file),
	};
	struct seen seen = { 0 };
	struct http_server server = SERVER(&seen);
	struct http_listen l = { .server = &server, .doors = 2, .most = 100 };
	struct sockaddr_in at[2];
	struct http_origin o;
	unsigned int i, way;

	(void)arg;
	for (way = 0; way < 2; way++)
		l.door[way].fd = listen_at(&at[way], 100);
	l.door[1].tls = tls[0];
	http_listen_init(&l);
	must_equal(io_spawn(&group, run_listen, &l, NULL), 0);
	for (way = 0; way < 2; way++) {
		origin_of(&o, &at[way]);
		o.tls = way ? tls[1] : NULL;
		seen.bytes = 0;
		for (i = 0; i < CALLERS; i++)
			must_equal(io_spawn(&callers, caller, &o, NULL), 0);
		must_equal(io_group_wait_all(&callers, 0), 0);
		must_equal(o.dialled, 4);
		must_equal(o.repeated, 0);
		stream_up(&o, HTTP_BY_CHUNKS, false);
		stream_up(&o, 5000000, false);
		stream_up(&o, 5000000, true);
		must_equal(seen.bytes, 15000000);
		read_bulk(&o);
		must_equal(o.dialled, 4);
		/* It is elsewhere: the four that are kept are not used, and the new one is. */
		http_origin_move(&o);
		read_bulk(&o);
		must_equal(o.dialled, 5);
		read_bulk(&o);
		must_equal(o.dialled, 5);
		must_equal(o.kept_count, 1);
		http_origin_close(&o);
	}
	/* Not who it should be. */
	origin_of(&o, &at[1]);
	o.tls = tls[1];
	o.host = "other.test";
	must_equal(once(&o, "GET"), -EKEYREJECTED);
	must(strstr(o.why, "other.test"));
	must_equal(o.room.free, 4);
	http_origin_close(&o);
	http_listen_stop(&l);
	must_equal(io_group_drain(&group, LONG_TIME), 0);
	for (i = 0; i < 2; i++) {
		io_close(l.door[i].fd);
		tls_context_close(tls[i]);
	}
	return 0;
}

static void calls_to_our_server(void **state)
{
	assert_int_equal(on_loop(state, with_server, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(answers_of_all_kinds),
		ON_BOTH(kept_connections_that_have_ended),
		ON_BOTH(an_early_answer),
		ON_BOTH(who_never_answers),
		ON_BOTH(a_body_that_is_cut_off),
		ON_BOTH(calls_to_our_server),
	};

	return cmocka_run_group_tests(tests, make_parties, free_parties);
}
